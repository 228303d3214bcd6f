//! How large a network may be for what it is made of: a few bytes of a file may not ask for gigabytes.

use super::Network;
use crate::error::{Error, Result};
use crate::{
    layer::Operation,
    tensor::value::{Parameter, ValueSpec},
};

/// Elements of values that any network may have.
const FREE_ELEMENTS: u128 = 1 << 18;
/// Elements of values for each element of input and parameters.
const ELEMENTS: u128 = 1 << 10;
/// Elements that an element of a circuit's tensor stands for: its range is analysed by itself.
const CIRCUIT_ELEMENT: u128 = 8;
/// Gates and elements read by windows without weights that any network may have.
const FREE_STEPS: u128 = 1 << 24;
/// The same for each element of input and parameters.
const STEPS: u128 = 1 << 14;

impl Network {
    /// Refuses networks whose values are out of proportion to their input and parameters: what comes from a file is checked
    /// before it is analysed. `specs` are those of [`Network::infer`].
    ///
    /// # Errors
    /// [`Error::Graph`].
    pub fn check_size(&self, specs: &[ValueSpec]) -> Result<()> {
        let own: u128 =
            self.parameters.iter().map(|parameter| Parameter::num_elements(parameter) as u128).sum();
        let input = specs.first().map_or(0, |spec| spec.layout.num_elements() as u128);
        let (mut elements, mut steps) = (0_u128, 0_u128);
        for (node, spec) in self.architecture.nodes.iter().zip(specs).skip(1) {
            let output = spec.layout.num_elements() as u128;
            elements = elements.saturating_add(output);
            match &node.operation {
                Operation::Circuit(layer) => {
                    let circuit = &layer.circuit;
                    let tensors =
                        circuit.inputs.iter().chain(circuit.layers.iter().map(|layer| &layer.layout));
                    let inside: u128 = tensors.map(|layout| layout.num_elements() as u128).sum();
                    elements = elements.saturating_add(inside.saturating_mul(CIRCUIT_ELEMENT));
                    steps = steps.saturating_add(circuit.num_gates());
                }
                Operation::MaxPool(layer) => {
                    let read = output.saturating_mul(layer.window.num_offsets() as u128);
                    (elements, steps) = (elements.saturating_add(read), steps.saturating_add(read));
                }
                Operation::AveragePool(layer) => {
                    steps = steps.saturating_add(output.saturating_mul(layer.window.num_offsets() as u128));
                }
                _ => {}
            }
        }
        let known = own.saturating_add(input);
        if elements > FREE_ELEMENTS.saturating_add(known.saturating_mul(ELEMENTS)) {
            return Err(Error::Graph { reason: "its values are much larger than its input and parameters" });
        }
        if steps > FREE_STEPS.saturating_add(known.saturating_mul(STEPS)) {
            return Err(Error::Graph {
                reason: "its pools or circuits are much larger than its input and parameters",
            });
        }
        Ok(())
    }
}
