//! Calibration: what range each activation takes on the calibration samples, and how much of it to keep.

use std::sync::Arc;

use tract_onnx::prelude::{IntoRunnable, TypedSimplePlan};

use crate::{
    error::Error,
    float_graph::{Graph, value::Operation},
    model::FloatModel,
    scales::bounds,
};

/// How the largest representable value of an activation is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum CalibrationMethod {
    /// The largest value seen.
    Maximum,
    /// The value that this share of the values, between 0 and 1, does not exceed.
    Percentile(f64),
    /// The value that gives the smallest mean squared error of clipping and rounding together.
    MeanSquaredError,
}

/// With fewer samples than this nothing seen is clipped: what looks like an outlier may be common.
const FEW_SAMPLES: usize = 8;
const NUM_BINS: usize = 2048;
const NUM_CANDIDATES: usize = 80;

/// The values of one tensor over all samples.
#[derive(Debug, Clone)]
pub(crate) struct Observed {
    /// Smallest result, zero included.
    pub(crate) minimum: f64,
    maximum: f64,
    /// Histogram of magnitudes over `[0, magnitude]`, exact zeros left out.
    bins: Vec<u64>,
    /// Smallest and largest value before clip and function, zero included.
    pub(crate) arguments: (f64, f64),
}

impl Observed {
    const fn new() -> Self {
        Self { minimum: 0.0, maximum: 0.0, bins: Vec::new(), arguments: (0.0, 0.0) }
    }

    fn magnitude(&self) -> f64 {
        self.maximum.max(-self.minimum)
    }

    /// The magnitude to represent with integers up to `levels`.
    pub(crate) fn amplitude(&self, levels: i64, num_samples: usize, method: CalibrationMethod) -> f64 {
        let magnitude = self.magnitude();
        if magnitude <= 0.0 {
            return 1.0;
        }
        let middle = |bin: usize| (bin as f64 + 0.5) / NUM_BINS as f64 * magnitude;
        match method {
            _ if num_samples < FEW_SAMPLES => magnitude,
            CalibrationMethod::Maximum => magnitude,
            CalibrationMethod::Percentile(share) => {
                let total: u64 = self.bins.iter().sum();
                let mut below = 0;
                let reached = self.bins.iter().position(|count| {
                    below += count;
                    below as f64 >= share * total as f64
                });
                (reached.unwrap_or(NUM_BINS - 1) + 1) as f64 / NUM_BINS as f64 * magnitude
            }
            CalibrationMethod::MeanSquaredError => {
                let error = |amplitude: f64| -> f64 {
                    let rounding = (amplitude / levels as f64).powi(2) / 12.0;
                    let term = |(bin, &count): (usize, &u64)| {
                        let clipped = (middle(bin) - amplitude).max(0.0).powi(2);
                        count as f64 * if clipped > 0.0 { clipped } else { rounding }
                    };
                    self.bins.iter().enumerate().map(term).sum()
                };
                let candidates = (NUM_CANDIDATES / 4..=NUM_CANDIDATES)
                    .map(|i| i as f64 / NUM_CANDIDATES as f64 * magnitude)
                    .map(|amplitude| (amplitude, error(amplitude)));
                candidates
                    .min_by(|(_, a), (_, b)| a.total_cmp(b))
                    .map_or(magnitude, |(amplitude, _)| amplitude)
            }
        }
    }
}

/// Takes a value's index and what the float model computes before clip and function.
type Visit<'a> = dyn FnMut(usize, &[f32]) -> Result<(), Error> + 'a;

/// The float model, run with a stop at every outlet that computes one of some values.
pub(crate) struct Stops<'a> {
    model: &'a FloatModel,
    /// The values and, but for the input, the place of each one's outlet among the plan's outputs.
    values: Vec<(usize, Option<usize>)>,
    plan: Option<Arc<TypedSimplePlan>>,
}

impl<'a> Stops<'a> {
    /// Stops at these values.
    pub(crate) fn new(model: &'a FloatModel, graph: &Graph, values: &[usize]) -> Result<Self, Error> {
        let outlet = |value: usize| graph.values[value].outlet;
        let mut outlets: Vec<_> = values.iter().filter(|&&value| value > 0).map(|&v| outlet(v)).collect();
        outlets.sort_unstable();
        outlets.dedup();
        let plan = if outlets.is_empty() {
            None
        } else {
            let plan =
                model.graph.clone().with_output_outlets(&outlets).and_then(IntoRunnable::into_runnable);
            Some(plan.map_err(|error| Error::Run { detail: format!("{error:#}") })?)
        };
        let place = |value: usize| outlets.binary_search(&outlet(value)).ok().filter(|_| value > 0);
        let values = values.iter().map(|&value| (value, place(value))).collect();
        Ok(Self { model, values, plan })
    }

    /// Runs one sample and hands on what the float model computes for each value before clip and function.
    pub(crate) fn visit(&self, sample: &[f32], visit: &mut Visit<'_>) -> Result<(), Error> {
        let outputs = self.plan.as_ref().map(|plan| self.model.run_plan(plan, sample)).transpose()?;
        for &(value, place) in &self.values {
            match (place, &outputs) {
                (Some(place), Some(outputs)) => visit(value, &outputs[place])?,
                _ => visit(value, sample)?,
            }
        }
        Ok(())
    }
}

