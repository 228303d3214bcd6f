//! The input: no argument of its own; the look-ups of a committed one are the statement's. Only an [argument by itself](tacit_layers::proof::alone)
//! has inputs that are accumulators: they are columns of its caller's.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{
        claim::{Column, EvaluationClaim},
        lookup_table::LookupTable,
    },
    layer::input::InputLayer,
};

use super::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite};
use crate::session::Session;

impl ProverLayer for InputLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        let EvaluationClaim { subject, point, value } = claim;
        session.claims.columns.push(EvaluationClaim::new(Column::Activation(subject), point, value));
    }
}
