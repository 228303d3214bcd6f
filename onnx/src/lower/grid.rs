//! Values that bring a scale of their own: the grid that a quantised model rounds them to.

use tract_onnx::prelude::OutletId;

use super::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{
        value::{Operation, Spacing},
        view::View,
    },
    model::grid::Grid,
};

impl Lowering<'_> {
    /// Rounds a value to a grid: the layer that computes it takes the grid's scale where nothing else reads it, otherwise
    /// a rescale of its own does.
    pub(super) fn round_to_grid(&mut self, node: &TypedNode, grid: Grid) -> Result<View, Error> {
        let reading = self.reading(node, 0)?;
        // A function becomes a value here, which is this node's alone unless its outlet has other readers.
        let is_alone = reading.function.is_some() && self.is_read_once(node.inputs[0].node);
        let view = self.view(node, 0)?;
        let spacing = Spacing { scale: f64::from(grid.scale), bounds: grid.bounds };
        if self.takes(view.value, spacing, is_alone) {
            self.give(view.value, spacing);
            return Ok(view);
        }
        let (name, axes) = (self.name(node), self.lengths(&view).to_vec());
        let operation = Operation::Add { addends: vec![(view.value, 1.0)] };
        let strides = view.strides.clone();
        let new = self.push(&name, axes, operation, node.inputs[0], view.axes);
        self.values[new.value].spacing = Some(spacing);
        Ok(View { strides, ..new })
    }

    fn is_read_once(&self, node: usize) -> bool {
        let outputs = &self.model.graph.node(node).outputs;
        let readers: usize = outputs.iter().map(|output| output.successors.len()).sum();
        readers == 1 && !self.model.graph.outputs.contains(&OutletId::new(node, 0))
    }

    /// Whether a value can have this spacing; `is_alone` where nothing else reads it, whatever was noted.
    fn takes(&self, value: usize, spacing: Spacing, is_alone: bool) -> bool {
        let known = self.values[value].spacing;
        if known == Some(spacing) {
            return true;
        }
        if known.is_some() || (self.shared[value] && !is_alone) {
            return false;
        }
        match &self.values[value].operation {
            Operation::Input
            | Operation::Dense { .. }
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Add { .. }
            | Operation::Product { .. } => true,
            Operation::MaxPool { input, .. } | Operation::Rearrange { input, .. } => {
                self.takes(*input, spacing, false)
            }
            Operation::Scale { input, factor } => self.takes(*input, spacing.divided_by(*factor), false),
            Operation::Concat { inputs, .. } => {
                let is_repeated = |(i, input): (usize, &usize)| inputs[..i].contains(input);
                !inputs.iter().enumerate().any(is_repeated)
                    && inputs.iter().all(|&input| self.takes(input, spacing, false))
            }
            Operation::Softmax { .. } | Operation::ArgMax { .. } => false,
        }
    }

    fn give(&mut self, value: usize, spacing: Spacing) {
        if self.values[value].spacing == Some(spacing) {
            return;
        }
        let inputs: Vec<(usize, Spacing)> = match &self.values[value].operation {
            Operation::Input
            | Operation::Dense { .. }
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Add { .. }
            | Operation::Product { .. } => {
                self.values[value].spacing = Some(spacing);
                return;
            }
            Operation::Scale { input, factor } => vec![(*input, spacing.divided_by(*factor))],
            Operation::MaxPool { input, .. } | Operation::Rearrange { input, .. } => vec![(*input, spacing)],
            Operation::Concat { inputs, .. } => inputs.iter().map(|&input| (input, spacing)).collect(),
            // These have a scale of their own, which `takes` refuses to change.
            Operation::Softmax { .. } | Operation::ArgMax { .. } => vec![],
        };
        for (input, spacing) in inputs {
            self.give(input, spacing);
        }
    }
}
