//! Concatenations: values behind each other, brought to one scale.

use tract_onnx::{prelude::OutletId, tract_core::ops::array::TypedConcat};

use super::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{pointwise::Function, value::Operation, view::View},
};

impl Lowering<'_> {
    pub(super) fn concat(&mut self, node: &TypedNode, op: &TypedConcat) -> Result<View, Error> {
        let mut parts = vec![];
        for input in 0..node.inputs.len() {
            if self.model.graph.outlet_fact(node.inputs[input]).is_ok_and(|fact| fact.konst.is_some()) {
                let expected = "inputs that depend on the model's input (zeros: use Pad)";
                return Err(self.refuse(node, "a constant part", expected));
            }
            let view = self.view(node, input)?;
            parts.push(self.addressed(node, view, &[op.axis]).0);
        }
        let others = |lowering: &Self, view: &View| {
            let at = view.axes[op.axis].first().copied();
            let mut lengths = lowering.lengths(view).to_vec();
            at.map(|at| lengths.remove(at));
            (view.axes.clone(), at, lengths)
        };
        let layouts: Vec<_> = parts.iter().map(|view| others(self, view)).collect();
        let (inputs, axis, view) = match layouts.first() {
            Some((axes, Some(at), _)) if layouts.iter().all(|layout| *layout == layouts[0]) => {
                (parts.iter().map(|view| view.value).collect::<Vec<_>>(), *at, axes.clone())
            }
            _ => {
                let shape = self.output_shape(node)?;
                let mut axes: Vec<usize> = (0..shape.len()).filter(|&i| shape[i] > 1).collect();
                if !axes.contains(&op.axis) {
                    axes.push(op.axis);
                    axes.sort_unstable();
                }
                let groups: Vec<Vec<usize>> = axes.iter().map(|&axis| vec![axis]).collect();
                let inputs = parts.into_iter().map(|view| self.arrange(node, view, &groups)).collect();
                let mut view = vec![vec![]; shape.len()];
                for (index, &axis) in axes.iter().enumerate() {
                    view[axis] = vec![index];
                }
                (inputs, axes.iter().position(|&axis| axis == op.axis).unwrap_or(0), view)
            }
        };
        Ok(self.push_concat(node, &inputs, &node.inputs, axis, view))
    }

    /// Values behind each other along an axis, each on a scale that all can take; `outlets` hold them.
    fn push_concat(
        &mut self,
        node: &TypedNode,
        inputs: &[usize],
        outlets: &[OutletId],
        axis: usize,
        view: Vec<Vec<usize>>,
    ) -> View {
        let name = self.name(node);
        let mut axes = self.values[inputs[0]].axes.clone();
        axes[axis] = inputs.iter().map(|&input| self.values[input].axes[axis]).sum();
        let mut aligned = vec![];
        for (&input, &outlet) in inputs.iter().zip(outlets) {
            let part = self.values[input].axes.clone();
            let operation = Operation::Add { addends: vec![(input, 1.0)] };
            let value = self.push(&format!("{name}.align"), part, operation, outlet, vec![]).value;
            self.values[value].function = Some(Function::identity(outlet));
            aligned.push(value);
        }
        let operation = Operation::Concat { inputs: aligned, axis, is_apart: false };
        self.push(&name, axes, operation, OutletId::new(node.id, 0), view)
    }
}
