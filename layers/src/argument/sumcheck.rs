//! Sumcheck, batched: many claimed sums in one set of rounds.
//!
//! **Statement.** For polynomials $f_j$ over $n_j$ variables and weights $\omega$,
//! $$ \sum_{x \in \lbrace 0,1 \rbrace^{n_j}} \omega(x) f_j(x) = c_j \quad\text{for every } j, $$
//! where $\omega$ is one ([`RoundWeights::Uniform`]) or $\mathrm{eq}(\tau, x)$ ([`RoundWeights::Equality`]; an instance
//! of fewer variables than $\tau$ takes the last $n_j$ coordinates).
//!
//! **Shapes.** $n = \max_j n_j$ rounds. An instance of fewer variables joins late: in the first $n - n_j$ rounds it is
//! constant, so its point is the last $n_j$ coordinates of the common point.
//!
//! **Protocol.** Both sides absorb every claim and squeeze $\gamma$; the instances are combined by powers of $\gamma$.
//! Round $i$: the prover sends the coefficients $t_1, \dots, t_d$ of $t(X)$, the combined polynomial with earlier
//! variables bound, later ones summed out, and *without* the weight's factors; the constant $t_0$ follows from
//! $w_0 t(0) + w_1 t(1) = c$, where $(w_0, w_1)$ is $(1, 1)$ or $(1 - \tau_i, \tau_i)$. The verifier squeezes $r_i$ and
//! sets $c \leftarrow t(r_i)$.
//!
//! **Soundness error.** At most $(n d + J - 1) / |\mathbb F|$ for $J$ instances of degree $d$ (see
//! [`crate::argument::soundness::sumcheck`]). With equality weights, $\tau$ must be squeezed after the $f_j$ are fixed when the
//! caller wants "$f_j$ is zero everywhere" rather than the sum itself.
//!
//! **Caller's duty.** The final value must equal $\sum_j \gamma^j f_j(r^{(j)})$, without the weight.
//!
//! **Cost.** $d$ scalars a round.
//!
//! **Reference.** Lund, Fortnow, Karloff, Nisan (1992); the factored equality polynomial is Gruen (ePrint 2024/108,
//! section 3), here with the constant coefficient implied, which needs no division.
//!
//! **Code.** [prover](../../../tacit_prover/sumcheck/index.html), [verifier](../../../tacit_verifier/sumcheck/index.html).

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};
use tacit_transcript::{Transcript, Value, labels};

use crate::{
    argument::claim::SumClaim,
    integer::{scalar, wide},
};

/// Weight of each hypercube point.
#[derive(Debug, Clone, Copy)]
pub enum RoundWeights<'a> {
    /// One.
    Uniform,
    /// $\mathrm{eq}(\tau, x)$.
    Equality(&'a [Fr]),
}

/// A round's polynomial by its coefficients, constant first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundPolynomial<V = Fr> {
    coefficients: Vec<V>,
}

impl RoundPolynomial {
    /// The polynomial with these coefficients, constant first.
    pub const fn new(coefficients: Vec<Fr>) -> Self {
        Self { coefficients }
    }

    /// The polynomial with these values at $0, 1, \dots, d$.
    pub fn interpolate(values: &[Fr]) -> Self {
        // Newton's divided differences, then Horner's expansion of the nodes.
        let mut differences = values.to_vec();
        for order in 1..values.len() {
            let inverse = scalar(order).inverse().unwrap_or(Fr::ZERO);
            let mut below = differences.get(order.saturating_sub(1)).copied().unwrap_or(Fr::ZERO);
            for difference in differences.iter_mut().skip(order) {
                (below, *difference) = (*difference, (*difference - below) * inverse);
            }
        }
        let mut coefficients = vec![Fr::ZERO; values.len()];
        for (node, difference) in differences.iter().enumerate().rev() {
            let node = scalar(node);
            let mut lower = *difference;
            for coefficient in &mut coefficients {
                (lower, *coefficient) = (*coefficient, lower - node * *coefficient);
            }
        }
        Self { coefficients }
    }

    /// What the prover sends: all coefficients but the constant, padded to `degree`.
    pub fn transmitted(&self, degree: usize) -> Vec<Fr> {
        let mut sent: Vec<Fr> = self.coefficients.iter().skip(1).copied().collect();
        sent.resize(degree, Fr::ZERO);
        sent
    }

    /// Adds `scale` times another polynomial.
    pub fn add_scaled(&mut self, other: &Self, scale: Fr) {
        if self.coefficients.len() < other.coefficients.len() {
            self.coefficients.resize(other.coefficients.len(), Fr::ZERO);
        }
        for (mine, theirs) in self.coefficients.iter_mut().zip(&other.coefficients) {
            *mine += scale * theirs;
        }
    }
}

