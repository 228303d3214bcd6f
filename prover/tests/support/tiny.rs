//! Tiny networks with fixed weights: proofs of a few kilobytes that nothing outside this file changes.

use tacit_inference::{NetworkBuilder, circuit::CircuitBuilder};
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, Layout, MatmulArgument, Multiplier,
    Network, NodeId, Output, Parameter, Tensor, Window2d, argument::gates::Circuit, layer::remap::AxisMap,
};

const SMALL: ActivationFunction = ActivationFunction::Clip { minimum: -4, maximum: 3 };
const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 7 };

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn weights(axes: &[usize], step: usize) -> Tensor<i8> {
    let layout = layout(axes);
    let data = (0..layout.num_elements()).map(|i| (i * step % 7) as i8 - 3).collect();
    Tensor::new(layout, data).unwrap()
}

fn input(axes: &[usize], low: i64, high: i64) -> InputLayer {
    InputLayer::real(layout(axes), (low, high), 0.5)
}

fn output(name: &str, node: NodeId, shape: &[usize]) -> Output {
    Output { name: name.to_owned(), node, shape: shape.to_vec(), scales: vec![0.25], scale_axis: 0 }
}

/// Two dense layers with biases, the first rescaled per channel.
pub(crate) fn mlp() -> Network {
    let mut b = NetworkBuilder::new("tiny mlp", input(&[5], 0, 3));
    let x = b.dense("first", b.input(), 0, weights(&[3, 5], 3), Some(vec![5, -4, 0])).unwrap();
    let x = b.rescale("relu", x, Multiplier::PerChannel { axis: 0, values: vec![1, 3, 2] }, 3, RELU);
    let x = b.dense("second", x, 0, weights(&[2, 3], 5), Some(vec![-1, 2])).unwrap();
    b.output(output("logits", x, &[2]));
    b.finish().unwrap()
}

/// Quotients too wide for one table, clipped by the first rescale and the argument of a table of results in the second.
pub(crate) fn wide() -> Network {
    let mut b = NetworkBuilder::new("tiny wide", input(&[5], 0, 1 << 16));
    let bias = Some(vec![-40, 2, 300_000, -300_000]);
    let x = b.dense("first", b.input(), 0, weights(&[4, 5], 3), bias).unwrap();
    let x = b.rescale("clip", x, Multiplier::PerChannel { axis: 0, values: vec![1, 3, 2, 1] }, 1, SMALL);
    let x = b.dense("second", x, 0, weights(&[3, 4], 5), Some(vec![200_000, 1, -200_000])).unwrap();
    let table = ActivationFunction::Table { first: -3, results: vec![1, 0, 2, -3, 3, 2] };
    let x = b.rescale("table", x, Multiplier::Uniform(1), 2, table);
    b.output(output("results", x, &[3]));
    b.finish().unwrap()
}

/// Three layers with several operands each, on two rows at once: with $s = x_0 k + 2 x_1 - 5$ and $p = s^2 + 3 s$,
/// $p x_1 + s y + 7 - x_0$.
pub(crate) fn circuit() -> Circuit {
    let mut b = CircuitBuilder::new();
    let x = b.input(&[2, 3]).unwrap();
    let (y, k) = (b.input(&[3]).unwrap(), b.input(&[3]).unwrap());
    for j in 0..3 {
        let (five, seven) = (b.constant(5), b.constant(7));
        let scaled = b.multiply(x[j], k[j]);
        let s = b.combine(&[(scaled, 1), (x[3 + j], 2), (five, -1)]);
        let s = b.gate(s);
        let square = b.multiply(s, s);
        let p = b.combine(&[(square, 1), (s, 3)]);
        let (first, second) = (b.multiply(p, x[3 + j]), b.multiply(s, y[j]));
        let sum = b.sum(&[first, second, seven]);
        let z = b.sub(sum, x[j]);
        b.output(z);
    }
    b.finish(&[3]).unwrap().repeated(2, &[1, 2]).unwrap()
}

