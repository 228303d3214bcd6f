//! Factors and constants that are not the same everywhere: folded into the layer before them where they go with its output
//! channels, otherwise a depthwise convolution by one position of their own.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{binary::TypedBinOp, math::Mul, nn::leaky_relu},
};

use super::{Constant, Lowering, TypedNode, significant};
use crate::{
    error::Error,
    float_graph::{
        clip::Clip,
        pointwise::{self, Function},
        value::{Operation, Rearrangement},
        view::View,
        weights::Weights,
    },
};

/// A constant operand: one number, or one for each element of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Scalar(f64),
    Elements(Vec<f64>),
}

impl Operand {
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Scalar(c) => Self::Scalar(f(*c)),
            Self::Elements(values) => Self::Elements(values.iter().map(|&c| f(c)).collect()),
        }
    }

    fn at(&self, element: usize) -> f64 {
        match self {
            Self::Scalar(c) => *c,
            Self::Elements(values) => values[element],
        }
    }
}

/// Distance in row-major order between neighbours along each axis.
pub(super) fn strides_of(lengths: &[usize]) -> Vec<usize> {
    (0..lengths.len()).map(|axis| lengths[axis + 1..].iter().product()).collect()
}

/// For every index over these lengths, row-major, the sum of its coordinates times the strides.
pub(super) fn offsets(lengths: &[usize], strides: &[usize]) -> Vec<usize> {
    let mut offsets = vec![0];
    for (&length, &stride) in lengths.iter().zip(strides) {
        offsets = offsets.iter().flat_map(|start| (0..length).map(move |i| start + i * stride)).collect();
    }
    offsets
}

