//! Convolutions and dense layers as one layer of multiply gates, and which nodes are proved by gates.

use std::borrow::Cow;

use crate::{
    argument::gates::{Circuit, Factor, GateLayer, Operand, Wiring},
    tensor::{
        Layout,
        value::{NodeId, ParameterId},
    },
};

/// Where a circuit's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A node's activations.
    Activation(NodeId),
    /// A parameter tensor.
    Parameter(ParameterId),
}

/// A node that is proved by gates.
#[derive(Debug, Clone)]
pub struct Gated<'a> {
    /// Its circuit.
    pub circuit: Cow<'a, Circuit>,
    /// One for each of the circuit's inputs.
    pub sources: Vec<Source>,
}

impl Gated<'_> {
    /// Field elements that the verifier computes for the wirings, all claims together.
    pub(super) fn wiring_work(&self) -> usize {
        usize::try_from(self.circuit.wiring_work()).unwrap_or(usize::MAX)
    }

    /// A node that reads activations and weights.
    pub(super) fn weighted(circuit: Circuit, input: NodeId, weights: ParameterId) -> Self {
        let sources = vec![Source::Activation(input), Source::Parameter(weights)];
        Self { circuit: Cow::Owned(circuit), sources }
    }
}

/// One layer of multiply gates between two inputs.
pub(super) fn products(output: Layout, inputs: [Layout; 2], factors: Vec<Factor>) -> Circuit {
    let (left, right) = (Some(Operand::Input(0)), Some(Operand::Input(1)));
    let wiring = Wiring { coefficient: 1, left, right, factors };
    Circuit { inputs: inputs.into(), layers: vec![GateLayer { layout: output, wirings: vec![wiring] }] }
}
