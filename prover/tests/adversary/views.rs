//! Views: a position shown that is not there, in a run that is consistent from there on.

use tacit_layers::{NodeId, Tensor};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::labels;
use tacit_verifier::{Error, verify};

use super::tiny;

const CONCAT: NodeId = NodeId(3);
const REMAP: NodeId = NodeId(4);
const DENSE: NodeId = NodeId(5);

fn changed(tensor: &Tensor<i64>, index: usize) -> Tensor<i64> {
    let mut data = tensor.data().to_vec();
    data[index] += 1;
    Tensor::new(tensor.layout().clone(), data).unwrap()
}

fn verdict(key: &ProvingKey, run: &Run, input: &Tensor<i64>) -> Error {
    let proven = run.prove().unwrap();
    verify(key.verifying_key(), input, &proven.outputs, &proven.proof).unwrap_err()
}

#[test]
fn rejects_a_view_that_shows_another_value() {
    let network = tiny::views();
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    let elements = key.verifying_key().plan().specs[REMAP.index()].layout.num_elements();
    for index in 0..elements {
        let mut run = Run::honest(&key, &input).unwrap();
        let shown = &run.values()[REMAP.index()];
        run.values()[REMAP.index()] = changed(&shown.clone(), index);
        // The dense layer reads what is shown.
        let weights = key.network().parameters.iter().find(|p| p.num_elements() == 2 * elements).unwrap();
        let sums = run.values()[DENSE.index()].data().iter().enumerate();
        let sums = sums.map(|(o, sum)| sum + weights.get(o * elements + index)).collect();
        let logits = Tensor::new(run.values()[DENSE.index()].layout().clone(), sums).unwrap();
        run.values()[DENSE.index()] = logits.clone();
        run.outputs()[0] = logits;
        let expected = Error::FinalValue { argument: "views", message: labels::VIEW_VALUES };
        assert_eq!(verdict(&key, &run, &input), expected, "position {index}");
    }
}

#[test]
fn rejects_a_concatenation_of_other_values() {
    let network = tiny::views();
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    for index in 0..key.verifying_key().plan().specs[CONCAT.index()].layout.num_elements() {
        let mut run = Run::honest(&key, &input).unwrap();
        let joined = changed(&run.values()[CONCAT.index()].clone(), index);
        run.values()[CONCAT.index()] = joined.clone();
        run.outputs()[1] = joined;
        assert_eq!(
            verdict(&key, &run, &input),
            Error::Shares { layer: "join".to_owned() },
            "position {index}"
        );
    }
}
