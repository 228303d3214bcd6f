//! Tensors to commit to and open.

use ark_bn254::Fr;
use tacit_layers::{Layout, Parameter};

/// Integers of a committed tensor in storage order, at the width they have.
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
    pub(crate) fn iter(self) -> impl Iterator<Item = i64> + 'a {
        (0..self.len()).map(move |i| self.get(i))
    }

    pub(super) fn len(self) -> usize {
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

/// Elements of a committed tensor in storage order.
#[derive(Debug, Clone, Copy)]
pub enum Elements<'a> {
    /// What a run or a model consists of.
    Integers(Integers<'a>),
    /// Columns that depend on challenges.
    Field(&'a [Fr]),
}

impl<'a> From<Integers<'a>> for Elements<'a> {
    fn from(integers: Integers<'a>) -> Self {
        Self::Integers(integers)
    }
}

impl<'a> From<&'a Parameter> for Elements<'a> {
    fn from(parameter: &'a Parameter) -> Self {
        Self::Integers(parameter.into())
    }
}

/// A tensor to commit to and open.
#[derive(Debug, Clone, Copy)]
pub struct CommittedTensor<'a> {
    /// Shape.
    pub layout: &'a Layout,
    /// Elements.
    pub values: Elements<'a>,
}

/// Tensors that are committed to together.
#[derive(Debug, Clone, Copy)]
pub struct CommittedList<'a> {
    /// The tensors.
    pub tensors: &'a [CommittedTensor<'a>],
    /// $\log_2$ of the length of their rows, at most that of the generators' number.
    pub row_vars: usize,
}
