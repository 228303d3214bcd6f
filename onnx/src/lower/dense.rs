//! Contractions with constant weights, as tract's Einstein sums: dense layers and 1x1 convolutions.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::{prelude::OutletId, tract_core::ops::einsum::EinSum};

use super::{
    lowering::{Lowering, TypedNode},
    reading::Constant,
    row_major::{offsets, strides_of},
};
use crate::{
    error::Error,
    float_graph::{
        value::{Operation, Rearrangement},
        view::View,
        weights::Weights,
    },
};

/// What a product does with each axis: contract it with the weights, or keep it as rows.
struct Contraction {
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

impl Contraction {
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
        if node.inputs.len() != 2 {
            return Err(self.refuse(node, "a product of more than two factors", "products of two factors"));
        }
        let x = usize::from(self.constant(node, 0)?.is_some());
        if x == 0 && self.constant(node, 1)?.is_none() {
            return self.product_of_activations(node, op);
        }
        let weights = self.constant_weights(node, 1 - x)?;
        let view = self.view(node, x)?;
        self.dense(node, op, x, view, &weights)
    }

    fn dense(
        &mut self,
        node: &TypedNode,
        op: &EinSum,
        x: usize,
        view: View,
        weights: &Constant,
    ) -> Result<View, Error> {
        if let Some(batch) = Self::batch(op, x, &view, weights) {
            return self.batched(node, op, x, view, weights, &batch);
        }
        let lengths = self.lengths(&view).to_vec();
        let contraction = self.contraction(node, op, x, &view, weights)?;
        let is_input = matches!(self.values[view.value].operation, Operation::Input);
        if is_input && lengths.len() == 2 && contraction.contracts(0) && contraction.rows == [1] {
            // Channels in front of positions: a convolution of one dimension.
            let groups: Vec<Vec<usize>> = (0..view.axes.len())
                .filter(|&axis| !view.axes[axis].is_empty())
                .flat_map(
                    |axis| if view.axes[axis] == [0] { vec![vec![axis], vec![]] } else { vec![vec![axis]] },
                )
                .collect();
            let rank = view.axes.len();
            let axes: Vec<usize> = groups.iter().flatten().copied().collect();
            let value = self.arrange(node, view, &groups);
            let mut lists = vec![vec![]; rank];
            axes.iter().zip([0, 2]).for_each(|(&axis, index)| lists[axis] = vec![index]);
            let view = View { value, axes: lists, strides: vec![1; 3], function: None };
            return self.dense(node, op, x, view, weights);
        }
        let name = self.name(node);
        let outlet = OutletId::new(node.id, 0);
        let only_channels = lengths.len() == 3 && !contraction.contracts(1) && !contraction.contracts(2);
        if only_channels && !contraction.rows.is_empty() && !contraction.rows.contains(&0) {
            let window = Window2d {
                height: AxisWindow::new(1, view.strides[1]),
                width: AxisWindow::new(1, view.strides[2]),
            };
            let mut weights = contraction.gather(weights, &lengths, &[0]);
            weights.axes.extend([1, 1]);
            let axes = vec![
                contraction.num_outputs,
                window.height.output_length(&name, lengths[1])?,
                window.width.output_length(&name, lengths[2])?,
            ];
            let operation = Operation::Conv2d { input: view.value, window, groups: 1, weights };
            return Ok(self.push(&name, axes, operation, outlet, contraction.outlet_axes(0)));
        }
        let num_row_axes = contraction.rows.iter().max().map_or(0, |&last| last + 1);
        if !view.is_whole() || (0..num_row_axes).any(|axis| contraction.contracts(axis)) {
            let view = self.rows_first(node, op, x, view);
            return self.dense(node, op, x, view, weights);
        }
        let contracted: Vec<usize> = (num_row_axes..lengths.len()).collect();
        if contracted.is_empty() {
            return Err(self.refuse(
                node,
                "a product over no axis",
                "a product over the last axes or over all",
            ));
        }
        let weights = contraction.gather(weights, &lengths, &contracted);
        let mut axes = lengths[..num_row_axes].to_vec();
        axes.push(contraction.num_outputs);
        let operation = Operation::Dense { input: view.value, num_row_axes, weights };
        Ok(self.push(&name, axes, operation, outlet, contraction.outlet_axes(num_row_axes)))
    }

    /// The axes of the input that the weights and the result have too, if there are any.
    fn batch(op: &EinSum, x: usize, view: &View, weights: &Constant) -> Option<Vec<usize>> {
        let axes = op.axes.iter_all_axes().filter(|axis| !axis.outputs[0].is_empty());
        let batch: Vec<usize> = axes
            .filter(|axis| axis.inputs[1 - x].iter().any(|&at| weights.shape[at] > 1))
            .flat_map(|axis| axis.inputs[x].iter().copied())
            .filter(|&axis| !view.axes[axis].is_empty())
            .collect();
        (!batch.is_empty()).then_some(batch)
    }

