//! Rescales: from scaled accumulators to accumulators (see [`tacit_layers::layer::rescale`]).

use ark_bn254::Fr;
use ark_ff::Field;
use tacit_algebra::{eq, small::from_i64};
use tacit_layers::{
    Multiplier,
    argument::{
        claim::{EvaluationClaim, SumClaim},
        lookup_block::{BlockSource, Segment},
        lookup_table::{LookupTable, saturation::SaturationTable},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::{
        Operation,
        rescale::{RescaleLayer, replace_axis, saturation::RescaleValues},
    },
    network::Architecture,
    tensor::{evaluation, value::NodeId},
};
use tacit_transcript::{Value, labels};

use crate::{
    error::{Error, Result},
    layers::{Accumulators, VerifierLayer},
    session::Session,
    sumcheck,
};

impl<V: Value> VerifierLayer<V> for RescaleLayer {
    fn looked_up(&self, session: &mut Session<V>, block: &Segment, point: Vec<Fr>) -> Result<(V, V)> {
        match block.rows {
            BlockSource::Remainders(id) => {
                let remainder = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let values = session.rescales.entry(id).or_default();
                (values.remainder, values.point) = (remainder.clone(), point);
                Ok((remainder, V::default()))
            }
            BlockSource::LowRemainders(id) => {
                let low = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                session.rescales.entry(id).or_default().low_remainder = low.clone();
                Ok((low, V::default()))
            }
            BlockSource::LowSaturation(id) => {
                let [saturation, clipped] = read_pair(session)?;
                let values = session.rescales.entry(id).or_default();
                (values.saturation, values.clipped) = (saturation.clone(), clipped.clone());
                Ok(saturation_table(session, block)?.low_row(clipped, saturation))
            }
            BlockSource::HighSaturation(id) => {
                let quotient = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let table = saturation_table(session, block)?;
                let values = session.rescales.entry(id).or_default();
                values.quotient = quotient.clone();
                Ok(table.high_row(quotient, values.clipped.clone(), values.saturation.clone()))
            }
            BlockSource::Activations(id) => {
                let (argument, activation) = if self.clipping().is_some() {
                    let activation: V = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                    (session.rescales.entry(id).or_default().clipped.clone(), activation)
                } else {
                    let [quotient, activation] = read_pair(session)?;
                    session.rescales.entry(id).or_default().quotient = quotient.clone();
                    (quotient, activation)
                };
                session.rescales.entry(id).or_default().activation = activation.clone();
                Ok((argument, self.looked_up(session.layout(id)?, &point, activation)))
            }
            BlockSource::Differences(_) | BlockSource::Input(_) | BlockSource::Table => {
                Err(Error::BrokenInvariant)
            }
        }
    }

    fn reduce(
        &self,
        _: &mut Session<V>,
        _: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        Err(Error::BrokenInvariant)
    }
}

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    // Step 1: one multiplier for the tensor needs no message.
    let mut per_channel = vec![];
    for (id, layer) in rescales(session.architecture()) {
        let claim = session.claims.scaled.remove(&id).ok_or(Error::BrokenInvariant)?;
        let input = session.read(id)?;
        match &layer.multiplier {
            Multiplier::Uniform(m) => {
                let inverse = from_i64(i64::from(*m)).inverse().ok_or(Error::BrokenInvariant)?;
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
                evaluation::split_point(layout, &claim.point).nth(*axis).ok_or(Error::BrokenInvariant)?.1;
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
    let reduced = sumcheck::verify(session.reader, &claims, RoundWeights::Uniform)?;
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

fn read_pair<V: Value>(session: &mut Session<V>) -> Result<[V; 2]> {
    let message = session.reader.read_scalars(labels::COLUMN_VALUES, 2)?;
    message.try_into().map_err(|_| Error::BrokenInvariant)
}

/// Leaves the claims of every rescale: on activations and scaled accumulators, then on its other columns.
pub(super) fn claim_columns<V: Value>(session: &mut Session<V>) -> Result<()> {
    let (plan, rescales) = (session.plan(), std::mem::take(&mut session.rescales));
    // All blocks of a rescale have the same size, hence the same point.
    for id in plan.looked_up_rescales() {
        let layer = session.rescale(id)?;
        let values = rescales.get(&id).ok_or(Error::BrokenInvariant)?;
        let RescaleValues { quotient, remainder, low_remainder, .. } = values.clone();
        let scaled = layer.recompose(quotient, remainder, low_remainder);
        session.claims.scaled.insert(id, EvaluationClaim::new(id, values.point.clone(), scaled));
        session.claim_activation(id, values.point.clone(), values.claimed_activation(layer))?;
    }
    for id in plan.looked_up_rescales() {
        let values = rescales.get(&id).ok_or(Error::BrokenInvariant)?;
        session.claims.columns.extend(values.column_claims(id, session.rescale(id)?));
    }
    Ok(())
}

/// The table of a block of limbs.
fn saturation_table<V: Value>(session: &Session<V>, segment: &Segment) -> Result<SaturationTable> {
    match session.plan().tables.get(segment.table) {
        Some(LookupTable::Saturation(table)) => Ok(*table),
        _ => Err(Error::BrokenInvariant),
    }
}

/// Every rescale of a network, in node order.
fn rescales(architecture: &Architecture) -> impl Iterator<Item = (NodeId, &RescaleLayer)> {
    architecture.nodes.iter().zip(0..).filter_map(|(node, index)| {
        if let Operation::Rescale(layer) = &node.operation { Some((NodeId(index), layer)) } else { None }
    })
}
