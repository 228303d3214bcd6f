//! Every way in which a graph can be malformed is refused with its own error.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, Architecture, AxisWindow, ConvolutionArgument, Error, InputKind, InputLayer,
    LayerArgument, Layout, MatmulArgument, Multiplier, Network, NodeId, Operation, Output, Parameter,
    ParameterId, Tensor, Window2d,
    layer::{
        add::{MAX_ADDENDS, MAX_COEFFICIENT},
        dense::DenseLayer,
        max_pool::MAX_OFFSETS,
        rescale::{MAX_MULTIPLIER, MAX_RESULT_VARS, MAX_SHIFT, saturation::MAX_QUOTIENT_VARS},
    },
    proof::plan::{MAX_SHARED_ROWS, Plan},
    tensor::{
        value::{MAX_ACTIVATION, ParameterWidth},
        window::MAX_WINDOW,
    },
};

const CLIP: ActivationFunction = ActivationFunction::Clip { minimum: -8, maximum: 7 };

fn weights(axes: &[usize]) -> Tensor<i8> {
    let layout = Layout::new(axes.to_vec()).unwrap();
    let data = vec![1; layout.num_elements()];
    Tensor::new(layout, data).unwrap()
}

fn output(node: NodeId, shape: &[usize]) -> Output {
    Output { name: "y".to_owned(), node, shape: shape.to_vec(), scales: vec![1.0], scale_axis: 0 }
}

/// input 0, conv 1, clip 2, pool 3, flatten 4, dense 5, clip 6, add 7, clip 8 (output).
fn network() -> Network {
    let layout = Layout::new(vec![2, 5, 4]).unwrap();
    let mut b = NetworkBuilder::new("graph", InputLayer::real(layout, (-8, 7), 1.0));
    let x = b
        .conv2d("conv", b.input(), Window2d::square(AxisWindow::new(2, 1)), weights(&[3, 2, 2, 2]), None)
        .unwrap();
    let x = b.rescale("clip", x, Multiplier::PerChannel { axis: 0, values: vec![1, 2, 3] }, 4, CLIP);
    let x = b.max_pool("pool", x, Window2d::square(AxisWindow::new(2, 1)));
    let x = b.flatten("flatten", x);
    let x = b.dense("dense", x, 0, weights(&[4, 3, 3, 2]), Some(vec![5; 4])).unwrap();
    let x = b.rescale("dense clip", x, Multiplier::Uniform(1), 4, CLIP);
    let x = b.add("add", &[(x, 1), (x, -2)]);
    let x = b.rescale("add clip", x, Multiplier::Uniform(1), 1, CLIP);
    b.output(output(x, &[2, 2]));
    b.finish().unwrap()
}

fn refused(change: impl FnOnce(&mut Architecture)) -> Error {
    let mut architecture = network().architecture;
    change(&mut architecture);
    architecture.infer().unwrap_err()
}

fn format(reason: &'static str) -> Error {
    Error::Graph { reason }
}

fn attribute(layer: &str, what: &'static str, actual: i64, minimum: i64, maximum: i64) -> Error {
    Error::Attribute { layer: layer.to_owned(), what, actual, minimum, maximum }
}

fn shape(layer: &str, what: &'static str, expected: &[usize], actual: &[usize]) -> Error {
    let (expected, actual) = (expected.to_vec(), actual.to_vec());
    Error::LayerShape { layer: layer.to_owned(), what, expected, actual }
}

fn unusable(reason: &'static str) -> Error {
    Error::Output { layer: "y".to_owned(), reason }
}

#[test]
fn accepts_the_network_that_the_other_tests_break() {
    assert_eq!(network().architecture.infer().unwrap().len(), 9);
}

#[test]
fn refuses_a_graph_that_does_not_begin_with_its_only_input() {
    let missing = format("node 0 is not the input");
    assert_eq!(refused(|a| a.nodes.clear()), missing);
    assert_eq!(refused(|a| a.nodes.swap(0, 4)), missing);
    assert_eq!(refused(|a| a.nodes[4] = a.nodes[0].clone()), format("an input behind another layer"));
    assert_eq!(
        refused(|a| a.nodes[0].inputs.push(NodeId(0))),
        Error::Reference { layer: "input".to_owned(), what: "node", index: 0 }
    );
}

