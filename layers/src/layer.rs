//! Layers: one file for each kind.

pub mod add;
pub mod average_pool;
pub mod circuit;
pub mod concat;
pub mod conv2d;
pub mod dense;
pub mod gated;
pub mod input;
pub mod max_pool;
pub mod product;
pub mod reduce_sum;
pub mod remap;
pub mod rescale;
pub mod reshape;
pub mod transpose;
pub mod view;

use serde::{Deserialize, Serialize};

use crate::tensor::{value::ParameterId, window::Window2d};
use {
    add::AddLayer, average_pool::AveragePoolLayer, circuit::CircuitLayer, concat::ConcatLayer,
    conv2d::Conv2dLayer, dense::DenseLayer, input::InputLayer, max_pool::MaxPoolLayer, product::ProductLayer,
    reduce_sum::ReduceSumLayer, remap::RemapLayer, rescale::RescaleLayer, reshape::ReshapeLayer,
    transpose::TransposeLayer,
};

/// What a node computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operation {
    /// The network's input; node 0 and only node 0.
    Input(InputLayer),
    /// Matrix product with a weight matrix.
    Dense(DenseLayer),
    /// Two-dimensional convolution.
    Conv2d(Conv2dLayer),
    /// Sum over a sliding window; the division is the rescale that follows.
    AveragePool(AveragePoolLayer),
    /// Integer combination of activations.
    Add(AddLayer),
    /// Fixed-point multiplication, rounding and activation function.
    Rescale(RescaleLayer),
    /// Maximum over a sliding window.
    MaxPool(MaxPoolLayer),
    /// All axes read as one.
    Flatten,
    /// A view axis by axis: slice, zero padding, enlargement.
    Remap(RemapLayer),
    /// Inputs behind each other along one axis.
    Concat(ConcatLayer),
    /// Axes in another order.
    Transpose(TransposeLayer),
    /// Activations by activations: matrix products, elementwise products.
    Product(ProductLayer),
    /// The same elements over other axes.
    Reshape(ReshapeLayer),
    /// Sums over whole axes.
    ReduceSum(ReduceSumLayer),
    /// A circuit of add and multiply gates.
    Circuit(CircuitLayer),
}

impl Operation {
    /// The operation's name, as users know it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Input(_) => "Input",
            Self::Dense(_) => "Dense",
            Self::Conv2d(_) => "Conv2d",
            Self::AveragePool(_) => "AveragePool",
            Self::Add(_) => "Add",
            Self::Rescale(_) => "Rescale",
            Self::MaxPool(_) => "MaxPool",
            Self::Flatten => "Flatten",
            Self::Remap(_) => "Remap",
            Self::Concat(_) => "Concat",
            Self::Transpose(_) => "Transpose",
            Self::Product(_) => "Product",
            Self::Reshape(_) => "Reshape",
            Self::ReduceSum(_) => "ReduceSum",
            Self::Circuit(_) => "Circuit",
        }
    }
}

impl Operation {
    /// Whether claims on its value become claims on its inputs by the argument of [views](crate::argument::view).
    pub const fn is_view(&self) -> bool {
        matches!(self, Self::Remap(_) | Self::Concat(_) | Self::Reshape(_))
    }

    /// Parameter tensors the operation reads.
    pub fn parameters(&self) -> Vec<ParameterId> {
        match self {
            Self::Dense(layer) => [Some(layer.weights), layer.bias].into_iter().flatten().collect(),
            Self::Conv2d(layer) => [Some(layer.weights), layer.bias].into_iter().flatten().collect(),
            Self::Circuit(layer) => layer.parameters.clone(),
            _ => vec![],
        }
    }
}

/// The window of a windowed operation.
pub const fn window(operation: &Operation) -> Option<&Window2d> {
    match operation {
        Operation::Conv2d(layer) => Some(&layer.window),
        Operation::AveragePool(AveragePoolLayer { window }) | Operation::MaxPool(MaxPoolLayer { window }) => {
            Some(window)
        }
        _ => None,
    }
}
