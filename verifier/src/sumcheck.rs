//! The verifier's side of the [batched sumcheck](tacit_layers::argument::sumcheck).

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::error::check;
use tacit_layers::argument::{
    claim::SumClaim,
    sumcheck::{Batch, RoundPolynomial, RoundWeights},
};
use tacit_transcript::{ProofReader, Transcript, Value, labels};

use crate::error::Result;

/// What a sumcheck leaves to check: $\sum_j \gamma^j f_j(r^{(j)})$ must equal the value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a reduced sumcheck proves nothing until its final value is checked"]
pub struct Reduced<V = Fr> {
    /// The common point; an instance of fewer variables takes its last coordinates.
    pub point: Vec<Fr>,
    /// The final value.
    pub value: V,
    /// $\gamma^j$ for each instance.
    pub coefficients: Vec<Fr>,
}

impl Reduced {
    /// Whether these values, one for each instance, in order, give the final value.
    pub fn holds(&self, values: impl Iterator<Item = Fr>) -> bool {
        let values: Vec<Fr> = values.take(self.coefficients.len().saturating_add(1)).collect();
        values.len() == self.coefficients.len() && self.difference(values.into_iter()).is_zero()
    }
}

impl<V: Value> Reduced<V> {
    /// How far these values, one for each instance, in order, are from the final value. Only Tacit's own sides call it.
    #[doc(hidden)]
    pub fn difference(&self, values: impl Iterator<Item = V::Product>) -> V::Product {
        let terms = self.coefficients.iter().zip(values).map(|(gamma, value)| value * *gamma);
        terms.chain([(-self.value.clone()).into()]).sum()
    }
}

/// Checks every round and returns what is left.
///
/// # Errors
/// When the proof is malformed or the weights' point has not one coordinate for every round; a false sum shows in the final value.
pub fn verify<V: Value>(
    reader: &mut ProofReader<V>,
    claims: &[SumClaim<V>],
    weights: RoundWeights,
) -> Result<Reduced<V>> {
    if let RoundWeights::Equality(point) = weights {
        let rounds = claims.iter().map(|claim| claim.num_vars).max().unwrap_or(0);
        let what = "the number of coordinates of the weights' point";
        check(what, rounds, point.len()).map_err(tacit_layers::Error::from)?;
    }
    let Batch { num_vars, degree, coefficients, mut claim } = Batch::begin(reader, claims, weights);
    let mut point = vec![];
    for round in 0..num_vars {
        let sent = reader.read_scalars(labels::ROUND_POLYNOMIAL, degree)?;
        let polynomial = RoundPolynomial::complete(sent, claim, weights.one_weight(round));
        let r = reader.squeeze(labels::ROUND_CHALLENGE);
        claim = polynomial.evaluate(r);
        point.push(r);
    }
    Ok(Reduced { point, value: claim, coefficients })
}