#[test]
fn refuses_references_that_do_not_come_before() {
    for index in [2, 5, u32::MAX] {
        assert_eq!(
            refused(|a| a.nodes[2].inputs[0] = NodeId(index)),
            Error::Reference { layer: "clip".to_owned(), what: "node", index: index as usize }
        );
    }
    let weights = |a: &mut Architecture| match &mut a.nodes[5].operation {
        Operation::Dense(DenseLayer { weights, .. }) => *weights = ParameterId(9),
        _ => unreachable!(),
    };
    assert_eq!(refused(weights), Error::Reference { layer: "dense".to_owned(), what: "parameter", index: 9 });
}

#[test]
fn refuses_another_number_of_inputs() {
    let count =
        |layer: &str, expected, actual| Error::InputCount { layer: layer.to_owned(), expected, actual };
    assert_eq!(refused(|a| a.nodes[2].inputs.clear()), count("clip", 1, 0));
    assert_eq!(refused(|a| a.nodes[3].inputs.push(NodeId(0))), count("pool", 1, 2));
    assert_eq!(refused(|a| a.nodes[7].inputs.truncate(1)), count("add", 2, 1));
    assert_eq!(
        refused(|a| a.nodes[7].operation = add(&[])),
        count("add", 0, 2),
        "as many inputs as coefficients"
    );
}

fn add(coefficients: &[i64]) -> Operation {
    Operation::Add(tacit_layers::layer::add::AddLayer { coefficients: coefficients.to_vec() })
}

#[test]
fn refuses_accumulators_where_activations_are_needed_and_the_reverse() {
    let kind = |layer: &str, expected, actual| Error::ValueKind { layer: layer.to_owned(), expected, actual };
    assert_eq!(
        refused(|a| a.nodes[3].inputs[0] = NodeId(1)),
        kind("pool", "an activation", "an accumulator")
    );
    let added_again = |a: &mut Architecture| a.nodes[8].operation = add(&[1]);
    assert_eq!(refused(added_again), kind("add clip", "an activation", "an accumulator"));
    assert_eq!(
        refused(|a| a.nodes[6].inputs[0] = NodeId(4)),
        kind("dense clip", "an accumulator", "an activation")
    );
}

#[test]
fn refuses_an_accumulator_that_is_not_read_exactly_once() {
    let error = |layer: &str| Error::Output {
        layer: layer.to_owned(),
        reason: "an accumulator must be read exactly once",
    };
    assert_eq!(
        refused(|a| a.outputs.push(output(NodeId(5), &[4]))),
        error("dense"),
        "by a layer and an output"
    );
    let twice = |a: &mut Architecture| {
        a.nodes[6].inputs[0] = NodeId(1);
        a.outputs[0].shape = vec![36];
    };
    assert_eq!(refused(twice), error("conv"), "by two layers");
    let unread = |a: &mut Architecture| {
        a.nodes[8].operation = Operation::Flatten(tacit_layers::layer::flatten::FlattenLayer);
        a.nodes[8].inputs[0] = NodeId(6);
    };
    assert_eq!(refused(unread), error("add"), "by nobody");
}

#[test]
fn refuses_shapes_that_do_not_fit() {
    let zeros = [0, 0, 0];
    let map = "input (channels, height, width)";
    let flat = |a: &mut Architecture| {
        if let Operation::Input(input) = &mut a.nodes[0].operation {
            input.layout = Layout::new(vec![40]).unwrap();
        }
    };
    assert_eq!(refused(flat), shape("conv", map, &zeros, &[40]));
    let parameter = |index: usize, axes: &[usize]| {
        let axes = axes.to_vec();
        move |a: &mut Architecture| a.parameters[index].layout = Layout::new(axes).unwrap()
    };
    assert_eq!(refused(parameter(0, &[3, 2, 2, 3])), shape("conv", "weights", &[3, 2, 2, 2], &[3, 2, 2, 3]));
    assert_eq!(refused(parameter(1, &[4, 18])), shape("dense", "weights", &[4, 3, 3, 2], &[4, 18]));
    assert_eq!(refused(parameter(2, &[5])), shape("dense", "bias", &[4], &[5]));
    assert_eq!(refused(|a| a.nodes[7].inputs[1] = NodeId(4)), shape("add", "addend", &[4], &[3, 3, 2]));
    let multiplier = |axis, count| {
        move |a: &mut Architecture| match &mut a.nodes[2].operation {
            Operation::Rescale(layer) => {
                layer.multiplier = Multiplier::PerChannel { axis, values: vec![1; count] };
            }
            _ => unreachable!(),
        }
    };
    assert_eq!(refused(multiplier(1, 3)), shape("clip", "multiplier", &[4], &[3]));
    assert_eq!(refused(multiplier(7, 3)), shape("clip", "multiplier", &[], &[3]));
}

