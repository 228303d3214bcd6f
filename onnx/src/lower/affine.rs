//! Factors and constants that are not the same everywhere: folded into the layer before them where they go with its output
//! channels, otherwise a depthwise convolution by one position of their own.

use tacit_layers::{AxisWindow, Window2d};
use tract_onnx::prelude::OutletId;

use super::{
    lowering::{Lowering, TypedNode, significant},
    reading::Constant,
    row_major::{offsets, strides_of},
};
use crate::{
    error::Error,
    float_graph::{
        clip::Clip,
        value::{Operation, Rearrangement},
        view::View,
        weights::Weights,
    },
};

/// A constant factor or shift: one number, or one for each element of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Coefficients {
    Scalar(f64),
    Elements(Vec<f64>),
}

impl Coefficients {
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Scalar(c) => Self::Scalar(f(*c)),
            Self::Elements(values) => Self::Elements(values.iter().map(|&c| f(c)).collect()),
        }
    }

    pub(super) fn at(&self, element: usize) -> f64 {
        match self {
            Self::Scalar(c) => *c,
            Self::Elements(values) => values[element],
        }
    }
}

impl Lowering<'_> {
    /// Reads a constant as one number or as one for each element of the value that a whole view reads.
    pub(super) fn coefficients(&self, view: &View, constant: &Constant) -> Coefficients {
        let first = constant.values.first().copied().unwrap_or(0.0);
        if constant.values.iter().all(|value| value.total_cmp(&first).is_eq()) {
            return Coefficients::Scalar(first);
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
        Coefficients::Elements(offsets(lengths, &strides).into_iter().map(|at| constant.values[at]).collect())
    }

    /// The layer whose output channels the coefficients go with, and their number for each of them, if it can be folded into the
    /// layer's weights.
    fn channels(&self, view: &View, coefficients: &Coefficients) -> Option<(usize, Vec<f64>)> {
        let (mut at, mut coefficients) = (view.value, coefficients.clone());
        loop {
            if self.shared[at] {
                return None;
            }
            let Operation::Rearrange { input, how } = &self.values[at].operation else { break };
            match (how, &mut coefficients) {
                (Rearrangement::Reshape, _) | (Rearrangement::Transpose(_), Coefficients::Scalar(_)) => {}
                (Rearrangement::Transpose(axes), Coefficients::Elements(values)) => {
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
        let (_, weights) = value.weights()?;
        if value.clip != Clip::NONE || value.spacing.is_some() {
            return None;
        }
        let inner: usize = value.axes[value.channel_axis() + 1..].iter().product();
        let channels: Vec<f64> = (0..weights.num_outputs()).map(|o| coefficients.at(o * inner)).collect();
        let goes_with = |element: usize| {
            coefficients.at(element).total_cmp(&channels[element / inner % channels.len()]).is_eq()
        };
        let count: usize = value.axes.iter().product();
        (matches!(coefficients, Coefficients::Scalar(_)) || (0..count).all(goes_with))
            .then_some((at, channels))
    }

    /// Whether all coefficients can be folded into the weights of the layer that a view reads.
    pub(super) fn folds(&self, view: &View, coefficients: &[&Coefficients]) -> bool {
        coefficients.iter().all(|coefficients| self.channels(view, coefficients).is_some())
    }

    pub(super) fn shift(
        &mut self,
        node: &TypedNode,
        view: View,
        coefficients: &Coefficients,
    ) -> Result<View, Error> {
        if matches!(coefficients, Coefficients::Scalar(0.0)) {
            return Ok(view);
        }
        if let Some((at, shifts)) = self.channels(&view, coefficients) {
            self.values[at].outlet = OutletId::new(node.id, 0);
            if let Some(weights) = self.values[at].weights_mut() {
                weights.bias.iter_mut().zip(shifts).for_each(|(bias, shift)| *bias += shift);
            }
            return Ok(view);
        }
        match coefficients {
            Coefficients::Scalar(_) => self.pointwise(node)?.ok_or_else(|| self.not_pointwise(node)),
            Coefficients::Elements(_) => {
                Ok(self.affine(node, &view, &Coefficients::Scalar(1.0), coefficients))
            }
        }
    }

    pub(super) fn scale(
        &mut self,
        node: &TypedNode,
        view: View,
        coefficients: &Coefficients,
    ) -> Result<View, Error> {
        let outlet = OutletId::new(node.id, 0);
        if let Some((at, factors)) = self.channels(&view, coefficients) {
            self.values[at].outlet = outlet;
            if let Some(weights) = self.values[at].weights_mut() {
                weights.scale(&factors);
            }
            return Ok(view);
        }
        match coefficients {
            Coefficients::Scalar(factor) if *factor > 0.0 && factor.is_finite() => {
                let (name, axes) = (self.name(node), self.lengths(&view).to_vec());
                let operation = Operation::Scale { input: view.value, factor: *factor };
                Ok(self.push(&name, axes, operation, outlet, view.axes))
            }
            Coefficients::Scalar(_) => self.pointwise(node)?.ok_or_else(|| self.not_pointwise(node)),
            Coefficients::Elements(_) => {
                Ok(self.affine(node, &view, coefficients, &Coefficients::Scalar(0.0)))
            }
        }
    }

    /// Factors and shifts for each element of the value that a whole view reads, as a depthwise convolution whose channels
    /// are the axes that they vary along.
    pub(super) fn affine(
        &mut self,
        node: &TypedNode,
        view: &View,
        factors: &Coefficients,
        shifts: &Coefficients,
    ) -> View {
        let lengths = self.lengths(view).to_vec();
        let strides = strides_of(&lengths);
        let count: usize = lengths.iter().product();
        let varies = |axis: usize| {
            (0..count).any(|element| {
                let first = element - element / strides[axis] % lengths[axis] * strides[axis];
                [factors, shifts]
                    .iter()
                    .any(|numbers| numbers.at(element).total_cmp(&numbers.at(first)).is_ne())
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
}
