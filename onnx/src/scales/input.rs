//! The scale of an input, or of each of its channels.

use super::{activation::bounds, widths::WIDE};
use crate::float_graph::reading::Unit;

/// By what part the largest value seen the range of an input reaches farther than it, where no step is exact.
pub(crate) const MARGIN: f64 = 1.0 / 32.0;

/// Bounds and scale of an input of so many bits: exact when the samples are multiples of one step, as pixels divided by 255
/// are. A step that eight bits hold is taken with eight bits, because no more are needed.
pub(crate) fn input_scale(samples: &[impl AsRef<[f32]>], bits: u32) -> ((i64, i64), f64) {
    let candidates = [8, bits].map(|bits| step(samples, bits));
    let [short, long] = candidates;
    if short.exact { (short.bounds, short.scale) } else { (long.bounds, long.scale) }
}

/// Bounds of an input of integers: the samples' smallest and largest, zero included, because padding is zero. What lies beyond them is
/// refused: nothing behind the input has been chosen for it.
///
/// # Errors
/// The same two when sixteen bits do not hold them.
pub(crate) fn integer_bounds(samples: &[impl AsRef<[f32]>]) -> Result<(i64, i64), (i64, i64)> {
    let values = || samples.iter().flat_map(AsRef::as_ref).map(|&value| value as i64);
    let (minimum, maximum) = (values().fold(0, i64::min), values().fold(0, i64::max));
    let (low, high) = bounds(WIDE, minimum >= 0);
    let found = (minimum, maximum);
    if low <= minimum && maximum <= high { Ok(found) } else { Err(found) }
}

/// How the channels along an axis of the input are held: half range and zero of each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Channels {
    pub(crate) axis: usize,
    pub(crate) units: Vec<Unit>,
    /// Whether no value is negative, so that no integer is.
    pub(crate) is_unsigned: bool,
}

/// Values of a channel that its range is taken from, at least.
const FEW_VALUES: usize = 16;
/// By what part of itself a channel's range is wider than what was seen, beside [`MARGIN`], for each value: the rarer they are,
/// the farther another may lie outside.
const MARGIN_OF_FEW: f64 = 2.0;
/// One scale for all is kept as long as every channel takes up this share of its range.
const COMMON_SHARE: f64 = 0.25;
/// Channels, at most, that have scales of their own.
const MAX_CHANNELS: usize = 1 << 12;
/// Bits that channels gain in the mean, from which on they are held apart whatever they are like.
const LEAST_GAIN: f64 = 3.0;

impl Channels {
    /// By element of an input with these axes.
    pub(crate) fn elements(&self, axes: &[usize]) -> Vec<Unit> {
        let inner: usize = axes.iter().skip(self.axis + 1).product();
        let count: usize = axes.iter().product();
        (0..count).map(|element| self.units[element / inner % self.units.len()]).collect()
    }
}

/// Ways to hold an input's channels apart, the best first; none where one scale does for all: because eight bits hold every
/// value exactly, or because every channel takes up its share of the common range. Where little is gained, channels stay
/// together if other samples are likely to lie outside the range of one.
pub(crate) fn channels(samples: &[Vec<f32>], axes: &[usize]) -> Vec<Channels> {
    if samples.is_empty() || axes.is_empty() || step(samples, 8).exact {
        return vec![];
    }
    let mut found: Vec<(f64, Channels)> = vec![];
    for axis in 0..axes.len() {
        let Some(ranges) = ranges(samples, axes, axis) else { continue };
        let low = ranges.iter().map(|range| range.0).fold(0.0, f64::min);
        let high = ranges.iter().map(|range| range.1).fold(0.0, f64::max);
        let common = if low < 0.0 { 2.0 * high.max(-low) } else { high };
        let spreads = || ranges.iter().map(|(low, high)| high - low).filter(|&spread| spread > 0.0);
        if spreads().all(|spread| spread >= COMMON_SHARE * common) {
            continue;
        }
        let gained =
            spreads().map(|spread| (common / spread).log2()).sum::<f64>() / spreads().count().max(1) as f64;
        if gained < LEAST_GAIN && is_erratic(samples, axes, axis, &ranges) {
            continue;
        }
        let per_channel = samples.iter().map(Vec::len).sum::<usize>() / ranges.len();
        let wider = 1.0 + MARGIN + MARGIN_OF_FEW / per_channel as f64;
        let centred =
            ranges.iter().map(|&(low, high)| unit((high - low) / 2.0 * wider, f64::midpoint(low, high)));
        let around_zero = ranges.iter().map(|&(low, high)| unit(high.max(-low) * wider, 0.0));
        found.push((gained, Channels { axis, units: centred.collect(), is_unsigned: false }));
        // Behind all that have zeros of their own.
        let units = around_zero.collect();
        found.push((gained - 1e3, Channels { axis, units, is_unsigned: low >= 0.0 }));
    }
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.into_iter().map(|(_, channels)| channels).collect()
}

