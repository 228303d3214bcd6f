//! Rescales: from scaled accumulators to accumulators (see [`tacit_layers::layer::rescale`]).

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use rayon::prelude::*;
use tacit_algebra::small::from_i64;
use tacit_layers::{
    Multiplier, NodeId,
    argument::{
        claim::{Column, EvaluationClaim},
        lookup_table::LookupTable,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::rescale::RescaleLayer,
    tensor::{Tensor, evaluation},
};
use tacit_layers::{argument::lookup_block::BlockSource, layer::Operation, network::Architecture};
use tacit_transcript::labels;

use crate::{
    layers::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite, lookups::evaluate_column},
    observer::nodes,
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

impl ProverLayer for RescaleLayer {
    fn look_up(&self, site: &WitnessSite, table: &LookupTable) -> LookedUp {
        let accumulators = site.input(0);
        let divide = |take: &(dyn Fn(i64, i64) -> i64 + Sync)| divide(self, accumulators, take);
        match site.segment.rows {
            BlockSource::Remainders(_) => LookedUp::plain(divide(&|_, r| self.split(r).0)),
            BlockSource::LowRemainders(_) => LookedUp::plain(divide(&|_, r| self.split(r).1)),
            BlockSource::Activations(_) => LookedUp::plain(match self.clipping() {
                None => divide(&|q, _| q),
                Some(clipping) => divide(&|q, _| q.clamp(clipping.minimum, clipping.maximum)),
            }),
            BlockSource::LowSaturation(_) | BlockSource::HighSaturation(_) => {
                let LookupTable::Saturation(saturation) = table else {
                    unreachable!("the plan names an excess' table")
                };
                let low = matches!(site.segment.rows, BlockSource::LowSaturation(_));
                let which = usize::from(!low);
                LookedUp {
                    padding: saturation.keys(saturation.split(0))[which],
                    rows: Some(divide(&|q, _| saturation.keys(saturation.split(q))[which])),
                    keys: divide(&|q, _| if low { saturation.split(q).low } else { q }),
                }
            }
            BlockSource::Differences(_) | BlockSource::Input(_) | BlockSource::Table => {
                unreachable!("they are no rescale's")
            }
        }
    }

    fn looked_up(&self, session: &mut Session, block: &Block) -> Vec<Fr> {
        let id = block.node;
        match block.segment.rows {
            BlockSource::Remainders(_) => {
                let remainder = block.key(session);
                let values = session.rescales.entry(id).or_default();
                (values.remainder, values.point) = (remainder, block.point.clone());
                vec![remainder]
            }
            BlockSource::LowRemainders(_) => {
                let low = block.key(session);
                session.rescales.entry(id).or_default().low_remainder = low;
                vec![low]
            }
            BlockSource::LowSaturation(_) => {
                let (saturation, clipped) = (block.key(session), evaluate_clipped(session, id, &block.point));
                let values = session.rescales.entry(id).or_default();
                (values.saturation, values.clipped) = (saturation, clipped);
                vec![saturation, clipped]
            }
            BlockSource::HighSaturation(_) => {
                let quotient = block.key(session);
                session.rescales.entry(id).or_default().quotient = quotient;
                vec![quotient]
            }
            BlockSource::Activations(_) => {
                let activation =
                    crate::evaluation::evaluate(session.layout(id), session.value(id).data(), &block.point);
                let activation = block.observed(session, 1, activation);
                session.rescales.entry(id).or_default().activation = activation;
                if self.clipping().is_some() {
                    vec![activation]
                } else {
                    let quotient = block.key(session);
                    session.rescales.entry(id).or_default().quotient = quotient;
                    vec![quotient, activation]
                }
            }
            BlockSource::Differences(_) | BlockSource::Input(_) | BlockSource::Table => {
                unreachable!("they are no rescale's")
            }
        }
    }

    fn reduce(&self, _: &mut Session, _: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        unreachable!("its value is no accumulator")
    }
}

/// Accumulators that one core divides at a time.
const GRAIN: usize = 1 << 12;

/// What `take` makes of the quotients and the centred remainders of a rescale's accumulators.
fn divide(
    layer: &RescaleLayer,
    accumulators: &Tensor<i64>,
    take: &(dyn Fn(i64, i64) -> i64 + Sync),
) -> Vec<i64> {
    let (layout, accumulators) = (accumulators.layout(), accumulators.data());
    let mut taken = vec![0; accumulators.len()];
    taken.par_chunks_mut(GRAIN).enumerate().for_each(|(i, part)| {
        let first = i * GRAIN;
        for (run, multiplier) in layer.multiplier.runs(layout, first..first + part.len()) {
            for (taken, &a) in part[run.start - first..].iter_mut().zip(&accumulators[run]) {
                let (quotient, remainder) = layer.divide(multiplier, a);
                *taken = take(quotient, remainder);
            }
        }
    });
    taken
}

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
    let mut values: Vec<[Fr; 1]> = per_channel.iter().map(|(_, instance)| [instance.ended()[1]]).collect();
    session.write_for(labels::ACCUMULATOR_VALUES, nodes(&per_channel), &mut values);
    for (((claim, axis, _), (_, instance)), [value]) in claims.iter().zip(&per_channel).zip(values) {
        let id = claim.subject;
        let channel = instance_point(&point, instance.claim().num_vars);
        let point =
            tacit_layers::layer::rescale::replace_axis(session.layout(id), &claim.point, *axis, channel);
        session.claim_accumulator(session.node(id).inputs[0], point, value);
    }
}

