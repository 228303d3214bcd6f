//! What is known of a node's value or of a parameter before any number of it: shape, kind, width; and parameters themselves.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    error::{Error, Result},
    integer::position,
    secret::decode_list,
    tensor::Layout,
};

/// Index of a node in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// Index of a parameter tensor in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParameterId(pub u32);

impl NodeId {
    /// As a position in a list of nodes.
    pub const fn index(self) -> usize {
        position(self.0)
    }
}

impl ParameterId {
    /// As a position in a list of parameters.
    pub const fn index(self) -> usize {
        position(self.0)
    }
}

/// Type and shape of a parameter tensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterSpec {
    /// For people.
    pub name: String,
    /// Shape.
    pub layout: Layout,
    /// Width of its elements.
    pub width: ParameterWidth,
}

/// Width of a parameter's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterWidth {
    /// Weights.
    Int8,
    /// Biases.
    Int32,
}

impl ParameterWidth {
    /// $\log_2$ of the largest magnitude.
    pub const fn magnitude_bits(self) -> u32 {
        match self {
            Self::Int8 => 7,
            Self::Int32 => 31,
        }
    }
}

/// Integers of a parameter tensor, row-major. A private model's are secret: they are overwritten when they are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub enum Parameter {
    /// Weights.
    Int8(#[serde(deserialize_with = "decode_list")] Vec<i8>),
    /// Biases.
    Int32(#[serde(deserialize_with = "decode_list")] Vec<i32>),
}

impl Parameter {
    /// Number of elements.
    pub fn num_elements(&self) -> usize {
        match self {
            Self::Int8(values) => values.len(),
            Self::Int32(values) => values.len(),
        }
    }

    /// The elements as 64-bit integers, overwritten when they are dropped.
    pub fn widened(&self) -> Zeroizing<Vec<i64>> {
        let mut wide = Zeroizing::new(Vec::with_capacity(self.num_elements()));
        match self {
            Self::Int8(values) => wide.extend(values.iter().copied().map(i64::from)),
            Self::Int32(values) => wide.extend(values.iter().copied().map(i64::from)),
        }
        wide
    }

    /// Width of the elements.
    pub const fn width(&self) -> ParameterWidth {
        match self {
            Self::Int8(_) => ParameterWidth::Int8,
            Self::Int32(_) => ParameterWidth::Int32,
        }
    }

    /// The element at `index`.
    ///
    /// # Panics
    /// When there is none.
    #[doc(hidden)]
    #[expect(
        clippy::indexing_slicing,
        reason = "whoever has parameters proves: no verifier reads an element"
    )]
    pub fn get(&self, index: usize) -> i64 {
        match self {
            Self::Int8(values) => i64::from(values[index]),
            Self::Int32(values) => i64::from(values[index]),
        }
    }
}

/// Whether a value is bounded by construction or the sum of many products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Bounded: inputs, rescaled values, maxima.
    Activation {
        /// Smallest value.
        minimum: i64,
        /// Largest value.
        maximum: i64,
    },
    /// A linear map of activations, or sums of their products.
    Accumulator,
}

impl ValueKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Activation { .. } => "an activation",
            Self::Accumulator => "an accumulator",
        }
    }
}

/// Shape and kind of a node's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSpec {
    /// Axes as computed and committed.
    pub layout: Layout,
    /// Activation or accumulator.
    pub kind: ValueKind,
}

impl ValueSpec {
    /// Bounds of an activation.
    ///
    /// # Errors
    /// [`Error::ValueKind`] when it is an accumulator.
    pub fn activation(&self, layer: &str) -> Result<(i64, i64)> {
        match self.kind {
            ValueKind::Activation { minimum, maximum } => Ok((minimum, maximum)),
            ValueKind::Accumulator => Err(Error::ValueKind {
                layer: layer.to_owned(),
                expected: "an activation",
                actual: self.kind.name(),
            }),
        }
    }
}

/// Largest magnitude of a bound of an activation.
pub const MAX_ACTIVATION: i64 = 1 << 16;
/// Activation bounds must hold zero, which stands for padding, and fit [`MAX_ACTIVATION`].
pub(crate) fn check_activation_bounds(layer: &str, minimum: i64, maximum: i64) -> Result<()> {
    for (what, actual, low, high) in [
        ("smallest activation", minimum, -MAX_ACTIVATION, 0),
        ("largest activation", maximum, 0, MAX_ACTIVATION),
    ] {
        if !(low..=high).contains(&actual) {
            return Err(Error::Attribute {
                layer: layer.to_owned(),
                what,
                actual,
                minimum: low,
                maximum: high,
            });
        }
    }
    Ok(())
}
