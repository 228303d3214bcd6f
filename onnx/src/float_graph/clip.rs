//! Clips: ReLU, and bounds from both sides.

/// Clipping of real values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clip {
    /// Smallest result.
    pub(crate) minimum: f64,
    /// Largest result.
    pub(crate) maximum: f64,
}

impl Clip {
    /// No clipping.
    pub(crate) const NONE: Self = Self { minimum: f64::NEG_INFINITY, maximum: f64::INFINITY };

    /// The function's value.
    pub(crate) const fn apply(self, x: f64) -> f64 {
        x.max(self.minimum).min(self.maximum)
    }

    /// This clip and then another.
    pub(crate) const fn then(self, other: Self) -> Self {
        Self { minimum: other.apply(self.minimum), maximum: other.apply(self.maximum) }
    }
}