/// A convolution, a dense layer and a circuit of three layers, all by gates.
pub(crate) fn gates() -> Network {
    let mut b = NetworkBuilder::new("tiny gates", input(&[1, 2, 3], -4, 3));
    let window = Window2d { height: AxisWindow::new(1, 1), width: AxisWindow::new(3, 1).padded(1, 1) };
    let x = b.conv2d("conv", b.input(), window, weights(&[2, 1, 1, 3], 5), Some(vec![3, -2])).unwrap();
    let x = b.rescale("clip", x, Multiplier::Uniform(1), 3, SMALL);
    let y = b.dense("dense", b.input(), 0, weights(&[3, 1, 2, 3], 4), None).unwrap();
    let y = b.rescale("relu", y, Multiplier::Uniform(1), 3, RELU);
    let k = ("k", layout(&[3]), Parameter::Int8(vec![2, -3, 1]));
    let z = b.circuit("circuit", &[x, y], vec![k], circuit());
    b.output(output("sums", z, &[2, 3]));
    b.finish().unwrap().with_arguments(ConvolutionArgument::Gates, MatmulArgument::Gates).unwrap()
}

/// A concatenation of the input and an activation, and a view of it.
pub(crate) fn views() -> Network {
    let mut b = NetworkBuilder::new("tiny views", input(&[1, 2, 3], -4, 3));
    let one = Window2d::square(AxisWindow::new(1, 1));
    let x = b.conv2d("conv", b.input(), one, weights(&[1, 1, 1, 1], 1), None).unwrap();
    let x = b.rescale("clip", x, Multiplier::Uniform(1), 1, SMALL);
    let joined = b.concat("join", &[b.input(), x], 0);
    let maps = vec![AxisMap::identity(2), AxisMap::pad(1, 4), AxisMap::slice(0, 2, 2)];
    let view = b.remap("view", joined, maps);
    let y = b.dense("dense", view, 0, weights(&[2, 2, 4, 2], 4), Some(vec![1, -1])).unwrap();
    b.output(output("logits", y, &[2]));
    b.output(output("joined", joined, &[2, 2, 3]));
    b.finish().unwrap()
}

/// Reshapes that move padding, one of which is a view of a view, a reversed and a spread axis, and sums over axes.
pub(crate) fn reshaped() -> Network {
    let mut b = NetworkBuilder::new("tiny reshaped", input(&[3, 2], -4, 3));
    let x = b.add("double", &[(b.input(), 2)]);
    let x = b.rescale("clip", x, Multiplier::Uniform(2), 1, SMALL);
    let cut = b.reshape("cut", x, &[2, 3]);
    let maps = vec![AxisMap::reverse(2), AxisMap::spread(1, 2, 6)];
    let spread = b.remap("spread", cut, maps);
    let flat = b.reshape("flat", b.input(), &[6]);
    let sum = b.reduce_sum("sum", spread, &[1]);
    let sum = b.reshape("narrow", sum, &[2]);
    b.output(output("sum", sum, &[2]));
    b.output(output("flat", flat, &[6]));
    b.finish().unwrap()
}

/// Rescales whose remainders have two parts.
pub(crate) fn precise() -> Network {
    let mut b = NetworkBuilder::new("tiny precise", input(&[3], 0, 3));
    let x = b.dense("first", b.input(), 0, weights(&[3, 3], 3), Some(vec![4, -3, 0])).unwrap();
    let values = vec![60_000, 98_765, 131_071];
    let x = b.rescale("relu", x, Multiplier::PerChannel { axis: 0, values }, 18, RELU);
    let x = b.dense("second", x, 0, weights(&[2, 3], 5), None).unwrap();
    let x = b.rescale("clip", x, Multiplier::Uniform(23_456), 17, SMALL);
    b.output(output("logits", x, &[2]));
    b.finish().unwrap()
}

