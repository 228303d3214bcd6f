//! A tiny network with several inputs: a proof of a few kilobytes that nothing outside this file changes.

use tacit_inference::NetworkBuilder;
use tacit_layers::{ActivationFunction, InputLayer, Layout, Multiplier, Network, NodeId, Output, Tensor};

const SMALL: ActivationFunction = ActivationFunction::Clip { minimum: -4, maximum: 3 };
const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 7 };

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn output(name: &str, node: NodeId, shape: &[usize]) -> Output {
    Output { name: name.to_owned(), node, shape: shape.to_vec(), scales: vec![0.25], scale_axis: 0 }
}

/// Three inputs, of real numbers, integers and truth values, each of its own range; three outputs.
pub(crate) fn network() -> Network {
    let inputs = [
        ("readings", InputLayer::real(layout(&[5]), (0, 3), 0.5)),
        ("counts", InputLayer::integer(layout(&[2, 3]), (-2, 5))),
        ("mask", InputLayer::boolean(layout(&[2, 3]))),
    ];
    let inputs = inputs.map(|(name, layer)| (name.to_owned(), layer));
    let mut b = NetworkBuilder::with_inputs("tiny several", inputs);
    let [readings, counts, mask] = [0, 1, 2].map(NodeId);
    let masked = b.product("masked", (counts, b"ij"), (mask, b"ij"), b"ij");
    let masked = b.rescale("clip", masked, Multiplier::Uniform(2), 1, SMALL);
    let weights = Tensor::new(layout(&[3, 5]), (0..15).map(|i| (i * 3 % 7) as i8 - 3).collect()).unwrap();
    let x = b.dense("first", readings, 0, weights, Some(vec![5, -4, 0])).unwrap();
    let x = b.rescale("relu", x, Multiplier::Uniform(3), 3, RELU);
    let mixed = b.product("mixed", (masked, b"ij"), (x, b"j"), b"i");
    b.output(output("mixed", mixed, &[2]));
    b.output(output("masked", masked, &[2, 3]));
    b.output(output("relu", x, &[3]));
    b.finish().unwrap()
}

/// Fixed inputs of a network.
pub(crate) fn samples(network: &Network) -> Vec<Tensor<i64>> {
    let sample = |layer: &InputLayer| {
        let (low, high) = layer.bounds;
        let data = (0..layer.layout.num_elements() as i64).map(|i| low + i * 5 % (high - low + 1)).collect();
        Tensor::new(layer.layout.clone(), data).unwrap()
    };
    network.architecture.input_layers().map(|(_, layer)| sample(layer)).collect()
}