#[test]
fn refuses_parameters_of_the_wrong_width_or_number_of_readers() {
    let width = format("weights must be int8 and biases int32");
    assert_eq!(refused(|a| a.parameters[0].width = ParameterWidth::Int32), width);
    assert_eq!(refused(|a| a.parameters[2].width = ParameterWidth::Int8), width);
    let readers = format("a parameter is read by no layer");
    assert_eq!(refused(|a| a.parameters.push(a.parameters[0].clone())), readers);
    let unread = |a: &mut Architecture| match &mut a.nodes[5].operation {
        Operation::Dense(layer) => layer.bias = None,
        _ => unreachable!(),
    };
    assert_eq!(refused(unread), readers);
}

/// Layers that read one parameter each need its shape and its width.
#[test]
fn refuses_a_shared_parameter_that_does_not_fit_each_reader() {
    let share = |matrix: ParameterId, bias: ParameterId| {
        let layout = Layout::new(vec![3]).unwrap();
        let mut b = NetworkBuilder::new("shared", InputLayer::real(layout, (-8, 7), 1.0));
        let (square, wide) = (b.weights("square", weights(&[3, 3])), b.weights("wide", weights(&[2, 3])));
        let [three, two] = [3, 2].map(|n| b.biases("bias", vec![1; n]).unwrap());
        let x = b.dense_of("first", b.input(), 0, square, Some(three));
        let x = b.rescale("clip", x, Multiplier::Uniform(1), 4, CLIP);
        let y = b.dense_of("second", x, 0, matrix, Some(bias));
        let z = b.dense_of("third", x, 0, wide, Some(two));
        b.output(output(y, &[3]));
        b.output(output(z, &[2]));
        b.finish().map(|_| ())
    };
    let [square, wide, three, two] = [0, 1, 2, 3].map(ParameterId);
    assert_eq!(share(square, three), Ok(()));
    assert_eq!(share(square, two), Err(shape("second", "bias", &[3], &[2])));
    assert_eq!(share(three, three), Err(format("weights must be int8 and biases int32")));
    assert_eq!(share(square, wide), Err(format("weights must be int8 and biases int32")));
    let narrow = |a: &mut Architecture| a.nodes[5].inputs[0] = NodeId(0);
    assert_eq!(refused(narrow), shape("dense", "weights", &[4, 2, 5, 4], &[4, 3, 3, 2]));
}

/// The verifier weighs a parameter's rows for each layer that reads it, and only the first reader is paid for by the key.
#[test]
fn refuses_parameters_that_are_read_too_often() {
    let reads = |count: usize| {
        let mut architecture = network().architecture;
        let [input, output] = [vec![1 << 10], vec![1 << 12]].map(|axes| Layout::new(axes).unwrap());
        if let Operation::Input(layer) = &mut architecture.nodes[0].operation {
            layer.layout = input;
        }
        let mut dense = architecture.nodes[5].clone();
        dense.inputs = vec![NodeId(0)];
        if let Operation::Dense(layer) = &mut dense.operation {
            *layer =
                DenseLayer { weights: ParameterId(0), bias: None, num_outputs: 1 << 12, ..layer.clone() };
        }
        architecture.nodes.truncate(1);
        architecture.nodes.extend(std::iter::repeat_n(dense, count));
        architecture.parameters.truncate(1);
        architecture.parameters[0].layout = Layout::new(vec![1 << 12, 1 << 10]).unwrap();
        let whole = |index: usize| Output {
            name: "y".to_owned(),
            node: NodeId(index as u32),
            shape: output.axes().to_vec(),
            scales: vec![1.0],
            scale_axis: 0,
        };
        architecture.outputs = (1..=count).map(whole).collect();
        Plan::new(&architecture).map(|plan| {
            let rows = (1 << 22) >> plan.key_vars;
            assert_eq!(plan.num_parameter_claims, count);
            rows
        })
    };
    let rows = reads(2).unwrap();
    let most = MAX_SHARED_ROWS / rows + 1;
    assert_eq!(reads(most), Ok(rows));
    assert_eq!(reads(most + 1), Err(format("its parameters are read more often than supported")));
}

