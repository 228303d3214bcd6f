//! Two-dimensional convolution.

use serde::{Deserialize, Serialize};

use crate::{
    dense::{channel_bounds, check_parameter},
    error::{Error, Result},
    network::{Architecture, Network, ParameterId, ParameterWidth, ValueKind, ValueSpec},
    tensor::{Layout, Tensor},
    window::Window2d,
};

/// $a[o, p] = b[o] + \sum_{c, k} W[o, c, k]\, x[c, s p + d k - b]$ over channels $c$ and kernel offsets $k$; positions
/// outside the input read zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv2dLayer {
    /// Int8 weights of shape (outputs, input channels, kernel height, kernel width).
    pub weights: ParameterId,
    /// Int32 bias of shape (outputs).
    pub bias: Option<ParameterId>,
    /// Number of output channels.
    pub num_outputs: usize,
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
}

/// Channels, height and width of a feature map.
///
/// # Errors
/// [`Error::LayerShape`] when the layout has other than three axes.
pub(crate) fn feature_map(layer: &str, layout: &Layout) -> Result<[usize; 3]> {
    <[usize; 3]>::try_from(layout.axes()).map_err(|_| Error::LayerShape {
        layer: layer.to_owned(),
        what: "input (channels, height, width)",
        expected: vec![0, 0, 0],
        actual: layout.axes().to_vec(),
    })
}

/// Layout of a window's output over a feature map.
pub(crate) fn window_output(
    layer: &str,
    window: &Window2d,
    channels: usize,
    input: &Layout,
) -> Result<Layout> {
    let [_, height, width] = feature_map(layer, input)?;
    Layout::new(vec![
        channels,
        window.height.output_length(layer, height)?,
        window.width.output_length(layer, width)?,
    ])
}

impl Conv2dLayer {
    pub(crate) fn infer(
        &self,
        layer: &str,
        input: &ValueSpec,
        architecture: &Architecture,
    ) -> Result<ValueSpec> {
        input.activation(layer)?;
        let [channels, ..] = feature_map(layer, &input.layout)?;
        let layout = window_output(layer, &self.window, self.num_outputs, &input.layout)?;
        let expected = [self.num_outputs, channels, self.window.height.kernel, self.window.width.kernel];
        check_parameter(layer, "weights", architecture, self.weights, &expected, ParameterWidth::Int8)?;
        if let Some(bias) = self.bias {
            check_parameter(layer, "bias", architecture, bias, &[self.num_outputs], ParameterWidth::Int32)?;
        }
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    pub(crate) fn execute(&self, network: &Network, input: &Tensor<i64>, output: &Layout) -> Vec<i64> {
        let [channels, height, width] = axes3(input.layout());
        let [_, out_height, out_width] = axes3(output);
        let (kh, kw) = (self.window.height.kernel, self.window.width.kernel);
        let weights = network.parameter(self.weights);
        let mut result = vec![0; output.num_elements()];
        for (o, plane) in result.chunks_exact_mut(out_height * out_width).enumerate() {
            plane.fill(self.bias.map_or(0, |id| network.parameter(id).get(o)));
            for c in 0..channels {
                let map = &input.data()[c * height * width..][..height * width];
                for (ky, kx) in (0..kh).flat_map(|ky| (0..kw).map(move |kx| (ky, kx))) {
                    let w = weights.get(((o * channels + c) * kh + ky) * kw + kx);
                    for (py, row) in plane.chunks_exact_mut(out_width).enumerate() {
                        let Some(y) = self.window.height.input_position(py, ky, height) else { continue };
                        let source = &map[y * width..][..width];
                        for (px, sum) in row.iter_mut().enumerate() {
                            if let Some(x) = self.window.width.input_position(px, kx, width) {
                                *sum += w * source[x];
                            }
                        }
                    }
                }
            }
        }
        result
    }

    /// Smallest and largest accumulator of each output channel.
    pub(crate) fn bounds(&self, network: &Network, (low, high): (i64, i64)) -> Vec<(i128, i128)> {
        let input = if self.window.has_padding() { (low.min(0), high.max(0)) } else { (low, high) };
        channel_bounds(network, self.weights, self.bias, self.num_outputs, input)
    }

    /// Multiplications of a weight by an activation, padding counted.
    pub fn num_macs(&self, input: &Layout, output: &Layout) -> u64 {
        output.num_elements() as u64 * (input.axes()[0] * self.window.num_offsets()) as u64
    }
}

pub(crate) fn axes3(layout: &Layout) -> [usize; 3] {
    match *layout.axes() {
        [a, b, c] => [a, b, c],
        _ => unreachable!("the graph was checked"),
    }
}
