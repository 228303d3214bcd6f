//! Sums over windows, and what folding over windows shares.

use crate::cost::convolution;
use rayon::prelude::*;
use tacit_layers::{
    error::Result,
    layer::{Operation, Site, average_pool::AveragePoolLayer},
    tensor::{Tensor, layout::Layout, value::NodeId, window::Window2d},
};

use crate::{
    builder::NetworkBuilder,
    cost::{ArgumentCost, convolution::feature_map},
    interval::Interval,
    layer::{Inference, Ranges, Run, conv2d::axes3},
};

impl NetworkBuilder {
    /// The sum over a sliding window.
    pub fn average_pool(&mut self, name: &str, input: NodeId, window: Window2d) -> NodeId {
        self.node(name, &[input], Operation::AveragePool(AveragePoolLayer { window }))
    }
}

impl Inference for AveragePoolLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        Ok(reduce_windows(&self.window, run.inputs[0], &run.site.output.layout, 0, |sum, x| sum + x, 0))
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        let (low, high) = ranges.hull(0);
        let offsets = self.window.num_offsets() as i128;
        let bounds = (offsets * i128::from(low.min(0)), offsets * i128::from(high.max(0)));
        Ok(Interval::whole(bounds))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        let [Some((channels, input)), Some((_, output))] =
            [site.inputs.layout(0), Some(&site.output.layout)].map(|layout| layout.map(feature_map))
        else {
            return ArgumentCost::default();
        };
        convolution::unfold(channels, &self.window, input, output)
    }

    fn detail(&self) -> String {
        window_in_words(&self.window)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}

/// A window's attributes, as people read them.
pub(super) fn window_in_words(window: &Window2d) -> String {
    let [height, width] = [window.height, window.width];
    let mut parts = vec![format!("{}x{} window", height.kernel, width.kernel)];
    if (height.stride, width.stride) != (1, 1) {
        parts.push(format!("stride {}x{}", height.stride, width.stride));
    }
    if (height.dilation, width.dilation) != (1, 1) {
        parts.push(format!("dilation {}x{}", height.dilation, width.dilation));
    }
    if window.has_padding() {
        let [height, width] = [height, width].map(|axis| format!("{}+{}", axis.pad_begin, axis.pad_end));
        parts.push(format!("padding {height} x {width}"));
    }
    parts.join(", ")
}

/// Outputs that are worth a core's while.
const GRAIN: usize = 1 << 12;

/// Folds every window of every channel with `combine`, reading `outside` for padding.
pub(crate) fn reduce_windows(
    window: &Window2d,
    input: &Tensor<i64>,
    output: &Layout,
    start: i64,
    combine: impl Fn(i64, i64) -> i64 + Sync,
    outside: i64,
) -> Vec<i64> {
    let [_, height, width] = axes3(input.layout());
    let [_, out_height, out_width] = axes3(output);
    let mut result = vec![start; output.num_elements()];
    let rows = result.par_chunks_mut(out_width).with_min_len(GRAIN.div_ceil(out_width)).enumerate();
    rows.for_each(|(index, row)| {
        let (c, py) = (index / out_height, index % out_height);
        for ky in 0..window.height.kernel {
            let Some(y) = window.height.input_position(py, ky, height) else {
                for value in &mut *row {
                    *value = (0..window.width.kernel).fold(*value, |value, _| combine(value, outside));
                }
                continue;
            };
            let map = &input.data()[(c * height + y) * width..][..width];
            for kx in 0..window.width.kernel {
                let inside = window.width.positions_inside(kx, width, out_width);
                let first = window.width.input_position(inside.start, kx, width).unwrap_or(width);
                let (before, rest) = row.split_at_mut(inside.start);
                let (read, behind) = rest.split_at_mut(inside.len());
                for value in before.iter_mut().chain(behind) {
                    *value = combine(*value, outside);
                }
                for (value, &x) in read.iter_mut().zip(map[first..].iter().step_by(window.width.stride)) {
                    *value = combine(*value, x);
                }
            }
        }
    });
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacit_layers::{layer::conv2d::window_output, tensor::window::AxisWindow};

    #[test]
    fn windows_are_folded_over_what_they_read() {
        for (kernel, stride, dilation, pad_begin, pad_end) in [
            (1, 1, 1, 0, 0),
            (2, 2, 1, 0, 0),
            (3, 2, 1, 1, 1),
            (3, 1, 2, 4, 3),
            (4, 3, 1, 0, 5),
            (2, 1, 9, 10, 10),
        ] {
            let height = AxisWindow { kernel, stride, dilation, pad_begin, pad_end };
            let window =
                Window2d { height, width: AxisWindow { pad_begin: pad_end, pad_end: pad_begin, ..height } };
            let layout = Layout::new(vec![3, 11, 12]).unwrap();
            let data: Vec<i64> = (0..layout.num_elements() as i64).map(|i| i * 7919 % 511 - 255).collect();
            let input = Tensor::new(layout.clone(), data).unwrap();
            let output = window_output("pool", &window, 3, &layout).unwrap();
            let [channels, out_height, out_width] = axes3(&output);
            // Each value shows what was read, in which order.
            let combine = |value: i64, x: i64| value.wrapping_mul(1_000_003).wrapping_add(x);
            let mut expected = vec![];
            for c in 0..channels {
                for (py, px) in (0..out_height).flat_map(|py| (0..out_width).map(move |px| (py, px))) {
                    let offsets = (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx)));
                    let reads = offsets.map(|(ky, kx)| {
                        let y = window.height.input_position(py, ky, 11);
                        let x = window.width.input_position(px, kx, 12);
                        y.zip(x).map_or(-9, |(y, x)| input.data()[(c * 11 + y) * 12 + x])
                    });
                    expected.push(reads.fold(5, combine));
                }
            }
            assert_eq!(reduce_windows(&window, &input, &output, 5, combine, -9), expected, "{window:?}");
        }
    }
}
