//! The soundness error of a network's proof: a sum over its layers, batch by batch, and over what all of them share.

use crate::{
    argument::{
        claim::Column,
        matmul::polynomial::cross_halves,
        soundness::{self, SoundnessError},
    },
    integer::widest,
    layer::Batches,
    network::Architecture,
    proof::plan::Plan,
};

/// Every sub-protocol of a network's proof over Hyrax.
pub fn network(architecture: &Architecture, plan: &Plan) -> Vec<(&'static str, SoundnessError)> {
    network_over(architecture, plan, |claims| soundness::hyrax(plan.opening_vars(), claims))
}

/// Every sub-protocol of a network's proof, with the error of opening so many claims.
pub fn network_over(
    architecture: &Architecture,
    plan: &Plan,
    opening: impl FnOnce(usize) -> SoundnessError,
) -> Vec<(&'static str, SoundnessError)> {
    let mut batches = Batches::default();
    for (node, site) in architecture.sites(&plan.specs) {
        node.operation.layer().soundness(&site, &mut batches);
    }
    let outputs: usize = architecture
        .outputs
        .iter()
        .filter_map(|output| plan.specs.get(output.node.index()))
        .map(|spec| spec.layout.num_vars())
        .sum();
    // Every edge of the graph leaves at most two claims, a witness column is looked up once or twice, a parameter is claimed
    // by each layer that reads it, an output adds one, and so does the look-up of each committed input.
    let edges: usize = architecture.nodes.iter().map(|node| node.inputs.len()).sum();
    let twice = [plan.witness.len(), edges, plan.deferred.len()];
    let once = [
        plan.num_parameter_claims,
        plan.inputs.len(),
        architecture.outputs.len(),
        plan.num_view_claims,
        batches.circuit_claims(),
    ];
    let claims = twice.iter().chain(&twice).chain(&once).copied().fold(0, usize::saturating_add);
    let cross_half = plan.deferred_layout(Column::CrossTerms).map(|layout| cross_halves(layout).0);
    let shared =
        [("outputs", SoundnessError::new(widest(outputs))), ("look-ups", soundness::logup(plan.tree_vars))];
    shared
        .into_iter()
        .chain(batches.errors(plan.num_view_claims, cross_half))
        .chain([("openings", opening(claims))])
        .collect()
}
