//! The statement: everything public, absorbed before anything else.
//!
//! In order: protocol version, architecture digest, model commitment (digest of the verifying key), inputs, outputs; then
//! as many zero bytes as the proof has look-up rows and the network products of activations. The architecture tells how many
//! inputs there are, in which order, and of each its name, shape, kind and bounds. A public input is absorbed
//! under one label, shape and integers, the [commitment](crate::proof::input) to one under another, shape and rows: the
//! labels tell which of them are committed. The zeros answer Khovratovich, Rothblum and Soukhanov (ePrint
//! 2025/118): a network cannot itself compute a hash whose cost exceeds its own non-linear capacity. A Keccak-f
//! permutation takes 24 rounds of 1600 AND gates for the 166 bytes it absorbs, over 200 for each byte, and a network has
//! one non-linear step for each of them. A row of a table of results may stand for a dozen or so gates, which leaves a
//! margin of ten.

use std::sync::Arc;

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

/// An input that a proof is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// Everybody knows it.
    Public(&'a Tensor<i64>),
    /// Everybody knows a commitment to it.
    Committed(&'a InputCommitment),
}

/// What a proof says of its key's network: it maps these inputs to these outputs, all quantised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The inputs, in the architecture's order.
    pub inputs: Vec<Input<'a>>,
    /// The outputs.
    pub outputs: &'a [Tensor<i64>],
}

impl<'a> Input<'a> {
    /// Its commitment, if it is committed.
    pub const fn commitment(&self) -> Option<&'a InputCommitment> {
        match self {
            Self::Public(_) => None,
            Self::Committed(commitment) => Some(commitment),
        }
    }

    /// Its shape.
    pub fn layout(&self) -> &'a Layout {
        match self {
            Self::Public(input) => input.layout(),
            Self::Committed(commitment) => commitment.layout(),
        }
    }
}

impl<'a> Statement<'a> {
    /// The statement about public inputs.
    pub fn public(inputs: &'a [Tensor<i64>], outputs: &'a [Tensor<i64>]) -> Self {
        Self { inputs: inputs.iter().map(Input::Public).collect(), outputs }
    }

    /// Which of the inputs are committed.
    pub fn is_committed(&self) -> Vec<bool> {
        self.inputs.iter().map(|input| input.commitment().is_some()).collect()
    }

    /// The plan of its proofs.
    ///
    /// # Errors
    /// As [`VerifyingKey::plan_of`].
    pub fn plan(&self, key: &VerifyingKey) -> Result<Arc<Plan>> {
        key.plan_of(&self.is_committed())
    }

    /// Whether its proofs hide something: a private model or a committed input.
    pub fn is_hiding(&self, key: &VerifyingKey) -> bool {
        key.is_private() || self.is_committed().contains(&true)
    }
}

/// Absorbs the whole statement about a model; the plan is that of its proofs. Only Tacit's own sides call it.
#[doc(hidden)]
pub fn absorb<S: CommitmentScheme>(
    transcript: &mut impl Transcript,
    model: &CommittedModel<S>,
    plan: &Plan,
    statement: &Statement,
) {
    transcript.absorb_bytes(labels::PROTOCOL_VERSION, &PROTOCOL_VERSION.to_le_bytes());
    transcript.absorb_bytes(labels::ARCHITECTURE, model.architecture_digest());
    transcript.absorb_bytes(labels::MODEL_COMMITMENT, model.digest());
    for input in &statement.inputs {
        match input {
            Input::Public(input) => transcript.absorb_bytes(labels::INPUT, &tensor_bytes(input)),
            Input::Committed(commitment) => {
                let rows = commitment.rows().iter().flat_map(point_to_bytes);
                let bytes: Vec<u8> = shape_bytes(commitment.layout()).chain(rows).collect();
                transcript.absorb_bytes(labels::INPUT_COMMITMENT, &bytes);
            }
        }
    }
    for output in statement.outputs {
        transcript.absorb_bytes(labels::OUTPUT, &tensor_bytes(output));
    }
    harden(transcript, hardening_bytes(plan));
}

/// Absorbs so many zero bytes.
pub fn harden(transcript: &mut impl Transcript, num_bytes: usize) {
    let mut left = num_bytes;
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