#[test]
fn refuses_attributes_outside_their_ranges() {
    let bounds = |low, high| {
        move |a: &mut Architecture| match &mut a.nodes[0].operation {
            Operation::Input(input) => input.bounds = (low, high),
            _ => unreachable!(),
        }
    };
    assert_eq!(refused(bounds(1, 7)), attribute("input", "smallest activation", 1, -MAX_ACTIVATION, 0));
    assert_eq!(refused(bounds(0, -1)), attribute("input", "largest activation", -1, 0, MAX_ACTIVATION));
    assert_eq!(
        refused(bounds(i64::MIN, 0)),
        attribute("input", "smallest activation", i64::MIN, -MAX_ACTIVATION, 0)
    );
    let rescale = |change: fn(&mut tacit_layers::RescaleLayer)| {
        move |a: &mut Architecture| match &mut a.nodes[6].operation {
            Operation::Rescale(layer) => change(layer),
            _ => unreachable!(),
        }
    };
    let (layer, shifts, multipliers) = ("dense clip", i64::from(MAX_SHIFT), i64::from(MAX_MULTIPLIER));
    assert_eq!(refused(rescale(|r| r.shift = 0)), attribute(layer, "shift", 0, 1, shifts));
    assert_eq!(refused(rescale(|r| r.shift = 33)), attribute(layer, "shift", 33, 1, shifts));
    assert_eq!(
        refused(rescale(|r| r.multiplier = Multiplier::Uniform(0))),
        attribute(layer, "multiplier", 0, 1, multipliers)
    );
    assert_eq!(
        refused(rescale(|r| r.multiplier = Multiplier::Uniform(u32::MAX))),
        attribute(layer, "multiplier", i64::from(u32::MAX), 1, multipliers)
    );
    let clip = |minimum, maximum| ActivationFunction::Clip { minimum, maximum };
    let function = |function| {
        move |a: &mut Architecture| match &mut a.nodes[6].operation {
            Operation::Rescale(layer) => layer.function = function,
            _ => unreachable!(),
        }
    };
    assert_eq!(refused(function(clip(1, 5))), attribute(layer, "smallest activation", 1, -MAX_ACTIVATION, 0));
    assert_eq!(
        refused(function(clip(0, 1 << 17))),
        attribute(layer, "largest activation", 1 << 17, 0, MAX_ACTIVATION)
    );
    let coefficient = |c| move |a: &mut Architecture| a.nodes[7].operation = add(&[1, c]);
    for c in [MAX_COEFFICIENT + 1, i64::MIN] {
        let error = attribute("add", "coefficient", c, -MAX_COEFFICIENT, MAX_COEFFICIENT);
        assert_eq!(refused(coefficient(c)), error);
    }
    let addends = |count: usize| {
        move |a: &mut Architecture| {
            a.nodes[7].operation = add(&vec![1; count]);
            a.nodes[7].inputs = vec![NodeId(6); count];
        }
    };
    for count in [0, MAX_ADDENDS + 1] {
        let error = attribute("add", "number of addends", count as i64, 1, MAX_ADDENDS as i64);
        assert_eq!(refused(addends(count)), error);
    }
    let rows = |a: &mut Architecture| match &mut a.nodes[5].operation {
        Operation::Dense(layer) => layer.num_row_axes = 3,
        _ => unreachable!(),
    };
    assert_eq!(refused(rows), attribute("dense", "number of row axes", 3, 0, 2));
}

