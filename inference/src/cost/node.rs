//! What any node of a network costs: its commitments, its look-ups, its argument.

use super::{ArgumentCost, Work, points};
use crate::layer;
use tacit_layers::{
    argument::hyrax::RowShape, network::Architecture, proof::plan::Plan, tensor::value::NodeId,
};

/// A node's predicted cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NodeCost {
    /// Committing to its columns; the verifier's work is on their rows.
    pub commit: ArgumentCost,
    /// Its share of the look-ups, which are one argument for the whole network.
    pub lookups: Work,
    /// Its own argument.
    pub argument: ArgumentCost,
}

/// The predicted cost of a node.
pub fn node_cost(architecture: &Architecture, plan: &Plan, id: NodeId) -> NodeCost {
    let Some((node, site)) = architecture.site(id, &plan.specs) else { return NodeCost::default() };
    let argument = layer::of(&node.operation).cost(&site) + deferred_rows(plan, id);
    NodeCost { commit: commit(plan, id), lookups: lookups(plan, id), argument }
}

fn commit(plan: &Plan, id: NodeId) -> ArgumentCost {
    let columns = plan.witness.iter().filter(|committed| committed.column.node() == Some(id));
    columns.fold(ArgumentCost::default(), |sum, committed| {
        let commitments = committed.layout.num_elements() as f64;
        // One message for all columns.
        let bytes = RowShape::new(&committed.layout, plan.key_vars).share(points(1), plan.key_vars);
        let column = ArgumentCost {
            prover: Work { commitments, ..Work::default() },
            verifier: Work { rows: bytes as f64 / points(1) as f64, ..Work::default() },
            own_bytes: bytes,
            round_bytes: 0,
        };
        sum + column
    })
}

/// The rows behind the first of a deferred column of its own.
fn deferred_rows(plan: &Plan, id: NodeId) -> ArgumentCost {
    let own = plan.deferred.iter().filter(|deferred| deferred.column.node() == Some(id));
    let rows: usize = own.map(|deferred| RowShape::new(&deferred.layout, plan.key_vars).num_rows - 1).sum();
    ArgumentCost {
        verifier: Work { rows: rows as f64, ..Work::default() },
        own_bytes: points(rows),
        ..ArgumentCost::default()
    }
}

fn lookups(plan: &Plan, id: NodeId) -> Work {
    let own = plan.segments.iter().filter(|segment| segment.rows.node() == Some(id));
    let lookups = own.map(|segment| (1_u64 << segment.num_vars) as f64).sum();
    Work { lookups, ..Work::default() }
}
