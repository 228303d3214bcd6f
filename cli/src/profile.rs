//! Where a proof's time went, by phase and by layer, as `tacit prove --profile` shows it.

use std::time::Duration;

use serde::Serialize;
use tacit_layers::{
    argument::{choice::LayerArgument, lookup_block::BlockSource},
    proof::plan::Plan,
};
use tacit_prover::{
    LayerCounts, LayerProfile, PhaseCost, Proven, ProvingKey, logup::multiplications, profile::counts,
};

use crate::units;

/// A proof's costs.
#[derive(Debug, Serialize)]
pub(crate) struct Profile {
    phases: Vec<PhaseFacts>,
    lookups: LookupFacts,
    commitments: CommitmentFacts,
    layers: Vec<LayerFacts>,
}

#[derive(Debug, Serialize)]
struct PhaseFacts {
    phase: &'static str,
    seconds: f64,
    bytes: usize,
    /// Of two field elements, by kernels; unknown for inference, which has none.
    multiplications: Option<u64>,
    /// Integers multiplied by a field element each and added up.
    folded: Option<u64>,
}

#[derive(Debug, Serialize)]
struct LookupFacts {
    /// Values that are looked up.
    values: usize,
    /// The same with padding.
    rows: usize,
    /// The tables' own rows.
    table_rows: usize,
    /// Leaves of the tree.
    leaves: usize,
    /// By the formula for the tree.
    multiplications: u64,
    /// For each looked-up row.
    multiplications_per_lookup: f64,
}

#[derive(Debug, Serialize)]
struct CommitmentFacts {
    columns: usize,
    integers: usize,
    rows: usize,
    /// Of the model, folded in the opening: once for each layer that reads them.
    weights: usize,
}

#[derive(Debug, Serialize)]
struct LayerFacts {
    name: String,
    operation: &'static str,
    argument: Option<&'static str>,
    seconds: LayerSeconds,
    bytes: usize,
    rounds: usize,
    lookups: usize,
    lookup_rows: usize,
    committed: usize,
    commitment_rows: f64,
    weights: usize,
}

#[derive(Debug, Serialize)]
struct LayerSeconds {
    total: f64,
    inference: f64,
    commit: f64,
    lookups: f64,
    linear: f64,
    opening: f64,
}

impl From<&LayerProfile> for LayerSeconds {
    fn from(profile: &LayerProfile) -> Self {
        Self {
            total: profile.total().as_secs_f64(),
            inference: profile.inference.as_secs_f64(),
            commit: profile.commit.as_secs_f64(),
            lookups: profile.lookups.as_secs_f64(),
            linear: profile.argument().as_secs_f64(),
            opening: profile.opening.as_secs_f64(),
        }
    }
}

impl Profile {
    /// What a proof cost.
    pub(crate) fn new(key: &ProvingKey, proven: &Proven) -> Self {
        let (architecture, plan) = (&key.network().architecture, key.verifying_key().plan());
        let (phases, costs) = (&proven.phases, &proven.costs);
        let phase = |phase, time: Duration, cost: PhaseCost| PhaseFacts {
            phase,
            seconds: time.as_secs_f64(),
            bytes: cost.bytes,
            multiplications: cost.operations.map(|operations| operations.multiplications),
            folded: cost.operations.map(|operations| operations.folded),
        };
        let counts = counts(architecture, plan);
        let layers = architecture.nodes.iter().zip(&proven.layers).zip(&counts);
        Self {
            phases: vec![
                phase("inference", phases.inference, PhaseCost::default()),
                phase("commitments", phases.commit, costs.commit),
                phase("look-ups", phases.lookups, costs.lookups),
                phase("linear layers", phases.linear, costs.linear),
                phase("opening", phases.opening, costs.opening),
            ],
            lookups: LookupFacts::new(plan, &counts),
            commitments: CommitmentFacts {
                columns: plan.witness.len() + plan.deferred.len(),
                integers: plan.witness.iter().chain(&plan.deferred).map(|c| c.layout.num_elements()).sum(),
                rows: plan.num_rows(),
                weights: counts.iter().map(|counts| counts.weights).sum(),
            },
            layers: layers
                .map(|((node, profile), counts)| LayerFacts {
                    name: node.name.clone(),
                    operation: node.operation.layer().name(),
                    argument: node.operation.layer().argument().map(LayerArgument::name),
                    seconds: profile.into(),
                    bytes: profile.bytes,
                    rounds: profile.num_rounds,
                    lookups: counts.lookups,
                    lookup_rows: counts.padded_lookups,
                    committed: counts.committed + counts.deferred,
                    commitment_rows: counts.rows,
                    weights: counts.weights,
                })
                .collect(),
        }
    }

