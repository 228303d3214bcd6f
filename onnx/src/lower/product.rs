//! Matrix products with constant weights, as tract's Einstein sums: dense layers and 1x1 convolutions.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::{prelude::OutletId, tract_core::ops::einsum::EinSum};

use super::{Constant, Lowering, TypedNode};
use crate::{
    error::Error,
    graph::{Operation, View, Weights},
};

/// What a product does with each axis: contract it with the weights, or keep it as rows.
struct Product {
    /// For a contracted value axis, its stride in the weights.
    strides: Vec<Option<usize>>,
    /// Value axes that are kept.
    rows: Vec<usize>,
    /// The output channel's stride in the weights and its axis in the outlet.
    channel: Option<(usize, usize)>,
    num_outputs: usize,
    /// For each axis of the outlet, the kept value axes it runs over.
    outlet: Vec<Vec<usize>>,
}

impl Product {
    fn contracts(&self, axis: usize) -> bool {
        self.strides[axis].is_some()
    }

    /// The weights in the order (outputs, these value axes).
    fn gather(&self, weights: &Constant, lengths: &[usize], axes: &[usize]) -> Weights {
        let count: usize = axes.iter().map(|&axis| lengths[axis]).product();
        let channel_stride = self.channel.map_or(0, |(stride, _)| stride);
        let mut values = Vec::with_capacity(count * self.num_outputs);
        for o in 0..self.num_outputs {
            for index in 0..count {
                let (mut rest, mut at) = (index, o * channel_stride);
                for &axis in axes.iter().rev() {
                    at += rest % lengths[axis] * self.strides[axis].unwrap_or(0);
                    rest /= lengths[axis];
                }
                values.push(weights.values[at]);
            }
        }
        let mut shape = vec![self.num_outputs];
        shape.extend(axes.iter().map(|&axis| lengths[axis]));
        Weights { axes: shape, values, bias: vec![0.0; self.num_outputs] }
    }

    /// Axes of the outlet when the value's output channels are on `channel_axis`.
    fn outlet_axes(mut self, channel_axis: usize) -> Vec<Vec<usize>> {
        if let Some((_, position)) = self.channel {
            self.outlet[position] = vec![channel_axis];
        }
        self.outlet
    }
}

impl Lowering<'_> {
    pub(super) fn einsum(&mut self, node: &TypedNode, op: &EinSum) -> Result<View, Error> {
        if op.q_params.is_some() {
            return Err(self.refuse(node, "quantised arithmetic", "a float model, which is quantised here"));
        }
        let x = usize::from(self.constant(node, 0)?.is_some());
        if node.inputs.len() != 2 {
            return Err(self.refuse(node, "this product", "one computed and one constant factor"));
        }
        let weights = self.constant_weights(node, 1 - x)?;
        let view = self.view(node, x)?;
        let lengths = self.lengths(&view).to_vec();
        let product = self.product(node, op, x, &view, &weights)?;
        if view.value == 0 && lengths.len() == 2 && product.contracts(0) && product.rows == [1] {
            // Channels in front of positions: a convolution of one dimension.
            self.relabel_input([lengths[0], 1, lengths[1]]);
            return self.einsum(node, op);
        }
        let name = self.name(node);
        let outlet = OutletId::new(node.id, 0);
        let only_channels = lengths.len() == 3 && !product.contracts(1) && !product.contracts(2);
        if only_channels && !product.rows.is_empty() && !product.rows.contains(&0) {
            let window = Window2d {
                height: AxisWindow::new(1, view.strides[1]),
                width: AxisWindow::new(1, view.strides[2]),
            };
            let mut weights = product.gather(&weights, &lengths, &[0]);
            weights.axes.extend([1, 1]);
            let axes = vec![
                product.num_outputs,
                window.height.output_length(&name, lengths[1])?,
                window.width.output_length(&name, lengths[2])?,
            ];
            let operation = Operation::Conv2d { input: view.value, window, groups: 1, weights };
            return Ok(self.push(&name, axes, operation, outlet, product.outlet_axes(0)));
        }
        let num_row_axes = product.rows.iter().max().map_or(0, |&last| last + 1);
        if !view.is_whole() || (0..num_row_axes).any(|axis| product.contracts(axis)) {
            let actual = format!("a product over inner axes of a value of shape {lengths:?}");
            return Err(self.refuse(node, actual, "a product over the last axes or over all"));
        }
        let contracted: Vec<usize> = (num_row_axes..lengths.len()).collect();
        if contracted.is_empty() {
            return Err(self.refuse(
                node,
                "a product over no axis",
                "a product over the last axes or over all",
            ));
        }
        let weights = product.gather(&weights, &lengths, &contracted);
        let mut axes = lengths[..num_row_axes].to_vec();
        axes.push(product.num_outputs);
        let operation = Operation::Dense { input: view.value, num_row_axes, weights };
        Ok(self.push(&name, axes, operation, outlet, product.outlet_axes(num_row_axes)))
    }

    /// Sorts the axes of an Einstein sum of the computed input `x` and constant weights.
    fn product(
        &self,
        node: &TypedNode,
        op: &EinSum,
        x: usize,
        view: &View,
        weights: &Constant,
    ) -> Result<Product, Error> {
        let lengths = self.lengths(view);
        let mut product = Product {
            strides: vec![None; lengths.len()],
            rows: vec![],
            channel: None,
            num_outputs: 1,
            outlet: vec![vec![]; self.output_shape(node)?.len()],
        };
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
            let stride = |position: usize| weights.shape[position + 1..].iter().product::<usize>();
            match (reads, by, to) {
                ([], None, _) => {}
                ([], Some(by), Some(to)) if product.channel.is_none() => {
                    product.channel = Some((stride(by), to));
                    product.num_outputs = weights.shape[by];
                }
                (reads, None, Some(to)) => {
                    product.rows.extend_from_slice(reads);
                    product.outlet[to] = reads.to_vec();
                }
                ([_, ..], Some(by), None) => {
                    let mut stride = stride(by);
                    for &axis in reads.iter().rev() {
                        product.strides[axis] = Some(stride);
                        stride *= lengths[axis];
                    }
                }
                _ => return Err(self.refuse(node, "a batched product", "a plain matrix product")),
            }
        }
        Ok(product)
    }
}
