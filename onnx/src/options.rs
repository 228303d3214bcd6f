//! How to quantise.

use crate::error::Error;

/// How the largest representable value of an activation is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum CalibrationMethod {
    /// The largest value seen.
    Maximum,
    /// The value that this share of the values, between 0 and 1, does not exceed.
    Percentile(f64),
    /// The value that gives the smallest mean squared error of clipping and rounding together.
    MeanSquaredError,
    /// Whichever of the others gives the outputs the smallest error on the calibration samples.
    Best,
}

/// No float model is known any better.
const MAX_TARGET: f64 = 120.0;
/// The signal to noise that is aimed at unless another is asked for, in decibels: outputs are then off by three percent.
pub const DEFAULT_TARGET: f64 = 30.0;

/// How to quantise.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantiseOptions {
    /// Bits of an activation, 8 or 16; with a target, of those that it asks no more of.
    pub bits: u32,
    /// The signal to noise that every output is to have on the calibration samples, in decibels: activations that need it get
    /// 12 or 16 bits, and layers that need it weights of 16, until it is met. None leaves all widths as they are.
    pub target: Option<f64>,
    /// How activation ranges are chosen.
    pub calibration: CalibrationMethod,
    /// Binary digits that every rescale drops, 1 to 20; chosen automatically when absent.
    pub shift: Option<u32>,
    /// For the automatic shift: by how much, at most, a layer's squared weight error may grow because scales are taken from
    /// the grid that makes rescales exact. The smallest shift from 8 to 16 within this bound is taken.
    pub max_error_growth: f64,
}

impl Default for QuantiseOptions {
    /// On LeNet-5, multilayer perceptrons, a VGG and a ResNet, an error growth of 2 saves two to three binary digits against
    /// shift 13 or 14 and leaves the error of the logits, which rounded activations dominate, within its noise.
    fn default() -> Self {
        Self {
            bits: 8,
            target: None,
            calibration: CalibrationMethod::MeanSquaredError,
            shift: None,
            max_error_growth: 2.0,
        }
    }
}

impl QuantiseOptions {
    /// The default for activations of so many bits. With 16 bits rounded weights dominate the error of the logits: on the same
    /// models an error growth of 0.1 instead of 2 saves up to a third of it, and the longer tables of remainders weigh
    /// little beside those of the activations.
    pub fn with_bits(bits: u32) -> Self {
        let default = Self::default();
        Self { bits, max_error_growth: if bits > 8 { 0.1 } else { default.max_error_growth }, ..default }
    }

    /// Widths and calibration chosen by the error of the outputs, which is to be at most so many decibels below them.
    pub fn with_target(decibels: f64) -> Self {
        Self { target: Some(decibels), calibration: CalibrationMethod::Best, ..Self::default() }
    }

    /// Checks that every option is in range.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if ![8, 16].contains(&self.bits) {
            let actual = f64::from(self.bits);
            return Err(Error::Option { option: "number of bits", expected: "8 or 16", actual });
        }
        if let Some(shift) = self.shift.filter(|shift| !(1..=20).contains(shift)) {
            let actual = f64::from(shift);
            return Err(Error::Option { option: "shift", expected: "between 1 and 20", actual });
        }
        if let Some(actual) = self.target.filter(|target| !(0.0..=MAX_TARGET).contains(target)) {
            return Err(Error::Option { option: "target", expected: "between 0 and 120 decibels", actual });
        }
        if let CalibrationMethod::Percentile(actual) = self.calibration
            && !(actual > 0.0 && actual <= 1.0)
        {
            return Err(Error::Option { option: "percentile", expected: "above 0 and at most 1", actual });
        }
        let actual = self.max_error_growth;
        if actual.is_nan() || actual < 0.0 {
            return Err(Error::Option { option: "error growth", expected: "at least 0", actual });
        }
        Ok(())
    }
}
