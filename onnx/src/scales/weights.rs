//! Weights whose rescale is exact.
//!
//! A channel with weight scale $w$ between an input of scale $x$ and an output of scale $y$ is rescaled by $w x / y$. Only
//! multiples of $2^{-s}$ can be multiplied by, so $w$ is taken from the grid $m \cdot 2^{-s} y / x$: the rescale is then
//! exactly $m / 2^s$, and all that is lost is a part $1/m$, at most, of the weights' resolution.
//!
//! No weight is clipped: the scale is never finer than the largest weight allows, nor finer than the channel's bias, which
//! has 32 bits in units of $w x$, allows.

use tacit_layers::layer::rescale::MAX_MULTIPLIER;

/// A channel of no more weights may be quantised on a coarser scale, one of this many at most.
const FEW_WEIGHTS: usize = 2;
const MAX_COARSER: u32 = 128;

/// Largest magnitude of a weight of so many bits. Weights of more than eight bits are two digits to the base 256, the lower
/// one signed.
pub(crate) const fn levels(bits: u32) -> i32 {
    match bits {
        0..=8 => 127,
        9..=12 => 2047,
        _ => 127 * 256 + 127,
    }
}

/// What limits the scale of a channel's weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// Largest magnitude of a quantised weight.
    pub(crate) levels: i32,
    /// Smallest real value of one unit.
    pub(crate) finest: f64,
}

impl Limits {
    /// The smallest scale that clips nothing.
    fn scale(self, weights: &[f64]) -> f64 {
        (magnitude(weights) / f64::from(self.levels)).max(self.finest)
    }
}

/// One output channel.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    /// $m$: the scale is this many grid units.
    pub(crate) multiplier: u32,
    /// Real value of one unit of a weight.
    pub(crate) scale: f64,
    /// The weights.
    pub(crate) values: Vec<i32>,
    /// Squared rounding error.
    pub(crate) error: f64,
}

fn round_all(weights: &[f64], scale: f64, levels: i32) -> (Vec<i32>, f64) {
    let mut error = 0.0;
    let levels = f64::from(levels);
    let round = |&weight: &f64| {
        // The scale next below the one that clips nothing may be the better one: its error counts here.
        let rounded = (weight / scale).round().clamp(-levels, levels);
        error += (weight - rounded * scale).powi(2);
        rounded as i32
    };
    (weights.iter().map(round).collect(), error)
}

pub(crate) fn magnitude(weights: &[f64]) -> f64 {
    weights.iter().fold(0.0, |max, weight| weight.abs().max(max))
}

/// Quantises without a grid; the multiplier is meaningless.
pub(crate) fn quantise_free(weights: &[f64], bias: f64, limits: Limits) -> Channel {
    let scale = match (magnitude(weights) > 0.0, bias == 0.0) {
        (true, _) => limits.scale(weights),
        (false, true) => 1.0,
        (false, false) => (bias.abs() / f64::from(limits.levels)).max(limits.finest),
    };
    let (values, error) = round_all(weights, scale, limits.levels);
    Channel { multiplier: 1, scale, values, error }
}

/// How far a weight may be from a multiple of the unit that it is read in, in units.
const SAME_INTEGER: f64 = 1e-3;

/// Quantises weights that are integers times a unit of their own; nothing when they are not, or do not fit eight bits.
pub(crate) fn quantise_in_units(weights: &[f64], unit: f64) -> Option<Channel> {
    let integer = |&weight: &f64| {
        let (exact, rounded) = (weight / unit, (weight / unit).round());
        let fits = (f64::from(i8::MIN)..=f64::from(i8::MAX)).contains(&rounded);
        (fits && (exact - rounded).abs() < SAME_INTEGER).then_some(rounded as i32)
    };
    let values = weights.iter().map(integer).collect::<Option<Vec<i32>>>()?;
    Some(Channel { multiplier: 1, scale: unit, values, error: 0.0 })
}

