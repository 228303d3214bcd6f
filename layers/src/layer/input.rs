//! An input of the network: quantised by whoever has the real numbers, public or [committed](crate::proof::input).
//!
//! **Code.** [prover](../../../tacit_prover/layers/input/index.html), [verifier](../../../tacit_verifier/layers/input/index.html).

use ark_bn254::Fr;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
    ser::SerializeTuple,
};

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

/// One of the network's inputs: a tensor that enters as centred integers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputLayer {
    /// Axes of one sample, without the batch axis.
    pub layout: Layout,
    /// Smallest and largest integer.
    pub bounds: (i64, i64),
    /// What its integers stand for.
    pub kind: InputKind,
}

/// What an input's integers stand for.
#[derive(Debug, Clone, PartialEq)]
pub enum InputKind {
    /// Real numbers: `x` is read as `x / scale` in float32, rounded with halves to even and clipped to the bounds.
    Real {
        /// Real value of one unit.
        scale: f64,
    },
    /// Integers, which enter as they are.
    Integer,
    /// Truth values, which enter as 0 and 1.
    Boolean,
    /// Real numbers, each position along an axis with a unit of its own: `x` is read as `(x - zero) / scale` in float64, rounded
    /// with halves to even and clipped to the bounds.
    Channels {
        /// The axis.
        axis: usize,
        /// One for each position along it.
        units: Vec<InputUnit>,
    },
}

/// What an input's integers stand for: `q` for `zero + q * scale`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct InputUnit {
    /// Real value of one unit.
    pub scale: f64,
    /// Real value of the integer zero.
    pub zero: f64,
}

impl InputUnit {
    /// Integers as they are.
    const ONE: Self = Self { scale: 1.0, zero: 0.0 };

    fn is_valid(self) -> bool {
        self.scale.is_finite() && self.scale > 0.0 && self.zero.is_finite()
    }
}

impl InputKind {
    /// The kind in a word, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Real { .. } | Self::Channels { .. } => "real",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }
}

/// In a file a kind is a float: a real input's scale, which is positive, zero for integers, minus one for truth values; minus two
/// for channels, whose axis and units follow. Keys of networks with real inputs are what they were before there were others.
const INTEGER: f64 = 0.0;
const BOOLEAN: f64 = -1.0;
const CHANNELS: f64 = -2.0;

