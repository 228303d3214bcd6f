//! Cumulative sums: a claim on them is one on a view whose value they are (see [`super::view`]).

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_block::Segment},
    layer::cumulative_sum::CumulativeSumLayer,
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for CumulativeSumLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        session: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        session.claims.views.push(claim);
        Ok(())
    }
}
