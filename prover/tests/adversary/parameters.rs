//! Proofs about a key whose parameters are not what it declares.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputLayer, Layout, Multiplier, Network, ParameterId, Tensor, VerifyingKey,
    proof::parameters::{Digits, digit},
};
use tacit_prover::{ProvingKey, Seed, cheating::ParameterRun, prove_parameters};
use tacit_transcript::labels;
use tacit_verifier::{Error, verify_parameters};

use super::{layout, tensor, tiny};

const WEIGHTS: ParameterId = ParameterId(0);
const BIASES: ParameterId = ParameterId(1);
/// The last digits: of weights, of biases.
const LAST: [Digits; 2] = [Digits::Digit(WEIGHTS, 0), Digits::Digit(BIASES, 3)];

/// A dense layer of 5 outputs and 6 inputs with biases, both padded.
fn network() -> Network {
    let input = InputLayer::real(layout(&[6]), (0, 15), 1.0);
    let mut b = NetworkBuilder::new("dense", input);
    let weights = (0..30).map(|i| [127, -128, 3, 0, -1, 77][i % 6]).collect();
    let weights = Tensor::new(layout(&[5, 6]), weights).unwrap();
    let x = b.dense("dense", b.input(), 0, weights, Some(vec![1, -2, 300, -70_000, 16_777_216])).unwrap();
    let clip = ActivationFunction::Clip { minimum: -8, maximum: 7 };
    let x = b.rescale("clip", x, Multiplier::Uniform(1), 20, clip);
    b.output(super::network::output("y", x, &[5]));
    b.finish().unwrap()
}

fn key(is_private: bool) -> ProvingKey {
    if is_private {
        ProvingKey::setup_private(network(), &Seed::new([3; 32])).unwrap()
    } else {
        ProvingKey::setup(network()).unwrap()
    }
}

/// Both kinds of keys, with an honest run each.
fn runs() -> [ParameterRun; 2] {
    [true, false].map(|is_private| ParameterRun::honest(&key(is_private)).unwrap())
}

fn rejected(run: &ParameterRun, key: &VerifyingKey) -> Error {
    verify_parameters(key, &run.prove().unwrap().proof).unwrap_err()
}

const FALSE_CHECKS: Error = Error::MaskedChecks { part: "products" };

#[test]
fn honest_runs_are_accepted() {
    for mut run in runs() {
        let key = run.commit().unwrap();
        verify_parameters(&key, &run.prove().unwrap().proof).unwrap();
    }
}

/// What is committed in an element's place, the digits that are looked up instead being those of `shown`.
fn replace(run: &mut ParameterRun, id: ParameterId, value: i64, shown: i64) -> VerifyingKey {
    run.tensors()[id.index()].data_mut()[1] = value;
    let count = if id == WEIGHTS { 1 } else { 4 };
    for (i, digit) in (0..count).map(|i| (i, digit(shown, count, i).unwrap())) {
        run.positions(Digits::Digit(id, i))[1] = (digit + 128) as u32;
        if i + 1 < count {
            run.column(Digits::Digit(id, i))[1] = digit;
        }
    }
    run.recount();
    run.commit().unwrap()
}

#[test]
fn a_value_outside_its_width_has_no_digits() {
    for (id, value, shown) in [
        (WEIGHTS, 128, 127),
        (WEIGHTS, -129, -128),
        (WEIGHTS, 128, -128),
        (WEIGHTS, 1 << 40, 0),
        (BIASES, 1 << 31, i64::from(i32::MAX)),
        (BIASES, 1 << 31, i64::from(i32::MIN)),
        (BIASES, -(1 << 31) - 1, i64::from(i32::MIN)),
        (BIASES, 1 << 50, 0),
    ] {
        for mut run in runs() {
            let key = replace(&mut run, id, value, shown);
            assert_eq!(rejected(&run, &key), FALSE_CHECKS, "{value} as {shown}");
        }
    }
    // The same with what the width holds is accepted.
    for (id, value) in [(WEIGHTS, -128), (WEIGHTS, 127), (BIASES, 0), (BIASES, i64::from(i32::MIN))] {
        for mut run in runs() {
            let key = replace(&mut run, id, value, value);
            verify_parameters(&key, &run.prove().unwrap().proof).unwrap();
        }
    }
}

/// The row for padding is $(128, 1)$: it gives no stored weight of 128.
#[test]
fn the_row_of_padding_is_no_weight() {
    for mut run in runs() {
        run.tensors()[0].data_mut()[1] = 128;
        run.positions(LAST[0])[1] = 256;
        run.recount();
        let key = run.commit().unwrap();
        assert_eq!(rejected(&run, &key), FALSE_CHECKS);
    }
}

