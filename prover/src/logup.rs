//! The prover's side of [LogUp-GKR](tacit_layers::logup).
//!
//! By itself: three values are looked up in the table 10, 11, 12, 13.
//!
//! ```
//! use ark_bn254::Fr;
//! use ark_ff::{One, Zero};
//! use tacit_algebra::Mle;
//! use tacit_prover::logup::{self, Fractions};
//! use tacit_transcript::{Label, ProofReader, ProofWriter, Transcript};
//!
//! const ALPHA: Label = Label::new("alpha");
//! let mut writer = ProofWriter::new(b"example");
//! // Values and multiplicities must be committed before alpha is squeezed.
//! let alpha = writer.squeeze(ALPHA);
//! let row = |x: u64| alpha - Fr::from(x);
//! let looked_up = [row(12), row(10), row(12), Fr::one()];
//! let table = [row(10), row(11), row(12), row(13)];
//! let minus = |count: u64| -Fr::from(count);
//! let leaves = Fractions {
//!     numerators: vec![Fr::one(), Fr::one(), Fr::one(), Fr::zero(), minus(1), minus(0), minus(2), minus(0)],
//!     denominators: [looked_up, table].concat(),
//! };
//! let expected = leaves.clone();
//! let claims = logup::prove(&mut writer, leaves);
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! reader.squeeze(ALPHA);
//! let verified = tacit_verifier::logup::verify(&mut reader, 3)?;
//! reader.finish()?;
//! assert_eq!(verified, claims);
//! // The caller's duty: the claims are those of the leaves.
//! assert_eq!(Mle::new(expected.numerators, 3).evaluate(&verified.point), verified.numerator);
//! assert_eq!(Mle::new(expected.denominators, 3).evaluate(&verified.point), verified.denominator);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use rayon::prelude::*;
use tacit_algebra::kernels::backend;
use tacit_layers::{
    claim::SumClaim,
    logup::{Children, LeafClaims},
    sumcheck::{RoundPolynomial, RoundWeights},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::sumcheck::{self, SumcheckInstance};

/// Fractions of one level of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fractions {
    /// Numerators.
    pub numerators: Vec<Fr>,
    /// Denominators, as many.
    pub denominators: Vec<Fr>,
}

/// Entries below which a table is not split over threads.
const CHUNK: usize = 1 << 11;

impl Fractions {
    fn parents(&self) -> Self {
        let (numerators, denominators) = backend().add_fractions(&self.numerators, &self.denominators);
        Self { numerators, denominators }
    }
}

/// Proves that the fractions sum to zero and returns the claims on the leaves.
///
/// # Panics
/// When there are not $2^n$ fractions for some $n \ge 1$.
pub fn prove(writer: &mut ProofWriter, leaves: Fractions) -> LeafClaims {
    let count = leaves.numerators.len();
    assert!(count >= 2 && count.is_power_of_two() && leaves.denominators.len() == count, "{count} leaves");
    let mut levels = vec![leaves];
    while let Some(level) = levels.last().filter(|level| level.numerators.len() > 2) {
        let parents = level.parents();
        levels.push(parents);
    }
    let mut claims: Option<LeafClaims> = None;
    while let Some(level) = levels.pop() {
        let (point, children) = match claims {
            None => {
                let pair = |values: &[Fr]| [values[0], values[1]];
                (
                    vec![],
                    Children { numerators: pair(&level.numerators), denominators: pair(&level.denominators) },
                )
            }
            Some(claims) => {
                let lambda = writer.squeeze(labels::FRACTION_BATCH);
                let sum = claims.numerator + lambda * claims.denominator;
                let mut instance = Level::new(level, &claims.point, lambda, sum);
                let point =
                    sumcheck::prove(writer, &mut [&mut instance], RoundWeights::Equality(&claims.point));
                (point, instance.children())
            }
        };
        writer.write_scalars(labels::FRACTIONS, &children.to_message());
        let mu = writer.squeeze(labels::FRACTION_CHILD);
        let (numerator, denominator) = children.interpolate(mu);
        let point = std::iter::once(mu).chain(point).collect();
        claims = Some(LeafClaims { point, numerator, denominator });
    }
    claims.unwrap_or_else(|| unreachable!("a tree has at least one level"))
}

/// One level's sumcheck: $f = p_0 q_1 + q_0 (p_1 + \lambda q_1)$, the bracket kept as one table.
struct Level {
    p0: Vec<Fr>,
    bracket: Vec<Fr>,
    q0: Vec<Fr>,
    q1: Vec<Fr>,
    /// $\mathrm{eq}$ of the coordinates behind the current one.
    weights: Vec<Fr>,
    lambda: Fr,
    claim: SumClaim,
}

impl Level {
    fn new(level: Fractions, point: &[Fr], lambda: Fr, sum: Fr) -> Self {
        let Fractions { numerators: mut p0, denominators: mut q0 } = level;
        let half = p0.len() / 2;
        let (mut bracket, q1) = (p0.split_off(half), q0.split_off(half));
        backend().add_scaled(&mut bracket, &q1, lambda);
        let weights = backend().equality_table(&point[1..], half / 2);
        let claim = SumClaim { num_vars: point.len(), degree: 2, sum };
        Self { p0, bracket, q0, q1, weights, lambda, claim }
    }

    fn children(&self) -> Children {
        Children {
            numerators: [self.p0[0], self.bracket[0] - self.lambda * self.q1[0]],
            denominators: [self.q0[0], self.q1[0]],
        }
    }
}

impl SumcheckInstance for Level {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let half = self.p0.len() / 2;
        let tables = [&self.p0, &self.bracket, &self.q0, &self.q1].map(|table| table.split_at(half));
        let [constant, leading] = backend().fraction_round(tables, &self.weights);
        // The value at one follows from the claim; a challenge of zero has probability 2^-254.
        let tau = one_weight.unwrap_or_else(Fr::one);
        let at_one = (claim - (Fr::one() - tau) * constant) * tau.inverse().unwrap_or_else(Fr::zero);
        RoundPolynomial::new(vec![constant, at_one - constant - leading, leading])
    }

    fn bind(&mut self, r: Fr) {
        for table in [&mut self.p0, &mut self.bracket, &mut self.q0, &mut self.q1] {
            let half = table.len() / 2;
            backend().bind(table, half, r);
        }
        let half = self.weights.len() / 2;
        if half > 0 {
            let high = self.weights.split_off(half);
            self.weights.par_iter_mut().with_min_len(CHUNK).zip(&high).for_each(|(low, high)| *low += high);
        }
    }
}
