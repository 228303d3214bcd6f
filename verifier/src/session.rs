//! A verification in progress: what every phase reads and the claims it leaves.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use tacit_layers::{
    Architecture, Layout, Node, NodeId, Operation, RescaleLayer, ValueKind, ValueSpec,
    argument::claim::{Claims, Column, EvaluationClaim},
    layer::{rescale::saturation::RescaleValues, site::Site},
    proof::{plan::Plan, statement::Input},
    tensor::evaluation,
};
use tacit_transcript::{ProofReader, Value};

use crate::{
    error::{Error, Result},
    layers::VerifierLayer,
};

/// Reads the commitment to a deferred column, whatever the scheme, and keeps it for the opening.
pub(crate) type ReadDeferred<'a, V> = Box<dyn FnMut(&mut ProofReader<V>, Column, &Layout) -> Result<()> + 'a>;

/// A verification in progress.
pub(crate) struct Session<'a, 'p, V: Value> {
    pub(crate) architecture: &'a Architecture,
    pub(crate) plan: &'a Plan,
    pub(crate) inputs: &'a [Input<'a>],
    pub(crate) reader: &'a mut ProofReader<'p, V>,
    pub(crate) claims: Claims<V>,
    /// What the look-ups say of every rescale.
    pub(crate) rescales: BTreeMap<NodeId, RescaleValues<V>>,
    /// Values of max-pools' differences at the look-ups' point, kept for the max-pools' own phase.
    pub(crate) differences: Vec<EvaluationClaim<NodeId, V>>,
    /// Reads commitments to deferred columns.
    read_deferred: ReadDeferred<'a, V>,
}

impl<'a, 'p, V: Value> Session<'a, 'p, V> {
    /// Before the look-ups.
    pub(crate) fn new(
        architecture: &'a Architecture,
        plan: &'a Plan,
        inputs: &'a [Input<'a>],
        reader: &'a mut ProofReader<'p, V>,
        read_deferred: ReadDeferred<'a, V>,
    ) -> Self {
        let claims = Claims::default();
        let (rescales, differences) = (BTreeMap::new(), vec![]);
        Self { architecture, plan, inputs, reader, claims, rescales, differences, read_deferred }
    }

    /// All claims that are left.
    pub(crate) fn into_claims(self) -> Claims<V> {
        self.claims
    }

    /// The verifier's side of a node's layer.
    pub(crate) fn layer(&self, id: NodeId) -> Result<&'a dyn VerifierLayer<V>> {
        Ok(crate::layers::of(&self.node(id)?.0.operation))
    }

    /// A node with its place.
    pub(crate) fn site(&self, id: NodeId) -> Result<(&'a Node, Site<'a>)> {
        self.architecture().site(id, &self.plan.specs).ok_or(Error::BrokenInvariant)
    }

    pub(crate) fn architecture(&self) -> &'a Architecture {
        self.architecture
    }

    pub(crate) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// A node and its value's specification. The key was checked when it was read, so that both exist.
    pub(crate) fn node(&self, id: NodeId) -> Result<(&'a Node, &'a ValueSpec)> {
        let node = self.architecture().nodes.get(id.index());
        node.zip(self.plan().specs.get(id.index())).ok_or(Error::BrokenInvariant)
    }

    /// A rescale, by its node.
    pub(crate) fn rescale(&self, id: NodeId) -> Result<&'a RescaleLayer> {
        let Operation::Rescale(layer) = &self.node(id)?.0.operation else {
            return Err(Error::BrokenInvariant);
        };
        Ok(layer)
    }

    pub(crate) fn layout(&self, id: NodeId) -> Result<&'a Layout> {
        Ok(&self.node(id)?.1.layout)
    }

    /// The first input of a node.
    pub(crate) fn read(&self, id: NodeId) -> Result<NodeId> {
        self.node(id)?.0.inputs.first().copied().ok_or(Error::BrokenInvariant)
    }

    /// Shape of a deferred column of the plan.
    pub(crate) fn deferred_layout(&self, column: Column) -> Result<&'a Layout> {
        self.plan().deferred_layout(column).ok_or(Error::BrokenInvariant)
    }

    /// Reads the commitment to a deferred column.
    pub(crate) fn read_deferred(&mut self, column: Column) -> Result<()> {
        let layout = self.deferred_layout(column)?;
        (self.read_deferred)(self.reader, column, layout)
    }

    /// Leaves a claim on a node's value.
    pub(crate) fn claim_value(&mut self, id: NodeId, point: Vec<Fr>, value: V) -> Result<()> {
        match self.node(id)?.1.kind {
            ValueKind::Accumulator => {
                self.claim_accumulator(id, point, value);
                Ok(())
            }
            ValueKind::Activation { .. } => self.claim_activation(id, point, value),
        }
    }

    /// Leaves a claim on a node's activations; one on a public input is checked at once.
    pub(crate) fn claim_activation(&mut self, id: NodeId, point: Vec<Fr>, value: V) -> Result<()> {
        let (id, point) = self.plan().base(id, point);
        // The inputs are the first nodes.
        if let Some(Input::Public(input)) = self.inputs.get(id.index()) {
            let actual = evaluation::evaluate(input.layout(), input.data(), &point)?;
            let holds = self.reader.check_zero((value - V::from(actual)).into());
            return if holds { Ok(()) } else { Err(Error::PublicInput) };
        }
        if self.plan().is_view(id) {
            self.claims.views.push(EvaluationClaim::new(id, point, value));
            return Ok(());
        }
        self.claims.columns.push(EvaluationClaim::new(Column::Activation(id), point, value));
        Ok(())
    }

    /// Leaves a claim on a node's accumulators.
    pub(crate) fn claim_accumulator(&mut self, id: NodeId, point: Vec<Fr>, value: V) {
        let (id, point) = self.plan().base(id, point);
        self.claims.accumulators.insert(id, EvaluationClaim::new(id, point, value));
    }
}
