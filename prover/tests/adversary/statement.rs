//! Honest proofs under other statements.

use tacit_layers::{Error as LayersError, Network, Tensor, VerifyingKey};
use tacit_prover::{Proven, ProvingKey, prove};
use tacit_transcript::{Event, labels};
use tacit_verifier::{Error, verify};

use super::{tensor, tiny};

fn honest(network: Network) -> (VerifyingKey, Tensor<i64>, Proven) {
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, &input).unwrap();
    (key.verifying_key().clone(), input, proven)
}

fn changed(tensor: &Tensor<i64>, index: usize, by: i64) -> Tensor<i64> {
    let mut data = tensor.data().to_vec();
    data[index] += by;
    Tensor::new(tensor.layout().clone(), data).unwrap()
}

/// The first check that depends on a challenge.
const FIRST_CHECK: Error = Error::FractionLevel { level: 2 };

#[test]
fn rejects_any_other_input_or_output() {
    for network in [tiny::mlp(), tiny::cnn(), tiny::wide()] {
        let (key, input, proven) = honest(network);
        assert!(verify(&key, &input, &proven.outputs, &proven.proof).is_ok());
        for index in 0..input.data().len() {
            let by = if input.data()[index] == 3 { -1 } else { 1 };
            let other = changed(&input, index, by);
            assert_eq!(verify(&key, &other, &proven.outputs, &proven.proof), Err(FIRST_CHECK));
        }
        for output in 0..proven.outputs.len() {
            for index in 0..proven.outputs[output].data().len() {
                let mut outputs = proven.outputs.clone();
                outputs[output] = changed(&outputs[output], index, 1);
                assert_eq!(verify(&key, &input, &outputs, &proven.proof), Err(FIRST_CHECK));
            }
        }
    }
}

#[test]
fn refuses_statements_that_do_not_fit_the_key() {
    let (key, input, proven) = honest(tiny::mlp());
    let check = |input: &Tensor<i64>, outputs: &[Tensor<i64>]| verify(&key, input, outputs, &proven.proof);
    let logits = &proven.outputs[0];
    assert_eq!(check(&input, &[]), Err(Error::OutputCount { expected: 1, actual: 0 }));
    assert_eq!(
        check(&input, &[logits.clone(), logits.clone()]),
        Err(Error::OutputCount { expected: 1, actual: 2 })
    );
    let shape = Error::OutputShape { index: 0, expected: vec![2], actual: vec![1, 2] };
    assert_eq!(check(&input, &[tensor(&[1, 2], logits.data().to_vec())]), Err(shape));
    let shape = LayersError::InputShape { input: "input".to_owned(), expected: vec![5], actual: vec![5, 1] };
    let reshaped = tensor(&[5, 1], input.data().to_vec());
    assert_eq!(check(&reshaped, &proven.outputs), Err(Error::Statement(shape)));
    let (value, position) = (input.data()[2] + 100, 2);
    let range =
        LayersError::InputRange { input: "input".to_owned(), position, value, minimum: 0, maximum: 3 };
    assert_eq!(check(&changed(&input, 2, 100), &proven.outputs), Err(Error::Statement(range)));
}

#[test]
fn rejects_the_proof_of_another_network() {
    let (_, input, proven) = honest(tiny::mlp());
    let mut renamed = tiny::mlp();
    renamed.architecture.name.push('!');
    let mut rescaled = tiny::mlp();
    rescaled.architecture.outputs[0].scales[0] *= 2.0;
    let mut retrained = tiny::mlp();
    if let tacit_layers::Parameter::Int8(weights) = &mut retrained.parameters[2] {
        weights[0] += 1;
    }
    for other in [renamed, rescaled, retrained] {
        let (key, ..) = honest(other);
        assert_eq!(verify(&key, &input, &proven.outputs, &proven.proof), Err(FIRST_CHECK));
    }
}

/// The tiny products: eight look-ups of four activations; twelve, four and twelve products.
#[test]
fn absorbs_a_zero_byte_for_each_look_up_and_each_product_of_activations() {
    let absorbed = |event: &Event| match event {
        Event::Absorb(label, bytes) if *label == labels::HARDENING => Some(*bytes),
        _ => None,
    };
    for (name, network) in tiny::all() {
        let (key, _, proven) = honest(network);
        let zeros: usize = proven.events.iter().filter_map(absorbed).sum();
        assert_eq!(zeros, key.plan().num_lookups() + key.plan().num_products, "{name}");
        if name == "products" {
            assert_eq!(zeros, 8 + 12 + 4 + 12);
        }
    }
}