impl<V: Value> RoundPolynomial<V> {
    /// The polynomial from what was sent, its constant solved from the running claim.
    pub fn complete(sent: Vec<V>, claim: V, one_weight: Option<Fr>) -> Self {
        let sum: V = sent.iter().cloned().sum();
        let constant = match one_weight {
            // 2 t_0 + sum = c
            None => (claim - sum) * half(),
            // t_0 + tau * sum = c
            Some(tau) => claim - sum * tau,
        };
        Self { coefficients: std::iter::once(constant).chain(sent).collect() }
    }

    /// The value at `x`.
    pub fn evaluate(&self, x: Fr) -> V {
        self.coefficients.iter().rev().fold(V::default(), |sum, c| sum * x + c.clone())
    }
}

fn half() -> Fr {
    Fr::from(2_u64).inverse().unwrap_or(Fr::ZERO)
}

impl RoundWeights<'_> {
    /// The one side's weight in round `round`; nothing when both sides weigh one.
    pub fn one_weight(self, round: usize) -> Option<Fr> {
        match self {
            Self::Uniform => None,
            Self::Equality(tau) => Some(tau.get(round).copied().unwrap_or(Fr::ZERO)),
        }
    }

    /// What a claim counts for in `waiting` more rounds than it has variables: each doubles a uniform sum.
    pub fn waiting_factor(self, waiting: usize) -> Fr {
        match self {
            Self::Uniform => Fr::from(2_u64).pow([wide(waiting)]),
            Self::Equality(_) => Fr::one(),
        }
    }
}

/// What both sides derive before the first round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<V = Fr> {
    /// Rounds.
    pub num_vars: usize,
    /// Coefficients sent in each round.
    pub degree: usize,
    /// One for each instance: $\gamma^j$.
    pub coefficients: Vec<Fr>,
    /// The combined claim.
    pub claim: V,
}

impl<V: Value> Batch<V> {
    /// Absorbs the claims and squeezes their combination.
    pub fn begin(
        transcript: &mut impl Transcript<Value = V>,
        claims: &[SumClaim<V>],
        weights: RoundWeights,
    ) -> Self {
        let num_vars = claims.iter().map(|claim| claim.num_vars).max().unwrap_or(0);
        let degree = claims.iter().map(|claim| claim.degree).max().unwrap_or(0);
        let absorbed: Vec<Fr> = claims
            .iter()
            .flat_map(|claim| {
                let shape = [claim.num_vars, claim.degree].map(scalar);
                shape.into_iter().chain([transcript.absorbed(&claim.sum)])
            })
            .collect();
        transcript.absorb_scalars(labels::CLAIM, &absorbed);
        let gamma = transcript.squeeze(labels::SUMCHECK_BATCH);
        let coefficients: Vec<Fr> =
            std::iter::successors(Some(Fr::one()), |c| Some(*c * gamma)).take(claims.len()).collect();
        let claim = claims
            .iter()
            .zip(&coefficients)
            .map(|(claim, c)| {
                claim.sum.clone() * (*c * weights.waiting_factor(num_vars.saturating_sub(claim.num_vars)))
            })
            .sum();
        Self { num_vars, degree, coefficients, claim }
    }
}

/// An instance's own point: the last `num_vars` coordinates of the common one.
pub fn instance_point(point: &[Fr], num_vars: usize) -> &[Fr] {
    point.split_at(point.len().saturating_sub(num_vars)).1
}

#[cfg(test)]
mod tests {
    use ark_ff::{UniformRand, Zero};

    use super::*;

    #[test]
    fn interpolation_reproduces_values_and_completion_restores_the_constant() {
        let mut rng = ark_std::test_rng();
        for degree in 0..6 {
            let coefficients: Vec<Fr> = (0..=degree).map(|_| Fr::rand(&mut rng)).collect();
            let polynomial = RoundPolynomial::new(coefficients);
            let values: Vec<Fr> = (0..=degree).map(|x| polynomial.evaluate(Fr::from(x as u64))).collect();
            assert_eq!(RoundPolynomial::interpolate(&values), polynomial);
            let (zero, one) = (polynomial.evaluate(Fr::zero()), polynomial.evaluate(Fr::one()));
            let sent = polynomial.transmitted(degree);
            assert_eq!(RoundPolynomial::complete(sent.clone(), zero + one, None), polynomial);
            let tau = Fr::rand(&mut rng);
            let claim = (Fr::one() - tau) * zero + tau * one;
            assert_eq!(RoundPolynomial::complete(sent, claim, Some(tau)), polynomial);
        }
    }
}
