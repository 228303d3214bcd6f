//! Axes: a run with axes in another order, or with another sum over one, passed off as the network's.

use tacit_layers::{ActivationFunction, InputLayer, Multiplier, NetworkBuilder, NodeId, Tensor};
use tacit_prover::ProvingKey;
use tacit_verifier::Error;

use super::{
    layout,
    network::{output, passed_off},
    tensor,
};

const SMALL: ActivationFunction = ActivationFunction::Clip { minimum: -9, maximum: 9 };

fn builder(axes: &[usize]) -> NetworkBuilder {
    NetworkBuilder::new("axes", InputLayer { layout: layout(axes), bounds: (-4, 4), scale: 1.0 })
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
