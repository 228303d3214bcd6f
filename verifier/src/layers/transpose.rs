//! Transposition: a claim on its value is one on its input.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_block::Segment},
    layer::transpose::TransposeLayer,
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for TransposeLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        _: &mut Session<V>,
        _: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        Err(Error::BrokenInvariant)
    }
}
