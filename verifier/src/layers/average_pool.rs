//! Sums over windows: a claim on them is one on the unfolded input as it is.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_block::Segment, unfold::UnfoldedClaim},
    layer::average_pool::AveragePoolLayer,
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for AveragePoolLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        session: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        let id = claim.subject;
        let claim = UnfoldedClaim::new(id, session.layout(id)?, None, &claim.point, claim.value);
        session.claims.unfolded.push(claim);
        Ok(())
    }
}
