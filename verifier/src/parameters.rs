//! Verifying that a key's [`parameters`] are of their declared widths.

use ark_bn254::{Fr, G1Affine};
use ark_ff::One;
use tacit_algebra::generators::Generators;
use tacit_layers::{
    VerifyingKey,
    argument::{
        claim::EvaluationClaim, hyrax::OpeningClaim, lookup_table::Fingerprint, masking::masks_per_row,
        sumcheck::instance_point,
    },
    proof::{
        input::padding_row,
        parameters::{self, DIGITS, DOMAIN, Digits, ParameterPlan, last_digit},
    },
};
use tacit_transcript::{ProofReader, Transcript, Value, labels, value::Masked};

use crate::{
    error::{Error, Result},
    hyrax::{self, Combination, Commitment},
    logup::{self, LeafSum},
    masking::{self, Unproved},
    network::Accepted,
};

/// Checks that every parameter behind the key's commitments is a tensor of integers of its declared width.
///
/// # Errors
/// The first check that fails; whatever the proof's bytes are.
pub fn verify_parameters(key: &VerifyingKey, proof: &[u8]) -> Result<Accepted> {
    let plan = ParameterPlan::new(key)?;
    let mut reader = ProofReader::masked(DOMAIN, proof, masks_per_row(plan.key_vars));
    parameters::absorb(&mut reader, key);
    let (reader, combination) = check(key, &plan, reader)?;
    let generators = Generators::new(plan.key_vars)?;
    Accepted::of(masking::verify(reader, combination, &generators)?)
}

/// For a prover: what the rest of a proof whose masked messages are written has to prove. The transcript is that after the
/// statement. Points come out as the point at infinity.
///
/// # Errors
/// When the messages are malformed.
pub fn unproved(
    key: &VerifyingKey,
    plan: &ParameterPlan,
    (proof, transcript): (&[u8], merlin::Transcript),
) -> Result<Unproved> {
    let reader = ProofReader::replayed(transcript, proof, masks_per_row(plan.key_vars));
    let (reader, combination) = check(key, plan, reader)?;
    let (_, constraints, _) = reader.unmask();
    Ok(Unproved { constraints, combination })
}

/// Checks everything behind the statement but the opening, of which it returns what is left.
fn check<'p>(
    key: &VerifyingKey,
    plan: &ParameterPlan,
    mut reader: ProofReader<'p, Masked>,
) -> Result<(ProofReader<'p, Masked>, Combination<Masked>)> {
    // Step 2: digits and multiplicities.
    let witness: Vec<G1Affine> = reader.read_points(labels::WITNESS_COMMITMENT, plan.rows().1)?;
    // Step 3: the look-ups.
    let claims = look_up(plan, &mut reader)?;
    // Step 4: the opening.
    let row_vars = plan.key_vars;
    let parameters = plan.parameters.iter().map(|(layout, _)| layout).collect();
    let commitments = [
        Commitment { layouts: parameters, rows: key.commitments(), row_vars },
        Commitment { layouts: plan.witness.iter().collect(), rows: &witness, row_vars },
    ];
    let left = hyrax::combine(&mut reader, &commitments, &claims, plan.key_vars)?;
    Ok((reader, left.unwrap_or_else(|| Combination::nothing(plan.key_vars))))
}

/// Checks the look-ups and returns the claims on all columns.
fn look_up<V: Value>(plan: &ParameterPlan, reader: &mut ProofReader<V>) -> Result<Vec<OpeningClaim<V>>> {
    let [alpha, beta] = [(); 2].map(|()| reader.squeeze(labels::FINGERPRINT));
    let fingerprint = Fingerprint { alpha, beta };
    let leaves = logup::verify(reader, plan.tree_vars)?;
    let mut sum = LeafSum::default();
    let mut claims = vec![];
    // Values of a parameter's committed digits, until its last.
    let mut lower = vec![];
    for segment in &plan.segments {
        let point = instance_point(&leaves.point, segment.num_vars).to_vec();
        let weight = segment.weight(&leaves.point);
        let value = reader.read_scalar(labels::COLUMN_VALUES)?;
        let (column, p, first, second) = match segment.rows {
            Digits::Table => {
                let (first, second) = plan.table.evaluate(&point);
                (plan.multiplicities(), -value.clone(), first.into(), second.into())
            }
            Digits::Digit(id, digit) => {
                let column = plan.column(id, digit).ok_or(Error::BrokenInvariant)?;
                let layout = &segment.layout;
                let looked_up = if column == id.index() {
                    last_digit(layout, &point, value.clone(), &std::mem::take(&mut lower))
                } else {
                    lower.push(value.clone());
                    value.clone()
                };
                let (offset, second) = padding_row(layout, DIGITS.1, &point);
                (column, V::from(Fr::one()), looked_up + V::from(offset), second.into())
            }
        };
        claims.push(EvaluationClaim::new(column, point, value));
        sum.add(weight, p, fingerprint.of(segment.table, first, second));
    }
    sum.check(reader, leaves)?;
    Ok(claims)
}
