//! Values of the float graph and what computes them.

use tacit_layers::{Window2d, layer::remap::AxisMap};
use tract_onnx::prelude::OutletId;

use super::{clip::Clip, pointwise::Function, weights::Weights};
use crate::error::Error;

/// A node of the float graph with its value.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// The ONNX node's name.
    pub(crate) name: String,
    /// Axis lengths: (channels, height, width) for a feature map.
    pub(crate) axes: Vec<usize>,
    /// What computes it.
    pub(crate) operation: Operation,
    /// Fused clip.
    pub(crate) clip: Clip,
    /// Fused function of the clipped value.
    pub(crate) function: Option<Function>,
    /// Scale and bounds that the model gives, for a value that it rounds to a grid.
    pub(crate) spacing: Option<Spacing>,
    /// Outlet of the imported graph that computes the value before clip and function, for calibration.
    pub(crate) outlet: OutletId,
    /// The value axes of lengths above one that the outlet's axes run over, slowest first; none where the outlet does not hold
    /// this value, but another one that it is computed from or that is computed from it.
    pub(crate) order: Option<Vec<usize>>,
    /// Number of values and outputs that read it.
    pub(crate) readers: usize,
}

/// Scale and bounds that a model gives to a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spacing {
    /// Real value of one unit.
    pub(crate) scale: f64,
    /// Smallest and largest integer.
    pub(crate) bounds: (i64, i64),
}

impl Spacing {
    /// That of a value which is multiplied by a factor to have this one.
    pub(crate) fn divided_by(self, factor: f64) -> Self {
        Self { scale: self.scale / factor, ..self }
    }
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// One of the model's inputs.
    Input,
    /// Contraction with a weight matrix (outputs, contracted value axes ...).
    Dense { input: usize, num_row_axes: usize, weights: Weights },
    /// Convolution with weights (outputs, channels of a group, height, width).
    Conv2d { input: usize, window: Window2d, groups: usize, weights: Weights },
    /// `factor` times the sum over a window.
    SumPool { input: usize, window: Window2d, factor: f64 },
    /// Sums over whole axes, which stay with a length of one.
    ReduceSum { input: usize, axes: Vec<usize> },
    /// Softmax along an axis.
    Softmax { input: usize, axis: usize, mask: Option<Mask> },
    /// Index of the largest element along an axis, which stays with a length of one.
    ArgMax { input: usize, axis: usize, takes_last: bool },
    /// Sum of values, each times a coefficient; one value times one stands for an activation function of its own.
    Add { addends: Vec<(usize, f64)> },
    /// Maximum over a window.
    MaxPool { input: usize, window: Window2d },
    /// A value times a positive number: the same integers under another scale.
    Scale { input: usize, factor: f64 },
    /// The same integers in other places.
    Rearrange { input: usize, how: Rearrangement },
    /// Values behind each other along one axis; on one scale, unless weights [absorb](super::parts) each part's own.
    Concat { inputs: Vec<usize>, axis: usize, is_apart: bool },
    /// Products of two values, summed over axes that only they have: each axis of a factor and of the result has a name.
    Product { left: (usize, Vec<u8>), right: (usize, Vec<u8>), output: Vec<u8> },
}

/// What a softmax leaves out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mask {
    /// Whether each element of the input counts.
    pub(crate) kept: Vec<bool>,
    /// The smallest number that the model takes off to leave an element out.
    pub(crate) depth: f64,
}

impl Mask {
    /// Whether nothing is left along an axis of a value somewhere.
    pub(crate) fn leaves_a_line_empty(&self, axes: &[usize], axis: usize) -> bool {
        let inner: usize = axes[axis + 1..].iter().product();
        let starts = (0..self.kept.len()).filter(|element| (element / inner).is_multiple_of(axes[axis]));
        starts.into_iter().any(|start| (0..axes[axis]).all(|place| !self.kept[start + place * inner]))
    }
}

/// How the integers of a value get to other places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rearrangement {
    /// Axis by axis: slices, zero padding, enlargement.
    Remap(Vec<AxisMap>),
    /// Axes in another order.
    Transpose(Vec<usize>),
    /// The same order under other axes.
    Reshape,
}

impl Value {
    /// The input and the weights of a layer that has weights.
    pub(crate) const fn weights(&self) -> Option<(usize, &Weights)> {
        match &self.operation {
            Operation::Dense { input, weights, .. } | Operation::Conv2d { input, weights, .. } => {
                Some((*input, weights))
            }
            Operation::Input
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::Add { .. }
            | Operation::MaxPool { .. }
            | Operation::Scale { .. }
            | Operation::Rearrange { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. } => None,
        }
    }

