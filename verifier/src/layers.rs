//! The verifier's side of every layer and of every argument that several share; the prover has files of the same names.
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
    NodeId, Operation,
    argument::{
        claim::{EvaluationClaim, LinearClaim},
        lookup_block::Segment,
    },
};
use tacit_transcript::Value;

use crate::{error::Result, session::Session};

/// What the verifier asks of every kind of layer beside what both sides agree on.
pub(crate) trait VerifierLayer<V: Value> {
    /// Reads the values that a block of the layer's look-ups has at a point, keeps them for the layer's own phase, and
    /// returns both columns of the looked-up row that they give.
    fn looked_up(&self, session: &mut Session<V>, block: &Segment, point: Vec<Fr>) -> Result<(V, V)>;

    /// Turns a claim on the layer's accumulators into claims on what it reads, or leaves it to a batch.
    fn reduce(
        &self,
        session: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        accumulators: &mut Accumulators<V>,
    ) -> Result<()>;
}

/// The verifier's side of a layer, whatever its kind.
pub(crate) fn of<V: Value>(operation: &Operation) -> &dyn VerifierLayer<V> {
    tacit_layers::dispatch!(operation, layer => layer)
}

/// Claims on accumulators by the batch that reduces them.
pub(crate) struct Accumulators<V> {
    /// Dense layers and convolutions by a sumcheck over what they sum.
    pub(crate) summed: Vec<LinearClaim<V>>,
    /// Convolutions in the frequency domain.
    pub(crate) transformed: Vec<LinearClaim<V>>,
    /// Convolutions as products of polynomials.
    pub(crate) convolutions: Vec<LinearClaim<V>>,
    /// Layers by gates.
    pub(crate) gated: Vec<EvaluationClaim<NodeId, V>>,
    /// Products of activations by a sumcheck.
    pub(crate) products: Vec<EvaluationClaim<NodeId, V>>,
    /// Products of activations as coefficients of products of polynomials.
    pub(crate) inner_products: Vec<EvaluationClaim<NodeId, V>>,
    /// Dense layers in the same way.
    pub(crate) dense_products: Vec<LinearClaim<V>>,
}

impl<V> Default for Accumulators<V> {
    fn default() -> Self {
        Self {
            summed: vec![],
            transformed: vec![],
            convolutions: vec![],
            gated: vec![],
            products: vec![],
            inner_products: vec![],
            dense_products: vec![],
        }
    }
}
