//! All look-ups of a network in one LogUp-GKR instance; the verifier's file of this name has the same steps.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{
        claim::{Column, EvaluationClaim},
        lookup_block::BlockSource,
        lookup_table::Fingerprint,
        sumcheck::instance_point,
    },
};
use tacit_transcript::{Transcript, labels};

use crate::{
    evaluation,
    layers::Block,
    logup::{LeafBlock, LeafRows, LinearTable, LookupLeaves},
    observer::Observer,
    session::Session,
};

pub(crate) fn prove(session: &mut Session) {
    if session.plan.segments.is_empty() {
        return;
    }
    // Step 1: the fingerprint's challenges, after every column is committed.
    let [alpha, beta] = [(); 2].map(|()| session.writer.squeeze(labels::FINGERPRINT));
    let fingerprint = Fingerprint { alpha, beta };
    let leaves = leaves(session, fingerprint);
    // Step 2: the sum of fractions.
    let run = (session.plan, session.trace, session.witness);
    let observer = &mut session.observer;
    let claims = observer.prove_look_ups(session.writer, run, fingerprint, &leaves, session.buffers);
    drop(leaves);
    // Step 3: every column at its part of the point. Claims are left in the verifier's order.
    for (segment, lookup) in session.plan.segments.iter().zip(&session.witness.lookups) {
        let point = instance_point(&claims.point, segment.num_vars).to_vec();
        let block = |node| Block {
            node,
            segment,
            keys: &lookup.keys,
            point: point.clone(),
            leaves_point: &claims.point,
        };
        let message = match segment.rows {
            BlockSource::Table => {
                let column = Column::Multiplicity(segment.table);
                let value = evaluate_column(session, column, &point);
                let value = block(NodeId(0)).observed(session, 0, value);
                session.claims.columns.push(EvaluationClaim::new(column, point, value));
                vec![value]
            }
            BlockSource::Input(id) => {
                let value = block(id).key(session);
                session.claim_activation(id, point, value);
                vec![value]
            }
            BlockSource::Remainders(id)
            | BlockSource::LowRemainders(id)
            | BlockSource::LowSaturation(id)
            | BlockSource::HighSaturation(id)
            | BlockSource::Activations(id)
            | BlockSource::Differences(id) => {
                let layer = super::of(&session.network.architecture.node(id).operation);
                layer.looked_up(session, &block(id))
            }
        };
        session.writer.write_scalars(labels::COLUMN_VALUES, &message);
    }
    super::rescale::claim_columns(session);
}

pub(super) fn evaluate_column(session: &Session, column: Column, point: &[Fr]) -> Fr {
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
        let rows = if segment.rows == BlockSource::Table {
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
    let leaves = LookupLeaves::new(tables, blocks.collect(), plan.tree_vars);
    let Ok(leaves) = leaves.and_then(|leaves| leaves.with_linear_tables(linear)) else {
        unreachable!("the plan arranges blocks, and the witness fills them")
    };
    leaves
}
