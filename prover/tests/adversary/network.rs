//! Whole networks: one false step in an otherwise consistent run.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputLayer, Multiplier, Network, NodeId, Operation, Output, Parameter, Tensor,
    argument::{claim::Column, lookup_block::BlockSource},
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::{Label, labels};
use tacit_verifier::{Error, verify};

use super::{layout, tensor, tiny};

const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 7 };
/// The first layer's rescale in the networks here, and the dense layer that reads it.
pub(super) const RESCALE: NodeId = NodeId(2);
pub(super) const READER: NodeId = NodeId(3);

fn rescales() -> Error {
    Error::FinalValue { argument: "rescales", message: labels::ACCUMULATOR_VALUES }
}

fn contractions() -> Error {
    Error::FinalValue { argument: "contractions", message: labels::CONTRACTION_VALUES }
}

pub(super) fn final_value(argument: &'static str, message: Label) -> Error {
    Error::FinalValue { argument, message }
}

pub(super) const DENOMINATOR: Error = Error::LookupColumns { part: "denominator" };

pub(super) fn output(name: &str, node: NodeId, shape: &[usize]) -> Output {
    Output { name: name.to_owned(), node, shape: shape.to_vec(), scales: vec![1.0], scale_axis: 0 }
}

/// Dense, ReLU, dense; `hidden` channels of which those from the fourth on have no weights.
fn two_layers(multiplier: Multiplier, hidden: usize) -> Network {
    let first = [3, -2, 1, 0, 2, 1, 1, -3, 2, -1, 0, 2, 2, -1, -3, 0, 0, 0, 0, 0];
    let weights = |axes: &[usize], data: &[i8]| Tensor::new(layout(axes), data.to_vec()).unwrap();
    let input = InputLayer::real(layout(&[5]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("two layers", input);
    let x = b.dense("first", b.input(), 0, weights(&[hidden, 5], &first[..5 * hidden]), None).unwrap();
    let x = b.rescale("relu", x, multiplier, 3, RELU);
    let second: Vec<i8> = [[2, -1, 3], [-2, 1, 1]]
        .iter()
        .flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(0, hidden - 3)))
        .collect();
    let x = b.dense("second", x, 0, weights(&[2, hidden], &second), Some(vec![4, -5])).unwrap();
    b.output(output("logits", x, &[2]));
    b.finish().unwrap()
}

/// The two ways of rescaling, with the check that ties quotients to accumulators in each.
pub(super) fn both() -> [(ProvingKey, Error); 2] {
    [
        (Multiplier::Uniform(5), contractions()),
        (Multiplier::PerChannel { axis: 0, values: vec![5, 3, 6] }, rescales()),
    ]
    .map(|(multiplier, error)| (ProvingKey::setup(two_layers(multiplier, 3)).unwrap(), error))
}

/// Quotients -4, 6 and -2 or so: negative ones and a positive one.
pub(super) fn sample() -> Tensor<i64> {
    tensor(&[5], vec![-2, 3, 1, 4, -1])
}

/// The verifier's answer to a run as it is.
pub(super) fn verdict(key: &ProvingKey, input: &Tensor<i64>, run: &Run) -> Result<(), Error> {
    let proven = run.prove().unwrap();
    verify(key.verifying_key(), input, &proven.outputs, &proven.proof).map(|_| ())
}

pub(super) fn set(tensor: &mut Tensor<i64>, index: usize, value: i64) {
    let mut data = tensor.data().to_vec();
    data[index] = value;
    *tensor = Tensor::new(tensor.layout().clone(), data).unwrap();
}

/// Replaces one activation and everything that follows from it, outputs included.
pub(super) fn set_activation(run: &mut Run, network: &Network, index: usize, value: i64) {
    let old = run.values()[RESCALE.index()].data()[index];
    set(&mut run.values()[RESCALE.index()], index, value);
    run.column(Column::Activation(RESCALE))[index] = value;
    let weights = &network.parameters[1];
    let hidden = weights.num_elements() / 2;
    for o in 0..2 {
        let moved = run.values()[READER.index()].data()[o] + weights.get(o * hidden + index) * (value - old);
        set(&mut run.values()[READER.index()], o, moved);
        set(&mut run.outputs()[0], o, moved);
    }
}

/// Looks a rescale's entry up in the row of another quotient.
pub(super) fn set_quotient(run: &mut Run, key: &ProvingKey, index: usize, quotient: i64) {
    let plan = key.verifying_key().plan();
    let rows = BlockSource::Activations(RESCALE);
    let table = plan.segments.iter().find(|segment| segment.rows == rows).unwrap().table;
    let position = plan.tables[table].position(quotient).unwrap();
    let (keys, positions) = run.lookups(rows);
    keys[index] = quotient;
    positions[index] = position as u32;
    run.recount();
}