    /// The phases, the look-ups, the commitments and the layers as lines of text.
    pub(crate) fn to_text(&self) -> String {
        let LookupFacts { values, rows, table_rows, leaves, multiplications_per_lookup, .. } = self.lookups;
        let [values, rows, table_rows, leaves] =
            [values, rows, table_rows, leaves].map(|count| units::count(count as u64));
        let lookups = [
            ("values", values),
            ("with padding", rows),
            ("rows of tables", table_rows),
            ("leaves of the tree", leaves),
            ("multiplications for each", format!("{multiplications_per_lookup:.1}")),
        ];
        let CommitmentFacts { columns, integers, rows, weights } = self.commitments;
        let [columns, integers, rows, weights] =
            [columns, integers, rows, weights].map(|count| units::count(count as u64));
        let commitments =
            [("columns", columns), ("integers", integers), ("rows", rows), ("weights", weights)];
        format!(
            "\nPhases\n{}\nLook-ups\n{}\nCommitments\n{}\nLayers\n{}",
            self.phase_lines(),
            units::fields(lookups),
            units::fields(commitments),
            self.layer_lines()
        )
    }

    fn phase_lines(&self) -> String {
        let total: f64 = self.phases.iter().map(|phase| phase.seconds).sum();
        let header = ["phase", "time", "share", "bytes", "multiplications", "folded integers"];
        let count = |count: Option<u64>| count.map(units::count).unwrap_or_default();
        let line = |phase: &PhaseFacts| {
            vec![
                phase.phase.to_owned(),
                time(phase.seconds),
                units::share(phase.seconds / total),
                units::bytes(phase.bytes),
                count(phase.multiplications),
                count(phase.folded),
            ]
        };
        let header = header.map(str::to_owned).to_vec();
        units::table(&std::iter::once(header).chain(self.phases.iter().map(line)).collect::<Vec<_>>())
    }

    /// The layers that cost anything but inference.
    fn layer_lines(&self) -> String {
        let header = [
            "layer",
            "argument",
            "total",
            "inference",
            "commitment",
            "look-ups",
            "argument's",
            "opening",
            "bytes",
            "rounds",
            "looked up",
            "with padding",
            "committed",
            "rows",
            "weights",
        ];
        let line = |layer: &LayerFacts| {
            let LayerSeconds { total, inference, commit, lookups, linear, opening } = layer.seconds;
            let mut cells = vec![layer.name.clone(), layer.argument.unwrap_or_default().to_owned()];
            cells.extend([total, inference, commit, lookups, linear, opening].map(time));
            cells.push(units::bytes(layer.bytes));
            let count = |count: usize| units::count(count as u64);
            cells.extend([layer.rounds, layer.lookups, layer.lookup_rows, layer.committed].map(count));
            cells.push(format!("{:.1}", layer.commitment_rows));
            cells.push(count(layer.weights));
            cells
        };
        let costly = self.layers.iter().filter(|layer| layer.seconds.total > layer.seconds.inference);
        let header = header.map(str::to_owned).to_vec();
        units::table(&std::iter::once(header).chain(costly.map(line)).collect::<Vec<_>>())
    }
}

impl LookupFacts {
    fn new(plan: &Plan, counts: &[LayerCounts]) -> Self {
        let rows = plan.num_lookups();
        let tables = plan.segments.iter().filter(|segment| segment.rows == BlockSource::Table);
        let multiplications = multiplications(plan);
        Self {
            values: counts.iter().map(|counts| counts.lookups).sum(),
            rows,
            table_rows: tables.map(|segment| 1_usize << segment.num_vars).sum(),
            leaves: if rows == 0 { 0 } else { 1 << plan.tree_vars },
            multiplications,
            multiplications_per_lookup: if rows == 0 { 0.0 } else { multiplications as f64 / rows as f64 },
        }
    }
}

fn time(seconds: f64) -> String {
    units::time(Duration::from_secs_f64(seconds))
}
