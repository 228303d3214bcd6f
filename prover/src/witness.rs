//! The witness: every committed column and every look-up row, from an execution trace.

use tacit_layers::{
    Layout, Network, NodeId, Operation, Tensor, Trace,
    claim::Column,
    plan::{Plan, Rows},
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
    /// First columns (remainder, quotient, difference) in storage order; empty for a table's own segment.
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
            .map(|segment| {
                let (id, keys, layout) = match segment.rows {
                    Rows::Table => return Ok(Lookup::default()),
                    Rows::Remainders(id) => (id, divide(network, id, value).high, value(id).layout().clone()),
                    Rows::LowRemainders(id) => {
                        (id, divide(network, id, value).low, value(id).layout().clone())
                    }
                    Rows::Activations(id) => {
                        (id, divide(network, id, value).quotients, value(id).layout().clone())
                    }
                    Rows::Differences(id) => {
                        let (keys, layout) = differences(network, plan, id, value)?;
                        (id, keys, layout)
                    }
                };
                let table = &plan.tables[segment.table];
                let find = |key: i64| {
                    table.position(key).map(|position| position as u32).ok_or_else(|| Error::Lookup {
                        layer: network.architecture.node(id).name.clone(),
                        value: key,
                    })
                };
                let mut positions = vec![find(0)?; 1 << segment.num_vars];
                for (at, padded, length) in layout.runs() {
                    for i in 0..length {
                        positions[padded + i] = find(keys[at + i])?;
                    }
                }
                Ok(Lookup { keys, positions })
            })
            .collect::<Result<Vec<_>>>()?;
        let columns = plan
            .witness
            .iter()
            .map(|committed| match committed.column {
                Column::Activation(id) => value(id).data().to_vec(),
                Column::Remainder(id) => looked_up(plan, &lookups, Rows::Remainders(id)),
                Column::LowRemainder(id) => looked_up(plan, &lookups, Rows::LowRemainders(id)),
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
                Column::Parameter(_) => unreachable!("parameters are no witness"),
            })
            .collect();
        Ok(Self { columns, lookups })
    }
}

/// A remainder's column: what is committed is what is looked up.
fn looked_up(plan: &Plan, lookups: &[Lookup], rows: Rows) -> Vec<i64> {
    let block = plan.segments.iter().zip(lookups).find(|(segment, _)| segment.rows == rows);
    let Some((_, lookup)) = block else { unreachable!("the plan looks up every remainder it commits to") };
    lookup.keys.clone()
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
    let node = network.architecture.node(id);
    let Operation::Rescale(layer) = &node.operation else { unreachable!("the plan names a rescale") };
    let accumulator = value(node.inputs[0]);
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
