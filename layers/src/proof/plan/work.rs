//! What all layers of a key together ask of the verifier, beyond what it reads: a key of many small nodes may not ask for
//! hours.

use super::{bases::Base, nodes};
use crate::layer::window;
use crate::{
    layer::Operation,
    network::Architecture,
    tensor::{
        value::{NodeId, ValueSpec},
        window::AxisWindow,
    },
};

/// Shift and crop vectors of every window, wirings of every circuit, and the public input for each claim on it; views are
/// counted [apart](super::MAX_VIEW_WORK).
pub(super) fn count(architecture: &Architecture, specs: &[ValueSpec], bases: &[Base]) -> usize {
    let public = specs.first().map_or(0, |spec| spec.layout.num_elements());
    let is_public = |id: &NodeId| bases.get(id.index()).is_some_and(|base| base.node == NodeId(0));
    let work = nodes(architecture, specs).map(|(node, output, _)| {
        let claims = if matches!(node.operation, Operation::MaxPool(_)) { 2 } else { 1 };
        let input = node.inputs.first().and_then(|id| specs.get(id.index()));
        let windows = window(&node.operation).zip(input).map_or(0, |(window, input)| {
            let lengths = input.layout.axes().iter().zip(output.layout.axes()).skip(1);
            let axes = [&window.height, &window.width].into_iter().zip(lengths);
            axes.map(|(axis, (&input, &output))| vectors(axis, input, output)).sum()
        });
        let (wirings, counts) = match &node.operation {
            Operation::Circuit(layer) => (layer.circuit.wiring_work(), layer.circuit.claim_counts()),
            _ => (0, vec![]),
        };
        let reads = node.inputs.iter().enumerate().filter(|(_, id)| is_public(id));
        let reads: usize = reads.map(|(position, _)| counts.get(position).copied().unwrap_or(claims)).sum();
        reads
            .saturating_mul(public)
            .saturating_add(claims.saturating_mul(windows))
            .saturating_add(usize::try_from(wirings).unwrap_or(usize::MAX))
    });
    work.fold(0, usize::saturating_add)
}

/// Entries of an axis' shift and crop vectors, and products that give them.
const fn vectors(window: &AxisWindow, input: usize, output: usize) -> usize {
    let entries = input.saturating_add(window.reach());
    entries.saturating_add(output.saturating_mul(window.kernel))
}
