//! All look-ups of a network in one LogUp-GKR instance; the prover's file of this name has the same steps.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::eq;
use tacit_layers::{
    NodeId, Operation,
    claim::{Column, EvaluationClaim},
    lookup_table::Fingerprint,
    plan::{Rows, Segment},
    sumcheck::instance_point,
};
use tacit_transcript::{Transcript, labels};

use crate::{
    error::{Error, Result},
    logup,
    session::Session,
};

/// Values of a max-pool's differences at the look-ups' point, kept for the max-pool's own phase.
pub(crate) type DifferenceClaims = Vec<EvaluationClaim<NodeId>>;

pub(crate) fn verify(session: &mut Session) -> Result<DifferenceClaims> {
    let plan = session.plan();
    if plan.segments.is_empty() {
        return Ok(vec![]);
    }
    // Step 1: the fingerprint's challenges, after every column is committed.
    let [alpha, beta] = [(); 2].map(|()| session.reader.squeeze(labels::FINGERPRINT));
    let fingerprint = Fingerprint { alpha, beta };
    // Step 2: the sum of fractions.
    let leaves = logup::verify(&mut session.reader, plan.tree_vars)?;
    // Step 3: every column at its part of the point, and the leaves they give. Leaves behind the last block are 0 / 1.
    let mut differences = vec![];
    let mut remainders: Vec<EvaluationClaim<Column>> = vec![];
    let mut activations: Vec<(EvaluationClaim<NodeId>, Fr)> = vec![];
    let (mut numerator, mut denominator, mut rest) = (Fr::zero(), Fr::zero(), Fr::one());
    for segment in &plan.segments {
        let point = instance_point(&leaves.point, segment.num_vars).to_vec();
        let weight = block_weight(&leaves.point, segment);
        let (p, first, second) = match segment.rows {
            Rows::Table => {
                let multiplicity = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let table = plan.tables.get(segment.table).ok_or(Error::MissingColumn)?;
                let (first, second) = table.evaluate(&point);
                let column = Column::Multiplicity(segment.table);
                session.claims.columns.push(EvaluationClaim::new(column, point, multiplicity));
                (-multiplicity, first, second)
            }
            Rows::Remainders(id) | Rows::LowRemainders(id) => {
                let remainder = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                let is_low = matches!(segment.rows, Rows::LowRemainders(_));
                let column = if is_low { Column::LowRemainder(id) } else { Column::Remainder(id) };
                remainders.push(EvaluationClaim::new(column, point, remainder));
                (Fr::one(), remainder, Fr::zero())
            }
            Rows::Activations(id) => {
                let values = session.reader.read_scalars(labels::COLUMN_VALUES, 2)?;
                let [quotient, activation] = *values.as_slice() else { return Err(Error::MissingColumn) };
                let (node, spec) = session.node(id)?;
                let Operation::Rescale(layer) = &node.operation else { return Err(Error::MissingColumn) };
                let looked_up = layer.looked_up(&spec.layout, &point, activation);
                activations.push((EvaluationClaim::new(id, point, activation), quotient));
                (Fr::one(), quotient, looked_up)
            }
            Rows::Differences(id) => {
                let difference = session.reader.read_scalar(labels::COLUMN_VALUES)?;
                differences.push(EvaluationClaim::new(id, point, difference));
                (Fr::one(), difference, Fr::zero())
            }
        };
        numerator += weight * p;
        denominator += weight * fingerprint.of(segment.table, first, second);
        rest -= weight;
    }
    if numerator != leaves.numerator {
        return Err(Error::LookupColumns { part: "numerator" });
    }
    if denominator + rest != leaves.denominator {
        return Err(Error::LookupColumns { part: "denominator" });
    }
    claim_columns(session, remainders, activations)?;
    Ok(differences)
}

/// Leaves the claims of every rescale: on remainders, activations and scaled accumulators.
fn claim_columns(
    session: &mut Session,
    remainders: Vec<EvaluationClaim<Column>>,
    activations: Vec<(EvaluationClaim<NodeId>, Fr)>,
) -> Result<()> {
    for (EvaluationClaim { subject: id, point, value }, quotient) in activations {
        let Operation::Rescale(layer) = &session.node(id)?.0.operation else {
            return Err(Error::MissingColumn);
        };
        // All blocks of a rescale have the same size, hence the same point.
        let part = |column: Column| {
            let mut parts = remainders.iter().filter(|part| part.subject == column && part.point == point);
            parts.next().map(|part| part.value).ok_or(Error::MissingColumn)
        };
        let high = part(Column::Remainder(id))?;
        let low = if layer.low_digits() == 0 { Fr::zero() } else { part(Column::LowRemainder(id))? };
        let scaled = layer.recompose(quotient, high, low);
        session.claims.scaled.insert(id, EvaluationClaim::new(id, point.clone(), scaled));
        session.claim_activation(id, point, value)?;
    }
    session.claims.columns.extend(remainders);
    Ok(())
}

/// Weight of a block: the equality of the point's leading part with the block's place.
fn block_weight(point: &[Fr], segment: &Segment) -> Fr {
    let (high, _) = point.split_at(point.len().saturating_sub(segment.num_vars));
    let place =
        u32::try_from(segment.num_vars).ok().and_then(|vars| segment.offset.checked_shr(vars)).unwrap_or(0);
    eq::evaluate_index(high, place)
}
