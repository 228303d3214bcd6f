//! `tacit evaluate`: every sample without a proof, compared with labels and with another implementation's outputs.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::{
    answer::{Answer, agreement, argmax},
    arguments::EvaluateArguments,
    artifact,
    inference::Inference,
    npy,
    progress::Progress,
    report::Report,
    samples::Samples,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    samples: usize,
    accuracy: Option<f64>,
    agreement: Option<f64>,
    max_error: Option<f32>,
}

pub(super) fn run(arguments: &EvaluateArguments) -> Result<Report> {
    let progress = Progress::new("Reading the model");
    let key = artifact::proving_key(&arguments.model)?;
    let samples = Samples::read(&arguments.input, key.network().architecture.input()?.layout.axes())?;
    let labels = arguments.labels.as_ref().map(|path| samples.labels(path)).transpose()?;
    let answers = Inference::new(key.network())?.answers(&samples.all()?, &progress)?;
    let classes: Vec<usize> = answers.iter().map(|answer| answer.argmax).collect();
    let reference = arguments.reference.as_ref().map(|path| compare(&answers, path)).transpose()?;
    drop(progress);

    let facts = Facts {
        samples: samples.len(),
        accuracy: labels.map(|labels| agreement(&classes, &labels)),
        agreement: reference.map(|(agreement, _)| agreement),
        max_error: reference.map(|(_, error)| error),
    };
    let mut fields = vec![("samples", units::count(facts.samples as u64))];
    fields.extend(facts.accuracy.map(|share| ("accuracy", units::share(share))));
    fields.extend(facts.agreement.map(|share| ("agreement with the reference", units::share(share))));
    fields.extend(facts.max_error.map(|error| ("largest difference from it", format!("{error:.4}"))));
    Ok(Report::done(&facts, &units::fields(fields)))
}

/// Share of samples with the class of the reference, and the largest difference from it.
fn compare(answers: &[Answer], path: &Path) -> Result<(f64, f32)> {
    let reference = npy::read_reals(path)?;
    let outputs: Vec<&[f32]> =
        answers.iter().map(|answer| answer.outputs.first().map_or(&[][..], Vec::as_slice)).collect();
    let size = outputs.first().map_or(0, |output| output.len());
    if size == 0 || reference.values.len() != outputs.len() * size {
        bail!(
            "`{}` has shape {:?}, which does not hold {size} values for each of {} samples: give the outputs for the \
             same samples",
            path.display(),
            reference.shape,
            outputs.len()
        );
    }
    let expected: Vec<&[f32]> = reference.values.chunks_exact(size).collect();
    let classes = |outputs: &[&[f32]]| outputs.iter().map(|output| argmax(output)).collect::<Vec<_>>();
    let differences =
        outputs.iter().zip(&expected).flat_map(|(a, b)| a.iter().zip(*b).map(|(a, b)| (a - b).abs()));
    Ok((agreement(&classes(&outputs), &classes(&expected)), differences.fold(0.0, f32::max)))
}
