//! Integer combinations: every addend's value is sent; together they give the accumulator.

use ark_bn254::Fr;
use tacit_algebra::small::from_i64;
use tacit_layers::{
    NodeId, ValueKind,
    argument::{claim::EvaluationClaim, lookup_block::Segment},
    layer::add::AddLayer,
};
use tacit_transcript::{Value, labels};

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for AddLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        session: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        let (node, _) = session.node(claim.subject)?;
        let values = session.reader.read_scalars(labels::ADDEND_VALUES, node.inputs.len())?;
        let sum: V =
            values.iter().zip(&self.coefficients).map(|(value, &c)| value.clone() * from_i64(c)).sum();
        if !session.reader.check_zero((sum - claim.value.clone()).into()) {
            return Err(Error::Addends { layer: node.name.clone() });
        }
        for (&input, value) in node.inputs.iter().zip(values) {
            match session.node(input)?.1.kind {
                ValueKind::Activation { .. } => {
                    session.claim_activation(input, claim.point.clone(), value)?;
                }
                ValueKind::Accumulator => session.claim_accumulator(input, claim.point.clone(), value),
            }
        }
        Ok(())
    }
}
