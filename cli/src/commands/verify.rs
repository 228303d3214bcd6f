//! `tacit verify`: checks a proof against a key and a public input.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::Result;
use serde::Serialize;
use tacit_layers::{Tensor, key::VerifyingKey, proof_file::ProofFile};

use crate::{
    answer::{Answer, OutputValues},
    arguments::VerifyArguments,
    artifact,
    progress::Progress,
    report::Report,
    samples::Samples,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    accepted: bool,
    reason: Option<String>,
    output: Option<OutputValues>,
    verify_seconds: f64,
    input_source: InputSource,
}

/// Where the public input came from.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum InputSource {
    Carried,
    Given,
}

impl InputSource {
    const fn of(given: Option<&PathBuf>) -> Self {
        if given.is_some() { Self::Given } else { Self::Carried }
    }
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<Report> {
    let VerifyArguments { key, proof, input, index } = arguments;
    let progress = Progress::new("Reading the key");
    let key = match artifact::trusted_key(key)? {
        Ok(key) => key,
        Err(error) => return Ok(rejected(error.to_string(), InputSource::of(input.as_ref()), 0.0)),
    };
    let given = input.as_ref().map(|path| read_input(&key, path, index.unwrap_or(0))).transpose()?;
    let input_source = InputSource::of(input.as_ref());

    // Everything but reading the key and the given input counts.
    let start = Instant::now();
    progress.step("Verifying");
    let outcome = match artifact::proof(proof)? {
        Ok(file) => check(&key, &file, given.as_ref()).map(|()| file),
        Err(error) => Err(error.to_string()),
    };
    let elapsed = start.elapsed();
    drop(progress);

    let verify_seconds = elapsed.as_secs_f64();
    match outcome {
        Ok(file) => {
            let answer = Answer::new(key.architecture(), &file.outputs)?;
            let about = match (input_source, input) {
                (InputSource::Given, Some(path)) => {
                    format!("sample {} of `{}`", index.unwrap_or(0), path.display())
                }
                _ => "the public input carried beside the proof; give --input to check it against yours"
                    .to_owned(),
            };
            let text = format!("ACCEPTED in {}\n", units::time(elapsed))
                + &units::fields([
                    ("input", about),
                    ("output", format!("class {}  [{}]", answer.argmax, answer.to_text())),
                ]);
            let output = Some(answer.values());
            Ok(Report::done(
                &Facts { accepted: true, reason: None, output, verify_seconds, input_source },
                &text,
            ))
        }
        Err(reason) => Ok(rejected(reason, input_source, verify_seconds)),
    }
}

fn rejected(reason: String, input_source: InputSource, verify_seconds: f64) -> Report {
    let text = format!("REJECTED: {reason}");
    Report::rejected(
        &Facts { accepted: false, reason: Some(reason), output: None, verify_seconds, input_source },
        &text,
    )
}

fn read_input(key: &VerifyingKey, path: &Path, index: usize) -> Result<Tensor<i64>> {
    let samples = Samples::read(path, key.architecture().input()?.layout.axes())?;
    Ok(tacit_onnx::quantise_input(key.architecture(), samples.get(index)?)?)
}

/// Checks a proof against the given input, or against the one it carries. The reason when it is rejected.
pub(super) fn check(key: &VerifyingKey, file: &ProofFile, given: Option<&Tensor<i64>>) -> Result<(), String> {
    if file.key_digest != *key.digest() {
        return Err(format!(
            "the proof is about another model (key {}...) than the verifying key (key {}...)",
            units::hexadecimal(&file.key_digest[..8]),
            units::hexadecimal(&key.digest()[..8])
        ));
    }
    if let Some(difference) = given.and_then(|given| difference(given, &file.input)) {
        return Err(format!("the proof is about another input: {difference}"));
    }
    let input = given.unwrap_or(&file.input);
    match tacit_verifier::verify(key, input, &file.outputs, &file.proof) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// How the proof's input differs from the given one.
fn difference(given: &Tensor<i64>, carried: &Tensor<i64>) -> Option<String> {
    if given.layout() != carried.layout() {
        return Some(format!("its shape is {:?}, not {:?}", carried.layout().axes(), given.layout().axes()));
    }
    let differ = |(a, b): (&i64, &i64)| a != b;
    let count = given.data().iter().zip(carried.data()).filter(|&pair| differ(pair)).count();
    let first = given.data().iter().zip(carried.data()).position(differ)?;
    Some(format!("{count} of {} values differ, the first at position {first}", given.data().len()))
}