    /// A product with weights of its own for each position of some axes: a grouped convolution by one position.
    fn batched(
        &mut self,
        node: &TypedNode,
        op: &EinSum,
        x: usize,
        view: View,
        weights: &Constant,
        batch: &[usize],
    ) -> Result<View, Error> {
        let shape = self.input_shape(node, x)?;
        let strides = strides_of(&weights.shape);
        let single = op
            .axes
            .iter_all_axes()
            .all(|axis| axis.inputs.iter().chain(&axis.outputs).all(|positions| positions.len() <= 1));
        if !single {
            return Err(self.refuse(node, "a repeated axis", "a plain matrix product"));
        }
        // Position in the input, in the weights and in the result of each axis that is longer than one.
        let named = op.axes.iter_all_axes().map(|axis| {
            let by = axis.inputs[1 - x].first().copied().filter(|&at| weights.shape[at] > 1);
            let from = axis.inputs[x].first().copied().filter(|&at| shape[at] > 1);
            (from, by, axis.outputs[0].first().copied())
        });
        let (mut inner, mut rows, mut channels) = (vec![], vec![], vec![]);
        let (mut batches, mut by_inner) = (vec![], vec![]);
        for axis in named {
            match axis {
                (Some(from), Some(by), Some(to)) => batches.push((from, by, to)),
                (Some(from), Some(by), None) => {
                    inner.push(from);
                    by_inner.push(by);
                }
                (Some(from), None, Some(to)) => rows.push((from, to)),
                (None, Some(by), Some(to)) => channels.push((by, to)),
                (None, None, _) => {}
                _ => {
                    return Err(self.refuse(
                        node,
                        "a sum over an axis of one factor",
                        "a plain matrix product",
                    ));
                }
            }
        }
        let joined = batches.iter().map(|&(from, ..)| from).chain(inner).collect();
        let row_axes: Vec<usize> = rows.iter().map(|&(from, _)| from).collect();
        let input = self.arrange(node, view, &[joined, vec![], row_axes]);
        let order: Vec<usize> = batches
            .iter()
            .map(|&(_, by, _)| by)
            .chain(channels.iter().map(|&(by, _)| by))
            .chain(by_inner.iter().copied())
            .collect();
        let length = |by: &usize| weights.shape[*by];
        let places = offsets(
            &order.iter().map(length).collect::<Vec<_>>(),
            &order.iter().map(|&by| strides[by]).collect::<Vec<_>>(),
        );
        let num_inner: usize = by_inner.iter().map(length).product();
        let groups = batch.iter().map(|&axis| shape[axis]).product();
        let num_outputs = places.len() / num_inner;
        let kernel = Weights {
            axes: vec![num_outputs, num_inner, 1, 1],
            values: places.into_iter().map(|place| weights.values[place]).collect(),
            bias: vec![0.0; num_outputs],
        };
        let window = Window2d::square(AxisWindow::new(1, 1));
        let result = self.push_conv(node, input, window, groups, kernel, vec![])?.value;
        let output = self.output_shape(node)?;
        let axes: Vec<usize> = batches
            .iter()
            .map(|&(_, _, to)| to)
            .chain(channels.iter().map(|&(_, to)| to))
            .chain(rows.iter().map(|&(_, to)| to))
            .collect();
        let target = axes.iter().map(|&axis| output[axis]).collect();
        let value = self.rearranged(node, result, Rearrangement::Reshape, target);
        Ok(self.view_of(value, &axes, output.len()))
    }

    /// The view of a value whose axes are those that the product keeps, then those that it sums over.
    fn rows_first(&mut self, node: &TypedNode, op: &EinSum, x: usize, view: View) -> View {
        let rank = view.axes.len();
        let kept = |axis: &usize| {
            op.axes
                .iter_all_axes()
                .any(|named| named.inputs[x].contains(axis) && !named.outputs[0].is_empty())
        };
        let long = (0..rank).filter(|&axis| !view.axes[axis].is_empty());
        let (rows, columns): (Vec<usize>, Vec<usize>) = long.partition(kept);
        let axes = [rows, columns].concat();
        let groups: Vec<Vec<usize>> = axes.iter().map(|&axis| vec![axis]).collect();
        let value = self.arrange(node, view, &groups);
        self.view_of(value, &axes, rank)
    }

    /// Sorts the axes of an Einstein sum of the computed input `x` and constant weights.
    fn contraction(
        &self,
        node: &TypedNode,
        op: &EinSum,
        x: usize,
        view: &View,
        weights: &Constant,
    ) -> Result<Contraction, Error> {
        let lengths = self.lengths(view);
        let mut contraction = Contraction {
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
                ([], Some(by), Some(to)) if contraction.channel.is_none() => {
                    contraction.channel = Some((stride(by), to));
                    contraction.num_outputs = weights.shape[by];
                }
                (reads, None, Some(to)) => {
                    contraction.rows.extend_from_slice(reads);
                    contraction.outlet[to] = reads.to_vec();
                }
                ([_, ..], Some(by), None) => {
                    let mut stride = stride(by);
                    for &axis in reads.iter().rev() {
                        contraction.strides[axis] = Some(stride);
                        stride *= lengths[axis];
                    }
                }
                _ => return Err(self.refuse(node, "a batched product", "a plain matrix product")),
            }
        }
        Ok(contraction)
    }
}
