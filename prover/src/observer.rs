//! What watches a proof in progress.
//!
//! The protocol tells its [`Observer`] what it is about to commit to, to claim and to send, and which work belongs to which
//! node. An ordinary build has one observer, the [`Profiler`], which counts times and bytes and leaves everything as it is:
//! the hooks below that could change something are empty and compile to nothing. With the feature `cheating`, which only
//! tests enable, proofs have an observer that lies at these hooks.

use std::{borrow::Cow, sync::Arc};

use ark_bn254::{Fr, G1Affine};
use tacit_algebra::generators::Generators;
use tacit_inference::Trace;
use tacit_layers::{
    Layout, NodeId, Tensor, VerifyingKey,
    argument::{
        claim::{Column, EvaluationClaim},
        logup::LeafClaims,
        lookup_block::Segment,
        lookup_table::Fingerprint,
        masking::{Relation, Response},
        sumcheck::RoundWeights,
    },
    proof::plan::Plan,
};
use tacit_transcript::{Label, MaskRow, ProofWriter};

use crate::{
    buffers::Buffers,
    logup::{self, LookupLeaves},
    sumcheck::SumcheckInstance,
    witness::Witness,
};

mod profiler;
mod steps;

pub use profiler::Shares;
pub(crate) use profiler::{Phase, Profiler};
pub(crate) use steps::nodes;

/// The observer of networks' proofs and of proofs about parameters.
#[cfg(not(feature = "cheating"))]
pub(crate) type Watcher = Profiler;
/// The observer of networks' proofs and of proofs about parameters.
#[cfg(feature = "cheating")]
pub(crate) type Watcher = crate::cheating::Liar;

/// Gives the masks of one row after the other.
pub(crate) type MaskSource = Box<dyn FnMut() -> MaskRow + Send + Sync>;

/// What watches a proof in progress. Hooks get what the protocol is about to use and give what it uses.
pub(crate) trait Observer {
    /// The count of times and bytes.
    fn profiler(&mut self) -> &mut Profiler;

    /// The verifying key that the statement is about.
    fn key<'k>(&self, key: &'k VerifyingKey) -> Cow<'k, VerifyingKey> {
        Cow::Borrowed(key)
    }

    /// The columns of the witness, before they are committed to.
    fn columns<'c>(&self, columns: &'c [Arc<Vec<i64>>]) -> Cow<'c, [Arc<Vec<i64>>]> {
        Cow::Borrowed(columns)
    }

    /// A deferred column, before it is committed to.
    fn deferred_column(&self, _column: Column, _values: &mut [Fr]) {}

    /// The layout by which a deferred column is committed to and opened.
    fn deferred_layout<'l>(&'l self, _column: Column, layout: &'l Layout) -> &'l Layout {
        layout
    }

    /// The cross terms of matrix products, and by how much the products' claims are wrong.
    fn cross_terms(&self, _terms: &mut Vec<Fr>, _difference: impl FnOnce() -> Fr) {}

    /// The powers at which convolutions are compared.
    fn powers(&self, squeezed: [Fr; 2]) -> [Fr; 2] {
        squeezed
    }

    /// All claims on columns, before they are opened.
    fn claims(&self, _claims: &mut [EvaluationClaim<Column>]) {}

    /// The committed input at an index among those that are committed, before it is opened.
    fn input<'i>(&'i self, _index: usize, input: &'i Tensor<i64>) -> &'i Tensor<i64> {
        input
    }

    /// A message's scalars, before they are sent.
    fn message(&mut self, _label: Label, _scalars: &mut [Fr]) {}

    /// Proves the sum of fractions of a run's look-ups.
    fn prove_look_ups(
        &mut self,
        writer: &mut ProofWriter,
        _run: (&Plan, &Trace, &Witness),
        _fingerprint: Fingerprint,
        leaves: &LookupLeaves,
        buffers: &Buffers,
    ) -> LeafClaims {
        logup::prove_rows(writer, leaves, buffers)
    }

    /// The value of a column of a block's rows where the leaves are claimed at this point.
    fn looked_up(&self, _plan: &Plan, _segment: &Segment, _column: usize, _point: &[Fr], value: Fr) -> Fr {
        value
    }

    /// Where masks come from.
    fn masks(&self, source: MaskSource) -> MaskSource {
        source
    }

    /// The rows of a fresh masked instance, before they are announced.
    fn announcement(&self, _rows: &mut [G1Affine], _generators: &Generators) {}

    /// The response that combines masked instances, before it is sent.
    fn response(
        &mut self,
        _response: &mut Response,
        _relation: &Relation,
        _challenges: [Fr; 2],
        _masks: &[Fr],
    ) {
    }

    /// What the products of masked checks sum to, which the response says to be `sum`.
    fn sum_of_products(&mut self, _relation: &Relation, _rho: Fr, _masks: &[Fr], sum: Fr) -> Fr {
        sum
    }

    /// Writes scalars as one message and returns what was sent.
    fn write<const N: usize>(
        &mut self,
        writer: &mut ProofWriter,
        label: Label,
        mut scalars: [Fr; N],
    ) -> [Fr; N] {
        self.message(label, &mut scalars);
        writer.write_scalars(label, &scalars);
        scalars
    }

    /// Writes some scalars about each node as one message.
    fn write_for<const N: usize>(
        &mut self,
        writer: &mut ProofWriter,
        label: Label,
        nodes: impl IntoIterator<Item = NodeId>,
        scalars: &mut [[Fr; N]],
    ) {
        self.message(label, scalars.as_flattened_mut());
        writer.write_scalars(label, scalars.as_flattened());
        nodes.into_iter().for_each(|node| self.profiler().sent(node, N));
    }

    /// Proves sumchecks in one set of rounds, each given with the node it belongs to, and returns the common point.
    fn prove_batch<I: SumcheckInstance>(
        &mut self,
        writer: &mut ProofWriter,
        instances: &mut [(NodeId, I)],
        weights: RoundWeights,
    ) -> Vec<Fr> {
        self.profiler().prove_batch(writer, instances, weights)
    }
}
