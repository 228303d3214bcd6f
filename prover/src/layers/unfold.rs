//! Windows: from unfolded inputs to inputs (see [`tacit_layers::argument::unfold`]).

use ark_bn254::Fr;
use tacit_layers::{
    Layout, Tensor, Window2d,
    argument::{
        sumcheck::{RoundWeights, instance_point},
        unfold::UnfoldedClaim,
    },
};
use tacit_transcript::labels;

use super::matmul::{contraction, fold_rows};
use crate::{
    integers::Integers,
    observer::nodes,
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) {
    let claims = std::mem::take(&mut session.claims.unfolded);
    if claims.is_empty() {
        return;
    }
    // Step 1: one sumcheck over the positions of all inputs.
    let tables = |session: &Session, claim: &UnfoldedClaim| {
        let node = session.node(claim.node);
        let Some(window) = node.operation.layer().window() else {
            unreachable!("only windowed layers leave such claims")
        };
        instance(session.value(node.inputs[0]), window, session.layout(claim.node), claim)
    };
    let mut instances = session.instances(&claims, |claim| claim.node, tables);
    let point = session.prove_batch(&mut instances, RoundWeights::Uniform);
    // Step 2: every input at its point.
    let mut values: Vec<[Fr; 1]> = instances.iter().map(|(_, instance)| [instance.ended()[1]]).collect();
    session.write_for(labels::WINDOW_VALUES, nodes(&instances), &mut values);
    for ((claim, (_, instance)), [value]) in claims.into_iter().zip(&instances).zip(values) {
        let spatial = instance_point(&point, instance.claim().num_vars);
        let input = session.node(claim.node).inputs[0];
        session.claim_activation(input, [&claim.channel, spatial].concat(), value);
    }
}

/// $\sum_i S_h(i_h) S_w(i_w) \widetilde x(r_c, i)$.
pub(crate) fn instance(
    input: &Tensor<i64>,
    window: &Window2d,
    output: &Layout,
    claim: &UnfoldedClaim,
) -> Product {
    let layout = input.layout();
    let [height, width] = claim.shift_vectors(window, layout, output);
    let shifts = height.iter().flat_map(|a| width.iter().map(move |b| *a * b)).collect();
    let folded = fold_rows(layout, Integers::Int64(input.data()), 1, &claim.channel);
    contraction(shifts, folded, layout, 1, claim.value)
}
