//! Concatenation: activations behind each other along one axis.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    layer::remap::{AxisMap, RemapLayer},
    tensor::{
        Layout, Tensor,
        value::{ValueKind, ValueSpec},
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

impl ConcatLayer {
    pub(crate) fn infer(self, layer: &str, inputs: &[&ValueSpec]) -> Result<ValueSpec> {
        let Some(first) = inputs.first().filter(|_| inputs.len() <= MAX_PARTS) else {
            let (actual, maximum) = (inputs.len() as i64, MAX_PARTS as i64);
            let what = "number of inputs";
            return Err(Error::Attribute { layer: layer.to_owned(), what, actual, minimum: 1, maximum });
        };
        let mut axes = first.layout.axes().to_vec();
        let Some(total) = axes.get_mut(self.axis) else {
            let (actual, maximum) = (i64::try_from(self.axis).unwrap_or(i64::MAX), axes.len() as i64 - 1);
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
                *total += part;
            }
        }
        Ok(ValueSpec { layout: Layout::new(axes)?, kind: ValueKind::Activation { minimum, maximum } })
    }

    /// Each input's view: zero but for its place.
    pub fn parts<'a>(self, inputs: impl Iterator<Item = &'a Layout>, output: &Layout) -> Vec<RemapLayer> {
        let mut begin = 0;
        inputs
            .map(|input| {
                let mut axes: Vec<AxisMap> = output.axes().iter().map(|&n| AxisMap::identity(n)).collect();
                if let (Some(map), Some(&part)) = (axes.get_mut(self.axis), input.axes().get(self.axis)) {
                    map.offset = -begin;
                    begin += part as i64;
                }
                RemapLayer { axes }
            })
            .collect()
    }

    pub(crate) fn execute(self, inputs: &[&Tensor<i64>], output: &Layout) -> Vec<i64> {
        let mut sum = vec![0; output.num_elements()];
        let parts = self.parts(inputs.iter().map(|input| input.layout()), output);
        for (part, input) in parts.iter().zip(inputs) {
            for (sum, x) in sum.iter_mut().zip(part.execute(input, output)) {
                *sum += x;
            }
        }
        sum
    }
}
