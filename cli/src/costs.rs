//! What each layer costs: predicted from its shape, and measured in a proof.

use std::time::Duration;

use serde::Serialize;
use tacit_inference::cost::{UnitCosts, node_cost};
use tacit_layers::{Architecture, NodeId, proof::plan::Plan};
use tacit_prover::LayerProfile;

use crate::units;

/// A layer's cost by the cost model.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct PredictedCost {
    commit_seconds: f64,
    lookup_seconds: f64,
    argument_seconds: f64,
    verify_seconds: f64,
    /// Of messages about this layer alone.
    bytes: usize,
    /// Of rounds that it shares with the other layers of its batches.
    round_bytes: usize,
}

/// A layer's cost in a proof.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct MeasuredCost {
    commit_seconds: f64,
    argument_seconds: f64,
    bytes: usize,
}

impl PredictedCost {
    /// Every node's cost, in the network's order.
    pub(crate) fn all(architecture: &Architecture, plan: &Plan) -> Vec<Self> {
        let units = UnitCosts::default();
        let seconds = |nanoseconds: f64| nanoseconds * 1e-9;
        let nodes = (0..architecture.nodes.len()).map(|i| NodeId(i as u32));
        nodes
            .map(|id| {
                let cost = node_cost(architecture, plan, id);
                let verifier = cost.commit.verifier + cost.argument.verifier;
                Self {
                    commit_seconds: seconds(cost.commit.prover.nanoseconds(&units)),
                    lookup_seconds: seconds(cost.lookups.nanoseconds(&units)),
                    argument_seconds: seconds(cost.argument.prover.nanoseconds(&units)),
                    verify_seconds: seconds(verifier.nanoseconds(&units)),
                    bytes: cost.commit.own_bytes + cost.argument.own_bytes,
                    round_bytes: cost.commit.round_bytes + cost.argument.round_bytes,
                }
            })
            .collect()
    }

    /// Whether the layer costs anything.
    fn is_free(&self) -> bool {
        self.commit_seconds + self.argument_seconds <= 0.0
    }
}

impl From<&LayerProfile> for MeasuredCost {
    fn from(profile: &LayerProfile) -> Self {
        Self {
            commit_seconds: profile.commit.as_secs_f64(),
            argument_seconds: profile.argument().as_secs_f64(),
            bytes: profile.bytes,
        }
    }
}

/// One layer of the table.
pub(crate) struct CostLine<'a> {
    /// The layer's name.
    pub(crate) name: &'a str,
    /// What proves it, where there is a choice.
    pub(crate) argument: Option<&'static str>,
    /// By the cost model.
    pub(crate) predicted: PredictedCost,
    /// In a proof, if one was made.
    pub(crate) measured: Option<MeasuredCost>,
}

/// The layers that cost anything as lines of a table, with the sum of all.
pub(crate) fn lines(costs: &[CostLine]) -> String {
    let measured = costs.iter().any(|line| line.measured.is_some());
    let mut header: Vec<&str> =
        vec!["layer", "argument", "commitment", "look-ups", "argument's time", "verifier", "bytes", "rounds"];
    if measured {
        header.extend(["commitment, measured", "argument, measured", "bytes, measured"]);
    }
    let mut rows: Vec<Vec<String>> = vec![header.iter().map(|&cell| cell.to_owned()).collect()];
    rows.extend(costs.iter().filter(|line| !line.predicted.is_free()).map(cells));
    rows.push(cells(&total(costs)));
    units::table(&rows)
}

fn time(seconds: f64) -> String {
    match seconds {
        0.0 => String::new(),
        _ if seconds < 1e-3 => format!("{:.1} us", seconds * 1e6),
        _ => units::time(Duration::from_secs_f64(seconds)),
    }
}

fn cells(line: &CostLine) -> Vec<String> {
    let predicted = &line.predicted;
    let mut cells = vec![line.name.to_owned(), line.argument.unwrap_or_default().to_owned()];
    cells.extend(
        [
            predicted.commit_seconds,
            predicted.lookup_seconds,
            predicted.argument_seconds,
            predicted.verify_seconds,
        ]
        .map(time),
    );
    cells.extend([predicted.bytes, predicted.round_bytes].map(units::bytes));
    if let Some(measured) = &line.measured {
        cells.extend([measured.commit_seconds, measured.argument_seconds].map(time));
        cells.push(units::bytes(measured.bytes));
    }
    cells
}

/// The sum of all layers; the rounds of the longest, which the others share.
fn total(costs: &[CostLine]) -> CostLine<'static> {
    let sum = |of: fn(&PredictedCost) -> f64| costs.iter().map(|line| of(&line.predicted)).sum();
    let predicted = PredictedCost {
        commit_seconds: sum(|cost| cost.commit_seconds),
        lookup_seconds: sum(|cost| cost.lookup_seconds),
        argument_seconds: sum(|cost| cost.argument_seconds),
        verify_seconds: sum(|cost| cost.verify_seconds),
        bytes: costs.iter().map(|line| line.predicted.bytes).sum(),
        round_bytes: costs.iter().map(|line| line.predicted.round_bytes).max().unwrap_or(0),
    };
    let measured = costs.iter().filter_map(|line| line.measured).reduce(|a, b| MeasuredCost {
        commit_seconds: a.commit_seconds + b.commit_seconds,
        argument_seconds: a.argument_seconds + b.argument_seconds,
        bytes: a.bytes + b.bytes,
    });
    CostLine { name: "all layers", argument: None, predicted, measured }
}
