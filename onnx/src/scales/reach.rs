//! Interval analysis: what an accumulator can be, whatever the input is.

use super::{Scales, activation::Activation};
use crate::float_graph::{Graph, value::Operation};

/// The real values that an accumulator can take whatever the input is, zero included.
pub(super) fn reach(graph: &Graph, index: usize, scales: &Scales) -> (f64, f64) {
    let activations = &scales.activations;
    let lengths = |input: usize| &graph.values[input].axes;
    let bounds = |input: usize| {
        let Activation { scale, bounds: (low, high) } = activations[input];
        (low as f64 * scale, high as f64 * scale)
    };
    let sum = |(low, high): (f64, f64), (factor, (min, max)): (f64, (f64, f64))| {
        let (a, b) = (factor * min, factor * max);
        (low + a.min(b), high + a.max(b))
    };
    match &graph.values[index].operation {
        Operation::Dense { input, weights, .. } | Operation::Conv2d { input, weights, .. } => {
            let weights = scales.weights(graph, index).map_or(weights, |(_, weights)| weights);
            let (min, max) = bounds(*input);
            let range = (min.min(0.0), max.max(0.0));
            let channel = |o: usize| {
                let start = (weights.bias[o], weights.bias[o]);
                weights.channel(o).iter().fold(start, |reach, &weight| sum(reach, (weight, range)))
            };
            (0..weights.num_outputs())
                .map(channel)
                .fold((0.0, 0.0), |(low, high), (min, max)| (min.min(low), max.max(high)))
        }
        Operation::SumPool { input, window, factor } => {
            sum((0.0, 0.0), (factor * window.num_offsets() as f64, bounds(*input)))
        }
        Operation::Add { addends } => {
            addends.iter().fold((0.0, 0.0), |reach, &(input, factor)| sum(reach, (factor, bounds(input))))
        }
        Operation::ReduceSum { input, axes } => {
            let num_terms: usize = axes.iter().map(|&axis| lengths(*input)[axis]).product();
            sum((0.0, 0.0), (num_terms as f64, bounds(*input)))
        }
        Operation::Product { left: (left, names), right: (right, _), output } => {
            let inner = names.iter().zip(lengths(*left)).filter(|(name, _)| !output.contains(name));
            let num_terms: usize = inner.map(|(_, length)| length).product();
            let ((a, b), (c, d)) = (bounds(*left), bounds(*right));
            let corners = [a * c, a * d, b * c, b * d];
            let extreme = |best: fn(f64, f64) -> f64| corners.into_iter().fold(0.0, best) * num_terms as f64;
            (extreme(f64::min), extreme(f64::max))
        }
        Operation::Input
        | Operation::Concat { .. }
        | Operation::Softmax { .. }
        | Operation::ArgMax { .. } => (0.0, 0.0),
        Operation::MaxPool { input, .. }
        | Operation::Rearrange { input, .. }
        | Operation::Scale { input, .. } => bounds(*input),
    }
}
