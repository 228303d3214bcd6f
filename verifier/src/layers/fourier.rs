//! Fourier vectors, reduced level by level (see [`tacit_layers::argument::fourier`]).

use tacit_layers::argument::{
    claim::SumClaim,
    fourier::{BASE_VARS, FourierClaim},
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofReader, Value, labels};

use crate::{
    error::{Error, Result},
    sumcheck,
};

/// Checks all claims; nothing is left of them.
///
/// # Errors
/// When the proof is malformed or a claim does not hold.
pub fn verify<V: Value>(reader: &mut ProofReader<V>, mut claims: Vec<FourierClaim<V>>) -> Result<()> {
    let longest = claims.iter().map(FourierClaim::num_vars).max().unwrap_or(0);
    for level in (BASE_VARS.saturating_add(1)..=longest).rev() {
        // Step 1: one sumcheck for all vectors of this many variables.
        let mut active: Vec<&mut FourierClaim<V>> =
            claims.iter_mut().filter(|claim| claim.num_vars() == level).collect();
        let sums: Vec<SumClaim<V>> = active.iter().map(|claim| claim.sum_claim()).collect();
        let reduced = sumcheck::verify(reader, &sums, RoundWeights::Uniform)?;
        // Step 2: every vector of half the length at the final point.
        let values = reader.read_scalars(labels::FOURIER_VALUES, active.len())?;
        let products = active
            .iter()
            .zip(&values)
            .map(|(claim, value)| Ok((value.clone() * claim.weight(&reduced.point)?).into()))
            .collect::<Result<Vec<_>>>()?;
        if !reader.check_zero(reduced.difference(products.into_iter())) {
            return Err(Error::FinalValue { argument: "Fourier vectors", message: labels::FOURIER_VALUES });
        }
        for (claim, value) in active.iter_mut().zip(values) {
            **claim = claim.halved(&reduced.point, value);
        }
    }
    // Step 3: short vectors, entry by entry.
    match claims.iter().position(|claim| !reader.check_zero(claim.difference().into())) {
        Some(claim) => Err(Error::FourierVector { claim }),
        None => Ok(()),
    }
}
