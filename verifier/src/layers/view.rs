//! Views: from slices, padding, enlargements and concatenations to what they show (see [`tacit_layers::remap`]).

use ark_bn254::Fr;
use tacit_layers::{
    Layout, NodeId, Operation,
    claim::{EvaluationClaim, SumClaim},
    remap::{RemapLayer, evaluate_shifts},
    sumcheck::{RoundWeights, instance_point},
};
use tacit_transcript::labels;

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A claim on a view with one input.
struct View<'a> {
    input: NodeId,
    layout: &'a Layout,
    vectors: Vec<Vec<Fr>>,
    value: Fr,
}

pub(crate) fn verify(session: &mut Session) -> Result<()> {
    // A view of a view leaves claims for another turn; inputs come before what views them, so that this ends.
    while !session.claims.views.is_empty() {
        let claims = std::mem::take(&mut session.claims.views);
        // Step 1: a concatenation's value, input by input.
        let mut views: Vec<View> = vec![];
        for claim in claims {
            let (node, _) = session.node(claim.subject)?;
            match &node.operation {
                Operation::Concat(layer) => {
                    let shares = session.reader.read_scalars(labels::VIEW_SHARES, node.inputs.len())?;
                    if shares.iter().sum::<Fr>() != claim.value {
                        return Err(Error::Shares { layer: node.name.clone() });
                    }
                    let layouts =
                        node.inputs.iter().map(|&id| session.layout(id)).collect::<Result<Vec<_>>>()?;
                    let parts = layer.parts(layouts.into_iter(), session.layout(claim.subject)?);
                    for ((&input, part), share) in node.inputs.iter().zip(&parts).zip(shares) {
                        views.push(view(session, input, part, &claim, share)?);
                    }
                }
                Operation::Remap(layer) => {
                    let input = session.read(claim.subject)?;
                    views.push(view(session, input, layer, &claim, claim.value)?);
                }
                Operation::Input(_)
                | Operation::Dense(_)
                | Operation::Conv2d(_)
                | Operation::AveragePool(_)
                | Operation::Add(_)
                | Operation::Rescale(_)
                | Operation::MaxPool(_)
                | Operation::Transpose(_)
                | Operation::Product(_)
                | Operation::Flatten => return Err(Error::MissingColumn),
            }
        }
        // Step 2: one sumcheck over the positions of all inputs.
        let sums: Vec<SumClaim> = views
            .iter()
            .map(|view| SumClaim { num_vars: view.layout.num_vars(), degree: 2, sum: view.value })
            .collect();
        let reduced = sumcheck::verify(&mut session.reader, &sums, RoundWeights::Uniform)?;
        // Step 3: every input at its point.
        let values = session.reader.read_scalars(labels::VIEW_VALUES, views.len())?;
        let products = views.iter().zip(&values).map(|(view, value)| {
            let point = instance_point(&reduced.point, view.layout.num_vars());
            evaluate_shifts(&view.vectors, view.layout, point) * value
        });
        if !reduced.holds(products) {
            return Err(Error::FinalValue { argument: "views", message: labels::VIEW_VALUES });
        }
        for (view, value) in views.iter().zip(values) {
            let point = instance_point(&reduced.point, view.layout.num_vars()).to_vec();
            session.claim_activation(view.input, point, value)?;
        }
    }
    Ok(())
}

fn view<'a>(
    session: &Session<'a, '_>,
    input: NodeId,
    map: &RemapLayer,
    claim: &EvaluationClaim<NodeId>,
    value: Fr,
) -> Result<View<'a>> {
    let layout = session.layout(input)?;
    let vectors = map.shift_vectors(layout, session.layout(claim.subject)?, &claim.point);
    Ok(View { input, layout, vectors, value })
}
