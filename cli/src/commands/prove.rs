//! `tacit prove`: inference on one sample with a proof of its output, which shows the input or names a commitment to it.

use std::{path::Path, time::Instant};

use anyhow::{Context, Result};
use serde::Serialize;
use tacit_layers::{Architecture, CommittedProofFile, ProofFile, Tensor};
use tacit_prover::{InputOpening, Phases, Proven, ProvingKey, Seed};

use super::commit_input::CommitmentFiles;
use crate::{
    answer::{Answer, OutputIntegers, OutputValues},
    arguments::ProveArguments,
    artifact,
    destination::{Destination, beside, check_distinct},
    memory,
    profile::Profile,
    progress::Progress,
    reading::InputReading,
    report::Report,
    samples::Samples,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    output: OutputValues,
    /// The integers that are proved.
    integers: OutputIntegers,
    argmax: usize,
    /// What quantisation did to the input's real numbers; null where an opening holds integers.
    input: Option<InputReading>,
    prove_seconds: f64,
    phases: PhaseSeconds,
    proof_bytes: usize,
    /// Digest of the commitment to a private input.
    input_commitment: Option<String>,
    peak_memory_bytes: Option<u64>,
    profile: Option<Profile>,
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

/// What is proved about, and in which setting.
enum Source {
    Public(Tensor<i64>),
    /// With where to write commitment and opening, if they are new.
    Committed(InputOpening, Option<CommitmentFiles>),
}

/// What is proved about, and what quantisation did to its real numbers.
type Read = (Source, Option<InputReading>);

impl Source {
    fn read(
        arguments: &ProveArguments,
        architecture: &Architecture,
        files: Option<CommitmentFiles>,
    ) -> Result<Read> {
        if let Some(path) = &arguments.opening {
            let opening = artifact::input_opening(path)?;
            return Ok((Self::Committed(opening, None), None));
        }
        let path = arguments.input.as_ref().context("give samples with --input X.npy")?;
        let samples = Samples::read(path, architecture.input()?.layout.axes())?;
        let sample = samples.get(arguments.index)?;
        let reading = InputReading::new(architecture, arguments.index, [sample])?;
        let tensor = tacit_onnx::quantise_input(architecture, sample)?;
        let source = if arguments.private_input {
            Self::Committed(InputOpening::new(tensor, &Seed::from_os()?)?, files)
        } else {
            Self::Public(tensor)
        };
        Ok((source, Some(reading)))
    }

    fn prove(&self, key: &ProvingKey) -> Result<Proven, tacit_prover::Error> {
        match self {
            Self::Public(input) => tacit_prover::prove(key, input),
            Self::Committed(opening, _) => tacit_prover::prove_committed(key, opening, &Seed::from_os()?),
        }
    }

    /// The proof's file.
    fn file(&self, key: &ProvingKey, proven: Proven) -> Result<Vec<u8>> {
        let (key_digest, Proven { outputs, proof, .. }) = (*key.verifying_key().digest(), proven);
        Ok(match self {
            Self::Public(input) => {
                ProofFile { key_digest, input: input.clone(), outputs, proof }.to_bytes()?
            }
            Self::Committed(opening, _) => {
                let input = opening.commitment().clone();
                CommittedProofFile { key_digest, input, outputs, proof }.to_bytes()?
            }
        })
    }
}

/// What is proved about, in words.
fn subject(arguments: &ProveArguments) -> String {
    match (&arguments.opening, &arguments.input) {
        (Some(opening), _) => format!("the input of `{}`", opening.display()),
        (None, Some(input)) => format!("sample {} of `{}`", arguments.index, input.display()),
        (None, None) => "the input".to_owned(),
    }
}

/// Where a new commitment and its opening go: beside the proof.
fn commitment_files(proof: &Path, inputs: &[&Path]) -> Result<CommitmentFiles> {
    let [commitment, opening] = [("commitment", "the commitment"), ("opening", "its opening")]
        .map(|(extension, what)| beside(proof, extension, what, "proof"));
    CommitmentFiles::new(&commitment?, Some(&opening?), inputs)
}

pub(super) fn run(arguments: &ProveArguments) -> Result<Report> {
    let ProveArguments { model, input, opening, output, .. } = arguments;
    let inputs: Vec<&Path> =
        [Some(model), input.as_ref(), opening.as_ref()].into_iter().flatten().map(AsRef::as_ref).collect();
    let destination = Destination::new(output, &inputs)?;
    let is_new = arguments.private_input && opening.is_none();
    let files = is_new.then(|| commitment_files(output, &inputs)).transpose()?;
    for file in files.iter().flat_map(CommitmentFiles::destinations) {
        check_distinct(&[&destination, file])?;
    }
    if arguments.profile {
        tacit_prover::profile::count_operations();
    }
    let progress = Progress::new("Reading the model");
    let key = artifact::proving_key(model)?;

    // Everything but reading the model counts.
    let start = Instant::now();
    progress.step("Proving");
    let architecture = &key.network().architecture;
    let (source, reading) = Source::read(arguments, architecture, files)?;
    let proven = source.prove(&key).with_context(|| format!("cannot prove {}", subject(arguments)))?;
    let answer = Answer::new(architecture, &proven.outputs)?;
    let proof_bytes = proven.proof.len();
    let profile = arguments.profile.then(|| Profile::new(&key, &proven));
    let phases = proven.phases;
    let content = source.file(&key, proven)?;
    let file = destination.prepare(&content)?;
    let mut commitment = None;
    if let Source::Committed(opening, files) = &source {
        if let Some(files) = files {
            files.prepare(opening)?.place()?;
        }
        let digest = units::hexadecimal(&opening.commitment().digest()?);
        commitment = Some((digest, files.as_ref().map(CommitmentFiles::names)));
    }
    file.place()?;
    let elapsed = start.elapsed();
    drop(progress);

    let facts = Facts {
        output: answer.values(),
        integers: answer.integers(),
        argmax: answer.argmax,
        input: reading,
        prove_seconds: elapsed.as_secs_f64(),
        phases: PhaseSeconds::from(&phases),
        input_commitment: commitment.as_ref().map(|(digest, _)| digest.clone()),
        proof_bytes,
        peak_memory_bytes: memory::peak_bytes(),
        profile,
    };
    let what = if opening.is_some() { subject(arguments) } else { format!("sample {}", arguments.index) };
    let mut text = format!("{what}: class {}  [{}]\n", answer.argmax, answer.to_text());
    let mut fields = vec![("proved in", units::time(elapsed))];
    fields.extend(phase_fields(&phases));
    fields.push(("proof", units::bytes(proof_bytes)));
    let carried = if arguments.private_input { "the input's commitment" } else { "input" };
    fields.push((
        "file",
        format!("{} ({} with {carried} and output)", output.display(), units::bytes(content.len())),
    ));
    if let Some((digest, names)) = commitment {
        fields.push(("input commitment", digest));
        fields.extend(names.map(|names| ("beside the proof", format!("{names}; the latter is SECRET"))));
    }
    fields.extend(facts.input.as_ref().and_then(InputReading::clipping).map(|text| ("CLIPPED", text)));
    fields.extend(facts.peak_memory_bytes.map(|bytes| ("peak memory", units::bytes(bytes as usize))));
    text += &units::fields(fields);
    if let Some(profile) = &facts.profile {
        text += &profile.to_text();
    }
    Ok(Report::done(&facts, &text))
}