impl Serialize for InputKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Real { scale } => serializer.serialize_f64(*scale),
            Self::Integer => serializer.serialize_f64(INTEGER),
            Self::Boolean => serializer.serialize_f64(BOOLEAN),
            Self::Channels { axis, units } => {
                let mut tuple = serializer.serialize_tuple(3)?;
                tuple.serialize_element(&CHANNELS)?;
                tuple.serialize_element(axis)?;
                tuple.serialize_element(units)?;
                tuple.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for InputKind {
    /// What is no kind reads as a scale, which [`Layer::infer`] refuses.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_tuple(3, KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = InputKind;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an input's kind")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> std::result::Result<InputKind, A::Error> {
        let ends = || A::Error::custom("an input's kind ends early");
        let scale: f64 = parts.next_element()?.ok_or_else(ends)?;
        Ok(match scale.to_bits() {
            bits if bits == INTEGER.to_bits() => InputKind::Integer,
            bits if bits == BOOLEAN.to_bits() => InputKind::Boolean,
            bits if bits == CHANNELS.to_bits() => InputKind::Channels {
                axis: parts.next_element()?.ok_or_else(ends)?,
                units: parts.next_element()?.ok_or_else(ends)?,
            },
            _ => InputKind::Real { scale },
        })
    }
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
        match &self.kind {
            InputKind::Real { scale } if !(scale.is_finite() && *scale > 0.0) => {
                return Err(Error::Graph { reason: "an input's scale is not a positive number" });
            }
            InputKind::Boolean if self.bounds != (0, 1) => {
                return Err(Error::Graph { reason: "a boolean input's bounds are not 0 and 1" });
            }
            InputKind::Channels { axis, units } => {
                if self.layout.axes().get(*axis) != Some(&units.len()) {
                    return Err(Error::Graph {
                        reason: "an input has not one unit for each position of its axis",
                    });
                }
                if !units.iter().all(|unit| unit.is_valid()) {
                    return Err(Error::Graph {
                        reason: "a scale of an input's channel is not a positive number, or its zero is no number",
                    });
                }
            }
            InputKind::Real { .. } | InputKind::Integer | InputKind::Boolean => {}
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
    /// An input of real numbers, of which one unit is `scale`.
    pub const fn real(layout: Layout, bounds: (i64, i64), scale: f64) -> Self {
        Self { layout, bounds, kind: InputKind::Real { scale } }
    }

    /// An input of integers.
    pub const fn integer(layout: Layout, bounds: (i64, i64)) -> Self {
        Self { layout, bounds, kind: InputKind::Integer }
    }

    /// An input of truth values.
    pub const fn boolean(layout: Layout) -> Self {
        Self { layout, bounds: (0, 1), kind: InputKind::Boolean }
    }

    /// What the integers stand for at a position of the tensor, row-major.
    pub fn unit(&self, position: usize) -> InputUnit {
        match &self.kind {
            InputKind::Real { scale } => InputUnit { scale: *scale, zero: 0.0 },
            InputKind::Integer | InputKind::Boolean => InputUnit::ONE,
            InputKind::Channels { axis, units } => {
                let inner: usize = self.layout.axes().iter().skip(axis.saturating_add(1)).product();
                let channel = position.checked_div(inner).and_then(|row| row.checked_rem(units.len()));
                channel.and_then(|channel| units.get(channel)).copied().unwrap_or(InputUnit::ONE)
            }
        }
    }

    /// The integer that a value at a position of the input is read as; none where the input is not of real numbers and the value is none
    /// of its integers.
    #[expect(
        clippy::as_conversions,
        reason = "real numbers have no other conversion; the last one saturates"
    )]
    pub fn quantise(&self, position: usize, x: f64) -> Option<i64> {
        let (minimum, maximum) = self.bounds;
        match &self.kind {
            InputKind::Real { scale } => {
                Some(((x as f32 / *scale as f32).round_ties_even() as i64).clamp(minimum, maximum))
            }
            InputKind::Channels { .. } => {
                let InputUnit { scale, zero } = self.unit(position);
                Some((((x - zero) / scale).round_ties_even() as i64).clamp(minimum, maximum))
            }
            InputKind::Integer | InputKind::Boolean => {
                let integer = x as i64;
                let is_whole = x.fract().abs() <= 0.0;
                (is_whole && (minimum..=maximum).contains(&integer)).then_some(integer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::file::{decode, encode};

    fn layout() -> Layout {
        Layout::new(vec![2]).unwrap()
    }

    fn channels() -> InputLayer {
        let layout = Layout::new(vec![2, 3, 2]).unwrap();
        let units = [(1.0, 0.0), (0.25, 10.0), (100.0, -7.0)];
        let units = units.map(|(scale, zero)| InputUnit { scale, zero }).to_vec();
        InputLayer { layout, bounds: (-3, 4), kind: InputKind::Channels { axis: 1, units } }
    }

    #[test]
    fn channels_are_read_by_their_own_units() {
        let input = channels();
        for (position, x, integer) in [
            (0, 2.0, 2),
            (1, 2.5, 2),
            (2, 10.5, 2),
            (3, 9.0, -3),
            (3, 12.0, 4),
            (4, 193.0, 2),
            (6, 2.0, 2),
            (9, 9.75, -1),
            (11, -107.0, -1),
        ] {
            assert_eq!(input.quantise(position, x), Some(integer), "{x} at {position}");
        }
    }

    #[test]
    fn channels_have_a_positive_scale_and_a_zero_each() {
        let inferred = |change: &dyn Fn(&mut usize, &mut Vec<InputUnit>)| {
            let mut input = channels();
            if let InputKind::Channels { axis, units } = &mut input.kind {
                change(axis, units);
            }
            input.infer(&Inputs { layer: "input", values: vec![], parameters: vec![] })
        };
        assert!(inferred(&|_, _| ()).is_ok());
        for axis in [0, 2, 3, usize::MAX] {
            assert!(inferred(&|of, _| *of = axis).is_err(), "{axis}");
        }
        assert!(inferred(&|_, units| units.truncate(2)).is_err());
        assert!(inferred(&|_, units| units.clear()).is_err());
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(inferred(&|_, units| units[1].scale = scale).is_err(), "{scale}");
        }
        for zero in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(inferred(&|_, units| units[2].zero = zero).is_err(), "{zero}");
        }
    }

    #[test]
    fn every_kind_reads_back_and_real_ones_are_their_scale() {
        for input in [
            InputLayer::real(layout(), (-3, 4), 0.25),
            InputLayer::integer(layout(), (-3, 4)),
            InputLayer::boolean(layout()),
            channels(),
        ] {
            let bytes = encode(&input, "input").unwrap();
            assert_eq!(decode(&bytes, "input"), Ok(input));
        }
        let bytes = encode(&InputKind::Real { scale: 0.25 }, "input").unwrap();
        assert_eq!(bytes.as_slice(), 0.25_f64.to_le_bytes());
        // A second zero is no kind.
        assert_eq!(decode(&(-0.0_f64).to_le_bytes(), "input"), Ok(InputKind::Real { scale: -0.0 }));
    }

    #[test]
    fn integers_enter_as_they_are_or_not_at_all() {
        let integer = InputLayer::integer(layout(), (-3, 300));
        assert_eq!([-3.0, 0.0, 300.0].map(|x| integer.quantise(0, x)), [Some(-3), Some(0), Some(300)]);
        for x in [-4.0, 301.0, 0.5, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(integer.quantise(1, x), None, "{x}");
        }
        let boolean = InputLayer::boolean(layout());
        assert_eq!([0.0, 1.0, 2.0, -1.0].map(|x| boolean.quantise(0, x)), [Some(0), Some(1), None, None]);
        let real = InputLayer::real(layout(), (-3, 300), 0.5);
        assert_eq!([-9.0, 0.25, 0.3].map(|x| real.quantise(1, x)), [Some(-3), Some(0), Some(1)]);
    }
}
