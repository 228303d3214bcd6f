//! Random small networks: an independent executor, the reference executor and the proven outputs agree, and the proof
//! is accepted.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/naive.rs"]
mod naive;
#[path = "support/networks.rs"]
mod networks;
#[path = "support/random.rs"]
mod random;

use networks::Source;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, RngSeed},
};
use tacit_inference::execute;
use tacit_layers::Network;
use tacit_prover::{ProvingKey, prove};
use tacit_verifier::verify;

fn agrees(network: Network, seed: u64) {
    let input = Source::new(seed).input(&network);
    let expected = naive::run(&network, &input);
    let specs = network.infer().unwrap();
    let trace = execute(&network, &specs, &input).unwrap();
    let executed: Vec<Vec<i64>> = trace.outputs(&network).map(|output| output.data().to_vec()).collect();
    assert_eq!(executed, expected, "reference executor");
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, &input).unwrap();
    let outputs: Vec<Vec<i64>> = proven.outputs.iter().map(|output| output.data().to_vec()).collect();
    assert_eq!(outputs, expected, "proven outputs");
    let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
    assert_eq!(accepted.messages, proven.messages);
    assert!(key.verifying_key().soundness_bits() > 100.0);
}

#[test]
fn naive_executor_agrees_on_every_fixed_network() {
    for seed in 0..3 {
        for network in networks::all(seed) {
            agrees(network, seed + 1);
        }
    }
}

/// Random networks tried, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 96;

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(CASES)
}

proptest! {
    #![proptest_config(Config {
        cases: cases(),
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(2026),
        ..Config::default()
    })]

    #[test]
    fn naive_executor_agrees_on_random_networks(seed in any::<u64>(), layers in 1..=6_usize) {
        agrees(random::network(seed, layers), seed ^ 1);
    }
}
