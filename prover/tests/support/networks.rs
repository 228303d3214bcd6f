//! Small networks for two-sided tests: odd shapes, every layer, seeded weights.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_inference::{NetworkBuilder, composite::softmax::SoftmaxOptions};
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, Layout, MatmulArgument, Multiplier,
    Network, NodeId, Output, Parameter, Tensor, Window2d,
    argument::gates::{Axes, Circuit, Factor, Gate, GateLayer, Operand, Wiring},
    layer::{cumulative_sum::CumulativeSumLayer, remap::AxisMap},
};

/// ReLU into a byte.
pub(crate) const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 255 };
/// Clipping to a signed byte.
pub(crate) const SIGNED: ActivationFunction = ActivationFunction::Clip { minimum: -128, maximum: 127 };

/// A seeded source of weights and inputs.
pub(crate) struct Source(ChaCha8Rng);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn pick(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high)
    }

    pub(crate) fn weights(&mut self, axes: &[usize]) -> Tensor<i8> {
        let layout = Layout::new(axes.to_vec()).unwrap();
        let data = (0..layout.num_elements()).map(|_| self.pick(-127, 127) as i8).collect();
        Tensor::new(layout, data).unwrap()
    }

    pub(crate) fn bias(&mut self, outputs: usize) -> Vec<i32> {
        (0..outputs).map(|_| self.pick(-2000, 2000) as i32).collect()
    }

    pub(crate) fn multipliers(&mut self, axis: usize, channels: usize) -> Multiplier {
        Multiplier::PerChannel { axis, values: (0..channels).map(|_| self.pick(1, 40) as u32).collect() }
    }

    pub(crate) fn input(&mut self, network: &Network) -> Tensor<i64> {
        let layer = network.architecture.input().unwrap().clone();
        let (low, high) = layer.bounds;
        let data = (0..layer.layout.num_elements()).map(|_| self.pick(low, high)).collect();
        Tensor::new(layer.layout, data).unwrap()
    }
}

pub(crate) fn input(axes: &[usize], low: i64, high: i64) -> InputLayer {
    InputLayer::real(Layout::new(axes.to_vec()).unwrap(), (low, high), 0.5)
}

pub(crate) fn output(node: NodeId, shape: &[usize]) -> Output {
    Output { name: "output".to_owned(), node, shape: shape.to_vec(), scales: vec![0.25], scale_axis: 0 }
}

/// Two dense layers on a vector of 11, the first rescaled per channel.
pub(crate) fn mlp(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("mlp", input(&[11], -128, 127));
    let x = b.dense("first", b.input(), 0, s.weights(&[7, 11]), Some(s.bias(7))).unwrap();
    let m = s.multipliers(0, 7);
    let x = b.rescale("first relu", x, m, 9, RELU);
    let x = b.dense("second", x, 0, s.weights(&[3, 7]), Some(s.bias(3))).unwrap();
    b.output(output(x, &[3]));
    b.finish().unwrap()
}

/// Rows multiplied one by one, no bias, one multiplier, an activation as output.
pub(crate) fn rows(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("rows", input(&[5, 6], 0, 255));
    let x = b.dense("project", b.input(), 1, s.weights(&[3, 6]), None).unwrap();
    let x = b.rescale("project clip", x, Multiplier::Uniform(5), 8, SIGNED);
    b.output(output(x, &[5, 3]));
    b.finish().unwrap()
}

/// A convolution with padding, stride and dilation, a pool with padding over signed values, a dense layer.
pub(crate) fn cnn(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("cnn", input(&[3, 9, 7], 0, 255));
    let window = Window2d {
        height: AxisWindow { kernel: 3, stride: 1, dilation: 2, pad_begin: 2, pad_end: 1 },
        width: AxisWindow { kernel: 2, stride: 2, dilation: 1, pad_begin: 0, pad_end: 1 },
    };
    let x = b.conv2d("conv", b.input(), window, s.weights(&[5, 3, 3, 2]), Some(s.bias(5))).unwrap();
    let m = s.multipliers(0, 5);
    let x = b.rescale("conv clip", x, m, 8, SIGNED);
    let pool =
        Window2d { height: AxisWindow::new(3, 2).padded(1, 1), width: AxisWindow::new(2, 1).padded(0, 1) };
    let x = b.max_pool("pool", x, pool);
    let x = b.flatten("flatten", x);
    let x = b.dense("dense", x, 0, s.weights(&[6, 5, 4, 4]), Some(s.bias(6))).unwrap();
    let x = b.rescale("dense relu", x, Multiplier::Uniform(3), 8, RELU);
    let x = b.dense("logits", x, 0, s.weights(&[4, 6]), Some(s.bias(4))).unwrap();
    b.output(output(x, &[4]));
    b.finish().unwrap()
}

