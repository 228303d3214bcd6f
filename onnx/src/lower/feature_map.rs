//! Feature maps: their axes, and windows over them.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::tract_core::ops::{cnn::PoolSpec, nn::DataFormat};

use super::lowering::{Lowering, TypedNode};
use crate::error::Error;

/// The axes of a feature map's outlet in this format; of one dimension, it has no height.
pub(super) fn feature_map_axes(spec: &PoolSpec) -> Vec<Vec<usize>> {
    let spatial = if spec.rank() == 1 { &[2][..] } else { &[1, 2] };
    let (batch, order): (_, Vec<usize>) = match spec.data_format {
        DataFormat::NCHW => (vec![vec![]], [&[0], spatial].concat()),
        DataFormat::NHWC => (vec![vec![]], [spatial, &[0]].concat()),
        DataFormat::CHW => (vec![], [&[0], spatial].concat()),
        DataFormat::HWC => (vec![], [spatial, &[0]].concat()),
    };
    batch.into_iter().chain(order.into_iter().map(|axis| vec![axis])).collect()
}

/// The window of a convolution or pool, with the padding that its positions really touch.
pub(super) fn window_of(
    lowering: &Lowering<'_>,
    node: &TypedNode,
    spec: &PoolSpec,
    axes: [usize; 3],
) -> Result<Window2d, Error> {
    if !(1..=2).contains(&spec.rank()) {
        let actual = format!("a {}-dimensional window", spec.rank());
        return Err(lowering.refuse(node, actual, "one or two dimensions"));
    }
    let lengths = &axes[axes.len() - spec.rank()..];
    let dims = spec.computed_padding(lengths);
    let axis = |i: usize| {
        let (kernel, stride, dilation) = (spec.kernel_shape[i], spec.stride(i), spec.dilation(i));
        let (length, begin) = (lengths[i], dims[i].pad_before);
        let last = dims[i].convoluted.saturating_sub(1) * stride;
        let extent = kernel.saturating_sub(1) * dilation + 1;
        let end = (last + extent).saturating_sub(length + begin);
        AxisWindow { kernel, stride, dilation, pad_begin: begin, pad_end: end }
    };
    Ok(match spec.rank() {
        1 => Window2d { height: AxisWindow::new(1, 1), width: axis(0) },
        _ => Window2d { height: axis(0), width: axis(1) },
    })
}

impl Lowering<'_> {
    /// The value index of a feature map whose outlet has this format; without a height axis the height is one.
    pub(super) fn feature_map(
        &mut self,
        node: &TypedNode,
        format: DataFormat,
    ) -> Result<(usize, [usize; 3]), Error> {
        let shape = self.input_shape(node, 0)?;
        let batch = usize::from(matches!(format, DataFormat::NCHW | DataFormat::NHWC));
        let view = self.view(node, 0)?;
        if batch == 1 && shape.first().is_some_and(|&n| n > 1) {
            let actual = format!("{} feature maps at once", shape[0]);
            return Err(self.refuse(node, actual, "one"));
        }
        let rank = shape.len().saturating_sub(batch + 1);
        if !(1..=2).contains(&rank) || view.axes.len() != shape.len() {
            let actual = format!("an input of shape {shape:?}");
            return Err(self.refuse(node, actual, "a feature map of one or two dimensions"));
        }
        let (c, spatial) = match format {
            DataFormat::NCHW | DataFormat::CHW => (batch, batch + 1),
            DataFormat::NHWC | DataFormat::HWC => (batch + rank, batch),
        };
        let (h, w) = ((rank == 2).then_some(spatial), spatial + rank - 1);
        let axes = [shape[c], h.map_or(1, |h| shape[h]), shape[w]];
        let groups = [vec![c], h.into_iter().collect(), vec![w]];
        Ok((self.arrange(node, view, &groups), axes))
    }
}
