//! Scales of all activations for a given shift, chosen so that every rescale is exact.
//!
//! - Convolution and dense layers leave their output scale free: their weights adapt to it.
//! - A pool's output scale is its input's times $2^s / m$ for an integer $m$.
//! - A sum of activations multiplies each by an integer $c_i$ and divides by $2^s$: its output scale is fitted to the
//!   first addend whose scale is given, and addends that nothing else reads adapt.
//! - Before a function these rules give the scale of its argument; the scale of its result is free.
//!
//! | module | concept |
//! |---|---|
//! | `activation` | integers and what they stand for |
//! | `widths` | how many bits activations and weights have, and what every rescale drops |
//! | `input` | the scale of an input |
//! | `reach` | what an accumulator can be, whatever the input is |
//! | `function_table` | tables of functions over the quotients of a rescale |
//! | `weights` | int8 weights on the grid of exact rescales |

pub(crate) mod activation;
pub(crate) mod function_table;
pub(crate) mod input;
mod reach;
pub(crate) mod weights;
pub(crate) mod widths;

use self::{
    activation::{Activation, bounds},
    function_table::{Argument, argument},
    reach::reach,
    widths::{NARROW, Widths},
};
use tacit_layers::layer::rescale::MAX_MULTIPLIER;

use crate::{
    error::Error,
    float_graph::{Graph, parts::Units, value::Operation, weights::Weights},
    options::CalibrationMethod,
    ranges::observed::Observed,
};

/// The quantised form of every value.
#[derive(Debug, Clone)]
pub(crate) struct Scales {
    /// Binary digits that each value's rescale drops.
    pub(crate) shifts: Vec<u32>,
    /// One for each value; for a value that stays an accumulator, what it would be as an activation.
    pub(crate) activations: Vec<Activation>,
    /// The argument of each value that has a function.
    pub(crate) arguments: Vec<Option<Argument>>,
    /// The multiplier of pools and the coefficients of sums, by value.
    pub(crate) integers: Vec<Vec<i64>>,
    /// The units of concatenations that are apart, and of what passes them on.
    pub(crate) units: Vec<Option<Units>>,
    /// The weights of layers that read such.
    absorbed: Vec<Option<Weights>>,
}

impl Scales {
    /// Nothing but the shifts.
    fn unknown(shifts: &[u32]) -> Self {
        let count = shifts.len();
        Self {
            shifts: shifts.to_vec(),
            activations: vec![],
            arguments: vec![None; count],
            integers: vec![vec![]; count],
            units: vec![None; count],
            absorbed: vec![None; count],
        }
    }

    /// The input and the weights of a layer that has weights, as they are on what it reads.
    pub(crate) fn weights<'a>(&'a self, graph: &'a Graph, index: usize) -> Option<(usize, &'a Weights)> {
        let (input, weights) = graph.values[index].weights()?;
        Some((input, self.absorbed[index].as_ref().unwrap_or(weights)))
    }

    /// Real value of one unit of a rescale's quotient.
    pub(crate) fn quotient(&self, index: usize) -> f64 {
        self.arguments[index].map_or(self.activations[index].scale, |argument| argument.scale)
    }
}

/// What scales are chosen from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<'a> {
    /// By value: what calibration saw.
    pub(crate) observed: &'a [Option<Observed>],
    pub(crate) num_samples: usize,
    pub(crate) calibration: CalibrationMethod,
    /// The same for activations of more than eight bits.
    pub(crate) wide_calibration: CalibrationMethod,
    /// Integers and scale of every input.
    pub(crate) inputs: &'a [Activation],
    pub(crate) widths: &'a Widths,
}