/// A residual block, two outputs, average pooling over everything and a second pool of another size.
pub(crate) fn residual(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("residual", input(&[2, 6, 6], -128, 127));
    let same = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let x = b.conv2d("conv1", b.input(), same, s.weights(&[4, 2, 3, 3]), Some(s.bias(4))).unwrap();
    let m = s.multipliers(0, 4);
    let x = b.rescale("relu1", x, m, 8, RELU);
    let y = b.conv2d("conv2", x, same, s.weights(&[4, 4, 3, 3]), None).unwrap();
    let m = s.multipliers(0, 4);
    let y = b.rescale("clip2", y, m, 8, SIGNED);
    let sum = b.add("add", &[(x, 3), (y, -5), (x, 1)]);
    let sum = b.rescale("relu sum", sum, Multiplier::Uniform(100), 8, RELU);
    let pooled = b.max_pool("pool", sum, Window2d::square(AxisWindow::new(2, 2)));
    let mean = b.average_pool("mean", pooled, Window2d::square(AxisWindow::new(3, 3)));
    let mean = b.rescale("mean scale", mean, Multiplier::Uniform(28), 8, RELU);
    let mean = b.flatten("flatten", mean);
    let logits = b.dense("logits", mean, 0, s.weights(&[3, 4, 1, 1]), Some(s.bias(3))).unwrap();
    b.output(output(logits, &[3]));
    b.output(output(sum, &[4, 6, 6]));
    b.finish().unwrap()
}

/// Grouped convolutions: depthwise over three channels with a stride, then two groups of four outputs and two channels.
pub(crate) fn grouped(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("grouped", input(&[3, 7, 5], -128, 127));
    let window = Window2d::square(AxisWindow::new(3, 2).padded(1, 1));
    let x = b
        .grouped_conv2d("depthwise", b.input(), window, 3, s.weights(&[3, 1, 3, 3]), Some(s.bias(3)))
        .unwrap();
    let m = s.multipliers(0, 3);
    let x = b.rescale("depthwise clip", x, m, 8, SIGNED);
    let point = Window2d::square(AxisWindow::new(1, 1));
    let x = b.conv2d("pointwise", x, point, s.weights(&[6, 3, 1, 1]), None).unwrap();
    let x = b.rescale("pointwise relu", x, Multiplier::Uniform(9), 8, RELU);
    let x = b.grouped_conv2d("grouped", x, window, 3, s.weights(&[12, 2, 3, 3]), Some(s.bias(12))).unwrap();
    b.output(output(x, &[12, 2, 2]));
    b.finish().unwrap()
}

/// Activations by tables that do not map zero to zero, over a padded map and over rows, read by windows and by a sum.
pub(crate) fn tables(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("tables", input(&[3, 5, 6], -128, 127));
    let sigmoid = |q: i32| (255.0 / (1.0 + (-f64::from(q) / 32.0).exp())).round() as i32;
    let sigmoid = ActivationFunction::Table { first: -200, results: (-200..=200).map(sigmoid).collect() };
    let wave = |q: i32| (100.0 * (f64::from(q) / 20.0).cos()).round() as i32;
    let wave = ActivationFunction::Table { first: -150, results: (-150..=150).map(wave).collect() };
    let same = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let x = b.conv2d("conv", b.input(), same, s.weights(&[5, 3, 3, 3]), Some(s.bias(5))).unwrap();
    let m = s.multipliers(0, 5);
    let x = b.rescale("sigmoid", x, m, 10, sigmoid);
    let y = b.conv2d("mix", x, same, s.weights(&[5, 5, 3, 3]), None).unwrap();
    let y = b.rescale("wave", y, Multiplier::Uniform(3), 10, wave);
    let sum = b.add("add", &[(x, 1), (y, 1)]);
    let sum = b.rescale("clip", sum, Multiplier::Uniform(128), 8, SIGNED);
    let pooled = b.max_pool("pool", sum, Window2d::square(AxisWindow::new(2, 2).padded(1, 1)));
    b.output(output(pooled, &[5, 3, 4]));
    b.output(output(y, &[5, 5, 6]));
    b.finish().unwrap()
}

