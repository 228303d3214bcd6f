//! Integers of tensors: a run's values and a model's parameters, seen at the width they are stored with.

use tacit_layers::Parameter;

/// Integers in storage order, at the width they have.
#[derive(Debug, Clone, Copy)]
pub enum Integers<'a> {
    /// Witness columns.
    Int64(&'a [i64]),
    /// Weights.
    Int8(&'a [i8]),
    /// Biases.
    Int32(&'a [i32]),
}

impl<'a> Integers<'a> {
    /// Every integer, in storage order.
    pub fn iter(self) -> impl Iterator<Item = i64> + 'a {
        (0..self.len()).map(move |i| self.get(i))
    }

    pub(crate) fn len(self) -> usize {
        match self {
            Self::Int64(values) => values.len(),
            Self::Int8(values) => values.len(),
            Self::Int32(values) => values.len(),
        }
    }

    pub(crate) fn get(self, index: usize) -> i64 {
        match self {
            Self::Int64(values) => values[index],
            Self::Int8(values) => i64::from(values[index]),
            Self::Int32(values) => i64::from(values[index]),
        }
    }
}

impl Integers<'_> {
    /// The integers at these positions of storage.
    pub(crate) fn slice(self, range: std::ops::Range<usize>) -> Self {
        match self {
            Self::Int64(values) => Self::Int64(&values[range]),
            Self::Int8(values) => Self::Int8(&values[range]),
            Self::Int32(values) => Self::Int32(&values[range]),
        }
    }
}

impl<'a> From<&'a Parameter> for Integers<'a> {
    fn from(parameter: &'a Parameter) -> Self {
        match parameter {
            Parameter::Int8(values) => Self::Int8(values),
            Parameter::Int32(values) => Self::Int32(values),
        }
    }
}
