//! Where the prover's time goes, phase by phase and layer by layer. Measuring costs two readings of the clock for each layer
//! and round, and nothing of it enters the transcript.

use std::time::Duration;

use tacit_algebra::kernels::{self, Counts};
use tacit_layers::{Architecture, argument::claim::Column, proof::plan::Plan};

/// How long each phase took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// Integer inference.
    pub inference: Duration,
    /// Witness columns and their commitments.
    pub commit: Duration,
    /// Look-ups.
    pub lookups: Duration,
    /// Max-pools, rescales, dense layers, convolutions, windows.
    pub linear: Duration,
    /// The opening of all claims.
    pub opening: Duration,
}

impl Phases {
    /// All phases together.
    pub fn total(&self) -> Duration {
        self.inference + self.commit + self.lookups + self.linear + self.opening
    }
}

/// What one node cost the prover.
///
/// Look-ups and the opening are one argument for all nodes. Their time is shared out: that of the look-ups by leaves of the
/// tree, where a table's own rows belong to the nodes that look them up, each by its part; that of the opening by committed
/// integers, weights included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerProfile {
    /// Integer inference.
    pub inference: Duration,
    /// Computing its columns and committing to them.
    pub commit: Duration,
    /// Its share of the look-ups.
    pub lookups: Duration,
    /// Its share of the opening.
    pub opening: Duration,
    /// Computing the tables that its sumchecks run over.
    pub tables: Duration,
    /// Its share of the sumchecks' rounds.
    pub rounds: Duration,
    /// Rounds of its own sumchecks, those included that it goes through together with other nodes; not the rounds of
    /// look-ups and of the opening.
    pub num_rounds: usize,
    /// Bytes of messages about this node alone; the rounds of a batch are shared.
    pub bytes: usize,
}

impl LayerProfile {
    /// Time in the node's own argument.
    pub fn argument(&self) -> Duration {
        self.tables + self.rounds
    }

    /// Everything together.
    pub fn total(&self) -> Duration {
        self.inference + self.commit + self.lookups + self.argument() + self.opening
    }
}

/// What a plan asks of one node.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LayerCounts {
    /// Values that are looked up.
    pub lookups: usize,
    /// The same with padding.
    pub padded_lookups: usize,
    /// Its leaves of the look-up tree, its part of the tables' own rows included.
    pub leaves: f64,
    /// Integers of its columns of the witness.
    pub committed: usize,
    /// Field elements of its deferred columns.
    pub deferred: usize,
    /// Row commitments that these columns take, by parts where columns share rows.
    pub rows: f64,
    /// Integers of its parameters, which are folded for each layer that reads them.
    pub weights: usize,
}

impl LayerCounts {
    /// Elements that the opening folds.
    pub const fn opened(&self) -> usize {
        self.committed + self.deferred + self.weights
    }
}

/// The counts of every node, in the network's order.
pub fn counts(architecture: &Architecture, plan: &Plan) -> Vec<LayerCounts> {
    let mut counts = vec![LayerCounts::default(); architecture.nodes.len()];
    let lookups = |table: usize| -> f64 {
        let of_table = plan.segments.iter().filter(|segment| segment.table == table);
        let looked_up = of_table.filter(|segment| segment.rows.node().is_some());
        looked_up.map(|segment| (1_usize << segment.num_vars) as f64).sum()
    };
    let factors: Vec<f64> = plan
        .tables
        .iter()
        .enumerate()
        .map(|(index, table)| 1.0 + (1_usize << table.num_vars()) as f64 / lookups(index).max(1.0))
        .collect();
    for segment in &plan.segments {
        let own = segment.rows.node().and_then(|id| counts.get_mut(id.index()));
        let Some(own) = own else { continue };
        own.lookups += segment.layout.num_elements();
        own.padded_lookups += 1 << segment.num_vars;
        own.leaves += (1_usize << segment.num_vars) as f64 * factors[segment.table];
    }
    let row = 1_usize << plan.key_vars;
    for list in std::iter::once(plan.witness.as_slice()).chain(plan.deferred.chunks(1)) {
        for (column, place) in list.iter().zip(plan.rows(list).0) {
            if let Some(own) = column.column.node().and_then(|id| counts.get_mut(id.index())) {
                let elements = column.layout.num_elements();
                if matches!(column.column, Column::Convolved(_)) {
                    own.deferred += elements;
                } else {
                    own.committed += elements;
                }
                own.rows += place.shape.share(row, plan.key_vars) as f64 / row as f64;
            }
        }
    }
    for (node, own) in architecture.nodes.iter().zip(&mut counts) {
        let sizes =
            node.operation.layer().parameters().into_iter().filter_map(|id| plan.parameters.get(id.index()));
        own.weights = sizes.map(|column| column.layout.num_elements()).sum();
    }
    counts
}

/// Counts what kernels do from now on, for [`PhaseCost::operations`]. Returns whether it does: only where nothing has been
/// computed yet.
pub fn count_operations() -> bool {
    kernels::count()
}

/// What a phase cost beside time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseCost {
    /// Bytes of its messages.
    pub bytes: usize,
    /// What kernels did, where it is [counted](tacit_algebra::kernels::count). Other proofs of the same process at the same
    /// time count too.
    pub operations: Option<Counts>,
}

/// What each phase behind inference cost beside time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseCosts {
    /// Witness columns and their commitments.
    pub commit: PhaseCost,
    /// Look-ups.
    pub lookups: PhaseCost,
    /// Everything between look-ups and opening.
    pub linear: PhaseCost,
    /// The opening of all claims.
    pub opening: PhaseCost,
}
