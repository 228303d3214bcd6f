//! Rescales: from scaled accumulators to accumulators (see [`tacit_layers::layer::rescale`]).

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use tacit_algebra::{Mle, small::from_i64};
use tacit_layers::{
    Multiplier, NodeId,
    argument::{
        claim::EvaluationClaim,
        sumcheck::{RoundWeights, instance_point},
    },
    proof::plan::rescales,
    tensor::evaluation,
};
use tacit_transcript::labels;

use crate::{
    observer::nodes,
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) {
    // Step 1: one multiplier for the tensor needs no message.
    let mut claims = vec![];
    for (id, layer) in rescales(&session.network.architecture) {
        let Some(claim) = session.claims.scaled.remove(&id) else { continue };
        match &layer.multiplier {
            Multiplier::Uniform(m) => {
                let inverse = from_i64(i64::from(*m)).inverse().unwrap_or_else(Fr::zero);
                session.claim_accumulator(session.node(id).inputs[0], claim.point, claim.value * inverse);
            }
            Multiplier::PerChannel { axis, values } => claims.push((claim, *axis, values)),
        }
    }
    let mut per_channel = session.instances(
        &claims,
        |(claim, ..)| claim.subject,
        |session, (claim, axis, values)| product(session, claim, *axis, values),
    );
    if per_channel.is_empty() {
        return;
    }
    // Step 2: one sumcheck over all channels.
    let point = session.prove_batch(&mut per_channel, RoundWeights::Uniform);
    // Step 3: every accumulator at its point with the channel's part replaced.
    let mut values: Vec<[Fr; 1]> =
        per_channel.iter().map(|(_, instance)| [instance.final_values()[1]]).collect();
    session.write_for(labels::ACCUMULATOR_VALUES, nodes(&per_channel), &mut values);
    for (((claim, axis, _), (_, instance)), [value]) in claims.iter().zip(&per_channel).zip(values) {
        let id = claim.subject;
        let channel = instance_point(&point, instance.claim().num_vars);
        let point =
            tacit_layers::layer::rescale::replace_axis(session.layout(id), &claim.point, *axis, channel);
        session.claim_accumulator(session.node(id).inputs[0], point, value);
    }
}

/// $\sum_o \mathrm{eq}(r_o, o)\, m_o\, \widetilde a(o, \dots)$.
fn product(session: &Session, claim: &EvaluationClaim<NodeId>, axis: usize, values: &[u32]) -> Product {
    let layout = session.layout(claim.subject);
    let channel = evaluation::split_point(layout, &claim.point).nth(axis).map_or(&[][..], |(_, p)| p);
    let weights = Multiplier::weighted_channels(values, channel);
    let input = session.value(session.node(claim.subject).inputs[0]);
    let accumulators = evaluation::fold_except(layout, input.data(), &claim.point, axis);
    let table = |values| Mle::new(values, channel.len());
    Product::new(table(weights), table(accumulators), claim.value)
}
