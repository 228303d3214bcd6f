//! Nodes that do not exist and shapes that do not fit: an error, and no network; no panic.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tacit_inference::{
    NetworkBuilder,
    circuit::{CircuitBuilder, Wire},
    composite::softmax::SoftmaxOptions,
    execute,
};
use tacit_layers::{
    ActivationFunction, AxisWindow, Error, InputLayer, Layout, Multiplier, NodeId, Output, Parameter,
    ParameterId, Tensor, Window2d,
    layer::{cumulative_sum::CumulativeSumLayer, remap::AxisMap},
};

const OPTIONS: SoftmaxOptions = SoftmaxOptions { scale: 0.1, output_bits: 8 };
const NOWHERE: NodeId = NodeId(77);
const CLIP: ActivationFunction = ActivationFunction::Clip { minimum: -8, maximum: 7 };

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

type Use = fn(&mut CircuitBuilder, Wire) -> Wire;

fn tensor(axes: &[usize]) -> Tensor<i8> {
    Tensor::new(layout(axes), vec![1; layout(axes).num_elements()]).unwrap()
}

fn builder() -> NetworkBuilder {
    NetworkBuilder::new("misuse", InputLayer::real(layout(&[2, 6, 6]), (-8, 7), 1.0))
}

/// What building a network with this node as its output finds.
fn refused(add: impl FnOnce(&mut NetworkBuilder) -> Result<NodeId, Error>) -> Error {
    let mut network = builder();
    let node = match add(&mut network) {
        Ok(node) => node,
        Err(error) => return error,
    };
    network.output(Output { name: "y".into(), node, shape: vec![1], scales: vec![1.0], scale_axis: 0 });
    network.finish().unwrap_err()
}

fn window(kernel: usize, stride: usize) -> Window2d {
    Window2d::square(AxisWindow::new(kernel, stride))
}

#[test]
fn a_layer_that_reads_a_node_that_does_not_exist_is_refused() {
    type Add = fn(&mut NetworkBuilder) -> Result<NodeId, Error>;
    let layers: &[Add] = &[
        |b| b.dense("x", NOWHERE, 0, tensor(&[3, 72]), None),
        |b| b.conv2d("x", NOWHERE, window(3, 1), tensor(&[2, 2, 3, 3]), None),
        |b| Ok(b.rescale("x", NOWHERE, Multiplier::Uniform(1), 4, CLIP)),
        |b| Ok(b.max_pool("x", NOWHERE, window(2, 2))),
        |b| Ok(b.average_pool("x", NOWHERE, window(2, 2))),
        |b| Ok(b.flatten("x", NOWHERE)),
        |b| Ok(b.reshape("x", NOWHERE, &[72])),
        |b| Ok(b.transpose("x", NOWHERE, &[0, 1, 2])),
        |b| Ok(b.reduce_sum("x", NOWHERE, &[0])),
        |b| Ok(b.remap("x", NOWHERE, vec![AxisMap::identity(2)])),
        |b| Ok(b.add("x", &[(NodeId(0), 1), (NOWHERE, 1)])),
        |b| Ok(b.concat("x", &[NodeId(0), NOWHERE], 0)),
        |b| Ok(b.product("x", (NodeId(0), &[0, 1, 2]), (NOWHERE, &[0, 1, 2]), &[0, 1, 2])),
    ];
    for (index, layer) in layers.iter().enumerate() {
        let error = refused(layer);
        let expected = Error::Reference { layer: "x".to_owned(), what: "node", index: 77 };
        assert_eq!(error, expected, "layer {index}");
    }
    assert!(builder().spec(NOWHERE).is_err());
    for composite in [
        builder().softmax("x", NOWHERE, 0, &OPTIONS).err(),
        builder().arg_max("x", NOWHERE, 0, false).err(),
        builder().reduce_max("x", NOWHERE, &[0]).err(),
        builder().broadcast("x", NOWHERE, 0, 3).err(),
    ] {
        assert!(composite.is_some());
    }
}

