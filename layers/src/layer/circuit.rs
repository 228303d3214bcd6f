//! A network's layer that a user writes by gates.

use serde::{Deserialize, Serialize};

use crate::{
    argument::gates::Circuit,
    error::{Error, Result},
    network::{Architecture, Network},
    tensor::{
        Tensor,
        value::{ParameterId, ValueKind, ValueSpec},
    },
};

/// Bits of a circuit's values, sign included, that the executor can hold.
const VALUE_BITS: u32 = 63;

/// A circuit of activations and parameters. Its inputs are the node's, then the parameters, of the same shapes; its output is
/// an accumulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitLayer {
    /// The circuit.
    pub circuit: Circuit,
    /// The circuit's last inputs.
    pub parameters: Vec<ParameterId>,
}

impl CircuitLayer {
    /// Inputs that are activations.
    pub fn num_activations(&self) -> usize {
        self.circuit.inputs.len().saturating_sub(self.parameters.len())
    }

    pub(crate) fn infer(
        &self,
        layer: &str,
        inputs: &[&ValueSpec],
        architecture: &Architecture,
    ) -> Result<ValueSpec> {
        let expected = self.num_activations();
        if inputs.len() != expected || expected + self.parameters.len() != self.circuit.inputs.len() {
            return Err(Error::InputCount { layer: layer.to_owned(), expected, actual: inputs.len() });
        }
        self.circuit.check(layer)?;
        let mut actual = vec![];
        for input in inputs {
            input.activation(layer)?;
            actual.push(&input.layout);
        }
        for &id in &self.parameters {
            actual.push(&architecture.parameter(layer, id)?.layout);
        }
        for (expected, actual) in self.circuit.inputs.iter().zip(actual) {
            if expected != actual {
                let (expected, actual) = (expected.axes().to_vec(), actual.axes().to_vec());
                let (layer, what) = (layer.to_owned(), "a circuit's input");
                return Err(Error::LayerShape { layer, what, expected, actual });
            }
        }
        let output = self.circuit.layers.first().ok_or(Error::Graph { reason: "a circuit has no layer" })?;
        Ok(ValueSpec { layout: output.layout.clone(), kind: ValueKind::Accumulator })
    }

    pub(crate) fn execute(&self, network: &Network, inputs: &[&Tensor<i64>]) -> Vec<i64> {
        let parameters: Vec<Vec<i64>> = self
            .parameters
            .iter()
            .map(|&id| {
                let parameter = network.parameter(id);
                (0..parameter.num_elements()).map(|i| parameter.get(i)).collect()
            })
            .collect();
        let inputs = inputs.iter().map(|input| input.data());
        let inputs: Vec<&[i64]> = inputs.chain(parameters.iter().map(Vec::as_slice)).collect();
        self.circuit.execute(&inputs).swap_remove(0)
    }

    /// Smallest and largest output, element by element analysed.
    ///
    /// # Errors
    /// [`Error::AccumulatorOverflow`] when a layer's values could leave what the executor holds.
    pub(crate) fn bounds(
        &self,
        layer: &str,
        network: &Network,
        inputs: &[(i64, i64)],
    ) -> Result<(i128, i128)> {
        let constant = |range: (i64, i64)| (i128::from(range.0), i128::from(range.1));
        let activations = inputs
            .iter()
            .zip(&self.circuit.inputs)
            .map(|(&range, layout)| vec![constant(range); layout.num_elements()]);
        let parameters = self.parameters.iter().map(|&id| {
            let parameter = network.parameter(id);
            let exact = |i| constant((parameter.get(i), parameter.get(i)));
            (0..parameter.num_elements()).map(exact).collect()
        });
        let inputs: Vec<Vec<(i128, i128)>> = activations.chain(parameters).collect();
        let inputs: Vec<&[(i128, i128)]> = inputs.iter().map(Vec::as_slice).collect();
        let limit = 1_i128 << (VALUE_BITS - 1);
        let ranges = self.circuit.intervals(&inputs, |_, ranges| {
            let outside = |bound: &i128| !(-limit..limit).contains(bound);
            match ranges.iter().flat_map(|&(low, high)| [low, high]).find(outside) {
                None => Ok(()),
                Some(bound) => {
                    Err(Error::AccumulatorOverflow { layer: layer.to_owned(), bound, bits: VALUE_BITS })
                }
            }
        })?;
        let output = ranges.first().into_iter().flatten();
        Ok(output.fold((0, 0), |(low, high), &(a, b)| (low.min(a), high.max(b))))
    }
}
