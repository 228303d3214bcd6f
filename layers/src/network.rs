//! The quantised network: a graph of layers over integer tensors, public in everything but its parameters.
//!
//! Node 0 is the input; every other node reads earlier nodes. A node's value is an *activation* (bounded, committed or
//! public) or an *accumulator* (a linear map of
//! activations or sums of their products, never committed). An accumulator is read by exactly one
//! rescale, directly or through flattening, transpositions and reshapes that need no argument, or it is an output.

use serde::{Deserialize, Serialize};

use crate::{
    add::AddLayer,
    average_pool::AveragePoolLayer,
    conv2d::Conv2dLayer,
    dense::DenseLayer,
    error::{Error, Result},
    gates::CircuitLayer,
    max_pool::MaxPoolLayer,
    product::ProductLayer,
    reduce_sum::ReduceSumLayer,
    remap::{ConcatLayer, RemapLayer},
    rescale::RescaleLayer,
    reshape::ReshapeLayer,
    tensor::Layout,
    transpose::TransposeLayer,
};

mod infer;
mod size;

/// Index of a node in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// Index of a parameter tensor in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParameterId(pub u32);

impl NodeId {
    /// As a position in a list of nodes.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl ParameterId {
    /// As a position in a list of parameters.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The network's input: a real tensor, quantised to centred integers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputLayer {
    /// Axes of one sample, without the batch axis.
    pub layout: Layout,
    /// Smallest and largest integer.
    pub bounds: (i64, i64),
    /// A real `x` is read as `x / scale` in float32, rounded with halves to even and clipped to `bounds`.
    pub scale: f64,
}

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

/// A node of the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// The layer's name, for people; from the ONNX node where there is one.
    pub name: String,
    /// The nodes it reads.
    pub inputs: Vec<NodeId>,
    /// What it computes.
    pub operation: Operation,
}

/// Type and shape of a parameter tensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterSpec {
    /// For people.
    pub name: String,
    /// Shape.
    pub layout: Layout,
    /// Width of its elements.
    pub width: ParameterWidth,
}

/// Width of a parameter's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterWidth {
    /// Weights.
    Int8,
    /// Biases.
    Int32,
}

/// An output of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// For people; from the ONNX output where there is one.
    pub name: String,
    /// The node whose value it is.
    pub node: NodeId,
    /// Shape users see, without the batch axis; as many elements as the node's value.
    pub shape: Vec<usize>,
    /// Real value of one unit: one scale for all, or one for each position of the node's last axis (dense) or first
    /// axis (convolution), as `scale_axis` says.
    pub scales: Vec<f64>,
    /// The axis of the node's value that `scales` runs over when there is more than one.
    pub scale_axis: usize,
}

/// Everything public about a network: graph, shapes, quantisation constants; not its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// For people.
    pub name: String,
    /// Nodes in execution order.
    pub nodes: Vec<Node>,
    /// Parameter tensors.
    pub parameters: Vec<ParameterSpec>,
    /// Outputs, at least one.
    pub outputs: Vec<Output>,
}

/// Integers of a parameter tensor, row-major.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parameter {
    /// Weights.
    Int8(Vec<i8>),
    /// Biases.
    Int32(Vec<i32>),
}

impl Parameter {
    /// Number of elements.
    pub fn num_elements(&self) -> usize {
        match self {
            Self::Int8(values) => values.len(),
            Self::Int32(values) => values.len(),
        }
    }

    /// Width of the elements.
    pub const fn width(&self) -> ParameterWidth {
        match self {
            Self::Int8(_) => ParameterWidth::Int8,
            Self::Int32(_) => ParameterWidth::Int32,
        }
    }

    /// The element at `index`.
    pub fn get(&self, index: usize) -> i64 {
        match self {
            Self::Int8(values) => i64::from(values[index]),
            Self::Int32(values) => i64::from(values[index]),
        }
    }
}

/// An architecture with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The public part.
    pub architecture: Architecture,
    /// One for each of the architecture's parameter specifications.
    pub parameters: Vec<Parameter>,
}

/// Whether a value is bounded by construction or the sum of many products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Bounded: inputs, rescaled values, maxima.
    Activation {
        /// Smallest value.
        minimum: i64,
        /// Largest value.
        maximum: i64,
    },
    /// A linear map of activations, or sums of their products.
    Accumulator,
}

