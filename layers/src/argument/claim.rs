//! Claims: what one argument leaves for another to discharge.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use tacit_transcript::{Transcript, labels};

use crate::{
    argument::unfold::UnfoldedClaim,
    integer::scalar,
    tensor::{
        layout::Layout,
        value::{NodeId, ParameterId},
    },
};

/// A claimed sum of a polynomial over the hypercube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a sum claim is worth nothing until a sumcheck reduces it"]
pub struct SumClaim<V = Fr> {
    /// Variables of the polynomial.
    pub num_vars: usize,
    /// Bound on its degree in each variable.
    pub degree: usize,
    /// The claimed sum.
    pub sum: V,
}

/// A polynomial that claims speak about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// A node's activations: committed, or the public input.
    Activation(NodeId),
    /// A rescale's centred remainders, or their high parts.
    Remainder(NodeId),
    /// How often each row of the table with this index is looked up.
    Multiplicity(usize),
    /// A parameter tensor.
    Parameter(ParameterId),
    /// The low parts of a rescale's remainders.
    LowRemainder(NodeId),
    /// Low limbs of what a rescale clips off wide quotients.
    Saturation(NodeId),
    /// A rescale's clipped quotients, where they are not its activations.
    Argument(NodeId),
    /// A convolution's sums over every position, folded over outputs ([`crate::layer::conv2d::polynomial`]).
    Convolved(NodeId),
    /// Coefficients around the inner products of matrix products ([`crate::argument::matmul::polynomial`]).
    CrossTerms,
}

impl Column {
    /// The node whose column it is; none for columns of several or of none.
    pub const fn node(self) -> Option<NodeId> {
        match self {
            Self::Activation(id)
            | Self::Remainder(id)
            | Self::LowRemainder(id)
            | Self::Saturation(id)
            | Self::Argument(id)
            | Self::Convolved(id) => Some(id),
            Self::Multiplicity(_) | Self::Parameter(_) | Self::CrossTerms => None,
        }
    }
}

/// A committed column and its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedColumn {
    /// What it holds.
    pub column: Column,
    /// Its shape.
    pub layout: Layout,
}

/// The shapes of columns.
pub fn layouts(columns: &[CommittedColumn]) -> Vec<&Layout> {
    columns.iter().map(|column| &column.layout).collect()
}

/// The claim that a multilinear extension takes a value at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an evaluation claim must be discharged by an opening or another argument"]
pub struct EvaluationClaim<Subject, V = Fr> {
    /// The polynomial.
    pub subject: Subject,
    /// The point, most significant variable first.
    pub point: Vec<Fr>,
    /// The claimed value.
    pub value: V,
}

impl<Subject, V> EvaluationClaim<Subject, V> {
    /// The claim that `subject` takes `value` at `point`.
    pub const fn new(subject: Subject, point: Vec<Fr>, value: V) -> Self {
        Self { subject, point, value }
    }
}

/// A claim on a dense layer's or a convolution's accumulators, its bias taken off and its point cut at the layer's axes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a linear layer's claim must be reduced to its weights and its input"]
pub struct LinearClaim<V = Fr> {
    /// The layer.
    pub node: NodeId,
    /// Its weights.
    pub weights: ParameterId,
    /// The output channel's part for its group; empty without groups.
    pub group: Vec<Fr>,
    /// The output channel's part behind its group.
    pub filter: Vec<Fr>,
    /// Rows of a dense layer; positions of a convolution, height before width.
    pub others: Vec<Fr>,
    /// The accumulators' claimed value without the bias.
    pub value: V,
}

/// Absorbs linear layers' claims before an argument about them begins.
pub fn absorb_linear<T: Transcript>(transcript: &mut T, claims: &[LinearClaim<T::Value>]) {
    let scalars: Vec<Fr> = claims
        .iter()
        .flat_map(|claim| {
            let parts = [&claim.group, &claim.filter, &claim.others];
            let shape = parts.map(|part| scalar(part.len()));
            let points = parts.into_iter().flatten().copied();
            [Fr::from(u64::from(claim.node.0)), transcript.absorbed(&claim.value)]
                .into_iter()
                .chain(shape)
                .chain(points)
        })
        .collect();
    transcript.absorb_scalars(labels::CLAIM, &scalars);
}

impl<V> LinearClaim<V> {
    /// The claim on a convolution's accumulators, output channels before positions.
    pub fn into_channels_first(self) -> EvaluationClaim<NodeId, V> {
        EvaluationClaim::new(self.node, [self.group, self.filter, self.others].concat(), self.value)
    }

    /// The claim on a dense layer's accumulators, rows before outputs.
    pub fn into_rows_first(self) -> EvaluationClaim<NodeId, V> {
        EvaluationClaim::new(self.node, [self.others, self.filter].concat(), self.value)
    }
}

/// Claims that the phases of a network's proof leave to later ones; prover and verifier keep the same.
#[derive(Debug)]
pub struct Claims<V = Fr> {
    /// On columns, for the opening.
    pub columns: Vec<EvaluationClaim<Column, V>>,
    /// On scaled accumulators $\sum_o \mathrm{eq} m_o a$, by rescale.
    pub scaled: BTreeMap<NodeId, EvaluationClaim<NodeId, V>>,
    /// On accumulators, by the node that computes them.
    pub accumulators: BTreeMap<NodeId, EvaluationClaim<NodeId, V>>,
    /// On views of activations.
    pub views: Vec<EvaluationClaim<NodeId, V>>,
    /// On unfolded inputs.
    pub unfolded: Vec<UnfoldedClaim<V>>,
}

impl<V> Default for Claims<V> {
    fn default() -> Self {
        let (scaled, accumulators) = (BTreeMap::new(), BTreeMap::new());
        Self { columns: vec![], scaled, accumulators, views: vec![], unfolded: vec![] }
    }
}
