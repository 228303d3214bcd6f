//! A network's layer that a user writes by gates.
//!
//! **Code.** [prover](../../../tacit_prover/layers/circuit/index.html), [verifier](../../../tacit_verifier/layers/circuit/index.html).

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use crate::{
    argument::{
        choice::LayerArgument,
        gates::{Circuit, bits_above},
        view::Shifts,
    },
    error::{Error, Result},
    integer::widest,
    layer::{
        batches::Batches,
        gated::{Gated, Source},
        questions::Layer,
        rescale::MAX_MULTIPLIER,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        layout::Layout,
        value::{ParameterId, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// Elements that an element of a circuit's tensor stands for: its range is analysed by itself.
const ELEMENT_SIZE: u128 = 8;

/// $\log_2$ of the largest magnitude that a circuit's value may have: a rescale compares its product with a multiplier, which is
/// at most $2^{252}$, with quotient and remainder, and half the field's order is larger than that.
const FIELD_BITS: u32 = 252 - MAX_MULTIPLIER.ilog2();

/// A circuit of activations and parameters. Its inputs are the node's, then the parameters, of the same shapes; its output is
/// an accumulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitLayer {
    /// The circuit.
    pub circuit: Circuit,
    /// The circuit's last inputs.
    pub parameters: Vec<ParameterId>,
}

impl Layer for CircuitLayer {
    fn name(&self) -> &'static str {
        "Circuit"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        self.parameters.clone()
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let Inputs { layer, values: inputs, parameters } = inputs;
        let layer = *layer;
        let expected = self.num_activations();
        if inputs.len() != expected
            || expected.saturating_add(self.parameters.len()) != self.circuit.inputs.len()
        {
            return Err(Error::InputCount { layer: layer.to_owned(), expected, actual: inputs.len() });
        }
        self.circuit.check(layer)?;
        let mut actual = vec![];
        for input in inputs {
            input.activation(layer)?;
            actual.push(&input.layout);
        }
        actual.extend(parameters.iter().map(|spec| &spec.layout));
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

    fn size(&self, _: &Site) -> Size {
        let tensors = self.circuit.inputs.iter().chain(self.circuit.layers.iter().map(|layer| &layer.layout));
        let inside: u128 = tensors.map(|layout| widest(layout.num_elements())).sum();
        Size { elements: inside.saturating_mul(ELEMENT_SIZE), steps: self.circuit.num_gates() }
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, site: &Site, _: usize) -> Vec<usize> {
        let mut counts = self.circuit.claim_counts();
        counts.truncate(site.reads.len());
        counts
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    fn commitments(&self, _: &Site) -> Result<Commitments> {
        Ok(Commitments::none())
    }

    fn gated(&self, site: &Site) -> Option<Gated<'_>> {
        let inputs = site.reads.iter().copied().map(Source::Activation);
        let parameters = self.parameters.iter().copied().map(Source::Parameter);
        Some(Gated { circuit: Cow::Borrowed(&self.circuit), sources: inputs.chain(parameters).collect() })
    }

    fn burden(&self, _: &Site) -> Result<Burden> {
        let read = self.circuit.layers.iter().skip(1).map(|layer| &layer.layout);
        Ok(Burden {
            verifier: usize::try_from(self.circuit.wiring_work()).unwrap_or(usize::MAX),
            rounds: read.chain(&self.circuit.inputs).map(Layout::num_vars).max().unwrap_or(0),
            products: usize::try_from(self.circuit.num_products(self.num_activations()))
                .unwrap_or(usize::MAX),
        })
    }

    fn soundness<'a>(&'a self, _: &Site, batches: &mut Batches<'a>) {
        batches.circuits.push(Cow::Borrowed(&self.circuit));
    }

    fn check_widths(&self, site: &Site) -> Result<()> {
        let mut inputs = vec![];
        for spec in &site.inputs.values {
            let (low, high) = spec.activation(site.inputs.layer)?;
            inputs.push(bits_above(low.unsigned_abs().max(high.unsigned_abs()).into()));
        }
        inputs.extend(site.inputs.parameters.iter().map(|spec| spec.width.magnitude_bits()));
        if self.circuit.value_bits(&inputs) > FIELD_BITS {
            let (layer, reason) = (site.inputs.layer.to_owned(), "its values could be larger than 2^228");
            return Err(Error::Circuit { layer, reason });
        }
        Ok(())
    }
}

impl CircuitLayer {
    /// Inputs that are activations.
    pub fn num_activations(&self) -> usize {
        self.circuit.inputs.len().saturating_sub(self.parameters.len())
    }
}
