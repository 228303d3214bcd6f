//! Layers: one file for each kind, which answers every question that is asked of it.
//!
//! [`Operation`] lists the kinds. Whoever asks a layer something goes through [`dispatch!`](crate::dispatch), the only
//! place that tells kinds apart; [`Layer`] is what prover and verifier ask, and has no default answers: a new kind
//! compiles when its file has them all. Others ask their own questions by traits of their own over the same dispatch:
//! what a layer computes, what it costs, how it is proved, how it is verified.

pub mod add;
pub mod average_pool;
pub mod batches;
pub mod circuit;
pub mod concat;
pub mod conv2d;
pub mod cumulative_sum;
pub mod dense;
pub mod flatten;
pub mod gated;
pub mod input;
pub mod max_pool;
pub mod product;
pub mod questions;
pub mod reduce_sum;
pub mod remap;
pub mod rescale;
pub mod reshape;
pub mod site;
pub mod transpose;

use serde::{Deserialize, Serialize};

pub use self::{
    batches::Batches,
    gated::Gated,
    questions::Layer,
    site::{Burden, Commitments, Inputs, Reading, Site, Size, ViewSize},
};

/// What a node computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operation {
    /// An input of the network: the first nodes and only they.
    Input(input::InputLayer),
    /// Matrix product with a weight matrix.
    Dense(dense::DenseLayer),
    /// Two-dimensional convolution.
    Conv2d(conv2d::Conv2dLayer),
    /// Sum over a sliding window; the division is the rescale that follows.
    AveragePool(average_pool::AveragePoolLayer),
    /// Integer combination of activations.
    Add(add::AddLayer),
    /// Fixed-point multiplication, rounding and activation function.
    Rescale(rescale::RescaleLayer),
    /// Maximum over a sliding window.
    MaxPool(max_pool::MaxPoolLayer),
    /// All axes read as one.
    Flatten(flatten::FlattenLayer),
    /// A view axis by axis: slice, zero padding, enlargement.
    Remap(remap::RemapLayer),
    /// Inputs behind each other along one axis.
    Concat(concat::ConcatLayer),
    /// Axes in another order.
    Transpose(transpose::TransposeLayer),
    /// Activations by activations: matrix products, elementwise products.
    Product(product::ProductLayer),
    /// The same elements over other axes.
    Reshape(reshape::ReshapeLayer),
    /// Sums over whole axes.
    ReduceSum(reduce_sum::ReduceSumLayer),
    /// A circuit of add and multiply gates.
    Circuit(circuit::CircuitLayer),
    /// Sums up to each position of an axis.
    CumulativeSum(cumulative_sum::CumulativeSumLayer),
}

/// Evaluates an expression with the layer of an [`Operation`], whatever its kind: the one place that lists all kinds.
#[macro_export]
macro_rules! dispatch {
    ($operation:expr, $layer:ident => $answer:expr) => {
        match $operation {
            $crate::layer::Operation::Input($layer) => $answer,
            $crate::layer::Operation::Dense($layer) => $answer,
            $crate::layer::Operation::Conv2d($layer) => $answer,
            $crate::layer::Operation::AveragePool($layer) => $answer,
            $crate::layer::Operation::Add($layer) => $answer,
            $crate::layer::Operation::Rescale($layer) => $answer,
            $crate::layer::Operation::MaxPool($layer) => $answer,
            $crate::layer::Operation::Flatten($layer) => $answer,
            $crate::layer::Operation::Remap($layer) => $answer,
            $crate::layer::Operation::Concat($layer) => $answer,
            $crate::layer::Operation::Transpose($layer) => $answer,
            $crate::layer::Operation::Product($layer) => $answer,
            $crate::layer::Operation::Reshape($layer) => $answer,
            $crate::layer::Operation::ReduceSum($layer) => $answer,
            $crate::layer::Operation::Circuit($layer) => $answer,
            $crate::layer::Operation::CumulativeSum($layer) => $answer,
        }
    };
}

impl Operation {
    /// The layer, whatever its kind.
    pub fn layer(&self) -> &dyn Layer {
        dispatch!(self, layer => layer)
    }

    /// The layer, to be changed.
    pub fn layer_mut(&mut self) -> &mut dyn Layer {
        dispatch!(self, layer => layer)
    }
}
