//! Cumulative sums along one axis.
//!
//! **Statement.** $a(\dots, p, \dots) = \sum_{i \le p} x[\dots, i, \dots]$ along the axis; over $i < p$ where it is
//! *exclusive*, and over $i \ge p$ or $i > p$ where it is *reverse*.
//!
//! **Shapes.** Those of the input. The sums are accumulators.
//!
//! **Protocol.** A [view](crate::argument::view) whose value is an accumulator: the map is a product over axes. For a claim
//! $\widetilde a(r) = v$ the axis has the vector
//! $$ S(i) = \sum_{p \ge i} \mathrm{eq}(r_j, p) $$
//! over stored positions $p$ (with $>$, $\le$, $<$ in the other cases), every other axis $k$ its table $\mathrm{eq}(r_k, \cdot)$.
//!
//! **Soundness error.** [`crate::argument::soundness::views`].
//!
//! **Caller's duty.** The claim on the input.
//!
//! **Cost.** That of a view; nothing is committed.
//!
//! **Reference.** Tacit's own; the operator is ONNX's `CumSum`.
//!
//! **Code.** [prover](../../../tacit_prover/layers/cumulative_sum/index.html), [verifier](../../../tacit_verifier/layers/cumulative_sum/index.html).

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
        remap::view_size,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        evaluation::split_point,
        value::{ParameterId, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// $a(p) = \sum_{i \le p} x(i)$ along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CumulativeSumLayer {
    /// The axis.
    pub axis: usize,
    /// Whether a position's own element is left out.
    pub exclusive: bool,
    /// Whether it is summed from the last position on.
    pub reverse: bool,
}

impl CumulativeSumLayer {
    /// The sums along a line of numbers.
    pub fn sums<T: Copy>(&self, line: &[T], zero: T, add: impl Fn(T, T) -> T) -> Vec<T> {
        cumulated(line, self.exclusive, self.reverse, zero, add)
    }
}

/// For each position the sum up to it, or from it on where it is `reverse`, without itself where it is `exclusive`.
fn cumulated<T: Copy>(
    line: &[T],
    exclusive: bool,
    reverse: bool,
    zero: T,
    add: impl Fn(T, T) -> T,
) -> Vec<T> {
    let mut sum = zero;
    let mut next = |&x: &T| {
        let before = sum;
        sum = add(sum, x);
        if exclusive { before } else { sum }
    };
    if reverse {
        let mut sums: Vec<T> = line.iter().rev().map(&mut next).collect();
        sums.reverse();
        sums
    } else {
        line.iter().map(&mut next).collect()
    }
}

impl Layer for CumulativeSumLayer {
    fn name(&self) -> &'static str {
        "CumulativeSum"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let [input] = inputs.exactly()?;
        input.activation(inputs.layer)?;
        let axes = input.layout.axes().len();
        if self.axis >= axes {
            return Err(Error::Attribute {
                layer: inputs.layer.to_owned(),
                what: "axis",
                actual: signed(self.axis),
                minimum: 0,
                maximum: signed(axes).saturating_sub(1),
            });
        }
        Ok(ValueSpec { layout: input.layout.clone(), kind: ValueKind::Accumulator })
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
        site.inputs.layout(position)?;
        let axes = split_point(&site.output.layout, point).enumerate();
        let vectors = axes.map(|(axis, (length, part))| {
            let table = eq::table(part, length);
            let is_summed = axis == self.axis;
            // An element is in the sums of the positions that its own sums would leave out.
            let sums = || cumulated(&table, self.exclusive, !self.reverse, Fr::zero(), |a, b| a + b);
            (1, if is_summed { sums() } else { table })
        });
        Some(Shifts::new(vectors.collect()))
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
        batches.views.extend(site.inputs.layout(0).map(crate::tensor::Layout::num_vars));
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}
