//! The network's outputs as real numbers, and the class they name.

use anyhow::{Context, Result};
use serde::Serialize;
use tacit_layers::{Architecture, Tensor};

/// Output values in JSON: the only output's, or a list of every output's.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum OutputValues {
    /// Of the only output.
    One(Vec<f32>),
    /// Of every output, in order.
    Many(Vec<Vec<f32>>),
}

/// The outputs of one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Real values of each output, row-major.
    pub outputs: Vec<Vec<f32>>,
    /// Position of the largest value of the first output.
    pub argmax: usize,
}

impl Answer {
    /// Reads integer outputs as real numbers.
    pub fn new<'a>(
        architecture: &Architecture,
        outputs: impl IntoIterator<Item = &'a Tensor<i64>>,
    ) -> Result<Self> {
        let outputs: Vec<Vec<f32>> = outputs
            .into_iter()
            .enumerate()
            .map(|(index, tensor)| tacit_onnx::dequantise_output(architecture, index, tensor))
            .collect();
        let argmax = argmax(outputs.first().context("the network has no output")?);
        Ok(Self { outputs, argmax })
    }

    /// The values for JSON.
    pub fn values(&self) -> OutputValues {
        match self.outputs.as_slice() {
            [output] => OutputValues::One(output.clone()),
            outputs => OutputValues::Many(outputs.to_vec()),
        }
    }

    /// The values of the first output, the largest few of a long one.
    pub fn to_text(&self) -> String {
        const SHOWN: usize = 10;
        let output = self.outputs.first().map_or(&[][..], Vec::as_slice);
        let mut text: Vec<String> = output.iter().take(SHOWN).map(|x| format!("{x:.3}")).collect();
        if output.len() > SHOWN {
            text.push(format!("... ({} values)", output.len()));
        }
        text.join(" ")
    }
}

/// Position of the largest value, the first of equals.
pub fn argmax(values: &[f32]) -> usize {
    let largest = |best: (usize, f32), (i, &x): (usize, &f32)| if x > best.1 { (i, x) } else { best };
    values.iter().enumerate().fold((0, f32::NEG_INFINITY), largest).0
}

/// Share of positions where two lists of classes agree.
pub fn agreement(left: &[usize], right: &[usize]) -> f64 {
    left.iter().zip(right).filter(|(a, b)| a == b).count() as f64 / left.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argmax_takes_the_first_of_equals() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0, -1.0]), 1);
        assert_eq!(argmax(&[]), 0);
    }

    #[test]
    fn agreement_is_a_share() {
        assert!((agreement(&[1, 2, 3, 4], &[1, 2, 0, 4]) - 0.75).abs() < 1e-12);
    }
}
