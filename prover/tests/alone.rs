//! Arguments by themselves: every kind of layer inside a proof of somebody else's, over commitments of somebody else's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/clear.rs"]
mod clear;

use std::collections::BTreeMap;

use ark_bn254::Fr;
use clear::Clear;
use tacit_inference::{NetworkBuilder, circuit::CircuitBuilder, execute};
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, Layout, MatmulArgument, Multiplier,
    Network, NodeId, Operation, Output, Parameter, ParameterId, ParameterSpec, ParameterWidth, RescaleLayer,
    Tensor, ValueKind, ValueSpec, Window2d,
    argument::{
        claim::{Column, EvaluationClaim},
        matmul::MatmulLayer,
    },
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
    proof::alone::{AloneClaims, StandAlone, Subject, integers},
    tensor::evaluation::evaluate,
};
use tacit_prover::{ProveAlone, StandAloneProver};
use tacit_transcript::{Label, ProofReader, ProofWriter, Transcript, labels};
use tacit_verifier::{Error, VerifyAlone, error::Result};

const DOMAIN: &[u8] = b"a prover of somebody else's";

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

/// A tensor of numbers that look like none.
fn tensor(axes: &[usize], seed: i64, (minimum, maximum): (i64, i64)) -> Tensor<i64> {
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

const RANGE: (i64, i64) = (-100, 90);

fn small(axes: &[usize]) -> ValueSpec {
    ValueSpec { layout: layout(axes), kind: ValueKind::Activation { minimum: RANGE.0, maximum: RANGE.1 } }
}

/// A layer with its witness and its outputs.
struct Case {
    name: String,
    alone: StandAlone,
    witness: Vec<Tensor<i64>>,
    outputs: Vec<Tensor<i64>>,
}

impl Case {
    fn prover(&self) -> StandAloneProver<'_> {
        self.alone.prover((), &self.witness.iter().collect::<Vec<_>>()).unwrap()
    }

    fn prove(&self) -> (Vec<u8>, AloneClaims) {
        let mut writer = ProofWriter::new(DOMAIN);
        let claims = self.prover().prove(&mut writer, &self.outputs, &mut Clear::default()).unwrap();
        (writer.finish(), claims)
    }

    /// The verdict of whoever has the statement's tensors: the argument's, and whether every claim is true.
    fn verdict(&self, alone: &StandAlone, proof: &[u8]) -> Result<bool> {
        let mut reader = ProofReader::new(DOMAIN, proof);
        let mut late = Clear::default();
        let claims = alone.verifier(())?.verify(&mut reader, &mut late)?;
        reader.finish()?;
        Ok(self.hold(&claims, &late))
    }

    fn hold(&self, claims: &AloneClaims, late: &Clear) -> bool {
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
fn executed(
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

fn matmul(argument: MatmulArgument, [rows, inner, columns]: [usize; 3]) -> Case {
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

fn convolution(argument: ConvolutionArgument, groups: usize, window: Window2d) -> Case {
    let layer = ConvolutionLayer::grouped(window, 4, layout(&[4, 7, 6]), groups).unwrap();
    let (input, weights) = (tensor(&[4, 7, 6], 3, RANGE), tensor(layer.weights.axes(), 4, (-127, 127)));
    let conv = Conv2dLayer { weights: ParameterId(0), bias: None, num_outputs: 4, groups, window, argument };
    let case = executed("conv", Operation::Conv2d(conv), &[input], &[(weights, ParameterWidth::Int8)]);
    let alone = tacit_layers::proof::alone::Describe::describe(&layer, argument).unwrap();
    Case { name: format!("convolution by {argument} in {groups} groups"), alone, ..case }
}

fn rescale(name: &str, layer: RescaleLayer, axes: &[usize], range: (i64, i64)) -> Case {
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

fn window() -> Window2d {
    Window2d::square(AxisWindow::new(3, 1).padded(1, 1))
}

fn cases() -> Vec<Case> {
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

#[test]
fn every_layer_by_itself_leaves_true_claims() {
    for case in cases() {
        let (proof, proved) = case.prove();
        let mut reader = ProofReader::new(DOMAIN, &proof);
        let mut late = Clear::default();
        let claims = case.alone.verifier(()).unwrap().verify(&mut reader, &mut late);
        let claims = claims.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        reader.finish().unwrap();
        assert_eq!(claims, proved, "{}", case.name);
        assert!(case.hold(&claims, &late), "{}", case.name);
        // Whatever is committed is claimed, and so is every tensor.
        let about: BTreeMap<Subject, usize> =
            claims.into_claims().iter().map(|claim| (claim.subject, 1)).collect();
        let parameters = case.alone.parameters().count();
        let expected =
            case.alone.inputs().count() + parameters + case.outputs.len() + case.alone.late().count();
        assert_eq!(about.len(), expected, "{}: {about:?}", case.name);
        assert_eq!(late.0.len(), case.alone.late().count(), "{}", case.name);
    }
}

#[test]
fn a_false_tensor_is_rejected_or_shows_in_its_claims() {
    for case in cases() {
        let inputs = case.alone.inputs().count();
        let compared: Vec<usize> = case.alone.compared().map(|(index, _)| index).collect();
        for (place, at) in
            (0..case.witness.len() + case.outputs.len()).flat_map(|place| [(place, 0), (place, 1)])
        {
            let (mut witness, mut outputs) = (case.witness.clone(), case.outputs.clone());
            let tensor = if place < witness.len() {
                &mut witness[place]
            } else {
                &mut outputs[place - case.witness.len()]
            };
            let index = at * (tensor.data().len() - 1);
            let mut data = tensor.data().to_vec();
            data[index] += if data[index] == RANGE.1 { -1 } else { 1 };
            *tensor = Tensor::new(tensor.layout().clone(), data).unwrap();
            // The prover's tensor differs from the statement's in one element.
            let lying = Case { name: case.name.clone(), alone: case.alone.clone(), witness, outputs };
            let mut writer = ProofWriter::new(DOMAIN);
            let proved = lying.prover().prove(&mut writer, &lying.outputs, &mut Clear::default());
            if proved.is_err() {
                continue;
            }
            let verdict = case.verdict(&case.alone, &writer.finish());
            // What only renames variables, or sums over them, reads nothing: it turns claims on the true output into claims on the true input.
            let reads_nothing =
                ["transposition", "flatten", "sum"].contains(&case.name.as_str()) && place == 0;
            let message = format!("{}, tensor {place} of {inputs}, {compared:?}", case.name);
            assert_eq!(matches!(verdict, Ok(true)), reads_nothing, "{message}");
        }
    }
}

#[test]
fn a_changed_message_is_rejected_or_shows_in_the_claims() {
    for case in cases() {
        let (proof, _) = case.prove();
        let words = proof.len() / 32;
        for word in 0..words {
            // Columns in the clear are long: some of their words will do.
            if word % (words / 64).max(1) > 0 {
                continue;
            }
            let mut changed = proof.clone();
            changed[32 * word] ^= 1;
            let verdict = case.verdict(&case.alone, &changed);
            assert!(!matches!(verdict, Ok(true)), "{}, word {word}", case.name);
        }
        assert!(case.verdict(&case.alone, &proof[..proof.len() - 1]).is_err(), "{}", case.name);
        assert!(case.verdict(&case.alone, &[proof.as_slice(), &[0]].concat()).is_err(), "{}", case.name);
    }
}

#[test]
fn a_proof_of_another_description_is_not_accepted() {
    let cases = cases();
    for case in &cases {
        let (proof, _) = case.prove();
        for other in &cases {
            let fits = |a: &StandAlone, b: &StandAlone| {
                a.inputs().map(|spec| &spec.layout).eq(b.inputs().map(|spec| &spec.layout))
                    && a.parameters().eq(b.parameters())
                    && a.outputs().map(|spec| &spec.layout).eq(b.outputs().map(|spec| &spec.layout))
            };
            if case.alone == other.alone || !fits(&case.alone, &other.alone) {
                continue;
            }
            let verdict = case.verdict(&other.alone, &proof);
            assert!(!matches!(verdict, Ok(true)), "{} as {}", case.name, other.name);
        }
        // Whether zero bytes are absorbed is part of what both sides agree on.
        let verdict = case.verdict(&case.alone.clone().hardened_by_caller(), &proof);
        // An argument without a challenge says the same whatever was absorbed.
        let has_no_challenge = case.alone.outputs().all(|spec| spec.layout.num_vars() == 0);
        let expected = case.alone.hardening_bytes() == 0 || has_no_challenge;
        assert_eq!(matches!(verdict, Ok(true)), expected, "{}", case.name);
    }
}

#[test]
fn claims_of_another_argument_are_taken_in_place_of_outputs() {
    const POINT: Label = Label::new("point of somebody else's");
    for case in cases() {
        let compared = case.alone.compared().count();
        let claim = |transcript: &mut dyn FnMut(usize) -> Vec<Fr>| -> Vec<EvaluationClaim<usize>> {
            let claim = |(index, output): (usize, &Tensor<i64>)| {
                let point = transcript(output.layout().num_vars());
                let value = evaluate(output.layout(), output.data(), &point).unwrap();
                EvaluationClaim::new(index, point, value)
            };
            case.outputs.iter().enumerate().map(claim).collect()
        };
        let mut writer = ProofWriter::new(DOMAIN);
        let claims = claim(&mut |vars| writer.squeeze_many(POINT, vars));
        let proved = case.prover().prove_claims(&mut writer, &claims, &mut Clear::default());
        if compared == 0 {
            assert!(proved.is_err(), "{}", case.name);
            continue;
        }
        let proved = proved.unwrap();
        let proof = writer.finish();
        let verify = |claims: &[EvaluationClaim<usize>]| {
            let mut reader = ProofReader::new(DOMAIN, &proof);
            let _ = claim(&mut |vars| reader.squeeze_many(POINT, vars));
            let mut late = Clear::default();
            let left = case.alone.verifier(())?.verify_claims(&mut reader, claims, &mut late)?;
            reader.finish()?;
            Ok::<_, Error>((case.hold(&left, &late), left))
        };
        assert_eq!(verify(&claims), Ok((true, proved)), "{}", case.name);
        let mut false_claims = claims.clone();
        false_claims[0].value += Fr::from(1_u64);
        assert!(!matches!(verify(&false_claims), Ok((true, _))), "{}", case.name);
        let mut short = claims.clone();
        let _ = short[0].point.pop();
        assert!(short[0].point.len() == claims[0].point.len() || verify(&short).is_err(), "{}", case.name);
        assert!(verify(&[]).is_err(), "{}", case.name);
    }
}

#[test]
fn what_does_not_fit_is_an_error_and_writes_nothing() {
    let case = matmul(MatmulArgument::Polynomial, [3, 5, 2]);
    let [left, right] = [&case.witness[0], &case.witness[1]];
    let refused = |witness: &[&Tensor<i64>]| case.alone.prover((), witness).unwrap_err().to_string();
    let transposed = tensor(&[5, 3], 1, RANGE);
    assert_eq!(
        refused(&[&transposed, right]),
        "layer `matrix product`: a tensor of the witness has shape [5, 3], expected [3, 5]"
    );
    assert_eq!(refused(&[left]), "layer `matrix product` takes 2 inputs, got 1");
    assert_eq!(refused(&[left, right, right]), "layer `matrix product` takes 2 inputs, got 3");
    let huge = tensor(&[3, 5], 1, (1 << 40, 1 << 41));
    assert!(
        refused(&[&huge, right]).contains("outside the range -2147483648..=2147483648"),
        "{}",
        refused(&[&huge, right])
    );
    let mut writer = ProofWriter::new(DOMAIN);
    let prover = case.prover();
    for outputs in [vec![], vec![left.clone()], vec![case.outputs[0].clone(); 2]] {
        assert!(prover.prove(&mut writer, &outputs, &mut Clear::default()).is_err());
    }
    assert_eq!(writer.num_bytes(), 0);
    // An argument that commits wants a scheme.
    let error = prover.prove(&mut writer, &case.outputs, &mut ()).unwrap_err().to_string();
    assert!(error.contains("give it a scheme"), "{error}");
    // What no layer computes is refused by its description.
    let wide = integers(layout(&[2, 2]));
    let add = |coefficients: Vec<i64>| Operation::Add(AddLayer { coefficients });
    assert!(StandAlone::new("add", add(vec![1]), &[wide.clone(), wide.clone()], &[]).is_err());
    assert!(
        StandAlone::new("pool", Operation::MaxPool(MaxPoolLayer { window: window() }), &[wide], &[]).is_err()
    );
    assert!(ConvolutionLayer::grouped(window(), 2, layout(&[3, 4, 4]), 2).is_err());
    assert!(ConvolutionLayer::grouped(window(), 2, layout(&[3, 4, 4]), 0).is_err());
    // A value in no row of its table is the prover's error.
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 9 };
    let layer = RescaleLayer {
        multiplier: Multiplier::Uniform(1),
        shift: 1,
        function: clip,
        quotient_bounds: (0, 15),
    };
    let far = rescale("far", layer, &[2], (500, 600));
    let error = far.prover().prove(&mut writer, &far.outputs, &mut Clear::default()).unwrap_err().to_string();
    assert!(error.contains("outside its look-up table"), "{error}");
}

#[test]
fn what_it_is_about_is_absorbed_before_the_first_challenge() {
    for case in cases() {
        let mut writer = ProofWriter::new(DOMAIN);
        let _ = case.prover().prove(&mut writer, &case.outputs, &mut Clear::default()).unwrap();
        let events = format!("{:?}", writer.events());
        let first = events.find("Squeeze").unwrap_or(events.len());
        assert!(events[..first].contains(labels::ARCHITECTURE.name()), "{}", case.name);
        assert_eq!(
            events[..first].contains(labels::HARDENING.name()),
            case.alone.hardening_bytes() > 0,
            "{}",
            case.name
        );
        assert!(case.alone.soundness().iter().all(|(_, error)| error.bits() > 200.0), "{}", case.name);
    }
}

/// A convolution, its activation, a max-pool and a dense layer.
fn network() -> Network {
    let input = InputLayer::real(layout(&[2, 6, 6]), (-100, 90), 1.0);
    let mut builder = NetworkBuilder::new("inside", input);
    let bytes = |axes: &[usize], seed| {
        let weights = tensor(axes, seed, (-127, 127));
        Tensor::new(weights.layout().clone(), weights.data().iter().map(|&x| x as i8).collect()).unwrap()
    };
    let sums = builder.conv2d("conv", builder.input(), window(), bytes(&[4, 2, 3, 3], 20), None).unwrap();
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let maps = builder.rescale("relu", sums, Multiplier::Uniform(40), 12, clip);
    let pooled = builder.max_pool("pool", maps, Window2d::square(AxisWindow::new(2, 2)));
    let scores = builder.dense("scores", pooled, 0, bytes(&[3, 4, 3, 3], 21), None).unwrap();
    let output = Output { name: "y".into(), node: scores, shape: vec![3], scales: vec![1.0], scale_axis: 0 };
    builder.output(output);
    builder.finish().unwrap()
}

#[test]
fn a_network_by_itself_commits_to_what_lies_between_its_layers() {
    let network = network();
    let input = tensor(&[2, 6, 6], 22, RANGE);
    let alone = StandAlone::network(&network.architecture).unwrap();
    let output =
        execute(&network, &alone.plan().specs, &input).unwrap().outputs(&network).next().unwrap().clone();
    let prover = StandAloneProver::network(network.clone(), &[&input]).unwrap();
    let mut witness = vec![input.clone()];
    for (parameter, spec) in network.parameters.iter().zip(&network.architecture.parameters) {
        witness.push(Tensor::new(spec.layout.clone(), parameter.widened().to_vec()).unwrap());
    }
    let case = Case { name: "network".to_owned(), alone, witness, outputs: vec![output] };
    let mut writer = ProofWriter::new(DOMAIN);
    let claims = prover.prove(&mut writer, &case.outputs, &mut Clear::default()).unwrap();
    let proof = writer.finish();
    assert_eq!(case.verdict(&case.alone, &proof), Ok(true));
    // Activations of two layers, remainders, and multiplicities of the tables.
    assert!(case.alone.early().count() >= 5 && case.alone.early().count() == case.alone.late().count());
    assert!(claims.on(Subject::Parameter(1)).count() == 1 && claims.on(Subject::Input(0)).count() == 1);
    for word in (0..proof.len() / 32).step_by(23) {
        let mut changed = proof.clone();
        changed[32 * word] ^= 1;
        assert!(!matches!(case.verdict(&case.alone, &changed), Ok(true)), "word {word}");
    }
    let far = Tensor::new(layout(&[2, 6, 6]), vec![91; 72]).unwrap();
    assert!(StandAloneProver::network(network, &[&far]).is_err());
}

#[test]
fn a_value_of_two_names_is_claimed_under_both() {
    let mut network = network();
    let maps = network.architecture.nodes.iter().position(|node| node.name == "relu").unwrap();
    let output = |name: &str| Output {
        name: name.to_owned(),
        node: NodeId(maps as u32),
        shape: vec![4, 6, 6],
        scales: vec![1.0],
        scale_axis: 0,
    };
    network.architecture.outputs.extend([output("a"), output("b")]);
    let input = tensor(&[2, 6, 6], 22, RANGE);
    let alone = StandAlone::network(&network.architecture).unwrap();
    let trace = execute(&network, &alone.plan().specs, &input).unwrap();
    let outputs: Vec<Tensor<i64>> = trace.outputs(&network).cloned().collect();
    let prover = StandAloneProver::network(network, &[&input]).unwrap();
    let claims = prover.prove(&mut ProofWriter::new(DOMAIN), &outputs, &mut Clear::default()).unwrap();
    let [first, second] = [1, 2].map(|index| claims.on(Subject::Output(index)).count());
    assert!(first > 0 && first == second, "{first} {second}");
    assert_eq!(claims.on(Subject::Output(0)).count(), 1);
}

/// The verdict on a network's own outputs, by its own run.
fn verdict_of(network: &Network, input: &Tensor<i64>) -> (Case, Result<bool>) {
    let alone = StandAlone::network(&network.architecture).unwrap();
    let trace = execute(network, &alone.plan().specs, input).unwrap();
    let outputs: Vec<Tensor<i64>> = trace.outputs(network).cloned().collect();
    let mut witness = vec![input.clone()];
    for (parameter, spec) in network.parameters.iter().zip(&network.architecture.parameters) {
        witness.push(Tensor::new(spec.layout.clone(), parameter.widened().to_vec()).unwrap());
    }
    let case = Case { name: network.architecture.name.clone(), alone, witness, outputs };
    // From the network, and from its description with the witness' tensors.
    let (proof, claims) = case.prove();
    let mut writer = ProofWriter::new(DOMAIN);
    let prover = StandAloneProver::network(network.clone(), &[input]).unwrap();
    assert_eq!(prover.prove(&mut writer, &case.outputs, &mut Clear::default()).unwrap(), claims);
    assert_eq!(writer.finish(), proof);
    let verdict = case.verdict(&case.alone, &proof);
    (case, verdict)
}

fn weights(axes: &[usize], seed: i64) -> Tensor<i8> {
    let weights = tensor(axes, seed, (-127, 127));
    Tensor::new(weights.layout().clone(), weights.data().iter().map(|&x| x as i8).collect()).unwrap()
}

fn named(name: &str, node: NodeId, shape: &[usize]) -> Output {
    Output { name: name.to_owned(), node, shape: shape.to_vec(), scales: vec![1.0], scale_axis: 0 }
}

#[test]
fn late_columns_are_numbered_as_they_are_committed_to() {
    let input = InputLayer::real(layout(&[2, 6, 6]), RANGE, 1.0);
    let mut builder = NetworkBuilder::new("late", input);
    let read = builder.input();
    let five = Window2d::square(AxisWindow::new(5, 1).padded(2, 2));
    // What is added is claimed behind what is read at once, whatever the order of nodes.
    let high = builder.conv2d("high", read, window(), weights(&[3, 2, 3, 3], 30), None).unwrap();
    let low = builder.conv2d("low", read, five, weights(&[3, 2, 5, 5], 31), None).unwrap();
    let sum = builder.add("sum", &[(high, 256), (low, 1)]);
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let maps = builder.rescale("relu", sum, Multiplier::Uniform(1), 16, clip);
    let next = builder.conv2d("next", maps, window(), weights(&[2, 3, 3, 3], 32), None).unwrap();
    let scores = builder.dense("scores", maps, 0, weights(&[3, 3, 6, 6], 33), None).unwrap();
    builder.output(named("map", next, &[2, 6, 6]));
    builder.output(named("scores", scores, &[3]));
    let network = builder.finish().unwrap();
    let network =
        network.with_arguments(ConvolutionArgument::Polynomial, MatmulArgument::Polynomial).unwrap();
    let (case, verdict) = verdict_of(&network, &tensor(&[2, 6, 6], 34, RANGE));
    assert_eq!(verdict, Ok(true));
    let late: Vec<Column> =
        case.alone.late().skip(case.alone.early().count()).map(|late| late.column).collect();
    let convolved = [next, high, low].map(Column::Convolved);
    assert_eq!(late, [convolved.as_slice(), &[Column::CrossTerms]].concat());
}

#[test]
fn a_layer_and_its_input_are_both_outputs() {
    let input = InputLayer::real(layout(&[2, 6, 6]), RANGE, 1.0);
    let mut builder = NetworkBuilder::new("both", input);
    let read = builder.input();
    let sums = builder.conv2d("conv", read, window(), weights(&[4, 2, 3, 3], 35), None).unwrap();
    builder.output(named("sums", sums, &[4, 6, 6]));
    builder.output(named("input", read, &[2, 6, 6]));
    let input = tensor(&[2, 6, 6], 36, RANGE);
    assert_eq!(verdict_of(&builder.finish().unwrap(), &input).1, Ok(true));
    // A pool of two names, and one that nothing reads.
    let spec = InputLayer::real(layout(&[2, 6, 6]), RANGE, 1.0);
    let mut builder = NetworkBuilder::new("pools", spec);
    let read = builder.input();
    let pool = builder.max_pool("pool", read, Window2d::square(AxisWindow::new(2, 2)));
    builder.output(named("a", pool, &[2, 3, 3]));
    builder.output(named("b", pool, &[2, 3, 3]));
    let mut network = builder.finish().unwrap();
    assert_eq!(verdict_of(&network, &input).1, Ok(true));
    network.architecture.outputs = vec![named("input", read, &[2, 6, 6])];
    assert_eq!(verdict_of(&network, &input).1, Ok(true));
}

#[test]
fn a_network_is_proved_by_its_description_and_tensors() {
    let network = network();
    let input = tensor(&[2, 6, 6], 22, RANGE);
    let (case, verdict) = verdict_of(&network, &input);
    assert_eq!(verdict, Ok(true));
    // Weights that are wider than declared are no such network's.
    let mut witness = case.witness.clone();
    let mut data = witness[1].data().to_vec();
    data[5] = 128;
    witness[1] = Tensor::new(witness[1].layout().clone(), data).unwrap();
    let witness: Vec<&Tensor<i64>> = witness.iter().collect();
    let error = case.alone.prover((), &witness).unwrap_err().to_string();
    assert!(error.contains("outside the range -128..=127"), "{error}");
}

#[test]
fn accumulators_are_added_and_renamed_by_themselves() {
    let wide = (-(1 << 36), 1 << 36);
    let accumulators = |axes: &[usize]| ValueSpec { layout: layout(axes), kind: ValueKind::Accumulator };
    for axes in [&[3, 5][..], &[4, 2], &[1, 1]] {
        let (a, b, c) = (tensor(axes, 40, wide), tensor(axes, 41, wide), tensor(axes, 42, RANGE));
        let coefficients = vec![3, -5, 1 << 20];
        let sums = (0..a.data().len())
            .map(|at| 3 * a.data()[at] - 5 * b.data()[at] + (c.data()[at] << 20))
            .collect();
        let sum = Tensor::new(layout(axes), sums).unwrap();
        let specs = [accumulators(axes), accumulators(axes), small(axes)];
        let add = Operation::Add(AddLayer { coefficients });
        let turned: Vec<i64> = (0..axes[1])
            .flat_map(|j| (0..axes[0]).map(move |i| axes[1] * i + j))
            .map(|at| a.data()[at])
            .collect();
        let turned = Tensor::new(layout(&[axes[1], axes[0]]), turned).unwrap();
        let transpose = Operation::Transpose(TransposeLayer { axes: vec![1, 0] });
        let cases = [
            ("sum", add, specs.to_vec(), vec![a.clone(), b, c], sum),
            ("transposition", transpose, vec![accumulators(axes)], vec![a.clone()], turned),
            ("flatten", Operation::Flatten(FlattenLayer), vec![accumulators(axes)], vec![a.clone()], a),
        ];
        for (name, operation, specs, witness, output) in cases {
            let alone = StandAlone::new(name, operation, &specs, &[]).unwrap();
            let mut case = Case { name: name.to_owned(), alone, witness, outputs: vec![output] };
            let (proof, claims) = case.prove();
            assert_eq!(case.verdict(&case.alone, &proof), Ok(true), "{name} of {axes:?}");
            // Every tensor is claimed, so that a false output shows, whoever states it.
            assert_eq!(claims.into_claims().len(), specs.len() + 1);
            let mut data = case.outputs[0].data().to_vec();
            data[0] += 1;
            case.outputs[0] = Tensor::new(case.outputs[0].layout().clone(), data).unwrap();
            assert_ne!(case.verdict(&case.alone, &proof), Ok(true));
            let (proof, _) = case.prove();
            assert_ne!(case.verdict(&case.alone, &proof), Ok(true));
        }
    }
    // Views are of activations.
    let concat = || Operation::Concat(ConcatLayer { axis: 0 });
    assert!(StandAlone::new("parts", concat(), &[accumulators(&[2]), accumulators(&[2])], &[]).is_err());
    assert!(StandAlone::new("parts", concat(), &[], &[]).is_err());
}