/// A half range and a zero; of a channel that does not vary, the half range that reaches from zero to what it is.
fn unit(half: f64, zero: f64) -> Unit {
    let half = if half > 0.0 { half } else { zero.abs() };
    (if half > 0.0 { half } else { 1.0 }, zero)
}

/// Whether some channel does not vary, or every second sample says little of the others' range.
fn is_erratic(samples: &[Vec<f32>], axes: &[usize], axis: usize, all: &[(f64, f64)]) -> bool {
    let half: Vec<Vec<f32>> = samples.iter().step_by(2).cloned().collect();
    let Some(seen) = ranges(&half, axes, axis) else { return true };
    all.iter().zip(seen).any(|(all, seen)| all.1 - all.0 > 2.0 * (seen.1 - seen.0) || all.0 >= all.1)
}

/// Smallest and largest value of every channel along an axis; none where there are too few values for that.
fn ranges(samples: &[Vec<f32>], axes: &[usize], axis: usize) -> Option<Vec<(f64, f64)>> {
    let length = axes[axis];
    let inner: usize = axes[axis + 1..].iter().product();
    let total: usize = samples.iter().map(Vec::len).sum();
    if length > MAX_CHANNELS || length == 0 || total / length < FEW_VALUES {
        return None;
    }
    let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); length];
    for sample in samples {
        for (element, &value) in sample.iter().enumerate() {
            let range = &mut ranges[element / inner % length];
            *range = (range.0.min(value.into()), range.1.max(value.into()));
        }
    }
    Some(ranges)
}

/// A step of the input.
struct Step {
    bounds: (i64, i64),
    scale: f64,
    exact: bool,
}

fn step(samples: &[impl AsRef<[f32]>], bits: u32) -> Step {
    let values = || samples.iter().flat_map(AsRef::as_ref).copied().map(f64::from);
    let minimum = values().fold(0.0, f64::min);
    let maximum = values().fold(0.0, f64::max);
    let bounds = bounds(bits, minimum >= 0.0);
    let levels = bounds.1;
    let magnitude = f64::max(maximum, -minimum);
    if magnitude <= 0.0 {
        return Step { bounds, scale: 1.0 / levels as f64, exact: true };
    }
    match exact_step(values(), magnitude, levels) {
        Some(scale) => Step { bounds, scale, exact: true },
        None => Step { bounds, scale: magnitude * (1.0 + MARGIN) / levels as f64, exact: false },
    }
}

