//! `tacit demo`: compiles an embedded LeNet-5, proves that it recognises a handwritten digit, and verifies the proof.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_layers::{ProofFile, StatedInput, VerifyingKey};
use tacit_onnx::{FloatModel, QuantiseOptions, quantise};
use tacit_prover::ProvingKey;

use super::{
    prove::{PhaseSeconds, phase_fields},
    verify,
};
use crate::{
    answer::{Answer, OutputValues},
    arguments::DemoArguments,
    description, digit, memory, npy,
    progress::Progress,
    report::Report,
    units,
};

/// The network; `fixtures/lenet5_digits/meta.json` tells where it and the digits come from.
const MODEL: &[u8] = include_bytes!("../../demo/model.onnx");
const CALIBRATION: &[u8] = include_bytes!("../../demo/calibration.npy");
const DIGITS: &[u8] = include_bytes!("../../demo/inputs.npy");
const LABELS: &[u8] = include_bytes!("../../demo/labels.npy");
/// Width and height of a digit.
const WIDTH: usize = 28;
const PIXELS: usize = WIDTH * WIDTH;

#[derive(Debug, Serialize)]
struct Facts {
    digit: usize,
    label: usize,
    output: OutputValues,
    argmax: usize,
    accepted: bool,
    reason: Option<String>,
    compile_seconds: f64,
    prove_seconds: f64,
    phases: PhaseSeconds,
    verify_seconds: f64,
    proof_bytes: usize,
    proving_key_bytes: usize,
    verifying_key_bytes: usize,
    soundness_bits: f64,
    peak_memory_bytes: Option<u64>,
}

pub(super) fn run(arguments: &DemoArguments) -> Result<Report> {
    let index = arguments.digit;
    let (digits, labels) = (npy::parse_reals(DIGITS)?, npy::parse_classes(LABELS)?);
    let Some((pixels, &label)) = digits.values.chunks_exact(PIXELS).nth(index).zip(labels.get(index)) else {
        bail!(
            "there are {} digits: --digit must be at most {}",
            labels.len(),
            labels.len().saturating_sub(1)
        );
    };

    let progress = Progress::new("Compiling LeNet-5");
    let (key, compile_time) = timed(compile)?;
    let architecture = &key.network().architecture;

    progress.step("Proving");
    let (proved, prove_time) = timed(|| {
        let input = tacit_onnx::quantise_input(architecture, pixels)?;
        let proven = tacit_prover::prove(&key, &input)?;
        Ok((input, proven))
    })?;
    let (input, proven) = proved;

    progress.step("Verifying");
    // As two people would: key and proof travel as files, and the verifier knows the digit.
    let key_bytes = key.verifying_key().to_bytes()?;
    let proof_bytes = proven.proof.len();
    let inputs = vec![StatedInput::Public(input.clone())];
    let (outputs, key_digest) = (proven.outputs, *key.verifying_key().digest());
    let file = ProofFile { key_digest, inputs, outputs, proof: proven.proof }.to_bytes()?;
    let verifying_key = VerifyingKey::from_bytes(&key_bytes)?;
    let (checked, verify_time) = timed(|| {
        let file = ProofFile::from_bytes(&file)?;
        Ok((verify::check(&verifying_key, &file, &[Some(verify::Given::Input(input.clone()))]), file))
    })?;
    let (outcome, file) = checked;
    drop(progress);

    let answer = Answer::new(architecture, file.statement().outputs)?;
    let facts = Facts {
        digit: index,
        label,
        output: answer.values(),
        argmax: answer.argmax,
        accepted: outcome.is_ok(),
        reason: outcome.err(),
        compile_seconds: compile_time.as_secs_f64(),
        prove_seconds: prove_time.as_secs_f64(),
        phases: PhaseSeconds::from(&proven.phases),
        verify_seconds: verify_time.as_secs_f64(),
        proof_bytes,
        proving_key_bytes: key.to_bytes()?.len(),
        verifying_key_bytes: key_bytes.len(),
        soundness_bits: verifying_key.soundness_bits(),
        peak_memory_bytes: memory::peak_bytes(),
    };
    let verdict = facts.reason.as_ref().map_or("accepted".to_owned(), |reason| format!("REJECTED: {reason}"));

    let macs = description::num_macs(architecture)?;
    let size = format!(
        "{}   ({} parameters, {} multiplications, {} look-ups)",
        units::time(compile_time),
        units::count(key.network().num_parameters() as u64),
        units::count(macs),
        units::count(verifying_key.num_lookups() as u64),
    );
    let mut fields = vec![("compile", size), ("prove", units::time(prove_time))];
    fields.extend(phase_fields(&proven.phases));
    fields.extend([
        ("verify", units::time(verify_time)),
        ("proof", units::bytes(proof_bytes)),
        ("proving key", units::bytes(facts.proving_key_bytes)),
        ("verifying key", units::bytes(facts.verifying_key_bytes)),
        ("soundness", format!("{:.0} bits, beside the discrete logarithm's", facts.soundness_bits)),
    ]);
    fields.extend(facts.peak_memory_bytes.map(|bytes| ("peak memory", units::bytes(bytes as usize))));
    let text = format!(
        "\n{}\n  LeNet-5 answers {}; the label is {label}. Proof {verdict}.\n\n{}",
        digit::draw(pixels, WIDTH),
        answer.argmax,
        units::fields(fields)
    );
    Ok(if facts.accepted { Report::done(&facts, &text) } else { Report::rejected(&facts, &text) })
}

fn compile() -> Result<ProvingKey> {
    let calibration = npy::parse_reals(CALIBRATION)?;
    let samples: Vec<Vec<f32>> = calibration.values.chunks_exact(PIXELS).map(<[f32]>::to_vec).collect();
    // The importer reads files.
    let folder =
        tempfile::tempdir().context("cannot make a temporary folder; set TMPDIR to one that is writable")?;
    let path = folder.path().join("lenet5.onnx");
    std::fs::write(&path, MODEL)
        .context("cannot write to the temporary folder; set TMPDIR to another one")?;
    let float = FloatModel::load(&path)?;
    Ok(ProvingKey::setup(quantise(&float, &samples, &QuantiseOptions::default())?)?)
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let start = Instant::now();
    let result = work()?;
    Ok((result, start.elapsed()))
}
