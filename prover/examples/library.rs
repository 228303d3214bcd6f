//! Tacit as a library: load a compiled model, prove, serialise, verify.
//!
//! With a model compiled by `tacit compile`:
//! `cargo run --release -p tacit-prover --example library -- MODEL.tacit`; without one, a small network is built in
//! place.

use std::{env, error::Error, fs, io::Write};

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputLayer, Layout, Multiplier, Network, Output, ProofFile, StatedInput, Tensor,
    VerifyingKey,
};
use tacit_prover::{ProvingKey, prove};
use tacit_verifier::Verify;

fn main() -> Result<(), Box<dyn Error>> {
    // The prover's side: a model and an input.
    let key = match env::args().nth(1) {
        Some(path) => ProvingKey::from_bytes(&fs::read(path)?)?,
        None => ProvingKey::setup(classifier()?)?,
    };
    let layer = key.network().architecture.input()?;
    let (low, high) = layer.bounds;
    let data = (0..layer.layout.num_elements() as i64).map(|i| low + i * 37 % (high - low + 1)).collect();
    let input = Tensor::new(layer.layout.clone(), data)?;
    let proven = prove(&key, &input)?;
    let key_digest = *key.verifying_key().digest();
    let inputs = vec![StatedInput::Public(input)];
    let proof = ProofFile { key_digest, inputs, outputs: proven.outputs, proof: proven.proof }.to_bytes()?;
    let verifying_key = key.verifying_key().to_bytes()?;

    // The verifier's side: two files and nothing else.
    let key = VerifyingKey::from_bytes(&verifying_key)?;
    let file = ProofFile::from_bytes(&proof)?;
    key.verify(&file)?;
    let [outputs, seconds] =
        [format!("{:?}", file.outputs[0].data()), format!("{:.3}", proven.phases.total().as_secs_f64())];
    writeln!(
        std::io::stdout(),
        "{}: proved in {seconds} s, {} bytes, accepted; outputs {outputs}",
        key.architecture().name,
        file.proof.len()
    )?;
    Ok(())
}

/// A dense classifier of 16 inputs into 4 classes.
fn classifier() -> Result<Network, tacit_layers::Error> {
    let input = InputLayer::real(Layout::new(vec![16])?, (0, 255), 1.0 / 255.0);
    let mut network = NetworkBuilder::new("classifier", input);
    let weights = |outputs: usize, inputs: usize| {
        let data = (0..outputs * inputs).map(|i| (i * 89 % 255) as u8 as i8).collect();
        Tensor::new(Layout::new(vec![outputs, inputs])?, data)
    };
    let hidden = network.dense("hidden", network.input(), 0, weights(8, 16)?, Some(vec![0; 8]))?;
    let relu = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let hidden = network.rescale("relu", hidden, Multiplier::Uniform(3), 8, relu);
    let logits = network.dense("logits", hidden, 0, weights(4, 8)?, None)?;
    network.output(Output {
        name: "logits".into(),
        node: logits,
        shape: vec![4],
        scales: vec![1.0],
        scale_axis: 0,
    });
    network.finish()
}
