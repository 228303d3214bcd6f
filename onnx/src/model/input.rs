//! The model's inputs, and samples that fit them.
//!
//! A sample of a model with several inputs is all inputs' arrays behind each other, in the model's order.

use super::declared::{DeclaredInput, SampleKind};
use crate::error::Error;

/// An input of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInput {
    /// Its name.
    pub name: String,
    /// Its part of one sample, without the batch axis.
    pub shape: Vec<usize>,
    /// What it holds.
    pub kind: SampleKind,
    pub(crate) is_batched: bool,
}

impl ModelInput {
    /// Elements of its part of one sample.
    pub fn size(&self) -> usize {
        size(&self.shape)
    }
}

impl From<DeclaredInput> for ModelInput {
    fn from(DeclaredInput { name, kind, shape, is_batched, .. }: DeclaredInput) -> Self {
        let shape = shape.into_iter().skip(usize::from(is_batched)).collect();
        Self { name, shape, kind, is_batched }
    }
}

/// Elements of a tensor of a shape.
pub(super) fn size(shape: &[usize]) -> usize {
    shape.iter().fold(1, |size, &axis| size.saturating_mul(axis))
}

/// Largest integer up to which float32 has all.
const MAX_INTEGER: f32 = 16_777_216.0;

/// Checks that what a sample holds for inputs of integers or truth values is such.
pub(crate) fn check_integers(inputs: &[ModelInput], parts: &[&[f32]]) -> Result<(), Error> {
    for (ModelInput { name, kind, .. }, part) in inputs.iter().zip(parts) {
        let (minimum, maximum) = match kind {
            SampleKind::Real => continue,
            SampleKind::Integer => (-MAX_INTEGER, MAX_INTEGER),
            SampleKind::Boolean => (0.0, 1.0),
        };
        let fits = |value: f32| value.fract() == 0.0 && (minimum..=maximum).contains(&value);
        if let Some(position) = part.iter().position(|&value| !fits(value)) {
            return Err(Error::SampleInteger {
                input: name.clone(),
                kind: kind.name(),
                position,
                value: part[position],
                minimum: minimum as i64,
                maximum: maximum as i64,
            });
        }
    }
    Ok(())
}

/// The smallest and the largest of what a sample holds for an input, zero included.
pub(super) fn bounds_of(part: &[f32]) -> (i64, i64) {
    part.iter().fold((0, 0), |(low, high), &value| (low.min(value as i64), high.max(value as i64)))
}

/// Checks a sample's size and that it holds numbers.
pub(crate) fn check_sample(shape: &[usize], sample: &[f32]) -> Result<(), Error> {
    let expected = shape.iter().product();
    if sample.len() != expected {
        return Err(Error::SampleSize { shape: shape.to_vec(), expected, actual: sample.len() });
    }
    match sample.iter().position(|x| !x.is_finite()) {
        Some(position) => Err(Error::SampleValue { position, value: sample[position] }),
        None => Ok(()),
    }
}

/// Checks that there are calibration samples and that all fit the model.
pub(crate) fn check_samples(shape: &[usize], samples: &[Vec<f32>]) -> Result<(), Error> {
    if samples.is_empty() {
        return Err(Error::NoCalibration);
    }
    let expected = shape.iter().product();
    for (sample, values) in samples.iter().enumerate() {
        if values.len() != expected {
            let actual = values.len();
            return Err(Error::CalibrationSize { sample, shape: shape.to_vec(), expected, actual });
        }
        if let Some(position) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::CalibrationValue { sample, position, value: values[position] });
        }
    }
    Ok(())
}