/// Chooses the scales of all values, whose rescales drop so many digits each.
pub(crate) fn choose(graph: &Graph, choice: &Choice<'_>, shifts: &[u32]) -> Result<Scales, Error> {
    let mut scales = Scales::unknown(shifts);
    let observed = choice.observed;
    for (index, value) in graph.values.iter().enumerate() {
        pass_units(graph, &mut scales, index);
        let known = |input: usize| scales.activations[input];
        let is_unsigned = if value.function.is_some() {
            observed[index].as_ref().is_some_and(|seen| seen.minimum >= 0.0)
        } else {
            value.clip.minimum >= 0.0 || is_unsigned(&value.operation, &scales.activations)
        };
        let (low, levels) = value
            .spacing
            .map_or_else(|| bounds(choice.widths.activations[index], is_unsigned), |given| given.bounds);
        let is_wide = choice.widths.activations[index] > NARROW;
        let method = if is_wide { choice.wide_calibration } else { choice.calibration };
        let amplitude =
            observed[index].as_ref().map_or(1.0, |seen| seen.amplitude(levels, choice.num_samples, method));
        let mut desired = value.spacing.map_or(amplitude / levels as f64, |given| given.scale);
        let mut result = None;
        if value.function.is_some() {
            let reach = reach(graph, index, &scales);
            let seen = observed[index].as_ref().filter(|_| choice.num_samples > 0);
            let seen = seen.map_or(reach, |seen| seen.arguments);
            let argument = argument(value, seen, reach, desired, (low, levels))?;
            result = Some((Activation { scale: desired, bounds: (low, levels) }, argument));
            // An activation's own integers are the finest argument there is.
            desired = only_addend(&value.operation).map_or(argument.scale, |input| known(input).scale);
        }
        let scale = match &value.operation {
            Operation::Input => {
                // The inputs are the first values.
                scales.activations.push(choice.inputs[index]);
                continue;
            }
            Operation::Softmax { .. } => {
                let bounds = (0, 1 << choice.widths.probability(index));
                scales.activations.push(Activation { scale: 1.0 / bounds.1 as f64, bounds });
                continue;
            }
            Operation::ArgMax { input, axis, .. } => {
                let length = graph.values[*input].axes[*axis] as i64;
                scales.activations.push(Activation { scale: 1.0, bounds: (0, length) });
                continue;
            }
            Operation::Concat { inputs, axis, is_apart } => {
                let activation = if *is_apart {
                    apart(graph, &mut scales, index, inputs, *axis)
                } else {
                    common(graph, &mut scales, inputs)
                };
                scales.activations.push(activation);
                continue;
            }
            Operation::MaxPool { input, .. }
            | Operation::Rearrange { input, .. }
            | Operation::Scale { input, .. } => {
                let Activation { scale, bounds } = known(*input);
                scales.activations.push(Activation { scale: scale * factor(&value.operation), bounds });
                continue;
            }
            Operation::Dense { .. } | Operation::Conv2d { .. } => desired,
            // Padding keeps the integers.
            Operation::SumPool { input, window, factor: 1.0 }
                if window.num_offsets() == 1 && value.function.is_none() =>
            {
                scales.integers[index] = vec![1 << shifts[index]];
                known(*input).scale
            }
            Operation::SumPool { input, factor, .. } => {
                let unit = known(*input).scale * factor;
                divided(&mut scales, index, unit, desired)
            }
            Operation::ReduceSum { input, .. } => {
                let unit = known(*input).scale;
                divided(&mut scales, index, unit, desired)
            }
            Operation::Product { left, right, .. } => {
                let unit = known(left.0).scale * known(right.0).scale;
                divided(&mut scales, index, unit, desired)
            }
            Operation::Add { addends } => {
                let masked = observed[index].as_ref().and_then(|seen| seen.masked);
                let largest = masked.map(|_| (levels - low + 1) << shifts[index]);
                sum(graph, &mut scales, index, addends, (desired, largest))
            }
        };
        // What is rounded to a grid has its scale, whatever the multiplier.
        let scale = value.spacing.map_or(scale, |_| desired);
        if let Some((activation, argument)) = result {
            scales.activations.push(activation);
            scales.arguments[index] = Some(Argument { scale, ..argument });
            continue;
        }
        let clip =
            |bound: f64, limit: i64| if bound.is_finite() { (bound / scale).round() as i64 } else { limit };
        let bounds =
            (clip(value.clip.minimum, low).clamp(low, 0), clip(value.clip.maximum, levels).clamp(0, levels));
        scales.activations.push(Activation { scale, bounds });
    }
    Ok(scales)
}

/// The value that a sum of one is a function of.
fn only_addend(operation: &Operation) -> Option<usize> {
    if let Operation::Add { addends } = operation
        && let [(input, _)] = addends[..]
    {
        Some(input)
    } else {
        None
    }
}

/// By what a value multiplies the unit of what it passes on.
fn factor(operation: &Operation) -> f64 {
    if let Operation::Scale { factor, .. } = operation { *factor } else { 1.0 }
}

/// Whether no accumulator is negative, whatever the input is, because no number that is added up is.
fn is_unsigned(operation: &Operation, activations: &[Activation]) -> bool {
    let is_unsigned = |input: usize| activations[input].bounds.0 >= 0;
    match operation {
        Operation::SumPool { input, .. } | Operation::ReduceSum { input, .. } => is_unsigned(*input),
        Operation::Product { left: (left, _), right: (right, _), .. } => {
            is_unsigned(*left) && is_unsigned(*right)
        }
        Operation::Add { addends } => addends.iter().all(|&(input, c)| is_unsigned(input) && c > 0.0),
        Operation::Input
        | Operation::Dense { .. }
        | Operation::Conv2d { .. }
        | Operation::Softmax { .. }
        | Operation::ArgMax { .. }
        | Operation::MaxPool { .. }
        | Operation::Scale { .. }
        | Operation::Rearrange { .. }
        | Operation::Concat { .. } => false,
    }
}

/// The scale of an accumulator whose unit is `accumulator`, divided by about as much as `desired` asks for.
fn divided(scales: &mut Scales, index: usize, accumulator: f64, desired: f64) -> f64 {
    let exact = accumulator * f64::from(1_u32 << scales.shifts[index]);
    // Where the largest multiplier is too small the result is coarser than asked for, and nothing is clipped.
    let multiplier = at_least_one((exact / desired * (1.0 + 1e-9)).floor()).min(MAX_MULTIPLIER.into());
    scales.integers[index] = vec![multiplier];
    exact / multiplier as f64
}