#[test]
fn weights_that_do_not_exist_or_do_not_fit_are_refused() {
    let missing = refused(|b| Ok(b.dense_of("x", b.input(), 0, ParameterId(9), None)));
    assert_eq!(missing, Error::Reference { layer: "x".to_owned(), what: "parameter", index: 9 });
    let missing = refused(|b| Ok(b.conv2d_of("x", b.input(), window(3, 1), 1, ParameterId(9), None)));
    assert_eq!(missing, Error::Reference { layer: "x".to_owned(), what: "parameter", index: 9 });
    for axes in [&[3][..], &[3, 71], &[3, 2, 36], &[3, 6, 6, 2], &[3, 2, 6, 6, 1]] {
        let error = refused(|b| b.dense("x", b.input(), 0, tensor(axes), None));
        let (expected, actual) = (vec![3, 2, 6, 6], axes.to_vec());
        assert_eq!(error, Error::LayerShape { layer: "x".to_owned(), what: "weights", expected, actual });
    }
    for bias in [vec![], vec![1; 2], vec![1; 4]] {
        let error = refused(|b| b.dense("x", b.input(), 0, tensor(&[3, 72]), Some(bias.clone())));
        assert!(matches!(error, Error::Shape { .. } | Error::LayerShape { what: "bias", .. }), "{error}");
    }
    for rows in [3, 4, usize::MAX] {
        let error = refused(|b| b.dense("x", b.input(), rows, tensor(&[3, 72]), None));
        assert!(matches!(error, Error::Attribute { what: "number of row axes", .. }), "{error}");
    }
    for (groups, axes) in
        [(0, [2, 2, 3, 3]), (3, [3, 1, 3, 3]), (usize::MAX, [2, 2, 3, 3]), (1, [2, 1, 3, 3])]
    {
        refused(|b| b.grouped_conv2d("x", b.input(), window(3, 1), groups, tensor(&axes), None));
    }
    for (kernel, stride) in [(0, 1), (3, 0), (7, 1), (usize::MAX, usize::MAX)] {
        refused(|b| b.conv2d("x", b.input(), window(kernel, stride), tensor(&[2, 2, 3, 3]), None));
        refused(|b| Ok(b.max_pool("x", b.input(), window(kernel, stride))));
        refused(|b| Ok(b.average_pool("x", b.input(), window(kernel, stride))));
    }
}

#[test]
fn axes_that_do_not_exist_are_refused() {
    for axes in [&[][..], &[0, 1], &[0, 1, 3], &[0, 0, 1], &[0, 1, 2, 3], &[usize::MAX; 3]] {
        refused(|b| Ok(b.transpose("x", b.input(), axes)));
    }
    for axes in [&[][..], &[3], &[0, 0], &[usize::MAX]] {
        refused(|b| Ok(b.reduce_sum("x", b.input(), axes)));
    }
    for axes in [&[][..], &[71], &[0], &[73], &[2, 6, 6, 0], &[usize::MAX, usize::MAX]] {
        refused(|b| Ok(b.reshape("x", b.input(), axes)));
    }
    for axis in [3, usize::MAX] {
        refused(|b| Ok(b.concat("x", &[b.input(), b.input()], axis)));
        refused(|b| b.softmax("x", b.input(), axis, &OPTIONS).map(|softmax| softmax.node));
        refused(|b| b.arg_max("x", b.input(), axis, true));
        refused(|b| b.reduce_max("x", b.input(), &[axis]));
        refused(|b| b.broadcast("x", b.input(), axis, 2));
        let sum = CumulativeSumLayer { axis, exclusive: false, reverse: false };
        refused(|b| Ok(b.cumulative_sum("x", b.input(), sum)));
        let multiplier = Multiplier::PerChannel { axis, values: vec![1; 2] };
        refused(|b| Ok(b.rescale("x", b.input(), multiplier, 4, CLIP)));
    }
    refused(|b| Ok(b.concat("x", &[], 0)));
    refused(|b| Ok(b.add("x", &[])));
    refused(|b| Ok(b.remap("x", b.input(), vec![])));
    refused(|b| b.broadcast("x", b.input(), 0, 0));
    for kept in [&[][..], &[true], &[true; 73]] {
        let masked = |b: &mut NetworkBuilder| b.masked_softmax("x", b.input(), 0, kept, &OPTIONS);
        assert!(masked(&mut builder()).is_err());
    }
    for (left, right, output) in [
        (&[0, 1][..], &[0, 1, 2][..], &[0][..]),
        (&[0, 1, 2], &[0, 1, 2], &[7, 7]),
        (&[0, 0, 1], &[0, 1, 2], &[0]),
    ] {
        refused(|b| Ok(b.product("x", (b.input(), left), (b.input(), right), output)));
    }
}

