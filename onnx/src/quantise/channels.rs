//! The weights of every layer, and whether a shift leaves them and all other factors fine enough.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use tacit_layers::layer::{
    add::MAX_COEFFICIENT,
    rescale::{ACCUMULATOR_BITS, MAX_MULTIPLIER},
};

use crate::{
    float_graph::{
        Graph,
        value::{Operation, Value},
        weights::Weights,
    },
    scales::{
        Scales,
        weights::{Channel, Limits, levels, magnitude, quantise_free, quantise_in_units, quantise_on_grid},
        widths::{NARROW, Widths},
    },
};

/// Smallest multiplier of a pool: its output scale is then at most an eighth above the one asked for.
const MIN_POOL_MULTIPLIER: i64 = 8;
/// Smallest coefficient of a sum of 8-bit activations; 16-bit ones have that many more digits to lose.
const MIN_COEFFICIENT: i64 = 16;
/// By how much a layer's squared weight error may grow where its result has more than eight bits.
const WIDE_ERROR_GROWTH: f64 = 0.1;
/// The share of an accumulator's range that weights times activations fill at most; the rest is the bias's.
const ACCUMULATOR_SHARE: f64 = 0.9;

/// A layer's quantised channels.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) channels: Vec<Channel>,
    /// Whether weights of a channel are too large for every multiplier; its scale is then none of the grid's.
    is_too_large: bool,
    /// The squared error without a grid.
    free_error: f64,
}

/// What a layer's channels are computed from: its value, the bits of the input's unit and of the grid's, the width, the largest
/// activation, and the bits of the units that weights have absorbed.
type Key = (usize, u64, Option<u64>, u32, i64, Vec<u64>);

/// The layers that were quantised so far: trying another width or shift changes few of them.
#[derive(Debug, Default)]
pub(super) struct Layers {
    known: RefCell<HashMap<Key, Rc<Layer>>>,
}

/// The layers are few, the tries many: what is no longer asked for is dropped beyond so many weights.
const MAX_KNOWN: usize = 1 << 26;

impl Layers {
    /// The quantised channels of every layer that has weights; nothing for the others. `units` are those that weights already
    /// have, by layer.
    pub(super) fn quantise(
        &self,
        graph: &Graph,
        scales: &Scales,
        widths: &Widths,
        units: &BTreeMap<String, Vec<f32>>,
    ) -> Vec<Rc<Layer>> {
        let none = Rc::new(Layer { channels: vec![], is_too_large: false, free_error: 0.0 });
        let layer = |(index, value): (usize, &Value)| {
            let Some((input, weights)) = scales.weights(graph, index) else { return Rc::clone(&none) };
            let unit = f64::from(1_u32 << scales.shifts[index]);
            let activation = scales.activations[input];
            let is_free = graph.stays_accumulator(index) || value.spacing.is_some();
            let grid = (!is_free).then(|| scales.quotient(index) / activation.scale / unit);
            let reach = activation.bounds.1.max(-activation.bounds.0);
            let bits = widths.weights[index];
            let absorbed = scales.units[input].iter().flat_map(|units| &units.factors);
            let mut absorbed: Vec<u64> = absorbed.map(|factor| factor.to_bits()).collect();
            // The lengths of parts are the graph's.
            absorbed.dedup();
            let key = (index, activation.scale.to_bits(), grid.map(f64::to_bits), bits, reach, absorbed);
            if let Some(layer) = self.known.borrow().get(&key) {
                return Rc::clone(layer);
            }
            let layer =
                Rc::new(quantise(weights, activation.scale, grid, bits, reach, units.get(&value.name)));
            let mut known = self.known.borrow_mut();
            let size: usize = known.keys().map(|key| weights_of(graph, key.0)).sum();
            if size > MAX_KNOWN {
                known.clear();
            }
            known.insert(key, Rc::clone(&layer));
            layer
        };
        graph.values.iter().enumerate().map(layer).collect()
    }
}

fn weights_of(graph: &Graph, index: usize) -> usize {
    graph.values[index].weights().map_or(0, |(_, weights)| weights.values.len())
}

fn quantise(
    weights: &Weights,
    unit: f64,
    grid: Option<f64>,
    bits: u32,
    reach: i64,
    units: Option<&Vec<f32>>,
) -> Layer {
    let mut layer = Layer { channels: vec![], is_too_large: false, free_error: 0.0 };
    for o in 0..weights.num_outputs() {
        let (values, bias) = (weights.channel(o), weights.bias[o]);
        let limits = limits(values, bias, unit, bits, reach);
        let free = quantise_free(values, bias, limits);
        layer.free_error += free.error;
        let own = units.and_then(|units| units.get(o).or_else(|| units.first()));
        layer.channels.push(match grid {
            None => own.and_then(|&unit| quantise_in_units(values, unit.into())).unwrap_or(free),
            Some(grid) => quantise_on_grid(values, grid, limits).unwrap_or_else(|| {
                layer.is_too_large = true;
                free
            }),
        });
    }
    layer
}

