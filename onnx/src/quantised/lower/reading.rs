//! Reading a node's inputs as what it needs them to be.

use std::rc::Rc;

use super::lowering::Lowering;
use crate::{
    error::Error,
    quantised::{
        attributes::output_range,
        constant::Constant,
        datum::{Activation, Base, Datum, Integers, Real},
        node::Node,
        view::View,
    },
};

/// Scale and zero point of a quantised tensor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantiser {
    pub(super) scale: f32,
    pub(super) zero_point: i64,
    /// Smallest and largest integer of the type.
    pub(super) range: (i64, i64),
}

impl Quantiser {
    /// Smallest and largest centred integer.
    pub(super) const fn bounds(&self) -> (i64, i64) {
        (self.range.0 - self.zero_point, self.range.1 - self.zero_point)
    }

    /// A real number as a centred integer.
    pub(super) fn quantise(&self, x: f32) -> i64 {
        let (low, high) = self.bounds();
        ((x / self.scale).round_ties_even() as i64).clamp(low, high)
    }
}

impl Lowering<'_> {
    /// A node's input.
    pub(super) fn datum(&self, node: Node<'_>, input: usize) -> Result<Datum, Error> {
        let name = node.input(input).ok_or_else(|| node.refuse("a missing input", "all its inputs"))?;
        let datum = self.data.get(name).cloned();
        datum.ok_or_else(|| {
            node.refuse(format!("the input `{name}`, which nothing computes"), "a complete graph")
        })
    }

    /// A node's input, which must be a constant.
    pub(super) fn constant(&self, node: Node<'_>, input: usize) -> Result<Rc<Constant>, Error> {
        match self.datum(node, input)? {
            Datum::Constant(constant) => Ok(constant),
            _ => {
                Err(node.refuse("a computed input where a constant is needed", "constant weights and scales"))
            }
        }
    }

    /// A node's input that may be left out.
    pub(super) fn optional(&self, node: Node<'_>, input: usize) -> Result<Option<Rc<Constant>>, Error> {
        node.input(input).map(|_| self.constant(node, input)).transpose()
    }

    /// A positive number.
    pub(super) fn scale(&self, node: Node<'_>, input: usize) -> Result<f32, Error> {
        let constant = self.constant(node, input)?;
        let scale = constant.scalar().map(|scale| scale as f32);
        scale.filter(|scale| scale.is_finite() && *scale > 0.0).ok_or_else(|| {
            let actual = format!("an activation's scale of shape {:?}", constant.shape);
            node.refuse(actual, "one positive scale for the whole tensor")
        })
    }

    /// Scale and zero point at these inputs; without a zero point the type is uint8.
    pub(super) fn quantiser(
        &self,
        node: Node<'_>,
        scale: usize,
        zero_point: usize,
    ) -> Result<Quantiser, Error> {
        let scale = self.scale(node, scale)?;
        let named = output_range(node)?;
        let Some(constant) = self.optional(node, zero_point)? else {
            return Ok(Quantiser { scale, zero_point: 0, range: named.unwrap_or((0, 255)) });
        };
        let (Some(zero_point), Some(range)) = (constant.scalar(), constant.range) else {
            return Err(node.refuse("a zero point of another type", "an int8, uint8, int16 or uint16 number"));
        };
        if named.is_some_and(|named| named != range) {
            return Err(node.refuse("a zero point of another type than output_dtype", "one type"));
        }
        Ok(Quantiser { scale, zero_point: zero_point as i64, range })
    }

    /// The quantised activation at these inputs.
    pub(super) fn quantised(
        &self,
        node: Node<'_>,
        [input, scale, zero_point]: [usize; 3],
    ) -> Result<(Activation, View), Error> {
        let scale = self.scale(node, scale)?;
        let zero_point = self.zero_point(node, zero_point)?;
        match self.datum(node, input)? {
            Datum::Integers(integers) => dequantise(node, integers, scale, zero_point),
            Datum::Constant(_) => {
                Err(node.refuse("a constant where an activation is needed", "an input that is computed"))
            }
            Datum::Real(_) => Err(node.not_quantised()),
        }
    }

    /// A single zero point; zero when it is left out.
    pub(super) fn zero_point(&self, node: Node<'_>, input: usize) -> Result<i64, Error> {
        let Some(constant) = self.optional(node, input)? else { return Ok(0) };
        let zero_point = constant.scalar().map(|zero_point| zero_point as i64);
        zero_point.ok_or_else(|| node.refuse("several zero points for an activation", "one zero point"))
    }

    /// Weights at these inputs, with their scales.
    pub(super) fn quantised_constant(
        &self,
        node: Node<'_>,
        [input, scale, zero_point]: [usize; 3],
        axis: i64,
    ) -> Result<Constant, Error> {
        let scales = self.constant(node, scale)?;
        let zero_points = self.optional(node, zero_point)?;
        self.constant(node, input)?.dequantised(node, &scales, zero_points.as_deref(), axis)
    }

    /// The dequantised activation at an input of a float operator.
    pub(super) fn dequantised(&self, node: Node<'_>, input: usize) -> Result<(Activation, View), Error> {
        match self.real(node, input)? {
            Real { view, base: Base::Activation(activation) } if activation.steps.is_empty() => {
                Ok((activation, view))
            }
            _ => Err(node.not_quantised()),
        }
    }

    /// The real numbers at an input of a float operator.
    pub(super) fn real(&self, node: Node<'_>, input: usize) -> Result<Real, Error> {
        match self.datum(node, input)? {
            Datum::Real(real) => Ok(real),
            Datum::Integers(_) => Err(node.refuse("quantised integers", "a DequantizeLinear in front of it")),
            Datum::Constant(_) => Err(node.refuse("a constant input", "an input that is computed")),
        }
    }
}

/// Integers read with a scale and a zero point.
pub(super) fn dequantise(
    node: Node<'_>,
    integers: Integers,
    scale: f32,
    zero_point: i64,
) -> Result<(Activation, View), Error> {
    let Integers { node: id, view, zero_point: written, bounds } = integers;
    if written != zero_point {
        let actual = format!("integers written with zero point {written} and read with {zero_point}");
        return Err(node.refuse(actual, "one zero point for writing and reading"));
    }
    Ok((Activation { node: id, scale, bounds, steps: vec![] }, view))
}
