//! Reshaping: the same elements, in the same row-major order, over other axes.
//!
//! **Statement.** $y(p) = x(i)$ where $p$ and $i$ have the same row-major place.
//!
//! **Shapes.** Input and output axes fall into the smallest groups of consecutive axes with equal products: within a group
//! axes are split or merged. Every axis is padded by itself, so that a group's padding moves.
//!
//! **Protocol.** A [view](crate::argument::view). A group's vector is $S(i) = \mathrm{eq}(r, p(i))$, the equality table of the
//! group's output axes read row-major: a product of one table for each axis.
//!
//! A group whose axes are all powers of two, but for the first longer than one on either side, has its elements at the same
//! padded places before and after. Where that holds for all groups the reshape needs no argument: points stay as they are
//! ([`crate::proof::plan::Plan::base`]), for accumulators too. Axes of length one may come and go, and an axis may be split into
//! or merged from any length and powers of two behind it.
//!
//! **Soundness error.** [`crate::argument::soundness::views`].
//!
//! **Caller's duty.** The claims on the input.
//!
//! **Cost.** That of a view, linear in each group's product for the verifier; none where padded places stay.
//!
//! **Reference.** Tacit's own.
//!
//! **Code.** [prover](../../../tacit_prover/layers/reshape/index.html), [verifier](../../../tacit_verifier/layers/reshape/index.html).

use std::ops::Range;

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::{Error, Result},
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size, ViewSize},
    },
    tensor::{
        Layout,
        evaluation::{kronecker, split_point},
        value::{ParameterId, ValueSpec},
        window::Window2d,
    },
};

/// The same elements over other axes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReshapeLayer {
    /// Lengths of the output's axes.
    pub axes: Vec<usize>,
}

/// Consecutive axes of input and output with equal products.
type Group = (Range<usize>, Range<usize>);

/// The smallest groups of axes with equal products; both sides have as many elements.
fn groups(input: &[usize], output: &[usize]) -> Vec<Group> {
    let (mut i, mut j) = (0, 0);
    let mut groups = vec![];
    while i < input.len() || j < output.len() {
        let begin = (i, j);
        let take = |axes: &[usize], at: &mut usize| {
            let length = axes.get(*at).copied().unwrap_or(1);
            *at = at.saturating_add(1);
            length
        };
        let (mut inputs, mut outputs) = (1_usize, 1_usize);
        if i < input.len() {
            inputs = take(input, &mut i);
        }
        if j < output.len() {
            outputs = take(output, &mut j);
        }
        while inputs != outputs {
            if inputs < outputs && i < input.len() {
                inputs = inputs.saturating_mul(take(input, &mut i));
            } else if j < output.len() {
                outputs = outputs.saturating_mul(take(output, &mut j));
            } else {
                break;
            }
        }
        groups.push((begin.0..i, begin.1..j));
    }
    groups
}

