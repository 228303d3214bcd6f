//! All look-ups of a network in one LogUp-GKR instance; the prover's file of this name has the same steps.

use ark_bn254::Fr;
use ark_ff::One;
use tacit_layers::{
    argument::{
        claim::{Column, EvaluationClaim},
        lookup_block::BlockSource,
        lookup_table::Fingerprint,
        sumcheck::instance_point,
    },
    proof::input::padding_row,
};
use tacit_transcript::{Transcript, Value, labels};

use crate::{
    error::{Error, Result},
    logup,
    session::Session,
};

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    let plan = session.plan();
    if plan.segments.is_empty() {
        return Ok(());
    }
    // Step 1: the fingerprint's challenges, after every column is committed.
    let [alpha, beta] = [(); 2].map(|()| session.reader.squeeze(labels::FINGERPRINT));
    let fingerprint = Fingerprint { alpha, beta };
    // Step 2: the sum of fractions.
    let leaves = logup::verify(session.reader, plan.tree_vars)?;
    // Step 3: every column at its part of the point, and the leaves they give. Leaves of no block are 0 / 1.
    let mut sum = logup::LeafSum::default();
    for segment in &plan.segments {
        let point = instance_point(&leaves.point, segment.num_vars).to_vec();
        let weight = segment.weight(&leaves.point);
        let one = V::from(Fr::one());
        let (p, first, second) = match segment.rows {
            BlockSource::Table => {
                let multiplicity = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let table = plan.tables.get(segment.table).ok_or(Error::BrokenInvariant)?;
                let (first, second) = table.evaluate(&point);
                let column = Column::Multiplicity(segment.table);
                session.claims.columns.push(EvaluationClaim::new(column, point, multiplicity.clone()));
                (-multiplicity, first.into(), second.into())
            }
            BlockSource::Input(id) => {
                let value = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let (_, maximum) = session.architecture().input_layer(id)?.bounds;
                let (offset, second) = padding_row(session.layout(id)?, maximum, &point);
                session.claim_activation(id, point, value.clone())?;
                (one, value + V::from(offset), second.into())
            }
            BlockSource::Remainders(id)
            | BlockSource::LowRemainders(id)
            | BlockSource::LowSaturation(id)
            | BlockSource::HighSaturation(id)
            | BlockSource::Activations(id)
            | BlockSource::Differences(id) => {
                let (first, second) = session.layer(id)?.looked_up(session, segment, point)?;
                (one, first, second)
            }
        };
        sum.add(weight, p, fingerprint.of(segment.table, first, second));
    }
    sum.check(session.reader, leaves)?;
    super::rescale::claim_columns(session)
}
