//! Every absorb, message and squeeze of small networks' proofs, on both sides, as committed.
//!
//! `cargo test --release -p tacit-prover --test inventory -- --ignored` rewrites the files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/tiny.rs"]
mod tiny;

use std::{fmt::Write as _, fs, path::PathBuf};

use tacit_layers::Network;
use tacit_prover::{ProvingKey, prove};
use tacit_transcript::Event;
use tacit_verifier::verify;

fn networks() -> impl Iterator<Item = (PathBuf, Network)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inventory");
    tiny::all().into_iter().map(move |(name, network)| (folder.join(format!("{name}.txt")), network))
}

/// Both sides' steps, one a line; equal neighbours are counted.
fn logs(network: Network) -> [String; 2] {
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, &input).unwrap();
    let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
    [proven.events, accepted.events].map(|events| {
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
}

#[test]
#[ignore = "rewrites the committed files"]
fn rewrite_committed_inventory() {
    for (file, network) in networks() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, &logs(network)[0]).unwrap();
    }
}
