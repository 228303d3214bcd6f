//! Axes added, removed, moved, joined and split.

use tract_onnx::tract_core::ops::change_axes::AxisOp;

use super::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{value::Rearrangement, view::View},
};

impl Lowering<'_> {
    pub(super) fn change_axes(&mut self, node: &TypedNode, op: &AxisOp) -> Result<View, Error> {
        let mut view = self.reading(node, 0)?;
        match op {
            AxisOp::Add(at) => view.axes.insert(*at, vec![]),
            AxisOp::Rm(at) => drop(view.axes.remove(*at)),
            AxisOp::Move(from, to) => {
                let axis = view.axes.remove(*from);
                view.axes.insert(*to, axis);
            }
            AxisOp::Reshape(at, from, _) => {
                let output = self.output_shape(node)?;
                let inner = view.axes.len() - at - from.len();
                let parts = view.axes[*at..at + from.len()].concat();
                match self.join(&view, &parts, &output[*at..output.len() - inner]) {
                    Some(axes) => drop(view.axes.splice(*at..at + from.len(), axes)),
                    None => return self.reshape(node, &output),
                }
            }
        }
        Ok(view)
    }

    /// The value axes that each axis of these lengths runs over, if they only join axes.
    fn join(&self, view: &View, parts: &[usize], lengths: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut parts = parts.iter();
        let join = |&length: &usize| {
            let (mut list, mut product) = (vec![], 1);
            while product < length {
                let &axis = parts.next()?;
                product *= self.lengths(view)[axis].div_ceil(view.strides[axis]);
                list.push(axis);
            }
            (product == length).then_some(list)
        };
        lengths.iter().map(join).collect()
    }

    fn reshape(&mut self, node: &TypedNode, shape: &[usize]) -> Result<View, Error> {
        let view = self.view(node, 0)?;
        let view = self.in_order(node, view);
        let axes: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] > 1).collect();
        let lengths = axes.iter().map(|&axis| shape[axis]).collect();
        let value = self.rearranged(node, view.value, Rearrangement::Reshape, lengths);
        Ok(self.view_of(value, &axes, shape.len()))
    }
}
