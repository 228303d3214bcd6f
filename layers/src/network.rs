//! The quantised network: a graph of layers over integer tensors, public in everything but its parameters.
//!
//! Node 0 is the input; every other node reads earlier nodes. A node's value is an *activation* (bounded, committed or
//! public) or an *accumulator* (a linear map of
//! activations or sums of their products, never committed). An accumulator is read by exactly one
//! rescale, directly or through flattening, transpositions and reshapes that need no argument, or it is an output; what a
//! dense layer or a convolution accumulates may be read by an addition instead.

use serde::{Deserialize, Serialize};

use crate::{
    argument::choice::{ConvolutionArgument, LayerArgument, MatmulArgument},
    error::{Error, Result},
    layer::{
        Operation,
        input::InputLayer,
        site::{Inputs, Site},
    },
    tensor::{
        Layout, Tensor,
        value::{NodeId, Parameter, ParameterId, ParameterSpec, ValueSpec},
    },
};

mod infer;
mod size;

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

/// An architecture with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The public part.
    pub architecture: Architecture,
    /// One for each of the architecture's parameter specifications.
    pub parameters: Vec<Parameter>,
}

/// Most nodes of a network.
pub const MAX_NODES: usize = 1 << 16;

impl Architecture {
    /// What a node reads, from the specifications of the nodes before it.
    ///
    /// # Errors
    /// [`Error::Reference`] when it reads a node or a parameter that does not exist before it.
    pub fn inputs<'a>(&'a self, node: &'a Node, specs: &'a [ValueSpec]) -> Result<Inputs<'a>> {
        let value = |id: &NodeId| {
            let missing = || Error::Reference { layer: node.name.clone(), what: "node", index: id.index() };
            specs.get(id.index()).ok_or_else(missing)
        };
        let parameters = node.operation.layer().parameters();
        Ok(Inputs {
            layer: &node.name,
            values: node.inputs.iter().map(value).collect::<Result<_>>()?,
            parameters: parameters
                .into_iter()
                .map(|id| self.parameter(&node.name, id))
                .collect::<Result<_>>()?,
        })
    }

    /// A node with its place; none when there is no such node or it reads what does not exist. `specs` are those of
    /// [`Self::infer`].
    pub fn site<'a>(&'a self, id: NodeId, specs: &'a [ValueSpec]) -> Option<(&'a Node, Site<'a>)> {
        let (node, output) = self.nodes.get(id.index()).zip(specs.get(id.index()))?;
        let inputs = self.inputs(node, specs).ok()?;
        Some((node, Site { id, reads: &node.inputs, inputs, output }))
    }

    /// Every node with its place, in node order. `specs` are those of [`Self::infer`].
    pub fn sites<'a>(
        &'a self,
        specs: &'a [ValueSpec],
    ) -> impl DoubleEndedIterator<Item = (&'a Node, Site<'a>)> {
        (0..self.nodes.len()).filter_map(|index| self.site(NodeId(u32::try_from(index).ok()?), specs))
    }

    /// The node with this index, for provers: what a verifier asks for may not exist.
    ///
    /// # Panics
    /// When there is none.
    #[expect(clippy::indexing_slicing, reason = "the caller's index is one of this network's")]
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

impl Network {
    /// The same network with every convolution proved by one argument and every matrix product by another.
    ///
    /// # Errors
    /// When an argument does not do a layer's shape.
    pub fn with_arguments(
        mut self,
        convolution: ConvolutionArgument,
        matmul: MatmulArgument,
    ) -> Result<Self> {
        for node in &mut self.architecture.nodes {
            let layer = node.operation.layer_mut();
            layer.set_argument(LayerArgument::Convolution(convolution));
            layer.set_argument(LayerArgument::Matmul(matmul));
        }
        self.infer()?;
        Ok(self)
    }

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
    ///
    /// # Panics
    /// When there is none.
    #[expect(
        clippy::indexing_slicing,
        reason = "whoever has parameters proves: the index is one of this network's"
    )]
    pub fn parameter(&self, id: ParameterId) -> &Parameter {
        &self.parameters[id.index()]
    }

    /// Number of parameters (weights and biases).
    pub fn num_parameters(&self) -> usize {
        self.parameters.iter().map(Parameter::num_elements).sum()
    }
}

/// Checks that a quantised input fits the network.
///
/// # Errors
/// [`Error::InputShape`] or [`Error::InputRange`].
pub fn check_input(network: &Architecture, input: &Tensor<i64>) -> Result<()> {
    check_input_shape(network, input.layout())?;
    let (minimum, maximum) = network.input()?.bounds;
    match input.data().iter().enumerate().find(|(_, x)| !(minimum..=maximum).contains(*x)) {
        Some((position, &value)) => Err(Error::InputRange { position, value, minimum, maximum }),
        None => Ok(()),
    }
}

/// Checks that an input's shape fits the network.
///
/// # Errors
/// [`Error::InputShape`].
pub fn check_input_shape(network: &Architecture, layout: &Layout) -> Result<()> {
    let expected = &network.input()?.layout;
    if layout == expected {
        Ok(())
    } else {
        let (expected, actual) = (expected.axes().to_vec(), layout.axes().to_vec());
        Err(Error::InputShape { expected, actual })
    }
}
