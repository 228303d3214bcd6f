//! The witness: every committed column and every look-up row, from an execution trace.

use tacit_layers::{
    Layout, Network, NodeId, Operation, RescaleLayer, Tensor, Trace,
    claim::Column,
    lookup_table::LookupTable,
    plan::{Plan, Rows, Segment},
};

use crate::{
    cheating::Forgery,
    error::{Error, Result},
};

/// Committed columns in plan order, and for each block of look-ups what it looks up.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    /// Elements of every committed column, in plan order.
    pub(crate) columns: Vec<Vec<i64>>,
    /// For each segment of the plan.
    pub(crate) lookups: Vec<Lookup>,
    /// What a lying prover does later.
    pub(crate) forgery: Forgery,
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

impl Witness {
    pub(crate) fn new(network: &Network, plan: &Plan, trace: &Trace) -> Result<Self> {
        let value = |id: NodeId| &trace.values()[id.index()];
        let lookups = plan
            .segments
            .iter()
            .map(|segment| look_up(network, plan, segment, value))
            .collect::<Result<Vec<_>>>()?;
        let keys = |rows| {
            let block = plan.segments.iter().position(|segment| segment.rows == rows);
            block.map_or_else(Vec::new, |i| lookups[i].keys.clone())
        };
        let columns = plan
            .witness
            .iter()
            .map(|committed| match committed.column {
                Column::Activation(id) => value(id).data().to_vec(),
                // What is committed is what is looked up.
                Column::Remainder(id) => keys(Rows::Remainders(id)),
                Column::LowRemainder(id) => keys(Rows::LowRemainders(id)),
                Column::Excess(id) => keys(Rows::LowExcess(id)),
                Column::Argument(id) => keys(Rows::Activations(id)),
                Column::Multiplicity(table) => {
                    let mut counts = vec![0; 1 << plan.tables[table].num_vars()];
                    for (segment, lookup) in plan.segments.iter().zip(&lookups) {
                        if segment.table == table {
                            for &position in &lookup.positions {
                                counts[position as usize] += 1;
                            }
                        }
                    }
                    counts
                }
                Column::Parameter(_) | Column::Convolved(_) | Column::CrossTerms => {
                    unreachable!("neither parameters nor late columns are witness")
                }
            })
            .collect();
        Ok(Self { columns, lookups, forgery: Forgery::default() })
    }
}

/// What a segment looks up.
fn look_up<'a>(
    network: &Network,
    plan: &Plan,
    segment: &Segment,
    value: impl Fn(NodeId) -> &'a Tensor<i64>,
) -> Result<Lookup> {
    let table = &plan.tables[segment.table];
    let layout = |id: NodeId| value(id).layout().clone();
    // First columns of the table's rows, where they are not what the message is about; and that of padding.
    let (mut rows, mut padding) = (None, 0);
    let (id, keys, layout) = match segment.rows {
        Rows::Table => return Ok(Lookup::default()),
        Rows::Remainders(id) => (id, divide(network, id, &value).high, layout(id)),
        Rows::LowRemainders(id) => (id, divide(network, id, &value).low, layout(id)),
        Rows::Activations(id) => {
            let mut keys = divide(network, id, &value).quotients;
            if let Some(clipping) = rescale(network, id).clipping() {
                for key in &mut keys {
                    *key = (*key).clamp(clipping.minimum, clipping.maximum);
                }
            }
            (id, keys, layout(id))
        }
        Rows::LowExcess(id) | Rows::HighExcess(id) => {
            let LookupTable::Excess(excess) = table else { unreachable!("the plan names an excess' table") };
            let which = usize::from(segment.rows == Rows::HighExcess(id));
            let mut keys = divide(network, id, &value).quotients;
            rows = Some(keys.iter().map(|&q| excess.keys(excess.split(q))[which]).collect::<Vec<_>>());
            padding = excess.keys(excess.split(0))[which];
            if which == 0 {
                for key in &mut keys {
                    *key = excess.split(*key).low;
                }
            }
            (id, keys, layout(id))
        }
        Rows::Differences(id) => {
            let (keys, layout) = differences(network, plan, id, &value)?;
            (id, keys, layout)
        }
    };
    let find = |key: i64| {
        table
            .position(key)
            .map(|position| position as u32)
            .ok_or_else(|| Error::Lookup { layer: network.architecture.node(id).name.clone(), value: key })
    };
    let mut positions = vec![find(padding)?; 1 << segment.num_vars];
    let rows = rows.as_ref().unwrap_or(&keys);
    for (at, padded, length) in layout.runs() {
        for i in 0..length {
            positions[padded + i] = find(rows[at + i])?;
        }
    }
    Ok(Lookup { keys, positions })
}

fn rescale(network: &Network, id: NodeId) -> &RescaleLayer {
    let Operation::Rescale(layer) = &network.architecture.node(id).operation else {
        unreachable!("the plan names a rescale")
    };
    layer
}

/// Quotients of a rescale and both parts of its centred remainders.
#[derive(Debug, Default)]
struct Division {
    quotients: Vec<i64>,
    high: Vec<i64>,
    low: Vec<i64>,
}

/// Quotients and remainders of a rescale's accumulators.
fn divide<'a>(network: &Network, id: NodeId, value: impl Fn(NodeId) -> &'a Tensor<i64>) -> Division {
    let layer = rescale(network, id);
    let accumulator = value(network.architecture.node(id).inputs[0]);
    let layout = accumulator.layout();
    let mut division = Division::default();
    for (i, &a) in accumulator.data().iter().enumerate() {
        let (quotient, remainder) = layer.divide(layer.multiplier.at(layout, i), a);
        let (high, low) = layer.split(remainder);
        division.quotients.push(quotient);
        division.high.push(high);
        division.low.push(low);
    }
    division
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
    let mut result = Vec::with_capacity(layout.num_elements());
    for k_height in 0..layer.window.height.kernel {
        for k_width in 0..layer.window.width.kernel {
            for (i, &maximum) in output.data().iter().enumerate() {
                let (channel, y, x) = (i / (height * width), i / width % height, i % width);
                let y = layer.window.height.input_position(y, k_height, in_height);
                let x = layer.window.width.input_position(x, k_width, in_width);
                let read =
                    y.zip(x).map_or(minimum, |(y, x)| input.data()[(channel * in_height + y) * in_width + x]);
                result.push(maximum - read);
            }
        }
    }
    Ok((result, layout))
}
