//! `tacit verify`: checks a proof against a key and a public input, or the commitment to a private one.

use std::time::Instant;

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_layers::{
    InputCommitment, ProofFile, Tensor, VerifyingKey,
    printable::printable,
    proof::statement::{Input, Statement},
};

use super::prove::InputDigests;
use crate::{
    answer::{Answer, OutputIntegers, OutputValues},
    arguments::VerifyArguments,
    artifact,
    inputs::{self, Inputs, by_input},
    progress::Progress,
    reading::{InputReading, InputReadings},
    report::Report,
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
    /// What quantisation did to the given inputs; null where none is given.
    input: Option<InputReadings>,
    verify_seconds: f64,
    input_source: InputSource,
    /// Inputs that were compared with what was given; what is not among them is what the proof carries.
    given_inputs: Vec<String>,
    /// Digest of the commitment to each private input; null where all are public.
    input_commitment: Option<InputDigests>,
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
        let is_given = !arguments.input.is_empty() || !arguments.input_commitment.is_empty();
        if is_given { Self::Given } else { Self::Carried }
    }
}

/// What the verifier knows of an input.
#[derive(Debug)]
pub(super) enum Given {
    Input(Tensor<i64>),
    Commitment(InputCommitment),
}

/// What the verifier knows of an input, and what quantisation did to its real numbers.
type Known = (Option<Given>, Option<InputReading>);

