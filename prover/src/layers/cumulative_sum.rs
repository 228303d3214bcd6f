//! Cumulative sums: a claim on them is one on a view whose value they are (see [`super::view`]).

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_table::LookupTable},
    layer::cumulative_sum::CumulativeSumLayer,
};

use super::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite};
use crate::session::Session;

impl ProverLayer for CumulativeSumLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        session.claims.views.push(claim);
    }
}
