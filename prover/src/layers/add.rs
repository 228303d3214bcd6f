//! Integer combinations: every addend's value is sent; together they give the accumulator.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId, ValueKind,
    argument::{claim::EvaluationClaim, lookup_table::LookupTable},
    layer::add::AddLayer,
};
use tacit_transcript::labels;

use super::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite};
use crate::{evaluation::evaluate, session::Session};

impl ProverLayer for AddLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        let inputs = session.node(claim.subject).inputs.clone();
        let evaluate = |&input: &NodeId| {
            let value = session.value(input);
            evaluate(value.layout(), value.data(), &claim.point)
        };
        let mut values: Vec<Fr> = inputs.iter().map(evaluate).collect();
        session.write(labels::ADDEND_VALUES, &mut values);
        for (input, value) in inputs.into_iter().zip(values) {
            match session.plan.specs[input.index()].kind {
                ValueKind::Activation { .. } => session.claim_activation(input, claim.point.clone(), value),
                ValueKind::Accumulator => session.claim_accumulator(input, claim.point.clone(), value),
            }
        }
    }
}
