//! All look-ups of a network in one LogUp-GKR instance; the prover's file of this name has the same steps.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::One;
use tacit_layers::{
    NodeId,
    argument::{
        claim::{Column, EvaluationClaim},
        lookup_table::{Fingerprint, LookupTable, excess::ExcessTable},
        sumcheck::instance_point,
    },
    layer::rescale::excess::RescaleValues,
    proof::{
        input::padding_row,
        plan::{Rows, Segment},
    },
};
use tacit_transcript::{Transcript, Value, labels};

use crate::{
    error::{Error, Result},
    logup,
    session::Session,
};

/// Values of a max-pool's differences at the look-ups' point, kept for the max-pool's own phase.
pub(crate) type DifferenceClaims<V> = Vec<EvaluationClaim<NodeId, V>>;

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<DifferenceClaims<V>> {
    let plan = session.plan();
    if plan.segments.is_empty() {
        return Ok(vec![]);
    }
    // Step 1: the fingerprint's challenges, after every column is committed.
    let [alpha, beta] = [(); 2].map(|()| session.reader.squeeze(labels::FINGERPRINT));
    let fingerprint = Fingerprint { alpha, beta };
    // Step 2: the sum of fractions.
    let leaves = logup::verify(&mut session.reader, plan.tree_vars)?;
    // Step 3: every column at its part of the point, and the leaves they give. Leaves of no block are 0 / 1.
    let mut differences = vec![];
    let mut rescales: BTreeMap<NodeId, RescaleValues<V>> = BTreeMap::new();
    let mut sum = logup::LeafSum::default();
    for segment in &plan.segments {
        let point = instance_point(&leaves.point, segment.num_vars).to_vec();
        let weight = segment.weight(&leaves.point);
        let one = V::from(Fr::one());
        let (p, first, second) = match segment.rows {
            Rows::Table => {
                let multiplicity = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let table = plan.tables.get(segment.table).ok_or(Error::MissingColumn)?;
                let (first, second) = table.evaluate(&point);
                let column = Column::Multiplicity(segment.table);
                session.claims.columns.push(EvaluationClaim::new(column, point, multiplicity.clone()));
                (-multiplicity, first.into(), second.into())
            }
            Rows::Remainders(id) => {
                let values = rescales.entry(id).or_default();
                values.remainder = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                values.point = point;
                (one, values.remainder.clone(), V::default())
            }
            Rows::LowRemainders(id) => {
                let low = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                rescales.entry(id).or_default().low_remainder = low.clone();
                (one, low, V::default())
            }
            Rows::LowExcess(id) => {
                let [excess, clipped] = read_pair(session)?;
                let values = rescales.entry(id).or_default();
                (values.excess, values.clipped) = (excess.clone(), clipped.clone());
                let (first, second) = excess_table(session, segment)?.low_row(clipped, excess);
                (one, first, second)
            }
            Rows::HighExcess(id) => {
                let quotient = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let values = rescales.entry(id).or_default();
                values.quotient = quotient.clone();
                let table = excess_table(session, segment)?;
                let (first, second) = table.high_row(quotient, values.clipped.clone(), values.excess.clone());
                (one, first, second)
            }
            Rows::Activations(id) => {
                let layer = session.rescale(id)?;
                let values = rescales.entry(id).or_default();
                let argument = if layer.clipping().is_some() {
                    values.activation = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                    values.clipped.clone()
                } else {
                    let [quotient, activation] = read_pair(session)?;
                    (values.quotient, values.activation) = (quotient.clone(), activation);
                    quotient
                };
                let looked_up = layer.looked_up(session.layout(id)?, &point, values.activation.clone());
                (one, argument, looked_up)
            }
            Rows::Input(id) => {
                let value = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let (_, maximum) = session.architecture().input()?.bounds;
                let (offset, second) = padding_row(session.layout(id)?, maximum, &point);
                session.claim_activation(id, point, value.clone())?;
                (one, value + V::from(offset), second.into())
            }
            Rows::Differences(id) => {
                let difference = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                differences.push(EvaluationClaim::new(id, point, difference.clone()));
                (one, difference, V::default())
            }
        };
        sum.add(weight, p, fingerprint.of(segment.table, first, second));
    }
    sum.check(&mut session.reader, leaves)?;
    claim_columns(session, &rescales)?;
    Ok(differences)
}

fn read_pair<V: Value>(session: &mut Session<V>) -> Result<[V; 2]> {
    let message = session.reader.read_scalars(labels::COLUMN_VALUES, 2)?;
    message.try_into().map_err(|_| Error::MissingColumn)
}

/// Leaves the claims of every rescale: on activations and scaled accumulators, then on its other columns.
fn claim_columns<V: Value>(
    session: &mut Session<V>,
    rescales: &BTreeMap<NodeId, RescaleValues<V>>,
) -> Result<()> {
    let plan = session.plan();
    // All blocks of a rescale have the same size, hence the same point.
    for id in plan.looked_up_rescales() {
        let layer = session.rescale(id)?;
        let values = rescales.get(&id).ok_or(Error::MissingColumn)?;
        let RescaleValues { quotient, remainder, low_remainder, .. } = values.clone();
        let scaled = layer.recompose(quotient, remainder, low_remainder);
        session.claims.scaled.insert(id, EvaluationClaim::new(id, values.point.clone(), scaled));
        session.claim_activation(id, values.point.clone(), values.claimed_activation(layer))?;
    }
    for id in plan.looked_up_rescales() {
        let values = rescales.get(&id).ok_or(Error::MissingColumn)?;
        session.claims.columns.extend(values.column_claims(id, session.rescale(id)?));
    }
    Ok(())
}

/// The table of a block of limbs.
fn excess_table<V: Value>(session: &Session<V>, segment: &Segment) -> Result<ExcessTable> {
    match session.plan().tables.get(segment.table) {
        Some(LookupTable::Excess(table)) => Ok(*table),
        _ => Err(Error::MissingColumn),
    }
}
