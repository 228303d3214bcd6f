//! Transposed convolutions: zeros between the input's positions, and a convolution with the kernel reversed.

use tacit_layers::{AxisWindow, Window2d, layer::remap::AxisMap};
use tract_onnx::tract_core::ops::cnn::Deconv;

use super::{
    feature_map::feature_map_axes,
    lowering::{Lowering, TypedNode},
};
use crate::{
    error::Error,
    float_graph::{value::Rearrangement, view::View},
};

impl Lowering<'_> {
    pub(super) fn deconv(&mut self, node: &TypedNode, op: &Deconv) -> Result<View, Error> {
        let spec = &op.pool_spec;
        let (input, axes) = self.feature_map(node, spec.data_format)?;
        let rank = spec.rank();
        if op.group == 0 || !axes[0].is_multiple_of(op.group) {
            return Err(self.refuse(node, format!("{} groups", op.group), "groups of one size"));
        }
        let details = spec
            .padding
            .compute_for_deconv(
                &axes[3 - rank..],
                &spec.kernel_shape,
                &spec.dilations(),
                &spec.strides(),
                &op.adjustments,
            )
            .map_err(|_| self.refuse(node, "this padding", "explicit padding"))?;
        let mut window = Window2d::square(AxisWindow::new(1, 1));
        let mut maps = axes.map(AxisMap::identity);
        for (i, detail) in details.iter().enumerate() {
            let (kernel, dilation) = (spec.kernel_shape[i], spec.dilation(i));
            let (length, stride) = (axes[3 - rank + i], spec.stride(i));
            let reach = (dilation * (kernel - 1)) as i64;
            // The reversed window begins this far in front of the first position, and must give so many results.
            let begin = reach - detail.pad_before as i64;
            let total = detail.deconvoluted as i64 + reach;
            let spread = (stride * (length - 1) + 1) as i64;
            let end = total - begin - spread;
            let axis = if i + 1 == rank { &mut window.width } else { &mut window.height };
            (axis.kernel, axis.dilation) = (kernel, dilation);
            maps[3 - rank + i] = if begin >= 0 && end >= 0 {
                (axis.pad_begin, axis.pad_end) = (begin as usize, end as usize);
                AxisMap::spread(0, stride, spread as usize)
            } else {
                AxisMap::spread(begin, stride, total as usize)
            };
        }
        let kernel = self.constant_weights(node, 1)?;
        let channels = [spec.output_channels, axes[0] / op.group];
        let mut weights = self.kernel(node, kernel, op.kernel_format, channels, window)?;
        weights.bias = self.bias(node, 2, spec.output_channels)?;
        let area: usize = weights.axes[2..].iter().product();
        weights.values.chunks_exact_mut(area).for_each(<[f64]>::reverse);
        let lengths = maps.map(|map| map.length);
        let is_same = maps.iter().all(|map| map.repeat == 1) && lengths == axes;
        let input = if is_same {
            input
        } else {
            self.rearranged(node, input, Rearrangement::Remap(maps.to_vec()), lengths.to_vec())
        };
        self.push_conv(node, input, window, op.group, weights, feature_map_axes(spec))
    }
}
