//! Scores that computed masks push down.
//!
//! A mask that is computed, from an input say, adds a large negative number to the scores in front of a softmax. In the range
//! of such a sum all other scores are one and the same integer, but the softmax makes nothing of what is far below the
//! largest score of its line: the sum's range, and that of the mask, end [`DEPTH`] below the smallest of the lines' largest
//! scores, and what is lower is clipped to that. Sums with such numbers that something else reads are refused, and so are
//! lines of which everything is masked.

use super::{observed::Observed, probes::Probes};
use crate::{
    agreement::in_value_order,
    error::Error,
    float_graph::{
        Graph,
        clip::Clip,
        value::{Operation, Value},
    },
    model::FloatModel,
};

/// A score with a mask added is no larger than this.
pub(super) const MASKED: f64 = -5e3;
/// What is so far below the largest score of its line has a probability that float32 has no number for.
const NOTHING: f64 = 104.0;
/// What is so far below has a probability of less than a unit of 16 bits.
const DEPTH: f64 = 12.0;
/// Scores beside a mask are smaller than this part of it.
const PART: f64 = 1.0 / 64.0;

/// The smallest result that is needed of each value, where that is more than the smallest there is.
pub(super) fn floors(
    model: &FloatModel,
    graph: &Graph,
    observed: &[Option<Observed>],
    samples: &[Vec<f32>],
) -> Result<Vec<Option<f64>>, Error> {
    let mut floors = vec![None; graph.values.len()];
    let reaches_mask = |index: usize| {
        let seen = observed[index].as_ref();
        is_plain(&graph.values[index]) && seen.is_some_and(|seen| seen.minimum <= MASKED)
    };
    let low: Vec<usize> = (0..graph.values.len()).filter(|&index| reaches_mask(index)).collect();
    if low.is_empty() {
        return Ok(floors);
    }
    let probes = Probes::new(model, graph, &low)?;
    for &index in &low {
        let axes = softmax_axes(graph, index);
        let value = &graph.values[index];
        if let (Some(axes), Some(order)) = (axes, &value.order) {
            let mut smallest = f64::INFINITY;
            for sample in samples {
                probes.visit(sample, &mut |visited, floats| {
                    if visited == index {
                        let scores = in_value_order(&value.apply(floats)?, &value.axes, order);
                        for &axis in &axes {
                            smallest = smallest.min(smallest_maximum(&scores, &value.axes, axis));
                        }
                    }
                    Ok(())
                })?;
            }
            if smallest <= MASKED {
                let actual = format!("a line of {smallest:e} and less, of which everything is masked,");
                return Err(refused(value, actual, "samples that leave an element in every line"));
            }
            let minimum = observed[index].as_ref().map_or(0.0, |seen| seen.minimum);
            if minimum < smallest - NOTHING {
                set_floor(graph, observed, &mut floors, index, smallest - DEPTH);
            }
        } else if is_sum(value) {
            check(&probes, value, index, samples)?;
        }
    }
    Ok(floors)
}

/// Whether a value is what its operation computes, on a scale that is chosen.
fn is_plain(value: &Value) -> bool {
    value.is_linear() && value.clip == Clip::NONE && value.function.is_none() && value.spacing.is_none()
}

fn is_sum(value: &Value) -> bool {
    matches!(&value.operation, Operation::Add { addends } if addends.len() > 1)
}

/// The axes along which softmaxes read a value, if nothing else does.
fn softmax_axes(graph: &Graph, index: usize) -> Option<Vec<usize>> {
    let mut axes = vec![];
    for value in graph.values.iter().filter(|value| value.readers > 0) {
        // What another mask leaves out is not to be compared with what is left.
        if let Operation::Softmax { axis, mask: None, .. } = value.operation {
            axes.extend(value.operation.inputs().contains(&index).then_some(axis));
        } else if value.operation.inputs().contains(&index) {
            return None;
        }
    }
    (axes.len() == graph.values[index].readers && !axes.is_empty()).then_some(axes)
}

/// The smallest of the largest scores of all lines along an axis.
fn smallest_maximum(scores: &[f64], axes: &[usize], axis: usize) -> f64 {
    let inner: usize = axes[axis + 1..].iter().product();
    let starts = (0..scores.len()).filter(|element| (element / inner).is_multiple_of(axes[axis]));
    let largest = |start: usize| {
        (0..axes[axis]).map(|place| scores[start + place * inner]).fold(f64::NEG_INFINITY, f64::max)
    };
    starts.map(largest).fold(f64::INFINITY, f64::min)
}

/// Raises the end of a value's range, and of those that it is the sum of: the others at their largest stay at the floor.
fn set_floor(
    graph: &Graph,
    observed: &[Option<Observed>],
    floors: &mut [Option<f64>],
    index: usize,
    floor: f64,
) {
    floors[index] = Some(floor);
    let Operation::Add { addends } = &graph.values[index].operation else { return };
    for &(input, factor) in addends {
        let others = addends.iter().filter(|(other, _)| *other != input);
        let largest: Option<f64> = others.map(|&(other, c)| largest(graph, observed, other, c)).sum();
        let is_own = graph.values[input].readers == 1 && is_plain(&graph.values[input]);
        let Some(largest) = largest.filter(|_| is_own && factor > 0.0) else { continue };
        let needed = (floor - largest) / factor;
        if observed[input].as_ref().is_some_and(|seen| seen.minimum < needed && needed < 0.0) {
            floors[input] = Some(needed);
        }
    }
}

/// The largest that an addend is on the samples.
fn largest(graph: &Graph, observed: &[Option<Observed>], mut index: usize, mut factor: f64) -> Option<f64> {
    loop {
        if let Some(seen) = &observed[index] {
            return Some((factor * seen.minimum).max(factor * seen.maximum));
        }
        index = if let Operation::Scale { input, factor: scale } = graph.values[index].operation {
            factor *= scale;
            input
        } else {
            graph.values[index].passes_on()?
        };
    }
}

/// Refuses a sum of which some elements are masked and others are much smaller.
fn check(probes: &Probes<'_>, value: &Value, index: usize, samples: &[Vec<f32>]) -> Result<(), Error> {
    let (mut smallest, mut largest) = (0.0_f64, 0.0_f64);
    for sample in samples {
        probes.visit(sample, &mut |visited, floats| {
            if visited == index {
                for result in value.apply(floats)? {
                    if result <= MASKED {
                        smallest = smallest.min(result);
                    } else {
                        largest = largest.max(result.abs());
                    }
                }
            }
            Ok(())
        })?;
    }
    if largest > 0.0 && largest < -MASKED * PART {
        let actual = format!("a sum with {smallest:e}, which masks elements,");
        return Err(refused(value, actual, "masks that only a softmax reads"));
    }
    Ok(())
}

fn refused(value: &Value, actual: String, expected: &'static str) -> Error {
    Error::UnsupportedUse { node: value.name.clone(), operator: "Add".to_owned(), actual, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_run_along_their_axis() {
        let scores = [1.0, 5.0, 2.0, 4.0, 3.0, 6.0];
        assert!((smallest_maximum(&scores, &[2, 3], 1) - 5.0).abs() < 1e-12);
        assert!((smallest_maximum(&scores, &[2, 3], 0) - 4.0).abs() < 1e-12);
        assert!((smallest_maximum(&scores, &[3, 2], 0) - 3.0).abs() < 1e-12);
    }
}
