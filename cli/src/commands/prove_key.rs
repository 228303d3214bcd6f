//! `tacit prove-key`: a proof that what a key commits to are weights and biases of their declared widths.

use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;
use tacit_layers::{KeyProofFile, proof::parameters};
use tacit_prover::{ProvingKey, Seed, prove_parameters};

use crate::{
    arguments::ProveKeyArguments, artifact, destination::Destination, memory, progress::Progress,
    report::Report, units,
};

#[derive(Debug, Serialize)]
struct Facts {
    key_digest: String,
    parameters: usize,
    prove_seconds: f64,
    proof_bytes: usize,
    peak_memory_bytes: Option<u64>,
}

pub(super) fn run(arguments: &ProveKeyArguments) -> Result<Report> {
    let ProveKeyArguments { model, output, .. } = arguments;
    let file = Destination::new(output, &[model])?.replacing("the proof of a key", &[parameters::MAGIC])?;
    let progress = Progress::new("Reading the model");
    let key: ProvingKey = artifact::proving_key(model)?;
    progress.step("Proving");
    let start = Instant::now();
    let proven = prove_parameters(&key, &Seed::from_os()?)
        .with_context(|| format!("cannot prove what `{}` commits to", model.display()))?;
    let elapsed = start.elapsed();
    let key_digest = *key.verifying_key().digest();
    let bytes = KeyProofFile { key_digest, proof: proven.proof }.to_bytes();
    file.write(&bytes)?;
    drop(progress);

    let facts = Facts {
        key_digest: units::hexadecimal(&key_digest),
        parameters: key.network().num_parameters(),
        prove_seconds: elapsed.as_secs_f64(),
        proof_bytes: bytes.len(),
        peak_memory_bytes: memory::peak_bytes(),
    };
    let mut fields = vec![
        ("key", facts.key_digest.clone()),
        ("parameters", units::count(facts.parameters as u64)),
        ("proof", format!("{} ({})", output.display(), units::bytes(bytes.len()))),
    ];
    fields.extend(facts.peak_memory_bytes.map(|bytes| ("peak memory", units::bytes(bytes as usize))));
    let text = format!(
        "Proved the widths of all parameters of `{}` in {}\n",
        units::path(model),
        units::time(elapsed)
    ) + &units::fields(fields);
    Ok(Report::done(&facts, &text))
}
