//! `tacit prove`: inference on one sample with a proof of its output, which shows the input or names a commitment to it.

use std::{collections::BTreeMap, path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_layers::{Architecture, ProofFile, Tensor, proof::proof_file};
use tacit_prover::{InputOpening, Phases, Proven, RunInput, Seed};

use super::commit_input::{CommitmentFiles, PreparedCommitment};
use crate::{
    answer::{Answer, OutputIntegers, OutputValues},
    arguments::ProveArguments,
    artifact,
    destination::{Destination, beside, check_distinct},
    inputs::{self, InputFile, Inputs, by_input},
    memory,
    profile::Profile,
    progress::Progress,
    reading::{InputReading, InputReadings},
    report::Report,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    output: OutputValues,
    /// The integers that are proved.
    integers: OutputIntegers,
    argmax: usize,
    /// What quantisation did to the inputs; null over commitments that exist.
    input: Option<InputReadings>,
    prove_seconds: f64,
    phases: PhaseSeconds,
    proof_bytes: usize,
    /// Digest of the commitment to each private input.
    input_commitment: Option<InputDigests>,
    peak_memory_bytes: Option<u64>,
    profile: Option<Profile>,
}

/// Digests of commitments in JSON: the only input's, or those of private inputs by name.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum InputDigests {
    /// Of the only input.
    One(String),
    /// Of inputs that are private, among several.
    Many(BTreeMap<String, String>),
}

impl InputDigests {
    /// Of inputs with these names; none where no input is private.
    pub(super) fn new(num_inputs: usize, digests: &[(String, String)]) -> Option<Self> {
        match digests {
            [] => None,
            [(_, digest)] if num_inputs == 1 => Some(Self::One(digest.clone())),
            digests => Some(Self::Many(digests.iter().cloned().collect())),
        }
    }
}

/// Where the prover's time went.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct PhaseSeconds {
    inference: f64,
    commit: f64,
    lookups: f64,
    linear: f64,
    opening: f64,
}

impl From<&Phases> for PhaseSeconds {
    fn from(phases: &Phases) -> Self {
        Self {
            inference: phases.inference.as_secs_f64(),
            commit: phases.commit.as_secs_f64(),
            lookups: phases.lookups.as_secs_f64(),
            linear: phases.linear.as_secs_f64(),
            opening: phases.opening.as_secs_f64(),
        }
    }
}

/// Seconds of the phases in order.
impl From<[f64; 5]> for PhaseSeconds {
    fn from([inference, commit, lookups, linear, opening]: [f64; 5]) -> Self {
        Self { inference, commit, lookups, linear, opening }
    }
}

