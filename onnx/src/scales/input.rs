//! The scale of an input.

use super::{
    activation::bounds,
    widths::{NARROW, WIDE},
};

/// By what part the largest value seen the range of an input reaches farther than it, where no step is exact.
pub(crate) const MARGIN: f64 = 1.0 / 32.0;

/// Bounds and scale of an input of so many bits: exact when the samples are multiples of one step, as pixels divided by 255
/// are. A step that eight bits hold is taken with eight bits, because no more are needed.
pub(crate) fn input_scale(samples: &[impl AsRef<[f32]>], bits: u32) -> ((i64, i64), f64) {
    let candidates = [8, bits].map(|bits| step(samples, bits));
    let [short, long] = candidates;
    if short.exact { (short.bounds, short.scale) } else { (long.bounds, long.scale) }
}

/// Bounds of an input of integers: the fewest bits, of eight and sixteen, that hold the samples.
///
/// # Errors
/// The samples' smallest and largest integer, zero included, when sixteen bits do not hold them.
pub(crate) fn integer_bounds(samples: &[impl AsRef<[f32]>]) -> Result<(i64, i64), (i64, i64)> {
    let values = || samples.iter().flat_map(AsRef::as_ref).map(|&value| value as i64);
    let (minimum, maximum) = (values().fold(0, i64::min), values().fold(0, i64::max));
    let of = |bits: u32| bounds(bits, minimum >= 0);
    let mut bounds = [NARROW, WIDE].map(of).into_iter();
    bounds.find(|&(low, high)| low <= minimum && maximum <= high).ok_or((minimum, maximum))
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
        let q = value / scale;
        (q - q.round()).abs() < 1e-3
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
    fn integers_have_the_fewest_bits_that_hold_them() {
        for (samples, expected) in [
            (vec![0.0, 255.0], Ok((0, 255))),
            (vec![-1.0, 127.0], Ok((-128, 127))),
            (vec![-1.0, 128.0], Ok((-32_768, 32_767))),
            (vec![65_535.0], Ok((0, 65_535))),
            (vec![-1.0, 65_535.0], Err((-1, 65_535))),
        ] {
            assert_eq!(integer_bounds(&[samples]), expected);
        }
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