impl ValueKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Activation { .. } => "an activation",
            Self::Accumulator => "an accumulator",
        }
    }
}

/// Shape and kind of a node's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSpec {
    /// Axes as computed and committed.
    pub layout: Layout,
    /// Activation or accumulator.
    pub kind: ValueKind,
}

impl ValueSpec {
    /// Bounds of an activation.
    ///
    /// # Errors
    /// [`Error::ValueKind`] when it is an accumulator.
    pub fn activation(&self, layer: &str) -> Result<(i64, i64)> {
        match self.kind {
            ValueKind::Activation { minimum, maximum } => Ok((minimum, maximum)),
            ValueKind::Accumulator => Err(Error::ValueKind {
                layer: layer.to_owned(),
                expected: "an activation",
                actual: self.kind.name(),
            }),
        }
    }
}

/// Largest magnitude of a bound of an activation.
pub const MAX_ACTIVATION: i64 = 1 << 16;
/// Most nodes of a network.
pub const MAX_NODES: usize = 1 << 16;

impl Architecture {
    /// The node with this index.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The input layer.
    ///
    /// # Errors
    /// [`Error::Graph`] when node 0 is no input.
    pub fn input(&self) -> Result<&InputLayer> {
        match self.nodes.first().map(|node| &node.operation) {
            Some(Operation::Input(input)) => Ok(input),
            _ => Err(Error::Graph { reason: "node 0 is not the input" }),
        }
    }

    /// Layout of a parameter, checked to exist.
    ///
    /// # Errors
    /// [`Error::Reference`] when there is no such parameter.
    pub fn parameter(&self, layer: &str, id: ParameterId) -> Result<&ParameterSpec> {
        self.parameters.get(id.index()).ok_or_else(|| Error::Reference {
            layer: layer.to_owned(),
            what: "parameter",
            index: id.index(),
        })
    }
}

impl Operation {
    /// Whether claims on its value become claims on its inputs by the argument of [views](crate::view).
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

impl InputLayer {
    fn infer(&self, name: &str) -> Result<ValueSpec> {
        let (minimum, maximum) = self.bounds;
        check_activation_bounds(name, minimum, maximum)?;
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return Err(Error::Graph { reason: "the input's scale is not a positive number" });
        }
        Ok(ValueSpec { layout: self.layout.clone(), kind: ValueKind::Activation { minimum, maximum } })
    }

    /// The integer a real input value is read as.
    pub fn quantise(&self, x: f64) -> i64 {
        let (minimum, maximum) = self.bounds;
        ((x as f32 / self.scale as f32).round_ties_even() as i64).clamp(minimum, maximum)
    }
}

/// Activation bounds must hold zero, which stands for padding, and fit [`MAX_ACTIVATION`].
pub(crate) fn check_activation_bounds(layer: &str, minimum: i64, maximum: i64) -> Result<()> {
    for (what, actual, low, high) in [
        ("smallest activation", minimum, -MAX_ACTIVATION, 0),
        ("largest activation", maximum, 0, MAX_ACTIVATION),
    ] {
        if !(low..=high).contains(&actual) {
            return Err(Error::Attribute {
                layer: layer.to_owned(),
                what,
                actual,
                minimum: low,
                maximum: high,
            });
        }
    }
    Ok(())
}

impl Network {
    /// Checks the graph and that every parameter has the type and size its specification gives.
    ///
    /// # Errors
    /// The first thing wrong, named.
    pub fn infer(&self) -> Result<Vec<ValueSpec>> {
        let specs = self.architecture.infer()?;
        let expected = self.architecture.parameters.len();
        if self.parameters.len() != expected {
            return Err(Error::Graph { reason: "its parameters are not as many as declared" });
        }
        for (spec, parameter) in self.architecture.parameters.iter().zip(&self.parameters) {
            if spec.layout.num_elements() != parameter.num_elements() || spec.width != parameter.width() {
                return Err(Error::Graph { reason: "a parameter is not of its declared type and size" });
            }
        }
        Ok(specs)
    }

    /// The parameter with this index.
    pub fn parameter(&self, id: ParameterId) -> &Parameter {
        &self.parameters[id.index()]
    }

    /// Number of parameters (weights and biases).
    pub fn num_parameters(&self) -> usize {
        self.parameters.iter().map(Parameter::num_elements).sum()
    }
}
