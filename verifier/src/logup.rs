//! The verifier's side of [LogUp-GKR](tacit_layers::logup).

use ark_ff::Zero;
use tacit_layers::{
    claim::SumClaim,
    logup::{Children, LeafClaims},
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofReader, Transcript, labels};

use crate::{
    error::{Error, Result},
    sumcheck,
};

/// Checks that $2^n$ fractions sum to zero and returns the claims on the leaves.
///
/// # Errors
/// When the proof is malformed, the sum is not zero, or a level does not follow from the one above.
pub fn verify(reader: &mut ProofReader, num_vars: usize) -> Result<LeafClaims> {
    // The root: both children, whose sum is zero over something that is not.
    let children = read_children(reader)?;
    let (numerator, denominator) = children.sum();
    if denominator.is_zero() {
        return Err(Error::ZeroDenominator);
    }
    if !numerator.is_zero() {
        return Err(Error::FractionSum);
    }
    let mut claims = descend(reader, children, &[]);
    for level in 1..num_vars {
        let lambda = reader.squeeze(labels::FRACTION_BATCH);
        let sum = claims.numerator + lambda * claims.denominator;
        let claim = SumClaim { num_vars: level, degree: 2, sum };
        let reduced = sumcheck::verify(reader, &[claim], RoundWeights::Equality(&claims.point))?;
        let children = read_children(reader)?;
        let (numerator, denominator) = children.sum();
        if !reduced.holds(std::iter::once(numerator + lambda * denominator)) {
            return Err(Error::FractionLevel { level: level.saturating_add(1) });
        }
        claims = descend(reader, children, &reduced.point);
    }
    Ok(claims)
}

fn read_children(reader: &mut ProofReader) -> Result<Children> {
    let message = reader.read_scalars(labels::FRACTIONS, 4)?;
    match *message.as_slice() {
        [p0, p1, q0, q1] => Ok(Children::from_message([p0, p1, q0, q1])),
        _ => Err(Error::FractionSum),
    }
}

/// Chooses between the children at random.
fn descend(reader: &mut ProofReader, children: Children, point: &[ark_bn254::Fr]) -> LeafClaims {
    let mu = reader.squeeze(labels::FRACTION_CHILD);
    let (numerator, denominator) = children.interpolate(mu);
    let point = std::iter::once(mu).chain(point.iter().copied()).collect();
    LeafClaims { point, numerator, denominator }
}
