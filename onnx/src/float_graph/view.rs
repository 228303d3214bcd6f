//! Views: how outlets of the imported graph read values.

use super::pointwise::Function;

/// How an outlet reads a value.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Index of the value.
    pub(crate) value: usize,
    /// For each axis of the outlet the value axes it runs over, slowest first; value axes of length
    /// one are never listed.
    pub(crate) axes: Vec<Vec<usize>>,
    /// Stride along each value axis; all ones except in front of a strided 1x1 convolution.
    pub(crate) strides: Vec<usize>,
    /// Function of the value that the outlet holds, as long as it may still be fused.
    pub(crate) function: Option<Function>,
}

impl View {
    /// Whether both outlets hold functions of the same value at the same positions.
    pub(crate) fn is_aligned(&self, other: &Self) -> bool {
        (self.value, &self.axes, &self.strides) == (other.value, &other.axes, &other.strides)
    }

    /// Whether every position of the value is read.
    pub(crate) fn is_whole(&self) -> bool {
        self.strides.iter().all(|&stride| stride == 1)
    }

    /// Whether row-major order of the outlet is row-major order of the value.
    pub(crate) fn is_in_order(&self) -> bool {
        self.axes.concat().is_sorted() && self.is_whole()
    }
}
