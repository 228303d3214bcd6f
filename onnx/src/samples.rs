//! Real samples to the network's integers and back.

use tacit_layers::{Architecture, Tensor};

use crate::{error::Error, model::input::check_sample};

/// Quantises one sample as the network's input layer says.
///
/// # Errors
/// [`Error::SampleSize`] or [`Error::SampleValue`] when the sample does not fit.
pub fn quantise_input(network: &Architecture, sample: &[f32]) -> Result<Tensor<i64>, Error> {
    let input = network.input()?;
    check_sample(input.layout.axes(), sample)?;
    let values = sample.iter().map(|&value| input.quantise(f64::from(value))).collect();
    Ok(Tensor::new(input.layout.clone(), values)?)
}

/// Real values of an output; empty when there is no such output.
pub fn dequantise_output(network: &Architecture, output_index: usize, values: &Tensor<i64>) -> Vec<f32> {
    let Some(output) = network.outputs.get(output_index) else { return vec![] };
    let axes = values.layout().axes();
    let inner: usize = axes.iter().skip(output.scale_axis.saturating_add(1)).product();
    let scale = |index: usize| match &output.scales[..] {
        [scale] => *scale,
        scales => scales.get(index / inner % scales.len().max(1)).copied().unwrap_or(0.0),
    };
    values.data().iter().enumerate().map(|(index, &value)| (value as f64 * scale(index)) as f32).collect()
}
