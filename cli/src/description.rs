//! An architecture in human words: its layers, their shapes and ranges, and its look-up tables.

use anyhow::Result;
use serde::Serialize;
use tacit_layers::{
    ActivationFunction, Architecture, Multiplier, Operation, ValueKind, Window2d,
    argument::{
        choice::LayerArgument,
        lookup_block::{Rows, Segment},
        lookup_table::{LookupTable, excess::ExcessTable},
    },
    layer::remap::{AxisMap, Gaps},
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
    let macs = architecture.nodes.iter().zip(&specs).map(|(node, spec)| {
        let input = node.inputs.first().and_then(|id| specs.get(id.index()));
        match (&node.operation, input) {
            (Operation::Dense(layer), Some(input)) => layer.num_macs(&input.layout),
            (Operation::Conv2d(layer), Some(input)) => layer.num_macs(&input.layout, &spec.layout),
            _ => 0,
        }
    });
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
                detail: detail(&node.operation),
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
        let reads = segments.iter().filter(|segment| segment.table == table && segment.rows != Rows::Table);
        reads.map(|segment| 1_u64 << segment.num_vars).sum()
    };
    let describe = |(index, table): (usize, &LookupTable)| {
        let rows = 1_u64 << table.num_vars();
        let content = match table {
            LookupTable::Remainder { shift } => {
                let whole = format!("remainders of a division by 2^{shift}");
                let of = |segment: &&Segment| segment.table == index && segment.rows != Rows::Table;
                let parts = segments.iter().filter(of).any(|segment| has_low_part(segments, segment.rows));
                if parts { format!("{whole}, or high parts of larger ones") } else { whole }
            }
            LookupTable::Difference { .. } => {
                let low = |segment: &Segment| matches!(segment.rows, Rows::LowRemainders(_));
                let is_low = segments.iter().any(|segment| segment.table == index && low(segment));
                let what = if is_low { "low parts of remainders" } else { "differences in max-pools" };
                format!("{what}, 0..={}", rows - 1)
            }
            LookupTable::Activation { function, first, .. } => {
                let last = first + (rows as i64 - 1);
                format!("quotients {first}..={last}, {}", function_in_words(function))
            }
            LookupTable::Excess(ExcessTable { minimum, maximum, limb_bits }) => {
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
fn has_low_part(segments: &[Segment], rows: Rows) -> bool {
    let Rows::Remainders(id) = rows else { return false };
    segments.iter().any(|segment| segment.rows == Rows::LowRemainders(id))
}

/// Layers as lines of a table.
pub(crate) fn layer_lines(layers: &[LayerDescription]) -> String {
    let cells: Vec<[String; 5]> = layers
        .iter()
        .map(|layer| {
            let range = layer.range.map_or(String::new(), |(low, high)| format!("{low}..={high}"));
            let operation = layer.operation.to_owned();
            [layer.name.clone(), operation, units::shape(&layer.shape), range, layer.detail.clone()]
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

fn detail(operation: &Operation) -> String {
    match operation {
        Operation::Input(layer) => format!("round(x / {:.6})", layer.scale),
        Operation::Conv2d(layer) => window(&layer.window),
        Operation::AveragePool(layer) => window(&layer.window),
        Operation::MaxPool(layer) => window(&layer.window),
        Operation::Add(layer) => format!("coefficients {:?}", layer.coefficients),
        Operation::Rescale(layer) => {
            let multiplier = match &layer.multiplier {
                Multiplier::Uniform(multiplier) => format!("times {multiplier}"),
                Multiplier::PerChannel { values, .. } => format!("times one of {} multipliers", values.len()),
            };
            let (low, high) = layer.quotient_bounds;
            let function = function_in_words(&layer.function);
            format!("{multiplier} / 2^{}, quotients {low}..={high}, {function}", layer.shift)
        }
        Operation::Transpose(layer) => format!("axes {:?}", layer.axes),
        Operation::Product(layer) => {
            let names = |axes: &[u8]| String::from_utf8_lossy(axes).into_owned();
            format!("{},{}->{}", names(&layer.left), names(&layer.right), names(&layer.output))
        }
        Operation::Reshape(layer) => format!("as {}", units::shape(&layer.axes)),
        Operation::ReduceSum(layer) => format!("over axes {:?}", layer.axes),
        Operation::Circuit(layer) => {
            format!("{} layers of {} gates", layer.circuit.layers.len(), layer.circuit.num_gates())
        }
        Operation::Concat(layer) => format!("along axis {}", layer.axis),
        Operation::Remap(layer) => layer.axes.iter().map(axis_map).collect::<Vec<_>>().join(", "),
        Operation::Dense(_) | Operation::Flatten(_) => String::new(),
    }
}

fn axis_map(map: &AxisMap) -> String {
    let AxisMap { length, stride, offset, repeat, gaps } = *map;
    match (gaps, stride, offset, repeat) {
        (_, 1, 0, 1) => format!("first {length}"),
        (Gaps::Repeat, 1, 0, _) => format!("each {repeat} times"),
        (_, _, _, 1) => format!("{length} from {offset} by {stride}"),
        (Gaps::Repeat, ..) => format!("{length} of ({stride} p + {offset}) / {repeat}"),
        (Gaps::Zero, ..) => format!("{length} of ({stride} p + {offset}) / {repeat}, zeros between"),
    }
}

fn function_in_words(function: &ActivationFunction) -> String {
    match function {
        ActivationFunction::Clip { minimum: 0, maximum } => format!("ReLU up to {maximum}"),
        ActivationFunction::Clip { minimum, maximum } => format!("clipped to {minimum}..={maximum}"),
        ActivationFunction::Table { results, .. } => format!("a table of {} results", results.len()),
    }
}

fn window(window: &Window2d) -> String {
    let [height, width] = [window.height, window.width];
    let mut parts = vec![format!("{}x{} window", height.kernel, width.kernel)];
    if (height.stride, width.stride) != (1, 1) {
        parts.push(format!("stride {}x{}", height.stride, width.stride));
    }
    if (height.dilation, width.dilation) != (1, 1) {
        parts.push(format!("dilation {}x{}", height.dilation, width.dilation));
    }
    if window.has_padding() {
        let [height, width] = [height, width].map(|axis| format!("{}+{}", axis.pad_begin, axis.pad_end));
        parts.push(format!("padding {height} x {width}"));
    }
    parts.join(", ")
}
