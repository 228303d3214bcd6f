//! The statement: everything public, absorbed before anything else.
//!
//! In order: protocol version, architecture digest, model commitment (digest of the verifying key), input, outputs; then
//! as many zero bytes as the proof has look-up rows and the network products of activations. A public input is absorbed
//! under one label, shape and integers, the [commitment](crate::proof::input) to one under another, shape and rows. The zeros answer Khovratovich, Rothblum and Soukhanov (ePrint
//! 2025/118): a network cannot itself compute a hash whose cost exceeds its own non-linear capacity. A Keccak-f
//! permutation takes 24 rounds of 1600 AND gates for the 166 bytes it absorbs, over 200 for each byte, and a network has
//! one non-linear step for each of them. A row of a table of results may stand for a dozen or so gates, which leaves a
//! margin of ten.

use tacit_transcript::{Transcript, encoding::point_to_bytes, labels};

use crate::{
    argument::opening::CommitmentScheme,
    error::Result,
    integer::wide,
    proof::{input::InputCommitment, key::VerifyingKey, model::CommittedModel, plan::Plan},
    tensor::{Layout, Tensor},
};

/// Version of the protocol and of the proof's bytes.
pub const PROTOCOL_VERSION: u32 = 1;
/// The transcript's domain.
pub const DOMAIN: &[u8] = b"tacit network inference";

/// The transcript's domain for proofs that hide.
pub const HIDING_DOMAIN: &[u8] = b"tacit hiding network inference";

/// The input that a proof is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// Everybody knows it.
    Public(&'a Tensor<i64>),
    /// Everybody knows a commitment to it.
    Committed(&'a InputCommitment),
}

/// What a proof says of its key's network: it maps this input to these outputs, all quantised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The input.
    pub input: Input<'a>,
    /// The outputs.
    pub outputs: &'a [Tensor<i64>],
}

impl Input<'_> {
    /// The plan of proofs about such an input.
    ///
    /// # Errors
    /// As [`VerifyingKey::committed_plan`].
    pub fn plan<'k>(&self, key: &'k VerifyingKey) -> Result<&'k Plan> {
        match self {
            Self::Public(_) => Ok(key.plan()),
            Self::Committed(_) => key.committed_plan(),
        }
    }
}

impl Statement<'_> {
    /// Whether its proofs hide something: a private model or a committed input.
    pub const fn is_hiding(&self, key: &VerifyingKey) -> bool {
        key.is_private() || matches!(self.input, Input::Committed(_))
    }
}

/// Absorbs the whole statement about a model; the plan is that of its proofs.
pub fn absorb<S: CommitmentScheme>(
    transcript: &mut impl Transcript,
    model: &CommittedModel<S>,
    plan: &Plan,
    statement: &Statement,
) {
    transcript.absorb_bytes(labels::PROTOCOL_VERSION, &PROTOCOL_VERSION.to_le_bytes());
    transcript.absorb_bytes(labels::ARCHITECTURE, model.architecture_digest());
    transcript.absorb_bytes(labels::MODEL_COMMITMENT, model.digest());
    match statement.input {
        Input::Public(input) => transcript.absorb_bytes(labels::INPUT, &tensor_bytes(input)),
        Input::Committed(commitment) => {
            let rows = commitment.rows().iter().flat_map(point_to_bytes);
            let bytes: Vec<u8> = shape_bytes(commitment.layout()).chain(rows).collect();
            transcript.absorb_bytes(labels::INPUT_COMMITMENT, &bytes);
        }
    }
    for output in statement.outputs {
        transcript.absorb_bytes(labels::OUTPUT, &tensor_bytes(output));
    }
    let mut left = hardening_bytes(plan);
    let zeros = vec![0; HARDENING_CHUNK.min(left)];
    while left > 0 {
        let chunk = left.min(HARDENING_CHUNK);
        transcript.absorb_bytes(labels::HARDENING, zeros.split_at(chunk).0);
        left = left.saturating_sub(chunk);
    }
}

/// Zero bytes absorbed at once.
const HARDENING_CHUNK: usize = 1 << 20;

/// Number of zero bytes absorbed.
pub fn hardening_bytes(plan: &Plan) -> usize {
    plan.num_lookups().saturating_add(plan.num_products)
}

fn tensor_bytes(tensor: &Tensor<i64>) -> Vec<u8> {
    shape_bytes(tensor.layout()).chain(tensor.data().iter().flat_map(|x| x.to_le_bytes())).collect()
}

fn shape_bytes(layout: &Layout) -> impl Iterator<Item = u8> {
    let axes = layout.axes();
    std::iter::once(axes.len()).chain(axes.iter().copied()).flat_map(|n| wide(n).to_le_bytes())
}
