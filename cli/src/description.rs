//! An architecture in human words: its layers, their shapes and ranges, and its look-up tables.

use anyhow::Result;
use serde::Serialize;
use tacit_inference::layer;
use tacit_layers::{
    Architecture, Operation, ValueKind,
    argument::{
        choice::LayerArgument,
        lookup_block::{BlockSource, Segment},
        lookup_table::{LookupTable, saturation::SaturationTable},
    },
    printable::printable,
    proof::plan::Plan,
};

use crate::{
    costs::{self, CostLine, MeasuredCost, PredictedCost},
    units,
};

/// One layer.
#[derive(Debug, Serialize)]
pub(crate) struct LayerDescription {
    /// Its name.
    pub(crate) name: String,
    /// What it computes.
    pub(crate) operation: &'static str,
    /// The layers it reads.
    pub(crate) inputs: Vec<String>,
    /// Shape of its value.
    pub(crate) shape: Vec<usize>,
    /// Smallest and largest value that any input can give; unknown for accumulators without the weights.
    pub(crate) range: Option<(i64, i64)>,
    /// Kernel, quantisation constants and the like.
    pub(crate) detail: String,
    /// What proves it, where there is a choice.
    pub(crate) argument: Option<&'static str>,
    /// Its cost by the cost model.
    pub(crate) predicted: PredictedCost,
    /// Its cost in a proof, if one was made.
    pub(crate) measured: Option<MeasuredCost>,
}

/// One look-up table.
#[derive(Debug, Serialize)]
pub(crate) struct TableDescription {
    /// What it holds.
    pub(crate) content: String,
    /// Its rows.
    pub(crate) rows: u64,
    /// Rows looked up in it, padding included.
    pub(crate) lookups: u64,
}

/// Number of layers, the input not counted.
pub(crate) fn num_layers(architecture: &Architecture) -> usize {
    architecture.nodes.iter().filter(|node| !matches!(node.operation, Operation::Input(_))).count()
}

/// Multiplications of a weight by an activation.
pub(crate) fn num_macs(architecture: &Architecture) -> Result<u64> {
    let specs = architecture.infer()?;
    let macs = architecture.sites(&specs).map(|(node, site)| layer::of(&node.operation).num_macs(&site));
    Ok(macs.sum())
}

/// Every layer, input first. `ranges` tells the range of each node's value where it is known.
pub(crate) fn layers(
    architecture: &Architecture,
    plan: &Plan,
    ranges: Option<&[(i64, i64)]>,
) -> Vec<LayerDescription> {
    let predicted = PredictedCost::all(architecture, plan);
    let nodes = architecture.nodes.iter().zip(&plan.specs).zip(predicted).enumerate();
    nodes
        .map(|(index, ((node, spec), predicted))| {
            let bounds = match spec.kind {
                ValueKind::Activation { minimum, maximum } => Some((minimum, maximum)),
                ValueKind::Accumulator => None,
            };
            LayerDescription {
                name: node.name.clone(),
                operation: node.operation.layer().name(),
                inputs: node.inputs.iter().map(|&id| architecture.node(id).name.clone()).collect(),
                shape: spec.layout.axes().to_vec(),
                range: ranges.and_then(|ranges| ranges.get(index).copied()).or(bounds),
                detail: layer::of(&node.operation).detail(),
                argument: node.operation.layer().argument().map(LayerArgument::name),
                predicted,
                measured: None,
            }
        })
        .collect()
}

/// Every look-up table.
pub(crate) fn tables(tables: &[LookupTable], segments: &[Segment]) -> Vec<TableDescription> {
    let lookups = |table: usize| {
        let reads =
            segments.iter().filter(|segment| segment.table == table && segment.rows != BlockSource::Table);
        reads.map(|segment| 1_u64 << segment.num_vars).sum()
    };
    let describe = |(index, table): (usize, &LookupTable)| {
        let rows = 1_u64 << table.num_vars();
        let content = match table {
            LookupTable::Remainder { shift } => {
                let whole = format!("remainders of a division by 2^{shift}");
                let of = |segment: &&Segment| segment.table == index && segment.rows != BlockSource::Table;
                let parts = segments.iter().filter(of).any(|segment| has_low_part(segments, segment.rows));
                if parts { format!("{whole}, or high parts of larger ones") } else { whole }
            }
            LookupTable::Difference { .. } => {
                let low = |segment: &Segment| matches!(segment.rows, BlockSource::LowRemainders(_));
                let is_low = segments.iter().any(|segment| segment.table == index && low(segment));
                let what = if is_low { "low parts of remainders" } else { "differences in max-pools" };
                format!("{what}, 0..={}", rows - 1)
            }
            LookupTable::Activation { function, first, .. } => {
                let last = first + (rows as i64 - 1);
                format!("quotients {first}..={last}, {}", layer::function_in_words(function))
            }
            LookupTable::Saturation(SaturationTable { minimum, maximum, limb_bits }) => {
                format!("limbs of {limb_bits} bits of what clipping to {minimum}..={maximum} takes off")
            }
            LookupTable::Range { minimum, maximum, .. } => {
                format!("integers of the committed input, {minimum}..={maximum}")
            }
        };
        TableDescription { content, rows, lookups: lookups(index) }
    };
    tables.iter().enumerate().map(describe).collect()
}

/// Whether these rows are the high parts of remainders.
fn has_low_part(segments: &[Segment], rows: BlockSource) -> bool {
    let BlockSource::Remainders(id) = rows else { return false };
    segments.iter().any(|segment| segment.rows == BlockSource::LowRemainders(id))
}

/// Layers as lines of a table.
pub(crate) fn layer_lines(layers: &[LayerDescription]) -> String {
    let cells: Vec<[String; 5]> = layers
        .iter()
        .map(|layer| {
            let range = layer.range.map_or(String::new(), |(low, high)| format!("{low}..={high}"));
            let operation = layer.operation.to_owned();
            [printable(&layer.name), operation, units::shape(&layer.shape), range, layer.detail.clone()]
        })
        .collect();
    let header = ["layer", "operation", "shape", "range", ""].map(str::to_owned);
    let rows = || std::iter::once(&header).chain(&cells);
    let width = |column: usize| rows().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    let line = |[name, operation, shape, range, detail]: &[String; 5]| {
        let [a, b, c, d] = widths;
        let line = format!("  {name:<a$}  {operation:<b$}  {shape:<c$}  {range:<d$}  {detail}");
        format!("{}\n", line.trim_end())
    };
    rows().map(line).collect::<Vec<_>>().concat()
}

/// What layers cost, as lines of a table.
pub(crate) fn cost_lines(layers: &[LayerDescription]) -> String {
    let lines = layers.iter().map(|layer| CostLine {
        name: &layer.name,
        argument: layer.argument,
        predicted: layer.predicted,
        measured: layer.measured,
    });
    costs::lines(&lines.collect::<Vec<_>>())
}
