//! Circuits by themselves whose values are said to be others.

use tacit_layers::{
    Tensor,
    argument::{
        claim::EvaluationClaim,
        gates::{Circuit, Operand},
    },
    proof::alone::{Describe, StandAlone, Subject},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::{error::Result, layers::gates};

/// A circuit with the values of its layers, to be changed and proved.
#[derive(Debug, Clone)]
pub struct CircuitRun<'a> {
    /// What the proof says it is about.
    pub stated: StandAlone,
    /// The circuit that is proved.
    pub circuit: &'a Circuit,
    /// Its inputs, in storage order.
    pub inputs: Vec<&'a [i64]>,
    /// Values of its layers, the output first.
    pub layers: Vec<Vec<i64>>,
}

impl<'a> CircuitRun<'a> {
    /// An honest run of a circuit.
    ///
    /// # Errors
    /// When the circuit has no argument by itself.
    pub fn honest(circuit: &'a Circuit, inputs: &[&'a Tensor<i64>]) -> Result<Self> {
        let inputs: Vec<&[i64]> = inputs.iter().map(|input| input.data()).collect();
        let layers = tacit_inference::circuit::execute(circuit, &inputs)?;
        Ok(Self { stated: circuit.describe(())?, circuit, inputs, layers })
    }

    /// Proves the values, and returns the claims that are left.
    pub fn prove(&self, writer: &mut ProofWriter) -> Vec<EvaluationClaim<Subject>> {
        self.stated.absorb(writer);
        let layout = &self.circuit.layers[0].layout;
        let point = writer.squeeze_many(labels::OUTPUT_POINT, layout.num_vars());
        let value = crate::evaluation::evaluate(layout, &self.layers[0], &point);
        writer.write_scalars(labels::CLAIM, &[value]);
        let output = EvaluationClaim::new(Subject::Output(0), point.clone(), value);
        let inputs = gates::prove_values(writer, self.circuit, &self.inputs, &self.layers, (point, value));
        let input = |claim: EvaluationClaim<Operand>| {
            let Operand::Input(index) = claim.subject else { unreachable!("only claims on inputs are left") };
            EvaluationClaim::new(Subject::Input(index as usize), claim.point, claim.value)
        };
        std::iter::once(output).chain(inputs.into_iter().map(input)).collect()
    }
}
