//! Concatenation: activations behind each other along one axis.
//!
//! **Code.** [prover](../../../tacit_prover/layers/concat/index.html), [verifier](../../../tacit_verifier/layers/concat/index.html).

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::{Error, Result},
    integer::signed,
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        remap::{AxisMap, RemapLayer, view_size},
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout,
        value::{ParameterId, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// Several activations behind each other along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcatLayer {
    /// The axis.
    pub axis: usize,
}

/// Most inputs of a concatenation.
pub const MAX_PARTS: usize = 1 << 10;

impl Layer for ConcatLayer {
    fn name(&self) -> &'static str {
        "Concat"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let (layer, inputs) = (inputs.layer, &inputs.values);
        let Some(first) = inputs.first().filter(|_| inputs.len() <= MAX_PARTS) else {
            let (actual, maximum) = (signed(inputs.len()), signed(MAX_PARTS));
            let what = "number of inputs";
            return Err(Error::Attribute { layer: layer.to_owned(), what, actual, minimum: 1, maximum });
        };
        let mut axes = first.layout.axes().to_vec();
        let Some(total) = axes.get_mut(self.axis) else {
            let (actual, maximum) = (signed(self.axis), signed(axes.len().saturating_sub(1)));
            return Err(Error::Attribute {
                layer: layer.to_owned(),
                what: "axis",
                actual,
                minimum: 0,
                maximum,
            });
        };
        *total = 0;
        let (mut minimum, mut maximum) = (0, 0);
        for input in inputs {
            let (low, high) = input.activation(layer)?;
            (minimum, maximum) = (low.min(minimum), high.max(maximum));
            let others = |axes: &[usize]| -> Vec<usize> {
                axes.iter().enumerate().filter(|(j, _)| *j != self.axis).map(|(_, &n)| n).collect()
            };
            let actual = input.layout.axes();
            if actual.len() != axes.len() || others(actual) != others(first.layout.axes()) {
                let (expected, actual) = (first.layout.axes().to_vec(), actual.to_vec());
                return Err(Error::LayerShape { layer: layer.to_owned(), what: "input", expected, actual });
            }
            if let (Some(total), Some(part)) = (axes.get_mut(self.axis), actual.get(self.axis)) {
                *total = total.saturating_add(*part);
            }
        }
        Ok(ValueSpec { layout: Layout::new(axes)?, kind: ValueKind::Activation { minimum, maximum } })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, site: &Site) -> Reading {
        Reading::SumOfViews(
            site.inputs.values.iter().map(|input| view_size(&input.layout, &site.output.layout)).collect(),
        )
    }

    fn num_claims(&self, site: &Site, own: usize) -> Vec<usize> {
        vec![own; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, site: &Site, position: usize, point: &[Fr]) -> Option<Shifts> {
        let (before, _) = site.inputs.values.split_at_checked(position)?;
        let begin = before.iter().map(|input| self.length(&input.layout)).fold(0, usize::saturating_add);
        Some(self.part(begin, &site.output.layout).shifts_of(
            site.inputs.layout(position)?,
            &site.output.layout,
            point,
        ))
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

impl ConcatLayer {
    /// Each input's view: zero but for its place.
    pub fn parts<'a>(self, inputs: impl Iterator<Item = &'a Layout>, output: &Layout) -> Vec<RemapLayer> {
        let begins = inputs.scan(0_usize, |next, input| {
            let begin = *next;
            *next = begin.saturating_add(self.length(input));
            Some(begin)
        });
        begins.map(|begin| self.part(begin, output)).collect()
    }

    /// The view of the input whose first position along the axis is this one of the output.
    fn part(self, begin: usize, output: &Layout) -> RemapLayer {
        let mut axes: Vec<AxisMap> = output.axes().iter().map(|&n| AxisMap::identity(n)).collect();
        if let Some(map) = axes.get_mut(self.axis) {
            map.offset = signed(begin).saturating_neg();
        }
        RemapLayer { axes }
    }

    fn length(self, input: &Layout) -> usize {
        input.axes().get(self.axis).copied().unwrap_or(0)
    }
}