/// Brings the values that a concatenation reads to one scale: that of those that cannot adapt, or the coarsest.
fn common(graph: &Graph, scales: &mut Scales, inputs: &[usize]) -> Activation {
    let chains: Vec<_> = inputs.iter().map(|&input| graph.adaptable(input)).collect();
    let fixed = chains.iter().any(Option::is_none);
    let candidates = inputs.iter().zip(&chains).filter(|(_, chain)| !fixed || chain.is_none());
    let scale = candidates.map(|(&input, _)| scales.activations[input].scale).fold(0.0, f64::max);
    for at in chains.into_iter().flatten().flatten() {
        refit(graph, scales, at, scale);
    }
    let bounds = inputs.iter().map(|&input| scales.activations[input].bounds);
    let bounds = bounds.fold((0, 0), |(low, high), (min, max)| (low.min(min), high.max(max)));
    Activation { scale, bounds }
}

/// Values behind each other along an axis, each on its own scale: the coarsest, bounds that hold the integers of all, and units.
fn apart(graph: &Graph, scales: &mut Scales, index: usize, inputs: &[usize], axis: usize) -> Activation {
    let all = inputs.iter().map(|&input| scales.activations[input]);
    let join = |a: Activation, b: Activation| {
        let ((low, high), (min, max)) = (a.bounds, b.bounds);
        Activation { scale: a.scale.max(b.scale), bounds: (low.min(min), high.max(max)) }
    };
    let coarsest = all.fold(Activation { scale: 0.0, bounds: (0, 0) }, join);
    let part = |&input: &usize| {
        let ratio = scales.activations[input].scale / coarsest.scale;
        let own = scales.units[input].as_ref().map(|units| units.factors.clone());
        let factors = own.unwrap_or_else(|| vec![1.0; graph.values[input].axes[axis]]);
        factors.into_iter().map(move |factor| factor * ratio)
    };
    let factors = inputs.iter().flat_map(part).collect();
    scales.units[index] = Some(Units { axis, factors });
    coarsest
}

/// Units go where the integers go, and into weights.
fn pass_units(graph: &Graph, scales: &mut Scales, index: usize) {
    let value = &graph.values[index];
    let [input] = value.operation.inputs()[..] else { return };
    let Some(units) = &scales.units[input] else { return };
    let axes = &graph.values[input].axes;
    let (through, absorbed) = (units.through(value, axes), units.absorbed(value, axes));
    scales.units[index] = through;
    scales.absorbed[index] = absorbed;
}

fn at_least_one(x: f64) -> i64 {
    (x as i64).max(1)
}

/// Fits the scale of a sum, and the scales of those addends that nothing else reads. No coefficient need be larger than `largest`:
/// one step of what it multiplies leaves the sum's range then.
fn sum(
    graph: &Graph,
    scales: &mut Scales,
    index: usize,
    addends: &[(usize, f64)],
    (desired, largest): (f64, Option<i64>),
) -> f64 {
    if graph.values[index].spacing.is_some() {
        return desired;
    }
    let unit = f64::from(1_u32 << scales.shifts[index]);
    let is_free = |input: usize| {
        let value = &graph.values[input];
        value.readers == 1 && value.adapts()
    };
    let given = addends.iter().find(|&&(input, _)| !is_free(input));
    let scale = given.map_or(desired, |&(input, factor)| {
        let exact = scales.activations[input].scale * factor.abs() * unit;
        exact / at_least_one((exact / desired * (1.0 + 1e-9)).floor()) as f64
    });
    let mut coefficients = vec![];
    for &(input, factor) in addends {
        let exact = scales.activations[input].scale * factor.abs() * unit / scale;
        let coefficient = if is_free(input) {
            let up = at_least_one((exact * (1.0 - 1e-9)).ceil());
            refit(graph, scales, input, up as f64 / unit * scale / factor.abs());
            up
        } else {
            (exact.round() as i64).min(largest.unwrap_or(i64::MAX))
        };
        coefficients.push(if factor < 0.0 { -coefficient } else { coefficient });
    }
    scales.integers[index] = coefficients;
    scale
}

/// Gives a value another scale and fits its clip to it.
fn refit(graph: &Graph, scales: &mut Scales, index: usize, scale: f64) {
    let clip = graph.values[index].clip;
    let activation = &mut scales.activations[index];
    activation.scale = scale;
    if graph.values[index].function.is_some() {
        return;
    }
    let (low, high) = &mut activation.bounds;
    if clip.minimum.is_finite() {
        *low = ((clip.minimum / scale).round() as i64).clamp(*low, 0);
    }
    if clip.maximum.is_finite() {
        *high = ((clip.maximum / scale).round() as i64).clamp(0, *high);
    }
}
