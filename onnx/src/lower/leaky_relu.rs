//! Leaky rectifiers with a slope for each channel.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{binary::TypedBinOp, math::Mul, nn::leaky_relu},
};

use super::{
    affine::Coefficients,
    lowering::{Lowering, TypedNode},
};
use crate::{
    error::Error,
    float_graph::{
        clip::Clip,
        pointwise::{Function, Operand},
        value::{Operation, Rearrangement},
        view::View,
        weights::Weights,
    },
};

impl Lowering<'_> {
    /// A choice between two tensors by a third: a function of one number, or a leaky rectifier with many slopes.
    pub(super) fn choice(&mut self, node: &TypedNode) -> Result<View, Error> {
        if let Some(view) = self.pointwise(node)? {
            return Ok(view);
        }
        let (origin, operator) = self.model.origin(&node.name, "");
        let product = self.model.graph.node(node.inputs[1].node);
        let is_scaled = product.op_as::<TypedBinOp>().is_some_and(|op| op.0.is::<Mul>())
            && product.inputs.contains(&node.inputs[2]);
        if operator != "PRelu" || !is_scaled || self.model.origin(&product.name, "").0 != origin {
            return Err(self.not_pointwise(node));
        }
        let slopes = usize::from(product.inputs[0] == node.inputs[2]);
        let slopes = self.constant_weights(product, slopes)?;
        let view = self.whole_view(node, 2)?;
        match self.coefficients(&view, &slopes) {
            Coefficients::Scalar(slope) => {
                let operator = leaky_relu(slope as f32).into();
                let argument = [Operand::Argument(node.inputs[2])];
                let function = Function::apply_operator(node.id, operator, &argument);
                Ok(View { function, ..view })
            }
            slopes @ Coefficients::Elements(_) => Ok(self.leaky(node, view, &slopes)),
        }
    }

    /// `slope * x + (1 - slope) * relu(x)`: a depthwise convolution over both, one behind the other along the height.
    fn leaky(&mut self, node: &TypedNode, view: View, slopes: &Coefficients) -> View {
        let lengths = self.lengths(&view).to_vec();
        let flat: usize = lengths.iter().product();
        let name = self.name(node);
        let outlet = node.inputs[2];
        let operation = Operation::Add { addends: vec![(view.value, 1.0)] };
        let relu = self.push(&format!("{name}.relu"), lengths.clone(), operation, outlet, vec![]).value;
        self.values[relu].clip = Clip { minimum: 0.0, maximum: f64::INFINITY };
        // A table takes the scale of what it is concatenated with.
        self.values[relu].function = Some(Function::identity(outlet));
        // Channels are the axes up to the last one that the slopes vary along.
        let inner = (0..=lengths.len())
            .rev()
            .map(|axis| lengths[axis..].iter().product::<usize>())
            .take_while(|&inner| {
                (0..flat).all(|i| slopes.at(i).total_cmp(&slopes.at(i / inner * inner)).is_eq())
            })
            .last()
            .unwrap_or(1);
        let channels = flat / inner;
        let parts = [view.value, relu]
            .map(|value| self.rearranged(node, value, Rearrangement::Reshape, vec![channels, 1, inner]));
        let operation = Operation::Concat { inputs: parts.to_vec(), axis: 1, is_apart: false };
        let both =
            self.push(&format!("{name}.both"), vec![channels, 2, inner], operation, outlet, vec![]).value;
        let slope = |channel: usize| slopes.at(channel * inner);
        let weights = Weights {
            axes: vec![channels, 1, 2, 1],
            values: (0..channels).flat_map(|c| [slope(c), 1.0 - slope(c)]).collect(),
            bias: vec![0.0; channels],
        };
        let window = Window2d { height: AxisWindow::new(2, 1), width: AxisWindow::new(1, 1) };
        let operation = Operation::Conv2d { input: both, window, groups: channels, weights };
        let outlet = OutletId::new(node.id, 0);
        let result = self.push(&name, vec![channels, 1, inner], operation, outlet, vec![]).value;
        let value = self.rearranged(node, result, Rearrangement::Reshape, lengths);
        View { value, ..view }
    }
}
