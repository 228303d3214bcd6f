//! Building a network layer by layer.
//!
//! Every layer has its own argument: here a convolution by FFT before a dense layer by gates.
//!
//! ```
//! use tacit_inference::NetworkBuilder;
//! use tacit_layers::{
//!     ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, Layout, LayerArgument, MatmulArgument, Multiplier,
//!     Output, Tensor, Window2d,
//! };
//!
//! let mut network = NetworkBuilder::new("mixed", InputLayer::real(Layout::new(vec![1, 8, 8])?, (0, 15), 1.0));
//! let kernel = Tensor::new(Layout::new(vec![2, 1, 3, 3])?, (0..18).map(|i| i - 9).collect())?;
//! let sum = network.conv2d("conv", network.input(), Window2d::square(AxisWindow::new(3, 1)), kernel, None)?;
//! let relu = ActivationFunction::Clip { minimum: 0, maximum: 15 };
//! let maps = network.rescale("relu", sum, Multiplier::Uniform(1), 6, relu);
//! let flat = network.flatten("flatten", maps);
//! let weights = Tensor::new(Layout::new(vec![10, 72])?, (0..720).map(|i| (i % 7 - 3) as i8).collect())?;
//! let logits = network.dense("logits", flat, 0, weights, None)?;
//! network.output(Output { name: "y".into(), node: logits, shape: vec![10], scales: vec![1.0], scale_axis: 0 });
//!
//! let network = network
//!     .finish()?
//!     .with_argument("conv", LayerArgument::Convolution(ConvolutionArgument::Fft))?
//!     .with_argument("logits", LayerArgument::Matmul(MatmulArgument::Gates))?;
//! let arguments = network.architecture.nodes.iter().filter_map(|node| node.operation.layer().argument());
//! assert!(arguments.map(LayerArgument::name).eq(["fft", "gates"]));
//! # Ok::<(), tacit_layers::Error>(())
//! ```
//!
//! [`crate::choose_arguments`] chooses the cheapest for each.

use crate::interval::analyse;
use tacit_layers::{
    error::Result,
    layer::{Operation, input::InputLayer},
    network::{Architecture, Network, Node, Output},
    tensor::{
        Layout, Tensor,
        value::{NodeId, Parameter, ParameterId, ParameterSpec, ValueSpec},
    },
};

/// Assembles a [`Network`]; every method returns the node it added. Shapes are checked by [`NetworkBuilder::finish`].
#[derive(Debug, Clone)]
pub struct NetworkBuilder {
    network: Network,
    /// Of the first nodes, as far as they were asked for.
    specs: Vec<ValueSpec>,
}

impl NetworkBuilder {
    /// Starts a network with its only input.
    pub fn new(name: &str, input: InputLayer) -> Self {
        Self::with_inputs(name, [("input".to_owned(), input)])
    }

    /// Starts a network with its inputs, each under its name; the node of the input at an index has this index.
    pub fn with_inputs(name: &str, inputs: impl IntoIterator<Item = (String, InputLayer)>) -> Self {
        let node = |(name, input)| Node { name, inputs: vec![], operation: Operation::Input(input) };
        let nodes = inputs.into_iter().map(node).collect();
        let architecture = Architecture { name: name.to_owned(), nodes, parameters: vec![], outputs: vec![] };
        Self { network: Network { architecture, parameters: vec![] }, specs: vec![] }
    }

    /// The first input's node.
    pub const fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// Shape and kind of a node's value.
    ///
    /// # Errors
    /// When there is no such node, or one up to it breaks a rule.
    pub fn spec(&mut self, id: NodeId) -> Result<&ValueSpec> {
        while self.specs.len() <= id.index() {
            let spec = self.network.architecture.infer_node(self.specs.len(), &self.specs)?;
            self.specs.push(spec);
        }
        Ok(&self.specs[id.index()])
    }

    /// Adds a node.
    pub(crate) fn node(&mut self, name: &str, inputs: &[NodeId], operation: Operation) -> NodeId {
        let nodes = &mut self.network.architecture.nodes;
        nodes.push(Node { name: name.to_owned(), inputs: inputs.to_vec(), operation });
        NodeId((nodes.len() - 1) as u32)
    }

    /// Adds a parameter tensor.
    pub(crate) fn parameter(&mut self, name: String, layout: Layout, values: Parameter) -> ParameterId {
        let width = values.width();
        self.network.architecture.parameters.push(ParameterSpec { name, layout, width });
        self.network.parameters.push(values);
        ParameterId((self.network.parameters.len() - 1) as u32)
    }

    /// Adds weights that any number of layers may read.
    pub fn weights(&mut self, name: &str, weights: Tensor<i8>) -> ParameterId {
        let layout = weights.layout().clone();
        self.parameter(name.to_owned(), layout, Parameter::Int8(weights.into_data()))
    }

    /// Adds a bias that any number of layers may read.
    ///
    /// # Errors
    /// When it is empty.
    pub fn biases(&mut self, name: &str, values: Vec<i32>) -> Result<ParameterId> {
        let layout = Layout::new(vec![values.len()])?;
        Ok(self.parameter(name.to_owned(), layout, Parameter::Int32(values)))
    }

    /// Outputs of a layer whose weights these are; none where there are no such weights.
    pub(crate) fn num_outputs(&self, weights: ParameterId) -> usize {
        let spec = self.network.architecture.parameters.get(weights.index());
        spec.and_then(|spec| spec.layout.axes().first().copied()).unwrap_or(0)
    }

    /// Declares an output.
    pub fn output(&mut self, output: Output) {
        self.network.architecture.outputs.push(output);
    }

    /// Checks the graph, runs the interval analysis and returns the network.
    ///
    /// # Errors
    /// The first layer that breaks a rule, named.
    pub fn finish(mut self) -> Result<Network> {
        analyse(&mut self.network)?;
        self.network.infer()?;
        Ok(self.network)
    }
}
