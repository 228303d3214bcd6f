//! The verifier's side of [Hyrax](tacit_layers::hyrax).

use ark_bn254::{Fr, G1Affine};
use ark_ff::Zero;
use tacit_algebra::{eq, generators::Generators, msm::multi_scalar};
use tacit_layers::{
    Layout,
    claim::SumClaim,
    hyrax::{
        OpeningClaim, RowShape, absorb_claims, column_weight, folded_coefficients, folded_point, invert,
    },
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofReader, Transcript, labels};

use crate::{
    error::{Error, Result},
    sumcheck::{self, Reduced},
};

/// A committed tensor: its shape and its rows' commitments.
#[derive(Debug, Clone, Copy)]
pub struct Commitment<'a> {
    /// Shape.
    pub layout: &'a Layout,
    /// One commitment for each row.
    pub rows: &'a [G1Affine],
}

/// Checks all claims. A claim's subject is its tensor's index in `commitments`.
///
/// # Errors
/// When the proof is malformed or a claim does not hold.
pub fn verify(
    reader: &mut ProofReader,
    commitments: &[Commitment],
    claims: &[OpeningClaim],
    generators: &Generators,
) -> Result<()> {
    // Step 1: all claims become one sum over a row's variables.
    absorb_claims(reader, claims);
    if claims.is_empty() {
        return Ok(());
    }
    let key_vars = generators.num_vars();
    let sums: Vec<SumClaim> =
        claims.iter().map(|claim| SumClaim { num_vars: key_vars, degree: 2, sum: claim.value }).collect();
    let Reduced { point: z, value, coefficients } = sumcheck::verify(reader, &sums, RoundWeights::Uniform)?;
    // Step 2: the folded vectors' combination as one of committed rows.
    let mut scalars: Vec<Vec<Fr>> = commitments.iter().map(|c| vec![Fr::zero(); c.rows.len()]).collect();
    for (claim, gamma) in claims.iter().zip(coefficients) {
        let (commitment, scalars) =
            commitments.get(claim.subject).zip(scalars.get_mut(claim.subject)).ok_or(Error::MissingColumn)?;
        let shape = RowShape::new(commitment.layout, key_vars);
        if claim.point.len() != commitment.layout.num_vars() || shape.num_rows != commitment.rows.len() {
            return Err(Error::MissingColumn);
        }
        let (row, column) = shape.split(&claim.point);
        let delta = gamma * column_weight(column, &z);
        for (scalar, weight) in scalars.iter_mut().zip(eq::table(row, shape.num_rows)) {
            *scalar += delta * weight;
        }
    }
    // Steps 3 and 4: the inner product with the equality vector, folded round by round.
    let xi = reader.squeeze(labels::INNER_PRODUCT_GENERATOR);
    let mut points: Vec<G1Affine> = commitments.iter().flat_map(|c| c.rows.iter().copied()).collect();
    let mut scalars: Vec<Fr> = scalars.into_iter().flatten().collect();
    let mut inverses = Vec::with_capacity(key_vars);
    for _ in 0..key_vars {
        points.extend(reader.read_points(labels::INNER_PRODUCT_HALVES, 2)?);
        let x = reader.squeeze(labels::INNER_PRODUCT_CHALLENGE);
        let inverse = invert(x).ok_or(Error::DegenerateChallenge)?;
        scalars.extend([inverse, x]);
        inverses.push(inverse);
    }
    let last = reader.read_scalar(labels::INNER_PRODUCT_SCALAR)?;
    points.push(generators.inner_product());
    scalars.push(xi * (value - last * folded_point(&z, &inverses)));
    points.extend(generators.vector());
    scalars.extend(folded_coefficients(&inverses).into_iter().map(|s| -(last * s)));
    if multi_scalar(&points, &scalars).is_zero() { Ok(()) } else { Err(Error::Opening) }
}
