//! All look-ups of a network in one LogUp-GKR instance; the verifier's file of this name has the same steps.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use tacit_layers::{
    NodeId, Operation,
    argument::{
        claim::{Column, EvaluationClaim},
        lookup_block::Rows,
        lookup_table::Fingerprint,
        sumcheck::instance_point,
    },
    layer::rescale::excess::RescaleValues,
};
use tacit_transcript::{Transcript, labels};

use crate::{
    error::Result,
    evaluation,
    logup::{LeafBlock, LeafRows, LinearTable, LookupLeaves},
    observer::Observer,
    session::Session,
};

/// Values of a max-pool's differences at the look-ups' point, kept for the max-pool's own phase.
pub(crate) type DifferenceClaims = Vec<EvaluationClaim<NodeId>>;

pub(crate) fn prove(session: &mut Session) -> Result<DifferenceClaims> {
    if session.plan.segments.is_empty() {
        return Ok(vec![]);
    }
    // Step 1: the fingerprint's challenges, after every column is committed.
    let [alpha, beta] = [(); 2].map(|()| session.writer.squeeze(labels::FINGERPRINT));
    let fingerprint = Fingerprint { alpha, beta };
    let leaves = leaves(session, fingerprint);
    // Step 2: the sum of fractions.
    let run = (session.plan, session.trace, session.witness);
    let observer = &mut session.observer;
    let claims = observer.prove_look_ups(&mut session.writer, run, fingerprint, &leaves, session.buffers);
    drop(leaves);
    // Step 3: every column at its part of the point. Claims are left in the verifier's order.
    let mut rescales: BTreeMap<NodeId, RescaleValues> = BTreeMap::new();
    let mut differences = vec![];
    for (segment, lookup) in session.plan.segments.iter().zip(&session.witness.lookups) {
        let point = instance_point(&claims.point, segment.num_vars).to_vec();
        let observed =
            |column, value| session.observer.looked_up(session.plan, segment, column, &claims.point, value);
        let keys = |id| observed(0, evaluation::evaluate(session.layout(id), &lookup.keys, &point));
        let message = match segment.rows {
            Rows::Table => {
                let column = Column::Multiplicity(segment.table);
                let value = observed(0, evaluate_column(session, column, &point));
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
                let activation = evaluation::evaluate(session.layout(id), session.value(id).data(), &point);
                values.activation = observed(1, activation);
                if session.rescale(id).clipping().is_some() {
                    vec![values.activation]
                } else {
                    values.quotient = keys(id);
                    vec![values.quotient, values.activation]
                }
            }
            Rows::Input(id) => {
                let value = keys(id);
                session.claim_activation(id, point, value);
                vec![value]
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
        evaluation::evaluate(session.layout(id), session.value(id).data(), point)
    }
}

fn evaluate_column(session: &Session, column: Column, point: &[Fr]) -> Fr {
    let found = session.plan.witness.iter().zip(&session.witness.columns).find(|(c, _)| c.column == column);
    let Some((committed, data)) = found else { unreachable!("the plan commits to every column it looks up") };
    evaluation::evaluate(&committed.layout, data, point)
}

/// The tree's leaves: one over the fingerprint for each looked-up row, minus the multiplicity for each table row.
fn leaves<'a>(session: &Session<'a>, fingerprint: Fingerprint) -> LookupLeaves<'a> {
    let (plan, witness) = (session.plan, session.witness);
    let tables =
        plan.tables.iter().enumerate().map(|(index, table)| fingerprint.table(index, table)).collect();
    let blocks = plan.segments.iter().zip(&witness.lookups).map(|(segment, lookup)| {
        let rows = if segment.rows == Rows::Table {
            let multiplicity =
                plan.witness.iter().position(|c| c.column == Column::Multiplicity(segment.table));
            LeafRows::Table(multiplicity.map_or(&[][..], |i| &witness.columns[i]))
        } else {
            LeafRows::LookedUp(&lookup.positions, &segment.layout)
        };
        LeafBlock { offset: segment.offset, table: segment.table, rows }
    });
    let linear = |(index, table)| LinearTable::new(&fingerprint, index, table);
    let linear = plan.tables.iter().enumerate().map(linear).collect();
    LookupLeaves::new(tables, blocks.collect(), plan.tree_vars).with_linear_tables(linear)
}
