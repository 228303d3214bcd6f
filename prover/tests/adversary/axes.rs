//! Axes: a run with axes in another order, or with another sum over one, passed off as the network's.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputLayer, Multiplier, NodeId, Tensor,
    layer::{cumulative_sum::CumulativeSumLayer, remap::AxisMap},
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::labels;
use tacit_verifier::Error;

use super::{
    layout,
    network::{final_value, output, passed_off, set, verdict},
    tensor,
};

const SMALL: ActivationFunction = ActivationFunction::Clip { minimum: -9, maximum: 9 };

fn builder(axes: &[usize]) -> NetworkBuilder {
    NetworkBuilder::new("axes", InputLayer::real(layout(axes), (-4, 4), 1.0))
}

fn key(mut b: NetworkBuilder, node: NodeId, shape: &[usize]) -> ProvingKey {
    b.output(output("y", node, shape));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

fn square() -> Tensor<i64> {
    tensor(&[3, 3], vec![1, -4, 2, 3, 0, -1, 2, 4, -3])
}

#[test]
fn rejects_a_transposition_of_the_input_in_another_order() {
    let network = |axes: &[usize]| {
        let mut b = builder(&[3, 3]);
        let x = b.transpose("turn", b.input(), axes);
        key(b, x, &[3, 3])
    };
    let (turned, same) = (network(&[1, 0]), network(&[0, 1]));
    assert_eq!(passed_off(&turned, &turned, &square()), Ok(()));
    assert_eq!(passed_off(&turned, &same, &square()), Err(Error::PublicInput));
    assert_eq!(passed_off(&same, &turned, &square()), Err(Error::PublicInput));
}

/// The transposition lies between two committed activations, or between a sum and its rescale.
#[test]
fn rejects_a_transposition_inside_a_network_in_another_order() {
    let network = |axes: &[usize], sums: bool| {
        let mut b = builder(&[3, 3]);
        let x = b.add("double", &[(b.input(), 2)]);
        let x = if sums { b.transpose("turn", x, axes) } else { x };
        let x = b.rescale("clip", x, Multiplier::Uniform(2), 1, SMALL);
        let x = if sums { x } else { b.transpose("turn", x, axes) };
        let weights = Tensor::new(layout(&[2, 3]), vec![1, -2, 3, 1, 2, 2]).unwrap();
        let x = b.dense("dense", x, 1, weights, None).unwrap();
        key(b, x, &[3, 2])
    };
    for (sums, error) in [(false, Error::Opening), (true, Error::PublicInput)] {
        let (turned, same) = (network(&[1, 0], sums), network(&[0, 1], sums));
        assert_eq!(passed_off(&turned, &turned, &square()), Ok(()));
        assert_eq!(passed_off(&turned, &same, &square()), Err(error.clone()), "sums: {sums}");
        assert_eq!(passed_off(&same, &turned, &square()), Err(error), "sums: {sums}");
    }
}

/// The same elements in another order of axes: their row-major order is part of the claim.
#[test]
fn rejects_a_reshape_that_moves_elements() {
    let network = |committed: bool| {
        let mut b = builder(&[2, 3]);
        let x = b.add("double", &[(b.input(), 2)]);
        let x = b.rescale("clip", x, Multiplier::Uniform(2), 1, SMALL);
        let x = if committed { x } else { b.input() };
        let x = b.reshape("shape", x, &[3, 2]);
        key(b, x, &[3, 2])
    };
    let input = tensor(&[2, 3], vec![1, -4, 2, 3, 0, -1]);
    for committed in [false, true] {
        let honest = network(committed);
        assert_eq!(passed_off(&honest, &honest, &input), Ok(()));
        let mut run = Run::honest(&honest, &input).unwrap();
        let node = run.values().len() - 1;
        let (first, last) = (run.values()[node].data()[0], run.values()[node].data()[5]);
        set(&mut run.values()[node], 0, last);
        set(&mut run.values()[node], 5, first);
        set(&mut run.outputs()[0], 0, last);
        set(&mut run.outputs()[0], 5, first);
        let error = final_value("views", labels::VIEW_VALUES);
        assert_eq!(verdict(&honest, &input, &run), Err(error), "committed: {committed}");
    }
}

#[test]
fn rejects_reversed_and_spread_axes_read_otherwise() {
    let network = |map: AxisMap| {
        let mut b = builder(&[3, 3]);
        let x = b.remap("view", b.input(), vec![map, AxisMap::identity(3)]);
        key(b, x, &[map.length, 3])
    };
    let error = final_value("views", labels::VIEW_VALUES);
    for (claimed, used) in [
        (AxisMap::reverse(3), AxisMap::identity(3)),
        (AxisMap::spread(0, 2, 6), AxisMap::enlarge(3, 2)),
        (AxisMap::spread(0, 2, 6), AxisMap::spread(1, 2, 6)),
    ] {
        let (claimed, used) = (network(claimed), network(used));
        assert_eq!(passed_off(&claimed, &claimed, &square()), Ok(()));
        assert_eq!(passed_off(&claimed, &used, &square()), Err(error.clone()));
        assert_eq!(passed_off(&used, &claimed, &square()), Err(error.clone()));
    }
}

#[test]
fn rejects_sums_over_another_axis_or_of_other_values() {
    let network = |axis: usize, committed: bool| {
        let mut b = builder(&[3, 3]);
        let x = b.add("double", &[(b.input(), 2)]);
        let x = b.rescale("clip", x, Multiplier::Uniform(2), 1, SMALL);
        let x = b.reduce_sum("sum", if committed { x } else { b.input() }, &[axis]);
        let x = b.reshape("column", x, &[3]);
        key(b, x, &[3])
    };
    for (committed, error) in [(false, Error::PublicInput), (true, Error::Opening)] {
        let [rows, columns] = [0, 1].map(|axis| network(axis, committed));
        assert_eq!(passed_off(&rows, &rows, &square()), Ok(()));
        assert_eq!(passed_off(&rows, &columns, &square()), Err(error.clone()));
        for index in 0..3 {
            let mut run = Run::honest(&rows, &square()).unwrap();
            let value = run.outputs()[0].data()[index] + 1;
            set(&mut run.outputs()[0], index, value);
            let node = run.values().len() - 1;
            set(&mut run.values()[node], index, value);
            set(&mut run.values()[node - 1], index, value);
            assert_eq!(verdict(&rows, &square(), &run), Err(error.clone()), "sum {index}");
        }
    }
}

#[test]
fn rejects_cumulative_sums_along_another_axis_in_another_order_or_of_other_values() {
    let network = |layer: CumulativeSumLayer, committed: bool| {
        let mut b = builder(&[3, 3]);
        let x = b.add("double", &[(b.input(), 2)]);
        let x = b.rescale("clip", x, Multiplier::Uniform(2), 1, SMALL);
        let x = b.cumulative_sum("sums", if committed { x } else { b.input() }, layer);
        key(b, x, &[3, 3])
    };
    let down = CumulativeSumLayer { axis: 0, exclusive: false, reverse: false };
    let error = final_value("views", labels::VIEW_VALUES);
    for committed in [false, true] {
        let honest = network(down, committed);
        assert_eq!(passed_off(&honest, &honest, &square()), Ok(()));
        for other in [
            CumulativeSumLayer { axis: 1, ..down },
            CumulativeSumLayer { exclusive: true, ..down },
            CumulativeSumLayer { reverse: true, ..down },
        ] {
            let other = network(other, committed);
            assert_eq!(passed_off(&honest, &other, &square()), Err(error.clone()), "committed: {committed}");
        }
        for index in 0..9 {
            let mut run = Run::honest(&honest, &square()).unwrap();
            let value = run.outputs()[0].data()[index] + 1;
            set(&mut run.outputs()[0], index, value);
            let node = run.values().len() - 1;
            set(&mut run.values()[node], index, value);
            assert_eq!(verdict(&honest, &square(), &run), Err(error.clone()), "sum {index}");
        }
    }
}
