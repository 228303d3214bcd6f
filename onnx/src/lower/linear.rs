//! Convolutions and matrix products with constant weights.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        cnn::{Conv, KernelFormat},
        einsum::EinSum,
    },
};

use super::{Constant, Lowering, TypedNode, feature_map_axes, pool::window_of};
use crate::{
    error::Error,
    graph::{Operation, View, Weights},
};

impl Lowering<'_> {
    pub(super) fn conv(&mut self, node: &TypedNode, op: &Conv) -> Result<View, Error> {
        if op.q_params.is_some() {
            return Err(self.refuse(node, "quantised arithmetic", "a float model, which is quantised here"));
        }
        if op.group != 1 {
            return Err(self.refuse(node, format!("a convolution in {} groups", op.group), "one group"));
        }
        let (input, axes) = self.feature_map(node, op.pool_spec.data_format)?;
        let kernel = self.constant_weights(node, 1)?;
        let (num_outputs, num_inputs) = (op.pool_spec.output_channels, axes[0]);
        let window = window_of(self, node, &op.pool_spec, axes)?;
        let (kh, kw) = (window.height.kernel, window.width.kernel);
        let order = match op.kernel_fmt {
            KernelFormat::OIHW => [0, 1, 2, 3],
            KernelFormat::HWIO => [3, 2, 0, 1],
            KernelFormat::OHWI => [0, 3, 1, 2],
        };
        let shape = vec![num_outputs, num_inputs, kh, kw];
        if kernel.shape.len() != 4 || order.iter().zip(&shape).any(|(&axis, &n)| kernel.shape[axis] != n) {
            let actual = format!("a kernel of shape {:?}", kernel.shape);
            return Err(self.refuse(node, actual, "a kernel that fits the input"));
        }
        let mut strides = [1_usize; 4];
        for axis in (0..3).rev() {
            strides[axis] = strides[axis + 1] * kernel.shape[axis + 1];
        }
        let [so, si, sh, sw] = order.map(|axis| strides[axis]);
        let mut values = Vec::with_capacity(kernel.values.len());
        for (o, i) in (0..num_outputs).flat_map(|o| (0..num_inputs).map(move |i| (o, i))) {
            for (y, x) in (0..kh).flat_map(|y| (0..kw).map(move |x| (y, x))) {
                values.push(kernel.values[o * so + i * si + y * sh + x * sw]);
            }
        }
        let bias = match node.inputs.len() {
            2 => vec![0.0; num_outputs],
            _ => self.bias(node, 2, num_outputs)?,
        };
        let name = self.name(node);
        let height = window.height.output_length(&name, axes[1])?;
        let width = window.width.output_length(&name, axes[2])?;
        let weights = Weights { axes: shape, values, bias };
        let operation = Operation::Conv2d { input, window, weights };
        let view = feature_map_axes(op.pool_spec.data_format);
        Ok(self.push(&name, vec![num_outputs, height, width], operation, OutletId::new(node.id, 0), view))
    }

    fn constant_weights(&self, node: &TypedNode, input: usize) -> Result<Constant, Error> {
        self.finite_constant(node, input)?
            .ok_or_else(|| self.refuse(node, "a product of two computed tensors", "constant weights"))
    }

    fn bias(&self, node: &TypedNode, input: usize, num_outputs: usize) -> Result<Vec<f64>, Error> {
        let constant = self
            .finite_constant(node, input)?
            .ok_or_else(|| self.refuse(node, "a computed bias", "a constant bias"))?;
        match constant.values.len() {
            1 => Ok(vec![constant.values[0]; num_outputs]),
            n if n == num_outputs => Ok(constant.values),
            n => Err(self.refuse(node, format!("{n} biases"), "one bias for each output channel")),
        }
    }

    pub(super) fn einsum(&mut self, node: &TypedNode, op: &EinSum) -> Result<View, Error> {
        if op.q_params.is_some() {
            return Err(self.refuse(node, "quantised arithmetic", "a float model, which is quantised here"));
        }
        let x = usize::from(self.constant(node, 0)?.is_some());
        if node.inputs.len() != 2 || x == 1 && self.constant(node, 1)?.is_some() {
            return Err(self.refuse(node, "this product", "one computed and one constant factor"));
        }
        let weights = self.constant_weights(node, 1 - x)?;
        let view = self.view(node, x)?;
        let lengths = self.lengths(&view).to_vec();
        let output = self.output_shape(node)?;
        // Every value axis is either contracted with the weights or kept as rows.
        let mut strides: Vec<Option<usize>> = vec![None; lengths.len()];
        let (mut output_axis, mut rows) = (None, vec![]);
        let mut output_view: Vec<Option<Vec<usize>>> = vec![None; output.len()];
        let weight_strides = row_major_strides(&weights.shape);
        for axis in op.axes.iter_all_axes() {
            let single = |positions: &[usize]| match positions {
                [] => Some(None),
                [position] => Some(Some(*position)),
                _ => None,
            };
            let (Some(from), Some(by), Some(to)) =
                (single(&axis.inputs[x]), single(&axis.inputs[1 - x]), single(&axis.outputs[0]))
            else {
                return Err(self.refuse(node, "a repeated axis", "a plain matrix product"));
            };
            let reads = from.map_or(&[][..], |position| &view.axes[position][..]);
            let by = by.filter(|&position| weights.shape[position] > 1);
            match (reads, by, to) {
                ([], None, to) => {
                    if let Some(to) = to {
                        output_view[to] = Some(vec![]);
                    }
                }
                ([], Some(by), Some(to)) if output_axis.is_none() => output_axis = Some((by, to)),
                (reads, None, Some(to)) => {
                    rows.extend_from_slice(reads);
                    output_view[to] = Some(reads.to_vec());
                }
                ([_, ..], Some(by), None) => {
                    let mut stride = weight_strides[by];
                    for &axis in reads.iter().rev() {
                        strides[axis] = Some(stride);
                        stride *= lengths[axis];
                    }
                }
                _ => return Err(self.refuse(node, "a batched product", "a plain matrix product")),
            }
        }
        let num_outputs = output_axis.map_or(1, |(by, _)| weights.shape[by]);
        let output_stride = output_axis.map_or(0, |(by, _)| weight_strides[by]);
        rows.sort_unstable();
        let contracted = |axis: usize| strides[axis].is_some();
        let first = (0..lengths.len()).find(|&axis| contracted(axis)).unwrap_or(0);
        let gather = |axes: &[usize]| {
            let mut values = vec![];
            for o in 0..num_outputs {
                let count: usize = axes.iter().map(|&axis| lengths[axis]).product();
                for index in 0..count {
                    let (mut rest, mut at) = (index, o * output_stride);
                    for &axis in axes.iter().rev() {
                        at += rest % lengths[axis] * strides[axis].unwrap_or(0);
                        rest /= lengths[axis];
                    }
                    values.push(weights.values[at]);
                }
            }
            values
        };
        let name = self.name(node);
        let outlet = OutletId::new(node.id, 0);
        let bias = vec![0.0; num_outputs];
        let channel_output = output_axis.map(|(_, to)| to);
        if lengths.len() == 3
            && !rows.is_empty()
            && rows.iter().all(|&axis| axis > 0)
            && !contracted(1)
            && !contracted(2)
        {
            // Contracting the channels of a feature map: a convolution with a 1x1 kernel.
            let window = Window2d {
                height: AxisWindow::new(1, view.strides[1]),
                width: AxisWindow::new(1, view.strides[2]),
            };
            let shape = vec![num_outputs, lengths[0], 1, 1];
            let axes = vec![
                num_outputs,
                window.height.output_length(&name, lengths[1])?,
                window.width.output_length(&name, lengths[2])?,
            ];
            let weights = Weights { axes: shape, values: gather(&[0]), bias };
            let operation = Operation::Conv2d { input: view.value, window, weights };
            let view = output_axes(output_view, channel_output, 0);
            return Ok(self.push(&name, axes, operation, outlet, view));
        }
        if !view.is_whole() || rows.iter().any(|&axis| axis >= first) {
            let actual = format!("a product over inner axes of a value of shape {lengths:?}");
            return Err(self.refuse(node, actual, "a product over the last axes or over all"));
        }
        // Unit axes in front of the contracted ones stay rows only when real rows are in front of them.
        let num_row_axes = rows.last().map_or(0, |&last| last + 1);
        let axes: Vec<usize> = (num_row_axes..lengths.len()).collect();
        let mut shape = vec![num_outputs];
        shape.extend(&lengths[num_row_axes..]);
        let mut result = lengths[..num_row_axes].to_vec();
        result.push(num_outputs);
        let weights = Weights { axes: shape, values: gather(&axes), bias };
        let operation = Operation::Dense { input: view.value, num_row_axes, weights };
        let view = output_axes(output_view, channel_output, num_row_axes);
        Ok(self.push(&name, result, operation, outlet, view))
    }
}

/// Axes of a product's outlet: rows where they were found, the output channel where it is put.
fn output_axes(
    rows: Vec<Option<Vec<usize>>>,
    channel: Option<usize>,
    channel_axis: usize,
) -> Vec<Vec<usize>> {
    let axis = |(position, axes): (usize, Option<Vec<usize>>)| match axes {
        _ if channel == Some(position) => vec![channel_axis],
        axes => axes.unwrap_or_default(),
    };
    rows.into_iter().enumerate().map(axis).collect()
}

fn row_major_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (0..shape.len().saturating_sub(1)).rev() {
        strides[axis] = strides[axis + 1] * shape[axis + 1];
    }
    strides
}