/// A sum, halved.
fn rescaled(b: &mut NetworkBuilder, name: &str, sum: &[(NodeId, i64)], f: ActivationFunction) -> NodeId {
    let sum = b.add(&format!("sum before {name}"), sum);
    b.rescale(name, sum, Multiplier::Uniform(1), 1, f)
}

/// Quotients of more than 16 bits before a long clip, a short one, a table of results that does not hold zero and a
/// constant.
pub(crate) fn wide(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("wide", input(&[3, 5, 6], -32_768, 32_767));
    let same = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let x = b.conv2d("conv", b.input(), same, s.weights(&[5, 3, 3, 3]), Some(s.bias(5))).unwrap();
    let m = s.multipliers(0, 5);
    let x = b.rescale("long relu", x, m, 10, ActivationFunction::Clip { minimum: 0, maximum: 4095 });
    let short = ActivationFunction::Clip { minimum: -20, maximum: 30 };
    let y = rescaled(&mut b, "short clip", &[(x, 40), (x, -73)], short);
    let results = (0..90).map(|_| s.pick(-100, 100) as i32).collect();
    let table = ActivationFunction::Table { first: 1000, results };
    let z = rescaled(&mut b, "table", &[(x, 52), (y, 5)], table);
    let zero = ActivationFunction::Clip { minimum: 0, maximum: 0 };
    let w = rescaled(&mut b, "zero", &[(x, -50)], zero);
    let far = rescaled(&mut b, "far", &[(x, 3000)], SIGNED);
    let sum = b.add("sum", &[(y, 1), (z, 1), (w, 1), (far, 1)]);
    b.output(output(sum, &[5, 5, 6]));
    b.finish().unwrap()
}

/// Views of views: slices with a step, padding with zeros, enlargement and concatenations, of the input and of activations,
/// read by every kind of layer, also twice and as an output.
pub(crate) fn views(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("views", input(&[3, 5, 6], -128, 127));
    let all = AxisMap::identity;
    let cut = b.remap("cut", b.input(), vec![all(3), AxisMap::slice(1, 2, 2), AxisMap::pad(2, 9)]);
    let point = Window2d::square(AxisWindow::new(1, 1));
    let x = b.conv2d("conv", b.input(), point, s.weights(&[2, 3, 1, 1]), None).unwrap();
    let x = b.rescale("clip", x, Multiplier::Uniform(3), 8, SIGNED);
    let narrow = b.remap("narrow", x, vec![all(2), AxisMap::slice(3, 1, 2), AxisMap::pad(1, 9)]);
    let joined = b.concat("join", &[cut, narrow, cut], 0);
    let wide = vec![AxisMap::slice(7, 1, 1), AxisMap::enlarge(2, 3), AxisMap::enlarge(9, 2)];
    let wide = b.remap("wide", joined, wide);
    let both = b.concat("rows", &[wide, wide], 1);
    let pooled = b.max_pool("pool", both, Window2d::square(AxisWindow::new(3, 3)));
    let sum = b.add("add", &[(joined, 2), (joined, -1)]);
    let sum = b.rescale("sum clip", sum, Multiplier::Uniform(255), 8, SIGNED);
    let flat = b.flatten("flatten", joined);
    let y = b.dense("dense", flat, 0, s.weights(&[3, 8, 2, 9]), Some(s.bias(3))).unwrap();
    b.output(output(y, &[3]));
    b.output(output(pooled, &[1, 4, 6]));
    b.output(output(sum, &[8, 2, 9]));
    b.output(output(both, &[1, 12, 18]));
    b.finish().unwrap()
}

