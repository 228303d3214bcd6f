//! Views of one activation.

use ark_bn254::Fr;

use crate::{
    argument::view::Shifts,
    layer::{Operation, remap::RemapLayer, reshape::ReshapeLayer},
    tensor::Layout,
};

/// A view of one activation.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// Axis by axis.
    Remap(&'a RemapLayer),
    /// The same elements over other axes.
    Reshape(&'a ReshapeLayer),
}

impl<'a> View<'a> {
    /// The operation as a view of one activation, if it is one.
    pub const fn of(operation: &'a Operation) -> Option<Self> {
        match operation {
            Operation::Remap(layer) => Some(Self::Remap(layer)),
            Operation::Reshape(layer) => Some(Self::Reshape(layer)),
            _ => None,
        }
    }

    /// The vectors $S_g$ at a point of the view.
    pub fn shifts(self, input: &Layout, output: &Layout, point: &[Fr]) -> Shifts {
        match self {
            Self::Remap(layer) => layer.shifts(input, output, point),
            Self::Reshape(_) => ReshapeLayer::shifts(input, output, point),
        }
    }
}
