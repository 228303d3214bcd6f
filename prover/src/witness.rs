//! The witness: every committed column and every look-up row, from an execution trace.

use std::sync::Arc;

use rayon::prelude::*;
use tacit_inference::Trace;
use tacit_layers::{
    Layout, Network, NodeId, Tensor,
    argument::{
        claim::Column,
        lookup_block::{BlockSource, Segment},
        lookup_table::LookupTable,
    },
    proof::plan::Plan,
};
use zeroize::Zeroize;

use crate::{
    error::{Error, Result},
    layers::{LookedUp, WitnessSite},
};

/// Committed columns in plan order, and for each block of look-ups what it looks up.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    /// Elements of every committed column, in plan order. What is committed as it is looked up is stored once.
    pub(crate) columns: Vec<Arc<Vec<i64>>>,
    /// For each segment of the plan.
    pub(crate) lookups: Vec<Lookup>,
}

/// What a segment looks up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup {
    /// What the message is about (remainder, quotient, clipped quotient, low limb, difference) in storage order; empty for
    /// a table's own segment.
    pub(crate) keys: Arc<Vec<i64>>,
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
            .map(|segment| look_up(network, plan, segment, trace))
            .collect::<Result<Vec<_>>>()?;
        let keys = |rows| {
            let block = plan.segments.iter().position(|segment| segment.rows == rows);
            block.map_or_else(Arc::default, |i| Arc::clone(&lookups[i].keys))
        };
        let columns = plan
            .witness
            .par_iter()
            .map(|committed| match committed.column {
                Column::Activation(id) => Arc::new(value(id).data().to_vec()),
                // What is committed is what is looked up.
                Column::Remainder(id) => keys(BlockSource::Remainders(id)),
                Column::LowRemainder(id) => keys(BlockSource::LowRemainders(id)),
                Column::Saturation(id) => keys(BlockSource::LowSaturation(id)),
                Column::Argument(id) => keys(BlockSource::Activations(id)),
                Column::Multiplicity(table) => Arc::new(multiplicities(plan, table, &lookups)),
                Column::Parameter(_) | Column::Convolved(_) | Column::CrossTerms => {
                    unreachable!("neither parameters nor deferred columns are witness")
                }
            })
            .collect();
        Ok(Self { columns, lookups })
    }
}

impl Witness {
    /// Overwrites what a proof that hides has hidden.
    pub(crate) fn wipe(mut self) {
        // Columns that are looked up let go of what they share, which is then the look-ups' alone.
        self.columns.into_par_iter().for_each(wipe);
        self.lookups.par_iter_mut().for_each(|lookup| {
            wipe(std::mem::take(&mut lookup.keys));
            lookup.positions.zeroize();
        });
    }
}

/// Overwrites what nothing else shares.
fn wipe(values: Arc<Vec<i64>>) {
    if let Some(mut values) = Arc::into_inner(values) {
        values.zeroize();
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
fn look_up(network: &Network, plan: &Plan, segment: &Segment, trace: &Trace) -> Result<Lookup> {
    let table = &plan.tables[segment.table];
    let id = match segment.rows {
        BlockSource::Table => return Ok(Lookup::default()),
        BlockSource::Input(id)
        | BlockSource::Remainders(id)
        | BlockSource::LowRemainders(id)
        | BlockSource::Activations(id)
        | BlockSource::LowSaturation(id)
        | BlockSource::HighSaturation(id)
        | BlockSource::Differences(id) => id,
    };
    let node = network.architecture.node(id);
    let LookedUp { keys, rows, padding } = if let BlockSource::Input(_) = segment.rows {
        look_up_input(&trace.values()[id.index()], segment, table)
    } else {
        let site = WitnessSite { node, spec: &plan.specs[id.index()], segment, id, values: trace.values() };
        crate::layers::of(&node.operation).look_up(&site, table)
    };
    let looked_up = rows.as_ref().unwrap_or(&keys);
    let positions = positions(network, table, segment, id, (&segment.layout, looked_up, padding))?;
    Ok(Lookup { keys: Arc::new(keys), positions })
}

/// A committed input in its range.
fn look_up_input(input: &Tensor<i64>, segment: &Segment, table: &LookupTable) -> LookedUp {
    let LookupTable::Range { maximum, .. } = table else { unreachable!("the plan names a range") };
    // Without padding there may be no row for it.
    let is_padded = input.layout().num_elements() < 1 << segment.num_vars;
    let padding = if is_padded { maximum + 1 } else { 0 };
    LookedUp { keys: input.data().to_vec(), rows: None, padding }
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
