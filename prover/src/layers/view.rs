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
    observer::nodes,
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) {
    // A view of a view leaves claims for another turn.
    while !session.claims.views.is_empty() {
        let claims = std::mem::take(&mut session.claims.views);
        // Step 1: where a view is the sum of its inputs' views, each one's share.
        let (mut inputs, mut instances): (Vec<NodeId>, Vec<(NodeId, Product)>) = (vec![], vec![]);
        for claim in claims {
            session.for_node(claim.subject, |session| {
                let (node, site) = session.site(claim.subject);
                let parts: Vec<Product> =
                    (0..site.reads.len()).map(|position| instance(session, position, &claim)).collect();
                inputs.extend(site.reads);
                if let Reading::SumOfViews(_) = node.operation.layer().reading(&site) {
                    let shares: Vec<Fr> = parts.iter().map(|part| part.claim().sum).collect();
                    session.writer.write_scalars(labels::VIEW_SHARES, &shares);
                }
                instances.extend(parts.into_iter().map(|part| (claim.subject, part)));
            });
        }
        // Step 2: one sumcheck over the positions of all inputs.
        let point = session.prove_batch(&mut instances, RoundWeights::Uniform);
        // Step 3: every input at its point.
        let mut values: Vec<[Fr; 1]> = instances.iter().map(|(_, instance)| [instance.ended()[1]]).collect();
        session.write_for(labels::VIEW_VALUES, nodes(&instances), &mut values);
        for ((input, (_, instance)), [value]) in inputs.into_iter().zip(&instances).zip(values) {
            let point = instance_point(&point, instance.claim().num_vars).to_vec();
            session.claim_activation(input, point, value);
        }
    }
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
    Product::summed_of(pad_axes(shifts.table(), axes), pad_axes(read, axes))
}