/// Products of activations: one of matrices with a batch axis, a square, one of the input by itself broadcast.
pub(crate) fn products() -> Network {
    let mut b = NetworkBuilder::new("tiny products", input(&[2, 3], -4, 3));
    let scores = b.product("scores", (b.input(), b"ik"), (b.input(), b"jk"), b"ij");
    let scores = b.rescale("scores clip", scores, Multiplier::Uniform(1), 3, SMALL);
    let turned = b.transpose("turn", scores, &[1, 0]);
    let square = b.product("square", (scores, b"ij"), (turned, b"ij"), b"ij");
    let gate = b.product("gate", (scores, b"bi"), (b.input(), b"bc"), b"cbi");
    b.output(output("square", square, &[2, 2]));
    b.output(output("gate", gate, &[3, 2, 2]));
    b.finish().unwrap()
}

/// Every layer but views and products, hence every message of the protocol but theirs.
pub(crate) fn cnn() -> Network {
    let mut b = NetworkBuilder::new("tiny cnn", input(&[1, 4, 3], -4, 3));
    let same = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let x = b.conv2d("conv", b.input(), same, weights(&[2, 1, 3, 3], 5), Some(vec![3, -2])).unwrap();
    let x = b.rescale("conv clip", x, Multiplier::PerChannel { axis: 0, values: vec![1, 2] }, 3, SMALL);
    let one = Window2d::square(AxisWindow::new(1, 1));
    let y = b.conv2d("mix", x, one, weights(&[2, 2, 1, 1], 3), None).unwrap();
    let y = b.rescale("mix clip", y, Multiplier::Uniform(3), 3, SMALL);
    let sum = b.add("add", &[(x, 1), (y, -2)]);
    let sum = b.rescale("add clip", sum, Multiplier::Uniform(1), 1, SMALL);
    let pool =
        Window2d { height: AxisWindow::new(2, 2).padded(0, 1), width: AxisWindow::new(2, 1).padded(1, 0) };
    let x = b.max_pool("pool", sum, pool);
    let mean = Window2d { height: AxisWindow::new(2, 1), width: AxisWindow::new(1, 2) };
    let x = b.average_pool("mean", x, mean);
    let x = b.rescale("mean clip", x, Multiplier::Uniform(1), 1, SMALL);
    let x = b.flatten("flatten", x);
    let x = b.dense("dense", x, 0, weights(&[3, 2, 1, 2], 4), Some(vec![1, -1, 2])).unwrap();
    b.output(output("logits", x, &[3]));
    b.output(output("features", sum, &[2, 4, 3]));
    b.finish().unwrap()
}

/// Convolutions (one of them depthwise, with stride, dilation and padding), dense layers and a product with a batch axis proved by comparing polynomials.
pub(crate) fn polynomial() -> Network {
    let mut b = NetworkBuilder::new("tiny polynomial", input(&[2, 4, 3], -4, 3));
    let window = Window2d {
        height: AxisWindow { kernel: 2, stride: 2, dilation: 2, pad_begin: 1, pad_end: 0 },
        width: AxisWindow::new(2, 1).padded(0, 1),
    };
    let x = b
        .grouped_conv2d("depthwise", b.input(), window, 2, weights(&[2, 1, 2, 2], 5), Some(vec![3, -2]))
        .unwrap();
    let x = b.rescale("depthwise clip", x, Multiplier::Uniform(1), 2, SMALL);
    let same = Window2d { height: AxisWindow::new(1, 1), width: AxisWindow::new(3, 1).padded(1, 1) };
    let x = b.conv2d("conv", x, same, weights(&[3, 2, 1, 3], 3), None).unwrap();
    let x = b.rescale("conv clip", x, Multiplier::Uniform(3), 3, SMALL);
    let scores = b.product("scores", (x, b"chw"), (x, b"cjw"), b"chj");
    let x = b.dense("first", x, 0, weights(&[3, 3, 2, 3], 4), Some(vec![1, -1, 2])).unwrap();
    let x = b.rescale("relu", x, Multiplier::Uniform(1), 2, RELU);
    let x = b.dense("second", x, 0, weights(&[2, 3], 5), None).unwrap();
    b.output(output("logits", x, &[2]));
    b.output(output("scores", scores, &[3, 2, 2]));
    let network = b.finish().unwrap();
    network.with_arguments(ConvolutionArgument::Polynomial, MatmulArgument::Polynomial).unwrap()
}

