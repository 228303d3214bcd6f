//! Convolutions with constant weights.

use tacit_layers::Window2d;
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::cnn::{Conv, KernelFormat},
};

use super::{
    feature_map::{feature_map_axes, window_of},
    lowering::{Lowering, TypedNode},
    reading::Constant,
    row_major::{offsets, strides_of},
};
use crate::{
    error::Error,
    float_graph::{value::Operation, view::View, weights::Weights},
};

/// Most weights that a convolution may have after its groups are merged into one, zeros included.
const MAX_WIDENED: usize = 1 << 22;

impl Lowering<'_> {
    pub(super) fn conv(&mut self, node: &TypedNode, op: &Conv) -> Result<View, Error> {
        if op.q_params.is_some() {
            return Err(self.refuse(node, "quantised arithmetic", "a float model, which is quantised here"));
        }
        let num_images = self.num_images(node, &op.pool_spec)?;
        let (input, axes) = if num_images == 1 {
            self.feature_map(node, op.pool_spec.data_format)?
        } else {
            (0, self.image_lengths(node, &op.pool_spec)?)
        };
        let (num_outputs, groups) = (op.pool_spec.output_channels, op.group);
        if groups == 0 || !axes[0].is_multiple_of(groups) || !num_outputs.is_multiple_of(groups) {
            let actual = format!("{} channels and {num_outputs} outputs in {groups} groups", axes[0]);
            return Err(self.refuse(node, actual, "groups of one size"));
        }
        let kernel = self.constant_weights(node, 1)?;
        let window = window_of(self, node, &op.pool_spec, axes)?;
        let channels = [num_outputs, axes[0] / groups];
        let mut weights = self.kernel(node, kernel, op.kernel_fmt, channels, window)?;
        if node.inputs.len() > 2 {
            weights.bias = self.bias(node, 2, num_outputs)?;
        }
        if num_images > 1 {
            return self.conv_of_images(node, &op.pool_spec, num_images, window, groups, weights);
        }
        self.push_conv(node, input, window, groups, weights, feature_map_axes(&op.pool_spec))
    }

    /// A kernel in the order (outputs, channels of a group, height, width).
    pub(super) fn kernel(
        &self,
        node: &TypedNode,
        mut kernel: Constant,
        format: KernelFormat,
        [num_outputs, num_inputs]: [usize; 2],
        window: Window2d,
    ) -> Result<Weights, Error> {
        if kernel.shape.len() == 3 {
            kernel.shape.insert(format.h_axis(), 1);
        }
        let (kh, kw) = (window.height.kernel, window.width.kernel);
        let order = match format {
            KernelFormat::OIHW => [0, 1, 2, 3],
            KernelFormat::HWIO => [3, 2, 0, 1],
            KernelFormat::OHWI => [0, 3, 1, 2],
        };
        let shape = vec![num_outputs, num_inputs, kh, kw];
        if kernel.shape.len() != 4 || order.iter().zip(&shape).any(|(&axis, &n)| kernel.shape[axis] != n) {
            let actual = format!("a kernel of shape {:?}", kernel.shape);
            return Err(self.refuse(node, actual, "a kernel that fits the input"));
        }
        let strides = strides_of(&kernel.shape);
        let places = offsets(&shape, &order.map(|axis| strides[axis]));
        let values = places.into_iter().map(|place| kernel.values[place]).collect();
        Ok(Weights { axes: shape, values, bias: vec![0.0; num_outputs] })
    }

    /// Pushes a convolution over a feature map; groups whose sizes the argument does not cover are merged.
    pub(super) fn push_conv(
        &mut self,
        node: &TypedNode,
        input: usize,
        window: Window2d,
        groups: usize,
        mut weights: Weights,
        view: Vec<Vec<usize>>,
    ) -> Result<View, Error> {
        let name = self.name(node);
        let (num_outputs, num_inputs) = (weights.axes[0], weights.axes[1]);
        let lengths = &self.values[input].axes;
        let height = window.height.output_length(&name, lengths[1])?;
        let width = window.width.output_length(&name, lengths[2])?;
        let splits = num_inputs.is_power_of_two() && (num_outputs / groups).is_power_of_two();
        let groups = if groups == 1 || splits {
            groups
        } else if weights.values.len().saturating_mul(groups) <= MAX_WIDENED {
            weights.widen(groups);
            1
        } else {
            let actual =
                format!("{groups} groups of {num_inputs} channels and {} outputs", num_outputs / groups);
            return Err(self.refuse(node, actual, "channels and outputs of a group that are powers of two"));
        };
        let operation = Operation::Conv2d { input, window, groups, weights };
        Ok(self.push(&name, vec![num_outputs, height, width], operation, OutletId::new(node.id, 0), view))
    }
}
