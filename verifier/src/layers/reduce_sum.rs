//! Sums over axes: a claim on them is one on the input.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_block::Segment},
    layer::reduce_sum::ReduceSumLayer,
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for ReduceSumLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        session: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        let input = session.read(claim.subject)?;
        let (point, value) = self.input_claim(session.layout(input)?, &claim.point, claim.value);
        session.claim_activation(input, point, value)
    }
}
