//! Sums over whole axes.
//!
//! **Statement.** $a(p) = \sum_k x[p, k]$ with $k$ over some of the axes, which keep a length of one.
//!
//! **Shapes.** Input and output have as many axes; those summed over have no variables in the output.
//!
//! **Protocol.** None. A multilinear polynomial's sum over $n$ variables is $2^n$ times its value where each is one half,
//! and padding is zero:
//! $$ \widetilde a(r) = \sum_k \widetilde x(r, k) = 2^n \widetilde x(r, \tfrac12, \dots, \tfrac12). $$
//! A claim on the sums is a claim on the input.
//!
//! **Soundness error.** None.
//!
//! **Caller's duty.** The claim on $\widetilde x$.
//!
//! **Cost.** A division by $2^n$.
//!
//! **Reference.** The identity is folklore.
//!
//! **Code.** [prover](../../../tacit_prover/layers/reduce_sum/index.html), [verifier](../../../tacit_verifier/layers/reduce_sum/index.html).

use ark_bn254::Fr;
use ark_ff::{Field, One};
use serde::{Deserialize, Serialize};
use tacit_transcript::Value;

use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::{Error, Result},
    integer::wide,
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout, bits_of,
        value::{ParameterId, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// $a(p) = \sum_k x[p, k]$.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReduceSumLayer {
    /// The axes summed over, in ascending order.
    pub axes: Vec<usize>,
}

impl Layer for ReduceSumLayer {
    fn name(&self) -> &'static str {
        "ReduceSum"
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
        input.activation(layer)?;
        let mut axes = input.layout.axes().to_vec();
        let ascending = self.axes.is_sorted_by(|before, after| before < after);
        for &axis in &self.axes {
            let Some(length) = axes.get_mut(axis).filter(|_| ascending) else {
                let (expected, actual) = ((0..axes.len()).collect(), self.axes.clone());
                let what = "list of axes to sum over";
                return Err(Error::LayerShape { layer: layer.to_owned(), what, expected, actual });
            };
            *length = 1;
        }
        Ok(ValueSpec { layout: Layout::new(axes)?, kind: ValueKind::Accumulator })
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

impl ReduceSumLayer {
    /// Elements that a sum is over.
    pub fn num_addends(&self, input: &Layout) -> usize {
        self.axes.iter().filter_map(|&axis| input.axes().get(axis)).product()
    }

    /// The claim on the input that a claim on the sums is: its point and its value.
    pub fn input_claim<V: Value>(&self, input: &Layout, point: &[Fr], value: V) -> (Vec<Fr>, V) {
        let half = Fr::from(2_u64).inverse().unwrap_or_else(Fr::one);
        let mut rest = point;
        let (mut extended, mut scale) = (vec![], Fr::one());
        for (axis, &length) in input.axes().iter().enumerate() {
            let vars = bits_of(length);
            if self.axes.contains(&axis) {
                extended.extend(std::iter::repeat_n(half, vars));
                scale *= half.pow([wide(vars)]);
            } else {
                let (part, behind) = rest.split_at(vars.min(rest.len()));
                extended.extend_from_slice(part);
                rest = behind;
            }
        }
        (extended, value * scale)
    }
}
