//! Int8 weights whose rescale is exact.
//!
//! A channel with weight scale $w$ between an input of scale $x$ and an output of scale $y$ is rescaled by $w x / y$. Only
//! multiples of $2^{-s}$ can be multiplied by, so $w$ is taken from the grid $m \cdot 2^{-s} y / x$: the rescale is then
//! exactly $m / 2^s$, and all that is lost is a part $1/m$, at most, of the weights' resolution.

/// Largest magnitude of a quantised weight.
const LEVELS: f64 = 127.0;

/// A channel of no more weights may be quantised on a coarser scale, one of this many at most.
const FEW_WEIGHTS: usize = 2;
const MAX_COARSER: u32 = 128;

/// One output channel.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    /// $m$: the scale is this many grid units.
    pub(crate) multiplier: u32,
    /// Real value of one unit of a weight.
    pub(crate) scale: f64,
    /// The weights.
    pub(crate) values: Vec<i8>,
    /// Squared rounding error.
    pub(crate) error: f64,
}

fn round_all(weights: &[f64], scale: f64) -> (Vec<i8>, f64) {
    let mut error = 0.0;
    let round = |&weight: &f64| {
        let rounded = (weight / scale).round().clamp(-LEVELS, LEVELS);
        error += (weight - rounded * scale).powi(2);
        rounded as i8
    };
    (weights.iter().map(round).collect(), error)
}

fn magnitude(weights: &[f64]) -> f64 {
    weights.iter().fold(0.0, |max, weight| weight.abs().max(max))
}

/// Quantises without a grid; the multiplier is meaningless.
pub(crate) fn quantise_free(weights: &[f64], bias: f64) -> Channel {
    let magnitude = magnitude(weights);
    let scale = match (magnitude > 0.0, bias == 0.0) {
        (true, _) => magnitude / LEVELS,
        (false, true) => 1.0,
        (false, false) => bias.abs() / LEVELS,
    };
    let (values, error) = round_all(weights, scale);
    Channel { multiplier: 1, scale, values, error }
}

/// How far a weight may be from a multiple of the unit that it is read in, in units.
const SAME_INTEGER: f64 = 1e-3;

/// Quantises weights that are integers times a unit of their own; nothing when they are not, or do not fit eight bits.
pub(crate) fn quantise_in_units(weights: &[f64], unit: f64) -> Option<Channel> {
    let integer = |&weight: &f64| {
        let (exact, rounded) = (weight / unit, (weight / unit).round());
        let fits = (f64::from(i8::MIN)..=f64::from(i8::MAX)).contains(&rounded);
        (fits && (exact - rounded).abs() < SAME_INTEGER).then_some(rounded as i8)
    };
    let values = weights.iter().map(integer).collect::<Option<Vec<i8>>>()?;
    Some(Channel { multiplier: 1, scale: unit, values, error: 0.0 })
}

/// Quantises with a scale that is a multiple of `grid`: of the two next to the free scale, the one with the smaller error. A
/// few weights have no resolution to lose on a coarser scale: for them, up to twice the scale.
pub(crate) fn quantise_on_grid(weights: &[f64], grid: f64) -> Channel {
    let ideal = magnitude(weights) / LEVELS / grid;
    // A hair's breadth of tolerance, so that scales meant to be on the grid stay there.
    let ceiling =
        (ideal - 1e-6 * ideal).ceil().clamp(1.0, f64::from(tacit_layers::layer::rescale::MAX_MULTIPLIER));
    let quantise = |m: f64| {
        let scale = m * grid;
        let (values, error) = round_all(weights, scale);
        Channel { multiplier: m as u32, scale, values, error }
    };
    let coarser = if weights.len() <= FEW_WEIGHTS { (ceiling as u32).min(MAX_COARSER) } else { 0 };
    let others = (1..=coarser).map(|step| ceiling + f64::from(step)).chain([(ceiling - 1.0).max(1.0)]);
    let others = others.filter(|&m| m <= f64::from(tacit_layers::layer::rescale::MAX_MULTIPLIER));
    let better = |best: Channel, other: Channel| if other.error < best.error { other } else { best };
    others.map(quantise).fold(quantise(ceiling), better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_multiples_of_the_grid() {
        let weights = [0.31, -0.72, 0.05, 0.4];
        for grid in [1e-5, 1e-3, 2.7e-3, 0.1] {
            let channel = quantise_on_grid(&weights, grid);
            assert!((channel.scale - f64::from(channel.multiplier) * grid).abs() < 1e-15);
            assert!(channel.error >= quantise_free(&weights, 0.0).error * 0.1);
        }
    }

    #[test]
    fn a_scale_on_the_grid_is_kept_exactly() {
        let scale = 13.0 * 0.001;
        let weights = [127.0 * scale, -5.0 * scale, 64.0 * scale];
        let channel = quantise_on_grid(&weights, 0.001);
        assert_eq!((channel.multiplier, channel.values), (13, vec![127, -5, 64]));
        assert!(channel.error < 1e-20);
    }

    #[test]
    fn a_channel_of_zeros_has_a_usable_scale() {
        assert_eq!(quantise_on_grid(&[0.0; 3], 0.5).multiplier, 1);
        assert!(quantise_free(&[0.0; 3], 0.0).scale > 0.0);
        assert!(quantise_free(&[0.0; 3], -2.0).scale > 0.0);
    }
}