/// Transpositions of the input, of an activation, of accumulators before a rescale and as an output, one after the other and
/// with flattening between.
pub(crate) fn transposed(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("transposed", input(&[3, 5, 6], -128, 127));
    let turned = b.transpose("turn", b.input(), &[2, 0, 1]);
    let x = b.dense("project", turned, 2, s.weights(&[7, 5]), Some(s.bias(7))).unwrap();
    let x = b.transpose("turn sums", x, &[1, 2, 0]);
    let m = s.multipliers(1, 7);
    let x = b.rescale("clip", x, m, 8, SIGNED);
    let back = b.transpose("turn back", x, &[0, 2, 1]);
    let back = b.transpose("turn again", back, &[2, 0, 1]);
    let flat = b.flatten("flatten", back);
    let y = b.dense("dense", flat, 1, s.weights(&[4, 3, 6]), None).unwrap();
    let y = b.flatten("flatten sums", y);
    let y = b.transpose("turn outputs", y, &[1, 0]);
    b.output(output(y, &[4, 7]));
    b.output(output(back, &[7, 3, 6]));
    b.finish().unwrap()
}

/// Products of activations: attention over heads, a square, a gate that is broadcast, an outer and an inner product, with
/// the input as a factor and with values beyond 16 bits.
pub(crate) fn products(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("products", input(&[5, 6], -128, 127));
    let x = b.input();
    let mut project = |name: &str, b: &mut NetworkBuilder| {
        let y = b.dense(name, x, 1, s.weights(&[6, 6]), Some(s.bias(6))).unwrap();
        b.rescale(&format!("{name} clip"), y, Multiplier::Uniform(3), 9, SIGNED)
    };
    let (q, k) = (project("queries", &mut b), project("keys", &mut b));
    // Rows by rows, then rows by what was read.
    let scores = b.product("scores", (q, b"ih"), (k, b"jh"), b"ji");
    let scores = b.rescale("scores clip", scores, Multiplier::Uniform(1), 9, SIGNED);
    let mixed = b.product("mix", (scores, b"ji"), (x, b"jc"), b"ic");
    let mixed = b.rescale("mix relu", mixed, Multiplier::Uniform(1), 7, RELU);
    let heads = b.product("heads", (q, b"ih"), (mixed, b"jh"), b"hij");
    let wide = ActivationFunction::Clip { minimum: -40000, maximum: 40000 };
    let heads = b.rescale("heads clip", heads, Multiplier::Uniform(2), 1, wide);
    let gate = b.product("gate", (heads, b"hij"), (mixed, b"jh"), b"jhi");
    let gate = b.rescale("gate clip", gate, Multiplier::Uniform(1), 10, SIGNED);
    let square = b.product("square", (q, b"ih"), (q, b"ih"), b"ih");
    let square = b.rescale("square relu", square, Multiplier::Uniform(1), 7, RELU);
    let outer = b.product("outer", (square, b"ij"), (square, b"kl"), b"kilj");
    let inner = b.product("inner", (square, b"ij"), (q, b"ij"), b"x");
    b.output(output(gate, &[5, 6, 5]));
    b.output(output(outer, &[5, 5, 6, 6]));
    b.output(output(inner, &[1]));
    b.finish().unwrap()
}

/// Reshapes with and without an argument, of the input, of activations, of accumulators and of each other; sums over axes;
/// reversed, spread and broadcast axes.
pub(crate) fn reshaped(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("reshaped", input(&[6, 5, 4], -128, 127));
    let split = b.reshape("split", b.input(), &[2, 15, 4]);
    let merged = b.reshape("merge", split, &[30, 4]);
    let x = b.dense("dense", merged, 1, s.weights(&[6, 4]), Some(s.bias(6))).unwrap();
    let x = b.reshape("wider sums", x, &[1, 30, 6, 1]);
    let x = b.rescale("clip", x, Multiplier::Uniform(3), 8, SIGNED);
    let same = b.reshape("same places", x, &[30, 1, 6]);
    let cut = b.reshape("cut", same, &[9, 20]);
    let turned = b.transpose("turn", cut, &[1, 0]);
    let again = b.reshape("again", turned, &[3, 60]);
    let total = b.reduce_sum("total", again, &[1]);
    let total = b.rescale("total clip", total, Multiplier::Uniform(3), 8, SIGNED);
    let maps = vec![AxisMap::reverse(3), AxisMap::enlarge(1, 60)];
    let wide = b.remap("broadcast", total, maps);
    let gate = b.product("gate", (wide, b"ij"), (again, b"ij"), b"ji");
    let maps = vec![AxisMap::spread(1, 3, 28), AxisMap { stride: -2, offset: 19, ..AxisMap::identity(10) }];
    let spread = b.remap("spread", cut, maps);
    let both = b.reduce_sum("both", spread, &[0, 1]);
    let none = b.reduce_sum("none", spread, &[]);
    b.output(output(gate, &[60, 3]));
    b.output(output(both, &[1]));
    b.output(output(none, &[28, 10]));
    b.output(output(again, &[3, 60]));
    b.finish().unwrap()
}