fn quotient(run: &mut Run, index: usize) -> i64 {
    run.lookups(BlockSource::Activations(RESCALE)).0[index]
}

#[test]
fn accepts_honest_runs() {
    for (key, _) in both() {
        let mut run = Run::honest(&key, &sample()).unwrap();
        assert_eq!(verdict(&key, &sample(), &run), Ok(()));
        let quotients: Vec<i64> = (0..3).map(|i| quotient(&mut run, i)).collect();
        assert!(
            quotients.iter().any(|q| *q < -1) && quotients.iter().any(|q| (1..6).contains(q)),
            "{quotients:?}"
        );
    }
}

#[test]
fn rejects_a_wrong_activation_at_one_position() {
    for (key, error) in both() {
        for index in 0..3 {
            let mut run = Run::honest(&key, &sample()).unwrap();
            let wrong = run.values()[RESCALE.index()].data()[index] ^ 1;
            set_activation(&mut run, key.network(), index, wrong);
            assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "not in its row");
            set_quotient(&mut run, &key, index, wrong);
            assert_eq!(verdict(&key, &sample(), &run), Err(error.clone()), "in the row of another quotient");
        }
    }
}

#[test]
fn rejects_a_relu_of_the_wrong_sign_and_one_left_out() {
    for (key, error) in both() {
        let mut run = Run::honest(&key, &sample()).unwrap();
        let index = (0..3).find(|&i| quotient(&mut run, i) < -1).unwrap();
        let negative = quotient(&mut run, index);
        let positive = (-negative).min(7);
        for value in [negative, positive] {
            let mut run = run.clone();
            set_activation(&mut run, key.network(), index, value);
            assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "activation {value}");
        }
        set_activation(&mut run, key.network(), index, positive);
        set_quotient(&mut run, &key, index, positive);
        assert_eq!(verdict(&key, &sample(), &run), Err(error));
    }
}

#[test]
fn rejects_a_remainder_off_by_the_divisor_with_a_quotient_that_makes_up_for_it() {
    for (key, error) in both() {
        for by in [1, -1] {
            let mut run = Run::honest(&key, &sample()).unwrap();
            let index = (0..3).find(|&i| (2..6).contains(&quotient(&mut run, i))).unwrap();
            let moved = quotient(&mut run, index) + by;
            set_activation(&mut run, key.network(), index, moved);
            set_quotient(&mut run, &key, index, moved);
            let honest = run.column(Column::Remainder(RESCALE))[index];
            run.column(Column::Remainder(RESCALE))[index] = honest - 8 * by;
            // 2^s q + r is as it was, y = f(q): only the remainder's range is wrong. What is looked up is either not
            // what is committed, or not what its row says.
            assert_eq!(verdict(&key, &sample(), &run), Err(error.clone()), "honest remainder looked up");
            run.lookups(BlockSource::Remainders(RESCALE)).0[index] = honest - 8 * by;
            assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "false remainder looked up");
        }
    }
}

#[test]
fn rejects_parts_of_a_remainder_out_of_their_ranges() {
    let key = ProvingKey::setup(tiny::precise()).unwrap();
    let input = tiny::sample(key.network());
    let Operation::Rescale(layer) = key.network().architecture.node(RESCALE).operation.clone() else {
        panic!()
    };
    let step = 1 << layer.low_digits();
    for by in [1, -1] {
        let mut run = Run::honest(&key, &input).unwrap();
        // The remainder is as it was: only its parts are others.
        run.column(Column::Remainder(RESCALE))[1] -= by;
        run.column(Column::LowRemainder(RESCALE))[1] += by * step;
        assert_eq!(verdict(&key, &input, &run), Err(Error::Opening), "honest parts looked up");
        run.lookups(BlockSource::Remainders(RESCALE)).0[1] -= by;
        run.lookups(BlockSource::LowRemainders(RESCALE)).0[1] += by * step;
        assert_eq!(verdict(&key, &input, &run), Err(DENOMINATOR), "false parts looked up");
    }
}

#[test]
fn rejects_saturation_where_there_is_none() {
    for (key, error) in both() {
        let mut run = Run::honest(&key, &sample()).unwrap();
        let index = (0..3).find(|&i| (1..6).contains(&quotient(&mut run, i))).unwrap();
        set_activation(&mut run, key.network(), index, 7);
        assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR));
        // A quotient that does saturate.
        set_quotient(&mut run, &key, index, 8);
        assert_eq!(verdict(&key, &sample(), &run), Err(error));
    }
}

