//! Layers with their witnesses and outputs.

use crate::clear::Clear;
use tacit_inference::{circuit::CircuitBuilder, execute};
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, Layout, MatmulArgument, Multiplier, Network,
    Operation, Parameter, ParameterId, ParameterSpec, ParameterWidth, RescaleLayer, Tensor, ValueKind,
    ValueSpec, Window2d,
    argument::{claim::EvaluationClaim, matmul::MatmulLayer},
    layer::{
        add::AddLayer,
        average_pool::AveragePoolLayer,
        circuit::CircuitLayer,
        concat::ConcatLayer,
        conv2d::{Conv2dLayer, ConvolutionLayer},
        cumulative_sum::CumulativeSumLayer,
        dense::DenseLayer,
        flatten::FlattenLayer,
        max_pool::MaxPoolLayer,
        product::ProductLayer,
        reduce_sum::ReduceSumLayer,
        reshape::ReshapeLayer,
        transpose::TransposeLayer,
    },
    proof::alone::{AloneClaims, StandAlone, Subject},
    tensor::evaluation::evaluate,
};
use tacit_prover::{ProveAlone, StandAloneProver};
use tacit_transcript::{ProofReader, ProofWriter};
use tacit_verifier::{VerifyAlone, error::Result};

pub(crate) const DOMAIN: &[u8] = b"a prover of somebody else's";

pub(crate) fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

/// A tensor of numbers that look like none.
pub(crate) fn tensor(axes: &[usize], seed: i64, (minimum, maximum): (i64, i64)) -> Tensor<i64> {
    let layout = layout(axes);
    let mut state = seed.wrapping_mul(0x9E37_79B9).wrapping_add(77);
    let data = (0..layout.num_elements())
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            minimum + (state >> 33).rem_euclid(maximum - minimum + 1)
        })
        .collect();
    Tensor::new(layout, data).unwrap()
}

pub(crate) const RANGE: (i64, i64) = (-100, 90);

pub(crate) fn small(axes: &[usize]) -> ValueSpec {
    ValueSpec { layout: layout(axes), kind: ValueKind::Activation { minimum: RANGE.0, maximum: RANGE.1 } }
}

/// A layer with its witness and its outputs.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) alone: StandAlone,
    pub(crate) witness: Vec<Tensor<i64>>,
    pub(crate) outputs: Vec<Tensor<i64>>,
}

impl Case {
    pub(crate) fn prover(&self) -> StandAloneProver<'_> {
        self.alone.prover((), &self.witness.iter().collect::<Vec<_>>()).unwrap()
    }

    pub(crate) fn prove(&self) -> (Vec<u8>, AloneClaims) {
        let mut writer = ProofWriter::new(DOMAIN);
        let claims = self.prover().prove(&mut writer, &self.outputs, &mut Clear::default()).unwrap();
        (writer.finish(), claims)
    }

    /// The verdict of whoever has the statement's tensors: the argument's, and whether every claim is true.
    pub(crate) fn verdict(&self, alone: &StandAlone, proof: &[u8]) -> Result<bool> {
        let mut reader = ProofReader::new(DOMAIN, proof);
        let mut late = Clear::default();
        let claims = alone.verifier(())?.verify(&mut reader, &mut late)?;
        reader.finish()?;
        Ok(self.hold(&claims, &late))
    }

    pub(crate) fn hold(&self, claims: &AloneClaims, late: &Clear) -> bool {
        let inputs = self.alone.inputs().count();
        claims.clone().into_claims().iter().all(|EvaluationClaim { subject, point, value }| {
            let known = match *subject {
                Subject::Input(index) => &self.witness[index],
                Subject::Parameter(index) => &self.witness[inputs + index],
                Subject::Output(index) => &self.outputs[index],
                Subject::Late(index) => {
                    return late.hold(&[EvaluationClaim::new(index, point.clone(), *value)]);
                }
            };
            evaluate(known.layout(), known.data(), point).unwrap() == *value
        })
    }
}

