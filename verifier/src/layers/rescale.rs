//! Rescales: from scaled accumulators to accumulators (see [`tacit_layers::layer::rescale`]).

use ark_bn254::Fr;
use ark_ff::Field;
use tacit_algebra::{eq, small::from_i64};
use tacit_layers::{
    Multiplier,
    argument::{
        claim::{EvaluationClaim, SumClaim},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::rescale::replace_axis,
    proof::plan::rescales,
    tensor::evaluation,
};
use tacit_transcript::{Value, labels};

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    // Step 1: one multiplier for the tensor needs no message.
    let mut per_channel = vec![];
    for (id, layer) in rescales(session.architecture()) {
        let claim = session.claims.scaled.remove(&id).ok_or(Error::MissingColumn)?;
        let input = session.read(id)?;
        match &layer.multiplier {
            Multiplier::Uniform(m) => {
                let inverse = from_i64(i64::from(*m)).inverse().ok_or(Error::MissingColumn)?;
                session.claim_accumulator(input, claim.point, claim.value * inverse);
            }
            Multiplier::PerChannel { axis, values } => per_channel.push((id, *axis, values, claim)),
        }
    }
    if per_channel.is_empty() {
        return Ok(());
    }
    // Step 2: one sumcheck over all channels.
    let channels = per_channel
        .iter()
        .map(|(id, axis, values, claim)| {
            let layout = session.layout(*id)?;
            let channel =
                evaluation::split_point(layout, &claim.point).nth(*axis).ok_or(Error::MissingColumn)?.1;
            Ok((Multiplier::weighted_channels(values, channel), channel.len()))
        })
        .collect::<Result<Vec<(Vec<Fr>, usize)>>>()?;
    let claims: Vec<SumClaim<V>> = per_channel
        .iter()
        .zip(&channels)
        .map(|((_, _, _, claim), (_, num_vars))| SumClaim {
            num_vars: *num_vars,
            degree: 2,
            sum: claim.value.clone(),
        })
        .collect();
    let reduced = sumcheck::verify(&mut session.reader, &claims, RoundWeights::Uniform)?;
    // Step 3: every accumulator at its point with the channel's part replaced.
    let values = session.reader.read_scalars(labels::ACCUMULATOR_VALUES, claims.len())?;
    let products = channels.iter().zip(&values).map(|((weights, num_vars), value)| {
        let channel = instance_point(&reduced.point, *num_vars);
        let weight: Fr = eq::table(channel, weights.len()).iter().zip(weights).map(|(e, w)| *e * w).sum();
        (value.clone() * weight).into()
    });
    let difference = reduced.difference(products);
    if !session.reader.check_zero(difference) {
        return Err(Error::FinalValue { argument: "rescales", message: labels::ACCUMULATOR_VALUES });
    }
    for ((id, axis, _, EvaluationClaim { point, .. }), (value, (_, num_vars))) in
        per_channel.into_iter().zip(values.into_iter().zip(&channels))
    {
        let channel = instance_point(&reduced.point, *num_vars);
        let point = replace_axis(session.layout(id)?, &point, axis, channel);
        session.claim_accumulator(session.read(id)?, point, value);
    }
    Ok(())
}
