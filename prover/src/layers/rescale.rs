//! Rescales: from scaled accumulators to accumulators (see [`tacit_layers::rescale`]).

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use tacit_algebra::{Mle, small::from_i64};
use tacit_layers::{
    Multiplier, NodeId, evaluation,
    plan::rescales,
    sumcheck::{RoundWeights, instance_point},
};
use tacit_transcript::labels;

use crate::{
    profile::{self, Timed, TimedInstance},
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) {
    // Step 1: one multiplier for the tensor needs no message.
    let mut per_channel: Vec<(NodeId, usize, Timed<Product>)> = vec![];
    for (id, layer) in rescales(&session.network.architecture) {
        let Some(claim) = session.claims.scaled.remove(&id) else { continue };
        let input = session.node(id).inputs[0];
        match &layer.multiplier {
            Multiplier::Uniform(m) => {
                let inverse = from_i64(i64::from(*m)).inverse().unwrap_or_else(Fr::zero);
                session.claim_accumulator(input, claim.point, claim.value * inverse);
            }
            Multiplier::PerChannel { axis, values } => {
                let product = session.charged(id, |session| {
                    let layout = session.layout(id);
                    let channel =
                        evaluation::split_point(layout, &claim.point).nth(*axis).map_or(&[][..], |(_, p)| p);
                    let weights = Multiplier::weighted_channels(values, channel);
                    let accumulators =
                        evaluation::fold_except(layout, session.value(input).data(), &claim.point, *axis);
                    let table = |values| Mle::new(values, channel.len());
                    Product::new(table(weights), table(accumulators), claim.value)
                });
                per_channel.push((id, *axis, Timed::new(id, product)));
                session.claims.scaled.insert(id, claim);
            }
        }
    }
    if per_channel.is_empty() {
        return;
    }
    // Step 2: one sumcheck over all channels.
    let mut borrowed: Vec<&mut dyn TimedInstance> = per_channel.iter_mut().map(|(_, _, i)| i as _).collect();
    let point = profile::prove_rounds(&mut session.writer, &mut borrowed, RoundWeights::Uniform);
    // Step 3: every accumulator at its point with the channel's part replaced.
    let values: Vec<Fr> = per_channel.iter().map(|(_, _, timed)| timed.instance.final_values()[1]).collect();
    session.writer.write_scalars(labels::ACCUMULATOR_VALUES, &values);
    for ((id, axis, instance), value) in per_channel.iter().zip(values) {
        session.charge_rounds(instance, 1);
        let Some(claim) = session.claims.scaled.remove(id) else { continue };
        let channel = instance_point(&point, instance.claim().num_vars);
        let point = tacit_layers::rescale::replace_axis(session.layout(*id), &claim.point, *axis, channel);
        session.claim_accumulator(session.node(*id).inputs[0], point, value);
    }
}
