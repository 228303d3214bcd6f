//! Views: from slices, padding, enlargements, reshapes and concatenations to what they show (see [`tacit_layers::argument::view`]).

use ark_bn254::Fr;
use tacit_algebra::small::from_i64;
use tacit_layers::{
    NodeId, Operation,
    argument::{
        claim::EvaluationClaim,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::view::View,
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
        // Step 1: a concatenation's value, input by input.
        let mut instances: Vec<(NodeId, Timed<Product>)> = vec![];
        for claim in claims {
            let node = session.network.architecture.node(claim.subject);
            match &node.operation {
                Operation::Concat(layer) => {
                    let layouts = node.inputs.iter().map(|&id| session.layout(id));
                    let parts = layer.parts(layouts, session.layout(claim.subject));
                    let parts: Vec<(NodeId, Timed<Product>)> = node
                        .inputs
                        .iter()
                        .zip(&parts)
                        .map(|(&input, part)| (input, timed(session, input, View::Remap(part), &claim)))
                        .collect();
                    let shares: Vec<Fr> = parts.iter().map(|(_, part)| part.claim().sum).collect();
                    session.charged(claim.subject, |session| {
                        session.writer.write_scalars(labels::VIEW_SHARES, &shares);
                    });
                    instances.extend(parts);
                }
                operation => {
                    let Some(view) = View::of(operation) else {
                        unreachable!("only views leave such claims")
                    };
                    let input = node.inputs[0];
                    instances.push((input, timed(session, input, view, &claim)));
                }
            }
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

/// [`instance`], charged to the view.
fn timed(
    session: &mut Session,
    input: NodeId,
    view: View,
    claim: &EvaluationClaim<NodeId>,
) -> Timed<Product> {
    let tables = |session: &mut Session| instance(session, input, view, claim);
    Timed::new(claim.subject, session.charged(claim.subject, tables))
}

/// The sum over an input's positions of the shift vectors' product with the input.
fn instance(session: &Session, input: NodeId, view: View, claim: &EvaluationClaim<NodeId>) -> Product {
    let value = session.value(input);
    let shifts = view.shifts(value.layout(), session.layout(claim.subject), &claim.point).table();
    let read = value.data().iter().map(|&x| from_i64(x)).collect();
    let axes = value.layout().axes();
    Product::summed(pad_axes(shifts, axes), pad_axes(read, axes))
}
