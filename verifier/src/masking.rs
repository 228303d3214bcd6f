//! The verifier's side of [masking](tacit_layers::argument::masking).

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::{eq, generators::Generators, msm::multi_scalar};
use tacit_layers::argument::{
    claim::SumClaim,
    masking::{LinearForm, Relation, Response, evaluate_spread, mask_vars},
    sumcheck::{RoundWeights, instance_point},
};
use tacit_transcript::{
    ProofReader, Transcript, labels,
    value::{Constraint, Masked},
};

use crate::{
    error::{Error, Result},
    hyrax::{self, Combination},
    sumcheck,
};

/// What a proof of masked messages leaves to prove.
#[derive(Debug, Clone)]
#[must_use = "the checks on masked messages must be proved"]
pub struct Unproved {
    /// The verifier's checks.
    pub constraints: Vec<Constraint>,
    /// The rows' combination to open.
    pub combination: Combination<Masked>,
}

/// Checks that the messages behind the masks satisfy every check, and the opening.
///
/// # Errors
/// When the proof is malformed or a step fails.
pub(crate) fn verify<'p>(
    reader: ProofReader<'p, Masked>,
    combination: Combination<Masked>,
    generators: &Generators,
) -> Result<ProofReader<'p>> {
    let key_vars = generators.num_vars();
    let (mut reader, constraints, masks) = reader.unmask();
    // Step 1: all checks as one.
    let Combination { rows, coefficients, point: z, value } = combination;
    let relation = Relation::combine(&mut reader, constraints, value);
    // Step 2: a fresh instance.
    let mut announced = reader.read_points(labels::ANNOUNCEMENT, masks.len().saturating_add(3))?;
    let cross = reader.read_scalar(labels::ANNOUNCED_VALUE)?;
    // Step 3: the combination with the instance in use.
    let rho = reader.squeeze(labels::MASKING_CHALLENGE);
    let message = reader.read_scalars(labels::MASKING_RESPONSE, 4)?;
    let response = message.try_into().map(Response::from_message).map_err(|_| Error::BrokenInvariant)?;
    let (Some(cross_term), Some(error), Some(fresh)) = (announced.pop(), announced.pop(), announced.pop())
    else {
        return Err(Error::BrokenInvariant);
    };
    let points = [error, cross_term, generators.inner_product(), generators.hiding()];
    if !multi_scalar(&points, &[Fr::one(), rho, -response.error, -response.blinding]).is_zero() {
        return Err(Error::MaskedChecks { part: "error" });
    }
    // Step 4: the products, then one linear form of the masks.
    let form = verify_products(&mut reader, &relation, [rho, cross], &response, &masks, key_vars)?;
    // Step 5: the form and the vector's value, opened together.
    let mask_claim = SumClaim { num_vars: mask_vars(masks.len(), key_vars), degree: 2, sum: form.value };
    let claims = [SumClaim { num_vars: key_vars, degree: 2, sum: response.opened }, mask_claim];
    let reduced = sumcheck::verify(&mut reader, &claims, RoundWeights::Uniform)?;
    let [of_vector, of_masks] = *reduced.coefficients.as_slice() else { return Err(Error::BrokenInvariant) };
    let point = instance_point(&reduced.point, key_vars);
    let of_vector = of_vector * eq::evaluate(&z, point)?;
    let of_masks = of_masks * evaluate_spread(&form.coefficients, &reduced.point, key_vars);
    let (row_point, _) = reduced.point.split_at(reduced.point.len().saturating_sub(key_vars));
    let mask_weights: Vec<Fr> =
        eq::table(row_point, masks.len()).into_iter().map(|weight| weight * of_masks).collect();
    let combination = Combination {
        rows: [rows, vec![fresh], masks, announced].concat(),
        coefficients: coefficients
            .into_iter()
            .map(|c| c * of_vector * rho)
            .chain([of_vector])
            .chain(mask_weights.iter().map(|weight| *weight * rho))
            .chain(mask_weights.iter().copied())
            .collect(),
        point: point.to_vec(),
        value: reduced.value,
    };
    let blinding = reader.read_scalar(labels::OPENING_BLINDING)?;
    hyrax::verify_inner_product(&mut reader, combination, blinding, generators)?;
    Ok(reader)
}

/// Step 4.
fn verify_products(
    reader: &mut ProofReader,
    relation: &Relation,
    [rho, cross]: [Fr; 2],
    response: &Response,
    masks: &[ark_bn254::G1Affine],
    key_vars: usize,
) -> Result<LinearForm> {
    let sum = relation.sum(rho, response);
    let claim = SumClaim { num_vars: relation.num_vars(), degree: 2, sum };
    let reduced = sumcheck::verify(reader, &[claim], RoundWeights::Uniform)?;
    let message = reader.read_scalars(labels::MASKING_FACTORS, 2)?;
    let [left, right] = *message.as_slice() else { return Err(Error::BrokenInvariant) };
    if !reduced.holds(std::iter::once(left * right)) {
        return Err(Error::MaskedChecks { part: "products" });
    }
    let num_masks = masks.len().saturating_mul(tacit_layers::argument::masking::masks_per_row(key_vars));
    let finals = (reduced.point.as_slice(), [left, right]);
    Ok(relation.linear_form(reader, [rho, cross], response, finals, num_masks))
}
