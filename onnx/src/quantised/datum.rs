//! What a tensor of the quantised graph is to the network.

use std::rc::Rc;

use tacit_layers::{NodeId, Window2d};

use super::{constant::Constant, function::Step, view::View};
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

impl Activation {
    /// The activation as a layer reads it.
    pub(super) const fn input(&self) -> Input {
        Input { node: self.node, bounds: self.bounds }
    }
}

impl Real {
    /// What a linear layer computes, as a tensor of the graph.
    pub(super) fn linear(view: View, linear: Linear) -> Self {
        Self { view, base: Base::Linear(Box::new(linear)) }
    }
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
