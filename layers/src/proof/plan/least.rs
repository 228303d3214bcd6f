//! What every proof of a network holds at least: a verifier need not hash a long statement for a proof that cannot be one.

use tacit_transcript::encoding::POINT_BYTES;

use super::{Plan, nodes};
use crate::{argument::choice::MatmulArgument, layer::Operation, network::Architecture, tensor::Layout};

impl Plan {
    /// A bound from below on the bytes of a proof, in proportion to what it commits to and to the rounds of its longest
    /// sumchecks: each round sends something, and so does each commitment.
    pub fn least_proof_bytes(&self, architecture: &Architecture) -> usize {
        let levels = if self.segments.is_empty() { 0 } else { self.tree_vars };
        // Level `k` of the look-up tree has `k` rounds.
        let tree = levels.saturating_mul(levels.saturating_sub(1)) / 2;
        let rounds = nodes(architecture, &self.specs).map(|(node, _, _)| match &node.operation {
            Operation::Product(layer) if layer.argument != MatmulArgument::Polynomial => {
                let layout = |i: usize| node.inputs.get(i).and_then(|id| self.specs.get(id.index()));
                let axes =
                    layout(0).zip(layout(1)).map(|(a, b)| layer.axes(&node.name, &a.layout, &b.layout));
                axes.and_then(Result::ok).map_or(0, |axes| axes.inner_vars())
            }
            Operation::Circuit(layer) => {
                let read = layer.circuit.layers.iter().skip(1).map(|layer| &layer.layout);
                read.chain(&layer.circuit.inputs).map(Layout::num_vars).max().unwrap_or(0)
            }
            _ => 0,
        });
        let messages = self.num_rows().saturating_add(tree).saturating_add(rounds.max().unwrap_or(0));
        messages.saturating_mul(POINT_BYTES)
    }
}
