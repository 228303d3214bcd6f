//! Real samples to the network's integers and back.

use tacit_layers::{Architecture, InputLayer, Tensor};

use crate::{error::Error, model::input::check_sample};

/// Quantises one sample as the network's only input layer says.
///
/// # Errors
/// As [`quantise_sample`], and when the network has several inputs.
pub fn quantise_input(network: &Architecture, sample: &[f32]) -> Result<Tensor<i64>, Error> {
    let input = network.input()?;
    quantise_sample(network.input_layers().next().map_or("", |(name, _)| name), input, sample)
}

/// Quantises one sample, which holds what there is for each input behind each other, in the network's order.
///
/// # Errors
/// As [`quantise_sample`].
pub fn quantise_inputs(network: &Architecture, sample: &[f32]) -> Result<Vec<Tensor<i64>>, Error> {
    let sizes: Vec<usize> = network.input_layers().map(|(_, input)| input.layout.num_elements()).collect();
    let expected = sizes.iter().sum();
    if sizes.len() > 1 && sample.len() != expected {
        return Err(Error::SampleSize { shape: vec![expected], expected, actual: sample.len() });
    }
    let mut rest = sample;
    let quantise = |((name, input), size): ((&str, &InputLayer), &usize)| {
        let size = if sizes.len() == 1 { rest.len() } else { *size };
        let (part, behind) = rest.split_at(size);
        rest = behind;
        quantise_sample(name, input, part)
    };
    network.input_layers().zip(&sizes).map(quantise).collect()
}

/// Quantises what a sample holds for one input, which has this name.
///
/// # Errors
/// [`Error::SampleSize`], [`Error::SampleValue`] or [`Error::SampleInteger`] when it does not fit.
pub fn quantise_sample(name: &str, input: &InputLayer, sample: &[f32]) -> Result<Tensor<i64>, Error> {
    check_sample(input.layout.axes(), sample)?;
    let integer = |(position, &value): (usize, &f32)| {
        let (minimum, maximum) = input.bounds;
        let kind = input.kind.name();
        let name = || name.to_owned();
        let refused = || Error::SampleInteger { input: name(), kind, position, value, minimum, maximum };
        input.quantise(f64::from(value)).ok_or_else(refused)
    };
    let values = sample.iter().enumerate().map(integer).collect::<Result<_, _>>()?;
    Ok(Tensor::new(input.layout.clone(), values)?)
}

/// The real numbers that a network's input reads without clipping.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputRange {
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
    /// Real value of one integer step.
    pub step: f64,
    bounds: (i64, i64),
}

impl InputRange {
    /// The range of an input.
    pub fn new(input: &InputLayer) -> Self {
        let (step, bounds) = (input.kind.scale(), input.bounds);
        let real = |bound: i64| bound as f64 * step;
        Self { minimum: real(bounds.0), maximum: real(bounds.1), step, bounds }
    }

    /// What the integer that a value is read as stands for, less the value; none where the value is clipped.
    pub fn rounding(&self, value: f32) -> Option<f64> {
        let integer = (value / self.step as f32).round_ties_even() as i64;
        let (low, high) = self.bounds;
        (low..=high).contains(&integer).then(|| integer as f64 * self.step - f64::from(value))
    }
}

/// Real values of an output, rounded to float32; empty when there is no such output.
pub fn dequantise_output(network: &Architecture, output_index: usize, values: &Tensor<i64>) -> Vec<f32> {
    output_reals(network, output_index, values).into_iter().map(|value| value as f32).collect()
}

/// Real values of an output: its integers times their scales; empty when there is no such output.
pub fn output_reals(network: &Architecture, output_index: usize, values: &Tensor<i64>) -> Vec<f64> {
    let Some(output) = network.outputs.get(output_index) else { return vec![] };
    let axes = values.layout().axes();
    let inner: usize = axes.iter().skip(output.scale_axis.saturating_add(1)).product();
    let scale = |index: usize| match &output.scales[..] {
        [scale] => *scale,
        scales => scales.get(index / inner % scales.len().max(1)).copied().unwrap_or(0.0),
    };
    values.data().iter().enumerate().map(|(index, &value)| value as f64 * scale(index)).collect()
}

#[cfg(test)]
mod tests {
    use tacit_layers::{InputLayer, Layout, Node, Operation, Output};

    use super::*;

    fn network(scales: Vec<f64>) -> Architecture {
        let layout = Layout::new(vec![2]).unwrap();
        let input = Operation::Input(InputLayer::real(layout, (-2, 3), 0.5));
        let input = Node { name: "x".into(), operation: input, inputs: vec![] };
        let node = tacit_layers::NodeId(0);
        let output = Output { name: "y".into(), node, shape: vec![2], scales, scale_axis: 0 };
        Architecture { name: "m".into(), nodes: vec![input], parameters: vec![], outputs: vec![output] }
    }

    #[test]
    fn what_rounds_to_a_bound_is_not_clipped_and_what_rounds_beyond_it_is() {
        let network = network(vec![1.0]);
        let range = InputRange::new(network.input().unwrap());
        assert_eq!((range.minimum, range.maximum, range.step), (-1.0, 1.5, 0.5));
        for (value, rounding) in [(0.25, Some(-0.25)), (-1.2, Some(0.2)), (1.7, Some(-0.2)), (1.5, Some(0.0))]
        {
            let actual = range.rounding(value);
            assert!(
                actual.zip(rounding).is_some_and(|(a, b): (f64, f64)| (a - b).abs() < 1e-6),
                "{value}: {actual:?}"
            );
        }
        for value in [1.76, -1.3, 1e30, -1e30] {
            assert_eq!(range.rounding(value), None, "{value}");
            let read = quantise_input(&network, &[value, 0.0]).unwrap();
            assert_eq!(read.data()[0], if value > 0.0 { 3 } else { -2 });
        }
    }

    /// Two channels whose values are one float32 number, and are not the same.
    #[test]
    fn outputs_keep_the_digits_that_float32_has_not() {
        let network = network(vec![1.0, 1.0 + 1e-12]);
        let values = Tensor::new(Layout::new(vec![2]).unwrap(), vec![1 << 20, 1 << 20]).unwrap();
        let reals = output_reals(&network, 0, &values);
        assert!(reals[1] > reals[0]);
        let rounded = dequantise_output(&network, 0, &values);
        assert_eq!(rounded[0].to_bits(), rounded[1].to_bits());
    }
}
