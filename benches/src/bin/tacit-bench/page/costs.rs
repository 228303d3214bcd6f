//! Costs by layer, as data for the page's script.

use serde::Serialize;
use tacit_benches::{
    row::{LayerCost, Row, Status},
    statistics::Spread,
};

use crate::figures::hardware;
use tacit_cli::units;

/// A network whose layers are shown.
#[derive(Debug, Serialize)]
pub(super) struct Costs<'a> {
    #[serde(skip)]
    row: &'a Row,
    suite: &'a str,
    name: &'a str,
    architecture: &'a str,
    hardware: String,
    threads: usize,
    samples: u16,
    /// Medians of the whole: proving, and its phases in the order of a layer's.
    prove: f64,
    phases: [f64; 5],
    layers: Vec<Layer<'a>>,
}

/// Name, operation, argument and shape; seconds of inference, commit, look-ups, linear and opening; bytes.
type Layer<'a> = (&'a str, &'a str, Option<&'a str>, String, [f64; 5], usize);

impl<'a> Costs<'a> {
    /// A row's costs, where it was proved.
    pub(super) fn of(row: &'a Row) -> Option<Self> {
        let proved = row.status == Status::Proved && !row.layers.is_empty();
        let (network, prove) = (row.network.as_ref(), row.prove().filter(|_| proved)?);
        let phases = &row.seconds.phases;
        let median = |samples: &Vec<f64>| rounded(Spread::of(samples).map_or(0.0, |spread| spread.median));
        Some(Self {
            row,
            suite: &row.suite,
            name: &row.name,
            architecture: network.map_or("", |network| &network.architecture),
            hardware: hardware(row),
            threads: row.settings.threads,
            samples: row.settings.samples,
            prove: rounded(prove.median),
            phases: [&phases.inference, &phases.commit, &phases.lookups, &phases.linear, &phases.opening]
                .map(median),
            layers: row.layers.iter().map(layer).collect(),
        })
    }

    pub(super) fn are_of(&self, row: &Row) -> bool {
        std::ptr::eq(self.row, row)
    }

    pub(super) fn suite(&self) -> &str {
        self.suite
    }

    pub(super) fn name(&self) -> &str {
        self.name
    }
}

fn layer(layer: &LayerCost) -> Layer<'_> {
    let times = [layer.inference, layer.commit, layer.lookups, layer.linear, layer.opening].map(rounded);
    (&layer.name, &layer.operation, layer.argument.as_deref(), units::shape(&layer.shape), times, layer.bytes)
}

/// To a nanosecond: no clock tells more.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e9).round() / 1e9
}
