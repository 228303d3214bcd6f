//! Samples that fit the model's input.

use crate::error::Error;

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