/// $\sum_o \mathrm{eq}(r_o, o) m_o \widetilde a(o, \dots)$.
fn product(session: &Session, claim: &EvaluationClaim<NodeId>, axis: usize, values: &[u32]) -> Product {
    let layout = session.layout(claim.subject);
    let channel = evaluation::split_point(layout, &claim.point).nth(axis).map_or(&[][..], |(_, p)| p);
    let weights = Multiplier::weighted_channels(values, channel);
    let input = session.value(session.node(claim.subject).inputs[0]);
    let accumulators = evaluation::fold_except(layout, input.data(), &claim.point, axis);
    let accumulators = accumulators.unwrap_or_else(|_| unreachable!("input and output have one shape"));
    let table = |values| crate::evaluation::table(values, channel.len());
    Product::of(table(weights), table(accumulators), claim.value)
}

/// Leaves the claims of every rescale: on activations and scaled accumulators, then on its other columns.
pub(super) fn claim_columns(session: &mut Session) {
    let rescales = std::mem::take(&mut session.rescales);
    let order: Vec<NodeId> = session.plan.looked_up_rescales().collect();
    for &id in &order {
        let (values, layer) = (&rescales[&id], session.rescale(id));
        let scaled = layer.recompose(values.quotient, values.remainder, values.low_remainder);
        let activation = values.claimed_activation(layer);
        session.claims.scaled.insert(id, EvaluationClaim::new(id, values.point.clone(), scaled));
        session.claim_activation(id, values.point.clone(), activation);
    }
    for id in order {
        let claims = rescales[&id].column_claims(id, session.rescale(id));
        session.claims.columns.extend(claims);
    }
}

/// The clipped quotients: a column of their own, or the activations.
fn evaluate_clipped(session: &Session, id: NodeId, point: &[Fr]) -> Fr {
    if session.rescale(id).clipping().is_some_and(|clipping| clipping.is_argument) {
        evaluate_column(session, Column::Argument(id), point)
    } else {
        crate::evaluation::evaluate(session.layout(id), session.value(id).data(), point)
    }
}

/// Every rescale of a network, in node order.
fn rescales(architecture: &Architecture) -> impl Iterator<Item = (NodeId, &RescaleLayer)> {
    architecture.nodes.iter().zip(0..).filter_map(|(node, index)| {
        if let Operation::Rescale(layer) = &node.operation { Some((NodeId(index), layer)) } else { None }
    })
}
