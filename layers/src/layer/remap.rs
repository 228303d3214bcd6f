//! Views of activations, axis by axis: slices, reversals, zero padding, nearest-neighbour enlargement, zeros between
//! positions, and their concatenation.
//!
//! **Statement.** For an axis map $\sigma_j$ on each axis $j$,
//! $$ y[p_1, \dots, p_k] = x[\sigma_1(p_1), \dots, \sigma_k(p_k)], $$
//! zero where some $\sigma_j(p_j)$ lies outside the input. A concatenation is the sum of its inputs, each padded to its
//! place. Nothing is committed: a view is linear.
//!
//! **Shapes.** Output and input have as many axes, each padded by itself.
//!
//! **Protocol.** A [view](crate::argument::view). For a claim $\widetilde y(r) = v$ each axis is a group of its own, with
//! $$ S_j(i) = \sum_{p: \sigma_j(p) = i} \mathrm{eq}(r_j, p). $$
//!
//! **Soundness error.** [`crate::argument::soundness::views`].
//!
//! **Caller's duty.** The claims on the inputs.
//!
//! **Cost.** That of a view, linear in each axis of input and output for the verifier.
//!
//! **Reference.** Tacit's own.
//!
//! **Code.** [prover](../../../tacit_prover/layers/remap/index.html), [verifier](../../../tacit_verifier/layers/remap/index.html).

use ark_bn254::Fr;
use ark_ff::Zero;
use serde::{Deserialize, Serialize};
use tacit_algebra::eq;

use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::{Error, Result},
    integer::signed,
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size, ViewSize},
    },
    tensor::{
        Layout,
        evaluation::split_point,
        value::{ParameterId, ValueKind, ValueSpec},
        window::{MAX_WINDOW, Window2d},
    },
};

/// Along one axis, output position $p$ reads input position $\lfloor (s p + o) / f \rfloor$, or with [`Gaps::Zero`] only where
/// $f$ divides $s p + o$.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisMap {
    /// Number of output positions.
    pub length: usize,
    /// $s$: the step of a slice, negative to go backwards.
    pub stride: i64,
    /// $o$: the start of a slice, or minus the padding in front.
    pub offset: i64,
    /// $f$: how many output positions each input position takes.
    pub repeat: usize,
    /// What stands in all of them but the first.
    pub gaps: Gaps,
}

/// What stands between enlarged positions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gaps {
    /// The position again.
    #[default]
    Repeat,
    /// Zero.
    Zero,
}

/// A view of one activation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemapLayer {
    /// One for each axis.
    pub axes: Vec<AxisMap>,
}

/// Largest magnitude of an axis map's offset.
pub const MAX_OFFSET: i64 = 1 << 24;
/// Largest magnitude of an axis map's step.
const MAX_STEP: i64 = signed(MAX_WINDOW);

impl AxisMap {
    /// Every position as it is.
    pub const fn identity(length: usize) -> Self {
        Self { length, stride: 1, offset: 0, repeat: 1, gaps: Gaps::Repeat }
    }

    /// `length` positions from `start` on, every `stride`-th.
    pub const fn slice(start: i64, stride: usize, length: usize) -> Self {
        Self { stride: signed(stride), offset: start, ..Self::identity(length) }
    }

    /// All positions, the last first.
    pub const fn reverse(length: usize) -> Self {
        Self { stride: -1, offset: signed(length).saturating_sub(1), ..Self::identity(length) }
    }

    /// `length` positions, the input's first being at `begin`.
    pub const fn pad(begin: i64, length: usize) -> Self {
        Self { offset: begin.saturating_neg(), ..Self::identity(length) }
    }

    /// Every one of `input` positions `factor` times; an axis of length one is broadcast.
    pub const fn enlarge(input: usize, factor: usize) -> Self {
        Self { repeat: factor, ..Self::identity(input.saturating_mul(factor)) }
    }

    /// `length` positions, the input's first at `begin` and the others `factor` apart, zero everywhere else.
    pub const fn spread(begin: i64, factor: usize, length: usize) -> Self {
        Self { offset: begin.saturating_neg(), repeat: factor, gaps: Gaps::Zero, ..Self::identity(length) }
    }

