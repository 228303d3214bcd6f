//! Rescales between given scales: of values that a quantised model rounds to grids of its own.
//!
//! Nothing adapts here: the weights keep their integers, and the ratio of scales is what it is. [`crate::requantise`] takes
//! a fixed-point number for it and bounds the error. Before a function the ratio leads to the function's argument.

use std::rc::Rc;

use super::channels::Layer;
use crate::{
    error::Error,
    float_graph::{
        Graph,
        value::{Operation, Value},
    },
    requantise::{self, Channel as Ratio, Rescale, RescaleError, Sum},
    scales::{Scales, activation::Activation, weights::Channel},
};

/// The rescale of a value with a given scale; multipliers and coefficients are where those of other values are.
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// Binary digits that the rescale drops.
    pub(super) shift: u32,
    /// Biases in units of the accumulator, for a layer that has them.
    pub(super) biases: Vec<i32>,
    /// How far results can be off.
    pub(super) error: RescaleError,
}

/// Puts the multipliers and coefficients of all values with a given scale in place.
///
/// # Errors
/// When a ratio of scales has no fixed-point number that keeps results within one unit.
pub(super) fn rescale(
    graph: &Graph,
    scales: &mut Scales,
    layers: &mut [Rc<Layer>],
) -> Result<Vec<Option<Given>>, Error> {
    let mut all = vec![];
    for (index, value) in graph.values.iter().enumerate() {
        let is_given = value.spacing.is_some() && value.is_linear();
        all.push(if is_given { Some(one(graph, scales, layers, index)?) } else { None });
    }
    Ok(all)
}

fn one(graph: &Graph, scales: &mut Scales, layers: &mut [Rc<Layer>], index: usize) -> Result<Given, Error> {
    let value = &graph.values[index];
    let quotient = scales.quotient(index);
    let bounds = quotients(scales, index);
    let imprecise = || Error::UnsupportedUse {
        node: value.name.clone(),
        operator: "QuantizeLinear".to_owned(),
        actual: "a ratio of scales that no fixed-point number comes near enough".to_owned(),
        expected: "results within one unit: layers whose scales are closer to each other",
    };
    let known = |input: usize| scales.activations[input];
    if let Operation::Add { addends } = &value.operation {
        let reach = |Activation { bounds: (low, high), .. }: Activation| high.max(-low) as f64;
        let ratio =
            |&(input, factor): &(usize, f64)| (known(input).scale * factor / quotient, reach(known(input)));
        let ratios: Vec<(f64, f64)> = addends.iter().map(ratio).collect();
        let Sum { shift, coefficients, error } = requantise::sum(&ratios, bounds).ok_or_else(imprecise)?;
        let is_exact = matches!((&ratios[..], &coefficients[..]), (&[(1.0, _)], &[c]) if c == 1 << shift);
        let error = if is_exact { 0.0 } else { moved(value, scales, index, error)? };
        scales.integers[index] = coefficients;
        let error = RescaleError { layer: value.name.clone(), shift, units: error };
        return Ok(Given { shift, biases: vec![], error });
    }
    let ratios = ratios(graph, scales, &layers[index].channels, index);
    let Rescale { shift, multipliers, biases, error } =
        requantise::rescale(&ratios, bounds).ok_or_else(imprecise)?;
    if value.weights().is_some() {
        for (channel, &multiplier) in Rc::make_mut(&mut layers[index]).channels.iter_mut().zip(&multipliers) {
            channel.multiplier = multiplier;
        }
    } else {
        scales.integers[index] = multipliers.into_iter().map(i64::from).collect();
    }
    let units = moved(value, scales, index, error)?;
    let error = RescaleError { layer: value.name.clone(), shift, units };
    Ok(Given { shift, biases, error })
}

/// Smallest and largest quotient that matters: a result, or a row of a function's table.
fn quotients(scales: &Scales, index: usize) -> (i64, i64) {
    let argument = scales.arguments[index];
    argument.map_or(scales.activations[index].bounds, |argument| {
        let row = |x: f64| (x / argument.scale) as i64;
        (row(argument.domain.0).min(0), row(argument.domain.1).max(0))
    })
}

