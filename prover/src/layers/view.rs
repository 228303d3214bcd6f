//! Views: from slices, padding, enlargements and concatenations to what they show (see [`tacit_layers::remap`]).

use ark_bn254::Fr;
use tacit_algebra::small::from_i64;
use tacit_layers::{
    NodeId, Operation,
    claim::EvaluationClaim,
    remap::RemapLayer,
    sumcheck::{RoundWeights, instance_point},
};
use tacit_transcript::labels;

use super::matmul::pad_axes;
use crate::{
    profile::Timed,
    session::Session,
    sumcheck::{self, Product, SumcheckInstance},
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
                        .map(|(&input, part)| (input, timed(session, input, part, &claim)))
                        .collect();
                    let shares: Vec<Fr> = parts.iter().map(|(_, part)| part.claim().sum).collect();
                    session.charged(claim.subject, |session| {
                        session.writer.write_scalars(labels::VIEW_SHARES, &shares);
                    });
                    instances.extend(parts);
                }
                Operation::Remap(layer) => {
                    let input = node.inputs[0];
                    instances.push((input, timed(session, input, layer, &claim)));
                }
                _ => unreachable!("only views leave such claims"),
            }
        }
        // Step 2: one sumcheck over the positions of all inputs.
        let mut borrowed: Vec<&mut dyn SumcheckInstance> =
            instances.iter_mut().map(|(_, i)| i as _).collect();
        let point = sumcheck::prove(&mut session.writer, &mut borrowed, RoundWeights::Uniform);
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
    map: &RemapLayer,
    claim: &EvaluationClaim<NodeId>,
) -> Timed<Product> {
    let tables = |session: &mut Session| instance(session, input, map, claim);
    Timed::new(claim.subject, session.charged(claim.subject, tables))
}

/// The sum over an input's positions of the shift vectors' product with the input.
fn instance(session: &Session, input: NodeId, map: &RemapLayer, claim: &EvaluationClaim<NodeId>) -> Product {
    let value = session.value(input);
    let vectors = map.shift_vectors(value.layout(), session.layout(claim.subject), &claim.point);
    let shifts = vectors.iter().fold(vec![Fr::from(1_u64)], |outer, vector| {
        outer.iter().flat_map(|a| vector.iter().map(move |b| *a * b)).collect()
    });
    let read = value.data().iter().map(|&x| from_i64(x)).collect();
    let axes = value.layout().axes();
    Product::summed(pad_axes(shifts, axes), pad_axes(read, axes))
}
