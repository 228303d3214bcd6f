//! Sums, maxima and softmax over axes.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::nn::{Reduce, Reducer, Softmax, SoftmaxKind},
};

use super::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{
        value::{Mask, Operation, Rearrangement},
        view::View,
    },
};

impl Lowering<'_> {
    pub(super) fn reduce(&mut self, node: &TypedNode, op: &Reduce) -> Result<View, Error> {
        let is_max = match op.reducer {
            Reducer::Sum => false,
            Reducer::Max => true,
            Reducer::ArgMax(takes_last) => return self.arg_max(node, op, takes_last),
            _ => return Err(self.unsupported(node)),
        };
        let view = self.whole_view(node, 0)?;
        self.check_axes(node, &view, &op.axes)?;
        let reduced: Vec<usize> = op.axes.iter().flat_map(|&axis| view.axes[axis].clone()).collect();
        let axes = <[usize; 3]>::try_from(self.lengths(&view));
        if reduced.is_empty() {
            return Ok(view);
        }
        if let Ok(axes) = axes
            && reduced.iter().all(|&axis| axis > 0)
        {
            let kernel = |axis: usize| if reduced.contains(&axis) { axes[axis] } else { 1 };
            let window =
                Window2d { height: AxisWindow::new(kernel(1), 1), width: AxisWindow::new(kernel(2), 1) };
            let mut output = view.axes.clone();
            for &axis in &op.axes {
                output[axis].clear();
            }
            return if is_max {
                self.push_max_pool(node, view.value, axes, window, &output)
            } else {
                self.push_sum_pool(node, view.value, axes, window, 1.0, output)
            };
        }
        if is_max {
            self.reduce_last(node, view, &op.axes)
        } else {
            Ok(self.sum(node, view, &op.axes, reduced))
        }
    }

    fn arg_max(&mut self, node: &TypedNode, op: &Reduce, takes_last: bool) -> Result<View, Error> {
        let &[axis] = &op.axes[..] else { return Err(self.unsupported(node)) };
        let (view, at) = self.along(node, axis)?;
        let mut lengths = self.lengths(&view).to_vec();
        lengths[at] = 1;
        let mut output = view.axes;
        output[axis].clear();
        let operation = Operation::ArgMax { input: view.value, axis: at, takes_last };
        Ok(self.push(&self.name(node), lengths, operation, OutletId::new(node.id, 0), output))
    }

    pub(super) fn softmax(&mut self, node: &TypedNode, op: &Softmax) -> Result<View, Error> {
        let (&[axis], SoftmaxKind::Softmax) = (&op.axes[..], &op.kind) else {
            return Err(self.unsupported(node));
        };
        let mask = self.mask_of(node)?;
        if mask.is_some() {
            // A mask goes with every position of the value.
            let view = self.whole_view(node, 0)?;
            self.views[node.inputs[0].node] = Some(view);
        }
        let (view, at) = self.along(node, axis)?;
        let lengths = self.lengths(&view).to_vec();
        let mask = mask.map(|(constant, depth)| {
            let coefficients = self.coefficients(&view, &constant);
            let count = lengths.iter().product();
            Mask { kept: (0..count).map(|element| coefficients.at(element) != 0.0).collect(), depth }
        });
        if mask.as_ref().is_some_and(|mask| mask.leaves_a_line_empty(&lengths, at)) {
            let expected = "an element that is left in every line";
            return Err(self.refuse(node, "a line of which everything is masked", expected));
        }
        let operation = Operation::Softmax { input: view.value, axis: at, mask };
        Ok(self.push(&self.name(node), lengths, operation, OutletId::new(node.id, 0), view.axes))
    }

    /// A view of the first input in which an axis is one axis of the value, and which one.
    fn along(&mut self, node: &TypedNode, axis: usize) -> Result<(View, usize), Error> {
        let view = self.view(node, 0)?;
        self.check_axes(node, &view, &[axis])?;
        let (view, found) = self.addressed(node, view, &[axis]);
        let at = found.first().copied().ok_or_else(|| self.unsupported(node))?;
        Ok((view, at))
    }

    /// Refuses axes that an outlet does not have: tract passes some attributes on as they are.
    fn check_axes(&self, node: &TypedNode, view: &View, axes: &[usize]) -> Result<(), Error> {
        match axes.iter().find(|&&axis| axis >= view.axes.len()) {
            Some(axis) => Err(self.refuse(node, format!("axis {axis}"), "an axis of its input")),
            None => Ok(()),
        }
    }

    fn sum(&mut self, node: &TypedNode, view: View, axes: &[usize], mut reduced: Vec<usize>) -> View {
        reduced.sort_unstable();
        let mut lengths = self.lengths(&view).to_vec();
        for &axis in &reduced {
            lengths[axis] = 1;
        }
        let mut output = view.axes;
        for &axis in axes {
            output[axis].clear();
        }
        let operation = Operation::ReduceSum { input: view.value, axes: reduced };
        self.push(&self.name(node), lengths, operation, OutletId::new(node.id, 0), output)
    }

    /// Brings the axes that go behind those that stay, and pools them: maxima.
    fn reduce_last(&mut self, node: &TypedNode, view: View, reduced: &[usize]) -> Result<View, Error> {
        let rank = view.axes.len();
        let long = (0..rank).filter(|&axis| !view.axes[axis].is_empty());
        let (gone, kept): (Vec<usize>, Vec<usize>) = long.partition(|axis| reduced.contains(axis));
        let lengths: Vec<usize> = {
            let all = self.lengths(&view);
            kept.iter().map(|&axis| view.axes[axis].iter().map(|&axis| all[axis]).product()).collect()
        };
        let input = self.arrange(node, view, &[kept.clone(), vec![], gone]);
        let axes =
            <[usize; 3]>::try_from(&self.values[input].axes[..]).map_err(|_| self.unsupported(node))?;
        let window = Window2d { height: AxisWindow::new(1, 1), width: AxisWindow::new(axes[2], 1) };
        let pooled = self.push_max_pool(node, input, axes, window, &[])?;
        if kept.len() <= 1 {
            return Ok(self.view_of(pooled.value, &kept, rank));
        }
        let value = self.rearranged(node, pooled.value, Rearrangement::Reshape, lengths);
        Ok(self.view_of(value, &kept, rank))
    }
}