/// A layer run by the executor.
pub(crate) fn executed(
    name: &str,
    operation: Operation,
    inputs: &[Tensor<i64>],
    parameters: &[(Tensor<i64>, ParameterWidth)],
) -> Case {
    let specs: Vec<ValueSpec> = inputs.iter().map(|input| small(input.layout().axes())).collect();
    let spec = |(tensor, width): &(Tensor<i64>, ParameterWidth)| ParameterSpec {
        name: "parameter".to_owned(),
        layout: tensor.layout().clone(),
        width: *width,
    };
    let declared: Vec<ParameterSpec> = parameters.iter().map(spec).collect();
    let alone = StandAlone::new(name, operation, &specs, &declared).unwrap();
    let stored = |(tensor, width): &(Tensor<i64>, ParameterWidth)| match width {
        ParameterWidth::Int8 => Parameter::Int8(tensor.data().iter().map(|&x| x as i8).collect()),
        ParameterWidth::Int32 => Parameter::Int32(tensor.data().iter().map(|&x| x as i32).collect()),
    };
    let parameters_of = parameters.iter().map(stored).collect();
    let network = Network { architecture: alone.architecture().clone(), parameters: parameters_of };
    let trace = execute(&network, &alone.plan().specs, inputs).unwrap();
    let outputs = trace.outputs(&network).cloned().collect();
    let witness = inputs.iter().cloned().chain(parameters.iter().map(|(tensor, _)| tensor.clone())).collect();
    Case { name: name.to_owned(), alone, witness, outputs }
}

pub(crate) fn matmul(argument: MatmulArgument, [rows, inner, columns]: [usize; 3]) -> Case {
    let layer = MatmulLayer { num_rows: rows, num_inner: inner, num_columns: columns };
    // Far wider than a network's activations.
    let wide = (-(1 << 30), 1 << 30);
    let (left, right) = (tensor(&[rows, inner], 1, wide), tensor(&[columns, inner], 2, RANGE));
    let entry = |i: usize, j: usize| -> i64 {
        (0..inner).map(|k| left.data()[inner * i + k] * right.data()[inner * j + k]).sum()
    };
    let product = (0..rows * columns).map(|at| entry(at / columns, at % columns)).collect();
    let outputs = vec![Tensor::new(layout(&[rows, columns]), product).unwrap()];
    let alone = tacit_layers::proof::alone::Describe::describe(&layer, argument).unwrap();
    Case {
        name: format!("{rows}x{inner}x{columns} by {argument}"),
        alone,
        witness: vec![left, right],
        outputs,
    }
}

pub(crate) fn convolution(argument: ConvolutionArgument, groups: usize, window: Window2d) -> Case {
    let layer = ConvolutionLayer::grouped(window, 4, layout(&[4, 7, 6]), groups).unwrap();
    let (input, weights) = (tensor(&[4, 7, 6], 3, RANGE), tensor(layer.weights.axes(), 4, (-127, 127)));
    let conv = Conv2dLayer { weights: ParameterId(0), bias: None, num_outputs: 4, groups, window, argument };
    let case = executed("conv", Operation::Conv2d(conv), &[input], &[(weights, ParameterWidth::Int8)]);
    let alone = tacit_layers::proof::alone::Describe::describe(&layer, argument).unwrap();
    Case { name: format!("convolution by {argument} in {groups} groups"), alone, ..case }
}

pub(crate) fn rescale(name: &str, layer: RescaleLayer, axes: &[usize], range: (i64, i64)) -> Case {
    let accumulators = tensor(axes, 5, range);
    let value = |(index, &a): (usize, &i64)| {
        let multiplier = layer.multiplier.at(accumulators.layout(), index);
        layer.function.apply(layer.divide(multiplier, a).0)
    };
    let output = accumulators.data().iter().enumerate().map(value).collect();
    let outputs = vec![Tensor::new(accumulators.layout().clone(), output).unwrap()];
    let spec = ValueSpec { layout: accumulators.layout().clone(), kind: ValueKind::Accumulator };
    let alone = StandAlone::new(name, Operation::Rescale(layer), &[spec], &[]).unwrap();
    Case { name: name.to_owned(), alone, witness: vec![accumulators], outputs }
}

