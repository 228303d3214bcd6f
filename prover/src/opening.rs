//! The prover's side of a [commitment scheme](tacit_layers::argument::opening).

use ark_bn254::Fr;
use tacit_layers::{
    Layout, Parameter,
    argument::opening::{CommitmentScheme, OpeningClaim},
};
use tacit_transcript::{Label, ProofWriter};

use crate::integers::Integers;
pub use crate::observer::Shares;

/// A scheme that proofs in the clear are made over.
pub trait ProverScheme: CommitmentScheme {
    /// Commits to tensors as one list. The shares take each one's time, by whatever measure the scheme has, or none.
    fn commit(&self, tensors: &[CommittedTensor], shares: &mut Shares) -> Self::Commitment;

    /// Writes a commitment as a message.
    fn write_commitment(&self, writer: &mut ProofWriter, label: Label, commitment: &Self::Commitment);

    /// Proves all claims. A claim's subject is its tensor's index among those of all lists.
    fn open(&self, writer: &mut ProofWriter, lists: &[&[CommittedTensor]], claims: &[OpeningClaim]);
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
