//! Values that are other values' under another name: which node a claim on such a value is about, and at which point.

use ark_bn254::Fr;

use crate::{
    layer::site::Reading,
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
    /// Whether the base is a view.
    pub(super) is_view: bool,
}

impl Base {
    fn own(node: NodeId, layout: &Layout, is_view: bool) -> Self {
        Self { node, variables: (0..layout.num_vars()).collect(), is_view }
    }

    /// The base's point for a point of the node.
    pub(super) fn point(&self, point: &[Fr]) -> Vec<Fr> {
        self.variables.iter().filter_map(|&variable| point.get(variable).copied()).collect()
    }
}

/// Every node's base, in node order.
pub(super) fn bases(architecture: &Architecture, specs: &[ValueSpec]) -> Vec<Base> {
    let mut bases: Vec<Base> = Vec::with_capacity(specs.len());
    for (node, site) in architecture.sites(specs) {
        let own = |is_view| Base::own(site.id, &site.output.layout, is_view);
        let read = site.reads.first().and_then(|input| bases.get(input.index()));
        let base = match (node.operation.layer().reading(&site), read) {
            (Reading::Own, _) | (Reading::Renamed(_), None) => own(false),
            (Reading::Renamed(moved), Some(base)) => {
                let variables = base.variables.iter().filter_map(|&v| moved.get(v).copied()).collect();
                Base { variables, ..base.clone() }
            }
            (Reading::View(_) | Reading::SumOfViews(_), _) => own(true),
        };
        bases.push(base);
    }
    bases
}