impl Layer for ReshapeLayer {
    fn name(&self) -> &'static str {
        "Reshape"
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
        let layout = Layout::new(self.axes.clone())?;
        if layout.num_elements() != input.layout.num_elements() {
            let (expected, actual) = (input.layout.axes().to_vec(), self.axes.clone());
            let what = "list of axes with as many elements";
            return Err(Error::LayerShape { layer: layer.to_owned(), what, expected, actual });
        }
        if !Self::keeps_places(&input.layout, &layout) {
            input.activation(layer)?;
        }
        Ok(ValueSpec { layout, kind: input.kind })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, site: &Site) -> Reading {
        let output = &site.output.layout;
        let Some(input) = site.inputs.layout(0) else { return Reading::Own };
        if Self::keeps_places(input, output) {
            return Reading::Renamed((0..output.num_vars()).collect());
        }
        let axes: usize = input.axes().iter().chain(output.axes()).copied().fold(0, usize::saturating_add);
        let (work, longest) = (axes.saturating_add(Self::work(input, output)), Self::longest(input, output));
        Reading::View(ViewSize { work, longest })
    }

    fn num_claims(&self, site: &Site, own: usize) -> Vec<usize> {
        vec![own; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, site: &Site, position: usize, point: &[Fr]) -> Option<Shifts> {
        Some(Self::shifts_of(site.inputs.layout(position)?, &site.output.layout, point))
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

impl ReshapeLayer {
    /// Whether every element keeps its padded place, so that points stay as they are.
    pub fn keeps_places(input: &Layout, output: &Layout) -> bool {
        let dense = |axes: &[usize]| axes.iter().filter(|&&n| n > 1).skip(1).all(|n| n.is_power_of_two());
        let part = |layout: &Layout, axes| layout.axes().get(axes).is_some_and(dense);
        groups(input.axes(), output.axes())
            .into_iter()
            .all(|(from, to)| part(input, from) && part(output, to))
    }

    /// Every group's product.
    fn products(input: &Layout, output: &Layout) -> impl Iterator<Item = usize> {
        groups(input.axes(), output.axes())
            .into_iter()
            .map(|(from, _)| input.axes().get(from).unwrap_or_default())
            .map(|axes| axes.iter().fold(1_usize, |product, &n| product.saturating_mul(n)))
    }

    /// What the verifier computes for each claim: a vector for every group.
    pub(crate) fn work(input: &Layout, output: &Layout) -> usize {
        Self::products(input, output).fold(0, usize::saturating_add)
    }

    /// The longest of these vectors.
    pub(crate) fn longest(input: &Layout, output: &Layout) -> usize {
        Self::products(input, output).max().unwrap_or(0)
    }

    /// The vectors $S_g$ at a point of the output.
    pub(crate) fn shifts_of(input: &Layout, output: &Layout, point: &[Fr]) -> Shifts {
        let mut parts = split_point(output, point);
        let groups = groups(input.axes(), output.axes()).into_iter();
        Shifts::new(groups.map(|(from, to)| (from.len(), kronecker(parts.by_ref().take(to.len())))).collect())
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;
    use crate::tensor::evaluation;

    fn layout(axes: &[usize]) -> Layout {
        Layout::new(axes.to_vec()).unwrap()
    }

    const SHAPES: [(&[usize], &[usize], bool); 12] = [
        (&[6], &[2, 3], false),
        (&[2, 3, 5], &[6, 5], false),
        (&[2, 3, 5], &[2, 15], false),
        (&[2, 3, 5], &[5, 3, 2], false),
        (&[4, 9], &[6, 6], false),
        (&[1, 7, 3], &[7, 1, 3, 1], true),
        (&[3, 4, 5], &[12, 5], true),
        (&[5, 12], &[5, 3, 4], true),
        (&[5, 12], &[5, 4, 3], false),
        (&[1], &[1, 1], true),
        (&[12, 64], &[12, 64], true),
        (&[3, 2, 1, 8], &[1, 6, 8, 1], true),
    ];

    #[test]
    fn a_reshaped_tensor_at_a_point_is_a_sum_over_its_input() {
        let mut rng = ark_std::test_rng();
        for (from, to, free) in SHAPES {
            let (input, output) = (layout(from), layout(to));
            let data: Vec<i64> = (0..input.num_elements() as i64).map(|i| (i * 7919) % 511 - 255).collect();
            let mut point = |n: usize| -> Vec<Fr> { (0..n).map(|_| Fr::rand(&mut rng)).collect() };
            let r = point(output.num_vars());
            let expected = evaluation::evaluate(&output, &data, &r).unwrap();
            let shifts = ReshapeLayer::shifts_of(&input, &output, &r);
            let table = shifts.table();
            let sum =
                table.iter().zip(&data).map(|(s, &x)| *s * tacit_algebra::small::from_i64(x)).sum::<Fr>();
            assert_eq!(sum, expected, "{from:?} to {to:?}");
            let z = point(input.num_vars());
            let weights = kronecker(split_point(&input, &z));
            let value: Fr = weights.iter().zip(&table).map(|(a, b)| *a * b).sum();
            assert_eq!(shifts.evaluate(&input, &z), value, "{from:?} to {to:?}");
            assert_eq!(ReshapeLayer::keeps_places(&input, &output), free, "{from:?} to {to:?}");
            if free {
                assert_eq!(evaluation::evaluate(&input, &data, &r).unwrap(), expected, "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn groups_are_the_smallest_with_equal_products() {
        assert_eq!(groups(&[2, 3, 5], &[6, 5]), [(0..2, 0..1), (2..3, 1..2)]);
        assert_eq!(groups(&[2, 1, 3, 1], &[2, 3]), [(0..1, 0..1), (1..3, 1..2), (3..4, 2..2)]);
        assert_eq!(groups(&[4], &[1, 1, 4]), [(0..1, 0..3)]);
        assert_eq!(groups(&[6, 5], &[5, 6]), [(0..2, 0..2)]);
        assert_eq!(ReshapeLayer::work(&layout(&[2, 3, 5]), &layout(&[6, 5])), 11);
    }
}
