//! Integers of tensors: a run's values and a model's parameters, seen at the width they are stored with.

use std::borrow::Cow;

use tacit_layers::{Layout, Parameter, Tensor};

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

/// A tensor of integers of any width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntegerTensor<'a> {
    /// 8 bits.
    Int8(&'a Tensor<i8>),
    /// 32 bits.
    Int32(&'a Tensor<i32>),
    /// 64 bits.
    Int64(&'a Tensor<i64>),
}

impl<'a> IntegerTensor<'a> {
    /// Shape.
    pub fn layout(self) -> &'a Layout {
        match self {
            Self::Int8(tensor) => tensor.layout(),
            Self::Int32(tensor) => tensor.layout(),
            Self::Int64(tensor) => tensor.layout(),
        }
    }

    /// Every integer.
    pub fn values(self) -> Integers<'a> {
        match self {
            Self::Int8(tensor) => Integers::Int8(tensor.data()),
            Self::Int32(tensor) => Integers::Int32(tensor.data()),
            Self::Int64(tensor) => Integers::Int64(tensor.data()),
        }
    }

    /// The same in 64 bits.
    pub(crate) fn widened(self) -> Cow<'a, Tensor<i64>> {
        match self {
            Self::Int8(tensor) => Cow::Owned(tensor.widened()),
            Self::Int32(tensor) => Cow::Owned(tensor.widened()),
            Self::Int64(tensor) => Cow::Borrowed(tensor),
        }
    }
}

impl<'a> From<&'a Tensor<i8>> for IntegerTensor<'a> {
    fn from(tensor: &'a Tensor<i8>) -> Self {
        Self::Int8(tensor)
    }
}

impl<'a> From<&'a Tensor<i32>> for IntegerTensor<'a> {
    fn from(tensor: &'a Tensor<i32>) -> Self {
        Self::Int32(tensor)
    }
}

impl<'a> From<&'a Tensor<i64>> for IntegerTensor<'a> {
    fn from(tensor: &'a Tensor<i64>) -> Self {
        Self::Int64(tensor)
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
