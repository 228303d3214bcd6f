//! Transposition: the axes of a tensor in another order.
//!
//! **Statement.** For a permutation $\pi$ of the axes,
//! $$ y[p_1, \dots, p_k] = x[i_1, \dots, i_k] \quad\text{with}\quad i_{\pi(j)} = p_j. $$
//!
//! **Shapes.** Axis $j$ of the output is axis $\pi(j)$ of the input. Every axis is padded by itself, so that padding is
//! permuted with it.
//!
//! **Protocol.** None: $\widetilde y(r_1, \dots, r_k) = \widetilde x(z)$ with $z_{\pi(j)} = r_j$. A claim on the output is a
//! claim on the input, its point reordered ([`crate::proof::plan::Plan::base`]). That holds for accumulators too.
//!
//! **Soundness error.** None.
//!
//! **Caller's duty.** The claim on $\widetilde x$.
//!
//! **Cost.** Reordering a point.
//!
//! **Reference.** Folklore.
//!
//! **Code.** [prover](../../../tacit_prover/layers/transpose/index.html), [verifier](../../../tacit_verifier/layers/transpose/index.html).

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
        value::{ParameterId, ValueSpec},
        window::Window2d,
    },
};

/// The axes of a tensor in another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransposeLayer {
    /// For each axis of the output, the axis of the input that it is.
    pub axes: Vec<usize>,
}

impl Layer for TransposeLayer {
    fn name(&self) -> &'static str {
        "Transpose"
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
        let lengths = input.layout.axes();
        let mut sorted = self.axes.clone();
        sorted.sort_unstable();
        if sorted != (0..lengths.len()).collect::<Vec<_>>() {
            let (expected, actual) = ((0..lengths.len()).collect(), self.axes.clone());
            let what = "permutation of axes";
            return Err(Error::LayerShape { layer: layer.to_owned(), what, expected, actual });
        }
        let layout = Layout::new(self.axes.iter().filter_map(|&axis| lengths.get(axis).copied()).collect())?;
        Ok(ValueSpec { layout, kind: input.kind })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, site: &Site) -> Reading {
        Reading::Renamed(site.inputs.layout(0).map_or_else(Vec::new, |input| self.variables(input)))
    }

    fn num_claims(&self, site: &Site, own: usize) -> Vec<usize> {
        vec![own; site.reads.len()]
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

impl TransposeLayer {
    /// For each variable of the input, the variable of the output that it is.
    pub fn variables(&self, input: &Layout) -> Vec<usize> {
        let vars: Vec<usize> = input.axis_vars().collect();
        let mut places = vec![0..0; vars.len()];
        let mut begin = 0_usize;
        for &axis in &self.axes {
            if let (Some(place), Some(&vars)) = (places.get_mut(axis), vars.get(axis)) {
                *place = begin..begin.saturating_add(vars);
                begin = place.end;
            }
        }
        places.into_iter().flatten().collect()
    }

    /// The axis of the output that an axis of the input becomes.
    pub fn output_axis(&self, input_axis: usize) -> Option<usize> {
        self.axes.iter().position(|&axis| axis == input_axis)
    }
}
