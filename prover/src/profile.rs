//! Where the prover's time goes, layer by layer. Measuring costs two readings of the clock for each layer and round, and
//! nothing of it enters the transcript.

use std::time::{Duration, Instant};

use ark_bn254::Fr;
use rayon::prelude::*;
use tacit_algebra::kernels::{self, counting::Counts};
use tacit_layers::{
    Architecture, NodeId, Operation,
    argument::{
        claim::{Column, SumClaim},
        sumcheck::{RoundPolynomial, RoundWeights},
    },
    proof::plan::Plan,
};
use tacit_transcript::ProofWriter;

use crate::{
    session::Session,
    sumcheck::{self, SumcheckInstance},
};

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
    /// Bytes of messages about this node alone; the rounds of a batch are shared.
    pub bytes: usize,
}

impl LayerProfile {
    /// Adds a batch's rounds and scalars of one instance.
    pub(crate) fn charge<I>(&mut self, instance: &Timed<I>, scalars: usize) {
        self.rounds += instance.elapsed;
        self.bytes += scalars * tacit_transcript::encoding::SCALAR_BYTES;
    }

    /// Adds another cost of the same node.
    pub(crate) fn add(&mut self, cost: Self) {
        self.inference += cost.inference;
        self.commit += cost.commit;
        self.lookups += cost.lookups;
        self.opening += cost.opening;
        self.tables += cost.tables;
        self.rounds += cost.rounds;
        self.bytes += cost.bytes;
    }

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
    /// Field elements of its late columns.
    pub late: usize,
    /// Row commitments that these columns take, by parts where columns share rows.
    pub rows: f64,
    /// Integers of its parameters, which are folded.
    pub weights: usize,
}

