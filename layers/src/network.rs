//! The quantised network: a graph of layers over integer tensors, public in everything but its parameters.
//!
//! The first nodes are the inputs, at least one, in order; every other node reads earlier nodes. A node's value is an *activation* (bounded, committed or
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
    #[doc(hidden)]
    #[expect(clippy::indexing_slicing, reason = "the caller's index is one of this network's")]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Name and layer of every input: the first nodes, in order. The node of the input at an index has this index.
    pub fn input_layers(&self) -> impl Iterator<Item = (&str, &InputLayer)> {
        self.nodes.iter().map_while(|node| {
            let Operation::Input(layer) = &node.operation else { return None };
            Some((node.name.as_str(), layer))
        })
    }

    /// Number of inputs.
    pub fn num_inputs(&self) -> usize {
        self.input_layers().count()
    }

    /// The input that a node is.
    ///
    /// # Errors
    /// [`Error::Graph`] when there is no such node or it is another layer.
    pub fn input_layer(&self, id: NodeId) -> Result<&InputLayer> {
        match self.nodes.get(id.index()).map(|node| &node.operation) {
            Some(Operation::Input(input)) => Ok(input),
            _ => Err(Error::Graph { reason: "a node that is no input" }),
        }
    }

    /// The only input's layer.
    ///
    /// # Errors
    /// [`Error::Graph`] when node 0 is no input, or there are others.
    pub fn input(&self) -> Result<&InputLayer> {
        let mut layers = self.input_layers();
        match (layers.next(), layers.next()) {
            (Some((_, input)), None) => Ok(input),
            (Some(_), Some(_)) => Err(Error::Graph { reason: "it has several inputs where one is expected" }),
            (None, _) => Err(Error::Graph { reason: "node 0 is not the input" }),
        }
    }

    /// Puts what is given by name in the order of the inputs.
    ///
    /// # Errors
    /// [`Error::UnknownInput`], [`Error::RepeatedInput`] or [`Error::MissingInput`].
    pub fn in_input_order<T>(&self, given: impl IntoIterator<Item = (String, T)>) -> Result<Vec<T>> {
        let mut places: Vec<Option<T>> = self.input_layers().map(|_| None).collect();
        for (input, value) in given {
            let index = self.input_layers().position(|(name, _)| name == input);
            match index.and_then(|index| places.get_mut(index)) {
                Some(place @ None) => *place = Some(value),
                Some(Some(_)) => return Err(Error::RepeatedInput { input }),
                None => return Err(Error::UnknownInput { input, inputs: self.input_names() }),
            }
        }
        let missing =
            |input: &str| Error::MissingInput { input: input.to_owned(), inputs: self.input_names() };
        self.input_layers().zip(places).map(|((name, _), value)| value.ok_or_else(|| missing(name))).collect()
    }

    /// The names of all inputs, for a message.
    pub fn input_names(&self) -> String {
        self.input_layers().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    /// Checks that as many inputs are given as there are.
    ///
    /// # Errors
    /// [`Error::NumInputs`].
    pub fn check_num_inputs(&self, actual: usize) -> Result<()> {
        let expected = self.num_inputs();
        if actual == expected {
            return Ok(());
        }
        Err(Error::NumInputs { expected, actual, inputs: self.input_names() })
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

    /// The same network with the layer of this name proved by this argument; [`Self::with_arguments`] first gives every layer the
    /// same one.
    ///
    /// # Errors
    /// [`Error::UnknownLayer`], [`Error::OtherArgument`] when the layer is no convolution or no matrix product, or when the
    /// argument does not do the layer's shape.
    pub fn with_argument(mut self, layer: &str, argument: LayerArgument) -> Result<Self> {
        let node = self.architecture.nodes.iter_mut().find(|node| node.name == layer);
        let node = node.ok_or_else(|| Error::UnknownLayer { layer: layer.to_owned() })?;
        let operation = node.operation.layer_mut();
        operation.set_argument(argument);
        if operation.argument() != Some(argument) {
            let operation = operation.name();
            return Err(Error::OtherArgument {
                layer: layer.to_owned(),
                operation,
                argument: argument.name(),
            });
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
    #[doc(hidden)]
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

/// Checks that quantised inputs, in order, fit the network.
///
/// # Errors
/// [`Error::NumInputs`], [`Error::InputShape`] or [`Error::InputRange`].
pub fn check_inputs(network: &Architecture, inputs: &[&Tensor<i64>]) -> Result<()> {
    network.check_num_inputs(inputs.len())?;
    network.input_layers().zip(inputs).try_for_each(|((name, layer), input)| check_input(name, layer, input))
}

/// Checks that a quantised tensor fits the input of this name.
///
/// # Errors
/// [`Error::InputShape`] or [`Error::InputRange`].
pub fn check_input(name: &str, layer: &InputLayer, tensor: &Tensor<i64>) -> Result<()> {
    check_input_shape(name, layer, tensor.layout())?;
    let (minimum, maximum) = layer.bounds;
    match tensor.data().iter().enumerate().find(|(_, x)| !(minimum..=maximum).contains(*x)) {
        Some((position, &value)) => {
            Err(Error::InputRange { input: name.to_owned(), position, value, minimum, maximum })
        }
        None => Ok(()),
    }
}

/// Checks that a shape fits the input of this name.
///
/// # Errors
/// [`Error::InputShape`].
pub fn check_input_shape(name: &str, layer: &InputLayer, layout: &Layout) -> Result<()> {
    if *layout == layer.layout {
        return Ok(());
    }
    let (expected, actual) = (layer.layout.axes().to_vec(), layout.axes().to_vec());
    Err(Error::InputShape { input: name.to_owned(), expected, actual })
}
