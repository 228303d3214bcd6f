use super::{
    convolution::{ConvolutionShape, cost as convolution_cost},
    matmul::{MatmulShape, cost as matmul_cost},
    *,
};
use crate::{NetworkBuilder, choose_arguments};
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, Layout, MatmulArgument, Multiplier,
    Network, Output, Tensor, Window2d, argument::choice::LayerArgument, proof::plan::Plan,
};

fn shape(outputs: usize, channels: usize, kernel: usize, size: usize) -> ConvolutionShape {
    let window = Window2d::square(AxisWindow::new(kernel, 1).padded(kernel / 2, kernel / 2));
    let (input, output) = ([size; 2], [size + 2 * (kernel / 2) + 1 - kernel; 2]);
    ConvolutionShape { outputs, channels, groups: 1, window, input, output, bias: true }
}

fn prover(argument: ConvolutionArgument, shape: &ConvolutionShape) -> f64 {
    convolution_cost(argument, shape).prover.nanoseconds(&UnitCosts::REFERENCE)
}

#[test]
fn costs_of_convolutions_grow_with_every_dimension() {
    for &argument in ConvolutionArgument::ALL {
        for outputs in [1, 3, 16, 100] {
            for channels in [1, 3, 16, 100] {
                for kernel in [1, 3, 5, 11] {
                    for size in [8, 11, 32, 100] {
                        let at = |o, c, k, s| prover(argument, &shape(o, c, k, s));
                        let time = at(outputs, channels, kernel, size);
                        assert!(time.is_finite() && time > 0.0);
                        assert!(time <= at(outputs + 1, channels, kernel, size), "{argument} outputs");
                        assert!(time <= at(outputs, channels + 1, kernel, size), "{argument} channels");
                        assert!(time <= at(outputs, channels, kernel + 2, size), "{argument} kernel");
                        assert!(time <= at(outputs, channels, kernel, size + 1), "{argument} size");
                    }
                }
            }
        }
    }
}

#[test]
fn costs_of_matrix_products_grow_with_every_dimension() {
    for &argument in MatmulArgument::ALL {
        let at = |rows, inner, columns| {
            let shape = MatmulShape { rows, inner: vec![inner], columns, bias: false };
            matmul_cost(argument, &shape).prover.nanoseconds(&UnitCosts::REFERENCE)
        };
        for rows in [1, 7, 64] {
            for inner in [1, 5, 300] {
                for columns in [1, 10, 1000] {
                    let time = at(rows, inner, columns);
                    assert!(time.is_finite() && time > 0.0);
                    assert!(time <= at(rows + 1, inner, columns), "{argument} rows");
                    assert!(time <= at(rows, inner + 1, columns), "{argument} inner");
                    assert!(time <= at(rows, inner, columns + 1), "{argument} columns");
                }
            }
        }
    }
}

fn tensor(axes: &[usize]) -> Tensor<i8> {
    let layout = Layout::new(axes.to_vec()).unwrap();
    let data = (0..layout.num_elements()).map(|i| (i % 5) as i8 - 2).collect();
    Tensor::new(layout, data).unwrap()
}

/// Every kind of node; convolutions with stride, padding, dilation and groups.
fn network() -> Network {
    let input = InputLayer::real(Layout::new(vec![2, 9, 7]).unwrap(), (-8, 7), 1.0);
    let mut b = NetworkBuilder::new("every node", input);
    let clip = ActivationFunction::Clip { minimum: -8, maximum: 7 };
    let window = Window2d {
        height: AxisWindow { kernel: 3, stride: 2, dilation: 2, pad_begin: 3, pad_end: 1 },
        width: AxisWindow::new(2, 1).padded(0, 1),
    };
    let x = b.conv2d("conv", b.input(), window, tensor(&[4, 2, 3, 2]), Some(vec![1; 4])).unwrap();
    let x =
        b.rescale("clip", x, Multiplier::PerChannel { axis: 0, values: vec![1, 2, 3, 4] }, 4, clip.clone());
    let depthwise = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let y = b.grouped_conv2d("depthwise", x, depthwise, 4, tensor(&[4, 1, 3, 3]), None).unwrap();
    let y = b.rescale("clip 2", y, Multiplier::Uniform(1), 4, clip.clone());
    let sum = b.add("add", &[(x, 1), (y, 2)]);
    let sum = b.rescale("clip 3", sum, Multiplier::Uniform(1), 1, clip.clone());
    let pool = b.max_pool("pool", sum, Window2d::square(AxisWindow::new(2, 2)));
    let joined = b.concat("join", &[pool, pool], 0);
    let mean = b.average_pool("mean", joined, Window2d::square(AxisWindow::new(2, 1)));
    let mean = b.rescale("clip 4", mean, Multiplier::Uniform(1), 2, clip.clone());
    let scores = b.product("scores", (mean, b"chw"), (mean, b"ckw"), b"chk");
    let scores = b.rescale("clip 5", scores, Multiplier::Uniform(1), 4, clip);
    let flat = b.flatten("flat", scores);
    let y = b.dense("dense", flat, 0, tensor(&[3, 8, 1, 1]), None).unwrap();
    b.output(Output { name: "y".into(), node: y, shape: vec![3], scales: vec![1.0], scale_axis: 0 });
    b.finish().unwrap()
}

