//! The cheapest argument for each layer, among those that do the layer's shape.
//!
//! A [`Policy`] may name an argument. A layer whose shape it refuses gets the cheapest of the others instead, and the
//! [`Choice`] says why: each argument does a shape or refuses it, and every layer is proved by some argument, because the
//! direct convolution and the sumcheck do every shape.

use super::UnitCosts;
use crate::layer;
use tacit_layers::{
    argument::choice::{ConvolutionArgument, LayerArgument, MatmulArgument},
    error::{Error, Result},
    network::Network,
    tensor::value::{NodeId, ValueSpec},
};

/// What is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Preference<Argument> {
    /// The least predicted time.
    #[default]
    Auto,
    /// This argument wherever it does the layer's shape.
    Only(Argument),
}

/// How the arguments of a network's layers are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// For convolutions.
    pub convolution: Preference<ConvolutionArgument>,
    /// For matrix products.
    pub matmul: Preference<MatmulArgument>,
}

/// An argument that was asked for and does not do a layer's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The argument asked for.
    pub requested: LayerArgument,
    /// Why it does not prove the layer.
    pub reason: Error,
}

/// The argument chosen for a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The layer.
    pub node: NodeId,
    /// What proves it.
    pub argument: LayerArgument,
    /// Why it is not the argument asked for.
    pub refusal: Option<Refusal>,
}

impl Policy {
    /// What is asked for a layer: an argument, or none for the cheapest.
    fn requested(self, argument: LayerArgument) -> Option<LayerArgument> {
        match (argument, self.convolution, self.matmul) {
            (LayerArgument::Convolution(_), Preference::Only(argument), _) => {
                Some(LayerArgument::Convolution(argument))
            }
            (LayerArgument::Matmul(_), _, Preference::Only(argument)) => {
                Some(LayerArgument::Matmul(argument))
            }
            _ => None,
        }
    }
}

/// Every argument for the kind of operation that `argument` proves, the default one first.
fn alternatives(argument: LayerArgument) -> Vec<LayerArgument> {
    match argument {
        LayerArgument::Convolution(_) => {
            ConvolutionArgument::ALL.iter().copied().map(LayerArgument::Convolution).collect()
        }
        LayerArgument::Matmul(_) => MatmulArgument::ALL.iter().copied().map(LayerArgument::Matmul).collect(),
    }
}

/// Chooses the argument of every convolution and every matrix product; the first of equally cheap ones.
///
/// # Errors
/// The first layer that breaks a rule whatever its argument is.
pub fn choose_arguments(network: &mut Network, policy: Policy, units: &UnitCosts) -> Result<Vec<Choice>> {
    let specs = network.infer()?;
    let mut choices = vec![];
    for index in 0..network.architecture.nodes.len() {
        let Some(current) = network.architecture.nodes[index].operation.layer().argument() else { continue };
        let node = NodeId(index as u32);
        let (argument, refusal) = match policy.requested(current) {
            None => (cheapest(network, &specs, node, current, units)?, None),
            Some(requested) => match check(network, &specs, node, requested) {
                Ok(()) => (requested, None),
                Err(reason) => {
                    let cheapest = cheapest(network, &specs, node, current, units)?;
                    (cheapest, Some(Refusal { requested, reason }))
                }
            },
        };
        network.architecture.nodes[index].operation.layer_mut().set_argument(argument);
        choices.push(Choice { node, argument, refusal });
    }
    network.infer()?;
    Ok(choices)
}

/// The argument of least predicted time among those that do a layer's shape.
fn cheapest(
    network: &Network,
    specs: &[ValueSpec],
    node: NodeId,
    current: LayerArgument,
    units: &UnitCosts,
) -> Result<LayerArgument> {
    let (mut cheapest, mut refused) = (None::<(LayerArgument, f64)>, Ok(()));
    for argument in alternatives(current) {
        if let Err(reason) = check(network, specs, node, argument) {
            refused = refused.and(Err(reason));
            continue;
        }
        let time = predict(network, specs, node, argument, units);
        if cheapest.is_none_or(|(_, least)| time < least) {
            cheapest = Some((argument, time));
        }
    }
    match cheapest {
        Some((argument, _)) => Ok(argument),
        None => refused.map(|()| current),
    }
}

/// Whether an argument does a layer's shape.
fn check(network: &Network, specs: &[ValueSpec], id: NodeId, argument: LayerArgument) -> Result<()> {
    let node = network.architecture.node(id);
    let mut operation = node.operation.clone();
    operation.layer_mut().set_argument(argument);
    operation.layer().infer(&network.architecture.inputs(node, specs)?).map(|_| ())
}

/// Predicted nanoseconds of the prover.
fn predict(
    network: &Network,
    specs: &[ValueSpec],
    id: NodeId,
    argument: LayerArgument,
    units: &UnitCosts,
) -> f64 {
    let Some((node, site)) = network.architecture.site(id, specs) else { return 0.0 };
    let mut operation = node.operation.clone();
    operation.layer_mut().set_argument(argument);
    layer::of(&operation).cost(&site).prover.nanoseconds(units)
}
