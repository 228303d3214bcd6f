//! Every absorb, message and squeeze of small networks' proofs, on both sides, as committed.
//!
//! `cargo test --release -p tacit-prover --test inventory -- --ignored` rewrites the files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/tiny.rs"]
mod tiny;

use std::{fmt::Write as _, fs, path::PathBuf};

use tacit_layers::Network;
use tacit_prover::{ProvingKey, Seed, prove, prove_parameters, prove_with_seed};
use tacit_transcript::Event;
use tacit_verifier::{verify, verify_parameters};

fn networks() -> impl Iterator<Item = (PathBuf, Network)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inventory");
    tiny::all().into_iter().map(move |(name, network)| (folder.join(format!("{name}.txt")), network))
}

/// Both sides' steps.
fn logs(network: Network) -> [String; 2] {
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, &input).unwrap();
    let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
    lines([proven.events, accepted.events])
}

/// The same of a hiding proof, and of a proof about its key.
fn hiding_logs() -> [(PathBuf, [String; 2]); 2] {
    let (network, seed) = (tiny::mlp(), Seed::new([1; 32]));
    let input = tiny::sample(&network);
    let key = ProvingKey::setup_private(network, &seed).unwrap();
    let proven = prove_with_seed(&key, &input, &seed).unwrap();
    let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
    let about = prove_parameters(&key, &seed).unwrap();
    let accepted_about = verify_parameters(key.verifying_key(), &about.proof).unwrap();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inventory");
    [
        (folder.join("hiding_mlp.txt"), lines([proven.events, accepted.events])),
        (folder.join("key_of_mlp.txt"), lines([about.events, accepted_about.events])),
    ]
}

/// One step a line; equal neighbours are counted.
fn lines(sides: [Vec<Event>; 2]) -> [String; 2] {
    sides.map(|events| {
        events.chunk_by(|a, b| a == b).fold(String::new(), |mut lines, run| {
            let repeated = if run.len() == 1 { String::new() } else { format!(" ({} times)", run.len()) };
            match run[0] {
                Event::Absorb(label, bytes) => writeln!(lines, "absorb  {label}: {bytes} bytes{repeated}"),
                Event::Message(label, count) => writeln!(lines, "message {label}: {count}{repeated}"),
                Event::Squeeze(label) => writeln!(lines, "squeeze {label}{repeated}"),
            }
            .unwrap();
            lines
        })
    })
}

#[test]
fn prover_and_verifier_keep_to_the_committed_inventory() {
    for (file, network) in networks() {
        let [prover, verifier] = logs(network);
        let committed = fs::read_to_string(file).unwrap();
        assert_eq!(prover, committed);
        assert_eq!(verifier, committed);
    }
    for (file, [prover, verifier]) in hiding_logs() {
        let committed = fs::read_to_string(file).unwrap();
        assert_eq!((&prover, &verifier), (&committed, &committed));
    }
}

#[test]
#[ignore = "rewrites the committed files"]
fn rewrite_committed_inventory() {
    for (file, network) in networks() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, &logs(network)[0]).unwrap();
    }
    for (file, [prover, _]) in hiding_logs() {
        fs::write(file, prover).unwrap();
    }
}