#[test]
fn every_node_has_a_cost() {
    let network = network();
    let plan = Plan::new(&network.architecture).unwrap();
    for (node, i) in network.architecture.nodes.iter().zip(0..) {
        let cost = node_cost(&network.architecture, &plan, tacit_layers::NodeId(i));
        let units = UnitCosts::REFERENCE;
        let argument = cost.argument.prover.nanoseconds(&units);
        let committed = cost.commit.prover.nanoseconds(&units) + cost.lookups.nanoseconds(&units);
        match node.operation.layer().name() {
            "Input" | "Flatten" => assert_eq!(cost, NodeCost::default()),
            "Rescale" => assert!(committed > 0.0),
            "MaxPool" => assert!(committed > 0.0 && argument > 0.0),
            name => assert!(argument > 0.0 && committed == 0.0, "{name}"),
        }
    }
}

#[test]
fn every_layer_gets_an_argument_that_is_no_dearer_than_the_others() {
    let mut network = network();
    let choices = choose_arguments(&mut network, Policy::default(), &UnitCosts::REFERENCE).unwrap();
    let names: Vec<&str> =
        choices.iter().map(|choice| network.architecture.node(choice.node).name.as_str()).collect();
    assert_eq!(names, ["conv", "depthwise", "scores", "dense"]);
    assert!(choices.iter().all(|choice| choice.refusal.is_none()));
    for choice in choices {
        assert_eq!(
            network.architecture.node(choice.node).operation.layer().argument(),
            Some(choice.argument)
        );
    }
}

#[test]
fn a_policy_gives_its_argument_or_says_why_not() {
    for &convolution in ConvolutionArgument::ALL {
        for &matmul in MatmulArgument::ALL {
            let mut network = network();
            let policy =
                Policy { convolution: Preference::Only(convolution), matmul: Preference::Only(matmul) };
            for choice in choose_arguments(&mut network, policy, &UnitCosts::REFERENCE).unwrap() {
                let requested = match choice.argument {
                    LayerArgument::Convolution(_) => LayerArgument::Convolution(convolution),
                    LayerArgument::Matmul(_) => LayerArgument::Matmul(matmul),
                };
                assert_eq!(choice.argument == requested, choice.refusal.is_none(), "{choice:?}");
            }
        }
    }
}

#[test]
fn a_layer_that_the_argument_asked_for_refuses_gets_another_and_the_reason() {
    // A map whose spectrum is beyond the limit: 16384 x 16384.
    let input = InputLayer::real(Layout::new(vec![1, 8200, 8200]).unwrap(), (-8, 7), 1.0);
    let mut b = NetworkBuilder::new("large map", input);
    let window = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let y = b.conv2d("conv", b.input(), window, tensor(&[1, 1, 3, 3]), None).unwrap();
    b.output(Output {
        name: "y".into(),
        node: y,
        shape: vec![1, 8200, 8200],
        scales: vec![1.0],
        scale_axis: 0,
    });
    let mut network = b.finish().unwrap();
    let fft = ConvolutionArgument::Fft;
    assert!(matches!(
        network.clone().with_arguments(fft, MatmulArgument::Sumcheck),
        Err(tacit_layers::Error::Spectrum { .. })
    ));
    let policy = Policy { convolution: Preference::Only(fft), ..Policy::default() };
    let choices = choose_arguments(&mut network, policy, &UnitCosts::REFERENCE).unwrap();
    let [Choice { argument, refusal: Some(refusal), .. }] = &choices[..] else { panic!("{choices:?}") };
    assert_eq!(*argument, LayerArgument::Convolution(ConvolutionArgument::Direct));
    assert_eq!(refusal.requested, LayerArgument::Convolution(fft));
    assert!(matches!(refusal.reason, tacit_layers::Error::Spectrum { .. }));
    assert_eq!(network.architecture.node(y).operation.layer().argument(), Some(*argument));
}
