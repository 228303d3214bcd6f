//! Where the prover's time goes, layer by layer. Measuring costs two readings of the clock for each layer and round, and
//! nothing of it enters the transcript.

use std::time::{Duration, Instant};

use ark_bn254::Fr;
use rayon::prelude::*;
use tacit_layers::{
    NodeId,
    claim::SumClaim,
    sumcheck::{RoundPolynomial, RoundWeights},
};
use tacit_transcript::ProofWriter;

use crate::{
    session::Session,
    sumcheck::{self, SumcheckInstance},
};

/// What one node cost the prover by itself. Look-ups and openings are one argument for all nodes and are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayerProfile {
    /// Committing to its columns.
    pub commit: Duration,
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
        self.commit += cost.commit;
        self.tables += cost.tables;
        self.rounds += cost.rounds;
        self.bytes += cost.bytes;
    }

    /// Time in the node's argument: everything but its commitments.
    pub fn argument(&self) -> Duration {
        self.tables + self.rounds
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
