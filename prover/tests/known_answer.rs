//! Proofs of fixed networks are the committed bytes, under every number of threads.
//!
//! `cargo test --release -p tacit-prover --test known_answer -- --ignored` rewrites the files after a change of the proof
//! format; such a change belongs into the changelog and raises `PROTOCOL_VERSION`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/tiny.rs"]
mod tiny;

use std::{fmt::Write as _, fs, path::PathBuf};

use sha2::{Digest, Sha256};
use tacit_layers::{Network, statement::PROTOCOL_VERSION};
use tacit_prover::{ProvingKey, prove};

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/known_answers");
    folder.join(format!("{name}_v{PROTOCOL_VERSION}.bin"))
}

fn proof(network: Network, threads: usize) -> Vec<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let input = tiny::sample(&network);
        prove(&ProvingKey::setup(network).unwrap(), &input).unwrap().proof
    })
}

/// One line for each file, as `sha256sum` writes them.
fn digests() -> String {
    tiny::all().iter().fold(String::new(), |mut lines, (name, _)| {
        let path = file(name);
        for byte in Sha256::digest(fs::read(&path).unwrap()) {
            write!(lines, "{byte:02x}").unwrap();
        }
        writeln!(lines, "  {}", path.file_name().unwrap().to_str().unwrap()).unwrap();
        lines
    })
}

#[test]
fn proofs_are_the_committed_bytes_under_every_number_of_threads() {
    for (name, network) in tiny::all() {
        let expected = fs::read(file(name)).unwrap();
        for threads in [1, 2, 3] {
            let actual = proof(network.clone(), threads);
            let same = actual.iter().zip(&expected).take_while(|(a, b)| a == b).count();
            assert_eq!(actual.len(), expected.len(), "{name}, {threads} threads: length");
            assert_eq!(same, expected.len(), "{name}, {threads} threads: first difference");
        }
    }
}

#[test]
fn committed_bytes_have_the_committed_digests() {
    assert_eq!(digests(), fs::read_to_string(file("mlp").with_file_name("SHA256SUMS")).unwrap());
}

#[test]
#[ignore = "rewrites the committed files"]
fn rewrite_committed_bytes() {
    for (name, network) in tiny::all() {
        let path = file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, proof(network, 1)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    fs::write(file("mlp").with_file_name("SHA256SUMS"), digests()).unwrap();
}
