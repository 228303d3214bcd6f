//! The scale of the input.

use super::activation::bounds;

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
}