/// Cumulative sums along every axis, in both orders, with and without the own element: of the input and of activations.
pub(crate) fn cumulative(_: u64) -> Network {
    let mut b = NetworkBuilder::new("cumulative", input(&[3, 5, 2], -20, 9));
    let mut x = b.input();
    for kind in 0..12 {
        let layer = CumulativeSumLayer { axis: kind / 4, exclusive: kind % 2 == 1, reverse: kind % 4 > 1 };
        let sums = b.cumulative_sum(&format!("sums {kind}"), x, layer);
        x = b.rescale(&format!("clip {kind}"), sums, Multiplier::Uniform(5), 4, SIGNED);
    }
    let turned = b.transpose("turn", x, &[2, 0, 1]);
    let layer = CumulativeSumLayer { axis: 1, exclusive: false, reverse: true };
    let last = b.cumulative_sum("last", turned, layer);
    b.output(output(last, &[2, 3, 5]));
    b.output(output(x, &[3, 5, 2]));
    b.finish().unwrap()
}

/// Blocks of several layers: softmax along two axes, maxima over two, the index of the first and of the last maximum.
pub(crate) fn composites(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("composites", input(&[3, 5, 11], -20, 20));
    let x = b.dense("dense", b.input(), 2, s.weights(&[9, 11]), Some(s.bias(9))).unwrap();
    let x = b.rescale("clip", x, Multiplier::Uniform(1), 8, SIGNED);
    let options = SoftmaxOptions { scale: 0.1, output_bits: 8 };
    let rows = b.softmax("rows", x, 2, &options).unwrap().node;
    let columns =
        b.softmax("columns", b.input(), 1, &SoftmaxOptions { output_bits: 12, ..options }).unwrap().node;
    let first = b.arg_max("first", rows, 2, false).unwrap();
    let last = b.arg_max("last", b.input(), 0, true).unwrap();
    let largest = b.reduce_max("largest", x, &[0, 2]).unwrap();
    let largest = b.reshape("flat", largest, &[5]);
    b.output(output(rows, &[3, 5, 9]));
    b.output(output(columns, &[3, 5, 11]));
    b.output(output(first, &[3, 5]));
    b.output(output(last, &[5, 11]));
    b.output(output(largest, &[5]));
    b.finish().unwrap()
}

/// Convolutions with strange windows: an axis of length one, more positions than the map has, padding wider than the map,
/// a stride that skips positions, dilated kernels longer than the map, and more groups than a power of two.
pub(crate) fn windows(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("windows", input(&[3, 1, 11], -128, 127));
    let axis = |kernel, stride, dilation, pad_begin, pad_end| AxisWindow {
        kernel,
        stride,
        dilation,
        pad_begin,
        pad_end,
    };
    let line = Window2d { height: axis(1, 1, 1, 0, 0), width: axis(5, 3, 2, 0, 4) };
    let x = b.conv2d("line", b.input(), line, s.weights(&[5, 3, 1, 5]), Some(s.bias(5))).unwrap();
    let m = s.multipliers(0, 5);
    let x = b.rescale("line clip", x, m, 8, SIGNED);
    let wide = Window2d { height: axis(2, 1, 1, 2, 3), width: axis(2, 1, 5, 4, 3) };
    let x = b.grouped_conv2d("wide", x, wide, 5, s.weights(&[10, 1, 2, 2]), Some(s.bias(10))).unwrap();
    let x = b.rescale("wide relu", x, Multiplier::Uniform(7), 8, RELU);
    let skip = Window2d { height: axis(3, 2, 1, 0, 1), width: axis(1, 4, 1, 0, 0) };
    let x = b.conv2d("skip", x, skip, s.weights(&[3, 10, 3, 1]), None).unwrap();
    let x = b.rescale("skip relu", x, Multiplier::Uniform(3), 8, RELU);
    let x = b.average_pool("mean", x, Window2d::square(AxisWindow::new(2, 1)));
    let x = b.rescale("mean relu", x, Multiplier::Uniform(1), 2, RELU);
    let point = Window2d::square(AxisWindow::new(1, 2));
    let x = b.conv2d("point", x, point, s.weights(&[5, 3, 1, 1]), None).unwrap();
    b.output(output(x, &[5, 1, 1]));
    b.finish().unwrap()
}