impl Given {
    /// What is given of every input, in order.
    fn read(arguments: &VerifyArguments, key: &VerifyingKey) -> Result<Vec<Known>> {
        let inputs: Vec<_> = key.architecture().input_layers().collect();
        let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
        let wanted: Vec<(&str, &[usize])> =
            inputs.iter().map(|(name, layer)| (*name, layer.layout.axes())).collect();
        let commitments =
            by_input(&names, &arguments.input_commitment, |_, path| artifact::input_commitment(path))?;
        let samples = Inputs::read_some(&arguments.input, &wanted)?;
        let given = inputs.iter().zip(commitments).zip(samples);
        given
            .map(|(((name, layer), commitment), samples)| match (commitment, samples) {
                (Some(_), Some(_)) => {
                    bail!("input `{name}` is given more than once: leave --input or --input-commitment out")
                }
                (Some(commitment), None) => Ok((Some(Self::Commitment(commitment)), None)),
                (None, Some(samples)) => {
                    let index = arguments.index.unwrap_or(0);
                    let sample = samples.get(index)?;
                    // Integers are never clipped but refused.
                    let input = Self::Input(tacit_onnx::quantise_sample(name, layer, sample)?);
                    let reading = InputReading::new(layer, index, [sample]);
                    if let Some(clipping) = reading.clipping().filter(|_| !arguments.allow_clipped) {
                        bail!(
                            "{}: {clipping}: a proof would be about another input than this one, so that nothing was \
                             verified; give --allow-clipped to verify what the model read",
                            inputs::list(&arguments.input)
                        );
                    }
                    Ok((Some(input), Some(reading)))
                }
                (None, None) => Ok((None, None)),
            })
            .collect()
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
    let (given, readings): (Vec<_>, Vec<_>) = Given::read(arguments, &key)?.into_iter().unzip();

    // Everything but reading the key and the given input counts.
    let start = Instant::now();
    progress.step("Verifying");
    let outcome = match artifact::proof(proof)? {
        Ok(file) => check(&key, &file, &given).map(|()| file),
        Err(error) => Err(error.to_string()),
    };
    let elapsed = start.elapsed();
    drop(progress);

    let verify_seconds = elapsed.as_secs_f64();
    match outcome {
        Ok(file) => {
            let Statement { inputs, outputs } = file.statement();
            let answer = Answer::new(key.architecture(), outputs)?;
            let mut input_commitments = vec![];
            let mut fields = vec![];
            let mut given_inputs = vec![];
            let known = given.iter().zip(&readings);
            for (((name, _), input), (given, reading)) in
                key.architecture().input_layers().zip(&inputs).zip(known)
            {
                let digest = input.commitment().map(InputCommitment::digest).transpose()?;
                let digest = digest.map(|digest| units::hexadecimal(&digest));
                let of = if inputs.len() > 1 { format!("`{name}`: ") } else { String::new() };
                fields.push((
                    "input",
                    of + &about(arguments, given.as_ref(), digest.as_deref(), reading.as_ref()),
                ));
                if given.is_some() {
                    given_inputs.push(name.to_owned());
                }
                input_commitments.extend(digest.map(|digest| (name.to_owned(), digest)));
            }
            fields.push(("output", format!("class {}  [{}]", answer.argmax, answer.to_text())));
            fields.extend(answer.further());
            let names = key.architecture().input_layers().map(|(name, _)| name.to_owned());
            let readings = names.zip(readings).filter_map(|(name, reading)| Some((name, reading?)));
            let readings = InputReadings::of(readings.collect());
            fields.extend(readings.as_ref().and_then(InputReadings::clipping).map(|text| ("CLIPPED", text)));
            let text = format!("ACCEPTED in {}\n", units::time(elapsed)) + &units::fields(fields);
            let output = Some(answer.values());
            Ok(Report::done(
                &Facts {
                    accepted: true,
                    reason: None,
                    output,
                    integers: Some(answer.integers()),
                    argmax: Some(answer.argmax),
                    input: readings,
                    verify_seconds,
                    input_source,
                    given_inputs,
                    input_commitment: InputDigests::new(inputs.len(), &input_commitments),
                },
                &text,
            ))
        }
        Err(reason) => Ok(rejected(reason, input_source, verify_seconds)),
    }
}

/// What an accepted proof is about, in words.
fn about(
    arguments: &VerifyArguments,
    given: Option<&Given>,
    commitment: Option<&str>,
    reading: Option<&InputReading>,
) -> String {
    match (given, commitment) {
        (Some(Given::Commitment(_)), _) => {
            format!("private, committed to in {}", inputs::list(&arguments.input_commitment))
        }
        (None, Some(digest)) => format!(
            "private, its commitment {digest} carried beside the proof; give --input-commitment to check it against yours"
        ),
        (Some(Given::Input(_)), _) => {
            let rounding = reading.and_then(InputReading::rounding).map(|rounding| format!(", {rounding}"));
            let (index, files) = (arguments.index.unwrap_or(0), inputs::list(&arguments.input));
            format!("sample {index} of {files}{}", rounding.unwrap_or_default())
        }
        (None, None) => {
            "the public input carried beside the proof; give --input to check it against yours".to_owned()
        }
    }
}

fn rejected(reason: String, input_source: InputSource, verify_seconds: f64) -> Report {
    let text = format!("REJECTED: {}", printable(&reason));
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
            given_inputs: vec![],
            input_commitment: None,
        },
        &text,
    )
}

/// Checks a proof against what is given of each of its inputs, or against what it carries. The reason when it is rejected.
pub(super) fn check(key: &VerifyingKey, file: &ProofFile, given: &[Option<Given>]) -> Result<(), String> {
    tacit_verifier::key::check_key(key, &file.key_digest).map_err(|error| error.to_string())?;
    let mut statement = file.statement();
    let carried = statement.inputs.len();
    if carried != given.len() {
        return Err(format!("the proof is about {carried} inputs, the model has {}", given.len()));
    }
    let (names, is_only) = (key.architecture().input_layers().map(|(name, _)| name), carried == 1);
    for ((given, carried), name) in given.iter().zip(&mut statement.inputs).zip(names) {
        if let Some(given) = given {
            let of = if is_only { String::new() } else { format!("input `{name}`: ") };
            compare(given.input(), *carried).map_err(|reason| of + &reason)?;
            *carried = given.input();
        }
    }
    match tacit_verifier::verify_statement(key, &statement, &file.proof) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// Compares what is given of an input with what a proof carries of it. The reason when they differ.
fn compare(given: Input, carried: Input) -> Result<(), String> {
    match (given, carried) {
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
    Ok(())
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
