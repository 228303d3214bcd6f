//! Two-dimensional convolution by the direct argument; [`polynomial`] holds another one.
//!
//! **Statement.** $a[o, p] = \sum_{c, k} W[o, c, k]\, x[c, s p + d k - b]$, positions outside the input reading zero.
//!
//! **Shapes.** $W$ over (outputs, channels, kernel height, kernel width), $x$ over (channels, height, width), $a$ over
//! (outputs, height, width); $k$ and $p$ run over height and width.
//!
//! **Protocol.** With $X$ the windowed input of [`crate::argument::unfold`],
//! $$ \widetilde a(r_o, r_p) = \sum_{c, k} \widetilde W(r_o, c, k)\, \widetilde X(c, k, r_p). $$
//! A [sumcheck](crate::argument::sumcheck) of degree 2 over $(c, k)$; the prover sends $\widetilde W(r_o, z)$ and $\widetilde X(z, r_p)$;
//! the window argument takes the latter to the input.
//!
//! With groups, $o = (g, o')$ and $c = (g, c')$, and the sum runs over $(g, c', k)$ with the factor $\mathrm{eq}(r_g, g)$:
//! $$ \widetilde a(r_g, r_{o'}, r_p) = \sum_{g, c', k} \mathrm{eq}(r_g, g)\, \widetilde W(g, r_{o'}, c', k)\,
//!    \widetilde X(g, c', k, r_p), $$
//! of degree 3. Groups split variables only where a group's outputs and channels are powers of two; an importer widens
//! other grouped weights with zeros.
//!
//! **Soundness error.** [`crate::argument::soundness::contraction`] and [`crate::argument::soundness::windows`].
//!
//! **Caller's duty.** Claims on $\widetilde W$ and $\widetilde x$ (and, standing alone, on $\widetilde a$).
//!
//! **Cost.** The prover folds the weights once over outputs and every input channel once over positions, which is less
//! than convolving; the verifier's work is logarithmic but for the shift vectors, linear in one axis.
//!
//! **Reference.** Tacit's own; compare zkCNN (CCS 2021, section 4) for the convolution by FFT.

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::{
    argument::{
        choice::ConvolutionArgument, claim::EvaluationClaim, gates::check_products, unfold::WindowedClaim,
    },
    error::{Error, Result},
    layer::{
        conv2d::fft::FftConvolutionLayer,
        dense::{channel_bounds, check_parameter},
    },
    network::{Architecture, Network},
    products::{Planes, Weights},
    tensor::{
        Layout, Tensor, bits_of,
        value::{NodeId, Parameter, ParameterId, ParameterWidth, ValueKind, ValueSpec},
        window::Window2d,
    },
};

pub mod fft;
mod patches;
pub mod polynomial;

use patches::PaddedMaps;

