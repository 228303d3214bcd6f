//! The verifier's side of [LogUp-GKR](tacit_layers::argument::logup), and [look-ups by themselves](LookupVerifier).

use ark_bn254::Fr;
use ark_ff::One;
use tacit_layers::argument::{
    claim::SumClaim,
    logup::{Children, LeafClaims},
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofReader, Transcript, Value, labels};

use crate::{
    error::{Error, Result},
    sumcheck,
};

mod lookup;

pub use lookup::{LookupVerifier, VerifyLookup};
pub use tacit_layers::proof::lookup::{Lookup, LookupClaims, LookupColumn, Range, Table, TableKind};

/// Checks that $2^n$ fractions sum to zero and returns the claims on the leaves.
///
/// # Errors
/// When the proof is malformed, the sum is not zero, or a level does not follow from the one above;
/// [`Error::Statement`] for a tree of one leaf.
pub fn verify<V: Value>(reader: &mut ProofReader<V>, num_vars: usize) -> Result<LeafClaims<V>> {
    if num_vars == 0 {
        let (numerators, denominators) = (1, 1);
        return Err(Error::Statement(tacit_layers::Error::FractionCount { numerators, denominators }));
    }
    // The root: both children, whose sum is zero over something that is not.
    let children = read_children(reader)?;
    let (numerator, denominator) = children.sum();
    if !has_inverse(reader, &children, &denominator)? {
        return Err(Error::ZeroDenominator);
    }
    if !reader.check_zero(numerator) {
        return Err(Error::FractionSum);
    }
    let mut claims = descend(reader, &children, &[]);
    for level in 1..num_vars {
        let lambda = reader.squeeze(labels::FRACTION_BATCH);
        let sum = claims.numerator + claims.denominator * lambda;
        let claim = SumClaim { num_vars: level, degree: 2, sum };
        let reduced = sumcheck::verify(reader, &[claim], RoundWeights::Equality(&claims.point))?;
        let children = read_children(reader)?;
        let (numerator, denominator) = children.sum();
        let value = combine::<V>(numerator, denominator, lambda);
        if !reader.check_zero(reduced.difference(std::iter::once(value))) {
            return Err(Error::FractionLevel { level: level.saturating_add(1) });
        }
        claims = descend(reader, &children, &reduced.point);
    }
    // Rounds go from the last variable to the first.
    claims.point.reverse();
    Ok(claims)
}

fn combine<V: Value>(numerator: V::Product, denominator: V::Product, lambda: Fr) -> V::Product {
    [numerator, denominator * lambda].into_iter().sum()
}

/// Whether the root's denominator is not zero. Masked, both children's inverses show it.
fn has_inverse<V: Value>(
    reader: &mut ProofReader<V>,
    children: &Children<V>,
    denominator: &V::Product,
) -> Result<bool> {
    if !V::MASKED {
        return Ok(!V::vanishes(denominator));
    }
    let inverses = reader.read_scalars(labels::ROOT_INVERSES, 2)?;
    let holds = children.denominators.iter().zip(&inverses).all(|(denominator, inverse)| {
        let minus_one = V::from(-Fr::one());
        reader.check_zero([denominator.times(inverse), minus_one.into()].into_iter().sum())
    });
    Ok(holds)
}

fn read_children<V: Value>(reader: &mut ProofReader<V>) -> Result<Children<V>> {
    let message = reader.read_scalars(labels::FRACTIONS, 4)?;
    message.try_into().map(Children::from_message).map_err(|_| Error::FractionSum)
}

/// Chooses between the children at random.
fn descend<V: Value>(reader: &mut ProofReader<V>, children: &Children<V>, point: &[Fr]) -> LeafClaims<V> {
    let mu = reader.squeeze(labels::FRACTION_CHILD);
    let (numerator, denominator) = children.interpolate(mu);
    let point = std::iter::once(mu).chain(point.iter().copied()).collect();
    LeafClaims { point, numerator, denominator }
}

/// What blocks of leaves add up to where all leaves are evaluated. Leaves of no block are 0 / 1.
#[derive(Default)]
pub(crate) struct LeafSum<V> {
    numerator: V,
    denominator: V,
    weights: Fr,
}

impl<V: Value> LeafSum<V> {
    /// Adds a block with this weight.
    pub(crate) fn add(&mut self, weight: Fr, numerator: V, denominator: V) {
        self.numerator += numerator * weight;
        self.denominator += denominator * weight;
        self.weights += weight;
    }

    /// Compares the sum with what the tree ended with.
    ///
    /// # Errors
    /// [`Error::LookupColumns`].
    pub(crate) fn check(self, reader: &mut ProofReader<V>, leaves: LeafClaims<V>) -> Result<()> {
        if !reader.check_zero((self.numerator - leaves.numerator).into()) {
            return Err(Error::LookupColumns { part: "numerator" });
        }
        let rest = V::from(Fr::one() - self.weights);
        if !reader.check_zero((self.denominator + rest - leaves.denominator).into()) {
            return Err(Error::LookupColumns { part: "denominator" });
        }
        Ok(())
    }
}
