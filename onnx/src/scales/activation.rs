//! Activations: integers and what they stand for.

/// Integers and scale of a value as an activation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Activation {
    /// Real value of one unit.
    pub(crate) scale: f64,
    /// Smallest and largest integer.
    pub(crate) bounds: (i64, i64),
}

/// Smallest and largest activation of so many bits.
pub(crate) const fn bounds(bits: u32, is_unsigned: bool) -> (i64, i64) {
    if is_unsigned { (0, (1 << bits) - 1) } else { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) }
}