/// Weights as wide as asked for, unless the products of such weights with the largest activations do not fit an accumulator;
/// and a unit in which the bias fits 32 bits.
fn limits(weights: &[f64], bias: f64, unit: f64, bits: u32, reach: i64) -> Limits {
    let largest = magnitude(weights);
    let sum: f64 = weights.iter().map(|weight| weight.abs()).sum();
    let room = ACCUMULATOR_SHARE * (1_u64 << (ACCUMULATOR_BITS - 1)) as f64;
    let most = if largest > 0.0 { room / (sum / largest * reach as f64) } else { f64::INFINITY };
    let levels = levels(bits).min(most.clamp(1.0, f64::from(i32::MAX)) as i32);
    // A hair's breadth below 32 bits, so that rounding stays inside.
    Limits { levels, finest: bias.abs() / unit / (f64::from(i32::MAX) - 1.0) }
}

/// How a value's shift suits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// No factor has too few digits.
    Fine,
    /// A factor has too few digits, or weights lose too much on their grid.
    Coarse,
    /// A factor is larger than any may be.
    TooLarge,
}

/// What a value's factors, and its weights on their grid, have to say of its shift.
pub(super) fn fit(
    graph: &Graph,
    scales: &Scales,
    layers: &[Rc<Layer>],
    index: usize,
    max_growth: f64,
) -> Fit {
    let value = &graph.values[index];
    if value.spacing.is_some() {
        return Fit::Fine;
    }
    let (low, high) = scales.activations[index].bounds;
    let is_wide = high - low >= 1 << (NARROW + 1);
    let coefficients = |least: i64, most: i64| {
        let integers = &scales.integers[index];
        match integers.iter().map(|c| c.abs()).max() {
            Some(largest) if largest > most => Fit::TooLarge,
            _ if integers.iter().all(|c| c.abs() >= least) => Fit::Fine,
            _ => Fit::Coarse,
        }
    };
    match &value.operation {
        Operation::SumPool { .. } | Operation::ReduceSum { .. } | Operation::Product { .. } => {
            coefficients(MIN_POOL_MULTIPLIER, MAX_MULTIPLIER.into())
        }
        Operation::Add { addends } => {
            let bits = |input: usize| {
                let (low, high) = scales.activations[input].bounds;
                64 - (high - low).leading_zeros()
            };
            let bits = addends.iter().map(|&(input, _)| bits(input)).fold(NARROW, u32::max);
            let largest = |(&(input, _), c): (&(usize, f64), &i64)| {
                let (low, high) = scales.activations[input].bounds;
                i128::from(c.abs()) * i128::from(high.max(-low))
            };
            let reach: i128 = addends.iter().zip(&scales.integers[index]).map(largest).sum();
            if reach + (1 << scales.shifts[index]) >= 1 << (ACCUMULATOR_BITS - 1) {
                return Fit::TooLarge;
            }
            coefficients(MIN_COEFFICIENT << (bits - NARROW), MAX_COEFFICIENT)
        }
        Operation::Dense { weights, .. } | Operation::Conv2d { weights, .. } => {
            let layer = &layers[index];
            let max_growth = if is_wide { max_growth.min(WIDE_ERROR_GROWTH) } else { max_growth };
            let taken: f64 = layer.channels.iter().map(|channel| channel.error).sum();
            // Weights that integers represent exactly, as a factor alone, have no error to compare with.
            let weights = scales.weights(graph, index).map_or(weights, |(_, weights)| weights);
            let energy: f64 = weights.values.iter().map(|weight| weight * weight).sum();
            let levels = layer.channels.iter().map(|channel| channel.values.iter().map(|w| w.abs()).max());
            let is_int8 = levels.flatten().all(|level| level <= 127);
            let negligible = energy * if is_int8 { 1e-6 } else { 1e-6 / 65_536.0 };
            if layer.is_too_large {
                Fit::TooLarge
            } else if taken <= layer.free_error * (1.0 + max_growth) + negligible {
                Fit::Fine
            } else {
                Fit::Coarse
            }
        }
        Operation::Input
        | Operation::Softmax { .. }
        | Operation::ArgMax { .. }
        | Operation::MaxPool { .. }
        | Operation::Scale { .. }
        | Operation::Rearrange { .. }
        | Operation::Concat { .. } => Fit::Fine,
    }
}
