//! The verifier's side of a [commitment scheme](tacit_layers::argument::opening).

use ark_bn254::Fr;
use tacit_layers::{
    Layout,
    argument::opening::{CommitmentScheme, OpeningClaim},
};
use tacit_transcript::{Label, ProofReader, Value};

use crate::error::Result;

/// A scheme whose commitments a verifier reads among messages of values `V`: in the clear, or behind masks.
pub trait ReadCommitment<V: Value = Fr>: CommitmentScheme {
    /// Reads the commitment to tensors of these shapes.
    ///
    /// # Errors
    /// When the proof is malformed.
    fn read_commitment(
        &self,
        reader: &mut ProofReader<V>,
        label: Label,
        layouts: &[&Layout],
    ) -> Result<Self::Commitment>;
}

/// A scheme that proofs in the clear are verified over.
pub trait VerifierScheme: ReadCommitment {
    /// Checks all claims. A claim's subject is its tensor's index among those of all lists.
    ///
    /// # Errors
    /// When the proof is malformed, a claim fits no tensor or does not hold.
    fn verify(
        &self,
        reader: &mut ProofReader,
        lists: &[CommittedList<Self::Commitment>],
        claims: &[OpeningClaim],
    ) -> Result<()>;
}

/// Tensors that were committed to together.
#[derive(Debug, Clone)]
pub struct CommittedList<'a, C> {
    /// Their shapes.
    pub layouts: Vec<&'a Layout>,
    /// Their commitment.
    pub commitment: &'a C,
}