impl Lowering<'_> {
    /// Reads a constant as one number or as one for each element of the value that a whole view reads.
    pub(super) fn operand(&self, view: &View, constant: &Constant) -> Operand {
        let first = constant.values.first().copied().unwrap_or(0.0);
        if constant.values.iter().all(|value| value.total_cmp(&first).is_eq()) {
            return Operand::Scalar(first);
        }
        let lengths = self.lengths(view);
        let offset = view.axes.len().saturating_sub(constant.shape.len());
        let mut strides = vec![0; lengths.len()];
        for (list, (&length, stride)) in
            view.axes.iter().skip(offset).zip(constant.shape.iter().zip(strides_of(&constant.shape)))
        {
            let mut stride = if length > 1 { stride } else { 0 };
            for &axis in list.iter().rev() {
                strides[axis] = stride;
                stride *= lengths[axis];
            }
        }
        Operand::Elements(offsets(lengths, &strides).into_iter().map(|at| constant.values[at]).collect())
    }

    /// The layer whose output channels the operand goes with, and its number for each of them, if it can be folded into the
    /// layer's weights.
    fn channels(&self, view: &View, operand: &Operand) -> Option<(usize, Vec<f64>)> {
        let (mut at, mut operand) = (view.value, operand.clone());
        loop {
            if self.shared[at] {
                return None;
            }
            let Operation::Rearrange { input, how } = &self.values[at].operation else { break };
            match (how, &mut operand) {
                (Rearrangement::Reshape, _) | (Rearrangement::Transpose(_), Operand::Scalar(_)) => {}
                (Rearrangement::Transpose(axes), Operand::Elements(values)) => {
                    let from = strides_of(&self.values[*input].axes);
                    let strides: Vec<usize> = axes.iter().map(|&axis| from[axis]).collect();
                    let places = offsets(&self.values[at].axes, &strides);
                    let mut before = vec![0.0; values.len()];
                    places.into_iter().zip(values.iter()).for_each(|(place, &value)| before[place] = value);
                    *values = before;
                }
                (Rearrangement::Remap(_), _) => return None,
            }
            at = *input;
        }
        let value = &self.values[at];
        let (Operation::Dense { weights, .. } | Operation::Conv2d { weights, .. }) = &value.operation else {
            return None;
        };
        if value.clip != Clip::NONE {
            return None;
        }
        let inner: usize = value.axes[value.channel_axis() + 1..].iter().product();
        let channels: Vec<f64> = (0..weights.num_outputs()).map(|o| operand.at(o * inner)).collect();
        let goes_with = |element: usize| {
            operand.at(element).total_cmp(&channels[element / inner % channels.len()]).is_eq()
        };
        let count: usize = value.axes.iter().product();
        (matches!(operand, Operand::Scalar(_)) || (0..count).all(goes_with)).then_some((at, channels))
    }

    pub(super) fn shift(&mut self, node: &TypedNode, view: View, operand: &Operand) -> Result<View, Error> {
        if matches!(operand, Operand::Scalar(0.0)) {
            return Ok(view);
        }
        if let Some((at, shifts)) = self.channels(&view, operand) {
            self.values[at].outlet = OutletId::new(node.id, 0);
            if let Some(weights) = self.values[at].weights_mut() {
                weights.bias.iter_mut().zip(shifts).for_each(|(bias, shift)| *bias += shift);
            }
            return Ok(view);
        }
        match operand {
            Operand::Scalar(_) => self.pointwise(node)?.ok_or_else(|| self.not_pointwise(node)),
            Operand::Elements(_) => Ok(self.affine(node, &view, &Operand::Scalar(1.0), operand)),
        }
    }

    pub(super) fn scale(&mut self, node: &TypedNode, view: View, operand: &Operand) -> Result<View, Error> {
        let outlet = OutletId::new(node.id, 0);
        if let Some((at, factors)) = self.channels(&view, operand) {
            self.values[at].outlet = outlet;
            if let Some(weights) = self.values[at].weights_mut() {
                weights.scale(&factors);
            }
            return Ok(view);
        }
        match operand {
            Operand::Scalar(factor) if *factor > 0.0 && factor.is_finite() => {
                let (name, axes) = (self.name(node), self.lengths(&view).to_vec());
                let operation = Operation::Scale { input: view.value, factor: *factor };
                Ok(self.push(&name, axes, operation, outlet, view.axes))
            }
            Operand::Scalar(_) => self.pointwise(node)?.ok_or_else(|| self.not_pointwise(node)),
            Operand::Elements(_) => Ok(self.affine(node, &view, operand, &Operand::Scalar(0.0))),
        }
    }

    /// Factors and shifts for each element of the value that a whole view reads, as a depthwise convolution whose channels
    /// are the axes that they vary along.
    pub(super) fn affine(
        &mut self,
        node: &TypedNode,
        view: &View,
        factors: &Operand,
        shifts: &Operand,
    ) -> View {
        let lengths = self.lengths(view).to_vec();
        let strides = strides_of(&lengths);
        let count: usize = lengths.iter().product();
        let varies = |axis: usize| {
            (0..count).any(|element| {
                let first = element - element / strides[axis] % lengths[axis] * strides[axis];
                [factors, shifts]
                    .iter()
                    .any(|operand| operand.at(element).total_cmp(&operand.at(first)).is_ne())
            })
        };
        let long = (0..lengths.len()).filter(|&axis| lengths[axis] > 1);
        let (channels, mut rest): (Vec<usize>, Vec<usize>) = long.partition(|&axis| varies(axis));
        let order = [&channels[..], &rest].concat();
        let columns = rest.split_off(rest.len().min(usize::from(rest.len() > 1)));
        let groups = if columns.is_empty() {
            [channels.clone(), vec![], rest]
        } else {
            [channels.clone(), rest, columns]
        };
        let itself = (0..lengths.len()).map(|axis| significant(axis, lengths[axis])).collect();
        let itself =
            View { value: view.value, axes: itself, strides: vec![1; lengths.len()], function: None };
        let input = self.arrange(node, itself, &groups);
        let places = offsets(
            &channels.iter().map(|&axis| lengths[axis]).collect::<Vec<_>>(),
            &channels.iter().map(|&axis| strides[axis]).collect::<Vec<_>>(),
        );
        let weights = Weights {
            axes: vec![places.len(), 1, 1, 1],
            values: places.iter().map(|&place| factors.at(place)).collect(),
            bias: places.iter().map(|&place| shifts.at(place)).collect(),
        };
        let axes = self.values[input].axes.clone();
        let window = Window2d::square(AxisWindow::new(1, 1));
        let operation = Operation::Conv2d { input, window, groups: places.len(), weights };
        let (name, outlet) = (self.name(node), OutletId::new(node.id, 0));
        let result = self.push(&name, axes, operation, outlet, vec![]).value;
        let target: Vec<usize> = order.iter().map(|&axis| lengths[axis]).collect();
        let (value, at): (_, Vec<usize>) = if groups.iter().all(|group| group.len() <= 1) {
            let at = |axis: &usize| groups.iter().position(|group| group.contains(axis)).unwrap_or(0);
            (result, order.iter().map(at).collect())
        } else {
            (self.rearranged(node, result, Rearrangement::Reshape, target), (0..order.len()).collect())
        };
        let moved = |axis: &usize| order.iter().position(|other| other == axis).map(|index| at[index]);
        let axes = view.axes.iter().map(|list| list.iter().filter_map(moved).collect()).collect();
        View { value, axes, strides: vec![1; self.values[value].axes.len()], function: None }
    }

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
        match self.operand(&view, &slopes) {
            Operand::Scalar(slope) => {
                let operator = leaky_relu(slope as f32).into();
                let argument = [pointwise::Operand::Argument(node.inputs[2])];
                let function = Function::apply_operator(node.id, operator, &argument);
                Ok(View { function, ..view })
            }
            slopes @ Operand::Elements(_) => Ok(self.leaky(node, view, &slopes)),
        }
    }

    /// `slope * x + (1 - slope) * relu(x)`: a depthwise convolution over both, one behind the other along the height.
    fn leaky(&mut self, node: &TypedNode, view: View, slopes: &Operand) -> View {
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
        let operation = Operation::Concat { inputs: parts.to_vec(), axis: 1 };
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