/// Everything by gates: convolutions with stride, dilation, padding and groups, one in one dimension, dense layers over
/// rows, a product, and a circuit of one's own that reads the input twice.
pub(crate) fn gates(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("gates", input(&[3, 9, 7], -128, 127));
    let window = Window2d {
        height: AxisWindow { kernel: 3, stride: 2, dilation: 2, pad_begin: 3, pad_end: 1 },
        width: AxisWindow { kernel: 2, stride: 1, dilation: 3, pad_begin: 0, pad_end: 2 },
    };
    let x = b.conv2d("conv", b.input(), window, s.weights(&[6, 3, 3, 2]), Some(s.bias(6))).unwrap();
    let m = s.multipliers(0, 6);
    let x = b.rescale("conv clip", x, m, 8, SIGNED);
    let same = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let x = b.grouped_conv2d("grouped", x, same, 3, s.weights(&[12, 2, 3, 3]), None).unwrap();
    let x = b.rescale("grouped relu", x, Multiplier::Uniform(3), 10, RELU);
    let line = Window2d { height: AxisWindow::new(1, 1), width: AxisWindow::new(4, 3).padded(2, 0) };
    let x = b.conv2d("line", x, line, s.weights(&[5, 12, 1, 4]), Some(s.bias(5))).unwrap();
    let x = b.rescale("line clip", x, Multiplier::Uniform(3), 11, SIGNED);
    let rows = b.dense("rows", x, 1, s.weights(&[7, 5, 2]), Some(s.bias(7))).unwrap();
    let rows = b.rescale("rows clip", rows, Multiplier::Uniform(3), 10, SIGNED);
    let scores = b.product("scores", (rows, b"ih"), (rows, b"jh"), b"ji");
    let scores = b.rescale("scores clip", scores, Multiplier::Uniform(1), 9, SIGNED);
    let gains = Parameter::Int32((0..7).map(|_| s.pick(-1000, 1000) as i32).collect());
    let lags = [("gains", Layout::new(vec![7]).unwrap(), gains)];
    let sums = b.circuit("correlation", &[rows], lags.to_vec(), correlation(5, 7, 4));
    let sums = b.rescale("correlation clip", sums, Multiplier::Uniform(1), 16, SIGNED);
    let logits = b.dense("logits", sums, 0, s.weights(&[2, 5, 4]), None).unwrap();
    b.output(output(logits, &[2]));
    b.output(output(scores, &[5, 5]));
    let network = b.finish().unwrap();
    network.with_arguments(ConvolutionArgument::Gates, MatmulArgument::Gates).unwrap()
}

/// $z[c, t] = \sum_p x[c, p]\, x[c, p + t] + \sum_p g[p]\, x[c, p]$ for lags $t$.
fn correlation(channels: usize, length: usize, lags: usize) -> Circuit {
    let layout = |axes: &[usize]| Layout::new(axes.to_vec()).unwrap();
    let (x, g) = (Some(Operand::Input(0)), Some(Operand::Input(1)));
    let lagged = (0..lags).flat_map(|t| {
        (0..length - t).map(move |p| {
            let [output, left, right] = [t, p, p + t].map(|i| i as u32);
            Gate { output, left, right, coefficient: 1 }
        })
    });
    let axes = [Axes::one(1), Axes::one(1), Axes::one(1)];
    let factors = vec![Factor::shared(Some(0), Some(0), Some(0)), Factor::gates(lagged.collect(), axes)];
    let correlated = Wiring { coefficient: 1, left: x, right: x, factors };
    let factors = vec![
        Factor::shared(Some(0), Some(0), None),
        Factor::shared(Some(1), None, None),
        Factor::shared(None, Some(1), Some(0)),
    ];
    let gained = Wiring { coefficient: 1, left: x, right: g, factors };
    let layer = GateLayer { layout: layout(&[channels, lags]), wirings: vec![correlated, gained] };
    Circuit::new(vec![layout(&[channels, length]), layout(&[length])], vec![layer]).unwrap()
}

