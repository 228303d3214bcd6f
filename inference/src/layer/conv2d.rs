//! Convolutions.

use crate::{cost::convolution, layer::average_pool::window_in_words};
use tacit_layers::{
    argument::choice::ConvolutionArgument,
    error::{Error, Result},
    layer::{
        Operation, Site,
        conv2d::{Conv2dLayer, ConvolutionLayer},
    },
    tensor::{
        Tensor,
        layout::Layout,
        value::{NodeId, Parameter, ParameterId},
        window::Window2d,
    },
};

use crate::{
    builder::NetworkBuilder,
    byte_products::{Planes, Weights},
    cost::{ArgumentCost, convolution::ConvolutionShape},
    interval::Interval,
    layer::{Inference, Ranges, Run, conv2d::patches::PaddedMaps, dense::channel_bounds},
};

pub(crate) mod patches;

impl NetworkBuilder {
    /// A convolution; weights of shape (outputs, input channels, kernel height, kernel width).
    ///
    /// # Errors
    /// When the bias is empty.
    pub fn conv2d(
        &mut self,
        name: &str,
        input: NodeId,
        window: Window2d,
        weights: Tensor<i8>,
        bias: Option<Vec<i32>>,
    ) -> Result<NodeId> {
        self.grouped_conv2d(name, input, window, 1, weights, bias)
    }

    /// A grouped convolution; weights of shape (outputs, input channels of a group, kernel height, kernel width).
    ///
    /// # Errors
    /// When the bias is empty.
    pub fn grouped_conv2d(
        &mut self,
        name: &str,
        input: NodeId,
        window: Window2d,
        groups: usize,
        weights: Tensor<i8>,
        bias: Option<Vec<i32>>,
    ) -> Result<NodeId> {
        let weights = self.weights(&format!("{name}.weight"), weights);
        let bias = bias.map(|values| self.biases(&format!("{name}.bias"), values)).transpose()?;
        Ok(self.conv2d_of(name, input, window, groups, weights, bias))
    }

    /// A grouped convolution of [weights](Self::weights) and a [bias](Self::biases) that other layers may read as well.
    pub fn conv2d_of(
        &mut self,
        name: &str,
        input: NodeId,
        window: Window2d,
        groups: usize,
        weights: ParameterId,
        bias: Option<ParameterId>,
    ) -> NodeId {
        let (num_outputs, argument) = (self.num_outputs(weights), ConvolutionArgument::default());
        let layer = Conv2dLayer { weights, bias, num_outputs, groups, window, argument };
        self.node(name, &[input], Operation::Conv2d(layer))
    }
}

impl Inference for Conv2dLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let (weights, input, output) = (run.parameters[0], run.inputs[0], &run.site.output.layout);
        let bias = |o| run.bias(o);
        Ok(match weights {
            Parameter::Int8(weights) if patches::is_dense(&self.window, input.layout(), output) => {
                convolve_bytes(&self.window, self.groups, weights, bias, input, output)
            }
            Parameter::Int8(_) | Parameter::Int32(_) => {
                convolve(&self.window, self.groups, |i| weights.get(i), bias, input, output)
            }
        })
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        let (low, high) = ranges.hull(0);
        let input = if self.window.has_padding() { (low.min(0), high.max(0)) } else { (low, high) };
        Ok(Interval { channels: channel_bounds(ranges, self.num_outputs, input), axis: Some(0) })
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        let shape =
            site.inputs.layout(0).map(|input| ConvolutionShape::new(self, input, &site.output.layout));
        shape.map_or_else(ArgumentCost::default, |shape| convolution::cost(self.argument, &shape))
    }

    fn detail(&self) -> String {
        window_in_words(&self.window)
    }

    fn num_macs(&self, site: &Site) -> u64 {
        site.inputs.layout(0).map_or(0, |input| Self::num_macs(self, input, &site.output.layout))
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

/// A stand-alone convolution of an input with weights.
///
/// # Errors
/// [`Error::LayerShape`] when weights or input are not of the layer's shapes.
pub fn convolve_alone(
    layer: &ConvolutionLayer,
    weights: &Tensor<i64>,
    input: &Tensor<i64>,
) -> Result<Tensor<i64>> {
    for (what, expected, actual) in
        [("weights", &layer.weights, weights.layout()), ("input", &layer.input, input.layout())]
    {
        if expected != actual {
            let (expected, actual) = (expected.axes().to_vec(), actual.axes().to_vec());
            return Err(Error::LayerShape { layer: "convolution".to_owned(), what, expected, actual });
        }
    }
    let sums = convolve(&layer.window, layer.groups, |i| weights.data()[i], |_| 0, input, &layer.output);
    Tensor::new(layer.output.clone(), sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacit_layers::{layer::conv2d::window_output, tensor::window::AxisWindow};

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
    fn a_convolution_alone_is_that_of_its_groups() {
        let window = Window2d::square(AxisWindow::new(1, 1));
        let input = Layout::new(vec![4, 1, 1]).unwrap();
        let layer = ConvolutionLayer::grouped(window, 2, input.clone(), 2).unwrap();
        let input = Tensor::new(input, vec![1, 2, 3, 4]).unwrap();
        let weights = Tensor::new(layer.weights.clone(), vec![10, 100, 1000, 10_000]).unwrap();
        assert_eq!(convolve_alone(&layer, &weights, &input).unwrap().data(), [210, 43_000]);
    }

    #[test]
    fn padding_that_dwarfs_the_input_is_not_stored() {
        let window = Window2d::square(AxisWindow::new(1, 4096).padded(4000, 4000));
        let layout = Layout::new(vec![1, 3, 3]).unwrap();
        let output = window_output("test", &window, 1, &layout).unwrap();
        assert!(!patches::is_dense(&window, &layout, &output));
    }
}
