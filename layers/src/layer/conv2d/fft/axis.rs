//! The transform along one axis.

use crate::{
    argument::fourier::FourierVector,
    integer::{corners, signed},
    tensor::{bits_of, window::AxisWindow},
};
use ark_bn254::Fr;
use tacit_algebra::Error;

/// A convolution along one axis in the frequency domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AxisTransform {
    /// The window.
    pub window: AxisWindow,
    /// $n$: positions of the input.
    pub input: usize,
    /// $P$: positions of the window.
    pub output: usize,
    /// $\ell$: the transform has $2^\ell$ frequencies.
    pub num_vars: usize,
}

impl AxisTransform {
    /// The shortest transform in which no read wraps around to a stored position.
    pub fn new(window: AxisWindow, input: usize, output: usize) -> Self {
        let last = window.stride.saturating_mul(output.saturating_sub(1));
        let reach = last.saturating_add(window.reach()).saturating_add(1);
        let behind = reach.saturating_sub(window.pad_begin.saturating_add(input));
        let num_vars = bits_of(input.saturating_add(window.pad_begin.max(behind)));
        Self { window, input, output, num_vars }
    }

    /// $N$.
    pub const fn length(&self) -> usize {
        corners(self.num_vars)
    }

    /// $A$: what an input position counts for at a frequency point.
    ///
    /// # Errors
    /// As [`FourierVector::new`].
    pub fn input_vector(frequency: Vec<Fr>) -> Result<FourierVector, Error> {
        FourierVector::new(1, 0, frequency)
    }

    /// $B$: what a kernel offset counts for at a frequency point.
    ///
    /// # Errors
    /// As [`FourierVector::new`].
    pub fn kernel_vector(&self, frequency: Vec<Fr>) -> Result<FourierVector, Error> {
        FourierVector::new(signed(self.window.dilation).saturating_neg(), 0, frequency)
    }

    /// $C$: what a window position counts for at a frequency point.
    ///
    /// # Errors
    /// As [`FourierVector::new`].
    pub fn crop_vector(&self, frequency: Vec<Fr>) -> Result<FourierVector, Error> {
        FourierVector::new(
            signed(self.window.stride).saturating_neg(),
            signed(self.window.pad_begin),
            frequency,
        )
    }
}