/// A kernel that two convolutions read, in windows of different strides, a matrix that three dense layers read, one of
/// them row by row, and a bias that both kinds read.
pub(crate) fn shared(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("shared", input(&[3, 5, 6], -128, 127));
    let (kernel, matrix) = (s.weights(&[3, 3, 3, 3]), s.weights(&[3, 3]));
    let (kernel, matrix) = (b.weights("kernel", kernel), b.weights("matrix", matrix));
    let bias = b.biases("bias", s.bias(3)).unwrap();
    let window = |stride| Window2d::square(AxisWindow::new(3, stride).padded(1, 1));
    let x = b.conv2d_of("first conv", b.input(), window(1), 1, kernel, Some(bias));
    let x = b.rescale("first clip", x, Multiplier::Uniform(2), 12, SIGNED);
    let y = b.conv2d_of("second conv", x, window(2), 1, kernel, Some(bias));
    let y = b.rescale("second clip", y, Multiplier::Uniform(2), 12, SIGNED);
    let rows = b.transpose("rows", y, &[1, 2, 0]);
    let z = b.dense_of("by row", rows, 2, matrix, Some(bias));
    let z = b.rescale("by row clip", z, Multiplier::Uniform(1), 9, SIGNED);
    let sum = b.reduce_sum("sum", z, &[0, 1]);
    let sum = b.rescale("sum clip", sum, Multiplier::Uniform(1), 4, SIGNED);
    let mut state = b.reshape("state", sum, &[3]);
    for (name, bias) in [("second step", Some(bias)), ("third step", None)] {
        state = b.dense_of(name, state, 0, matrix, bias);
        state = b.rescale(&format!("{name} clip"), state, Multiplier::Uniform(1), 9, SIGNED);
    }
    b.output(output(state, &[3]));
    b.output(output(x, &[3, 5, 6]));
    b.finish().unwrap()
}

/// Weights of two digits to the base 256: two layers over one input whose accumulators are added, rescaled per channel the
/// first time and an output the second.
pub(crate) fn digits(seed: u64) -> Network {
    let mut s = Source::new(seed);
    let mut b = NetworkBuilder::new("digits", input(&[3, 5, 6], -100, 99));
    let same = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let high = b.conv2d("conv.high", b.input(), same, s.weights(&[4, 3, 3, 3]), None).unwrap();
    let low = b.conv2d("conv.low", b.input(), same, s.weights(&[4, 3, 3, 3]), Some(s.bias(4))).unwrap();
    let sum = b.add("conv", &[(high, 256), (low, 1)]);
    let m = s.multipliers(0, 4);
    let x = b.rescale("conv relu", sum, m, 18, RELU);
    let high = b.dense("dense.high", x, 0, s.weights(&[7, 4, 5, 6]), None).unwrap();
    let low = b.dense("dense.low", x, 0, s.weights(&[7, 4, 5, 6]), Some(s.bias(7))).unwrap();
    let sum = b.add("dense", &[(high, 256), (low, 1)]);
    b.output(output(sum, &[7]));
    b.finish().unwrap()
}

/// All of the above.
pub(crate) fn all(seed: u64) -> Vec<Network> {
    vec![
        mlp(seed),
        windows(seed),
        rows(seed),
        cnn(seed),
        residual(seed),
        grouped(seed),
        tables(seed),
        views(seed),
        transposed(seed),
        products(seed),
        reshaped(seed),
        wide(seed),
        composites(seed),
        gates(seed),
        cumulative(seed),
        shared(seed),
        digits(seed),
    ]
}
