//! The cheapest argument for each layer, among those that do the layer's shape.
//!
//! A [`Policy`] may name an argument. A layer whose shape it refuses gets the cheapest of the others instead, and the
//! [`Choice`] says why: each argument does a shape or refuses it, and every layer is proved by some argument, because the
//! direct convolution and the sumcheck do every shape.

use std::fmt;

use super::{UnitCosts, convolution, convolution::ConvolutionShape, matmul, matmul::MatmulShape, product};
use crate::{
    argument::choice::{ConvolutionArgument, MatmulArgument},
    error::{Error, Result},
    layer::Operation,
    network::Network,
    tensor::{
        Layout,
        value::{NodeId, ValueSpec},
    },
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

/// The argument of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerArgument {
    /// Of a convolution.
    Convolution(ConvolutionArgument),
    /// Of a matrix product.
    Matmul(MatmulArgument),
}

impl LayerArgument {
    /// The argument's name, as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Convolution(argument) => argument.name(),
            Self::Matmul(argument) => argument.name(),
        }
    }
}

impl fmt::Display for LayerArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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

impl Operation {
    /// The argument that proves the operation, where there is a choice.
    pub const fn argument(&self) -> Option<LayerArgument> {
        match self {
            Self::Conv2d(layer) => Some(LayerArgument::Convolution(layer.argument)),
            Self::Dense(layer) => Some(LayerArgument::Matmul(layer.argument)),
            Self::Product(layer) => Some(LayerArgument::Matmul(layer.argument)),
            _ => None,
        }
    }

    /// The same operation proved by another argument. An argument of another kind of operation changes nothing.
    #[must_use]
    pub fn with_argument(&self, argument: LayerArgument) -> Self {
        let mut operation = self.clone();
        match (&mut operation, argument) {
            (Self::Conv2d(layer), LayerArgument::Convolution(argument)) => layer.argument = argument,
            (Self::Dense(layer), LayerArgument::Matmul(argument)) => layer.argument = argument,
            (Self::Product(layer), LayerArgument::Matmul(argument)) => layer.argument = argument,
            _ => {}
        }
        operation
    }
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

impl Network {
    /// Chooses the argument of every convolution and every matrix product; the first of equally cheap ones.
    ///
    /// # Errors
    /// The first layer that breaks a rule whatever its argument is.
    pub fn choose_arguments(&mut self, policy: Policy, units: &UnitCosts) -> Result<Vec<Choice>> {
        let specs = self.infer()?;
        let mut choices = vec![];
        for index in 0..self.architecture.nodes.len() {
            let Some(current) = self.architecture.nodes[index].operation.argument() else { continue };
            let node = NodeId(index as u32);
            let (argument, refusal) = match policy.requested(current) {
                None => (self.cheapest(&specs, node, current, units)?, None),
                Some(requested) => match self.check(&specs, node, requested) {
                    Ok(()) => (requested, None),
                    Err(reason) => {
                        let cheapest = self.cheapest(&specs, node, current, units)?;
                        (cheapest, Some(Refusal { requested, reason }))
                    }
                },
            };
            let operation = &mut self.architecture.nodes[index].operation;
            *operation = operation.with_argument(argument);
            choices.push(Choice { node, argument, refusal });
        }
        self.infer()?;
        Ok(choices)
    }

    /// The argument of least predicted time among those that do a layer's shape.
    fn cheapest(
        &self,
        specs: &[ValueSpec],
        node: NodeId,
        current: LayerArgument,
        units: &UnitCosts,
    ) -> Result<LayerArgument> {
        let (mut cheapest, mut refused) = (None::<(LayerArgument, f64)>, Ok(()));
        for argument in alternatives(current) {
            if let Err(reason) = self.check(specs, node, argument) {
                refused = refused.and(Err(reason));
                continue;
            }
            let time = self.predict(specs, node, argument, units);
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
    fn check(&self, specs: &[ValueSpec], id: NodeId, argument: LayerArgument) -> Result<()> {
        let node = self.architecture.node(id);
        let inputs: Vec<&ValueSpec> = node.inputs.iter().map(|id| &specs[id.index()]).collect();
        match (node.operation.with_argument(argument), inputs.as_slice()) {
            (Operation::Conv2d(layer), [input]) => {
                layer.infer(&node.name, input, &self.architecture).map(|_| ())
            }
            (Operation::Dense(layer), [input]) => {
                layer.infer(&node.name, input, &self.architecture).map(|_| ())
            }
            (Operation::Product(layer), [left, right]) => layer.infer(&node.name, left, right).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// Predicted nanoseconds of the prover.
    fn predict(&self, specs: &[ValueSpec], id: NodeId, argument: LayerArgument, units: &UnitCosts) -> f64 {
        let node = self.architecture.node(id);
        let inputs: Vec<&Layout> = node.inputs.iter().map(|id| &specs[id.index()].layout).collect();
        let output = &specs[id.index()].layout;
        let cost = match (node.operation.with_argument(argument), inputs.as_slice()) {
            (Operation::Conv2d(layer), [input]) => {
                convolution::cost(layer.argument, &ConvolutionShape::new(&layer, input, output))
            }
            (Operation::Dense(layer), [input]) => {
                matmul::cost(layer.argument, &MatmulShape::new(&layer, input))
            }
            (Operation::Product(layer), &[left, right]) => product::cost(&layer, [left, right], output),
            _ => super::ArgumentCost::default(),
        };
        cost.prover.nanoseconds(units)
    }
}
