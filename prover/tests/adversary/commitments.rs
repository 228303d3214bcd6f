//! Commitments that are not those of the run or of the model: stale ones, other weights under the same ones, another version's.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputLayer, Multiplier, NodeId, Parameter, Tensor, argument::claim::Column,
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_verifier::Error;

use super::{
    layout,
    network::{output, passed_off, verdict},
    tensor, tiny,
};

/// Another input of a network, the sample in reverse.
fn reversed(input: &Tensor<i64>) -> Tensor<i64> {
    let data = input.data().iter().rev().copied().collect();
    Tensor::new(input.layout().clone(), data).unwrap()
}

/// The columns of a former run are opened as those of this one; both runs are honest.
#[test]
fn rejects_a_stale_commitment() {
    for (name, network) in tiny::all() {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let (former, mut run) =
            (Run::honest(&key, &reversed(&input)).unwrap(), Run::honest(&key, &input).unwrap());
        run.commit_to(&run.clone());
        assert_eq!(verdict(&key, &input, &run), Ok(()), "{name}");
        run.commit_to(&former);
        assert_eq!(verdict(&key, &input, &run), Err(Error::Opening), "{name}");
    }
}

/// One column of a former run at a time, where it differs.
#[test]
fn rejects_one_stale_column() {
    let mut rejected = 0;
    for (name, network) in tiny::all() {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let honest = Run::honest(&key, &input).unwrap();
        let mut former = Run::honest(&key, &reversed(&input)).unwrap();
        for committed in &key.verifying_key().plan().witness {
            let mut mixed = honest.clone();
            let column = committed.column;
            if mixed.column(column) == former.column(column) {
                continue;
            }
            mixed.column(column).clone_from(former.column(column));
            let mut run = honest.clone();
            run.commit_to(&mixed);
            assert_eq!(verdict(&key, &input, &run), Err(Error::Opening), "{name}: {column:?}");
            rejected += 1;
        }
    }
    assert!(rejected > 40, "{rejected} columns");
}

fn other_versions(key: &ProvingKey) -> impl Iterator<Item = (usize, usize, ProvingKey)> + '_ {
    let parameters = key.network().parameters.iter().enumerate();
    let places = parameters.flat_map(|(p, parameter)| (0..parameter.num_elements()).map(move |i| (p, i)));
    places.map(|(p, i)| {
        let mut network = key.network().clone();
        match &mut network.parameters[p] {
            // Smaller magnitudes keep every range.
            Parameter::Int8(weights) => weights[i] -= if weights[i] > 0 { 1 } else { -1 },
            Parameter::Int32(biases) => biases[i] -= if biases[i] > 0 { 1 } else { -1 },
        }
        (p, i, ProvingKey::setup(network).unwrap())
    })
}

/// Every single weight and bias is bound by the key's digest and by its commitments.
#[test]
fn a_key_binds_every_weight() {
    for network in [tiny::mlp(), tiny::gates(), tiny::polynomial()] {
        let claimed = ProvingKey::setup(network).unwrap();
        for (p, i, other) in other_versions(&claimed) {
            let [a, b] = [&claimed, &other].map(ProvingKey::verifying_key);
            assert_ne!(a.digest(), b.digest(), "parameter {p}, element {i}");
            assert_ne!(a.commitments(), b.commitments(), "parameter {p}, element {i}");
        }
    }
}

/// A run of another version, the statement's key and everything else as they should be.
#[test]
fn rejects_a_run_of_another_version_of_the_model() {
    let mut rejected = 0;
    let claimed = ProvingKey::setup(tiny::mlp()).unwrap();
    let input = tiny::sample(claimed.network());
    for (p, i, used) in other_versions(&claimed) {
        // Where ranges do not depend on the element.
        if used.network().architecture == claimed.network().architecture {
            let error = Err(Error::Opening);
            assert_eq!(passed_off(&claimed, &used, &input), error, "parameter {p}, element {i}");
            rejected += 1;
        }
    }
    assert!(rejected > 10, "{rejected} versions");
}

/// Two layers of one shape, one behind the other.
fn two_layers(exchanged: bool, reads: [usize; 2]) -> ProvingKey {
    let clip = ActivationFunction::Clip { minimum: -4, maximum: 4 };
    let input = InputLayer::real(layout(&[3]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("two layers", input);
    // Sums of magnitudes are the same: both have the same ranges.
    let mut weights = [vec![1, -2, 3, 2, 2, -2, -3, 1, 2], vec![-3, 2, 1, 2, -2, 2, 1, 3, -2]];
    if exchanged {
        weights.swap(0, 1);
    }
    let [first, second] = weights.map(|data: Vec<i8>| Tensor::new(layout(&[3, 3]), data).unwrap());
    let zero = b.add("copy", &[(b.input(), 2)]);
    let zero = b.rescale("copied", zero, Multiplier::Uniform(1), 1, clip.clone());
    let mut activations = vec![zero];
    let x = b.dense("first", zero, 0, first, None).unwrap();
    activations.push(b.rescale("first clip", x, Multiplier::Uniform(1), 2, clip.clone()));
    let x = b.dense("second", activations[reads[0]], 0, second, None).unwrap();
    activations.push(b.rescale("second clip", x, Multiplier::Uniform(1), 2, clip));
    let x = b.add("sum", &[(activations[1], 1), (activations[2], 1), (activations[reads[1]], 3)]);
    b.output(output("y", x, &[3]));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

fn vector() -> Tensor<i64> {
    tensor(&[3], vec![3, -1, 2])
}

/// What is claimed of one layer's weights is true of the other's.
#[test]
fn rejects_the_weights_of_two_layers_exchanged() {
    let (claimed, used) = (two_layers(false, [1, 0]), two_layers(true, [1, 0]));
    assert_eq!(claimed.network().architecture, used.network().architecture);
    assert_eq!(passed_off(&claimed, &claimed, &vector()), Ok(()));
    assert_eq!(passed_off(&claimed, &used, &vector()), Err(Error::Opening));
}

/// What is claimed of the activation that a layer reads is true of another one.
#[test]
fn rejects_a_layer_that_reads_another_activation() {
    let claimed = two_layers(false, [1, 0]);
    for used in [[0, 0], [1, 1], [1, 2]] {
        let used = two_layers(false, used);
        assert_eq!(passed_off(&claimed, &used, &vector()), Err(Error::Opening));
    }
}

/// Activations and remainders of both layers in each other's place, committed to and opened so.
#[test]
fn rejects_the_columns_of_two_layers_exchanged() {
    let key = two_layers(false, [1, 0]);
    let plan = key.verifying_key().plan();
    let place = |column| plan.witness.iter().position(|committed| committed.column == column).unwrap();
    let (first, second) = (NodeId(4), NodeId(6));
    for columns in [
        [Column::Activation(first), Column::Activation(second)],
        [Column::Remainder(first), Column::Remainder(second)],
        [Column::Activation(first), Column::Remainder(first)],
    ] {
        let mut run = Run::honest(&key, &vector()).unwrap();
        assert_ne!(run.column(columns[0]).clone(), *run.column(columns[1]));
        let [a, b] = columns.map(place);
        run.exchange_columns(a, b);
        assert_eq!(verdict(&key, &vector(), &run), Err(Error::Opening), "{columns:?}");
    }
}