/// Outputs and channels are split into `groups` parts of the same size, and an output reads its own part's channels only:
/// one group is an ordinary convolution, as many groups as channels a depthwise one. Per part,
/// $a[o, p] = b_o + \sum_{c, k} W[o, c, k]\, x[c, s p + d k - b]$ over channels $c$ and kernel offsets $k$; positions
/// outside the input read zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv2dLayer {
    /// Int8 weights of shape (outputs, input channels of a group, kernel height, kernel width).
    pub weights: ParameterId,
    /// Int32 bias of shape (outputs).
    pub bias: Option<ParameterId>,
    /// Number of output channels.
    pub num_outputs: usize,
    /// Number of groups. With more than one, outputs and channels of a group are powers of two.
    pub groups: usize,
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
    /// What proves it.
    pub argument: ConvolutionArgument,
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
        self.check_groups(layer, channels)?;
        let channels = channels / self.groups;
        let expected = [self.num_outputs, channels, self.window.height.kernel, self.window.width.kernel];
        check_parameter(layer, "weights", architecture, self.weights, &expected, ParameterWidth::Int8)?;
        if let Some(bias) = self.bias {
            check_parameter(layer, "bias", architecture, bias, &[self.num_outputs], ParameterWidth::Int32)?;
        }
        match self.argument {
            ConvolutionArgument::Direct => {}
            ConvolutionArgument::Fft => FftConvolutionLayer::of(self, &input.layout, &layout).check(layer)?,
            ConvolutionArgument::Polynomial => {
                polynomial::product_layout(layer, &self.window, &input.layout)?;
            }
            ConvolutionArgument::Gates => {
                let gates = u128::from(self.num_macs(&input.layout, &layout));
                check_products(layer, gates, [&input.layout, &layout])?;
            }
        }
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    fn check_groups(&self, layer: &str, channels: usize) -> Result<()> {
        let splits = |n: usize| n.checked_rem(self.groups) == Some(0) && (n / self.groups).is_power_of_two();
        if self.groups == 1 || (splits(channels) && splits(self.num_outputs)) {
            return Ok(());
        }
        Err(Error::Groups {
            layer: layer.to_owned(),
            groups: self.groups,
            channels,
            outputs: self.num_outputs,
        })
    }

    /// Variables that choose a group: the leading ones of outputs and channels alike.
    pub const fn group_vars(&self) -> usize {
        bits_of(self.groups)
    }

    pub(crate) fn execute(&self, network: &Network, input: &Tensor<i64>, output: &Layout) -> Vec<i64> {
        let weights = network.parameter(self.weights);
        let bias = |o| self.bias.map_or(0, |id| network.parameter(id).get(o));
        match weights {
            Parameter::Int8(weights) if patches::is_dense(&self.window, input.layout(), output) => {
                convolve_bytes(&self.window, self.groups, weights, bias, input, output)
            }
            _ => convolve(&self.window, self.groups, |i| weights.get(i), bias, input, output),
        }
    }

    /// Smallest and largest accumulator of each output channel.
    pub(crate) fn bounds(&self, network: &Network, (low, high): (i64, i64)) -> Vec<(i128, i128)> {
        let input = if self.window.has_padding() { (low.min(0), high.max(0)) } else { (low, high) };
        channel_bounds(network, self.weights, self.bias, self.num_outputs, input)
    }

    /// Multiplications of a weight by an activation, padding counted.
    pub fn num_macs(&self, input: &Layout, output: &Layout) -> u64 {
        let channels = input.axes()[0] / self.groups;
        (output.num_elements() as u64)
            .saturating_mul(channels.saturating_mul(self.window.num_offsets()) as u64)
    }
}

pub(crate) fn axes3(layout: &Layout) -> [usize; 3] {
    match *layout.axes() {
        [a, b, c] => [a, b, c],
        _ => unreachable!("the graph was checked"),
    }
}

/// The convolution of a feature map, weights in storage order.
fn convolve(
    window: &Window2d,
    groups: usize,
    weight: impl Fn(usize) -> i64,
    bias: impl Fn(usize) -> i64,
    input: &Tensor<i64>,
    output: &Layout,
) -> Vec<i64> {
    let [channels, height, width] = axes3(input.layout());
    let [outputs, out_height, out_width] = axes3(output);
    let (outputs, channels) = (outputs / groups, channels / groups);
    let (k_height, k_width) = (window.height.kernel, window.width.kernel);
    let mut result = vec![0; output.num_elements()];
    for (o, plane) in result.chunks_exact_mut(out_height * out_width).enumerate() {
        plane.fill(bias(o));
        let group = &input.data()[o / outputs * channels * height * width..][..channels * height * width];
        for (c, map) in group.chunks_exact(height * width).enumerate() {
            for (ky, kx) in (0..k_height).flat_map(|ky| (0..k_width).map(move |kx| (ky, kx))) {
                let w = weight(((o * channels + c) * k_height + ky) * k_width + kx);
                for (py, row) in plane.chunks_exact_mut(out_width).enumerate() {
                    let Some(y) = window.height.input_position(py, ky, height) else { continue };
                    let source = &map[y * width..][..width];
                    for (px, sum) in row.iter_mut().enumerate() {
                        if let Some(x) = window.width.input_position(px, kx, width) {
                            *sum += w * source[x];
                        }
                    }
                }
            }
        }
    }
    result
}