/// The phases as lines of text.
pub(super) fn phase_fields(phases: &Phases) -> [(&'static str, String); 5] {
    [
        ("  inference", units::time(phases.inference)),
        ("  commitments", units::time(phases.commit)),
        ("  look-ups", units::time(phases.lookups)),
        ("  linear layers", units::time(phases.linear)),
        ("  opening", units::time(phases.opening)),
    ]
}

/// What is proved about one of the inputs, and in which setting.
enum Source {
    Public(Tensor<i64>),
    /// With where to write commitment and opening, if they are new.
    Committed(Box<InputOpening>, Option<CommitmentFiles>),
}

/// What is proved about, and what quantisation did to its real numbers, under its input's name.
type Read = (Source, Option<(String, InputReading)>);

impl Source {
    /// Every input's, in order.
    fn read(arguments: &ProveArguments, architecture: &Architecture, used: &[&Path]) -> Result<Vec<Read>> {
        let inputs: Vec<_> = architecture.input_layers().collect();
        let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
        let wanted: Vec<(&str, &[usize])> =
            inputs.iter().map(|(name, layer)| (*name, layer.layout.axes())).collect();
        let is_private = private(&arguments.private_input, &names)?;
        let openings = by_input(&names, &arguments.opening, |_, path| artifact::input_opening(path))?;
        let samples = Inputs::read_some(&arguments.input, &wanted)?;
        let sources = inputs.iter().zip(is_private).zip(openings).zip(samples);
        sources
            .map(|((((name, layer), is_private), opening), samples)| match (opening, samples, is_private) {
                (Some(_), Some(_), _) => {
                    bail!("input `{name}` is given more than once: leave --opening or --input out")
                }
                (Some(opening), None, true) => Ok((Self::Committed(Box::new(opening), None), None)),
                (Some(_), None, false) => {
                    bail!("input `{name}` has an opening and is not private: give --private-input={name}, too")
                }
                (None, Some(samples), _) => {
                    let index = arguments.index.unwrap_or(0);
                    let sample = samples.get(index)?;
                    let reading = Some(((*name).to_owned(), InputReading::new(layer, index, [sample])));
                    let tensor = tacit_onnx::quantise_sample(name, layer, sample)?;
                    if !is_private {
                        return Ok((Self::Public(tensor), reading));
                    }
                    let files = commitment_files(&arguments.output, (names.len() > 1).then_some(*name), used)?;
                    let opening = Box::new(InputOpening::new(tensor, &Seed::from_os()?)?);
                    Ok((Self::Committed(opening, Some(files)), reading))
                }
                (None, None, _) => bail!(
                    "nothing is given for input `{name}`: the model's inputs are {}; give --input NAME=FILE for each",
                    architecture.input_names()
                ),
            })
            .collect()
    }

    const fn run(&self) -> RunInput<'_> {
        match self {
            Self::Public(input) => RunInput::Public(input),
            Self::Committed(opening, _) => RunInput::Committed(opening),
        }
    }

    /// Its files, where they are new.
    const fn files(&self) -> Option<&CommitmentFiles> {
        match self {
            Self::Committed(_, Some(files)) => Some(files),
            Self::Committed(_, None) | Self::Public(_) => None,
        }
    }
}

/// Which of the inputs of these names are private: all of them, or those that are named.
fn private(chosen: &[String], names: &[&str]) -> Result<Vec<bool>> {
    let known = |name: &str| name.is_empty() || names.contains(&name);
    if let Some(unknown) = chosen.iter().find(|name| !known(name)) {
        let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        bail!("the model has no input `{}` to be private: its inputs are {names}", unknown.escape_debug());
    }
    Ok(names.iter().map(|name| chosen.iter().any(|chosen| chosen.is_empty() || chosen == name)).collect())
}

/// Where a new commitment and its opening go: beside the proof, with the input's name where there are several.
fn commitment_files(proof: &Path, input: Option<&str>, used: &[&Path]) -> Result<CommitmentFiles> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name = input.map_or_else(String::new, |name| name.chars().map(plain).chain(['.']).collect());
    let [commitment, opening] = [("commitment", "the commitment"), ("opening", "its opening")]
        .map(|(extension, what)| beside(proof, &format!("{name}{extension}"), what, "proof"));
    CommitmentFiles::new(&commitment?, Some(&opening?), used)
}

/// What is proved about, in words.
fn subject(arguments: &ProveArguments) -> String {
    let index = arguments.index.unwrap_or(0);
    let openings = || format!("the input of {}", inputs::list(&arguments.opening));
    match (arguments.opening.is_empty(), arguments.input.is_empty()) {
        (_, true) => openings(),
        (true, false) => format!("sample {index} of {}", inputs::list(&arguments.input)),
        (false, false) => {
            format!("sample {index} of {} with {}", inputs::list(&arguments.input), openings())
        }
    }
}