    /// The same weights, to be changed.
    pub(crate) const fn weights_mut(&mut self) -> Option<&mut Weights> {
        match &mut self.operation {
            Operation::Dense { weights, .. } | Operation::Conv2d { weights, .. } => Some(weights),
            Operation::Input
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::Add { .. }
            | Operation::MaxPool { .. }
            | Operation::Scale { .. }
            | Operation::Rearrange { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. } => None,
        }
    }

    /// Clip and function of real values.
    pub(crate) fn apply(&self, values: &[f32]) -> Result<Vec<f64>, Error> {
        let clipped = values.iter().map(|&x| self.clip.apply(f64::from(x)));
        match &self.function {
            None => Ok(clipped.collect()),
            Some(function) => {
                let arguments: Vec<f32> = clipped.map(|x| x as f32).collect();
                Ok(function.evaluate(&arguments)?.into_iter().map(f64::from).collect())
            }
        }
    }

    /// Axis of the output channels, for a layer that has weights.
    pub(crate) const fn channel_axis(&self) -> usize {
        match self.operation {
            Operation::Dense { .. } => self.axes.len() - 1,
            Operation::Input
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::Add { .. }
            | Operation::MaxPool { .. }
            | Operation::Scale { .. }
            | Operation::Rearrange { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. } => 0,
        }
    }

    /// Whether the quantised layer gives an accumulator, which a rescale turns into an activation.
    pub(crate) const fn is_linear(&self) -> bool {
        match self.operation {
            Operation::Dense { .. }
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::Add { .. }
            | Operation::ReduceSum { .. }
            | Operation::Product { .. } => true,
            Operation::Input
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::MaxPool { .. }
            | Operation::Scale { .. }
            | Operation::Rearrange { .. }
            | Operation::Concat { .. } => false,
        }
    }

    /// Whether the scale of what it computes is free: weights or a table adapt to it.
    pub(crate) const fn adapts(&self) -> bool {
        self.spacing.is_none() && (self.weights().is_some() || self.function.is_some())
    }

    /// The value whose integers it holds in other places, or the largest of them.
    pub(crate) const fn passes_on(&self) -> Option<usize> {
        match self.operation {
            Operation::Rearrange { input, .. } | Operation::MaxPool { input, .. } => Some(input),
            Operation::Input
            | Operation::Dense { .. }
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::Add { .. }
            | Operation::Scale { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. } => None,
        }
    }

    /// The value that it only brings to another scale, if any will do.
    pub(super) fn aligns(&self) -> Option<usize> {
        self.rescales().filter(|_| self.spacing.is_none())
    }

    /// The value that it only brings to another scale.
    pub(super) fn rescales(&self) -> Option<usize> {
        let Operation::Add { addends } = &self.operation else { return None };
        let [(input, _)] = addends[..] else { return None };
        self.function.as_ref().is_some_and(Function::is_identity).then_some(input)
    }
}

impl Operation {
    /// Values it reads.
    pub(crate) fn inputs(&self) -> Vec<usize> {
        match self {
            Self::Input => vec![],
            Self::Dense { input, .. }
            | Self::Conv2d { input, .. }
            | Self::SumPool { input, .. }
            | Self::MaxPool { input, .. }
            | Self::ReduceSum { input, .. }
            | Self::Softmax { input, .. }
            | Self::ArgMax { input, .. }
            | Self::Rearrange { input, .. }
            | Self::Scale { input, .. } => vec![*input],
            Self::Add { addends } => addends.iter().map(|&(input, _)| input).collect(),
            Self::Concat { inputs, .. } => inputs.clone(),
            Self::Product { left: (left, _), right: (right, _), .. } => vec![*left, *right],
        }
    }

    /// The same, to be changed.
    pub(super) fn inputs_mut(&mut self) -> Vec<&mut usize> {
        match self {
            Self::Input => vec![],
            Self::Dense { input, .. }
            | Self::Conv2d { input, .. }
            | Self::SumPool { input, .. }
            | Self::MaxPool { input, .. }
            | Self::ReduceSum { input, .. }
            | Self::Softmax { input, .. }
            | Self::ArgMax { input, .. }
            | Self::Rearrange { input, .. }
            | Self::Scale { input, .. } => vec![input],
            Self::Add { addends } => addends.iter_mut().map(|(input, _)| input).collect(),
            Self::Concat { inputs, .. } => inputs.iter_mut().collect(),
            Self::Product { left: (left, _), right: (right, _), .. } => vec![left, right],
        }
    }
}
