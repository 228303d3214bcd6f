//! `tacit evaluate`: every sample without a proof, compared with labels and with another implementation's outputs.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_layers::{Architecture, Output};

use crate::{
    answer::{Answer, agreement, outputs_of},
    arguments::EvaluateArguments,
    array_file, artifact,
    fidelity::{self, OutputFidelity},
    inference::Inference,
    inputs::Inputs,
    progress::Progress,
    reading::InputReadings,
    report::Report,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    samples: usize,
    accuracy: Option<f64>,
    /// Share of samples with the class of the first output's reference; null where it does not look like classes.
    agreement: Option<f64>,
    /// Largest difference of the first output from its reference.
    max_error: Option<f64>,
    /// Every output that there is a reference for.
    outputs: Vec<OutputFidelity>,
    /// What quantisation did to the samples.
    input: InputReadings,
    /// What is wrong.
    warnings: Vec<String>,
}

pub(super) fn run(arguments: &EvaluateArguments) -> Result<Report> {
    let progress = Progress::new("Reading the model");
    let key = artifact::proving_key(&arguments.model)?;
    let architecture = &key.network().architecture;
    let samples = Inputs::of(architecture, &arguments.input)?;
    let labels = arguments.labels.as_ref().map(|path| samples.labels(path)).transpose()?;
    let first = architecture.outputs.first().context("the network has no output")?;
    if let Some(labels) = &labels {
        fidelity::check_labels(labels, &first.name, &first.shape)?;
    }
    let references = references(architecture, &arguments.reference)?;
    let values = samples.all()?;
    let input = InputReadings::new(architecture, 0, &values)?;
    let answers = Inference::new(key.network())?.answers_of(&values, &progress)?;
    let classes: Vec<usize> = answers.iter().map(|answer| answer.argmax).collect();
    let compare = |&(index, path): &(usize, &Path)| compare(architecture, &answers, index, path);
    let outputs = references.iter().map(compare).collect::<Result<Vec<_>>>()?;
    drop(progress);

    let mut warnings: Vec<String> = outputs.iter().flat_map(OutputFidelity::warnings).collect();
    warnings.extend(labels.as_ref().and_then(|l| fidelity::doubt_about_labels(l, &classes, "the network")));
    let of_first = outputs.first().filter(|_| references.first().is_some_and(|&(index, _)| index == 0));
    let facts = Facts {
        samples: samples.len(),
        accuracy: labels.map(|labels| agreement(&classes, &labels)),
        agreement: of_first.and_then(OutputFidelity::agreement),
        max_error: of_first.map(OutputFidelity::largest_error),
        outputs,
        input,
        warnings,
    };
    let text = to_text(&facts, architecture, &references);
    let is_poor = arguments.strict && !facts.warnings.is_empty();
    Ok(if is_poor { Report::poor(&facts, &text) } else { Report::done(&facts, &text) })
}

fn to_text(facts: &Facts, architecture: &Architecture, references: &[(usize, &Path)]) -> String {
    let mut fields = vec![("samples".to_owned(), units::count(facts.samples as u64))];
    fields.extend(facts.accuracy.map(|share| ("accuracy".to_owned(), units::share(share))));
    for figures in &facts.outputs {
        let text = format!("{}, largest difference {:.4}", figures.to_text(), figures.largest_error());
        fields.push((format!("output `{}`", figures.name()), text));
    }
    let is_compared = |index: usize| references.iter().any(|&(other, _)| other == index);
    for (index, Output { name, .. }) in architecture.outputs.iter().enumerate() {
        if !references.is_empty() && !is_compared(index) {
            let text = format!("not compared: give its reference with --reference {name}=FILE");
            fields.push((format!("output `{name}`"), text));
        }
    }
    fields.extend(facts.input.clipping().map(|text| ("CLIPPED".to_owned(), text)));
    units::fields(fields.iter().map(|(label, text)| (label.as_str(), text.clone())))
        + &fidelity::warning_lines(&facts.warnings)
}

/// The outputs that references are given for, in order: by name, or the first that has none yet.
fn references<'a>(architecture: &Architecture, given: &'a [String]) -> Result<Vec<(usize, &'a Path)>> {
    let mut references: Vec<(usize, &Path)> = vec![];
    for text in given {
        let named = text.split_once('=').and_then(|(name, file)| {
            let index = architecture.outputs.iter().position(|output| output.name == name)?;
            Some((index, file))
        });
        let is_free = |index: &usize| references.iter().all(|(other, _)| other != index);
        let next = (0..architecture.outputs.len()).find(is_free);
        let Some((index, file)) = named.or_else(|| Some((next?, text))).filter(|(index, _)| is_free(index))
        else {
            bail!(
                "--reference {text}: the network has {} outputs, and a reference for each at most",
                architecture.outputs.len()
            );
        };
        references.push((index, Path::new(file)));
    }
    references.sort_by_key(|&(index, _)| index);
    Ok(references)
}

/// One output beside its reference.
fn compare(
    architecture: &Architecture,
    answers: &[Answer],
    index: usize,
    path: &Path,
) -> Result<OutputFidelity> {
    let output = architecture.outputs.get(index).context("the network has no such output")?;
    let (size, count) = (output.shape.iter().product::<usize>(), answers.len());
    let reference = array_file::read_reals(path)?.array;
    if size == 0 || reference.values.len() != count * size {
        bail!(
            "`{}` has shape {:?}, which does not hold {size} values of output `{}` for each of {count} samples: give the \
             outputs for the same samples",
            path.display(),
            reference.shape,
            output.name
        );
    }
    let expected: Vec<Vec<f32>> = reference.values.chunks_exact(size).map(<[f32]>::to_vec).collect();
    fidelity::check_finite(&format!("`{}`", path.display()), &expected)?;
    Ok(OutputFidelity::new(&output.name, &output.shape, &expected, &outputs_of(answers, index)))
}
