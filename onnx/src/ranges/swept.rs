//! What is computed of nothing but integer inputs, place by place: it is looked at for all that they may be, not for samples alone.
//!
//! Samples need not hold every integer between their smallest and their largest, nor zero, and a table may make anything of those that
//! they lack.

use super::{observed::Observed, probes::Probes};
use crate::{
    error::Error,
    float_graph::{
        Graph,
        value::{Operation, Value},
    },
    model::{FloatModel, ModelInput, SampleKind},
};

/// Integers of a range that are looked at, at most: its ends and others at equal distances.
const MAX_STEPS: i64 = 512;
/// How much farther than what was seen a range reaches where some integers were left out.
const MARGIN: f64 = 1.0 / 32.0;
/// Samples that are looked at with zeros for integers, which calibration may be without.
const NUM_ZEROED: usize = 8;

/// By input: the range of one of integers or truth values.
fn ranges(model: &FloatModel, graph: &Graph) -> Vec<Option<(i64, i64)>> {
    let range = |(input, value): (&ModelInput, &Value)| match input.kind {
        SampleKind::Real => None,
        SampleKind::Integer | SampleKind::Boolean => value.spacing.map(|spacing| spacing.bounds),
    };
    model.inputs().iter().zip(&graph.values).map(range).collect()
}

/// The first samples with zeros in the place of integers of an input that calibration never saw zero of: its range holds zero.
pub(super) fn zeroed(model: &FloatModel, samples: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut zeroed = vec![];
    let mut start = 0;
    for input in model.inputs() {
        let end = start + input.size();
        let part = start..end;
        start = end;
        let values = || samples.iter().flat_map(|sample| &sample[part.clone()]);
        let has_gap = values().all(|&value| value > 0.0) || values().all(|&value| value < 0.0);
        if input.kind == SampleKind::Integer && has_gap {
            zeroed.extend(samples.iter().take(NUM_ZEROED).map(|sample| {
                let mut sample = sample.clone();
                sample[part.clone()].fill(0.0);
                sample
            }));
        }
    }
    zeroed
}

/// Widens the ranges of what is computed of integer inputs alone to what it can be.
pub(super) fn sweep(
    model: &FloatModel,
    graph: &Graph,
    observed: &mut [Option<Observed>],
    samples: &[Vec<f32>],
) -> Result<(), Error> {
    let ranges = ranges(model, graph);
    let Some(first) = samples.first().filter(|_| ranges.iter().any(Option::is_some)) else { return Ok(()) };
    let swept = swept(graph, observed, &ranges);
    let visited: Vec<usize> = (0..graph.values.len())
        .filter(|&index| {
            swept[index] && observed[index].as_ref().is_some_and(|observed| observed.masked.is_none())
        })
        .collect();
    let width = ranges.iter().flatten().map(|(low, high)| high - low).max().unwrap_or(0);
    let count = width.clamp(1, MAX_STEPS);
    let num_ranges = ranges.iter().flatten().count();
    let probes = Probes::new(model, graph, &visited)?;
    for step in 0..=count {
        for is_turned in [false, true].into_iter().take(num_ranges) {
            let sample = filled(model, first, &ranges, (step, count, is_turned));
            extend(&probes, graph, observed, &sample);
        }
    }
    let margin = if width <= MAX_STEPS { 0.0 } else { MARGIN };
    for &index in &visited {
        if let Some(observed) = &mut observed[index] {
            observed.swept = Some(margin);
        }
    }
    Ok(())
}

/// Widens ranges to what a sample makes of them, as far as the model can be run on it and computes numbers.
pub(super) fn extend(probes: &Probes<'_>, graph: &Graph, observed: &mut [Option<Observed>], sample: &[f32]) {
    // Nobody has calibrated with this sample, and the model may refuse it.
    let _ = probes.visit(sample, &mut |index, arguments| {
        let Some(observed) = &mut observed[index] else { return Ok(()) };
        let results = graph.values[index].apply(arguments)?;
        for (&argument, &result) in arguments.iter().zip(&results) {
            if argument.is_finite() && result.is_finite() {
                observed.extend(argument.into(), result);
                observed.least = observed.least.max(result.abs());
            }
        }
        Ok(())
    });
}

/// A sample whose integers are all so many steps from one end of their range; if it is turned, every second input from the other.
fn filled(
    model: &FloatModel,
    sample: &[f32],
    ranges: &[Option<(i64, i64)>],
    (step, count, is_turned): (i64, i64, bool),
) -> Vec<f32> {
    let mut sample = sample.to_vec();
    let mut rest = &mut sample[..];
    let mut place = 0;
    for (input, range) in model.inputs().iter().zip(ranges) {
        let (part, behind) = rest.split_at_mut(input.size());
        rest = behind;
        if let Some((low, high)) = range {
            let step = if is_turned && place % 2 == 1 { count - step } else { step };
            part.fill((low + (high - low) * step / count) as f32);
            place += 1;
        }
    }
    sample
}

/// By value: whether it is computed of integer inputs alone, place by place, or by rows of weights that they choose.
fn swept(graph: &Graph, observed: &[Option<Observed>], ranges: &[Option<(i64, i64)>]) -> Vec<bool> {
    let count = graph.values.len();
    let (mut swept, mut is_truth) = (vec![false; count], vec![false; count]);
    for (index, value) in graph.values.iter().enumerate() {
        let is_swept = match &value.operation {
            Operation::Input => ranges[index].is_some(),
            Operation::Add { addends } => addends.iter().all(|&(input, _)| swept[input]),
            Operation::Concat { inputs, .. } => inputs.iter().all(|&input| swept[input]),
            Operation::MaxPool { input, .. }
            | Operation::Scale { input, .. }
            | Operation::Rearrange { input, .. } => swept[*input],
            Operation::Product { left, right, output } => {
                let is_apart = left.1.iter().chain(&right.1).all(|axis| output.contains(axis));
                is_apart && swept[left.0] && swept[right.0]
            }
            Operation::Dense { input, .. } => swept[*input] && is_truth[*input],
            Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. } => false,
        };
        swept[index] = is_swept;
        is_truth[index] = if let Operation::Rearrange { input, .. } = value.operation {
            is_truth[input]
        } else {
            value.function.is_some()
                && observed[index].as_ref().is_some_and(|seen| seen.minimum >= 0.0 && seen.maximum <= 1.0)
        };
    }
    swept
}
