//! All look-ups of a network in one LogUp-GKR instance; the verifier's file of this name has the same steps.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use tacit_algebra::small::from_i64;
use tacit_layers::{
    NodeId, Operation,
    claim::{Column, EvaluationClaim},
    excess::RescaleValues,
    lookup_table::Fingerprint,
    plan::Rows,
    sumcheck::instance_point,
};
use tacit_transcript::{Transcript, labels};

use crate::{
    error::Result,
    evaluation,
    logup::{self, Fractions},
    session::Session,
};

/// Rows that one core works on at a time.
const CHUNK: usize = 1 << 12;

/// Values of a max-pool's differences at the look-ups' point, kept for the max-pool's own phase.
pub(crate) type DifferenceClaims = Vec<EvaluationClaim<NodeId>>;

pub(crate) fn prove(session: &mut Session) -> Result<DifferenceClaims> {
    if session.plan.segments.is_empty() {
        return Ok(vec![]);
    }
    // Step 1: the fingerprint's challenges, after every column is committed.
    let [alpha, beta] = [(); 2].map(|()| session.writer.squeeze(labels::FINGERPRINT));
    let leaves = leaves(session, Fingerprint { alpha, beta });
    // Step 2: the sum of fractions.
    let claims = logup::prove(&mut session.writer, leaves);
    // Step 3: every column at its part of the point. Claims are left in the verifier's order.
    let mut rescales: BTreeMap<NodeId, RescaleValues> = BTreeMap::new();
    let mut differences = vec![];
    for (segment, lookup) in session.plan.segments.iter().zip(&session.witness.lookups) {
        let point = instance_point(&claims.point, segment.num_vars).to_vec();
        let keys = |id| evaluation::evaluate(session.layout(id), &lookup.keys, &point);
        let message = match segment.rows {
            Rows::Table => {
                let column = Column::Multiplicity(segment.table);
                let value = evaluate_column(session, column, &point);
                session.claims.columns.push(EvaluationClaim::new(column, point, value));
                vec![value]
            }
            Rows::Remainders(id) => {
                let values = rescales.entry(id).or_default();
                values.remainder = keys(id);
                values.point = point;
                vec![values.remainder]
            }
            Rows::LowRemainders(id) => {
                let values = rescales.entry(id).or_default();
                values.low_remainder = keys(id);
                vec![values.low_remainder]
            }
            Rows::LowExcess(id) => {
                let values = rescales.entry(id).or_default();
                values.excess = keys(id);
                values.clipped = evaluate_clipped(session, id, &point);
                vec![values.excess, values.clipped]
            }
            Rows::HighExcess(id) => {
                let values = rescales.entry(id).or_default();
                values.quotient = keys(id);
                vec![values.quotient]
            }
            Rows::Activations(id) => {
                let values = rescales.entry(id).or_default();
                values.activation =
                    evaluation::evaluate(session.layout(id), session.value(id).data(), &point);
                if session.rescale(id).clipping().is_some() {
                    vec![values.activation]
                } else {
                    values.quotient = keys(id);
                    vec![values.quotient, values.activation]
                }
            }
            Rows::Differences(id) => {
                let Operation::MaxPool(layer) = &session.node(id).operation else {
                    unreachable!("the plan names a max-pool")
                };
                let layout = layer.difference_layout(session.layout(id))?;
                let value = evaluation::evaluate(&layout, &lookup.keys, &point);
                differences.push(EvaluationClaim::new(id, point, value));
                vec![value]
            }
        };
        session.writer.write_scalars(labels::COLUMN_VALUES, &message);
    }
    claim_columns(session, &rescales);
    Ok(differences)
}

/// Leaves the claims of every rescale: on activations and scaled accumulators, then on its other columns.
fn claim_columns(session: &mut Session, rescales: &BTreeMap<NodeId, RescaleValues>) {
    let order: Vec<NodeId> = session.plan.looked_up_rescales().collect();
    for &id in &order {
        let (values, layer) = (&rescales[&id], session.rescale(id));
        let high = evaluate_column(session, Column::Remainder(id), &values.point);
        let low = match layer.low_digits() {
            0 => Fr::zero(),
            _ => evaluate_column(session, Column::LowRemainder(id), &values.point),
        };
        let scaled = layer.recompose(values.quotient, high, low);
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
        evaluation::evaluate(session.layout(id), session.value(id).data(), point)
    }
}

fn evaluate_column(session: &Session, column: Column, point: &[Fr]) -> Fr {
    let found = session.plan.witness.iter().zip(&session.witness.columns).find(|(c, _)| c.column == column);
    let Some((committed, data)) = found else { unreachable!("the plan commits to every column it looks up") };
    evaluation::evaluate(&committed.layout, data, point)
}

/// The tree's leaves: one over the fingerprint for each looked-up row, minus the multiplicity for each table row.
fn leaves(session: &Session, fingerprint: Fingerprint) -> Fractions {
    let plan = session.plan;
    // A looked-up row's fingerprint is its table row's, so that each is computed once.
    let fingerprints: Vec<Vec<Fr>> = plan
        .tables
        .iter()
        .enumerate()
        .map(|(index, table)| {
            let row = |i| {
                let (first, second) = table.row(i);
                fingerprint.of(index, from_i64(first), from_i64(second))
            };
            (0..1 << table.num_vars()).into_par_iter().with_min_len(CHUNK).map(row).collect()
        })
        .collect();
    let total = 1 << plan.tree_vars;
    let mut numerators = vec![Fr::zero(); total];
    let mut denominators = vec![Fr::one(); total];
    for (segment, lookup) in plan.segments.iter().zip(&session.witness.lookups) {
        let range = segment.offset..segment.offset + (1 << segment.num_vars);
        let (p, q) = (&mut numerators[range.clone()], &mut denominators[range]);
        let table = &fingerprints[segment.table];
        if segment.rows == Rows::Table {
            q.copy_from_slice(table);
            let multiplicity =
                plan.witness.iter().position(|c| c.column == Column::Multiplicity(segment.table));
            let counts = multiplicity.map_or(&[][..], |i| &session.witness.columns[i]);
            let counts = counts.par_iter().with_min_len(CHUNK);
            p.par_iter_mut().zip(counts).for_each(|(p, &count)| *p = -from_i64(count));
        } else {
            let rows = q.par_iter_mut().zip(&lookup.positions).with_min_len(CHUNK);
            p.par_iter_mut().zip(rows).for_each(|(p, (q, &position))| {
                *p = Fr::one();
                *q = table[position as usize];
            });
        }
    }
    Fractions { numerators, denominators }
}
