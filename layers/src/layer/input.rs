//! The network's input: quantised by whoever has the real numbers, public or [committed](crate::proof::input).

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    tensor::{
        Layout,
        value::{ValueKind, ValueSpec, check_activation_bounds},
    },
};

/// The network's input: a real tensor, quantised to centred integers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputLayer {
    /// Axes of one sample, without the batch axis.
    pub layout: Layout,
    /// Smallest and largest integer.
    pub bounds: (i64, i64),
    /// A real `x` is read as `x / scale` in float32, rounded with halves to even and clipped to `bounds`.
    pub scale: f64,
}

impl InputLayer {
    pub(crate) fn infer(&self, name: &str) -> Result<ValueSpec> {
        let (minimum, maximum) = self.bounds;
        check_activation_bounds(name, minimum, maximum)?;
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(Error::Graph { reason: "the input's scale is not a positive number" });
        }
        Ok(ValueSpec { layout: self.layout.clone(), kind: ValueKind::Activation { minimum, maximum } })
    }

    /// The integer a real input value is read as.
    pub fn quantise(&self, x: f64) -> i64 {
        let (minimum, maximum) = self.bounds;
        ((x as f32 / self.scale as f32).round_ties_even() as i64).clamp(minimum, maximum)
    }
}
