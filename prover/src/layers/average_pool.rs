//! Sums over windows: a claim on them is one on the unfolded input as it is.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_table::LookupTable, unfold::UnfoldedClaim},
    layer::average_pool::AveragePoolLayer,
};

use super::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite};
use crate::session::Session;

impl ProverLayer for AveragePoolLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        let id = claim.subject;
        let claim = UnfoldedClaim::new(id, session.layout(id), None, &claim.point, claim.value);
        session.claims.unfolded.push(claim);
    }
}
