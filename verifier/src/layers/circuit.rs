//! Circuits of gates (see [`super::gates`]).

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_block::Segment},
    layer::circuit::CircuitLayer,
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for CircuitLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        _: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        accumulators: &mut Accumulators<V>,
    ) -> Result<()> {
        accumulators.gated.push(claim);
        Ok(())
    }
}
