//! The witness: every committed column and every look-up row, from an execution trace.

use rayon::prelude::*;
use tacit_inference::Trace;
use tacit_layers::{
    Layout, Network, NodeId, Operation, RescaleLayer, Tensor,
    argument::{
        claim::Column,
        lookup_block::{Rows, Segment},
        lookup_table::LookupTable,
    },
    proof::plan::Plan,
};

use crate::error::{Error, Result};

/// Committed columns in plan order, and for each block of look-ups what it looks up.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    /// Elements of every committed column, in plan order.
    pub(crate) columns: Vec<Vec<i64>>,
    /// For each segment of the plan.
    pub(crate) lookups: Vec<Lookup>,
}

/// What a segment looks up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup {
    /// What the message is about (remainder, quotient, clipped quotient, low limb, difference) in storage order; empty for
    /// a table's own segment.
    pub(crate) keys: Vec<i64>,
    /// Rows of the table, over the padded segment; empty for a table's own segment.
    pub(crate) positions: Vec<u32>,
}

/// Elements that one core works on at a time.
const GRAIN: usize = 1 << 12;

impl Witness {
    pub(crate) fn new(network: &Network, plan: &Plan, trace: &Trace) -> Result<Self> {
        let value = |id: NodeId| &trace.values()[id.index()];
        let lookups = plan
            .segments
            .par_iter()
            .map(|segment| look_up(network, plan, segment, value))
            .collect::<Result<Vec<_>>>()?;
        let keys = |rows| {
            let block = plan.segments.iter().position(|segment| segment.rows == rows);
            block.map_or_else(Vec::new, |i| lookups[i].keys.clone())
        };
        let columns = plan
            .witness
            .par_iter()
            .map(|committed| match committed.column {
                Column::Activation(id) => value(id).data().to_vec(),
                // What is committed is what is looked up.
                Column::Remainder(id) => keys(Rows::Remainders(id)),
                Column::LowRemainder(id) => keys(Rows::LowRemainders(id)),
                Column::Excess(id) => keys(Rows::LowExcess(id)),
                Column::Argument(id) => keys(Rows::Activations(id)),
                Column::Multiplicity(table) => multiplicities(plan, table, &lookups),
                Column::Parameter(_) | Column::Convolved(_) | Column::CrossTerms => {
                    unreachable!("neither parameters nor late columns are witness")
                }
            })
            .collect();
        Ok(Self { columns, lookups })
    }
}

/// How often each row of a table is looked up.
fn multiplicities(plan: &Plan, table: usize, lookups: &[Lookup]) -> Vec<i64> {
    let mut counts = vec![0; 1 << plan.tables[table].num_vars()];
    for (segment, lookup) in plan.segments.iter().zip(lookups) {
        if segment.table == table {
            for &position in &lookup.positions {
                counts[position as usize] += 1;
            }
        }
    }
    counts
}

/// What a segment looks up.
fn look_up<'a>(
    network: &Network,
    plan: &Plan,
    segment: &Segment,
    value: impl Fn(NodeId) -> &'a Tensor<i64>,
) -> Result<Lookup> {
    let table = &plan.tables[segment.table];
    // First columns of the table's rows, where they are not what the message is about; and that of padding.
    let (mut rows, mut padding) = (None, 0);
    let (id, keys) = match segment.rows {
        Rows::Table => return Ok(Lookup::default()),
        Rows::Remainders(id) => (id, divide(network, id, &value, |layer, _, r| layer.split(r).0)),
        Rows::LowRemainders(id) => (id, divide(network, id, &value, |layer, _, r| layer.split(r).1)),
        Rows::Activations(id) => {
            let keys = match rescale(network, id).clipping() {
                None => divide(network, id, &value, |_, q, _| q),
                Some(clipping) => {
                    divide(network, id, &value, |_, q, _| q.clamp(clipping.minimum, clipping.maximum))
                }
            };
            (id, keys)
        }
        Rows::LowExcess(id) | Rows::HighExcess(id) => {
            let LookupTable::Excess(excess) = table else { unreachable!("the plan names an excess' table") };
            let which = usize::from(segment.rows == Rows::HighExcess(id));
            padding = excess.keys(excess.split(0))[which];
            rows = Some(divide(network, id, &value, |_, q, _| excess.keys(excess.split(q))[which]));
            let low = which == 0;
            (id, divide(network, id, &value, |_, q, _| if low { excess.split(q).low } else { q }))
        }
        Rows::Input(id) => {
            let LookupTable::Range { maximum, .. } = table else { unreachable!("the plan names a range") };
            let input = value(id);
            // Without padding there may be no row for it.
            if input.layout().num_elements() < 1 << segment.num_vars {
                padding = maximum + 1;
            }
            (id, input.data().to_vec())
        }
        Rows::Differences(id) => {
            let (keys, layout) = differences(network, plan, id, &value)?;
            let positions = positions(network, table, segment, id, (&layout, &keys, padding))?;
            return Ok(Lookup { keys, positions });
        }
    };
    let looked_up = rows.as_ref().unwrap_or(&keys);
    let positions = positions(network, table, segment, id, (value(id).layout(), looked_up, padding))?;
    Ok(Lookup { keys, positions })
}

