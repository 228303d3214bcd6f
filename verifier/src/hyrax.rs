//! The verifier's side of [Hyrax](tacit_layers::argument::hyrax).

use ark_bn254::{Fr, G1Affine};
use ark_ff::Zero;
use tacit_algebra::{eq, error::check, generators::Generators, msm::multi_scalar};
use tacit_layers::{
    Layout,
    argument::{
        claim::SumClaim,
        hyrax::{Hyrax, Place, folded_coefficients, folded_point, invert, places},
        opening::{OpeningClaim, absorb_claims},
        sumcheck::RoundWeights,
    },
};
use tacit_transcript::{Label, ProofReader, Transcript, Value, labels};

use crate::{
    error::{Error, Result},
    opening::{CommittedList, ReadCommitment, VerifierScheme},
    sumcheck::{self, Reduced},
};

mod columns;

pub use columns::Columns;

/// Tensors that were committed to together.
#[derive(Debug, Clone)]
pub struct Commitment<'a> {
    /// Their shapes.
    pub layouts: Vec<&'a Layout>,
    /// The commitments of their rows, which [`places`] divides among them.
    pub rows: &'a [G1Affine],
    /// $\log_2$ of the length of a row, at most that of the generators' number.
    pub row_vars: usize,
}

impl<'a> Commitment<'a> {
    /// A list of tensors with rows of this length.
    pub(crate) fn of(list: &CommittedList<'a, Vec<G1Affine>>, row_vars: usize) -> Self {
        Self { layouts: list.layouts.clone(), rows: list.commitment, row_vars }
    }
}

impl<V: Value> ReadCommitment<V> for Hyrax {
    fn read_commitment(
        &self,
        reader: &mut ProofReader<V>,
        label: Label,
        layouts: &[&Layout],
    ) -> Result<Vec<G1Affine>> {
        let (_, num_rows) = places(layouts.iter().copied(), self.key_vars());
        Ok(reader.read_points(label, num_rows)?)
    }
}

impl VerifierScheme for Hyrax {
    fn verify(
        &self,
        reader: &mut ProofReader,
        lists: &[CommittedList<Vec<G1Affine>>],
        claims: &[OpeningClaim],
    ) -> Result<()> {
        let commitments: Vec<Commitment> =
            lists.iter().map(|list| Commitment::of(list, self.key_vars())).collect();
        verify(reader, &commitments, claims, self.generators())
    }
}

/// A committed tensor: its variables and its place, rows counted over all commitments.
struct Committed {
    num_vars: usize,
    place: Place,
}

/// Every tensor in order.
///
/// # Errors
/// When a commitment has another number of rows than its tensors, or rows longer than the generators.
fn committed(commitments: &[Commitment], key_vars: usize) -> Result<Vec<Committed>> {
    let (mut tensors, mut first) = (vec![], 0_usize);
    for Commitment { layouts, rows, row_vars } in commitments {
        let (places, num_rows) = places(layouts.iter().copied(), *row_vars);
        if num_rows != rows.len() || *row_vars > key_vars {
            return Err(Error::UnfitClaim);
        }
        for (layout, mut place) in layouts.iter().zip(places) {
            place.row = place.row.saturating_add(first);
            tensors.push(Committed { num_vars: layout.num_vars(), place });
        }
        first = first.saturating_add(num_rows);
    }
    Ok(tensors)
}

/// Rows' combination, and what its vector's multilinear extension has to be at a point: what is left of all claims.
#[derive(Debug, Clone)]
#[must_use = "the combination must be opened"]
pub struct Combination<V = Fr> {
    /// The commitments of the rows of all tensors, in order.
    pub rows: Vec<G1Affine>,
    /// Their coefficients.
    pub coefficients: Vec<Fr>,
    /// The point.
    pub point: Vec<Fr>,
    /// The value there.
    pub value: V,
}

impl<V: Value> Combination<V> {
    /// The combination of no rows.
    pub(crate) fn nothing(key_vars: usize) -> Self {
        Self { rows: vec![], coefficients: vec![], point: vec![Fr::zero(); key_vars], value: V::default() }
    }
}

/// Checks all claims. A claim's subject is its tensor's index among those of all commitments.
///
/// # Errors
/// When the proof is malformed or a claim does not hold.
pub fn verify(
    reader: &mut ProofReader,
    commitments: &[Commitment],
    claims: &[OpeningClaim],
    generators: &Generators,
) -> Result<()> {
    match combine(reader, commitments, claims, generators.num_vars())? {
        Some(combination) => verify_inner_product(reader, combination, Fr::zero(), generators),
        None => Ok(()),
    }
}

/// Steps 1 to 3: reduces all claims, if there are any, to one on a combination of rows.
///
/// # Errors
/// When the proof is malformed or a commitment has another number of rows than its tensors.
pub fn combine<V: Value>(
    reader: &mut ProofReader<V>,
    commitments: &[Commitment],
    claims: &[OpeningClaim<V>],
    key_vars: usize,
) -> Result<Option<Combination<V>>> {
    // Step 1: the claims.
    absorb_claims(reader, claims);
    if claims.is_empty() {
        return Ok(None);
    }
    let sums: Vec<SumClaim<V>> = claims
        .iter()
        .map(|claim| SumClaim { num_vars: key_vars, degree: 2, sum: claim.value.clone() })
        .collect();
    // Step 2: one sumcheck over a row's variables for all of them.
    let Reduced { point, value, coefficients } = sumcheck::verify(reader, &sums, RoundWeights::Uniform)?;
    // Step 3: the folded vectors' combination as one of committed rows.
    let tensors = committed(commitments, key_vars)?;
    let rows: Vec<G1Affine> = commitments.iter().flat_map(|c| c.rows.iter().copied()).collect();
    let mut scalars = vec![Fr::zero(); rows.len()];
    for (claim, gamma) in claims.iter().zip(coefficients) {
        let Committed { num_vars, place } = tensors.get(claim.subject).ok_or(Error::UnfitClaim)?;
        if claim.point.len() != *num_vars {
            return Err(Error::UnfitClaim);
        }
        let (row, column) = place.shape.split(&claim.point);
        let delta = gamma * place.column_weight(column, &point)?;
        let weights = eq::table(row, place.shape.num_rows);
        for (scalar, weight) in scalars.iter_mut().skip(place.row).zip(weights) {
            *scalar += delta * weight;
        }
    }
    Ok(Some(Combination { rows, coefficients: scalars, point, value }))
}

/// Step 4: the inner product with the equality vector, folded round by round. The combination is blinded by this
/// multiple of the hiding generator.
///
/// # Errors
/// When the combination has another number of coordinates than the generators have variables, or not a coefficient for every row, the
/// proof is malformed, or the combination's vector has another value.
pub fn verify_inner_product(
    reader: &mut ProofReader,
    combination: Combination,
    blinding: Fr,
    generators: &Generators,
) -> Result<()> {
    let Combination { rows: mut points, coefficients: mut scalars, point: z, value } = combination;
    let key_vars = generators.num_vars();
    let fits = |what, expected, actual| check(what, expected, actual).map_err(tacit_layers::Error::from);
    fits("the number of coordinates of a combination's point", key_vars, z.len())?;
    fits("the number of coefficients of a combination's rows", points.len(), scalars.len())?;
    if !blinding.is_zero() {
        points.push(generators.hiding());
        scalars.push(-blinding);
    }
    let xi = reader.squeeze(labels::INNER_PRODUCT_GENERATOR);
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
