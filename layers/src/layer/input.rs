//! The network's input: quantised by whoever has the real numbers, public or [committed](crate::proof::input).

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::{Error, Result},
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout,
        value::{ParameterId, ValueKind, ValueSpec, check_activation_bounds},
        window::Window2d,
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

impl Layer for InputLayer {
    fn name(&self) -> &'static str {
        "Input"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let name = inputs.layer;
        let [] = inputs.exactly()?;
        let (minimum, maximum) = self.bounds;
        check_activation_bounds(name, minimum, maximum)?;
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(Error::Graph { reason: "the input's scale is not a positive number" });
        }
        Ok(ValueSpec { layout: self.layout.clone(), kind: ValueKind::Activation { minimum, maximum } })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, _: &Site, _: usize) -> Vec<usize> {
        vec![]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    /// None: a committed input has a commitment of its own, and its look-up is the statement's ([`crate::proof::input`]).
    fn commitments(&self, _: &Site) -> Result<Commitments> {
        Ok(Commitments::none())
    }

    fn gated(&self, _: &Site) -> Option<Gated<'_>> {
        None
    }

    fn burden(&self, _: &Site) -> Result<Burden> {
        Ok(Burden::NOTHING)
    }

    fn soundness<'a>(&'a self, _: &Site, _: &mut Batches<'a>) {}

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}

impl InputLayer {
    /// The integer a real input value is read as.
    #[expect(
        clippy::as_conversions,
        reason = "real numbers have no other conversion; the last one saturates"
    )]
    pub fn quantise(&self, x: f64) -> i64 {
        let (minimum, maximum) = self.bounds;
        ((x as f32 / self.scale as f32).round_ties_even() as i64).clamp(minimum, maximum)
    }
}
