//! Real samples to the network's integers and back.

use tacit_layers::{Architecture, InputKind, InputLayer, InputUnit, Tensor};

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
        input.quantise(position, f64::from(value)).ok_or_else(refused)
    };
    let values = sample.iter().enumerate().map(integer).collect::<Result<_, _>>()?;
    Ok(Tensor::new(input.layout.clone(), values)?)
}

/// The real numbers that a network's input reads without clipping.
#[derive(Debug, Clone, Copy)]
pub struct InputRange<'a>(&'a InputLayer);

impl<'a> InputRange<'a> {
    /// The range of an input.
    pub const fn new(input: &'a InputLayer) -> Self {
        Self(input)
    }

    /// The smallest and the largest at a position.
    pub fn at(&self, position: usize) -> (f64, f64) {
        let InputUnit { scale, zero } = self.0.unit(position);
        let real = |bound: i64| zero + bound as f64 * scale;
        (real(self.0.bounds.0), real(self.0.bounds.1))
    }

    /// Real value of one integer step at a position.
    pub fn step(&self, position: usize) -> f64 {
        self.0.unit(position).scale
    }

    /// Whether all positions have one range.
    pub const fn is_one(&self) -> bool {
        !matches!(self.0.kind, InputKind::Channels { .. })
    }

    /// What the integer that a value at a position is read as stands for, less the value; none where the value is clipped.
    pub fn rounding(&self, position: usize, value: f32) -> Option<f64> {
        let InputUnit { scale, zero } = self.0.unit(position);
        let real = f64::from(value);
        let quotient = if self.is_one() { f64::from(value / scale as f32) } else { (real - zero) / scale };
        let integer = quotient.round_ties_even() as i64;
        let (low, high) = self.0.bounds;
        (low..=high).contains(&integer).then_some(zero + integer as f64 * scale - real)
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
        assert_eq!((range.at(0), range.step(0), range.is_one()), ((-1.0, 1.5), 0.5, true));
        for (value, rounding) in [(0.25, Some(-0.25)), (-1.2, Some(0.2)), (1.7, Some(-0.2)), (1.5, Some(0.0))]
        {
            let actual = range.rounding(0, value);
            assert!(
                actual.zip(rounding).is_some_and(|(a, b): (f64, f64)| (a - b).abs() < 1e-6),
                "{value}: {actual:?}"
            );
        }
        for value in [1.76, -1.3, 1e30, -1e30] {
            assert_eq!(range.rounding(0, value), None, "{value}");
            let read = quantise_input(&network, &[value, 0.0]).unwrap();
            assert_eq!(read.data()[0], if value > 0.0 { 3 } else { -2 });
        }
    }

    #[test]
    fn channels_have_ranges_of_their_own() {
        let units = [(1.0, 1000.0), (1e-3, 0.0)].map(|(scale, zero)| InputUnit { scale, zero }).to_vec();
        let kind = InputKind::Channels { axis: 0, units };
        let input = InputLayer { layout: Layout::new(vec![2]).unwrap(), bounds: (-2, 3), kind };
        let range = InputRange::new(&input);
        assert_eq!((range.at(0), range.step(1), range.is_one()), ((998.0, 1003.0), 1e-3, false));
        assert_eq!((range.rounding(0, 1000.25), range.rounding(0, 997.0)), (Some(-0.25), None));
        assert_eq!((range.rounding(0, 0.0), range.rounding(1, 0.0)), (None, Some(0.0)));
        assert_eq!(range.rounding(1, 0.004), None);
        let read = quantise_sample("x", &input, &[1000.9, -0.5]).unwrap();
        assert_eq!(read.data(), [1, -2]);
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
