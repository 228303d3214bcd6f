//! What every proof of a network holds at least: a verifier need not hash a long statement for a proof that cannot be one.

use tacit_transcript::encoding::SCALAR_BYTES;

use super::Plan;
use crate::{
    argument::{claim::layouts, opening::CommitmentScheme},
    network::Architecture,
};

impl Plan {
    /// A bound from below on the bytes of a proof, in proportion to what it commits to and to the rounds of its longest
    /// sumchecks: each round sends something, and so does each commitment.
    pub fn least_proof_bytes(&self, architecture: &Architecture, scheme: &impl CommitmentScheme) -> usize {
        let lists = std::iter::once(self.witness.as_slice()).chain(self.deferred.chunks(1));
        let commitments: usize = lists.map(|list| scheme.num_bytes(&layouts(list))).sum();
        self.least_scalars(architecture).saturating_mul(SCALAR_BYTES).saturating_add(commitments)
    }

    /// A bound from below on the scalars of a proof.
    pub(super) fn least_scalars(&self, architecture: &Architecture) -> usize {
        let levels = if self.segments.is_empty() { 0 } else { self.tree_vars };
        // Level `k` of the look-up tree has `k` rounds.
        let tree = levels.saturating_mul(levels.saturating_sub(1)) / 2;
        let rounds = architecture
            .sites(&self.specs)
            .map(|(node, site)| node.operation.layer().burden(&site).map_or(0, |burden| burden.rounds));
        tree.saturating_add(rounds.max().unwrap_or(0))
    }
}