/// The same by bytes: the patch that each window position reads, times every filter.
fn convolve_bytes(
    window: &Window2d,
    groups: usize,
    weights: &[i8],
    bias: impl Fn(usize) -> i64,
    input: &Tensor<i64>,
    output: &Layout,
) -> Vec<i64> {
    let [outputs, out_height, out_width] = axes3(output);
    let positions = out_height * out_width;
    let bytes = Planes::new(input.data());
    let offsets = Weights { values: weights, inner: weights.len() / outputs }.offsets(bias, bytes.offset);
    let mut sums = vec![0; output.num_elements()];
    for (sums, offset) in sums.chunks_exact_mut(positions).zip(offsets) {
        sums.fill(offset);
    }
    for (plane, scale, zero) in bytes.iter() {
        let maps = PaddedMaps::new(window, input.layout(), output, plane, zero);
        maps.add_products(weights, groups, scale, &mut sums, positions);
    }
    sums
}

/// Shape of a stand-alone convolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvolutionLayer {
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
    /// Weights over (outputs, channels, kernel height, kernel width).
    pub weights: Layout,
    /// Input over (channels, height, width).
    pub input: Layout,
    /// Output over (outputs, height, width).
    pub output: Layout,
}

/// A tensor of a stand-alone convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvolutionTensor {
    /// $W$.
    Weights,
    /// $x$.
    Input,
    /// $a$.
    Output,
}

/// The claims a stand-alone convolution leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "all three claims must be discharged"]
pub struct ConvolutionClaims {
    /// On $\widetilde W$.
    pub weights: EvaluationClaim<ConvolutionTensor>,
    /// On $\widetilde x$.
    pub input: EvaluationClaim<ConvolutionTensor>,
    /// On $\widetilde a$.
    pub output: EvaluationClaim<ConvolutionTensor>,
}

impl ConvolutionLayer {
    /// A convolution of an input over (channels, height, width) with `outputs` filters.
    ///
    /// # Errors
    /// When the window does not fit the input.
    pub fn new(window: Window2d, outputs: usize, input: Layout) -> Result<Self> {
        let [channels, ..] = feature_map("convolution", &input)?;
        let output = window_output("convolution", &window, outputs, &input)?;
        let weights = Layout::new(vec![outputs, channels, window.height.kernel, window.width.kernel])?;
        Ok(Self { window, weights, input, output })
    }

    /// The convolution itself.
    ///
    /// # Errors
    /// [`Error::LayerShape`] when weights or input are not of the layer's shapes.
    pub fn convolve(&self, weights: &Tensor<i64>, input: &Tensor<i64>) -> Result<Tensor<i64>> {
        for (what, expected, actual) in
            [("weights", &self.weights, weights.layout()), ("input", &self.input, input.layout())]
        {
            if expected != actual {
                let (expected, actual) = (expected.axes().to_vec(), actual.axes().to_vec());
                return Err(Error::LayerShape { layer: "convolution".to_owned(), what, expected, actual });
            }
        }
        let sums = convolve(&self.window, 1, |i| weights.data()[i], |_| 0, input, &self.output);
        Tensor::new(self.output.clone(), sums)
    }

    fn channel_vars(&self) -> usize {
        self.input.axis_vars().next().unwrap_or(0)
    }

    /// The claim on the windowed input after the first sumcheck ended at `inner`, the part of the output's point for
    /// its position being `position`.
    pub fn windowed_claim(&self, inner: &[Fr], position: &[Fr], value: Fr) -> WindowedClaim {
        windowed_claim(NodeId(0), self.channel_vars(), inner, position, value)
    }

