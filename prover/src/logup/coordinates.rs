//! The point that a level's claims are about.

use ark_bn254::Fr;
use ark_ff::batch_inversion;
use tacit_layers::argument::sumcheck::RoundPolynomial;

/// The coordinates of a level's variables.
pub(super) struct Coordinates {
    point: Vec<Fr>,
    /// One divided by each, zero for zero.
    inverses: Vec<Fr>,
}

impl Coordinates {
    /// Those of a point whose variables are in the rounds' order.
    pub(super) fn new(rounds: &[Fr]) -> Self {
        let point: Vec<Fr> = rounds.iter().rev().copied().collect();
        let mut inverses = point.clone();
        batch_inversion(&mut inverses);
        Self { point, inverses }
    }

    /// The first variable's comes first; the last variable is bound first.
    pub(super) fn point(&self) -> &[Fr] {
        &self.point
    }

    /// The polynomial of degree two of the round in which so many variables are left, from its constant and leading
    /// coefficients. Its value at one follows from the claim; a challenge of zero, which has no inverse, has probability
    /// $2^{-254}$.
    pub(super) fn round_polynomial(
        &self,
        num_vars: usize,
        [constant, leading]: [Fr; 2],
        claim: Fr,
        tau: Fr,
    ) -> RoundPolynomial {
        let at_one = (claim - (constant - tau * constant)) * self.inverses[num_vars - 1];
        RoundPolynomial::new(vec![constant, at_one - constant - leading, leading])
    }
}
