//! What any node of a network costs: its commitments, its look-ups, its argument.

use super::{
    ArgumentCost, Work, convolution,
    convolution::{ConvolutionShape, extent},
    matmul,
    matmul::MatmulShape,
    points, product, scalars,
};
use crate::{
    argument::{claim::Column, hyrax::RowShape},
    layer::{Operation, max_pool::MaxPoolLayer, rescale::Multiplier, reshape::ReshapeLayer},
    network::Architecture,
    proof::plan::Plan,
    tensor::{Layout, bits_of, value::NodeId},
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
    let Some((node, spec)) = architecture.nodes.get(id.index()).zip(plan.specs.get(id.index())) else {
        return NodeCost::default();
    };
    let inputs = || node.inputs.iter().filter_map(|id| plan.specs.get(id.index())).map(|spec| &spec.layout);
    let Some(input) = inputs().next() else { return NodeCost::default() };
    let output = &spec.layout;
    let argument = match &node.operation {
        Operation::Conv2d(layer) => {
            let cost = convolution::cost(layer.argument, &ConvolutionShape::new(layer, input, output));
            cost + late_rows(plan, id)
        }
        Operation::Dense(layer) => matmul::cost(layer.argument, &MatmulShape::new(layer, input)),
        Operation::AveragePool(layer) => {
            let [channels, input @ ..] = feature_map(input);
            let [_, output @ ..] = feature_map(output);
            convolution::window(channels, &layer.window, input, output)
        }
        Operation::MaxPool(layer) => max_pool(layer, input, output),
        Operation::Rescale(layer) => match layer.multiplier {
            Multiplier::Uniform(_) => ArgumentCost::default(),
            Multiplier::PerChannel { axis, .. } => {
                rescale(output, output.axes().get(axis).copied().unwrap_or(1))
            }
        },
        Operation::Add(_) => ArgumentCost {
            prover: Work::small_sums(node.inputs.len(), output.num_elements()) + Work::messages(1),
            verifier: Work::messages(1),
            own_bytes: scalars(node.inputs.len()),
            round_bytes: 0,
        },
        Operation::Reshape(_) if ReshapeLayer::keeps_places(input, output) => ArgumentCost::default(),
        Operation::Remap(_) | Operation::Concat(_) | Operation::Reshape(_) => {
            inputs().map(|input| view(input, output)).fold(
                ArgumentCost {
                    own_bytes: scalars(node.inputs.len().saturating_sub(1)),
                    ..Default::default()
                },
                |sum, part| sum + part,
            )
        }
        Operation::Product(layer) => match inputs().collect::<Vec<_>>().as_slice() {
            [left, right] => product::cost(layer, [left, right], output),
            _ => ArgumentCost::default(),
        },
        Operation::Circuit(layer) => super::gates::circuit(&layer.circuit),
        Operation::Input(_) | Operation::Flatten | Operation::Transpose(_) | Operation::ReduceSum(_) => {
            ArgumentCost::default()
        }
    };
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

/// The rows behind the first of what a convolution's argument commits to.
fn late_rows(plan: &Plan, id: NodeId) -> ArgumentCost {
    let Some(layout) = plan.late_layout(Column::Convolved(id)) else { return ArgumentCost::default() };
    let rows = RowShape::new(layout, plan.key_vars).num_rows - 1;
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

fn feature_map(layout: &Layout) -> [usize; 3] {
    [0, 1, 2].map(|axis| layout.axes().get(axis).copied().unwrap_or(1))
}

/// The zero check of the differences' product, and two windowed claims.
fn max_pool(layer: &MaxPoolLayer, input: &Layout, output: &Layout) -> ArgumentCost {
    let offsets = layer.window.num_offsets();
    let (entries, rounds) = (output.padded_extent(), output.num_vars());
    let zero_check = ArgumentCost {
        prover: Work::multiplications(entries * ((offsets + 1) * (offsets + 1) + offsets))
            + Work::messages(rounds + 1),
        verifier: Work::verified_rounds(rounds, offsets) + Work::messages(1),
        own_bytes: scalars(offsets),
        round_bytes: scalars(offsets * rounds),
    };
    let [channels, map @ ..] = feature_map(input);
    let [_, positions @ ..] = feature_map(output);
    let maximum = ArgumentCost {
        prover: Work::small_sums(1, output.num_elements()) + Work::messages(1),
        verifier: Work::messages(1),
        own_bytes: scalars(1),
        round_bytes: 0,
    };
    let claim = maximum + convolution::window(channels, &layer.window, map, positions);
    // The windows' rounds are one batch.
    let twice = claim + ArgumentCost { round_bytes: 0, ..claim };
    zero_check + twice
}

/// Removing one multiplier for each channel.
fn rescale(output: &Layout, channels: usize) -> ArgumentCost {
    let rounds = bits_of(channels);
    ArgumentCost {
        prover: Work::small_sums(channels, output.num_elements() / channels.max(1))
            + Work::product_sumcheck(channels)
            + Work::messages(rounds + 1),
        verifier: Work::verified_rounds(rounds, 2) + Work::multiplications(2 * channels) + Work::messages(1),
        own_bytes: scalars(1),
        round_bytes: scalars(2 * rounds),
    }
}

/// From a view of one input to that input.
fn view(input: &Layout, output: &Layout) -> ArgumentCost {
    let axes: usize = input.axes().iter().chain(output.axes()).sum();
    let rounds = input.num_vars();
    let elements = input.num_elements();
    ArgumentCost {
        // The product of shift vectors, the input as field elements, and their sum.
        prover: Work::multiplications(axes + 3 * elements)
            + Work::product_sumcheck(extent(input.axes()))
            + Work::messages(rounds + 1),
        verifier: Work::multiplications(2 * axes) + Work::verified_rounds(rounds, 2) + Work::messages(1),
        own_bytes: scalars(1),
        round_bytes: scalars(2 * rounds),
    }
}