impl LayerCounts {
    /// Elements that the opening folds.
    pub const fn opened(&self) -> usize {
        self.committed + self.late + self.weights
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
        let Some((id, own)) = segment.rows.node().and_then(|id| Some((id, counts.get_mut(id.index())?)))
        else {
            continue;
        };
        let mut values = plan.specs[id.index()].layout.num_elements();
        if let Operation::MaxPool(layer) = &architecture.node(id).operation {
            values *= layer.window.num_offsets();
        }
        own.lookups += values;
        own.padded_lookups += 1 << segment.num_vars;
        own.leaves += (1_usize << segment.num_vars) as f64 * factors[segment.table];
    }
    let row = 1_usize << plan.key_vars;
    for list in std::iter::once(plan.witness.as_slice()).chain(plan.late.chunks(1)) {
        for (column, place) in list.iter().zip(plan.rows(list).0) {
            if let Some(own) = column.column.node().and_then(|id| counts.get_mut(id.index())) {
                let elements = column.layout.num_elements();
                if matches!(column.column, Column::Convolved(_)) {
                    own.late += elements;
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

/// Shares out what phases cost that are one argument for all nodes.
pub(crate) fn share_out(
    layers: &mut [LayerProfile],
    counts: &[LayerCounts],
    [columns, lookups, opening]: [Duration; 3],
) {
    let share = |total: Duration, of: fn(&LayerCounts) -> f64, own: &LayerCounts| {
        let all: f64 = counts.iter().map(of).sum();
        if all > 0.0 { total.mul_f64(of(own) / all) } else { Duration::ZERO }
    };
    for (profile, own) in layers.iter_mut().zip(counts) {
        profile.commit += share(columns, |counts| counts.committed as f64, own);
        profile.lookups = share(lookups, |counts| counts.leaves, own);
        profile.opening = share(opening, |counts| counts.opened() as f64, own);
    }
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

/// Measures one phase after the other.
pub(crate) struct Laps {
    clock: Instant,
    bytes: usize,
    operations: Option<Counts>,
}

impl Laps {
    pub(crate) fn new() -> Self {
        Self { clock: Instant::now(), bytes: 0, operations: kernels::counts() }
    }

    /// Ends a phase after which the proof has so many bytes.
    pub(crate) fn end(&mut self, bytes: usize) -> (Duration, PhaseCost) {
        let before = std::mem::replace(self, Self { bytes, ..Self::new() });
        let operations = self.operations.zip(before.operations).map(|(now, before)| now.since(before));
        (self.clock - before.clock, PhaseCost { bytes: bytes - before.bytes, operations })
    }
}

impl Session<'_> {
    /// Does work that belongs to one node and charges it with the time and the bytes.
    pub(crate) fn charged<T>(&mut self, id: NodeId, work: impl FnOnce(&mut Self) -> T) -> T {
        let (clock, bytes) = (Instant::now(), self.writer.num_bytes());
        let result = work(self);
        let bytes = self.writer.num_bytes() - bytes;
        let profile = &mut self.layers[id.index()];
        profile.tables += clock.elapsed();
        profile.bytes += bytes;
        result
    }

    /// Does work that belongs to one node each, on all cores, and charges every node with its part of the time.
    pub(crate) fn charged_each<T: Sync, U: Send>(
        &mut self,
        items: &[T],
        node: impl Fn(&T) -> NodeId,
        work: impl Fn(&Self, &T) -> U + Sync,
    ) -> Vec<U> {
        let clock = Instant::now();
        let (results, mut times): (Vec<U>, Vec<Duration>) =
            items.par_iter().map(|item| timed(|| work(self, item))).unzip();
        settle(clock.elapsed(), times.iter_mut());
        for (item, time) in items.iter().zip(times) {
            self.layers[node(item).index()].tables += time;
        }
        results
    }

    /// Does work that several nodes share and charges each with the same part of its time. Its bytes are shared, as those of
    /// rounds are.
    pub(crate) fn charged_to_all<T>(&mut self, ids: &[NodeId], work: impl FnOnce(&mut Self) -> T) -> T {
        let clock = Instant::now();
        let result = work(self);
        let share = clock.elapsed() / ids.len().max(1) as u32;
        for id in ids {
            self.layers[id.index()].tables += share;
        }
        result
    }

    /// Charges a node with its rounds and with its scalars of a message that a batch sent.
    pub(crate) fn charge_rounds<I>(&mut self, instance: &Timed<I>, scalars: usize) {
        self.layers[instance.node.index()].charge(instance, scalars);
    }
}

/// What work gives and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let clock = Instant::now();
    let result = work();
    (result, clock.elapsed())
}

/// Makes times on several cores parts of the time that passed.
fn settle<'a>(passed: Duration, times: impl Iterator<Item = &'a mut Duration>) {
    let times: Vec<&mut Duration> = times.collect();
    let total: Duration = times.iter().map(|time| **time).sum();
    if total > passed {
        let part = passed.as_secs_f64() / total.as_secs_f64();
        for time in times {
            *time = time.mul_f64(part);
        }
    }
}

/// An instance that knows how long its rounds took.
pub(crate) trait TimedInstance: SumcheckInstance {
    /// The time.
    fn elapsed(&mut self) -> &mut Duration;
}

impl<I: SumcheckInstance> TimedInstance for Timed<I> {
    fn elapsed(&mut self) -> &mut Duration {
        &mut self.elapsed
    }
}

/// As [`sumcheck::prove`]; instances know their parts of the time behind it.
pub(crate) fn prove_rounds(
    writer: &mut ProofWriter,
    instances: &mut [&mut dyn TimedInstance],
    weights: RoundWeights,
) -> Vec<Fr> {
    let clock = Instant::now();
    let mut borrowed: Vec<&mut dyn SumcheckInstance> =
        instances.iter_mut().map(|instance| &mut **instance as _).collect();
    let point = sumcheck::prove(writer, &mut borrowed, weights);
    settle(clock.elapsed(), instances.iter_mut().map(|instance| instance.elapsed()));
    point
}

/// A node's sumcheck instance that knows how long its rounds took.
pub(crate) struct Timed<I> {
    pub(crate) node: NodeId,
    pub(crate) instance: I,
    elapsed: Duration,
}

impl<I> Timed<I> {
    pub(crate) const fn new(node: NodeId, instance: I) -> Self {
        Self { node, instance, elapsed: Duration::ZERO }
    }

    fn timed<T>(&mut self, work: impl FnOnce(&mut I) -> T) -> T {
        let clock = Instant::now();
        let result = work(&mut self.instance);
        self.elapsed += clock.elapsed();
        result
    }
}

impl<I: SumcheckInstance> SumcheckInstance for Timed<I> {
    fn claim(&self) -> SumClaim {
        self.instance.claim()
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        self.timed(|instance| instance.round(claim, one_weight))
    }

    fn bind(&mut self, r: Fr) {
        self.timed(|instance| instance.bind(r));
    }
}
