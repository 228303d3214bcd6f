//! The prover's side of a [commitment scheme](tacit_layers::argument::opening).

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::{error::check, small::from_i64};
use tacit_layers::{
    Layout, Parameter,
    argument::opening::{CommitmentScheme, OpeningClaim},
};
use tacit_transcript::{Label, ProofWriter};

pub use crate::observer::Shares;
use crate::{
    error::Result,
    integers::{IntegerTensor, Integers},
};

/// A scheme that proofs in the clear are made over.
pub trait ProverScheme: CommitmentScheme {
    /// Commits to tensors as one list. The shares take each one's time, by whatever measure the scheme has, or none.
    ///
    /// # Errors
    /// When a tensor has another number of elements than its shape.
    fn commit(&self, tensors: &[CommittedTensor], shares: &mut Shares) -> Result<Self::Commitment>;

    /// Writes a commitment as a message.
    fn write_commitment(&self, writer: &mut ProofWriter, label: Label, commitment: &Self::Commitment);

    /// Proves all claims. A claim's subject is its tensor's index among those of all lists.
    ///
    /// # Errors
    /// When a claim speaks of no tensor or its point has another length than the tensor's, or a tensor has another number of
    /// elements than its shape; nothing is written then.
    fn open(
        &self,
        writer: &mut ProofWriter,
        lists: &[&[CommittedTensor]],
        claims: &[OpeningClaim],
    ) -> Result<()>;
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

impl<'a, T: Into<IntegerTensor<'a>>> From<T> for CommittedTensor<'a> {
    fn from(tensor: T) -> Self {
        let tensor = tensor.into();
        Self { layout: tensor.layout(), values: tensor.values().into() }
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

impl CommittedTensor<'_> {
    /// Checks that there are as many elements as the shape has.
    ///
    /// # Errors
    /// [`Error::Size`](crate::Error::Size).
    pub fn check(&self) -> Result<()> {
        let actual = match self.values {
            Elements::Integers(values) => values.len(),
            Elements::Field(values) => values.len(),
        };
        Ok(check("the number of a tensor's elements", self.layout.num_elements(), actual)?)
    }

    /// The table of the tensor's multilinear extension: every axis padded with zeros, the first variable the most significant digit of an
    /// index.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn padded(&self) -> Result<Vec<Fr>> {
        self.check()?;
        let element = |at: usize| match self.values {
            Elements::Integers(values) => from_i64(values.get(at)),
            Elements::Field(values) => values[at],
        };
        let mut table = vec![Fr::zero(); 1 << self.layout.num_vars()];
        for (at, padded, length) in self.layout.runs() {
            for i in 0..length {
                table[padded + i] = element(at + i);
            }
        }
        Ok(table)
    }
}
