//! Whole networks.

use crate::clear::Clear;
use tacit_inference::{NetworkBuilder, execute};
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, MatmulArgument, Multiplier, Network,
    NodeId, Output, Tensor, Window2d,
    proof::alone::{StandAlone, Subject},
};
use tacit_prover::{ProveAlone, StandAloneProver};
use tacit_transcript::ProofWriter;
use tacit_verifier::error::Result;

use crate::cases::*;

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
    assert!(case.alone.early().count() >= 5 && case.alone.early().count() == case.alone.num_late());
    assert!(claims.on(Subject::Parameter(1)).count() == 1 && claims.on(Subject::Input(0)).count() == 1);
    for word in (0..proof.len() / 32).step_by(23) {
        let mut changed = proof.clone();
        changed[32 * word] ^= 1;
        assert!(!matches!(case.verdict(&case.alone, &changed), Ok(true)), "word {word}");
    }
    // The same from bytes.
    let bytes = input.data().iter().map(|&x| i8::try_from(x).unwrap()).collect();
    let bytes = Tensor::new(input.layout().clone(), bytes).unwrap();
    let mut writer = ProofWriter::new(DOMAIN);
    let narrow = StandAloneProver::network(network.clone(), &[&bytes]).unwrap();
    assert_eq!(narrow.prove(&mut writer, &case.outputs, &mut Clear::default()).unwrap(), claims);
    assert_eq!(writer.finish(), proof);
    let far = Tensor::new(layout(&[2, 6, 6]), vec![91_i64; 72]).unwrap();
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
    assert_eq!(case.alone.num_late() - case.alone.early().count(), 4);
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