#[test]
fn rejects_wrong_multiplicities() {
    for (key, _) in both() {
        for table in 0..key.verifying_key().plan().tables.len() {
            for (a, b) in [(1, 0), (-1, 0), (1, -1)] {
                let mut run = Run::honest(&key, &sample()).unwrap();
                let counts = run.column(Column::Multiplicity(table));
                counts[0] += a;
                counts[5] += b;
                assert_eq!(verdict(&key, &sample(), &run), Err(Error::FractionSum), "table {table}");
            }
        }
    }
}

#[test]
fn rejects_permuted_look_ups() {
    for (key, _) in both() {
        for rows in [BlockSource::Activations(RESCALE), BlockSource::Remainders(RESCALE)] {
            let mut run = Run::honest(&key, &sample()).unwrap();
            let (_, positions) = run.lookups(rows);
            assert_ne!(positions[0], positions[1]);
            positions.swap(0, 1);
            assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "{rows:?}");
            // With their first columns: the fractions are those of the permuted column.
            run.lookups(rows).0.swap(0, 1);
            let expected = match (rows, &key.network().architecture.node(RESCALE).operation) {
                // Values in other places than their activations.
                (BlockSource::Activations(_), _) => DENOMINATOR,
                (_, Operation::Rescale(layer)) if matches!(layer.multiplier, Multiplier::Uniform(_)) => {
                    contractions()
                }
                _ => rescales(),
            };
            assert_eq!(verdict(&key, &sample(), &run), Err(expected), "{rows:?} with their columns");
        }
    }
}

#[test]
fn rejects_a_wrong_output() {
    for (key, _) in both() {
        for index in 0..2 {
            let mut run = Run::honest(&key, &sample()).unwrap();
            let wrong = run.outputs()[0].data()[index] + 1;
            set(&mut run.outputs()[0], index, wrong);
            assert_eq!(verdict(&key, &sample(), &run), Err(contractions()));
            set(&mut run.values()[READER.index()], index, wrong);
            assert_eq!(verdict(&key, &sample(), &run), Err(contractions()), "claimed by the prover too");
        }
    }
    // An output that is a committed activation.
    let key = ProvingKey::setup(tiny::cnn()).unwrap();
    let input = tiny::sample(key.network());
    for index in 0..24 {
        let mut run = Run::honest(&key, &input).unwrap();
        let wrong = run.outputs()[1].data()[index] + 1;
        set(&mut run.outputs()[1], index, wrong);
        assert_eq!(verdict(&key, &input, &run), Err(Error::Opening), "position {index}");
    }
}

#[test]
fn rejects_a_bias_left_out_or_added_twice() {
    for (key, _) in both() {
        for times in [-1, 1] {
            let mut run = Run::honest(&key, &sample()).unwrap();
            for (o, bias) in [4, -5].into_iter().enumerate() {
                let wrong = run.outputs()[0].data()[o] + times * bias;
                set(&mut run.outputs()[0], o, wrong);
                set(&mut run.values()[READER.index()], o, wrong);
            }
            assert_eq!(verdict(&key, &sample(), &run), Err(contractions()));
        }
    }
}

#[test]
fn rejects_a_run_on_another_input() {
    for (key, _) in both() {
        for index in 0..5 {
            let mut other = sample();
            let moved = other.data()[index] - 1;
            set(&mut other, index, moved);
            let mut run = Run::honest(&key, &other).unwrap();
            *run.input() = sample();
            assert_eq!(verdict(&key, &sample(), &run), Err(Error::PublicInput), "position {index}");
        }
    }
    let key = ProvingKey::setup(tiny::cnn()).unwrap();
    let input = tiny::sample(key.network());
    let mut other = input.clone();
    set(&mut other, 7, -4);
    assert_ne!(input, other);
    let mut run = Run::honest(&key, &other).unwrap();
    *run.input() = input.clone();
    assert_eq!(verdict(&key, &input, &run), Err(Error::PublicInput), "read through a window");
}

#[test]
fn rejects_a_sum_that_is_not_its_addends() {
    let key = ProvingKey::setup(tiny::cnn()).unwrap();
    let input = tiny::sample(key.network());
    let sum = NodeId(6);
    let mut run = Run::honest(&key, &input).unwrap();
    let (keys, positions) = run.lookups(BlockSource::Activations(sum));
    let wrong = keys[0] - 1;
    (keys[0], positions[0]) = (wrong, positions[0] - 1);
    run.recount();
    let activation = wrong.clamp(-4, 3);
    set(&mut run.values()[sum.index()], 0, activation);
    set(&mut run.outputs()[1], 0, activation);
    run.column(Column::Activation(sum))[0] = activation;
    assert_eq!(verdict(&key, &input, &run), Err(Error::Addends { layer: "add".to_owned() }));
}

