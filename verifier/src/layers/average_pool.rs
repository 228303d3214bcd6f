//! Sums over windows: a claim on them is one on the windowed input as it is.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_block::Segment, unfold::WindowedClaim},
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
        let claim = WindowedClaim::new(id, session.layout(id)?, None, &claim.point, claim.value);
        session.claims.windowed.push(claim);
        Ok(())
    }
}
