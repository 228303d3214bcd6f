//! Times and bytes of a proof in progress.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ark_bn254::Fr;
use rayon::prelude::*;
use tacit_algebra::kernels::{self, Counts};
use tacit_layers::{
    Architecture, NodeId,
    argument::{
        claim::SumClaim,
        sumcheck::{RoundPolynomial, RoundWeights},
    },
    proof::plan::Plan,
};
use tacit_transcript::{ProofWriter, encoding::SCALAR_BYTES};

use super::Observer;
use crate::{
    profile::{self, LayerCounts, LayerProfile, PhaseCost, PhaseCosts, Phases},
    sumcheck::{self, SumcheckInstance},
};

/// What a proof's time is divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Integer inference.
    Inference,
    /// Columns of the witness.
    Columns,
    /// Their commitments.
    Commit,
    /// Look-ups.
    Lookups,
    /// Everything between look-ups and opening.
    Linear,
    /// The opening of all claims.
    Opening,
}

/// Counts times and bytes, by phase and by node.
#[derive(Debug)]
pub(crate) struct Profiler {
    /// When the phase began, with how many bytes, and what kernels had done.
    lap: (Instant, usize, Option<Counts>),
    /// Part of the phase of inference and commitments that columns take.
    columns: Duration,
    /// Nodes whose value is there, and when the last of them was.
    inferred: (usize, Duration),
    phases: Phases,
    costs: PhaseCosts,
    layers: Vec<LayerProfile>,
}

impl Observer for Profiler {
    fn profiler(&mut self) -> &mut Profiler {
        self
    }
}

impl Profiler {
    /// Begins to count for so many nodes.
    pub(crate) fn new(num_nodes: usize) -> Self {
        Self {
            lap: (Instant::now(), 0, kernels::counts()),
            columns: Duration::ZERO,
            inferred: (0, Duration::ZERO),
            phases: Phases::default(),
            costs: PhaseCosts::default(),
            layers: vec![LayerProfile::default(); num_nodes],
        }
    }

    /// Takes the next node's value as computed.
    pub(crate) fn inferred(&mut self) {
        let (node, before) = self.inferred;
        self.inferred = (node + 1, self.lap.0.elapsed());
        self.layers[node].inference = self.inferred.1.saturating_sub(before);
    }

    /// Ends a phase, after which the proof has so many bytes.
    pub(crate) fn end(&mut self, phase: Phase, bytes: usize) {
        let (now, operations) = (Instant::now(), kernels::counts());
        let before = std::mem::replace(&mut self.lap, (now, bytes, operations));
        let operations = operations.zip(before.2).map(|(now, before)| now.since(before));
        let (time, cost) = (now - before.0, PhaseCost { bytes: bytes - before.1, operations });
        match phase {
            Phase::Inference => self.phases.inference = time,
            Phase::Columns => self.columns = time,
            Phase::Commit => (self.phases.commit, self.costs.commit) = (self.columns + time, cost),
            Phase::Lookups => (self.phases.lookups, self.costs.lookups) = (time, cost),
            Phase::Linear => (self.phases.linear, self.costs.linear) = (time, cost),
            Phase::Opening => (self.phases.opening, self.costs.opening) = (time, cost),
        }
    }

    /// Charges nodes with the commitments of their columns of the witness.
    pub(crate) fn committed(&mut self, plan: &Plan, bytes: &[usize], shares: &Shares) {
        for ((bytes, time), column) in bytes.iter().zip(&shares.0).zip(&plan.witness) {
            if let Some(layer) = column.column.node().and_then(|id| self.layers.get_mut(id.index())) {
                layer.commit += *time;
                layer.bytes += bytes;
            }
        }
    }

    /// Charges a node with scalars of a message.
    pub(crate) fn sent(&mut self, node: NodeId, scalars: usize) {
        self.layers[node.index()].bytes += scalars * SCALAR_BYTES;
    }

    /// Charges a node with work and with bytes.
    pub(super) fn charge(&mut self, node: NodeId, time: Duration, bytes: usize) {
        let layer = &mut self.layers[node.index()];
        layer.tables += time;
        layer.bytes += bytes;
    }

    /// Does work for a node.
    pub(crate) fn span<T>(&mut self, node: NodeId, work: impl FnOnce() -> T) -> T {
        let (result, time) = timed(work);
        self.charge(node, time, 0);
        result
    }

    /// Charges several nodes with the same part of work that they share.
    pub(super) fn charge_all(&mut self, nodes: &[NodeId], time: Duration) {
        let share = time / nodes.len().max(1) as u32;
        for node in nodes {
            self.charge(*node, share, 0);
        }
    }

