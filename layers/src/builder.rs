//! Building a network layer by layer.

use crate::{
    argument::{
        choice::{ConvolutionArgument, MatmulArgument},
        function::ActivationFunction,
        gates::Circuit,
    },
    error::Result,
    layer::{
        Operation,
        add::AddLayer,
        average_pool::AveragePoolLayer,
        circuit::CircuitLayer,
        concat::ConcatLayer,
        conv2d::Conv2dLayer,
        dense::DenseLayer,
        input::InputLayer,
        max_pool::MaxPoolLayer,
        product::ProductLayer,
        reduce_sum::ReduceSumLayer,
        remap::{AxisMap, RemapLayer},
        rescale::{Multiplier, RescaleLayer},
        reshape::ReshapeLayer,
        transpose::TransposeLayer,
    },
    network::{Architecture, Network, Node, Output},
    tensor::{
        Layout, Tensor,
        value::{NodeId, Parameter, ParameterId, ParameterSpec, ValueSpec},
        window::Window2d,
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
    /// Starts a network with its input.
    pub fn new(name: &str, input: InputLayer) -> Self {
        let node = Node { name: "input".to_owned(), inputs: vec![], operation: Operation::Input(input) };
        let architecture =
            Architecture { name: name.to_owned(), nodes: vec![node], parameters: vec![], outputs: vec![] };
        Self { network: Network { architecture, parameters: vec![] }, specs: vec![] }
    }

    /// The input node.
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

    fn node(&mut self, name: &str, inputs: &[NodeId], operation: Operation) -> NodeId {
        let nodes = &mut self.network.architecture.nodes;
        nodes.push(Node { name: name.to_owned(), inputs: inputs.to_vec(), operation });
        NodeId((nodes.len() - 1) as u32)
    }

    fn parameter(&mut self, name: String, layout: Layout, values: Parameter) -> ParameterId {
        let width = values.width();
        self.network.architecture.parameters.push(ParameterSpec { name, layout, width });
        self.network.parameters.push(values);
        ParameterId((self.network.parameters.len() - 1) as u32)
    }

    fn bias(&mut self, layer: &str, values: Vec<i32>) -> Result<ParameterId> {
        let layout = Layout::new(vec![values.len()])?;
        Ok(self.parameter(format!("{layer}.bias"), layout, Parameter::Int32(values)))
    }

    /// A dense layer; weights of shape (outputs, contracted input axes ...).
    ///
    /// # Errors
    /// When the bias is empty.
    pub fn dense(
        &mut self,
        name: &str,
        input: NodeId,
        num_row_axes: usize,
        weights: Tensor<i8>,
        bias: Option<Vec<i32>>,
    ) -> Result<NodeId> {
        let num_outputs = weights.layout().axes()[0];
        let layout = weights.layout().clone();
        let weights = self.parameter(format!("{name}.weight"), layout, Parameter::Int8(weights.into_data()));
        let bias = bias.map(|values| self.bias(name, values)).transpose()?;
        Ok(self.node(
            name,
            &[input],
            Operation::Dense(DenseLayer {
                weights,
                bias,
                num_row_axes,
                num_outputs,
                argument: MatmulArgument::default(),
            }),
        ))
    }

    /// A convolution; weights of shape (outputs, input channels, kernel height, kernel width).
    ///
    /// # Errors
    /// When the bias is empty.
    pub fn conv2d(
        &mut self,
        name: &str,
        input: NodeId,
        window: Window2d,
        weights: Tensor<i8>,
        bias: Option<Vec<i32>>,
    ) -> Result<NodeId> {
        self.grouped_conv2d(name, input, window, 1, weights, bias)
    }

    /// A grouped convolution; weights of shape (outputs, input channels of a group, kernel height, kernel width).
    ///
    /// # Errors
    /// When the bias is empty.
    pub fn grouped_conv2d(
        &mut self,
        name: &str,
        input: NodeId,
        window: Window2d,
        groups: usize,
        weights: Tensor<i8>,
        bias: Option<Vec<i32>>,
    ) -> Result<NodeId> {
        let num_outputs = weights.layout().axes()[0];
        let layout = weights.layout().clone();
        let weights = self.parameter(format!("{name}.weight"), layout, Parameter::Int8(weights.into_data()));
        let bias = bias.map(|values| self.bias(name, values)).transpose()?;
        Ok(self.node(
            name,
            &[input],
            Operation::Conv2d(Conv2dLayer {
                weights,
                bias,
                num_outputs,
                groups,
                window,
                argument: ConvolutionArgument::default(),
            }),
        ))
    }

    /// The sum over a sliding window.
    pub fn average_pool(&mut self, name: &str, input: NodeId, window: Window2d) -> NodeId {
        self.node(name, &[input], Operation::AveragePool(AveragePoolLayer { window }))
    }

    /// The maximum over a sliding window.
    pub fn max_pool(&mut self, name: &str, input: NodeId, window: Window2d) -> NodeId {
        self.node(name, &[input], Operation::MaxPool(MaxPoolLayer { window }))
    }

    /// An integer combination of activations.
    pub fn add(&mut self, name: &str, addends: &[(NodeId, i64)]) -> NodeId {
        let (inputs, coefficients): (Vec<_>, Vec<_>) = addends.iter().copied().unzip();
        self.node(name, &inputs, Operation::Add(AddLayer { coefficients }))
    }

    /// A rescale with its activation function.
    pub fn rescale(
        &mut self,
        name: &str,
        input: NodeId,
        multiplier: Multiplier,
        shift: u32,
        function: ActivationFunction,
    ) -> NodeId {
        let layer = RescaleLayer { multiplier, shift, function, quotient_bounds: (0, 0) };
        self.node(name, &[input], Operation::Rescale(layer))
    }

    /// All axes read as one.
    pub fn flatten(&mut self, name: &str, input: NodeId) -> NodeId {
        self.node(name, &[input], Operation::Flatten)
    }

    /// A product of activations by activations, summed over axes that only the factors have. Every axis goes by a name; names
    /// that both factors and the result have are those of batch axes. A product of matrices, the second transposed:
    /// `product(name, (x, b"ik"), (y, b"jk"), b"ij")`. The result is an accumulator.
    pub fn product(
        &mut self,
        name: &str,
        (left, left_axes): (NodeId, &[u8]),
        (right, right_axes): (NodeId, &[u8]),
        output_axes: &[u8],
    ) -> NodeId {
        let layer = ProductLayer {
            left: left_axes.to_vec(),
            right: right_axes.to_vec(),
            output: output_axes.to_vec(),
            argument: MatmulArgument::default(),
        };
        self.node(name, &[left, right], Operation::Product(layer))
    }

    /// The same elements, in row-major order, over other axes. Accumulators may be reshaped where the padded places of all
    /// elements stay ([`ReshapeLayer::keeps_places`]).
    pub fn reshape(&mut self, name: &str, input: NodeId, axes: &[usize]) -> NodeId {
        self.node(name, &[input], Operation::Reshape(ReshapeLayer { axes: axes.to_vec() }))
    }

    /// The sums over whole axes, in ascending order; they stay with a length of one. The result is an accumulator.
    pub fn reduce_sum(&mut self, name: &str, input: NodeId, axes: &[usize]) -> NodeId {
        self.node(name, &[input], Operation::ReduceSum(ReduceSumLayer { axes: axes.to_vec() }))
    }

    /// The axes in another order: axis `j` of the result is axis `axes[j]` of the input, an activation or an accumulator.
    pub fn transpose(&mut self, name: &str, input: NodeId, axes: &[usize]) -> NodeId {
        self.node(name, &[input], Operation::Transpose(TransposeLayer { axes: axes.to_vec() }))
    }

    /// A layer of one's own, by gates: the circuit's inputs are activations, then parameters (name, shape, values).
    ///
    /// ```
    /// use tacit_layers::{InputLayer, Layout, NetworkBuilder, Output, argument::gates::CircuitBuilder};
    ///
    /// // The squared distance of two neighbours: a layer that no argument was written for.
    /// let mut gates = CircuitBuilder::new();
    /// let x = gates.input(&[4])?;
    /// for pair in x.windows(2) {
    ///     let difference = gates.sub(pair[0], pair[1]);
    ///     let square = gates.multiply(difference, difference);
    ///     gates.output(square);
    /// }
    /// let circuit = gates.finish(&[3])?;
    ///
    /// let input = InputLayer { layout: Layout::new(vec![4])?, bounds: (0, 255), scale: 1.0 };
    /// let mut network = NetworkBuilder::new("distances", input);
    /// let squares = network.circuit("squares", &[network.input()], vec![], circuit);
    /// network.output(Output { name: "y".into(), node: squares, shape: vec![3], scales: vec![1.0], scale_axis: 0 });
    /// let network = network.finish()?;
    /// # Ok::<(), tacit_layers::Error>(())
    /// ```
    pub fn circuit(
        &mut self,
        name: &str,
        inputs: &[NodeId],
        parameters: Vec<(&str, Layout, Parameter)>,
        circuit: Circuit,
    ) -> NodeId {
        let parameters = parameters
            .into_iter()
            .map(|(parameter, layout, values)| self.parameter(format!("{name}.{parameter}"), layout, values))
            .collect();
        self.node(name, inputs, Operation::Circuit(CircuitLayer { circuit, parameters }))
    }

    /// A view axis by axis: one map for each axis of the input.
    pub fn remap(&mut self, name: &str, input: NodeId, axes: Vec<AxisMap>) -> NodeId {
        self.node(name, &[input], Operation::Remap(RemapLayer { axes }))
    }

    /// Activations behind each other along one axis.
    pub fn concat(&mut self, name: &str, inputs: &[NodeId], axis: usize) -> NodeId {
        self.node(name, inputs, Operation::Concat(ConcatLayer { axis }))
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
        self.network.analyse()?;
        self.network.infer()?;
        Ok(self.network)
    }
}
