//! Max-pooling over a sliding window, channel by channel.

use serde::{Deserialize, Serialize};

use crate::{
    average_pool::reduce_windows,
    conv2d::{feature_map, window_output},
    error::{Error, Result},
    network::ValueSpec,
    tensor::{Layout, Tensor},
    window::Window2d,
};

/// $y[c, p] = \max_k x[c, s p + d k - b]$; positions outside the input read the input's smallest value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxPoolLayer {
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
}

/// Most offsets a window may have: the argument's product check has this degree. A larger window is pooled along one
/// axis and then along the other.
pub const MAX_OFFSETS: usize = 16;

impl MaxPoolLayer {
    pub(crate) fn infer(&self, layer: &str, input: &ValueSpec) -> Result<ValueSpec> {
        input.activation(layer)?;
        let [channels, ..] = feature_map(layer, &input.layout)?;
        let layout = window_output(layer, &self.window, channels, &input.layout)?;
        let offsets = self.window.num_offsets();
        if offsets > MAX_OFFSETS {
            return Err(Error::Attribute {
                layer: layer.to_owned(),
                what: "number of positions in a max-pool window",
                actual: offsets as i64,
                minimum: 1,
                maximum: MAX_OFFSETS as i64,
            });
        }
        Ok(ValueSpec { layout, kind: input.kind })
    }

    pub(crate) fn execute(&self, input: &Tensor<i64>, output: &Layout, minimum: i64) -> Vec<i64> {
        reduce_windows(&self.window, input, output, i64::MIN, i64::max, minimum)
    }
}