pub(super) fn run(arguments: &ProveArguments) -> Result<Report> {
    let ProveArguments { model, input, opening, output, .. } = arguments;
    let given = input.iter().chain(opening).flat_map(InputFile::paths);
    let used: Vec<&Path> = given.chain([model.as_path()]).collect();
    let destination = Destination::new(output, &used)?
        .replacing("a proof", &[proof_file::MAGIC, proof_file::COMMITTED_MAGIC, proof_file::SEVERAL_MAGIC])?;
    if arguments.profile {
        tacit_prover::profile::count_operations();
    }
    let progress = Progress::new("Reading the model");
    let key = artifact::proving_key(model)?;

    // Everything but reading the model counts.
    let start = Instant::now();
    progress.step("Proving");
    let architecture = &key.network().architecture;
    let (sources, readings): (Vec<Source>, Vec<_>) =
        Source::read(arguments, architecture, &used)?.into_iter().unzip();
    let readings: Vec<(String, InputReading)> = readings.into_iter().flatten().collect();
    let files = sources.iter().filter_map(Source::files).flat_map(CommitmentFiles::destinations);
    check_distinct(&files.chain([&destination]).collect::<Vec<_>>())?;
    let runs: Vec<RunInput> = sources.iter().map(Source::run).collect();
    let proven = tacit_prover::prove_inputs(&key, &runs, &Seed::from_os()?)
        .with_context(|| format!("cannot prove {}", subject(arguments)))?;
    let answer = Answer::new(architecture, &proven.outputs)?;
    let proof_bytes = proven.proof.len();
    let profile = arguments.profile.then(|| Profile::new(&key, &proven));
    let phases = proven.phases;
    let (key_digest, Proven { outputs, proof, .. }) = (*key.verifying_key().digest(), proven);
    let inputs = runs.iter().map(|input| input.stated().into()).collect();
    let content = ProofFile { key_digest, inputs, outputs, proof }.to_bytes()?;
    let file = destination.prepare(&content)?;
    let mut commitments = vec![];
    let mut prepared = vec![];
    for ((name, _), source) in architecture.input_layers().zip(&sources) {
        if let Source::Committed(opening, files) = source {
            prepared.extend(files.as_ref().map(|files| files.prepare(opening)).transpose()?);
            let digest = units::hexadecimal(&opening.commitment().digest()?);
            commitments.push((name.to_owned(), digest));
        }
    }
    prepared.into_iter().try_for_each(PreparedCommitment::place)?;
    file.place()?;
    let elapsed = start.elapsed();
    drop(progress);

    let facts = Facts {
        output: answer.values(),
        integers: answer.integers(),
        argmax: answer.argmax,
        input: InputReadings::of(readings),
        prove_seconds: elapsed.as_secs_f64(),
        phases: PhaseSeconds::from(&phases),
        input_commitment: InputDigests::new(sources.len(), &commitments),
        proof_bytes,
        peak_memory_bytes: memory::peak_bytes(),
        profile,
    };
    let what = if opening.is_empty() {
        format!("sample {}", arguments.index.unwrap_or(0))
    } else {
        subject(arguments)
    };
    let mut text = format!(
        "{}: class {}  [{}]\n",
        tacit_layers::printable::printable(&what),
        answer.argmax,
        answer.to_text()
    );
    text += &units::fields(answer.further());
    let mut fields = vec![("proved in", units::time(elapsed))];
    fields.extend(phase_fields(&phases));
    fields.push(("proof", units::bytes(proof_bytes)));
    let is_private = !commitments.is_empty();
    let carried = match (is_private, sources.len()) {
        (false, 1) => "input",
        (true, 1) => "the input's commitment",
        (false, _) => "inputs",
        (true, _) => "inputs or their commitments",
    };
    fields.push((
        "file",
        format!("{} ({} with {carried} and output)", output.display(), units::bytes(content.len())),
    ));
    for (name, digest) in &commitments {
        let of = if sources.len() > 1 { format!(" to `{name}`") } else { String::new() };
        fields.push(("input commitment", digest.clone() + &of));
    }
    let files = sources.iter().filter_map(Source::files);
    fields
        .extend(files.map(|files| ("beside the proof", format!("{}; the latter is SECRET", files.names()))));
    fields.extend(facts.input.as_ref().and_then(InputReadings::clipping).map(|text| ("CLIPPED", text)));
    fields.extend(facts.peak_memory_bytes.map(|bytes| ("peak memory", units::bytes(bytes as usize))));
    text += &units::fields(fields);
    if let Some(profile) = &facts.profile {
        text += &profile.to_text();
    }
    Ok(Report::done(&facts, &text))
}
