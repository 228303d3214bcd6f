//! `tacit verify-key`: checks a proof about what a key commits to.

use std::time::Instant;

use anyhow::Result;
use serde::Serialize;
use tacit_layers::{
    KeyProofFile, VerifyingKey, argument::soundness::SoundnessError, printable::printable,
    proof::parameters::ParameterPlan,
};
use tacit_verifier::Verify as _;

use crate::{arguments::VerifyKeyArguments, artifact, progress::Progress, report::Report, units};

#[derive(Debug, Serialize)]
struct Facts {
    accepted: bool,
    reason: Option<String>,
    key_digest: Option<String>,
    soundness_bits: Option<f64>,
    verify_seconds: f64,
}

pub(super) fn run(arguments: &VerifyKeyArguments) -> Result<Report> {
    let progress = Progress::new("Reading the key");
    let key = match artifact::trusted_key(&arguments.key)? {
        Ok(key) => key,
        Err(error) => return Ok(rejected(error.to_string(), None, 0.0)),
    };
    let digest = units::hexadecimal(key.digest());
    progress.step("Verifying");
    let start = Instant::now();
    let outcome = match artifact::key_proof(&arguments.proof)? {
        Ok(file) => check(&key, &file),
        Err(error) => Err(error.to_string()),
    };
    let elapsed = start.elapsed();
    drop(progress);

    let verify_seconds = elapsed.as_secs_f64();
    let bits = match outcome {
        Ok(bits) => bits,
        Err(reason) => return Ok(rejected(reason, Some(digest), verify_seconds)),
    };
    let facts = Facts {
        accepted: true,
        reason: None,
        key_digest: Some(digest.clone()),
        soundness_bits: Some(bits),
        verify_seconds,
    };
    let text = format!("ACCEPTED in {}\n", units::time(elapsed))
        + &units::fields([
            ("key", digest),
            ("says", "the key commits to weights and biases of their declared widths".to_owned()),
            ("soundness", format!("{bits:.1} bits")),
        ]);
    Ok(Report::done(&facts, &text))
}

/// The proof's soundness, or the reason why it is rejected.
fn check(key: &VerifyingKey, file: &KeyProofFile) -> Result<f64, String> {
    key.verify_parameters(file).map_err(|error| error.to_string())?;
    let plan = ParameterPlan::new(key).map_err(|error| error.to_string())?;
    Ok(plan.soundness().into_iter().map(|(_, error)| error).sum::<SoundnessError>().bits())
}

fn rejected(reason: String, key_digest: Option<String>, verify_seconds: f64) -> Report {
    let text = format!("REJECTED: {}", printable(&reason));
    let facts =
        Facts { accepted: false, reason: Some(reason), key_digest, soundness_bits: None, verify_seconds };
    Report::rejected(&facts, &text)
}
