//! `tacit verify`: checks a proof against a key and a public input, or the commitment to a private one.

use std::{path::Path, time::Instant};

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_layers::{
    AnyProofFile, InputCommitment, Tensor, VerifyingKey,
    proof::statement::{Input, Statement},
};

use crate::{
    answer::{Answer, OutputIntegers, OutputValues},
    arguments::VerifyArguments,
    artifact,
    progress::Progress,
    reading::InputReading,
    report::Report,
    samples::Samples,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    accepted: bool,
    reason: Option<String>,
    output: Option<OutputValues>,
    /// The integers that are proved.
    integers: Option<OutputIntegers>,
    argmax: Option<usize>,
    /// What quantisation did to the given input; null where none is given.
    input: Option<InputReading>,
    verify_seconds: f64,
    input_source: InputSource,
    /// Digest of the commitment to a private input; null where the input is public.
    input_commitment: Option<String>,
}

/// Where the input, or the commitment to it, came from.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum InputSource {
    Carried,
    Given,
}

impl InputSource {
    const fn of(arguments: &VerifyArguments) -> Self {
        let is_given = arguments.input.is_some() || arguments.input_commitment.is_some();
        if is_given { Self::Given } else { Self::Carried }
    }
}

/// What the verifier knows of the input.
#[derive(Debug)]
pub(super) enum Given {
    Input(Tensor<i64>),
    Commitment(InputCommitment),
}

/// What the verifier knows of the input, and what quantisation did to its real numbers.
type Known = (Option<Given>, Option<InputReading>);

impl Given {
    fn read(arguments: &VerifyArguments, key: &VerifyingKey) -> Result<Known> {
        if let Some(path) = &arguments.input_commitment {
            return Ok((Some(Self::Commitment(artifact::input_commitment(path)?)), None));
        }
        let Some(path) = &arguments.input else { return Ok((None, None)) };
        let (input, reading) = read_input(key, path, arguments.index.unwrap_or(0))?;
        if let Some(clipping) = reading.clipping().filter(|_| !arguments.allow_clipped) {
            bail!(
                "`{}`: {clipping}: a proof would be about another input than this one, so that nothing was verified; give \
                 --allow-clipped to verify what the model read",
                path.display()
            );
        }
        Ok((Some(Self::Input(input)), Some(reading)))
    }

    const fn input(&self) -> Input<'_> {
        match self {
            Self::Input(input) => Input::Public(input),
            Self::Commitment(commitment) => Input::Committed(commitment),
        }
    }
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<Report> {
    let VerifyArguments { key, proof, .. } = arguments;
    let input_source = InputSource::of(arguments);
    let progress = Progress::new("Reading the key");
    let key = match artifact::trusted_key(key)? {
        Ok(key) => key,
        Err(error) => return Ok(rejected(error.to_string(), input_source, 0.0)),
    };
    let (given, reading) = Given::read(arguments, &key)?;

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
            let Statement { input, outputs } = file.statement();
            let answer = Answer::new(key.architecture(), outputs)?;
            let input_commitment = match input {
                Input::Public(_) => None,
                Input::Committed(commitment) => Some(units::hexadecimal(&commitment.digest()?)),
            };
            let about = about(arguments, input_commitment.as_deref(), reading.as_ref());
            let mut fields = vec![
                ("input", about),
                ("output", format!("class {}  [{}]", answer.argmax, answer.to_text())),
            ];
            fields.extend(reading.as_ref().and_then(InputReading::clipping).map(|text| ("CLIPPED", text)));
            let text = format!("ACCEPTED in {}\n", units::time(elapsed)) + &units::fields(fields);
            let output = Some(answer.values());
            Ok(Report::done(
                &Facts {
                    accepted: true,
                    reason: None,
                    output,
                    integers: Some(answer.integers()),
                    argmax: Some(answer.argmax),
                    input: reading,
                    verify_seconds,
                    input_source,
                    input_commitment,
                },
                &text,
            ))
        }
        Err(reason) => Ok(rejected(reason, input_source, verify_seconds)),
    }
}

/// What an accepted proof is about, in words.
fn about(arguments: &VerifyArguments, commitment: Option<&str>, reading: Option<&InputReading>) -> String {
    match (&arguments.input_commitment, commitment, &arguments.input) {
        (Some(path), ..) => format!("private, committed to in `{}`", path.display()),
        (None, Some(digest), _) => format!(
            "private, its commitment {digest} carried beside the proof; give --input-commitment to check it against yours"
        ),
        (None, None, Some(path)) => {
            let rounding = reading.and_then(InputReading::rounding).map(|rounding| format!(", {rounding}"));
            let index = arguments.index.unwrap_or(0);
            format!("sample {index} of `{}`{}", path.display(), rounding.unwrap_or_default())
        }
        (None, None, None) => {
            "the public input carried beside the proof; give --input to check it against yours".to_owned()
        }
    }
}

fn rejected(reason: String, input_source: InputSource, verify_seconds: f64) -> Report {
    let text = format!("REJECTED: {}", reason);
    Report::rejected(
        &Facts {
            accepted: false,
            reason: Some(reason),
            output: None,
            integers: None,
            argmax: None,
            input: None,
            verify_seconds,
            input_source,
            input_commitment: None,
        },
        &text,
    )
}

fn read_input(key: &VerifyingKey, path: &Path, index: usize) -> Result<(Tensor<i64>, InputReading)> {
    let architecture = key.architecture();
    let samples = Samples::read(path, architecture.input()?.layout.axes())?;
    let sample = samples.get(index)?;
    let reading = InputReading::new(architecture, index, [sample])?;
    Ok((tacit_onnx::quantise_input(architecture, sample)?, reading))
}

/// Checks a proof against what is given of its input, or against what it carries. The reason when it is rejected.
pub(super) fn check(key: &VerifyingKey, file: &AnyProofFile, given: Option<&Given>) -> Result<(), String> {
    if file.key_digest() != key.digest() {
        return Err(format!(
            "the proof is about another model (key {}...) than the verifying key (key {}...)",
            units::hexadecimal(&file.key_digest()[..8]),
            units::hexadecimal(&key.digest()[..8])
        ));
    }
    let Statement { input: carried, outputs } = file.statement();
    let input = given.map_or(carried, Given::input);
    match (input, carried) {
        (Input::Public(given), Input::Public(carried)) => {
            if let Some(difference) = difference(given, carried) {
                return Err(format!("the proof is about another input: {difference}"));
            }
        }
        (Input::Committed(given), Input::Committed(carried)) if given != carried => {
            return Err("the proof is about another commitment to an input".to_owned());
        }
        (Input::Committed(_), Input::Committed(_)) => {}
        (Input::Public(_), Input::Committed(_)) => {
            return Err(
                "the proof is about a private input: give its commitment with --input-commitment".to_owned()
            );
        }
        (Input::Committed(_), Input::Public(_)) => {
            return Err("the proof is about a public input, not about a commitment".to_owned());
        }
    }
    match tacit_verifier::verify_statement(key, &Statement { input, outputs }, file.proof()) {
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
