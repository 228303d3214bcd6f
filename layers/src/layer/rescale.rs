//! Rescaling with a fused activation: fixed-point multiplication, rounding, activation function.
//!
//! **Statement.** $y = f(q)$ with $q = \lfloor (m a + 2^{s-1}) / 2^s \rfloor$ for every accumulator $a$.
//!
//! **Shapes.** $a$, $y$ and the remainder have the accumulator's axes; $m$ is one integer or one for each channel.
//!
//! **Large shifts.** For $s > 16$ a table of all remainders would be large. The remainder is committed in two parts
//! instead, $r = 2^l r_1 + r_0$ with $l = \lfloor s / 2 \rfloor$, $r_1 \in [-2^{s-l-1}, 2^{s-l-1})$ and
//! $r_0 \in [0, 2^l)$, each looked up in a table of exactly its width: every remainder in range has one such pair, and no
//! other number has any.
//!
//! **Protocol.** $y$ and the centred remainder $r = m a - 2^s q \in [-2^{s-1}, 2^{s-1})$ are committed; $q$ is not. The
//! look-ups put $r$ into its range and $(q, y)$ into the table of $f$, and end in values of $\widetilde q$ and
//! $\widetilde r$ at one point $\rho$, hence of
//! $$ \sum_o \mathrm{eq}(\rho_o, o) m_o \widetilde a(o, \rho') = 2^s \widetilde q(\rho) + \widetilde r(\rho). $$
//! For one multiplier this is $m \widetilde a(\rho)$; otherwise a [sumcheck](crate::argument::sumcheck) over the channels reduces
//! it to $\widetilde a(o^*, \rho')$, the verifier evaluating $\mathrm{eq}(\rho_o, \cdot) m$ itself. A centred remainder
//! makes padding, where $a$ is zero, find the rows of $r = 0$ and of $(0, f(0))$; there $f(0)$ is added to $y$ before it is
//! looked up, so that the look-ups force padding of $y$ to be zero. Quotients that take more than $2^{16}$ values are
//! [clipped](crate::layer::rescale::saturation) before they are looked up.
//!
//! **Soundness error.** [`crate::argument::soundness::rescale`], besides the look-ups'.
//!
//! **Caller's duty.** One claim on $\widetilde a$; claims on $\widetilde y$ and $\widetilde r$.
//!
//! **Cost.** Two committed columns and two look-ups for each activation, one more of both for $s > 16$ and one or two more
//! where quotients are wide.
//!
//! **Reference.** Fixed-point rescaling as in Jacob et al. (2018, section 2.2).
//!
//! **Code.** [prover](../../../tacit_prover/layers/rescale/index.html), [verifier](../../../tacit_verifier/layers/rescale/index.html).

pub mod saturation;

use std::ops::Range;

use ark_bn254::Fr;
use ark_ff::One;
use serde::{Deserialize, Serialize};
use tacit_algebra::{eq, small::from_i64};
use tacit_transcript::Value;

use crate::{
    argument::{
        choice::LayerArgument,
        claim::{Column, CommittedColumn},
        function::ActivationFunction,
        lookup_block::{BlockSource, LookupRequest, TableKey},
        view::Shifts,
    },
    error::{Error, Result},
    integer::signed,
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        rescale::saturation::{Clipping, MAX_QUOTIENT_VARS, MAX_WHOLE_VARS},
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout,
        layout::bits_of,
        value::{ParameterId, ValueKind, ValueSpec, check_activation_bounds},
        window::Window2d,
    },
};

/// $y = f(q)$ with $q = \lfloor (m a + 2^{s-1}) / 2^s \rfloor$: the accumulator times $m / 2^s$, rounded half up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RescaleLayer {
    /// $m$.
    pub multiplier: Multiplier,
    /// $s$.
    pub shift: u32,
    /// $f$.
    pub function: ActivationFunction,
    /// Smallest and largest $q$ that any input in range can give, zero included; from the interval analysis.
    pub quotient_bounds: (i64, i64),
}

/// The integer multiplier of a rescale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Multiplier {
    /// One for the whole tensor.
    Uniform(u32),
    /// One for each position of an axis.
    PerChannel {
        /// The axis.
        axis: usize,
        /// The multipliers.
        values: Vec<u32>,
    },
}

/// Largest shift.
pub const MAX_SHIFT: u32 = 32;
/// Largest shift whose remainder is one column; a larger one's remainder has two parts.
pub const MAX_WHOLE_SHIFT: u32 = 16;
/// Largest multiplier.
pub const MAX_MULTIPLIER: u32 = 1 << 24;
/// Variables of the largest table of a function given by its results.
pub const MAX_RESULT_VARS: u32 = 18;
/// Width of an accumulator in bits, sign included: a product with a multiplier stays inside 64 bits.
pub const ACCUMULATOR_BITS: u32 = 38;

