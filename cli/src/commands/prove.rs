//! `tacit prove`: inference on one sample with a proof of its output.

use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;
use tacit_layers::proof_file::ProofFile;
use tacit_prover::Phases;

use crate::{
    answer::{Answer, OutputValues},
    arguments::ProveArguments,
    artifact,
    destination::Destination,
    memory,
    profile::Profile,
    progress::Progress,
    report::Report,
    samples::Samples,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    output: OutputValues,
    argmax: usize,
    prove_seconds: f64,
    phases: PhaseSeconds,
    proof_bytes: usize,
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

pub(super) fn run(arguments: &ProveArguments) -> Result<Report> {
    let ProveArguments { model, input, index, output, .. } = arguments;
    let destination = Destination::new(output, &[model, input])?;
    if arguments.profile {
        tacit_prover::profile::count_operations();
    }
    let progress = Progress::new("Reading the model");
    let key = artifact::proving_key(model)?;

    // Everything but reading the model counts.
    let start = Instant::now();
    progress.step("Proving");
    let architecture = &key.network().architecture;
    let samples = Samples::read(input, architecture.input()?.layout.axes())?;
    let tensor = tacit_onnx::quantise_input(architecture, samples.get(*index)?)?;
    let proven = tacit_prover::prove(&key, &tensor)
        .with_context(|| format!("cannot prove sample {index} of `{}`", input.display()))?;
    let answer = Answer::new(architecture, &proven.outputs)?;
    let proof_bytes = proven.proof.len();
    let profile = arguments.profile.then(|| Profile::new(&key, &proven));
    let file = ProofFile {
        key_digest: *key.verifying_key().digest(),
        input: tensor,
        outputs: proven.outputs,
        proof: proven.proof,
    };
    let content = file.to_bytes()?;
    destination.write(&content)?;
    let elapsed = start.elapsed();
    drop(progress);

    let facts = Facts {
        output: answer.values(),
        argmax: answer.argmax,
        prove_seconds: elapsed.as_secs_f64(),
        phases: PhaseSeconds::from(&proven.phases),
        proof_bytes,
        peak_memory_bytes: memory::peak_bytes(),
        profile,
    };
    let mut text = format!("sample {index}: class {}  [{}]\n", answer.argmax, answer.to_text());
    let mut fields = vec![("proved in", units::time(elapsed))];
    fields.extend(phase_fields(&proven.phases));
    fields.push(("proof", units::bytes(proof_bytes)));
    fields.push((
        "file",
        format!("{} ({} with input and output)", output.display(), units::bytes(content.len())),
    ));
    fields.extend(facts.peak_memory_bytes.map(|bytes| ("peak memory", units::bytes(bytes as usize))));
    text += &units::fields(fields);
    if let Some(profile) = &facts.profile {
        text += &profile.to_text();
    }
    Ok(Report::done(&facts, &text))
}