/// Runs the float model on every sample and records each linear layer's values after clip and function. Other values have
/// none.
pub(crate) fn observe(
    model: &FloatModel,
    graph: &Graph,
    samples: &[Vec<f32>],
) -> Result<Vec<Option<Observed>>, Error> {
    let linear: Vec<usize> = (0..graph.values.len()).filter(|&i| graph.values[i].is_linear()).collect();
    let mut observed: Vec<Option<Observed>> = vec![None; graph.values.len()];
    observed[0] = matches!(graph.values[0].operation, Operation::Input).then(Observed::new);
    for &i in &linear {
        observed[i] = Some(Observed::new());
    }
    let mut visited = linear;
    visited.insert(0, 0);
    let stops = Stops::new(model, graph, &visited)?;
    for sample in samples {
        stops.visit(sample, &mut |i, arguments| {
            let Some(observed) = &mut observed[i] else { return Ok(()) };
            let value = &graph.values[i];
            let results = value.apply(arguments)?;
            for (&argument, &result) in arguments.iter().zip(&results) {
                if let Some(value) = [argument, result as f32].into_iter().find(|x| !x.is_finite()) {
                    return Err(Error::ActivationValue { node: graph.values[i].name.clone(), value });
                }
                let (low, high) = observed.arguments;
                observed.arguments = (low.min(argument.into()), high.max(argument.into()));
                observed.minimum = observed.minimum.min(result);
                observed.maximum = observed.maximum.max(result);
            }
            Ok(())
        })?;
    }
    for sample in samples {
        stops.visit(sample, &mut |i, arguments| {
            let Some(observed) = &mut observed[i] else { return Ok(()) };
            observed.bins.resize(NUM_BINS, 0);
            let magnitude = observed.magnitude();
            for result in graph.values[i].apply(arguments)? {
                if result != 0.0 {
                    let bin = (result.abs() / magnitude * NUM_BINS as f64) as usize;
                    observed.bins[bin.min(NUM_BINS - 1)] += 1;
                }
            }
            Ok(())
        })?;
    }
    Ok(observed)
}

/// Bounds and scale of an input of so many bits: exact when the samples are multiples of one step, as pixels divided by 255
/// are. A step that eight bits hold is taken with eight bits, because no more are needed.
pub(crate) fn input_scale(samples: &[Vec<f32>], bits: u32) -> ((i64, i64), f64) {
    let candidates = [8, bits].map(|bits| step(samples, bits));
    let [short, long] = candidates;
    if short.exact { (short.bounds, short.scale) } else { (long.bounds, long.scale) }
}

/// A step of the input.
struct Step {
    bounds: (i64, i64),
    scale: f64,
    exact: bool,
}

fn step(samples: &[Vec<f32>], bits: u32) -> Step {
    let values = || samples.iter().flatten().copied().map(f64::from);
    let minimum = values().fold(0.0, f64::min);
    let maximum = values().fold(0.0, f64::max);
    let bounds = bounds(bits, minimum >= 0.0);
    let levels = bounds.1;
    let magnitude = f64::max(maximum, -minimum);
    if magnitude <= 0.0 {
        return Step { bounds, scale: 1.0 / levels as f64, exact: true };
    }
    let exact = (1..=levels).rev().map(|n| magnitude / n as f64).find(|scale| {
        values().all(|value| {
            let q = value / scale;
            (q - q.round()).abs() < 1e-3
        })
    });
    Step { bounds, scale: exact.unwrap_or(magnitude / levels as f64), exact: exact.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_scales_of_pixels_and_counts_are_exact() {
        let pixels = vec![vec![0.0, 17.0 / 255.0, 1.0], vec![254.0 / 255.0, 3.0 / 255.0, 0.5 / 127.5]];
        let (bounds, scale) = input_scale(&pixels, 8);
        assert_eq!(bounds, (0, 255));
        assert!((scale - 1.0 / 255.0).abs() < 1e-9);
        let (bounds, scale) = input_scale(&[vec![0.0, 1.0 / 16.0, 1.0, 5.0 / 16.0]], 8);
        assert_eq!(bounds, (0, 255));
        assert!((1.0 / 16.0 / scale).fract().abs() < 1e-9);
        assert_eq!(input_scale(&[vec![-3.0, 2.0]], 8).0, (-128, 127));
        // Sixteen bits change nothing where eight are exact.
        assert_eq!(input_scale(&pixels, 16), input_scale(&pixels, 8));
        // 65,535 steps, and numbers that are multiples of none.
        let fine = vec![vec![0.0, 1.0 / 65_535.0, 12_345.0 / 65_535.0, 1.0]];
        let (bounds, scale) = input_scale(&fine, 16);
        assert_eq!(bounds, (0, 65_535));
        assert!((scale * 65_535.0 - 1.0).abs() < 1e-6);
        let (bounds, scale) =
            input_scale(&[vec![-0.9, std::f32::consts::E, std::f32::consts::FRAC_1_PI]], 16);
        assert_eq!(bounds, (-32_768, 32_767));
        assert!((scale * 32_767.0 / std::f64::consts::E - 1.0).abs() < 1e-6);
    }

    #[test]
    fn clipping_a_rare_outlier_pays() {
        let mut bins = vec![1000; NUM_BINS / 2];
        bins.resize(NUM_BINS, 0);
        bins[NUM_BINS - 1] = 1;
        let observed = Observed { minimum: 0.0, maximum: 2.0, bins, arguments: (0.0, 2.0) };
        let amplitude = |samples, method| observed.amplitude(255, samples, method);
        assert!(amplitude(100, CalibrationMethod::MeanSquaredError) < 1.2);
        assert!(amplitude(100, CalibrationMethod::Percentile(0.999)) < 1.01);
        assert!(amplitude(100, CalibrationMethod::Maximum) >= 2.0);
        assert!(amplitude(3, CalibrationMethod::MeanSquaredError) >= 2.0);
    }
}