/// Convolutions in the frequency domain: one with transforms of 16 and 4, a depthwise one with a stride and of 8 and 4.
pub(crate) fn frequencies() -> Network {
    let mut b = NetworkBuilder::new("tiny frequencies", input(&[1, 8, 3], -4, 3));
    let window = Window2d { height: AxisWindow::new(2, 1).padded(0, 1), width: AxisWindow::new(2, 1) };
    let x = b.conv2d("conv", b.input(), window, weights(&[2, 1, 2, 2], 5), Some(vec![3, -2])).unwrap();
    let x = b.rescale("clip", x, Multiplier::Uniform(1), 2, SMALL);
    let x = b.max_pool("pool", x, Window2d { height: AxisWindow::new(2, 2), width: AxisWindow::new(1, 1) });
    let window = Window2d {
        height: AxisWindow { kernel: 2, stride: 2, dilation: 2, pad_begin: 1, pad_end: 0 },
        width: AxisWindow::new(2, 1).padded(1, 0),
    };
    let x = b.grouped_conv2d("depthwise", x, window, 2, weights(&[2, 1, 2, 2], 3), None).unwrap();
    b.output(output("features", x, &[2, 2, 2]));
    b.finish().unwrap().with_arguments(ConvolutionArgument::Fft, MatmulArgument::default()).unwrap()
}

/// Weights that three dense layers read, two of them with one bias, and a kernel that two convolutions read.
pub(crate) fn shared() -> Network {
    let mut b = NetworkBuilder::new("tiny shared", input(&[1, 2, 2], -4, 3));
    let (matrix, kernel) = (weights(&[4, 1, 2, 2], 5), weights(&[1, 1, 2, 2], 3));
    let (matrix, kernel) = (b.weights("matrix", matrix), b.weights("kernel", kernel));
    let [bias, other] = [vec![3, -2, 0, 1], vec![-1, 0, 2, 2]].map(|bias| b.biases("bias", bias).unwrap());
    let axis = || AxisWindow::new(2, 1).padded(0, 1);
    let mut x = b.input();
    for name in ["first map", "second map"] {
        let window = Window2d { height: axis(), width: axis() };
        x = b.conv2d_of(name, x, window, 1, kernel, None);
        x = b.rescale(&format!("{name} clip"), x, Multiplier::Uniform(1), 2, SMALL);
    }
    for (name, bias) in [("first", bias), ("second", other), ("third", bias)] {
        x = b.dense_of(name, x, 0, matrix, Some(bias));
        x = b.rescale(&format!("{name} clip"), x, Multiplier::Uniform(1), 2, SMALL);
        x = b.reshape(&format!("{name} square"), x, &[1, 2, 2]);
    }
    b.output(output("state", x, &[1, 2, 2]));
    b.finish().unwrap()
}

/// All of the above, by name.
pub(crate) fn all() -> Vec<(&'static str, Network)> {
    vec![
        ("mlp", mlp()),
        ("cnn", cnn()),
        ("views", views()),
        ("precise", precise()),
        ("products", products()),
        ("reshaped", reshaped()),
        ("wide", wide()),
        ("polynomial", polynomial()),
        ("frequencies", frequencies()),
        ("gates", gates()),
        ("shared", shared()),
    ]
}

/// A fixed input of a network.
pub(crate) fn sample(network: &Network) -> Tensor<i64> {
    let layer = network.architecture.input().unwrap();
    let (low, high) = layer.bounds;
    let data = (0..layer.layout.num_elements() as i64).map(|i| low + i * 5 % (high - low + 1)).collect();
    Tensor::new(layer.layout.clone(), data).unwrap()
}