/// Columns that recompose to the bias that is committed, of which one is in no row: what is looked up are other digits.
#[test]
fn digits_outside_the_table_are_in_no_row() {
    // A digit too large by its base, the next one less by one; or the last one, which is not committed.
    for changes in [[256, -1, 0], [0, 256, -1], [0, 0, 256], [1 << 24, 0, 0]] {
        for mut run in runs() {
            for (i, change) in changes.into_iter().enumerate() {
                run.column(Digits::Digit(BIASES, i))[2] += change;
            }
            let key = run.commit().unwrap();
            assert_eq!(rejected(&run, &key), FALSE_CHECKS, "{changes:?}");
        }
    }
}

/// Weights over their padding: columns 6 and 7 of each row, and rows of biases.
fn padded(values: &Tensor<i64>, axes: &[usize], at: usize) -> Tensor<i64> {
    let padded: Layout = layout(axes);
    let mut data = vec![0; padded.num_elements()];
    for (i, &x) in values.data().iter().enumerate() {
        data[values.layout().padded_index(i)] = x;
    }
    assert_eq!(data[at], 0);
    data[at] = 5;
    Tensor::new(padded, data).unwrap()
}

#[test]
fn padding_is_zero() {
    for (id, axes, at) in [(WEIGHTS, &[5, 8][..], 6), (BIASES, &[8], 7)] {
        // Looked up as padding, as what it is, or as zero would be if it were stored.
        for row in [256, 128 + 5, 128] {
            for mut run in runs() {
                let tensor = padded(&run.tensors()[id.index()], axes, at);
                run.tensors()[id.index()] = tensor;
                run.positions(LAST[id.index()])[at] = row;
                run.recount();
                let key = run.commit().unwrap();
                assert_eq!(rejected(&run, &key), FALSE_CHECKS, "row {row}");
            }
        }
    }
}

#[test]
fn a_wrong_multiplicity_does_not_add_up() {
    for mut run in runs() {
        run.column(Digits::Table)[130] += 1;
        let key = run.commit().unwrap();
        assert_eq!(rejected(&run, &key), FALSE_CHECKS);
    }
}

#[test]
fn looked_up_digits_are_those_of_the_columns() {
    for mut run in runs() {
        run.positions(Digits::Digit(BIASES, 1)).swap(0, 1);
        let key = run.commit().unwrap();
        assert_eq!(rejected(&run, &key), FALSE_CHECKS);
    }
}

/// Values that satisfy every check need not be those of what is committed.
#[test]
fn other_parameters_than_the_keys_do_not_open_it() {
    for mut run in runs() {
        let honest = run.commit().unwrap();
        replace(&mut run, WEIGHTS, 5, 5);
        // The proof is for the honest key; the rows opened are another's.
        run.claim_key(&honest);
        assert_eq!(rejected(&run, &honest), Error::Opening);
    }
}

#[test]
fn another_keys_proof_fails_every_challenge() {
    let [mut private, mut public] = runs();
    let (first, second) = (private.commit().unwrap(), public.commit().unwrap());
    for (run, key) in [(&private, &second), (&public, &first)] {
        assert_eq!(rejected(run, key), Error::MaskedChecks { part: "error" });
    }
}

#[test]
fn claimed_values_are_those_that_are_opened() {
    for mut run in runs() {
        let key = run.commit().unwrap();
        run.revise(labels::COLUMN_VALUES, |values| values[0] += ark_bn254::Fr::from(1_u64));
        assert_eq!(rejected(&run, &key), FALSE_CHECKS);
    }
}

#[test]
fn a_proof_of_a_run_is_no_proof_about_a_key() {
    let key = key(true);
    let input = tensor(&[6], vec![3; 6]);
    let run = tacit_prover::prove_with_seed(&key, &input, &Seed::new([1; 32])).unwrap();
    assert!(matches!(verify_parameters(key.verifying_key(), &run.proof), Err(Error::Malformed(_))));
    let about = prove_parameters(&key, &Seed::new([1; 32])).unwrap().proof;
    let rejected = tacit_verifier::verify(key.verifying_key(), &input, &run.outputs, &about);
    assert!(matches!(rejected, Err(Error::Malformed(_))), "{rejected:?}");
}

#[test]
fn every_tiny_network_has_a_proof_about_its_key() {
    for (name, network) in tiny::all() {
        let seed = Seed::new([2; 32]);
        let keys = [ProvingKey::setup(network.clone()), ProvingKey::setup_private(network, &seed)];
        for key in keys.map(Result::unwrap) {
            let proven = prove_parameters(&key, &seed).unwrap();
            let accepted = verify_parameters(key.verifying_key(), &proven.proof);
            let accepted = accepted.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((accepted.messages, accepted.events), (proven.messages, proven.events), "{name}");
        }
    }
}
