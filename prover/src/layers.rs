//! The prover's side of every layer and of every argument that several share; the verifier has files of the same names.
//!
//! Pages here describe; what is called is [`crate::alone`] for one layer in a caller's proof, [`crate::network`] for whole networks.

pub mod add;
pub mod average_pool;
pub mod circuit;
pub mod concat;
pub mod contraction;
pub mod conv2d;
pub mod cumulative_sum;
pub mod dense;
pub mod fft_convolution;
pub mod flatten;
pub mod fourier;
pub mod gates;
pub mod input;
pub mod lookups;
pub mod matmul;
pub mod max_pool;
pub mod product;
pub mod reduce_sum;
pub mod remap;
pub mod rescale;
pub mod reshape;
pub mod transpose;
pub mod unfold;
pub mod view;

use ark_bn254::Fr;
use tacit_layers::{
    Node, NodeId, Operation, Tensor, ValueSpec,
    argument::{
        claim::{EvaluationClaim, LinearClaim},
        lookup_block::Segment,
        lookup_table::LookupTable,
    },
};

use crate::{evaluation, observer::Observer, session::Session};

/// What the prover asks of every kind of layer beside what both sides agree on.
pub(crate) trait ProverLayer {
    /// What a block of the layer's look-ups looks up in its table.
    fn look_up(&self, site: &WitnessSite, table: &LookupTable) -> LookedUp;

    /// The values that a block of the layer's look-ups has at a point, kept for the layer's own phase: a message.
    fn looked_up(&self, session: &mut Session, block: &Block) -> Vec<Fr>;

    /// Turns a claim on the layer's accumulators into claims on what it reads, or leaves it to a batch.
    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, accumulators: &mut Accumulators);
}

/// The prover's side of a layer, whatever its kind.
pub(crate) fn of(operation: &Operation) -> &dyn ProverLayer {
    tacit_layers::dispatch!(operation, layer => layer)
}

/// Where a block of look-ups is filled from.
pub(crate) struct WitnessSite<'a> {
    pub(crate) id: NodeId,
    pub(crate) node: &'a Node,
    pub(crate) spec: &'a ValueSpec,
    pub(crate) segment: &'a Segment,
    /// Of every node.
    pub(crate) values: &'a [Tensor<i64>],
}

impl<'a> WitnessSite<'a> {
    /// The node's value.
    pub(crate) fn value(&self) -> &'a Tensor<i64> {
        &self.values[self.id.index()]
    }

    /// The value that the node reads at this position.
    pub(crate) fn input(&self, position: usize) -> &'a Tensor<i64> {
        &self.values[self.node.inputs[position].index()]
    }
}

/// What a block looks up.
pub(crate) struct LookedUp {
    /// What the message is about, in storage order.
    pub(crate) keys: Vec<i64>,
    /// First columns of the table's rows, where they are not the keys.
    pub(crate) rows: Option<Vec<i64>>,
    /// The first column that padding looks up.
    pub(crate) padding: i64,
}

impl LookedUp {
    /// Keys that are the rows' first columns, zero in padding.
    pub(crate) const fn plain(keys: Vec<i64>) -> Self {
        Self { keys, rows: None, padding: 0 }
    }
}

/// A block of look-ups at the point where the tree ended.
pub(crate) struct Block<'a> {
    pub(crate) node: NodeId,
    pub(crate) segment: &'a Segment,
    pub(crate) keys: &'a [i64],
    /// The block's part of the point.
    pub(crate) point: Vec<Fr>,
    pub(crate) leaves_point: &'a [Fr],
}

impl Block<'_> {
    /// The value of what is looked up.
    pub(crate) fn key(&self, session: &Session) -> Fr {
        let value = evaluation::evaluate(&self.segment.layout, self.keys, &self.point);
        self.observed(session, 0, value)
    }

    /// The value of a column of the block's rows, as it is claimed.
    pub(crate) fn observed(&self, session: &Session, column: usize, value: Fr) -> Fr {
        session.observer.looked_up(session.plan, self.segment, column, self.leaves_point, value)
    }
}

/// Claims on accumulators by the batch that reduces them.
#[derive(Default)]
pub(crate) struct Accumulators {
    /// Dense layers and convolutions by a sumcheck over what they sum.
    pub(crate) summed: Vec<LinearClaim>,
    /// Convolutions in the frequency domain.
    pub(crate) transformed: Vec<LinearClaim>,
    /// Convolutions as products of polynomials.
    pub(crate) convolutions: Vec<LinearClaim>,
    /// Layers by gates.
    pub(crate) gated: Vec<EvaluationClaim<NodeId>>,
    /// Products of activations by a sumcheck.
    pub(crate) products: Vec<EvaluationClaim<NodeId>>,
    /// Products of activations as coefficients of products of polynomials.
    pub(crate) inner_products: Vec<EvaluationClaim<NodeId>>,
    /// Dense layers in the same way.
    pub(crate) dense_products: Vec<LinearClaim>,
}