/// Rows of the table, over the padded segment, whose first columns are `keys` in storage order and `padding` elsewhere.
fn positions(
    network: &Network,
    table: &LookupTable,
    segment: &Segment,
    id: NodeId,
    (layout, keys, padding): (&Layout, &[i64], i64),
) -> Result<Vec<u32>> {
    let missing = |value| Error::Lookup { layer: network.architecture.node(id).name.clone(), value };
    let padding = table.position(padding).ok_or_else(|| missing(padding))? as u32;
    let mut positions = vec![padding; 1 << segment.num_vars];
    let find = |(positions, keys): (&mut [u32], &[i64])| -> Result<()> {
        for (position, &key) in positions.iter_mut().zip(keys) {
            *position = table.position(key).ok_or_else(|| missing(key))? as u32;
        }
        Ok(())
    };
    for (at, padded, length) in layout.runs() {
        let (positions, keys) = (&mut positions[padded..padded + length], &keys[at..at + length]);
        if length <= GRAIN {
            find((positions, keys))?;
        } else {
            positions.par_chunks_mut(GRAIN).zip(keys.par_chunks(GRAIN)).try_for_each(find)?;
        }
    }
    Ok(positions)
}

fn rescale(network: &Network, id: NodeId) -> &RescaleLayer {
    let Operation::Rescale(layer) = &network.architecture.node(id).operation else {
        unreachable!("the plan names a rescale")
    };
    layer
}

/// What `take` makes of the quotients and the centred remainders of a rescale's accumulators.
fn divide<'a>(
    network: &Network,
    id: NodeId,
    value: impl Fn(NodeId) -> &'a Tensor<i64>,
    take: impl Fn(&RescaleLayer, i64, i64) -> i64 + Sync,
) -> Vec<i64> {
    let layer = rescale(network, id);
    let accumulator = value(network.architecture.node(id).inputs[0]);
    let (layout, accumulators) = (accumulator.layout(), accumulator.data());
    let mut taken = vec![0; accumulators.len()];
    taken.par_chunks_mut(GRAIN).enumerate().for_each(|(i, part)| {
        let first = i * GRAIN;
        for (run, multiplier) in layer.multiplier.runs(layout, first..first + part.len()) {
            for (taken, &a) in part[run.start - first..].iter_mut().zip(&accumulators[run]) {
                let (quotient, remainder) = layer.divide(multiplier, a);
                *taken = take(layer, quotient, remainder);
            }
        }
    });
    taken
}

/// Differences of a max-pool over (kernel height, kernel width, channels, height, width).
fn differences<'a>(
    network: &Network,
    plan: &Plan,
    id: NodeId,
    value: impl Fn(NodeId) -> &'a Tensor<i64>,
) -> Result<(Vec<i64>, Layout)> {
    let node = network.architecture.node(id);
    let Operation::MaxPool(layer) = &node.operation else { unreachable!("the plan names a max-pool") };
    let (minimum, _) = plan.specs[id.index()].activation(&node.name)?;
    let (input, output) = (value(node.inputs[0]), value(id));
    let layout = layer.difference_layout(output.layout())?;
    let (in_height, in_width) = (input.layout().axes()[1], input.layout().axes()[2]);
    let (height, width) = (output.layout().axes()[1], output.layout().axes()[2]);
    let window = &layer.window;
    let mut result = vec![0; layout.num_elements()];
    let rows = result.par_chunks_mut(width).with_min_len(GRAIN.div_ceil(width)).enumerate();
    rows.for_each(|(index, row)| {
        let (offset, at) = (index / (output.data().len() / width), index % (output.data().len() / width));
        let (k_height, k_width) = (offset / window.width.kernel, offset % window.width.kernel);
        for (difference, &maximum) in row.iter_mut().zip(&output.data()[at * width..]) {
            *difference = maximum - minimum;
        }
        let Some(y) = window.height.input_position(at % height, k_height, in_height) else { return };
        let inside = window.width.positions_inside(k_width, in_width, width);
        let first = window.width.input_position(inside.start, k_width, in_width).unwrap_or(in_width);
        let map = &input.data()[(at / height * in_height + y) * in_width..][..in_width];
        for (difference, &x) in row[inside].iter_mut().zip(map[first..].iter().step_by(window.width.stride)) {
            *difference += minimum - x;
        }
    });
    Ok((result, layout))
}
