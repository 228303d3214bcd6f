//! Sums over axes: a claim on them is one on the input.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_table::LookupTable},
    layer::reduce_sum::ReduceSumLayer,
};

use super::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite};
use crate::session::Session;

impl ProverLayer for ReduceSumLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        let input = session.node(claim.subject).inputs[0];
        let (point, value) = self.input_claim(session.layout(input), &claim.point, claim.value);
        session.claim_activation(input, point, value);
    }
}
