//! Average pooling: the sum over a sliding window, channel by channel. The rescale that follows divides.

use serde::{Deserialize, Serialize};

use crate::{
    conv2d::{axes3, feature_map, window_output},
    error::Result,
    network::{ValueKind, ValueSpec},
    tensor::{Layout, Tensor},
    window::Window2d,
};

/// $a[c, p] = \sum_k x[c, s p + d k - b]$; positions outside the input read zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AveragePoolLayer {
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
}

impl AveragePoolLayer {
    pub(crate) fn infer(&self, layer: &str, input: &ValueSpec) -> Result<ValueSpec> {
        input.activation(layer)?;
        let [channels, ..] = feature_map(layer, &input.layout)?;
        let layout = window_output(layer, &self.window, channels, &input.layout)?;
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    pub(crate) fn execute(&self, input: &Tensor<i64>, output: &Layout) -> Vec<i64> {
        reduce_windows(&self.window, input, output, 0, |sum, x| sum + x, 0)
    }

    pub(crate) fn bounds(&self, (low, high): (i64, i64)) -> (i128, i128) {
        let offsets = self.window.num_offsets() as i128;
        (offsets * i128::from(low.min(0)), offsets * i128::from(high.max(0)))
    }
}

/// Folds every window of every channel with `combine`, reading `outside` for padding.
pub(crate) fn reduce_windows(
    window: &Window2d,
    input: &Tensor<i64>,
    output: &Layout,
    start: i64,
    combine: impl Fn(i64, i64) -> i64,
    outside: i64,
) -> Vec<i64> {
    let [_, height, width] = axes3(input.layout());
    let [channels, out_height, out_width] = axes3(output);
    let mut result = Vec::with_capacity(output.num_elements());
    for c in 0..channels {
        let map = &input.data()[c * height * width..][..height * width];
        for (py, px) in (0..out_height).flat_map(|py| (0..out_width).map(move |px| (py, px))) {
            let mut value = start;
            for ky in 0..window.height.kernel {
                let y = window.height.input_position(py, ky, height);
                for kx in 0..window.width.kernel {
                    let x = window.width.input_position(px, kx, width);
                    let read = y.zip(x).map_or(outside, |(y, x)| map[y * width + x]);
                    value = combine(value, read);
                }
            }
            result.push(value);
        }
    }
    result
}