#[test]
fn refuses_windows_that_do_not_fit_or_are_too_large() {
    let pool = |height: AxisWindow, width: AxisWindow| {
        move |a: &mut Architecture| match &mut a.nodes[3].operation {
            Operation::MaxPool(layer) => layer.window = Window2d { height, width },
            _ => unreachable!(),
        }
    };
    let one = AxisWindow::new(1, 1);
    assert_eq!(
        refused(pool(one, AxisWindow::new(3, 2).padded(0, 1).dilated(2))),
        Error::Window { layer: "pool".to_owned(), extent: 5, stride: 2, length: 3, padding: 1 }
    );
    let limit = MAX_WINDOW as i64;
    for (window, what, actual, minimum) in [
        (AxisWindow::new(0, 1), "kernel size", 0, 1),
        (AxisWindow::new(1, 0), "stride", 0, 1),
        (one.dilated(0), "dilation", 0, 1),
        (one.padded(MAX_WINDOW + 1, 0), "leading padding", limit + 1, 0),
        (one.padded(0, usize::MAX), "trailing padding", i64::MAX, 0),
    ] {
        assert_eq!(refused(pool(window, one)), attribute("pool", what, actual, minimum, limit));
    }
    let padded = AxisWindow::new(5, 1).padded(2, 2);
    assert_eq!(
        refused(pool(padded, padded)),
        attribute("pool", "number of positions in a max-pool window", 25, 1, MAX_OFFSETS as i64)
    );
}

trait Dilated {
    fn dilated(self, dilation: usize) -> Self;
}

impl Dilated for AxisWindow {
    fn dilated(mut self, dilation: usize) -> Self {
        self.dilation = dilation;
        self
    }
}

#[test]
fn refuses_unusable_outputs_and_scales() {
    assert_eq!(refused(|a| a.outputs.clear()), format("it has no output"));
    assert_eq!(refused(|a| a.outputs[0].node = NodeId(9)), unusable("it names a node that does not exist"));
    let elements = unusable("its shape does not have as many elements as its node");
    assert_eq!(refused(|a| a.outputs[0].shape = vec![5]), elements);
    assert_eq!(refused(|a| a.outputs[0].shape = vec![usize::MAX, 2]), elements);
    let scales = unusable("it has neither one scale nor one for each position of its scale axis");
    assert_eq!(refused(|a| a.outputs[0].scales = vec![1.0; 3]), scales);
    assert_eq!(refused(|a| (a.outputs[0].scales, a.outputs[0].scale_axis) = (vec![1.0; 4], 1)), scales);
    let positive = unusable("a scale is not a positive number");
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(refused(|a| a.outputs[0].scales = vec![scale]), positive);
        let input = |a: &mut Architecture| match &mut a.nodes[0].operation {
            Operation::Input(input) => input.kind = InputKind::Real { scale },
            _ => unreachable!(),
        };
        assert_eq!(refused(input), format("an input's scale is not a positive number"));
    }
}

#[test]
fn refuses_quotient_bounds_without_zero_or_beyond_the_widest() {
    for (low, high) in [(1, 5), (-5, -1), (0, 1 << MAX_QUOTIENT_VARS), (i64::MIN, i64::MAX)] {
        let change = |a: &mut Architecture| match &mut a.nodes[6].operation {
            Operation::Rescale(layer) => layer.quotient_bounds = (low, high),
            _ => unreachable!(),
        };
        let error = Error::TableTooLarge {
            layer: "dense clip".to_owned(),
            minimum: i128::from(low),
            maximum: i128::from(high),
            limit: MAX_QUOTIENT_VARS,
        };
        assert_eq!(refused(change), error);
    }
}

/// The verifier reads results one by one: as many as a clipped quotient may take, or all of one table's.
#[test]
fn refuses_wide_quotients_before_a_long_table_of_results() {
    for (length, limit) in [(1 << 16, MAX_QUOTIENT_VARS), ((1 << 16) + 1, MAX_RESULT_VARS)] {
        for (bits, accepted) in [(limit, false), (limit - 1, true)] {
            let mut changed = network();
            let nodes = &mut changed.architecture.nodes;
            let Operation::Rescale(layer) = &mut nodes[6].operation else { unreachable!() };
            layer.function = ActivationFunction::Table { first: 0, results: vec![1; length] };
            layer.quotient_bounds = (0, 1 << bits);
            let (layer, minimum, maximum) = ("dense clip".to_owned(), 0, 1_i128 << bits);
            let error = Error::TableTooLarge { layer, minimum, maximum, limit };
            assert_eq!(changed.infer().err(), (!accepted).then_some(error), "{length} results, {bits} bits");
        }
    }
}

