//! Views axis by axis: claims go by the argument of [views](super::view).

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_block::Segment},
    layer::remap::RemapLayer,
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for RemapLayer {
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
