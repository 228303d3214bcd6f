//! The int8 weights of every layer, and whether a shift leaves them and all other factors fine enough.

use std::collections::BTreeMap;

use crate::{
    float_graph::{
        Graph,
        value::{Operation, Value},
        weights::Weights,
    },
    options::QuantiseOptions,
    scales::{
        Scales,
        weights::{Channel, quantise_free, quantise_in_units, quantise_on_grid},
    },
};

/// Smallest multiplier of a pool: its output scale is then at most an eighth above the one asked for.
const MIN_POOL_MULTIPLIER: i64 = 8;
/// Smallest coefficient of a sum of 8-bit activations; 16-bit ones have that many more digits to lose.
const MIN_COEFFICIENT: i64 = 16;

/// The quantised channels of every layer that has weights; `units` are those that weights already have, by layer.
pub(super) fn quantise_weights(
    graph: &Graph,
    scales: &Scales,
    units: &BTreeMap<String, Vec<f32>>,
) -> Vec<Vec<Channel>> {
    let layer = |(index, value): (usize, &Value)| {
        let Some((input, weights)) = value.weights() else { return vec![] };
        let unit = f64::from(1_u32 << scales.shift);
        let grid = scales.quotient(index) / scales.activations[input].scale / unit;
        let channel = |o: usize| {
            if graph.stays_accumulator(index) || value.spacing.is_some() {
                let unit = units.get(&value.name).and_then(|units| units.get(o).or_else(|| units.first()));
                let exact = unit.and_then(|&unit| quantise_in_units(weights.channel(o), unit.into()));
                exact.unwrap_or_else(|| quantise_free(weights.channel(o), weights.bias[o]))
            } else {
                quantise_on_grid(weights.channel(o), grid)
            }
        };
        (0..weights.num_outputs()).map(channel).collect()
    };
    graph.values.iter().enumerate().map(layer).collect()
}

/// Whether no factor of a layer has too few digits, and no layer's weights lose too much on their grid.
pub(super) fn is_fine_enough(
    graph: &Graph,
    scales: &Scales,
    layers: &[Vec<Channel>],
    options: &QuantiseOptions,
) -> bool {
    let max_growth = options.max_error_growth;
    let min_coefficient = MIN_COEFFICIENT << (options.bits - 8);
    // Weights that int8 represents exactly, as a factor alone, have no error to compare with.
    let is_close = |weights: &Weights, channels: &[Channel]| {
        let free: f64 =
            (0..weights.num_outputs()).map(|o| quantise_free(weights.channel(o), 0.0).error).sum();
        let taken: f64 = channels.iter().map(|channel| channel.error).sum();
        let energy: f64 = weights.values.iter().map(|weight| weight * weight).sum();
        taken <= free * (1.0 + max_growth) + energy * 1e-6
    };
    let mut free = graph.values.iter().enumerate().filter(|(_, value)| value.spacing.is_none());
    free.all(|(index, value)| match &value.operation {
        Operation::SumPool { .. } | Operation::ReduceSum { .. } | Operation::Product { .. } => {
            scales.integers[index].iter().all(|&m| m >= MIN_POOL_MULTIPLIER)
        }
        Operation::Add { .. } => scales.integers[index].iter().all(|&c| c.abs() >= min_coefficient),
        Operation::Dense { weights, .. } | Operation::Conv2d { weights, .. } => {
            is_close(weights, &layers[index])
        }
        Operation::Input
        | Operation::Softmax { .. }
        | Operation::ArgMax { .. }
        | Operation::MaxPool { .. }
        | Operation::Scale { .. }
        | Operation::Rearrange { .. }
        | Operation::Concat { .. } => true,
    })
}
