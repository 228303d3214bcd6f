//! What a tensor of the quantised graph is to the network.

use std::rc::Rc;

use tacit_layers::{NodeId, Window2d};

use super::constant::Constant;
use crate::float_graph::{clip::Clip, weights::Weights};

/// A tensor of the graph.
#[derive(Debug, Clone)]
pub(super) enum Datum {
    Constant(Rc<Constant>),
    /// Quantised integers.
    Integers(Integers),
    /// Real numbers between a DequantizeLinear and a QuantizeLinear, or sums of integer products.
    Real(Real),
}

/// A quantised tensor.
#[derive(Debug, Clone)]
pub(super) struct Integers {
    pub(super) node: NodeId,
    pub(super) view: View,
    /// What was subtracted to centre it.
    pub(super) zero_point: i64,
    /// Smallest and largest centred integer.
    pub(super) bounds: (i64, i64),
}

/// A tensor of real numbers.
#[derive(Debug, Clone)]
pub(super) struct Real {
    pub(super) view: View,
    pub(super) base: Base,
}

/// Where real numbers come from.
#[derive(Debug, Clone)]
pub(super) enum Base {
    /// The model's input.
    Input,
    /// A function of an activation.
    Activation(Activation),
    /// A linear layer that is added to the network when its result is quantised.
    Linear(Box<Linear>),
}

/// A function of an activation: the identity when there are no steps.
#[derive(Debug, Clone)]
pub(super) struct Activation {
    pub(super) node: NodeId,
    pub(super) scale: f32,
    pub(super) bounds: (i64, i64),
    pub(super) steps: Vec<Step>,
}

/// A linear layer with what follows it before the next quantisation.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    pub(super) name: String,
    pub(super) operation: Operation,
    /// Real value of one unit of the accumulator: one for all, or one for each output channel.
    pub(super) units: Vec<f32>,
    /// Axis of the output channels.
    pub(super) channel_axis: usize,
    pub(super) clip: Clip,
    /// Maxima over windows, which are taken after quantisation: both are monotone.
    pub(super) pools: Vec<(String, Window2d)>,
}

/// What a linear layer computes.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    /// Weights and biases are integers, biases not yet rounded.
    Dense {
        input: Input,
        num_row_axes: usize,
        weights: Weights,
    },
    Conv2d {
        input: Input,
        window: Window2d,
        groups: usize,
        weights: Weights,
    },
    AveragePool {
        input: Input,
        window: Window2d,
    },
    /// Activations with the real value of one unit of each.
    Add {
        addends: Vec<(Input, f32)>,
    },
}

/// An activation that a layer reads.
#[derive(Debug, Clone)]
pub(super) struct Input {
    pub(super) node: NodeId,
    pub(super) bounds: (i64, i64),
}

impl Operation {
    /// Weights and biases, of a layer that has them.
    pub(super) const fn weights_mut(&mut self) -> Option<&mut Weights> {
        match self {
            Self::Dense { weights, .. } | Self::Conv2d { weights, .. } => Some(weights),
            Self::AveragePool { .. } | Self::Add { .. } => None,
        }
    }
}

/// A function of one number, in float32 as ONNX Runtime computes it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Clip(f32, f32),
    LeakyRelu(f32),
    Elu(f32),
    HardSigmoid(f32, f32),
    HardSwish,
    Sigmoid,
    Tanh,
    Exp,
    Softplus,
    Abs,
    Multiply(f32),
    Add(f32),
}

impl Step {
    pub(super) fn apply(self, x: f32) -> f32 {
        match self {
            Self::Clip(minimum, maximum) => x.max(minimum).min(maximum),
            Self::LeakyRelu(slope) => {
                if x < 0.0 {
                    slope * x
                } else {
                    x
                }
            }
            Self::Elu(alpha) => {
                if x < 0.0 {
                    alpha * x.exp_m1()
                } else {
                    x
                }
            }
            Self::HardSigmoid(alpha, beta) => alpha.mul_add(x, beta).clamp(0.0, 1.0),
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Self::Tanh => x.tanh(),
            Self::Exp => x.exp(),
            Self::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Self::Abs => x.abs(),
            Self::Multiply(factor) => factor * x,
            Self::Add(term) => x + term,
        }
    }
}

/// How a tensor reads a value of the network: which value axes each of its axes runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// Lengths of the value's axes.
    pub(super) lengths: Vec<usize>,
    /// For each axis of the tensor the value axes it runs over, slowest first; axes of length one are never listed.
    pub(super) axes: Vec<Vec<usize>>,
}

impl View {
    /// The view of a value of these lengths whose axes follow this many unit axes.
    pub(super) fn behind(num_unit_axes: usize, lengths: Vec<usize>) -> Self {
        let axes = (0..lengths.len()).map(|axis| vec![axis]);
        let axes = std::iter::repeat_n(vec![], num_unit_axes).chain(axes).collect();
        Self { lengths, axes }.without_unit_axes()
    }

    /// The same view with axes of length one left out of its lists.
    pub(super) fn without_unit_axes(mut self) -> Self {
        for list in &mut self.axes {
            list.retain(|&axis| self.lengths[axis] > 1);
        }
        self
    }

    /// The tensor's shape.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|list| list.iter().map(|&axis| self.lengths[axis]).product()).collect()
    }

    /// Whether the tensor's elements are in the value's order.
    pub(super) fn is_in_order(&self) -> bool {
        self.axes.concat().is_sorted()
    }

    /// Axes joined, split where they were joined, unit axes added and removed; nothing when a value axis would be cut.
    pub(super) fn reshaped(&self, shape: &[usize]) -> Option<Self> {
        let mut rest = self.axes.concat().into_iter();
        let mut axes = vec![];
        for &length in shape {
            let (mut list, mut product) = (vec![], 1);
            while product < length {
                let axis = rest.next()?;
                product *= self.lengths[axis];
                list.push(axis);
            }
            if product != length {
                return None;
            }
            axes.push(list);
        }
        rest.next().is_none().then(|| Self { lengths: self.lengths.clone(), axes })
    }

    /// The same with the tensor's axes in another order.
    pub(super) fn transposed(&self, permutation: &[usize]) -> Option<Self> {
        let axes =
            permutation.iter().map(|&axis| self.axes.get(axis).cloned()).collect::<Option<Vec<_>>>()?;
        Some(Self { lengths: self.lengths.clone(), axes })
    }

    /// Channels, height and width, where the tensor is a batch of one feature map in this order.
    pub(super) fn feature_map(&self) -> Option<[usize; 3]> {
        let lengths = <[usize; 3]>::try_from(&self.lengths[..]).ok()?;
        let expected = match self.axes.len() {
            4 => Self::behind(1, self.lengths.clone()),
            // One dimension: the height is one.
            3 if lengths[1] == 1 => {
                Self { lengths: self.lengths.clone(), axes: vec![vec![], vec![0], vec![2]] }
                    .without_unit_axes()
            }
            _ => return None,
        };
        (*self == expected).then_some(lengths)
    }
}