/// Elements between neighbours of an axis.
fn inner_elements(layout: &Layout, axis: usize) -> usize {
    layout.axes().iter().skip(axis.saturating_add(1)).product()
}

impl Multiplier {
    /// The multiplier of the element stored at `index`.
    pub fn at(&self, layout: &Layout, index: usize) -> i64 {
        match self {
            Self::Uniform(m) => i64::from(*m),
            Self::PerChannel { axis, values } => {
                let inner = inner_elements(layout, *axis);
                let channel = index.checked_div(inner).and_then(|at| at.checked_rem(values.len()));
                channel.and_then(|channel| values.get(channel)).map_or(0, |&m| i64::from(m))
            }
        }
    }

    /// The elements stored at `range` by their multiplier: runs of one multiplier, and it.
    pub fn runs(&self, layout: &Layout, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, i64)> {
        let inner = match self {
            Self::Uniform(_) => layout.num_elements(),
            Self::PerChannel { axis, .. } => inner_elements(layout, *axis),
        };
        let mut rest = range;
        std::iter::from_fn(move || {
            let start = rest.start;
            let begun = start.checked_rem(inner).unwrap_or(0);
            let end = start.saturating_sub(begun).saturating_add(inner).min(rest.end);
            rest.start = end;
            (start < end).then(|| (start..end, self.at(layout, start)))
        })
    }

    /// $\mathrm{eq}(\rho_o, o) m_o$ for every channel $o$.
    pub fn weighted_channels(values: &[u32], channel: &[Fr]) -> Vec<Fr> {
        eq::table(channel, values.len())
            .iter()
            .zip(values)
            .map(|(e, &m)| *e * from_i64(i64::from(m)))
            .collect()
    }

    /// Every multiplier.
    pub fn values(&self) -> &[u32] {
        match self {
            Self::Uniform(m) => std::slice::from_ref(m),
            Self::PerChannel { values, .. } => values,
        }
    }
}

impl Layer for RescaleLayer {
    fn name(&self) -> &'static str {
        "Rescale"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let layer = inputs.layer;
        let [input] = inputs.exactly()?;
        if input.kind != ValueKind::Accumulator {
            return Err(Error::ValueKind {
                layer: layer.to_owned(),
                expected: "an accumulator",
                actual: "an activation",
            });
        }
        let attribute = |what, actual, minimum, maximum| {
            Err(Error::Attribute { layer: layer.to_owned(), what, actual, minimum, maximum })
        };
        if !(1..=MAX_SHIFT).contains(&self.shift) {
            return attribute("shift", i64::from(self.shift), 1, i64::from(MAX_SHIFT));
        }
        for &m in self.multiplier.values() {
            if !(1..=MAX_MULTIPLIER).contains(&m) {
                return attribute("multiplier", i64::from(m), 1, i64::from(MAX_MULTIPLIER));
            }
        }
        if let Multiplier::PerChannel { axis, values } = &self.multiplier {
            let length = input.layout.axes().get(*axis).copied();
            if length != Some(values.len()) {
                let (expected, actual) = (length.into_iter().collect(), vec![values.len()]);
                return Err(Error::LayerShape {
                    layer: layer.to_owned(),
                    what: "multiplier",
                    expected,
                    actual,
                });
            }
        }
        if let ActivationFunction::Table { first, results } = &self.function {
            let limit = 1_i64 << MAX_RESULT_VARS;
            let count = signed(results.len());
            if !(1..=limit).contains(&count) {
                return attribute("number of results of the activation", count, 1, limit);
            }
            let least = limit.saturating_neg();
            if !(least..=limit).contains(first) {
                return attribute("first quotient of the activation", *first, least, limit);
            }
        }
        let (minimum, maximum) = self.function.bounds();
        check_activation_bounds(layer, minimum, maximum)?;
        let (low, high) = self.quotient_bounds;
        let (minimum_quotient, maximum_quotient) = (i128::from(low), i128::from(high));
        let limit = self.max_quotient_vars();
        if low > 0 || high < 0 || maximum_quotient.saturating_sub(minimum_quotient) >= 1 << limit {
            return Err(Error::TableTooLarge {
                layer: layer.to_owned(),
                minimum: minimum_quotient,
                maximum: maximum_quotient,
                limit,
            });
        }
        Ok(ValueSpec { layout: input.layout.clone(), kind: ValueKind::Activation { minimum, maximum } })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, site: &Site, _: usize) -> Vec<usize> {
        vec![1; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    fn commitments(&self, site: &Site) -> Result<Commitments> {
        let (id, layout) = (site.id, &site.output.layout);
        let lookup = |rows, table, bounds| LookupRequest { rows, table, bounds, layout: layout.clone() };
        let mut columns = vec![Column::Activation(id), Column::Remainder(id)];
        let mut lookups = vec![];
        let mut arguments = Some(self.quotient_bounds);
        if let Some(Clipping { minimum, maximum, is_argument }) = self.clipping() {
            columns.push(Column::Saturation(id));
            for rows in [BlockSource::LowSaturation(id), BlockSource::HighSaturation(id)] {
                lookups.push(lookup(rows, TableKey::Saturation { minimum, maximum }, self.quotient_bounds));
            }
            arguments = is_argument.then_some((minimum, maximum));
            if is_argument {
                columns.push(Column::Argument(id));
            }
        }
        if let Some(arguments) = arguments {
            let table = TableKey::Activation(self.function.clone());
            lookups.push(lookup(BlockSource::Activations(id), table, arguments));
        }
        let low = self.low_digits();
        lookups.push(lookup(
            BlockSource::Remainders(id),
            TableKey::Remainder(self.shift.saturating_sub(low)),
            (0, 0),
        ));
        if low > 0 {
            columns.push(Column::LowRemainder(id));
            lookups.push(lookup(BlockSource::LowRemainders(id), TableKey::LowRemainder(low), (0, 0)));
        }
        let columns = columns.into_iter().map(|column| CommittedColumn { column, layout: layout.clone() });
        Ok(Commitments { columns: columns.collect(), lookups, ..Commitments::none() })
    }

    fn gated(&self, _: &Site) -> Option<Gated<'_>> {
        None
    }

    fn burden(&self, _: &Site) -> Result<Burden> {
        Ok(Burden::NOTHING)
    }

    fn soundness<'a>(&'a self, _: &Site, batches: &mut Batches<'a>) {
        if let Multiplier::PerChannel { values, .. } = &self.multiplier {
            batches.channels.push(bits_of(values.len()));
        }
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}

