//! The reference executor: the one definition of what a network computes, bit for bit.

use crate::layer;
use crate::layer::Run;
use tacit_layers::{
    error::{Error, Result},
    network::{Network, check_inputs},
    tensor::{
        Tensor,
        value::{NodeId, ValueSpec},
    },
};

/// The value of every node, in node order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    values: Vec<Tensor<i64>>,
}

impl Trace {
    /// The value of every node, in node order.
    pub fn values(&self) -> &[Tensor<i64>] {
        &self.values
    }

    /// The value of every node, for a prover to overwrite.
    pub fn into_values(self) -> Vec<Tensor<i64>> {
        self.values
    }

    /// A trace with these values, taken as they are.
    pub const fn from_values(values: Vec<Tensor<i64>>) -> Self {
        Self { values }
    }

    /// The values of the network's outputs, in output order; those of nodes that the trace has, if it is another network's.
    pub fn outputs<'a>(&'a self, network: &'a Network) -> impl Iterator<Item = &'a Tensor<i64>> + 'a {
        network.architecture.outputs.iter().filter_map(|output| self.values.get(output.node.index()))
    }
}

/// Runs the network on quantised inputs, in the architecture's order: one tensor or a list. `specs` are those of
/// [`Network::infer`].
///
/// # Errors
/// [`tacit_layers::Error::NumInputs`], [`tacit_layers::Error::InputShape`] or [`tacit_layers::Error::InputRange`] when the
/// inputs do not fit the network.
pub fn execute(
    network: &Network,
    specs: &[ValueSpec],
    inputs: &(impl AsRef<[Tensor<i64>]> + ?Sized),
) -> Result<Trace> {
    execute_each(network, specs, &inputs.as_ref().iter().collect::<Vec<_>>(), |_| ())
}

/// [`execute`], telling of each node when its value is there.
///
/// # Errors
/// As [`execute`].
pub fn execute_each(
    network: &Network,
    specs: &[ValueSpec],
    inputs: &[&Tensor<i64>],
    done: impl FnMut(NodeId) + Send,
) -> Result<Trace> {
    check_inputs(&network.architecture, inputs)?;
    if specs.len() != network.architecture.nodes.len() {
        return Err(Error::Graph { reason: "as many specifications are needed as there are nodes" });
    }
    // On one of the pool's threads, which share work without waking each other for every layer.
    rayon::scope(|_| run(network, specs, inputs, done))
}

fn run(
    network: &Network,
    specs: &[ValueSpec],
    given: &[&Tensor<i64>],
    mut done: impl FnMut(NodeId),
) -> Result<Trace> {
    let mut values: Vec<Tensor<i64>> = Vec::with_capacity(specs.len());
    for (node, site) in network.architecture.sites(specs) {
        let reads = node.operation.layer().parameters();
        let inputs = match site.reads {
            // The inputs are the first nodes.
            [] => vec![given[site.id.index()]],
            reads => reads.iter().map(|id| &values[id.index()]).collect(),
        };
        let parameters = reads.iter().map(|&id| network.parameter(id)).collect();
        let run = Run { site, inputs, parameters };
        let data = layer::of(&node.operation).execute(&run)?;
        values.push(Tensor::new(run.site.output.layout.clone(), data)?);
        done(NodeId((values.len() - 1) as u32));
    }
    Ok(Trace { values })
}