#[test]
fn refuses_more_nodes_than_supported() {
    let many = |a: &mut Architecture| a.nodes.resize((1 << 16) + 1, a.nodes[4].clone());
    assert_eq!(refused(many), format("more nodes, parameters or outputs than supported"));
}

#[test]
fn refuses_parameters_that_are_not_as_declared() {
    let mut fewer = network();
    fewer.parameters.pop();
    assert_eq!(fewer.infer(), Err(format("its parameters are not as many as declared")));
    let other = format("a parameter is not of its declared type and size");
    let mut longer = network();
    longer.parameters[2] = Parameter::Int32(vec![0; 5]);
    assert_eq!(longer.infer(), Err(other.clone()));
    let mut wider = network();
    wider.parameters[0] = Parameter::Int32(vec![0; 24]);
    assert_eq!(wider.infer(), Err(other));
}

/// What could make a rejection look like an acceptance on a terminal.
#[test]
fn refuses_names_that_are_not_printed_as_they_are() {
    let mut b = NetworkBuilder::new("x", InputLayer::real(Layout::new(vec![2]).unwrap(), (0, 3), 1.0));
    let x = b.add("double", &[(b.input(), 2)]);
    b.output(Output { name: "y".into(), node: x, shape: vec![2], scales: vec![1.0], scale_axis: 0 });
    let network = b.finish().unwrap();
    let refused = Err(Error::Graph { reason: "a name holds characters that are not printed" });
    for name in ["\u{1b}[2K", "a\nACCEPTED", "a\rb", "\u{202e}b", "\u{200b}", "\u{7f}", "\u{9b}31m"] {
        for place in 0..3 {
            let mut architecture = network.architecture.clone();
            match place {
                0 => architecture.name = name.to_owned(),
                1 => architecture.nodes[1].name = name.to_owned(),
                _ => architecture.outputs[0].name = name.to_owned(),
            }
            assert_eq!(architecture.infer(), refused, "{name:?} at {place}");
        }
    }
    let mut architecture = network.architecture;
    architecture.nodes[1].name = "block 1/Conv_ü'\"<>".to_owned();
    assert!(architecture.infer().is_ok());
}

/// A dense layer of all elements behind flattening, with weights of these axes.
fn flattened(axes: &[usize], rows: usize) -> Result<Network, Error> {
    let layout = Layout::new(vec![3, 5, 2]).unwrap();
    let mut b = NetworkBuilder::new("flat", InputLayer::real(layout, (-8, 7), 1.0));
    let x = b.flatten("flatten", b.input());
    let layout = Layout::new(axes.to_vec()).unwrap();
    let data = (0..layout.num_elements()).map(|i| (i % 17) as i8 - 8).collect();
    let x = b.dense("dense", x, rows, Tensor::new(layout, data).unwrap(), None).unwrap();
    b.output(output(x, &if rows == 0 { vec![4] } else { vec![3, 4] }));
    b.finish()
}

#[test]
fn flat_weights_are_those_of_the_axes_that_they_contract() {
    assert_eq!(flattened(&[4, 30], 0).unwrap(), flattened(&[4, 3, 5, 2], 0).unwrap());
    assert_eq!(flattened(&[4, 10], 1).unwrap(), flattened(&[4, 5, 2], 1).unwrap());
    assert_eq!(flattened(&[4, 29], 0), Err(shape("dense", "weights", &[4, 3, 5, 2], &[4, 29])));
    assert_eq!(flattened(&[4, 30], 1), Err(shape("dense", "weights", &[4, 5, 2], &[4, 30])));
}

#[test]
fn an_argument_is_given_to_a_layer_that_it_proves() {
    let fft = LayerArgument::Convolution(ConvolutionArgument::Fft);
    let mixed = network().with_argument("conv", fft).unwrap();
    let arguments = mixed.architecture.nodes.iter().filter_map(|node| node.operation.layer().argument());
    assert!(arguments.eq([fft, LayerArgument::Matmul(MatmulArgument::Sumcheck)]));
    let unknown = Error::UnknownLayer { layer: "other".to_owned() };
    assert_eq!(network().with_argument("other", fft), Err(unknown));
    for (layer, operation) in [("dense", "Dense"), ("pool", "MaxPool")] {
        let other = Error::OtherArgument { layer: layer.to_owned(), operation, argument: "fft" };
        assert_eq!(network().with_argument(layer, fft), Err(other));
    }
}