impl RescaleLayer {
    /// $\log_2$ of how many values the quotients may take: the verifier reads a table of results row by row, and only a
    /// short one can be looked up with a clipped quotient.
    pub fn max_quotient_vars(&self) -> u32 {
        let (first, last) = self.function.arguments();
        match &self.function {
            ActivationFunction::Table { .. } if last.saturating_sub(first) >= 1 << MAX_WHOLE_VARS => {
                MAX_RESULT_VARS
            }
            ActivationFunction::Table { .. } | ActivationFunction::Clip { .. } => MAX_QUOTIENT_VARS,
        }
    }

    /// What is looked up beside $\widetilde q$: $\widetilde y$ with $f(0)$ added in padding, at a point of the layout.
    pub fn looked_up<V: Value>(&self, layout: &Layout, point: &[Fr], activation: V) -> V {
        let padding = Fr::one()
            - crate::tensor::evaluation::stored_share(crate::tensor::evaluation::split_point(layout, point));
        activation + V::from(from_i64(self.function.apply(0)) * padding)
    }

    /// Binary digits of the low part $r_0$ of a remainder, zero when it is one column.
    pub const fn low_digits(&self) -> u32 {
        if self.shift > MAX_WHOLE_SHIFT { self.shift / 2 } else { 0 }
    }

    /// High and low part of a centred remainder: $(r, 0)$ when it is one column.
    pub const fn split(&self, remainder: i64) -> (i64, i64) {
        let high = remainder.unbounded_shr(self.low_digits());
        (high, remainder.wrapping_sub(high.unbounded_shl(self.low_digits())))
    }

    /// $2^s q + 2^l r_1 + r_0$: the scaled accumulator from quotient and both parts of the centred remainder.
    pub fn recompose<V: Value>(&self, quotient: V, high: V, low: V) -> V {
        let power = |digits: u32| Fr::from(1_u64.unbounded_shl(digits));
        quotient * power(self.shift) + high * power(self.low_digits()) + low
    }

    /// Quotient and centred remainder $r - 2^{s-1} \in [-2^{s-1}, 2^{s-1})$ of an accumulator: $m a = 2^s q + r'$.
    /// [`ACCUMULATOR_BITS`] and [`MAX_MULTIPLIER`] leave the product inside 64 bits.
    pub fn divide(&self, multiplier: i64, accumulator: i64) -> (i64, i64) {
        let product = multiplier.wrapping_mul(accumulator);
        let half = 1_i64.unbounded_shl(self.shift.wrapping_sub(1));
        let quotient = product.wrapping_add(half).unbounded_shr(self.shift);
        (quotient, product.wrapping_sub(quotient.unbounded_shl(self.shift)))
    }
}

/// A layout's point with one axis' part replaced.
pub fn replace_axis(layout: &Layout, point: &[Fr], axis: usize, part: &[Fr]) -> Vec<Fr> {
    let parts = crate::tensor::evaluation::split_point(layout, point).enumerate();
    parts.flat_map(|(i, (_, old))| if i == axis { part } else { old }).copied().collect()
}
