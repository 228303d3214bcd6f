//! Int8 weights whose rescale is exact.
//!
//! A channel with weight scale $w$ between an input of scale $x$ and an output of scale $y$ is rescaled by $w x / y$. Only
//! multiples of $2^{-s}$ can be multiplied by, so $w$ is taken from the grid $m \cdot 2^{-s} y / x$: the rescale is then
//! exactly $m / 2^s$, and all that is lost is a part $1/m$, at most, of the weights' resolution.

/// Largest magnitude of a quantised weight.
const LEVELS: f64 = 127.0;

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

/// Quantises with a scale that is a multiple of `grid`: of the two next to the free scale, the one with the smaller error.
pub(crate) fn quantise_on_grid(weights: &[f64], grid: f64) -> Channel {
    let ideal = magnitude(weights) / LEVELS / grid;
    // A hair's breadth of tolerance, so that scales meant to be on the grid stay there.
    let ceiling = (ideal - 1e-6 * ideal).ceil().clamp(1.0, f64::from(tacit_layers::rescale::MAX_MULTIPLIER));
    let candidates = [ceiling, (ceiling - 1.0).max(1.0)].map(|m| {
        let scale = m * grid;
        let (values, error) = round_all(weights, scale);
        Channel { multiplier: m as u32, scale, values, error }
    });
    let [up, down] = candidates;
    if down.error < up.error { down } else { up }
}
