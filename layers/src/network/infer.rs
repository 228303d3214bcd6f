//! Checking a graph: every node's shape and kind, or the first layer that breaks a rule.

use std::collections::BTreeSet;

use super::{Architecture, MAX_NODES, Node};
use crate::error::{Error, Result};
use crate::{
    layer::{Operation, site::Inputs},
    printable::is_unprintable,
    tensor::value::{ValueKind, ValueSpec},
};

impl Architecture {
    /// Checks the whole graph and derives every node's shape and kind, in node order.
    ///
    /// It accepts any deserialised architecture as input: nothing is trusted.
    ///
    /// # Errors
    /// The first layer that breaks a rule, named.
    pub fn infer(&self) -> Result<Vec<ValueSpec>> {
        let format = |reason| Error::Graph { reason };
        if self.nodes.len() > MAX_NODES || self.parameters.len() > MAX_NODES || self.outputs.len() > MAX_NODES
        {
            return Err(format("more nodes, parameters or outputs than supported"));
        }
        if self.names().any(|name| name.chars().any(is_unprintable)) {
            return Err(format("a name holds characters that are not printed"));
        }
        if self.num_inputs() == 0 {
            return Err(format("node 0 is not the input"));
        }
        let inputs: BTreeSet<&str> = self.input_layers().map(|(name, _)| name).collect();
        if inputs.len() != self.num_inputs() {
            return Err(format("two inputs have one name"));
        }
        let mut specs: Vec<ValueSpec> = Vec::with_capacity(self.nodes.len());
        let mut readers = vec![0_usize; self.nodes.len()];
        let mut parameter_readers = vec![0_usize; self.parameters.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            let spec = self.infer_node(index, &specs)?;
            for id in &node.inputs {
                count_reader(&mut readers, id.index());
            }
            for id in node.operation.layer().parameters() {
                count_reader(&mut parameter_readers, id.index());
            }
            specs.push(spec);
        }
        if parameter_readers.contains(&0) {
            return Err(format("a parameter is read by no layer"));
        }
        self.check_outputs(&specs, &mut readers)?;
        for (node, (spec, &count)) in self.nodes.iter().zip(specs.iter().zip(&readers)) {
            if spec.kind == ValueKind::Accumulator && count != 1 {
                let layer = node.name.clone();
                return Err(Error::Output { layer, reason: "an accumulator must be read exactly once" });
            }
        }
        Ok(specs)
    }

    /// Every name that a message could hold.
    fn names(&self) -> impl Iterator<Item = &str> {
        let nodes = self.nodes.iter().map(|node| &node.name);
        let parameters = self.parameters.iter().map(|parameter| &parameter.name);
        let outputs = self.outputs.iter().map(|output| &output.name);
        [&self.name].into_iter().chain(nodes).chain(parameters).chain(outputs).map(String::as_str)
    }

    /// Shape and kind of one node's value from those of the nodes before it.
    ///
    /// # Errors
    /// When there is no such node, or it breaks a rule.
    pub fn infer_node(&self, index: usize, specs: &[ValueSpec]) -> Result<ValueSpec> {
        let format = |reason| Error::Graph { reason };
        let Some(node) = self.nodes.get(index) else { return Err(format("a node that does not exist")) };
        let inputs = self.inputs(node, specs)?;
        self.check_addends(node, &inputs)?;
        let is_input = |node: &Node| matches!(node.operation, Operation::Input(_));
        let before = index.checked_sub(1).and_then(|before| self.nodes.get(before));
        if is_input(node) && before.is_some_and(|before| !is_input(before)) {
            return Err(format("an input behind another layer"));
        }
        node.operation.layer().infer(&inputs)
    }

    /// An addition reads activations, or what a dense layer or a convolution accumulates: additions of additions could leave
    /// what a field element holds.
    fn check_addends(&self, node: &Node, inputs: &Inputs) -> Result<()> {
        let Operation::Add(_) = node.operation else { return Ok(()) };
        for (id, input) in node.inputs.iter().zip(&inputs.values) {
            let source = self.nodes.get(id.index()).map(|node| &node.operation);
            if !matches!(source, Some(Operation::Dense(_) | Operation::Conv2d(_))) {
                input.activation(&node.name)?;
            }
        }
        Ok(())
    }

    fn check_outputs(&self, specs: &[ValueSpec], readers: &mut [usize]) -> Result<()> {
        if self.outputs.is_empty() {
            return Err(Error::Graph { reason: "it has no output" });
        }
        for output in &self.outputs {
            let fail = |reason| Err(Error::Output { layer: output.name.clone(), reason });
            let Some(spec) = specs.get(output.node.index()) else {
                return fail("it names a node that does not exist");
            };
            count_reader(readers, output.node.index());
            let elements = output.shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis));
            if elements != Some(spec.layout.num_elements()) {
                return fail("its shape does not have as many elements as its node");
            }
            let scales = output.scales.len();
            if scales != 1 && spec.layout.axes().get(output.scale_axis) != Some(&scales) {
                return fail("it has neither one scale nor one for each position of its scale axis");
            }
            if !output.scales.iter().all(|scale| scale.is_finite() && *scale > 0.0) {
                return fail("a scale is not a positive number");
            }
        }
        Ok(())
    }
}

/// One reader more of a node or parameter that is known to exist.
fn count_reader(readers: &mut [usize], index: usize) {
    if let Some(count) = readers.get_mut(index) {
        *count = count.saturating_add(1);
    }
}
