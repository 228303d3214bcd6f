//! One model: compiled, evaluated on all samples, proved and verified on a few.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tacit_layers::{Network, Tensor, cost::UnitCosts};
use tacit_onnx::{FloatModel, QuantiseOptions, quantise};
use tacit_prover::ProvingKey;

use super::{
    folder::ModelFolder,
    row::{HEADER, Row, Status, reasons},
};
use crate::{
    answer::{agreement, argmax},
    arguments::{BenchOptions, ModelArguments},
    description,
    inference::Inference,
    memory, npy,
    progress::Progress,
    report::Report,
    samples::Samples,
    units,
};

pub(super) fn run(arguments: &ModelArguments) -> Result<Report> {
    let folder = ModelFolder::new(&arguments.folder)?;
    let mut row = measure(&folder, &arguments.options)?;
    row.peak_memory_bytes = memory::peak_bytes();
    let cells = row.cells();
    let text = units::fields(HEADER.into_iter().zip(cells)) + &reasons(std::slice::from_ref(&row), "  ");
    Ok(Report::done(&row, &text))
}

fn measure(folder: &ModelFolder, options: &BenchOptions) -> Result<Row> {
    let inputs = folder.shared("inputs.npy").with_context(|| {
        format!("`{}` holds no inputs.npy, nor does the folder of a model that it varies", folder.name())
    })?;
    let progress = Progress::new("Compiling");
    let quantisation = options.precision.options()?;
    let (key, arguments) = match compile(folder, &inputs, options, &quantisation) {
        Ok(compiled) => compiled,
        Err(error) => return Ok(Row::new(folder.name(), Status::Refused, Some(format!("{error:#}")))),
    };
    let architecture = &key.network().architecture;
    let samples = Samples::read(&inputs, architecture.input()?.layout.axes())?;
    let mut row = Row {
        parameters: Some(key.network().num_parameters()),
        macs: Some(description::num_macs(architecture)?),
        lookups: Some(key.verifying_key().num_lookups()),
        arguments,
        samples: Some(samples.len()),
        ..Row::new(folder.name(), Status::Proved, None)
    };
    evaluate(folder, &key, &samples, &progress, &mut row)?;

    progress.step("Proving");
    let (mut proving, mut verifying) = (vec![], vec![]);
    for index in 0..usize::from(options.samples).min(samples.len()) {
        let input = tacit_onnx::quantise_input(architecture, samples.get(index)?)?;
        let proof = prove(&key, &input).with_context(|| format!("sample {index}"))?;
        proving.push(proof.proving);
        verifying.push(proof.verifying);
        row.proof_bytes = row.proof_bytes.max(Some(proof.bytes));
    }
    row.prove_seconds = median(proving);
    row.verify_seconds = median(verifying);
    Ok(row)
}

/// The model's key, and how many layers each argument proves. An error is the model's: it is not supported.
fn compile(
    folder: &ModelFolder,
    inputs: &Path,
    options: &BenchOptions,
    quantisation: &QuantiseOptions,
) -> Result<(ProvingKey, BTreeMap<String, usize>)> {
    let mut network = match tacit_onnx::quantised::import(&folder.model())? {
        Some(model) => model.network,
        None => quantised(folder, inputs, quantisation)?,
    };
    let choices = network.choose_arguments(options.arrangement.policy(), &UnitCosts::default())?;
    let mut arguments = BTreeMap::new();
    for choice in choices {
        *arguments.entry(choice.argument.to_string()).or_default() += 1;
    }
    Ok((ProvingKey::setup(network)?, arguments))
}

/// The network of a float model.
fn quantised(folder: &ModelFolder, inputs: &Path, options: &QuantiseOptions) -> Result<Network> {
    let float = FloatModel::load(&folder.model())?;
    let calibration = folder.shared("calibration.npy").unwrap_or_else(|| inputs.to_owned());
    let calibration = Samples::read(&calibration, float.input_shape())?.all()?;
    Ok(quantise(&float, &calibration, options)?)
}

/// Accuracies on all samples where there are labels, agreement where there are reference outputs.
fn evaluate(
    folder: &ModelFolder,
    key: &ProvingKey,
    samples: &Samples,
    progress: &Progress,
    row: &mut Row,
) -> Result<()> {
    let Some(output) = key.network().architecture.outputs.first() else { return Ok(()) };
    let size: usize = output.shape.iter().product();
    // One class for each row of the last axis.
    let last = output.shape.last().copied().filter(|&axis| axis > 1).unwrap_or(size);
    let classes = |values: &[f32]| values.chunks(last).map(argmax).collect::<Vec<_>>();
    let answers = Inference::new(key.network())?.answers(&samples.all()?, progress)?;
    let quantised: Vec<usize> =
        answers.iter().filter_map(|answer| answer.outputs.first()).flat_map(|o| classes(o)).collect();
    let labels = folder.shared("labels.npy").map(|path| npy::read_classes(&path)).transpose()?;
    let labels = labels.filter(|labels| labels.len() == quantised.len());
    let reference = folder.own("logits.npy").map(|path| npy::read_reals(&path)).transpose()?;
    let reference = reference
        .map(|reference| classes(&reference.values))
        .filter(|reference| reference.len() == quantised.len());
    let accuracy = |classes: &[usize]| labels.as_ref().map(|labels| agreement(classes, labels));
    row.accuracy_quantised = accuracy(&quantised);
    row.accuracy_float = reference.as_ref().and_then(|reference| accuracy(reference));
    row.agreement = reference.map(|reference| agreement(&quantised, &reference));
    Ok(())
}

struct Proof {
    proving: Duration,
    verifying: Duration,
    bytes: usize,
}

fn prove(key: &ProvingKey, input: &Tensor<i64>) -> Result<Proof> {
    let clock = Instant::now();
    let proven = tacit_prover::prove(key, input).context("cannot be proved")?;
    let proving = clock.elapsed();
    let clock = Instant::now();
    tacit_verifier::verify(key.verifying_key(), input, &proven.outputs, &proven.proof)
        .context("its proof is rejected")?;
    Ok(Proof { proving, verifying: clock.elapsed(), bytes: proven.proof.len() })
}

fn median(mut times: Vec<Duration>) -> Option<f64> {
    times.sort();
    times.get(times.len() / 2).map(Duration::as_secs_f64)
}
