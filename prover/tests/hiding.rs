//! Proofs about private models: complete, reproducible, sound, and without a value that depends on what is hidden.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/tiny.rs"]
mod tiny;

use std::collections::BTreeSet;

use tacit_layers::Network;
use tacit_prover::{InputOpening, ProvingKey, Seed, prove_committed, prove_parameters, prove_with_seed};
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

/// Two proofs that one seed hides have nothing in common unless they are the same: masks that serve two statements show
/// the difference of what they hide, and commitments alike that two secrets are the same.
#[test]
fn no_randomness_serves_two_statements() {
    let network = tiny::mlp();
    let input = tiny::sample(&network);
    let [public, key, other] = [
        ProvingKey::setup(network.clone()).unwrap(),
        private(network.clone()),
        ProvingKey::setup_private(network, &seed(9)).unwrap(),
    ];
    let mut changed = input.clone();
    changed.data_mut()[0] ^= 1;
    let [first, second] = [3, 4].map(|i| InputOpening::new(input.clone(), &seed(i)).unwrap());
    let proofs = [
        prove_with_seed(&key, &input, &seed(2)),
        prove_with_seed(&key, &changed, &seed(2)),
        prove_with_seed(&other, &input, &seed(2)),
        prove_committed(&key, &first, &seed(2)),
        prove_committed(&key, &second, &seed(2)),
        prove_committed(&public, &first, &seed(2)),
        prove_committed(&public, &second, &seed(2)),
        prove_with_seed(&key, &input, &seed(3)),
    ];
    let about_keys = [(&key, 2), (&other, 2), (&public, 2), (&key, 3)]
        .map(|(key, number)| prove_parameters(key, &seed(number)).unwrap().proof);
    let proofs = proofs.into_iter().map(|proven| proven.unwrap().proof).chain(about_keys);
    let elements: Vec<BTreeSet<Vec<u8>>> =
        proofs.map(|proof| proof.chunks(32).map(<[u8]>::to_vec).collect()).collect();
    for (i, a) in elements.iter().enumerate() {
        for (j, b) in elements.iter().enumerate().skip(i + 1) {
            assert!(a.is_disjoint(b), "proofs {i} and {j}");
        }
    }
    let again = [(); 2].map(|()| prove_with_seed(&key, &input, &seed(2)).unwrap().proof);
    assert_eq!(again[0], again[1]);
}

#[test]
fn no_honest_proof_is_shorter_than_the_least() {
    for (name, network) in tiny::all() {
        let input = tiny::sample(&network);
        let public = ProvingKey::setup(network.clone()).unwrap();
        for key in [public, private(network)] {
            let plan = key.verifying_key().plan();
            let least = plan
                .least_proof_bytes(key.verifying_key().architecture(), key.verifying_key().model().scheme());
            let proven = prove_with_seed(&key, &input, &seed(2)).unwrap();
            assert!(proven.proof.len() >= least, "{name}: {} bytes, at least {least}", proven.proof.len());
        }
    }
}
