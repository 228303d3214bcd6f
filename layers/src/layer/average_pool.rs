//! Average pooling: the sum over a sliding window, channel by channel. The rescale that follows divides.
//!
//! **Code.** [prover](../../../tacit_prover/layers/average_pool/index.html), [verifier](../../../tacit_verifier/layers/average_pool/index.html).

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::{
    argument::{choice::LayerArgument, unfold::spatial_vars, view::Shifts},
    error::Result,
    integer::widest,
    layer::{
        batches::Batches,
        conv2d::{feature_map, shift_work, window_output},
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        value::{ParameterId, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// $a[c, p] = \sum_k x[c, s p + d k - b]$; positions outside the input read zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AveragePoolLayer {
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
}

impl Layer for AveragePoolLayer {
    fn name(&self) -> &'static str {
        "AveragePool"
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
        let [channels, ..] = feature_map(layer, &input.layout)?;
        let layout = window_output(layer, &self.window, channels, &input.layout)?;
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    fn size(&self, site: &Site) -> Size {
        let read = widest(site.output.layout.num_elements());
        Size { elements: 0, steps: read.saturating_mul(widest(self.window.num_offsets())) }
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, site: &Site, _: usize) -> Vec<usize> {
        vec![1; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        Some(&self.window)
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

    fn burden(&self, site: &Site) -> Result<Burden> {
        Ok(Burden { verifier: shift_work(&self.window, site), ..Burden::NOTHING })
    }

    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>) {
        batches.unfolded.extend(site.inputs.layout(0).map(spatial_vars));
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}
