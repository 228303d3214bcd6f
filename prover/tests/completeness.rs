//! Honest proofs are accepted, and say what the executor computes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/networks.rs"]
mod networks;

use networks::Source;
use tacit_inference::execute;
use tacit_layers::{ConvolutionArgument, MatmulArgument, Network, VerifyingKey};
use tacit_prover::{ProvingKey, prove};
use tacit_verifier::verify;

fn round_trip(network: Network, seed: u64) {
    let name = network.architecture.name.clone();
    let specs = network.infer().unwrap();
    let input = Source::new(seed).input(&network);
    let trace = execute(&network, &specs, &input).unwrap();
    let expected: Vec<_> = trace.outputs(&network).cloned().collect();
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, &input).unwrap();
    assert_eq!(proven.outputs, expected);
    let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof);
    let accepted = accepted.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(accepted.messages, proven.messages);
    assert_eq!(accepted.events, proven.events);
}

#[test]
fn accepts_every_layer_at_odd_shapes() {
    for seed in 0..4 {
        for network in networks::all(seed) {
            round_trip(network, seed + 100);
        }
    }
}

#[test]
fn accepts_every_pair_of_arguments() {
    for &convolution in ConvolutionArgument::ALL {
        for &matmul in MatmulArgument::ALL {
            for network in networks::all(5) {
                round_trip(network.with_arguments(convolution, matmul).unwrap(), 6);
            }
        }
    }
}

#[test]
fn keys_survive_their_files_and_keep_proof_bytes() {
    for network in networks::all(7) {
        let input = Source::new(8).input(&network);
        let key = ProvingKey::setup(network).unwrap();
        let read = ProvingKey::from_bytes(&key.to_bytes().unwrap()).unwrap();
        assert_eq!(prove(&key, &input).unwrap().proof, prove(&read, &input).unwrap().proof);
        let verifying = VerifyingKey::from_bytes(&key.verifying_key().to_bytes().unwrap()).unwrap();
        assert_eq!(&verifying, key.verifying_key());
    }
}