    /// The input position that `p` reads, if it is inside.
    pub fn source(&self, p: usize, input: usize) -> Option<usize> {
        let at = self.stride.checked_mul(signed(p))?.checked_add(self.offset)?;
        let factor = signed(self.repeat);
        if self.gaps == Gaps::Zero && at.checked_rem_euclid(factor)? != 0 {
            return None;
        }
        usize::try_from(at.checked_div_euclid(factor)?).ok().filter(|&i| i < input)
    }

    /// $S(i)$ for every input position.
    fn shift_vector(&self, input: usize, point: &[Fr]) -> Vec<Fr> {
        let mut vector = vec![Fr::zero(); input];
        for (p, weight) in eq::table(point, self.length).into_iter().enumerate() {
            if let Some(sum) = self.source(p, input).and_then(|i| vector.get_mut(i)) {
                *sum += weight;
            }
        }
        vector
    }

    fn check(&self, layer: &str) -> Result<()> {
        for (what, actual, minimum, maximum) in [
            ("step", self.stride, if self.stride < 0 { -MAX_STEP } else { 1 }, MAX_STEP),
            ("repetition", signed(self.repeat), 1, MAX_OFFSET),
            ("offset", self.offset, -MAX_OFFSET, MAX_OFFSET),
            ("length", signed(self.length), 1, MAX_OFFSET),
        ] {
            if !(minimum..=maximum).contains(&actual) {
                return Err(Error::Attribute { layer: layer.to_owned(), what, actual, minimum, maximum });
            }
        }
        Ok(())
    }
}

impl Layer for RemapLayer {
    fn name(&self) -> &'static str {
        "Remap"
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
        let (minimum, maximum) = input.activation(layer)?;
        if self.axes.len() != input.layout.axes().len() {
            let (expected, actual) = (vec![input.layout.axes().len()], vec![self.axes.len()]);
            return Err(Error::LayerShape {
                layer: layer.to_owned(),
                what: "list of axis maps",
                expected,
                actual,
            });
        }
        for map in &self.axes {
            map.check(layer)?;
        }
        let layout = Layout::new(self.axes.iter().map(|map| map.length).collect())?;
        let kind = ValueKind::Activation { minimum: minimum.min(0), maximum: maximum.max(0) };
        Ok(ValueSpec { layout, kind })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, site: &Site) -> Reading {
        let size = site.inputs.layout(0).map(|input| view_size(input, &site.output.layout));
        Reading::View(size.unwrap_or_default())
    }

    fn num_claims(&self, site: &Site, own: usize) -> Vec<usize> {
        vec![own; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, site: &Site, position: usize, point: &[Fr]) -> Option<Shifts> {
        Some(self.shifts_of(site.inputs.layout(position)?, &site.output.layout, point))
    }

    fn commitments(&self, _: &Site) -> Result<Commitments> {
        Ok(Commitments::none())
    }

    fn gated(&self, _: &Site) -> Option<Gated<'_>> {
        None
    }

    fn burden(&self, _: &Site) -> Result<Burden> {
        Ok(Burden::NOTHING)
    }

    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>) {
        batches.views.extend(site.inputs.values.iter().map(|input| input.layout.num_vars()));
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}

impl RemapLayer {
    /// $S_j$ for every axis, at a point of the output.
    pub(crate) fn shifts_of(&self, input: &Layout, output: &Layout, point: &[Fr]) -> Shifts {
        let maps = self.axes.iter().zip(input.axes());
        let vectors = maps.zip(split_point(output, point));
        Shifts::new(vectors.map(|((map, &length), (_, part))| (1, map.shift_vector(length, part))).collect())
    }
}

/// What viewing an input axis by axis costs the verifier.
pub(super) fn view_size(input: &Layout, output: &Layout) -> ViewSize {
    let axes = || input.axes().iter().chain(output.axes()).copied();
    ViewSize { work: axes().fold(0, usize::saturating_add), longest: axes().max().unwrap_or(0) }
}
