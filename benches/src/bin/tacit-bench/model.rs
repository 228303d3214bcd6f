//! ONNX models: compiled as `tacit compile` does, evaluated on all samples of their folder.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tacit_benches::row::Accuracy;
use tacit_layers::{Network, Tensor};
use tacit_onnx::{FloatModel, QuantiseOptions, quantise};
use tacit_prover::ProvingKey;

use super::folder::ModelFolder;
use tacit_cli::{
    answer::{agreement, argmax},
    array_file,
    inference::Inference,
    progress::Progress,
    samples::Samples,
};

/// The samples that are proved.
pub(super) fn inputs(folder: &ModelFolder) -> Result<PathBuf> {
    folder.shared("inputs.npy").with_context(|| {
        format!("`{}` holds no inputs.npy, nor does the folder of a model that it varies", folder.name())
    })
}

/// The model's network. An error is the model's: it is not supported.
pub(super) fn network(folder: &ModelFolder, options: &QuantiseOptions) -> Result<Network> {
    match tacit_onnx::quantised::import(&folder.model())? {
        Some(model) => Ok(model.network),
        None => quantised(folder, options),
    }
}

/// The network of a float model.
fn quantised(folder: &ModelFolder, options: &QuantiseOptions) -> Result<Network> {
    let float = FloatModel::load(&folder.model())?;
    let calibration = folder.shared("calibration.npy").map_or_else(|| inputs(folder), Ok)?;
    let calibration = Samples::read(&calibration, float.input_shape())?.all()?;
    Ok(quantise(&float, &calibration, options)?)
}

/// The first samples, quantised; where there are fewer, they are taken again.
pub(super) fn quantised_inputs(
    key: &ProvingKey,
    samples: &Samples,
    count: usize,
) -> Result<Vec<Tensor<i64>>> {
    let architecture = &key.network().architecture;
    let input = |index: usize| {
        Ok(tacit_onnx::quantise_input(architecture, samples.get(index % samples.len().max(1))?)?)
    };
    (0..count).map(input).collect()
}

/// Accuracies on all samples where there are labels, agreement where there are reference outputs.
pub(super) fn evaluate(
    folder: &ModelFolder,
    key: &ProvingKey,
    samples: &Samples,
    progress: &Progress,
) -> Result<Option<Accuracy>> {
    let Some(output) = key.network().architecture.outputs.first() else { return Ok(None) };
    let size: usize = output.shape.iter().product();
    // One class for each row of the last axis.
    let last = output.shape.last().copied().filter(|&axis| axis > 1).unwrap_or(size);
    let classes = |values: &[f32]| values.chunks(last).map(argmax).collect::<Vec<_>>();
    let answers = Inference::new(key.network())?.answers(&samples.all()?, progress)?;
    let quantised: Vec<usize> =
        answers.iter().filter_map(|answer| answer.outputs.first()).flat_map(|o| classes(o)).collect();
    let labels = folder.shared("labels.npy").map(|path| array_file::read_classes(&path)).transpose()?;
    let labels = labels.filter(|labels| labels.len() == quantised.len());
    let reference = folder.own("logits.npy").map(|path| array_file::read_reals(&path)).transpose()?;
    let reference = reference
        .map(|reference| classes(&reference.array.values))
        .filter(|reference| reference.len() == quantised.len());
    let accuracy = |classes: &[usize]| labels.as_ref().map(|labels| agreement(classes, labels));
    Ok(Some(Accuracy {
        samples: samples.len(),
        float: reference.as_ref().and_then(|reference| accuracy(reference)),
        quantised: accuracy(&quantised),
        agreement: reference.map(|reference| agreement(&quantised, &reference)),
    }))
}
