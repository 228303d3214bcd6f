//! The reference executor: the one definition of what a network computes, bit for bit.

use crate::{
    error::Result,
    layer::Operation,
    network::{Network, check_input},
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

    /// A trace with these values, taken as they are.
    pub const fn from_values(values: Vec<Tensor<i64>>) -> Self {
        Self { values }
    }

    /// The values of the network's outputs, in output order.
    pub fn outputs<'a>(&'a self, network: &'a Network) -> impl Iterator<Item = &'a Tensor<i64>> + 'a {
        network.architecture.outputs.iter().map(|output| &self.values[output.node.index()])
    }
}

/// Runs the network on a quantised input. `specs` are those of [`Network::infer`].
///
/// # Errors
/// [`Error::InputShape`] or [`Error::InputRange`] when the input does not fit the network.
pub fn execute(network: &Network, specs: &[ValueSpec], input: &Tensor<i64>) -> Result<Trace> {
    execute_each(network, specs, input, |_| ())
}

/// [`execute`], telling of each node when its value is there.
///
/// # Errors
/// As [`execute`].
pub fn execute_each(
    network: &Network,
    specs: &[ValueSpec],
    input: &Tensor<i64>,
    done: impl FnMut(NodeId) + Send,
) -> Result<Trace> {
    check_input(&network.architecture, input)?;
    // On one of the pool's threads, which share work without waking each other for every layer.
    rayon::scope(|_| run(network, specs, input, done))
}

fn run(
    network: &Network,
    specs: &[ValueSpec],
    input: &Tensor<i64>,
    mut done: impl FnMut(NodeId),
) -> Result<Trace> {
    let mut values: Vec<Tensor<i64>> = Vec::with_capacity(specs.len());
    for (node, spec) in network.architecture.nodes.iter().zip(specs) {
        let read = |i: usize| &values[node.inputs[i].index()];
        let data = match &node.operation {
            Operation::Input(_) => input.data().to_vec(),
            Operation::Dense(layer) => layer.execute(network, read(0), &spec.layout),
            Operation::Conv2d(layer) => layer.execute(network, read(0), &spec.layout),
            Operation::AveragePool(layer) => layer.execute(read(0), &spec.layout),
            Operation::Add(layer) => {
                layer.execute(&node.inputs.iter().map(|id| &values[id.index()]).collect::<Vec<_>>())
            }
            Operation::Rescale(layer) => layer.execute(read(0)),
            Operation::MaxPool(layer) => {
                let (minimum, _) = spec.activation(&node.name)?;
                layer.execute(read(0), &spec.layout, minimum)
            }
            Operation::ReduceSum(layer) => layer.execute(read(0), &spec.layout),
            Operation::Flatten | Operation::Reshape(_) => read(0).data().to_vec(),
            Operation::Product(layer) => {
                let axes = layer.axes(&node.name, read(0).layout(), read(1).layout())?;
                layer.execute(&axes, read(0), read(1))
            }
            Operation::Transpose(layer) => layer.execute(read(0)),
            Operation::Circuit(layer) => {
                let inputs: Vec<_> = node.inputs.iter().map(|id| &values[id.index()]).collect();
                layer.execute(network, &inputs)
            }
            Operation::Remap(layer) => layer.execute(read(0), &spec.layout),
            Operation::Concat(layer) => layer
                .execute(&node.inputs.iter().map(|id| &values[id.index()]).collect::<Vec<_>>(), &spec.layout),
        };
        values.push(Tensor::new(spec.layout.clone(), data)?);
        done(NodeId((values.len() - 1) as u32));
    }
    Ok(Trace { values })
}
