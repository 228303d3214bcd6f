//! Windows: from windowed inputs to inputs (see [`tacit_layers::argument::unfold`]).

use ark_bn254::Fr;
use tacit_layers::{
    Layout, Tensor, Window2d,
    argument::{
        sumcheck::{RoundWeights, instance_point},
        unfold::WindowedClaim,
    },
};
use tacit_transcript::labels;

use super::matmul::{contraction, fold_rows};
use crate::{
    hyrax::Integers,
    profile::{self, Timed, TimedInstance},
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) {
    let claims = std::mem::take(&mut session.claims.windowed);
    if claims.is_empty() {
        return;
    }
    // Step 1: one sumcheck over the positions of all inputs.
    let tables = |session: &Session, claim: &WindowedClaim| {
        let node = session.node(claim.node);
        let Some(window) = node.operation.layer().window() else {
            unreachable!("only windowed layers leave such claims")
        };
        instance(session.value(node.inputs[0]), window, session.layout(claim.node), claim)
    };
    let tables = session.charged_each(&claims, |claim| claim.node, tables);
    let mut instances: Vec<Timed<Product>> =
        claims.iter().zip(tables).map(|(claim, tables)| Timed::new(claim.node, tables)).collect();
    let mut borrowed: Vec<&mut dyn TimedInstance> = instances.iter_mut().map(|i| i as _).collect();
    let point = profile::prove_rounds(&mut session.writer, &mut borrowed, RoundWeights::Uniform);
    // Step 2: every input at its point.
    let mut values: Vec<Fr> = instances.iter().map(|timed| timed.instance.final_values()[1]).collect();
    session.write_values(labels::WINDOW_VALUES, &mut values);
    for ((claim, instance), value) in claims.into_iter().zip(&instances).zip(values) {
        session.charge_rounds(instance, 1);
        let spatial = instance_point(&point, instance.claim().num_vars);
        let input = session.node(claim.node).inputs[0];
        session.claim_activation(input, [&claim.channel, spatial].concat(), value);
    }
}

/// $\sum_i S_h(i_h) S_w(i_w)\, \widetilde x(r_c, i)$.
pub(crate) fn instance(
    input: &Tensor<i64>,
    window: &Window2d,
    output: &Layout,
    claim: &WindowedClaim,
) -> Product {
    let layout = input.layout();
    let [height, width] = claim.shift_vectors(window, layout, output);
    let shifts = height.iter().flat_map(|a| width.iter().map(move |b| *a * b)).collect();
    let folded = fold_rows(layout, Integers::Int64(input.data()), 1, &claim.channel);
    contraction(shifts, folded, layout, 1, claim.value)
}
