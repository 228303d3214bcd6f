//! A proof in progress: what every phase reads and the claims it leaves.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use tacit_inference::Trace;
use tacit_layers::{
    Layout, Network, Node, NodeId, Operation, RescaleLayer, Tensor, ValueKind,
    argument::claim::{Claims, Column, EvaluationClaim},
    layer::{rescale::saturation::RescaleValues, site::Site},
    proof::plan::Plan,
};
use tacit_transcript::ProofWriter;

use crate::{
    buffers::Buffers,
    committer::{Committer, List},
    observer::{Observer, Watcher},
    opening::{CommittedTensor, Elements, Shares},
    witness::Witness,
};

/// A proof in progress.
pub(crate) struct Session<'a> {
    pub(crate) network: &'a Network,
    pub(crate) plan: &'a Plan,
    pub(crate) trace: &'a Trace,
    pub(crate) witness: &'a Witness,
    pub(crate) writer: &'a mut ProofWriter,
    pub(crate) claims: Claims,
    pub(crate) buffers: &'a Buffers,
    /// What the look-ups say of every rescale.
    pub(crate) rescales: BTreeMap<NodeId, RescaleValues>,
    /// Values of max-pools' differences at the look-ups' point, kept for the max-pools' own phase.
    pub(crate) differences: Vec<EvaluationClaim<NodeId>>,
    /// Columns committed after challenges they depend on.
    pub(crate) deferred: BTreeMap<Column, Vec<Fr>>,
    /// Commits to columns, and hides them if the proof does.
    pub(crate) committer: &'a mut dyn Committer,
    /// What watches the proof.
    pub(crate) observer: Watcher,
}

impl Session<'_> {
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        self.network.architecture.node(id)
    }

    /// A node with its place.
    pub(crate) fn site(&self, id: NodeId) -> (&Node, Site<'_>) {
        let Some(site) = self.network.architecture.site(id, &self.plan.specs) else {
            unreachable!("the graph was checked")
        };
        site
    }

    /// A rescale, by its node.
    pub(crate) fn rescale(&self, id: NodeId) -> &RescaleLayer {
        let Operation::Rescale(layer) = &self.node(id).operation else {
            unreachable!("the plan names a rescale")
        };
        layer
    }

    pub(crate) fn value(&self, id: NodeId) -> &Tensor<i64> {
        &self.trace.values()[id.index()]
    }

    pub(crate) fn layout(&self, id: NodeId) -> &Layout {
        &self.plan.specs[id.index()].layout
    }

    /// Commits to a deferred column of the plan, which is opened with all others, and returns it.
    pub(crate) fn commit_deferred(&mut self, column: Column, mut values: Vec<Fr>) -> Vec<Fr> {
        let Some(layout) = self.plan.deferred_layout(column) else {
            unreachable!("the plan lists deferred columns")
        };
        self.observer.deferred_column(column, &mut values);
        let layout = self.observer.deferred_layout(column, layout);
        let tensor = CommittedTensor { layout, values: Elements::Field(&values) };
        self.committer.commit(self.writer, List::Deferred(column), &[tensor], &mut Shares::new(1));
        self.deferred.insert(column, values.clone());
        values
    }

    /// Leaves a claim on a node's value.
    pub(crate) fn claim_value(&mut self, id: NodeId, point: Vec<Fr>, value: Fr) {
        match self.plan.specs[id.index()].kind {
            ValueKind::Accumulator => self.claim_accumulator(id, point, value),
            ValueKind::Activation { .. } => self.claim_activation(id, point, value),
        }
    }

    /// Leaves a claim on a node's activations.
    pub(crate) fn claim_activation(&mut self, id: NodeId, point: Vec<Fr>, value: Fr) {
        let (id, point) = self.plan.base(id, point);
        if self.plan.is_view(id) {
            self.claims.views.push(EvaluationClaim::new(id, point, value));
            return;
        }
        let column = Column::Activation(id);
        self.claims.columns.push(EvaluationClaim::new(column, point, value));
    }

    /// Leaves a claim on a node's accumulators.
    pub(crate) fn claim_accumulator(&mut self, id: NodeId, point: Vec<Fr>, value: Fr) {
        let (id, point) = self.plan.base(id, point);
        self.claims.accumulators.insert(id, EvaluationClaim::new(id, point, value));
    }
}
