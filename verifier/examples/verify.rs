//! The smallest verifier that one can audit: reads a verifying key, a proof and its inputs, and prints the verdict.
//!
//! ```sh
//! cargo run --release -p tacit-verifier --no-default-features --example verify -- KEY PROOF [INPUT...]
//! ```
//!
//! KEY is what `tacit compile` writes for verifiers, PROOF what `tacit prove` writes. INPUT, one for each input of the model
//! in its order, is what the proof has to be
//! about: a public input as its quantised integers, eight bytes each, little-endian, the last axis fastest; or the
//! commitment to a private one, as `tacit commit-input` writes it. Without them the proof is checked against the inputs that
//! it carries, and whoever reads the verdict must know those inputs.
//!
//! Built as above, it starts no threads and has no `unsafe` code of Tacit's. It exits with 0 when it accepts, 1 when it
//! rejects, 2 when it could not decide: a file cannot be read or is none of the kind.
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    clippy::unreachable
)]

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    process::ExitCode,
};

use tacit_layers::Error;
use tacit_verifier::{Input, InputCommitment, ProofFile, Verify, VerifyingKey};

/// Why nothing is accepted.
enum Refusal {
    /// The proof does not show what it has to.
    Rejected(String),
    /// There is nothing to decide.
    Undecided(String),
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let (code, verdict) = match run(&arguments) {
        Ok(statement) => (0, format!("ACCEPTED\n{statement}")),
        Err(Refusal::Rejected(reason)) => (1, format!("REJECTED: {reason}\n")),
        Err(Refusal::Undecided(reason)) => (2, format!("UNDECIDED: {reason}\n")),
    };
    // A verdict that nobody can read is none.
    let printed = io::stdout().write_all(verdict.as_bytes());
    ExitCode::from(if printed.is_ok() { code } else { 2 })
}

/// What the proof shows, if it shows it.
fn run(arguments: &[OsString]) -> Result<String, Refusal> {
    let (key, proof, given) = match arguments {
        [key, proof, inputs @ ..] => (read(key)?, read(proof)?, inputs),
        _ => return Err(Refusal::Undecided("usage: verify KEY PROOF [INPUT...]".to_owned())),
    };
    let key = VerifyingKey::from_bytes(&key).map_err(|error| unreadable(&error))?;
    let file = ProofFile::from_bytes(&proof).map_err(|error| unreadable(&error))?;
    let statement = file.statement();
    if !given.is_empty() && given.len() != statement.inputs.len() {
        let (expected, actual) = (statement.inputs.len(), given.len());
        return Err(Refusal::Undecided(format!("the proof is about {expected} inputs, {actual} are given")));
    }
    for (path, carried) in given.iter().zip(&statement.inputs) {
        if !is_input(&read(path)?, *carried)? {
            return Err(Refusal::Rejected("the proof is about another input".to_owned()));
        }
    }
    key.verify(&file).map_err(|error| Refusal::Rejected(error.to_string()))?;
    let architecture = key.architecture();
    let source = if given.is_empty() { "carried by the proof, compared with nothing" } else { "given" };
    let mut text = format!("model: {:?}\n", architecture.name);
    for (name, _) in architecture.input_layers() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "input {name:?}: {source}");
    }
    for (declared, output) in architecture.outputs.iter().zip(statement.outputs) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "output {:?}: {:?}", declared.name, output.data());
    }
    Ok(text)
}

/// Whether a file holds the input that a proof is about.
fn is_input(given: &[u8], carried: Input) -> Result<bool, Refusal> {
    match carried {
        Input::Public(carried) => {
            let (integers, rest) = given.as_chunks::<8>();
            let given = integers.iter().map(|bytes| i64::from_le_bytes(*bytes));
            Ok(rest.is_empty() && given.eq(carried.data().iter().copied()))
        }
        Input::Committed(carried) => {
            Ok(InputCommitment::from_bytes(given).map_err(|error| unreadable(&error))? == *carried)
        }
    }
}

fn read(path: &OsStr) -> Result<Vec<u8>, Refusal> {
    fs::read(path).map_err(|error| Refusal::Undecided(format!("cannot read {}: {error}", path.display())))
}

/// A file of another kind or version is a mistake; one that begins as it should and is damaged shows nothing.
fn unreadable(error: &Error) -> Refusal {
    if matches!(error, Error::Format { .. } | Error::Version { .. }) {
        Refusal::Undecided(error.to_string())
    } else {
        Refusal::Rejected(error.to_string())
    }
}
