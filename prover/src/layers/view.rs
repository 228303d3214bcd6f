//! Views: from slices, padding, enlargements, reshapes and concatenations to what they show (see [`tacit_layers::argument::view`]).

use ark_bn254::Fr;
use tacit_algebra::small::from_i64;
use tacit_layers::{
    NodeId,
    argument::{
        claim::EvaluationClaim,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::site::Reading,
};
use tacit_transcript::labels;

use super::matmul::pad_axes;
use crate::{
    profile::{self, Timed, TimedInstance},
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) {
    // A view of a view leaves claims for another turn.
    while !session.claims.views.is_empty() {
        let claims = std::mem::take(&mut session.claims.views);
        // Step 1: where a view is the sum of its inputs' views, each one's share.
        let mut instances: Vec<(NodeId, Timed<Product>)> = vec![];
        for claim in claims {
            let parts: Vec<(NodeId, Timed<Product>)> = (0..session.node(claim.subject).inputs.len())
                .map(|position| timed(session, position, &claim))
                .collect();
            let (node, site) = session.site(claim.subject);
            if let Reading::SumOfViews(_) = node.operation.layer().reading(&site) {
                let shares: Vec<Fr> = parts.iter().map(|(_, part)| part.claim().sum).collect();
                session.charged(claim.subject, |session| {
                    session.writer.write_scalars(labels::VIEW_SHARES, &shares);
                });
            }
            instances.extend(parts);
        }
        // Step 2: one sumcheck over the positions of all inputs.
        let mut borrowed: Vec<&mut dyn TimedInstance> = instances.iter_mut().map(|(_, i)| i as _).collect();
        let point = profile::prove_rounds(&mut session.writer, &mut borrowed, RoundWeights::Uniform);
        // Step 3: every input at its point.
        let values: Vec<Fr> = instances.iter().map(|(_, timed)| timed.instance.final_values()[1]).collect();
        session.writer.write_scalars(labels::VIEW_VALUES, &values);
        for ((input, instance), value) in instances.iter().zip(values) {
            session.charge_rounds(instance, 1);
            let point = instance_point(&point, instance.claim().num_vars).to_vec();
            session.claim_activation(*input, point, value);
        }
    }
}

/// [`instance`], charged to the view, with the input it is about.
fn timed(
    session: &mut Session,
    position: usize,
    claim: &EvaluationClaim<NodeId>,
) -> (NodeId, Timed<Product>) {
    let input = session.node(claim.subject).inputs[position];
    let tables = |session: &mut Session| instance(session, position, claim);
    (input, Timed::new(claim.subject, session.charged(claim.subject, tables)))
}

/// The sum over an input's positions of the shift vectors' product with the input.
fn instance(session: &Session, position: usize, claim: &EvaluationClaim<NodeId>) -> Product {
    let (node, site) = session.site(claim.subject);
    let Some(shifts) = node.operation.layer().shifts(&site, position, &claim.point) else {
        unreachable!("only views leave such claims")
    };
    let value = session.value(site.reads[position]);
    let read = value.data().iter().map(|&x| from_i64(x)).collect();
    let axes = value.layout().axes();
    Product::summed(pad_axes(shifts.table(), axes), pad_axes(read, axes))
}
