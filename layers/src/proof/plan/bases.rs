//! Values that are other values' under another name: which node a claim on such a value is about, and at which point.

use ark_bn254::Fr;

use crate::{
    layer::{Operation, reshape::ReshapeLayer},
    network::Architecture,
    tensor::{
        Layout,
        value::{NodeId, ValueSpec},
    },
};

/// The node whose value a node's value is, its variables in another order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) node: NodeId,
    /// For each variable of the base, the variable of the node that it is.
    variables: Vec<usize>,
}

impl Base {
    fn own(node: NodeId, layout: &Layout) -> Self {
        Self { node, variables: (0..layout.num_vars()).collect() }
    }

    /// The base's point for a point of the node.
    pub(super) fn point(&self, point: &[Fr]) -> Vec<Fr> {
        self.variables.iter().filter_map(|&variable| point.get(variable).copied()).collect()
    }
}

/// Every node's base, in node order.
pub(super) fn bases(architecture: &Architecture, specs: &[ValueSpec]) -> Vec<Base> {
    let mut bases: Vec<Base> = Vec::with_capacity(specs.len());
    for (node, spec, id) in super::nodes(architecture, specs) {
        let read =
            node.inputs.first().and_then(|input| bases.get(input.index()).zip(specs.get(input.index())));
        let base = match (&node.operation, read) {
            (Operation::Flatten, Some((base, _))) => base.clone(),
            (Operation::Reshape(_), Some((base, input)))
                if ReshapeLayer::keeps_places(&input.layout, &spec.layout) =>
            {
                base.clone()
            }
            (Operation::Transpose(layer), Some((base, input))) => {
                let moved = layer.variables(&input.layout);
                let variables = base.variables.iter().filter_map(|&v| moved.get(v).copied()).collect();
                Base { node: base.node, variables }
            }
            _ => Base::own(id, &spec.layout),
        };
        bases.push(base);
    }
    bases
}
