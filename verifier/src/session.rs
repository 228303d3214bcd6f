//! A verification in progress: what every phase reads and the claims it leaves.

use std::collections::BTreeMap;

use ark_bn254::{Fr, G1Affine};
use tacit_layers::{
    Architecture, Layout, Node, NodeId, Operation, RescaleLayer, ValueSpec, VerifyingKey,
    argument::{
        claim::{Claims, Column, EvaluationClaim},
        hyrax::places,
    },
    proof::{plan::Plan, statement::Input},
    tensor::evaluation,
};
use tacit_transcript::{ProofReader, Value, labels};

use crate::error::{Error, Result};

/// A verification in progress.
pub(crate) struct Session<'a, 'p, V: Value> {
    pub(crate) key: &'a VerifyingKey,
    pub(crate) plan: &'a Plan,
    pub(crate) input: Input<'a>,
    pub(crate) reader: ProofReader<'p, V>,
    pub(crate) claims: Claims<V>,
    /// Row commitments of late columns.
    pub(crate) late: BTreeMap<Column, Vec<G1Affine>>,
}

impl<'a, V: Value> Session<'a, '_, V> {
    pub(crate) fn architecture(&self) -> &'a Architecture {
        self.key.architecture()
    }

    pub(crate) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// A node and its value's specification. The key was checked when it was read, so that both exist.
    pub(crate) fn node(&self, id: NodeId) -> Result<(&'a Node, &'a ValueSpec)> {
        let node = self.architecture().nodes.get(id.index());
        node.zip(self.plan().specs.get(id.index())).ok_or(Error::MissingColumn)
    }

    /// A rescale, by its node.
    pub(crate) fn rescale(&self, id: NodeId) -> Result<&'a RescaleLayer> {
        let Operation::Rescale(layer) = &self.node(id)?.0.operation else { return Err(Error::MissingColumn) };
        Ok(layer)
    }

    pub(crate) fn layout(&self, id: NodeId) -> Result<&'a Layout> {
        Ok(&self.node(id)?.1.layout)
    }

    /// The first input of a node.
    pub(crate) fn read(&self, id: NodeId) -> Result<NodeId> {
        self.node(id)?.0.inputs.first().copied().ok_or(Error::MissingColumn)
    }

    /// Shape of a late column of the plan.
    pub(crate) fn late_layout(&self, column: Column) -> Result<&'a Layout> {
        self.plan().late_layout(column).ok_or(Error::MissingColumn)
    }

    /// Reads the commitment to a late column.
    pub(crate) fn read_late(&mut self, column: Column) -> Result<()> {
        let (_, num_rows) = places(std::iter::once(self.late_layout(column)?), self.plan().key_vars);
        let rows = self.reader.read_points(labels::LATE_COMMITMENT, num_rows)?;
        self.late.insert(column, rows);
        Ok(())
    }

    /// Leaves a claim on a node's activations; one on a public input is checked at once.
    pub(crate) fn claim_activation(&mut self, id: NodeId, point: Vec<Fr>, value: V) -> Result<()> {
        let (id, point) = self.plan().base(id, point);
        if let (Operation::Input(_), Input::Public(input)) = (&self.node(id)?.0.operation, self.input) {
            let actual = evaluation::evaluate(input.layout(), input.data(), &point);
            let holds = self.reader.check_zero((value - V::from(actual)).into());
            return if holds { Ok(()) } else { Err(Error::PublicInput) };
        }
        if self.node(id)?.0.operation.is_view() {
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