pub(crate) fn window() -> Window2d {
    Window2d::square(AxisWindow::new(3, 1).padded(1, 1))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![];
    for &argument in MatmulArgument::ALL {
        cases.extend(
            [[3, 5, 2], [1, 1, 1], [4, 8, 4], [1, 9, 6], [7, 1, 1]].map(|shape| matmul(argument, shape)),
        );
        let product = |left: &[u8], right: &[u8], output: &[u8]| {
            let [left, right, output] = [left, right, output].map(<[u8]>::to_vec);
            Operation::Product(ProductLayer { left, right, output, argument })
        };
        let (a, b) = (tensor(&[3, 2, 5], 6, RANGE), tensor(&[3, 4, 5], 7, RANGE));
        cases.push(executed("batched product", product(b"bik", b"bjk", b"bij"), &[a.clone(), b], &[]));
        cases.push(executed("squares", product(b"abc", b"abc", b"abc"), &[a.clone(), a.clone()], &[]));
        let dense = DenseLayer {
            weights: ParameterId(0),
            bias: Some(ParameterId(1)),
            num_row_axes: 1,
            num_outputs: 3,
            argument,
        };
        let parameters = [
            (tensor(&[3, 2, 5], 8, (-127, 127)), ParameterWidth::Int8),
            (tensor(&[3], 9, (-70_000, 70_000)), ParameterWidth::Int32),
        ];
        cases.push(executed("dense", Operation::Dense(dense), &[a], &parameters));
    }
    let strided = AxisWindow { kernel: 3, stride: 2, dilation: 1, pad_begin: 1, pad_end: 0 };
    for &argument in ConvolutionArgument::ALL {
        cases.push(convolution(argument, 1, window()));
        cases.push(convolution(argument, 2, window()));
        cases.push(convolution(argument, 4, window()));
        cases.push(convolution(argument, 1, Window2d { height: strided, width: AxisWindow::new(2, 1) }));
    }
    let map = tensor(&[3, 6, 5], 10, RANGE);
    let one = |operation: Operation, name: &str| executed(name, operation, std::slice::from_ref(&map), &[]);
    let pool = Window2d::square(AxisWindow::new(2, 2));
    cases.push(one(Operation::MaxPool(MaxPoolLayer { window: pool }), "max-pool"));
    cases.push(one(Operation::MaxPool(MaxPoolLayer { window: window() }), "padded max-pool"));
    cases.push(one(Operation::AveragePool(AveragePoolLayer { window: window() }), "average pool"));
    cases.push(one(Operation::Transpose(TransposeLayer { axes: vec![2, 0, 1] }), "transposition"));
    cases.push(one(Operation::Reshape(ReshapeLayer { axes: vec![9, 10] }), "reshape"));
    cases.push(one(Operation::Flatten(FlattenLayer), "flatten"));
    cases.push(one(Operation::ReduceSum(ReduceSumLayer { axes: vec![1] }), "sum"));
    let sums = CumulativeSumLayer { axis: 1, exclusive: true, reverse: false };
    cases.push(one(Operation::CumulativeSum(sums), "cumulative sum"));
    let parts = [map.clone(), tensor(&[2, 6, 5], 11, RANGE)];
    cases.push(executed("concatenation", Operation::Concat(ConcatLayer { axis: 0 }), &parts, &[]));
    let addends = [map.clone(), tensor(&[3, 6, 5], 12, RANGE)];
    cases.push(executed("sum of two", Operation::Add(AddLayer { coefficients: vec![5, -3] }), &addends, &[]));
    let mut builder = CircuitBuilder::new();
    let (x, y) = (builder.input(&[3]).unwrap(), builder.input(&[2]).unwrap());
    let sum = builder.sum(&x);
    let first = builder.multiply(sum, y[0]);
    let second = builder.multiply(first, y[1]);
    builder.output(first);
    builder.output(second);
    let circuit = builder.finish(&[2]).unwrap();
    let inputs = [tensor(&[3], 13, RANGE), tensor(&[2], 14, RANGE)];
    let operation = Operation::Circuit(CircuitLayer { circuit, parameters: vec![] });
    cases.push(executed("circuit", operation, &inputs, &[]));
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 60 };
    let uniform = RescaleLayer {
        multiplier: Multiplier::Uniform(77),
        shift: 9,
        function: clip.clone(),
        quotient_bounds: (-200, 200),
    };
    cases.push(rescale("rescale", uniform.clone(), &[3, 5], (-1200, 1200)));
    let channels = Multiplier::PerChannel { axis: 0, values: vec![70, 1, 200] };
    let each = RescaleLayer { multiplier: channels, quotient_bounds: (-600, 600), ..uniform.clone() };
    cases.push(rescale("rescale by channels", each, &[3, 5], (-1200, 1200)));
    let wide = RescaleLayer {
        multiplier: Multiplier::Uniform(3),
        shift: 1,
        function: clip,
        quotient_bounds: (-(1 << 21), 1 << 21),
    };
    cases.push(rescale("wide rescale", wide, &[3, 5], (-1_000_000, 1_000_000)));
    cases
}
