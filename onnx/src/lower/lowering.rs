//! The float graph as far as it is lowered, and what is asked of the graph that it stems from.

use tract_onnx::{
    prelude::{OutletId, TypedFact, TypedOp},
    tract_core::{model::Node, ops::source::TypedSource},
};

use crate::{
    error::Error,
    float_graph::{
        Graph,
        clip::Clip,
        value::{Operation, Value},
        view::View,
    },
    model::FloatModel,
};

/// A node of tract's graph.
pub(super) type TypedNode = Node<TypedFact, Box<dyn TypedOp>>;

/// The float graph as far as it is lowered.
pub(super) struct Lowering<'a> {
    pub(super) model: &'a FloatModel,
    pub(super) values: Vec<Value>,
    /// Whether something else than the next node reads a value, so that nothing may be folded into it.
    pub(super) shared: Vec<bool>,
    /// View of each node's first output.
    pub(super) views: Vec<Option<View>>,
    /// The same, for functions that became a value.
    pub(super) settled: Vec<Option<View>>,
    /// Nodes that only mask what they read.
    pub(super) masking: Vec<usize>,
    /// These and the nodes behind them up to a softmax: what they compute is another value than what is lowered.
    pub(super) behind_masks: Vec<usize>,
}

impl<'a> Lowering<'a> {
    /// Nothing lowered yet.
    pub(super) fn new(model: &'a FloatModel) -> Self {
        let views = vec![None; model.graph.nodes().len()];
        let settled = views.clone();
        Self { model, values: vec![], shared: vec![], views, settled, masking: vec![], behind_masks: vec![] }
    }

    /// One of the model's inputs, the value of this index.
    pub(super) fn source(&mut self, index: usize, node: &TypedNode) -> Result<(), Error> {
        let Some(input) = self.model.inputs().get(index).filter(|_| node.op_is::<TypedSource>()) else {
            return Err(self.unsupported(node));
        };
        let axes = input.shape.clone();
        let mut view_axes: Vec<Vec<usize>> =
            axes.iter().enumerate().map(|(i, &n)| significant(i, n)).collect();
        if input.is_batched {
            view_axes.insert(0, vec![]);
        }
        let view =
            self.push(&node.name.clone(), axes, Operation::Input, OutletId::new(node.id, 0), view_axes);
        self.register(node, view);
        Ok(())
    }

    /// Adds a value and returns a view of it.
    pub(super) fn push(
        &mut self,
        name: &str,
        axes: Vec<usize>,
        operation: Operation,
        outlet: OutletId,
        view: Vec<Vec<usize>>,
    ) -> View {
        let strides = vec![1; axes.len()];
        let view =
            view.into_iter().map(|list| list.into_iter().filter(|&axis| axes[axis] > 1).collect()).collect();
        self.values.push(Value {
            name: name.to_owned(),
            axes,
            operation,
            clip: Clip::NONE,
            function: None,
            spacing: None,
            outlet,
            order: None,
            readers: 0,
        });
        self.shared.push(false);
        View { value: self.values.len() - 1, axes: view, strides, function: None }
    }

    pub(super) fn register(&mut self, node: &TypedNode, view: View) {
        let successors: usize = node.outputs.iter().map(|output| output.successors.len()).sum();
        let is_output = self.model.graph.outputs.iter().any(|outlet| outlet.node == node.id);
        if successors != 1 || is_output {
            self.shared[view.value] = true;
        }
        self.views[node.id] = Some(view);
    }

    pub(super) fn unsupported(&self, node: &TypedNode) -> Error {
        let (node, operator) = self.model.origin(&node.name, &node.op.name());
        Error::UnsupportedOperator { node, operator }
    }

    pub(super) fn refuse(
        &self,
        node: &TypedNode,
        actual: impl Into<String>,
        expected: &'static str,
    ) -> Error {
        let (node, operator) = self.model.origin(&node.name, &node.op.name());
        Error::UnsupportedUse { node, operator, actual: actual.into(), expected }
    }

    /// The ONNX node's name.
    pub(super) fn name(&self, node: &TypedNode) -> String {
        self.model.origin(&node.name, "").0
    }

    pub(super) fn lengths(&self, view: &View) -> &[usize] {
        &self.values[view.value].axes
    }

    /// Shape of an outlet.
    pub(super) fn shape(&self, node: &TypedNode, outlet: OutletId) -> Result<Vec<usize>, Error> {
        let fact = self.model.graph.outlet_fact(outlet).ok();
        fact.and_then(|fact| fact.shape.as_concrete())
            .map(<[usize]>::to_vec)
            .ok_or_else(|| self.symbolic(node))
    }

    pub(super) fn symbolic(&self, node: &TypedNode) -> Error {
        self.refuse(node, "a symbolic shape", "fixed shapes")
    }

    pub(super) fn input_shape(&self, node: &TypedNode, input: usize) -> Result<Vec<usize>, Error> {
        self.shape(node, node.inputs[input])
    }

    pub(super) fn output_shape(&self, node: &TypedNode) -> Result<Vec<usize>, Error> {
        self.shape(node, OutletId::new(node.id, 0))
    }

    /// Notes for each value how its outlet runs over its axes, where the outlet holds all of it. A function of a value is at the
    /// places of the value.
    fn note_orders(&mut self) {
        for index in 0..self.values.len() {
            let value = &self.values[index];
            if self.behind_masks.contains(&value.outlet.node) {
                continue;
            }
            let views = [&self.views, &self.settled].map(|views| views[value.outlet.node].as_ref());
            let own = views.into_iter().flatten().find(|view| view.value == index && view.is_whole());
            let own = own.map(|view| view.axes.concat());
            let before = match &value.operation {
                Operation::Add { addends } if addends.len() == 1 => Some(&self.values[addends[0].0]),
                _ => None,
            };
            let before = before.filter(|before| before.outlet == value.outlet && before.axes == value.axes);
            self.values[index].order = own.or_else(|| before.and_then(|before| before.order.clone()));
        }
    }

    pub(super) fn finish(mut self) -> Result<Graph, Error> {
        let mut outputs = vec![];
        for outlet in &self.model.graph.outputs {
            let node = self.model.graph.node(outlet.node);
            let Some(view) = self.views[outlet.node].clone().filter(|_| outlet.slot == 0) else {
                return Err(self.refuse(
                    node,
                    "a constant output",
                    "an output that depends on the model's input",
                ));
            };
            let mut view = self.settle(outlet.node, view);
            if !view.is_in_order() {
                view = self.in_order(node, view);
            }
            outputs.push(view.value);
        }
        self.note_orders();
        Ok(Graph::new(self.values, outputs))
    }
}

/// The value axes an outlet axis runs over: none when its length is one.
pub(super) fn significant(axis: usize, length: usize) -> Vec<usize> {
    if length > 1 { vec![axis] } else { vec![] }
}
