//! Circuits of gates (see [`super::gates`]).

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_table::LookupTable},
    layer::circuit::CircuitLayer,
};

use super::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite};
use crate::session::Session;

impl ProverLayer for CircuitLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, _: &mut Session, claim: EvaluationClaim<NodeId>, accumulators: &mut Accumulators) {
        accumulators.gated.push(claim);
    }
}
