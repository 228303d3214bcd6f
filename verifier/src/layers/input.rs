//! The input: no argument of its own; the look-ups of a committed one are the statement's. Only an [argument by itself](tacit_layers::proof::alone)
//! has inputs that are accumulators: they are columns of its caller's.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId, ValueKind,
    argument::{
        claim::{Column, EvaluationClaim},
        lookup_block::Segment,
    },
    layer::input::InputLayer,
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    session::Session,
};

impl<V: Value> VerifierLayer<V> for InputLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        session: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        let EvaluationClaim { subject, point, value } = claim;
        if session.node(subject)?.1.kind != ValueKind::Accumulator {
            return Err(Error::BrokenInvariant);
        }
        session.claims.columns.push(EvaluationClaim::new(Column::Activation(subject), point, value));
        Ok(())
    }
}
