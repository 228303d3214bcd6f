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

/// Output integers in JSON: the only output's, or a list of every output's.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum OutputIntegers {
    /// Of the only output.
    One(Vec<i64>),
    /// Of every output, in order.
    Many(Vec<Vec<i64>>),
}

/// The outputs of one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Name of each output.
    names: Vec<String>,
    /// Real values of each output, row-major, rounded to float32.
    pub outputs: Vec<Vec<f32>>,
    /// The integers that are proved.
    pub integers: Vec<Vec<i64>>,
    /// Position of the largest value of the first output, the first of equals: of the integers times their scales, before
    /// anything is rounded to float32.
    pub argmax: usize,
}

impl Answer {
    /// Reads integer outputs as real numbers.
    pub fn new<'a>(
        architecture: &Architecture,
        outputs: impl IntoIterator<Item = &'a Tensor<i64>>,
    ) -> Result<Self> {
        let tensors: Vec<&Tensor<i64>> = outputs.into_iter().collect();
        let first = tensors.first().context("the network has no output")?;
        let reals = |(index, tensor): (usize, &&Tensor<i64>)| {
            tacit_onnx::dequantise_output(architecture, index, tensor)
        };
        Ok(Self {
            names: architecture.outputs.iter().map(|output| output.name.clone()).collect(),
            outputs: tensors.iter().enumerate().map(reals).collect(),
            argmax: argmax(&tacit_onnx::samples::output_reals(architecture, 0, first)),
            integers: tensors.iter().map(|tensor| tensor.data().to_vec()).collect(),
        })
    }

    /// The integers for JSON.
    pub fn integers(&self) -> OutputIntegers {
        match self.integers.as_slice() {
            [output] => OutputIntegers::One(output.clone()),
            outputs => OutputIntegers::Many(outputs.to_vec()),
        }
    }

    /// The values for JSON.
    pub fn values(&self) -> OutputValues {
        match self.outputs.as_slice() {
            [output] => OutputValues::One(output.clone()),
            outputs => OutputValues::Many(outputs.to_vec()),
        }
    }

    /// The first values of the first output.
    pub fn to_text(&self) -> String {
        text(self.outputs.first().map_or(&[][..], Vec::as_slice))
    }

    /// The first values of every output but the first, under its name.
    pub fn further(&self) -> Vec<(&str, String)> {
        let outputs = self.names.iter().zip(&self.outputs).skip(1);
        outputs.map(|(name, values)| (name.as_str(), format!("[{}]", text(values)))).collect()
    }
}

/// The first values of an output.
fn text(output: &[f32]) -> String {
    const SHOWN: usize = 10;
    let mut text: Vec<String> = output.iter().take(SHOWN).map(|x| format!("{x:.3}")).collect();
    if output.len() > SHOWN {
        text.push(format!("... ({} values)", output.len()));
    }
    text.join(" ")
}

/// Position of the largest value, the first of equals.
pub fn argmax<T: PartialOrd + Copy>(values: &[T]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if values.get(best).is_some_and(|largest| value > largest) {
            best = index;
        }
    }
    best
}

/// One output of every answer.
pub fn outputs_of(answers: &[Answer], index: usize) -> Vec<&[f32]> {
    answers.iter().map(|answer| answer.outputs.get(index).map_or(&[][..], Vec::as_slice)).collect()
}

/// Share of positions where two lists of classes agree.
pub fn agreement(left: &[usize], right: &[usize]) -> f64 {
    left.iter().zip(right).filter(|(a, b)| a == b).count() as f64 / left.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use tacit_layers::{InputLayer, Layout, Node, NodeId, Operation, Output};

    use super::*;

    /// Two outputs that are one float32 number: the class is that of the integers times their scales.
    #[test]
    fn the_class_is_that_of_the_integers() {
        let layout = || Layout::new(vec![2]).unwrap();
        let input = InputLayer::real(layout(), (0, 127), 1.0);
        let nodes = vec![Node { name: "x".into(), operation: Operation::Input(input), inputs: vec![] }];
        let scales = vec![1.0, 1.0 + 1e-12];
        let output = Output { name: "y".into(), node: NodeId(0), shape: vec![2], scales, scale_axis: 0 };
        let architecture =
            Architecture { name: "m".into(), nodes, parameters: vec![], outputs: vec![output] };
        for (values, class) in [(vec![100, 100], 1), (vec![101, 100], 0), (vec![0, 0], 0)] {
            let tensor = Tensor::new(layout(), values.clone()).unwrap();
            let answer = Answer::new(&architecture, [&tensor]).unwrap();
            assert_eq!((answer.argmax, &answer.integers[0]), (class, &values));
        }
        let tensor = Tensor::new(layout(), vec![100, 100]).unwrap();
        let answer = Answer::new(&architecture, [&tensor]).unwrap();
        assert_eq!(answer.outputs[0][0].to_bits(), answer.outputs[0][1].to_bits());
    }

    #[test]
    fn argmax_takes_the_first_of_equals() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0, -1.0]), 1);
        assert_eq!(argmax::<f32>(&[]), 0);
    }

    #[test]
    fn agreement_is_a_share() {
        assert!((agreement(&[1, 2, 3, 4], &[1, 2, 0, 4]) - 0.75).abs() < 1e-12);
    }
}