#[test]
fn circuits_take_wires_of_their_own_builder_only() {
    let mut other = CircuitBuilder::new();
    let foreign = other.input(&[3]).unwrap()[2];
    let uses: [Use; 4] = [
        |_, wire| wire,
        |builder, wire| builder.combine(&[(wire, 2)]),
        |builder, wire| builder.multiply(wire, wire),
        |builder, wire| builder.gate(wire),
    ];
    for each in uses {
        let mut builder = CircuitBuilder::new();
        let own = builder.input(&[1]).unwrap()[0];
        let wire = each(&mut builder, foreign);
        let sum = builder.add(own, wire);
        builder.output(sum);
        assert!(matches!(builder.finish(&[1]), Err(Error::Circuit { .. })));
    }
    let mut builder = CircuitBuilder::new();
    let own = builder.input(&[1]).unwrap()[0];
    builder.output(own);
    let error = Error::ElementCount { axes: vec![2], expected: 2, actual: 1 };
    assert_eq!(builder.clone().finish(&[2]), Err(error));
    assert!(matches!(builder.clone().finish(&[]), Err(Error::Shape { .. })));
    let circuit = builder.finish(&[1]).unwrap();
    // The network's input has another shape, and there is one input too many.
    refused(|b| Ok(b.circuit("x", &[b.input()], vec![], circuit.clone())));
    refused(|b| Ok(b.circuit("x", &[b.input(), b.input()], vec![], circuit.clone())));
    let parameter = || vec![("w", layout(&[2]), Parameter::Int8(vec![1; 2]))];
    refused(|b| Ok(b.circuit("x", &[], parameter(), circuit.clone())));
}

#[test]
fn networks_run_on_inputs_and_specifications_of_their_own() {
    let mut b = builder();
    let sum = b.dense("dense", b.input(), 0, tensor(&[3, 72]), None).unwrap();
    b.output(Output { name: "y".into(), node: sum, shape: vec![3], scales: vec![1.0], scale_axis: 0 });
    let network = b.finish().unwrap();
    let specs = network.infer().unwrap();
    let input =
        |axes: &[usize], value| Tensor::new(layout(axes), vec![value; layout(axes).num_elements()]).unwrap();
    assert_eq!(execute(&network, &specs, &input(&[2, 6, 6], 1)).unwrap().values()[1].data(), [72; 3]);
    let own = input(&[2, 6, 6], 1);
    assert!(matches!(execute(&network, &specs, &input(&[72], 1)), Err(Error::InputShape { .. })));
    assert!(matches!(execute(&network, &specs, &input(&[2, 6, 6], 8)), Err(Error::InputRange { .. })));
    assert!(matches!(execute(&network, &specs, &[][..]), Err(Error::NumInputs { .. })));
    assert!(matches!(
        execute(&network, &specs, &[own.clone(), own.clone()][..]),
        Err(Error::NumInputs { .. })
    ));
    for specs in [&[][..], &specs[..1]] {
        assert!(matches!(execute(&network, specs, &own), Err(Error::Graph { .. })));
    }
}
