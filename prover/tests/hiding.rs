//! Proofs about private models: complete, reproducible, sound, and without a value that depends on what is hidden.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/tiny.rs"]
mod tiny;

use tacit_layers::Network;
use tacit_prover::{ProvingKey, Seed, prove_with_seed};
use tacit_verifier::verify;

fn seed(seed: u8) -> Seed {
    Seed::new([seed; 32])
}

fn private(network: Network) -> ProvingKey {
    ProvingKey::setup_private(network, &seed(1)).unwrap()
}

#[test]
fn proofs_of_private_models_are_accepted() {
    for (name, network) in tiny::all() {
        let input = tiny::sample(&network);
        let key = private(network);
        let proven = prove_with_seed(&key, &input, &seed(2)).unwrap();
        let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof);
        let accepted = accepted.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(accepted.messages, proven.messages, "{name}");
        assert_eq!(accepted.events, proven.events, "{name}");
    }
}
