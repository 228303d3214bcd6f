//! Where a layer stands in a network, as far as it may know, and the form of its answers.

use crate::{
    argument::{claim::CommittedColumn, lookup_block::LookupRequest},
    error::{Error, Result},
    tensor::{
        Layout,
        value::{NodeId, ParameterSpec, ValueSpec},
    },
};

/// What a layer reads: specifications of values and of parameters, in its own order.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    /// The layer's name, for messages.
    pub layer: &'a str,
    /// Of the values it reads.
    pub values: Vec<&'a ValueSpec>,
    /// Of the parameters it reads.
    pub parameters: Vec<&'a ParameterSpec>,
}

impl<'a> Inputs<'a> {
    /// The inputs' specifications, which must be `N`.
    ///
    /// # Errors
    /// [`Error::InputCount`].
    pub fn exactly<const N: usize>(&self) -> Result<[&'a ValueSpec; N]> {
        <[&ValueSpec; N]>::try_from(self.values.as_slice()).map_err(|_| Error::InputCount {
            layer: self.layer.to_owned(),
            expected: N,
            actual: self.values.len(),
        })
    }

    /// Shape of the input at this position.
    pub fn layout(&self, position: usize) -> Option<&'a Layout> {
        self.values.get(position).map(|spec| &spec.layout)
    }
}

/// A node's place in its network: what it reads and what it makes.
#[derive(Debug, Clone)]
pub struct Site<'a> {
    /// The node.
    pub id: NodeId,
    /// The nodes it reads.
    pub reads: &'a [NodeId],
    /// What is known of them, and of its parameters.
    pub inputs: Inputs<'a>,
    /// What is known of its value.
    pub output: &'a ValueSpec,
}

/// What analysing a layer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Elements stored beyond those of its value.
    pub elements: u128,
    /// Gates and elements read by windows without weights.
    pub steps: u128,
}

impl Size {
    /// Nothing that its value's elements or its parameters do not answer for.
    pub const NOTHING: Self = Self { elements: 0, steps: 0 };
}

/// What a claim on a layer's value is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A column, or accumulators that the layer's own argument reduces.
    Own,
    /// The first input's value: for each of its variables, the variable of the layer's value that it is.
    Renamed(Vec<usize>),
    /// The input by the argument of [views](crate::argument::view); nothing is committed.
    View(ViewSize),
    /// The sum of a view of each input.
    SumOfViews(Vec<ViewSize>),
}

/// What the view of one input costs the verifier for each claim.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ViewSize {
    /// Field elements computed.
    pub work: usize,
    /// The longest vector of field elements.
    pub longest: usize,
}

/// What a layer commits to and looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitments {
    /// Committed before any challenge, in transcript order.
    pub columns: Vec<CommittedColumn>,
    /// Blocks of look-ups.
    pub lookups: Vec<LookupRequest>,
    /// Committed after challenges that it depends on.
    pub deferred: Option<CommittedColumn>,
    /// Positions of an inner product whose cross terms share a deferred column with those of other layers.
    pub cross_extent: Option<usize>,
}

impl Commitments {
    /// No column and no look-up.
    pub const fn none() -> Self {
        Self { columns: vec![], lookups: vec![], deferred: None, cross_extent: None }
    }
}

/// What a layer costs beyond commitments and look-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burden {
    /// Field elements that the verifier computes: shift and crop vectors, wirings.
    pub verifier: usize,
    /// Rounds that its argument takes at least.
    pub rounds: usize,
    /// Multiplications of activations by activations.
    pub products: usize,
}

impl Burden {
    /// Nothing to speak of.
    pub const NOTHING: Self = Self { verifier: 0, rounds: 0, products: 0 };
}