    /// Does work that several nodes share.
    pub(crate) fn shared_span<T>(&mut self, nodes: &[NodeId], work: impl FnOnce() -> T) -> T {
        let (result, time) = timed(work);
        self.charge_all(nodes, time);
        result
    }

    /// Counts the rounds of a batch, given every instance's node and rounds: a node's instances go through the same ones.
    pub(crate) fn count_rounds(&mut self, instances: impl IntoIterator<Item = (NodeId, usize)>) {
        let mut longest = BTreeMap::new();
        for (node, rounds) in instances {
            let own: &mut usize = longest.entry(node.index()).or_default();
            *own = rounds.max(*own);
        }
        for (node, rounds) in longest {
            self.layers[node].num_rounds += rounds;
        }
    }

    /// [`sumcheck::prove`] that charges every instance's node with its part of the rounds.
    pub(super) fn prove_batch<I: SumcheckInstance>(
        &mut self,
        writer: &mut ProofWriter,
        instances: &mut [(NodeId, I)],
        weights: RoundWeights,
    ) -> Vec<Fr> {
        self.count_rounds(instances.iter().map(|(node, instance)| (*node, instance.claim().num_vars)));
        let clock = Instant::now();
        let mut timed: Vec<Timed<I>> = instances
            .iter_mut()
            .map(|(node, instance)| Timed { node: *node, instance, elapsed: Duration::ZERO })
            .collect();
        let mut borrowed: Vec<&mut dyn SumcheckInstance> =
            timed.iter_mut().map(|instance| instance as _).collect();
        let point = sumcheck::prove_checked(writer, &mut borrowed, weights);
        settle(clock.elapsed(), timed.iter_mut().map(|instance| &mut instance.elapsed));
        for instance in timed {
            self.layers[instance.node.index()].rounds += instance.elapsed;
        }
        point
    }

    /// What the proof cost: phases, and nodes, among which those phases are shared out that are one argument for all.
    pub(crate) fn finish(
        &mut self,
        architecture: &Architecture,
        plan: &Plan,
    ) -> (Phases, PhaseCosts, Vec<LayerProfile>) {
        let counts = profile::counts(architecture, plan);
        let share = |total: Duration, of: fn(&LayerCounts) -> f64, own: &LayerCounts| {
            let all: f64 = counts.iter().map(of).sum();
            if all > 0.0 { total.mul_f64(of(own) / all) } else { Duration::ZERO }
        };
        let mut layers = std::mem::take(&mut self.layers);
        for (layer, own) in layers.iter_mut().zip(&counts) {
            layer.commit += share(self.columns, |counts| counts.committed as f64, own);
            layer.lookups = share(self.phases.lookups, |counts| counts.leaves, own);
            layer.opening = share(self.phases.opening, |counts| counts.opened() as f64, own);
        }
        (self.phases, self.costs, layers)
    }
}

/// Times of items that are worked on several at a time, each its part by its size.
#[derive(Debug, Default)]
pub struct Shares(Vec<Duration>);

impl Shares {
    /// Those of so many items.
    pub(crate) fn new(count: usize) -> Self {
        Self(vec![Duration::ZERO; count])
    }

    /// Does work for some of the items.
    pub fn span(&mut self, items: &[usize], size: impl Fn(usize) -> usize, work: impl FnOnce()) {
        let ((), time) = timed(work);
        let total: usize = items.iter().map(|&item| size(item)).sum();
        for &item in items {
            if let Some(share) = self.0.get_mut(item) {
                *share = time.mul_f64(size(item) as f64 / total.max(1) as f64);
            }
        }
    }
}

/// What work gives and how long it took.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let clock = Instant::now();
    let result = work();
    (result, clock.elapsed())
}

/// What work on every item, on all cores, gives and took, as parts of the time that passed.
pub(super) fn timed_each<T: Sync, U: Send>(
    items: &[T],
    work: impl Fn(&T) -> U + Sync,
) -> (Vec<U>, Vec<Duration>) {
    let clock = Instant::now();
    let (results, mut times): (Vec<U>, Vec<Duration>) =
        items.par_iter().map(|item| timed(|| work(item))).unzip();
    settle(clock.elapsed(), times.iter_mut());
    (results, times)
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

/// A node's sumcheck instance that knows how long its rounds took.
struct Timed<'a, I> {
    node: NodeId,
    instance: &'a mut I,
    elapsed: Duration,
}

impl<I> Timed<'_, I> {
    fn timed<T>(&mut self, work: impl FnOnce(&mut I) -> T) -> T {
        let (result, time) = timed(|| work(self.instance));
        self.elapsed += time;
        result
    }
}

impl<I: SumcheckInstance> SumcheckInstance for Timed<'_, I> {
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