/// The finest step, `levels` of them to the largest magnitude at most, that all values are multiples of. However often a
/// magnitude occurs it is looked at once, and a step that the last culprit rules out costs one division.
fn exact_step(values: impl Iterator<Item = f64>, magnitude: f64, levels: i64) -> Option<f64> {
    let mut magnitudes: Vec<f64> = values.map(f64::abs).filter(|&value| value > 0.0).collect();
    magnitudes.sort_unstable_by(f64::total_cmp);
    magnitudes.dedup();
    let is_multiple = |value: &f64, scale: f64| {
        // What is far below a step is no multiple of it.
        let q = value / scale;
        q > 0.5 && (q - q.round()).abs() < 1e-3
    };
    // The value that was no multiple of the last step is likely to be none of the next.
    let mut suspect = 0;
    (1..=levels).rev().map(|n| magnitude / n as f64).find(|&scale| {
        let fits = is_multiple(&magnitudes[suspect], scale);
        if !fits {
            return false;
        }
        match magnitudes.iter().position(|value| !is_multiple(value, scale)) {
            Some(place) => {
                suspect = place;
                false
            }
            None => true,
        }
    })
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
        assert!((scale * 32_767.0 / std::f64::consts::E - (1.0 + MARGIN)).abs() < 1e-6);
    }

    #[test]
    fn integers_are_between_the_smallest_and_the_largest_seen() {
        for (samples, expected) in [
            (vec![3.0, 250.0], Ok((0, 250))),
            (vec![-9.0, -2.0], Ok((-9, 0))),
            (vec![-1.0, 128.0], Ok((-1, 128))),
            (vec![-32_768.0, 32_767.0], Ok((-32_768, 32_767))),
            (vec![65_535.0], Ok((0, 65_535))),
            (vec![-1.0, 65_535.0], Err((-1, 65_535))),
        ] {
            assert_eq!(integer_bounds(&[samples]), expected);
        }
    }

    /// Numbers that are multiples of no step, about a zero and as large as a size for each channel.
    fn spread(count: usize, channels: &[(f64, f64)]) -> Vec<Vec<f32>> {
        let place =
            |i: usize, channel: usize| ((i * 37 + channel * 11) as f64 * 0.754_877_666).fract() * 2.0 - 1.0;
        let sample =
            |i| channels.iter().enumerate().map(move |(c, (size, zero))| (zero + size * place(i, c)) as f32);
        (0..count).map(|i| sample(i).collect()).collect()
    }

    #[test]
    fn channels_are_held_apart_where_one_scale_is_too_coarse() {
        let apart = channels(&spread(40, &[(1.0, 1000.0), (1e-3, 0.0)]), &[2]);
        let [centred, around_zero] = &apart[..] else { panic!("{apart:?}") };
        assert!(!centred.is_unsigned && (centred.units[0].1 - 1000.0).abs() < 0.1, "{centred:?}");
        assert!((1.0..1.2).contains(&centred.units[0].0) && centred.units[1].0 < 1.2e-3, "{centred:?}");
        assert!(around_zero.units.iter().all(|unit| unit.1 == 0.0), "{around_zero:?}");
        assert!(around_zero.units[0].0 > 1000.0 && around_zero.units[1].0 < 1.2e-3, "{around_zero:?}");
        assert_eq!(centred.elements(&[2]), centred.units);
    }

    #[test]
    fn one_scale_is_kept_where_it_does_for_all_or_little_is_known() {
        assert_eq!(channels(&spread(40, &[(1.0, 0.0), (0.5, 0.1), (0.3, 0.0)]), &[3]), vec![]);
        assert_eq!(channels(&spread(15, &[(1.0, 1000.0), (1e-3, 0.0)]), &[2]), vec![]);
        // One of many does not vary: what it is in other samples is unknown.
        let mut sizes = vec![(1.0, 0.0); 9];
        sizes.push((0.0, -0.4));
        sizes.push((0.1, -0.4));
        assert_eq!(channels(&spread(40, &sizes), &[11]), vec![]);
        sizes.remove(9);
        assert_eq!(channels(&spread(40, &sizes), &[10]).len(), 2);
        // Pixels are exact.
        let pixels: Vec<Vec<f32>> = (0..40).map(|i| vec![i as f32 / 255.0, 0.0]).collect();
        assert_eq!(channels(&pixels, &[2]), vec![]);
    }

    /// A search that looks at every value for every step takes minutes for this.
    #[test]
    fn many_sparse_samples_take_no_time() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if state >> 60 == 0 { (state >> 20) as f32 } else { 0.0 }
        };
        let samples: Vec<Vec<f32>> = (0..400).map(|_| (0..1000).map(|_| next()).collect()).collect();
        let start = std::time::Instant::now();
        let (_, scale) = input_scale(&samples, 16);
        let largest = f64::from(samples.iter().flatten().copied().fold(0.0, f32::max));
        assert!((scale * 65_535.0 / largest - (1.0 + MARGIN)).abs() < 1e-6);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }
}