/// The run of one network passed off as another's.
pub(super) fn passed_off(claimed: &ProvingKey, used: &ProvingKey, input: &Tensor<i64>) -> Result<(), Error> {
    let mut run = Run::honest(used, input).unwrap();
    run.claim_key(claimed.verifying_key());
    verdict(claimed, input, &run)
}

#[test]
fn rejects_weights_and_biases_other_than_the_committed_ones() {
    for (claimed, _) in both() {
        let other = |change: fn(&mut Vec<Parameter>)| {
            let mut network = claimed.network().clone();
            change(&mut network.parameters);
            let key = ProvingKey::setup(network).unwrap();
            assert_eq!(key.network().architecture, claimed.network().architecture);
            key
        };
        // Weights of one channel permuted, so that every range is as it was; weights and biases that no range follows.
        let permuted = other(|parameters| match &mut parameters[0] {
            Parameter::Int8(weights) => weights.swap(1, 2),
            Parameter::Int32(_) => unreachable!(),
        });
        let weight = other(|parameters| match &mut parameters[1] {
            Parameter::Int8(weights) => weights[4] += 1,
            Parameter::Int32(_) => unreachable!(),
        });
        let bias = other(|parameters| match &mut parameters[2] {
            Parameter::Int32(bias) => bias[1] -= 1,
            Parameter::Int8(_) => unreachable!(),
        });
        for (what, used) in [("permuted", permuted), ("weight", weight), ("bias", bias)] {
            assert_eq!(passed_off(&claimed, &claimed, &sample()), Ok(()));
            assert_eq!(passed_off(&claimed, &used, &sample()), Err(Error::Opening), "{what}");
        }
    }
}

/// A fourth channel where the network has three: its commitments are those of three with padding that is not zero.
#[test]
fn rejects_padding_that_is_not_zero() {
    let per_channel = |values: &[u32]| Multiplier::PerChannel { axis: 0, values: values.to_vec() };
    for (three, four, error) in [
        (Multiplier::Uniform(5), Multiplier::Uniform(5), contractions()),
        (per_channel(&[5, 3, 6]), per_channel(&[5, 3, 6, 4]), rescales()),
    ] {
        let claimed = ProvingKey::setup(two_layers(three, 3)).unwrap();
        let used = ProvingKey::setup(two_layers(four.clone(), 4)).unwrap();
        assert_eq!(claimed.verifying_key().commitments(), used.verifying_key().commitments());
        let mut run = Run::honest(&used, &sample()).unwrap();
        run.claim_key(claimed.verifying_key());
        if four == Multiplier::Uniform(5) {
            assert_eq!(verdict(&claimed, &sample(), &run), Ok(()), "padding that is zero is no lie");
        }
        set_activation(&mut run, used.network(), 3, 6);
        assert_eq!(verdict(&claimed, &sample(), &run), Err(DENOMINATOR));
        set_quotient(&mut run, &used, 3, 6);
        assert_eq!(verdict(&claimed, &sample(), &run), Err(error));
    }
}

fn two_outputs(swapped: bool, activations: bool) -> Network {
    let weights = |data: &[i8]| Tensor::new(layout(&[2, 3]), data.to_vec()).unwrap();
    let input = InputLayer::real(layout(&[3]), (0, 3), 1.0);
    let mut b = NetworkBuilder::new("two outputs", input);
    let mut one = b.dense("one", b.input(), 0, weights(&[1, 2, 1, 0, 1, 1]), None).unwrap();
    let mut two = b.dense("two", b.input(), 0, weights(&[2, 1, 1, 1, 0, 1]), None).unwrap();
    if activations {
        one = b.rescale("clip one", one, Multiplier::Uniform(1), 1, RELU);
        two = b.rescale("clip two", two, Multiplier::Uniform(1), 1, RELU);
    }
    for node in if swapped { [two, one] } else { [one, two] } {
        b.output(output("y", node, &[2]));
    }
    b.finish().unwrap()
}

#[test]
fn rejects_outputs_swapped_with_each_other() {
    let input = tensor(&[3], vec![3, 0, 1]);
    for (activations, error) in [(false, contractions()), (true, Error::Opening)] {
        let [claimed, used] =
            [false, true].map(|swapped| ProvingKey::setup(two_outputs(swapped, activations)).unwrap());
        assert_eq!(passed_off(&claimed, &claimed, &input), Ok(()));
        assert_eq!(passed_off(&claimed, &used, &input), Err(error.clone()));
        let mut run = Run::honest(&claimed, &input).unwrap();
        run.outputs().swap(0, 1);
        assert_eq!(verdict(&claimed, &input, &run), Err(error));
    }
}