/// Quantises with a scale that is a multiple of `grid`: of the two next to the free scale, the one with the smaller error. A
/// few weights have no resolution to lose on a coarser scale: for them, up to twice the scale. None when the largest
/// multiplier is too small for weights this large.
pub(crate) fn quantise_on_grid(weights: &[f64], grid: f64, limits: Limits) -> Option<Channel> {
    let most = f64::from(MAX_MULTIPLIER);
    let ideal = limits.scale(weights) / grid;
    // A hair's breadth of tolerance, so that scales meant to be on the grid stay there.
    let ceiling = (ideal - 1e-6 * ideal).ceil().max(1.0);
    if ceiling > most {
        return None;
    }
    let quantise = |m: f64| {
        let scale = m * grid;
        let (values, error) = round_all(weights, scale, limits.levels);
        Channel { multiplier: m as u32, scale, values, error }
    };
    let coarser = if weights.len() <= FEW_WEIGHTS { (ceiling as u32).min(MAX_COARSER) } else { 0 };
    let below = Some((ceiling - 1.0).max(1.0)).filter(|m| m * grid >= limits.finest);
    let others = (1..=coarser).map(|step| ceiling + f64::from(step)).chain(below);
    let others = others.filter(|&m| m <= most);
    let better = |best: Channel, other: Channel| if other.error < best.error { other } else { best };
    Some(others.map(quantise).fold(quantise(ceiling), better))
}

/// Weights as two digits to the base 256: $w = 256 h + l$ with $h, l \in [-128, 127]$.
pub(crate) fn digits(values: &[i32]) -> (Vec<i8>, Vec<i8>) {
    let split = |&value: &i32| {
        let low = (value + 128).rem_euclid(256) - 128;
        (((value - low) / 256) as i8, low as i8)
    };
    values.iter().map(split).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INT8: Limits = Limits { levels: 127, finest: 0.0 };

    #[test]
    fn scales_are_multiples_of_the_grid() {
        let weights = [0.31, -0.72, 0.05, 0.4];
        for grid in [1e-5, 1e-3, 2.7e-3, 0.1] {
            let channel = quantise_on_grid(&weights, grid, INT8).unwrap();
            assert!((channel.scale - f64::from(channel.multiplier) * grid).abs() < 1e-15);
            assert!(channel.error >= quantise_free(&weights, 0.0, INT8).error * 0.1);
        }
    }

    #[test]
    fn a_scale_on_the_grid_is_kept_exactly() {
        let scale = 13.0 * 0.001;
        let weights = [127.0 * scale, -5.0 * scale, 64.0 * scale];
        let channel = quantise_on_grid(&weights, 0.001, INT8).unwrap();
        assert_eq!((channel.multiplier, channel.values), (13, vec![127, -5, 64]));
        assert!(channel.error < 1e-20);
    }

    #[test]
    fn a_channel_of_zeros_has_a_usable_scale() {
        assert_eq!(quantise_on_grid(&[0.0; 3], 0.5, INT8).unwrap().multiplier, 1);
        assert!(quantise_free(&[0.0; 3], 0.0, INT8).scale > 0.0);
        assert!(quantise_free(&[0.0; 3], -2.0, INT8).scale > 0.0);
    }

    #[test]
    fn weights_too_large_for_every_multiplier_are_not_clipped() {
        assert!(quantise_on_grid(&[1.0, -1.0], 1e-10, INT8).is_none());
        // The last multiplier is still used.
        let grid = 1.0 / 127.0 / f64::from(MAX_MULTIPLIER);
        assert_eq!(quantise_on_grid(&[1.0, -1.0], grid, INT8).unwrap().values, [127, -127]);
    }

    #[test]
    fn a_large_bias_makes_the_scale_coarser() {
        let limits = Limits { finest: 0.1, ..INT8 };
        let channel = quantise_free(&[1.0, -0.5], 0.0, limits);
        assert_eq!((channel.scale, channel.values), (0.1, vec![10, -5]));
        for grid in [0.03, 1e-4] {
            assert!(quantise_on_grid(&[1.0, -0.5], grid, limits).unwrap().scale >= 0.1);
        }
    }

    #[test]
    fn two_digits_are_the_weight() {
        let values: Vec<i32> = (-levels(16)..=levels(16)).collect();
        let (high, low) = digits(&values);
        for ((value, h), l) in values.iter().zip(high).zip(low) {
            assert_eq!(*value, 256 * i32::from(h) + i32::from(l));
        }
    }
}