    /// The claims left after both sumchecks; `values` are those of output, weights and input.
    pub fn claims(&self, point: &[Fr], inner: &[Fr], spatial: &[Fr], values: [Fr; 3]) -> ConvolutionClaims {
        let filter = point.split_at(self.output.axis_vars().next().unwrap_or(0).min(point.len())).0;
        let channel = inner.split_at(self.channel_vars().min(inner.len())).0;
        let [output, weights, input] = values;
        ConvolutionClaims {
            weights: EvaluationClaim::new(ConvolutionTensor::Weights, [filter, inner].concat(), weights),
            input: EvaluationClaim::new(ConvolutionTensor::Input, [channel, spatial].concat(), input),
            output: EvaluationClaim::new(ConvolutionTensor::Output, point.to_vec(), output),
        }
    }
}

/// The claim on a convolution's windowed input: the contraction's point is (channel, kernel height, kernel width).
pub fn windowed_claim<V>(
    node: NodeId,
    channel_vars: usize,
    inner: &[Fr],
    position: &[Fr],
    value: V,
) -> WindowedClaim<V> {
    let (channel, offsets) = inner.split_at(channel_vars.min(inner.len()));
    let offsets = Some(offsets.to_vec());
    WindowedClaim { node, channel: channel.to_vec(), offsets, position: position.to_vec(), value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AxisWindow;

    /// Windows with every attribute, and what they read.
    fn windows() -> Vec<(Window2d, [usize; 2])> {
        let uneven = Window2d {
            height: AxisWindow { kernel: 3, stride: 2, dilation: 2, pad_begin: 3, pad_end: 1 },
            width: AxisWindow::new(2, 1).padded(0, 1),
        };
        let dilated = AxisWindow { kernel: 3, stride: 3, dilation: 3, pad_begin: 0, pad_end: 5 };
        let kernels =
            [1, 3, 4, 5, 7, 9, 12].map(|kernel| AxisWindow::new(kernel, 1).padded(kernel / 2, kernel / 2));
        let square =
            [dilated, AxisWindow::new(1, 3), AxisWindow::new(2, 2), AxisWindow::new(1, 2).padded(5, 0)];
        let square = square.into_iter().chain(kernels).map(|axis| (Window2d::square(axis), [13, 15]));
        square
            .chain([(uneven, [9, 8]), (uneven, [5, 1]), (Window2d::square(AxisWindow::new(5, 1)), [40, 50])])
            .collect()
    }

    #[test]
    fn convolutions_by_bytes_agree_with_the_definition() {
        for (window, [height, width]) in windows() {
            for (groups, channels, outputs) in [(1, 3, 5), (1, 1, 9), (3, 3, 6), (2, 4, 2), (4, 4, 4)] {
                let layout = Layout::new(vec![channels, height, width]).unwrap();
                let output = window_output("test", &window, outputs, &layout).unwrap();
                let count = outputs * channels / groups * window.num_offsets();
                let weights: Vec<i8> = (0..count).map(|i| (i * 89 % 256) as u8 as i8).collect();
                let bias = |o: usize| o as i64 * 1000 - 7;
                for (low, high) in [
                    (0, 255),
                    (-128, 127),
                    (-7, 3),
                    (5, 9),
                    (-32768, 32767),
                    (0, 65535),
                    (-(1 << 17), 1 << 17),
                ] {
                    let value = |i: i64| low + i * 7919 % (high - low + 1);
                    let input: Vec<i64> = (0..layout.num_elements() as i64).map(value).collect();
                    let input = Tensor::new(layout.clone(), input).unwrap();
                    assert!(patches::is_dense(&window, &layout, &output));
                    let fast = convolve_bytes(&window, groups, &weights, bias, &input, &output);
                    let weight = |i: usize| i64::from(weights[i]);
                    let expected = convolve(&window, groups, weight, bias, &input, &output);
                    assert_eq!(fast, expected, "{window:?}, {groups} groups, {low}..={high}");
                }
            }
        }
    }

    #[test]
    fn padding_that_dwarfs_the_input_is_not_stored() {
        let window = Window2d::square(AxisWindow::new(1, 4096).padded(4000, 4000));
        let layout = Layout::new(vec![1, 3, 3]).unwrap();
        let output = window_output("test", &window, 1, &layout).unwrap();
        assert!(!patches::is_dense(&window, &layout, &output));
    }
}
