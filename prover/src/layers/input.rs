//! The input: no argument of its own; the look-ups of a committed one are the statement's.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{claim::EvaluationClaim, lookup_table::LookupTable},
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

    fn reduce(&self, _: &mut Session, _: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        unreachable!("its value is no accumulator")
    }
}
