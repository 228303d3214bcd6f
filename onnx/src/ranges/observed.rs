//! The values of one tensor over all samples, and how much of their range to keep.

use super::masked::MASKED;
use crate::options::CalibrationMethod;

/// With fewer samples than this nothing seen is clipped: what looks like an outlier may be common.
const FEW_SAMPLES: usize = 8;
/// How far beyond the largest value seen a range that clips nothing reaches: another sample may hold a larger one.
const MARGIN: f64 = 1.0 / 32.0;
/// The same for integers of more than eight bits, which lose less by being coarser than by clipping; where nobody asks for another
/// range.
const WIDE_MARGIN: f64 = 1.0 / 2.0;
/// The largest integer of eight bits.
const NARROW_LEVELS: i64 = 255;
const NUM_BINS: usize = 2048;
const NUM_CANDIDATES: usize = 80;

/// The values of one tensor over all samples.
#[derive(Debug, Clone)]
pub(crate) struct Observed {
    /// Smallest result, zero included.
    pub(crate) minimum: f64,
    /// Largest result, zero included.
    pub(super) maximum: f64,
    /// Histogram of magnitudes over `[0, magnitude]`, exact zeros left out.
    bins: Vec<u64>,
    /// Smallest and largest value before clip and function, zero included.
    pub(crate) arguments: (f64, f64),
    /// What is below the range because of masks.
    pub(crate) masked: Option<Masked>,
    /// Where all that it can be was looked at: how much farther the range reaches, which is never narrower then.
    pub(super) swept: Option<f64>,
    /// A magnitude that the range holds however rare it is.
    pub(super) least: f64,
}

/// The end of a range above what masks make of some elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masked {
    pub(crate) floor: f64,
    /// Results that are lower.
    pub(crate) num_lower: usize,
    /// Those that are lower and no mask moved.
    pub(crate) num_scores: usize,
    /// All results.
    pub(crate) count: usize,
}

impl Observed {
    /// Zero alone.
    pub(super) const fn new() -> Self {
        Self {
            minimum: 0.0,
            maximum: 0.0,
            bins: Vec::new(),
            arguments: (0.0, 0.0),
            masked: None,
            swept: None,
            least: 0.0,
        }
    }

    /// The values of several tensors together; none of none.
    pub(super) fn joined<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        let mut joined = all.clone().next()?.clone();
        for seen in all.clone() {
            joined.minimum = joined.minimum.min(seen.minimum);
            joined.maximum = joined.maximum.max(seen.maximum);
            joined.masked = joined.masked.or(seen.masked);
            joined.least = joined.least.max(seen.least);
            joined.swept = joined.swept.zip(seen.swept).map(|(a, b)| a.max(b));
            let (low, high) = joined.arguments;
            joined.arguments = (low.min(seen.arguments.0), high.max(seen.arguments.1));
        }
        joined.bins = vec![0; NUM_BINS];
        let magnitude = joined.magnitude();
        for seen in all {
            for (bin, count) in seen.bins.iter().enumerate().filter(|(_, count)| **count > 0) {
                let middle = (bin as f64 + 0.5) * seen.magnitude();
                joined.bins[((middle / magnitude) as usize).min(NUM_BINS - 1)] += count;
            }
        }
        Some(joined)
    }

    fn magnitude(&self) -> f64 {
        self.maximum.max(-self.minimum)
    }

    /// Widens the ranges to a value before and after clip and function.
    pub(super) fn extend(&mut self, argument: f64, result: f64) {
        let (low, high) = self.arguments;
        self.arguments = (low.min(argument), high.max(argument));
        self.minimum = self.minimum.min(result);
        self.maximum = self.maximum.max(result);
    }

    /// Ends the range at a floor.
    pub(super) fn raise(&mut self, floor: f64) {
        self.masked = Some(Masked { floor, num_lower: 0, num_scores: 0, count: 0 });
        self.minimum = self.minimum.max(floor);
        self.arguments.0 = self.arguments.0.max(floor);
        self.least = 0.0;
    }

    /// Counts magnitudes, once their range is known.
    pub(super) fn count(&mut self, results: &[f64]) {
        if let Some(masked) = &mut self.masked {
            let lower = || results.iter().filter(|&&result| result < masked.floor);
            let num_scores = lower().filter(|&&result| result > MASKED).count();
            masked.num_lower += lower().count();
            masked.num_scores += num_scores;
            masked.count += results.len();
        }
        self.bins.resize(NUM_BINS, 0);
        let magnitude = self.magnitude();
        for &result in results {
            if result != 0.0 {
                let bin = (result.abs() / magnitude * NUM_BINS as f64) as usize;
                self.bins[bin.min(NUM_BINS - 1)] += 1;
            }
        }
    }

    /// The magnitude to represent with integers up to `levels`.
    pub(crate) fn amplitude(&self, levels: i64, num_samples: usize, method: CalibrationMethod) -> f64 {
        let magnitude = self.magnitude();
        if magnitude <= 0.0 {
            return 1.0;
        }
        if let Some(margin) = self.swept {
            return magnitude * (1.0 + margin);
        }
        let middle = |bin: usize| (bin as f64 + 0.5) / NUM_BINS as f64 * magnitude;
        let amplitude = match method {
            CalibrationMethod::Best if levels > NARROW_LEVELS => magnitude * (1.0 + WIDE_MARGIN),
            _ if num_samples < FEW_SAMPLES => magnitude * (1.0 + MARGIN),
            CalibrationMethod::Maximum => magnitude * (1.0 + MARGIN),
            CalibrationMethod::Percentile(share) => {
                let total: u64 = self.bins.iter().sum();
                let mut below = 0;
                let reached = self.bins.iter().position(|count| {
                    below += count;
                    below as f64 >= share * total as f64
                });
                (reached.unwrap_or(NUM_BINS - 1) + 1) as f64 / NUM_BINS as f64 * magnitude
            }
            CalibrationMethod::MeanSquaredError | CalibrationMethod::Best => {
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
        };
        amplitude.max(self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_a_rare_outlier_pays() {
        let mut bins = vec![1000; NUM_BINS / 2];
        bins.resize(NUM_BINS, 0);
        bins[NUM_BINS - 1] = 1;
        let observed = Observed {
            minimum: 0.0,
            maximum: 2.0,
            bins,
            arguments: (0.0, 2.0),
            masked: None,
            swept: None,
            least: 0.0,
        };
        let amplitude = |samples, method| observed.amplitude(255, samples, method);
        assert!(amplitude(100, CalibrationMethod::MeanSquaredError) < 1.2);
        assert!(amplitude(100, CalibrationMethod::Percentile(0.999)) < 1.01);
        assert!(amplitude(100, CalibrationMethod::Maximum) >= 2.0);
        assert!(amplitude(3, CalibrationMethod::MeanSquaredError) >= 2.0);
    }
}
