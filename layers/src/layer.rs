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
pub mod dense;
pub mod flatten;
pub mod gated;
pub mod input;
pub mod max_pool;
pub mod product;
pub mod reduce_sum;
pub mod remap;
pub mod rescale;
pub mod reshape;
pub mod site;
pub mod transpose;

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

pub use self::{
    batches::Batches,
    gated::Gated,
    site::{Burden, Commitments, Inputs, Reading, Site, Size, ViewSize},
};
use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::Result,
    tensor::{
        value::{ParameterId, ValueSpec},
        window::Window2d,
    },
};

/// What a node computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operation {
    /// The network's input; node 0 and only node 0.
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
        }
    };
}

/// What prover and verifier ask of every kind of layer. A [`Site`] is that of a node of a checked graph, or of one whose
/// inputs are.
pub trait Layer {
    /// The kind's name, as users know it.
    fn name(&self) -> &'static str;

    /// Parameter tensors that it reads.
    fn parameters(&self) -> Vec<ParameterId>;

    /// What proves it, where there is a choice.
    fn argument(&self) -> Option<LayerArgument>;

    /// Has it proved by another argument; one for other kinds of layers changes nothing.
    fn set_argument(&mut self, argument: LayerArgument);

    /// Shape and kind of its value.
    ///
    /// # Errors
    /// When inputs or parameters break a rule of the layer.
    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec>;

    /// What it makes whoever analyses a network store and compute beyond its value's elements, where no parameter answers
    /// for it.
    fn size(&self, site: &Site) -> Size;

    /// What a claim on its value is about.
    fn reading(&self, site: &Site) -> Reading;

    /// How many claims it leaves on each of its inputs where there are `own` claims on its value.
    fn num_claims(&self, site: &Site, own: usize) -> Vec<usize>;

    /// The window of a layer that leaves claims on windowed inputs.
    fn window(&self) -> Option<&Window2d>;

    /// The vectors of a view at a point of its value, for the input at this position; none for what is no view.
    fn shifts(&self, site: &Site, position: usize, point: &[Fr]) -> Option<Shifts>;

    /// Committed columns, what is looked up, and columns that depend on challenges.
    ///
    /// # Errors
    /// When a column is too large.
    fn commitments(&self, site: &Site) -> Result<Commitments>;

    /// Its circuit and where that one's inputs come from, if it is proved by gates.
    fn gated(&self, site: &Site) -> Option<Gated<'_>>;

    /// What it costs beyond commitments and look-ups.
    ///
    /// # Errors
    /// When its inputs do not fit it.
    fn burden(&self, site: &Site) -> Result<Burden>;

    /// Adds its instances to the batches of which a proof's soundness error is the sum.
    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>);

    /// Refuses a layer whose values could wrap around the field where nothing is known of its parameters but their widths.
    ///
    /// # Errors
    /// [`Error::Circuit`](crate::Error::Circuit).
    fn check_widths(&self, site: &Site) -> Result<()>;
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