/// How far an error of the quotient moves results, in units of them: quotients are rounded before a function.
fn moved(value: &Value, scales: &Scales, index: usize, error: f64) -> Result<f64, Error> {
    let Some(argument) = scales.arguments[index] else { return Ok(error) };
    let (first, last) = quotients(scales, index);
    let arguments: Vec<f32> = (first..=last).map(|q| (q as f64 * argument.scale) as f32).collect();
    let results = value.apply(&arguments)?;
    let (low, high) = scales.activations[index].bounds;
    let unit = scales.activations[index].scale;
    let result = |y: f64| (y / unit).clamp(low as f64 - 1.0, high as f64 + 1.0);
    let steepest = results
        .windows(2)
        .map(|pair| (result(pair[1]) - result(pair[0])).abs())
        .filter(|rise| rise.is_finite())
        .fold(0.0, f64::max);
    Ok((error + 0.5) * steepest)
}

/// Ratio, bias and interval of every output channel, or of the whole value where there are no weights.
fn ratios(graph: &Graph, scales: &Scales, channels: &[Channel], index: usize) -> Vec<Ratio> {
    let value = &graph.values[index];
    let quotient = scales.quotient(index);
    let known = |input: usize| scales.activations[input];
    let whole = |ratio: f64, (low, high): (f64, f64)| {
        vec![Ratio { ratio, bias: 0.0, interval: (low.min(0.0), high.max(0.0)) }]
    };
    let times =
        |count: usize, (low, high): (i64, i64)| (count as f64 * low as f64, count as f64 * high as f64);
    match &value.operation {
        Operation::Dense { input, weights, .. } | Operation::Conv2d { input, weights, .. } => {
            let Activation { scale, bounds } = known(*input);
            let channel = |(channel, &bias): (&Channel, &f64)| {
                let unit = channel.scale * scale;
                Ratio {
                    ratio: unit / quotient,
                    bias: bias / unit,
                    interval: interval(&channel.values, bounds),
                }
            };
            channels.iter().zip(&weights.bias).map(channel).collect()
        }
        Operation::SumPool { input, window, factor } => {
            let Activation { scale, bounds } = known(*input);
            whole(scale * factor / quotient, times(window.num_offsets(), bounds))
        }
        Operation::ReduceSum { input, axes } => {
            let Activation { scale, bounds } = known(*input);
            let count = axes.iter().map(|&axis| graph.values[*input].axes[axis]).product();
            whole(scale / quotient, times(count, bounds))
        }
        Operation::Product { left: (left, names), right: (right, _), output } => {
            let lengths = &graph.values[*left].axes;
            let inner = names.iter().zip(lengths).filter(|(name, _)| !output.contains(name));
            let count: usize = inner.map(|(_, length)| length).product();
            let (a, b) = (known(*left), known(*right));
            let corners = [a.bounds.0 * b.bounds.0, a.bounds.0 * b.bounds.1, a.bounds.1 * b.bounds.0]
                .into_iter()
                .chain([a.bounds.1 * b.bounds.1]);
            let (low, high) = corners.fold((0, 0), |(low, high), corner| (low.min(corner), high.max(corner)));
            whole(a.scale * b.scale / quotient, times(count, (low, high)))
        }
        // Sums have coefficients, and the others no rescale.
        Operation::Add { .. }
        | Operation::Input
        | Operation::Softmax { .. }
        | Operation::ArgMax { .. }
        | Operation::MaxPool { .. }
        | Operation::Scale { .. }
        | Operation::Rearrange { .. }
        | Operation::Concat { .. } => vec![],
    }
}

/// The sums that a channel's weights can give without bias; zero is among the inputs.
fn interval(weights: &[i32], (low, high): (i64, i64)) -> (f64, f64) {
    let reach = |(least, most): (i64, i64), &weight: &i32| {
        let (a, b) = (i64::from(weight) * low, i64::from(weight) * high);
        (least + a.min(b).min(0), most + a.max(b).max(0))
    };
    let (least, most) = weights.iter().fold((0, 0), reach);
    (least as f64, most as f64)
}

/// Layers whose results have no bound against the integers of a quantised model.
pub(super) fn unbounded(graph: &Graph, layers: &[Rc<Layer>]) -> Vec<String> {
    let is_unbounded = |(index, value): (usize, &Value)| {
        let is_exact = value.spacing.is_some() || graph.stays_accumulator(index);
        let approximates = matches!(value.operation, Operation::Softmax { .. });
        let is_rounded = layers[index].channels.iter().any(|channel| channel.error > 0.0);
        (approximates || is_rounded || (value.is_linear() && !is_exact)).then(|| value.name.clone())
    };
    graph.values.iter().enumerate().filter_map(is_unbounded).collect()
}
