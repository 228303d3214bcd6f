//! Steps of a session that belong to nodes.

use ark_bn254::Fr;
use tacit_layers::{NodeId, argument::sumcheck::RoundWeights};
use tacit_transcript::Label;

use super::{
    Observer, Phase,
    profiler::{timed, timed_each},
};
use crate::{session::Session, sumcheck::SumcheckInstance};

/// The nodes that instances of a batch belong to.
pub(crate) fn nodes<I>(instances: &[(NodeId, I)]) -> impl Iterator<Item = NodeId> {
    instances.iter().map(|(node, _)| *node)
}

impl Session<'_> {
    /// Does work, messages included, for one node.
    pub(crate) fn for_node<T>(&mut self, node: NodeId, work: impl FnOnce(&mut Self) -> T) -> T {
        let bytes = self.writer.num_bytes();
        let (result, time) = timed(|| work(self));
        let bytes = self.writer.num_bytes() - bytes;
        self.observer.profiler().charge(node, time, bytes);
        result
    }

    /// Does work that several nodes share. They share its bytes as well, as those of a batch's rounds.
    pub(crate) fn for_nodes<T>(&mut self, nodes: &[NodeId], work: impl FnOnce(&mut Self) -> T) -> T {
        let (result, time) = timed(|| work(self));
        self.observer.profiler().charge_all(nodes, time);
        result
    }

    /// A batch's instances with the nodes they belong to, computed on all cores.
    pub(crate) fn instances<T: Sync, U: Send>(
        &mut self,
        items: &[T],
        node: impl Fn(&T) -> NodeId,
        instance: impl Fn(&Self, &T) -> U + Sync,
    ) -> Vec<(NodeId, U)> {
        let (instances, times) = timed_each(items, |item| instance(self, item));
        let nodes: Vec<NodeId> = items.iter().map(node).collect();
        nodes.iter().zip(times).for_each(|(node, time)| self.observer.profiler().charge(*node, time, 0));
        nodes.into_iter().zip(instances).collect()
    }

    /// Ends a phase.
    pub(crate) fn end(&mut self, phase: Phase) {
        self.observer.profiler().end(phase, self.writer.num_bytes());
    }

    /// Proves a batch; returns its point.
    pub(crate) fn prove_batch<I: SumcheckInstance>(
        &mut self,
        instances: &mut [(NodeId, I)],
        weights: RoundWeights,
    ) -> Vec<Fr> {
        self.observer.prove_batch(self.writer, instances, weights)
    }

    /// Writes some scalars about each node as one message.
    pub(crate) fn write_for<const N: usize>(
        &mut self,
        label: Label,
        nodes: impl IntoIterator<Item = NodeId>,
        scalars: &mut [[Fr; N]],
    ) {
        self.observer.write_for(self.writer, label, nodes, scalars);
    }

    /// Writes scalars as one message.
    pub(crate) fn write(&mut self, label: Label, scalars: &mut [Fr]) {
        self.observer.message(label, scalars);
        self.writer.write_scalars(label, scalars);
    }
}
