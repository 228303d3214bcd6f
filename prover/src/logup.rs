//! The prover's side of [LogUp-GKR](tacit_layers::logup).
//!
//! The leaves of a network's look-ups are never stored: [`LookupLeaves`] names each by its row in a table, and the first
//! sums, the first round and the first binding of the lowest level read them block by block. Every other level is stored
//! once and bound in place; a binding computes the next round's sums while its results are in the cache. The equality
//! weights of a level are products of two short tables.
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
use ark_ff::{Field, Zero};
use rayon::prelude::*;
use tacit_algebra::kernels::backend;
use tacit_layers::{
    claim::SumClaim,
    logup::{Children, LeafClaims},
    sumcheck::{RoundPolynomial, RoundWeights},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::{buffers::Buffers, sumcheck};

mod leaves;
mod level;
mod lowest;
mod multiplications;
mod tables;
mod weights;

pub use leaves::{LeafBlock, LeafRows, LookupLeaves};
use level::Level;
use lowest::Lowest;
pub use multiplications::multiplications;

/// Fractions that one core works on at a time.
const CHUNK: usize = 1 << 9;

/// Fractions of one level of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fractions {
    /// Numerators.
    pub numerators: Vec<Fr>,
    /// Denominators, as many.
    pub denominators: Vec<Fr>,
}

impl Fractions {
    fn parents(&self, buffers: &Buffers) -> Self {
        let half = self.numerators.len() / 2;
        let ((p0, p1), (q0, q1)) = (self.numerators.split_at(half), self.denominators.split_at(half));
        Self::sums(half, buffers, |first, p, q| {
            let range = first..first + p.len();
            let [p0, p1, q0, q1] = [p0, p1, q0, q1].map(|values| &values[range.clone()]);
            backend().kernel().add_fractions([p0, p1], [q0, q1], [p, q]);
        })
    }

    /// A level of `count` fractions, computed in parts: from the first's index, numerators and denominators.
    fn sums(count: usize, buffers: &Buffers, part: impl Fn(usize, &mut [Fr], &mut [Fr]) + Sync) -> Self {
        let [mut numerators, mut denominators] = [(); 2].map(|()| buffers.take(count));
        if count <= CHUNK {
            part(0, &mut numerators, &mut denominators);
        } else {
            let parts = numerators.par_chunks_mut(CHUNK).zip(denominators.par_chunks_mut(CHUNK));
            parts.enumerate().for_each(|(i, (p, q))| part(i * CHUNK, p, q));
        }
        Self { numerators, denominators }
    }
}

/// Proves that the fractions sum to zero and returns the claims on the leaves.
///
/// # Panics
/// When there are not $2^n$ fractions for some $n \ge 1$.
pub fn prove(writer: &mut ProofWriter, leaves: Fractions) -> LeafClaims {
    prove_stored(writer, leaves, &Buffers::default())
}

/// The same for leaves that are rows of tables.
pub fn prove_lookups(writer: &mut ProofWriter, leaves: &LookupLeaves) -> LeafClaims {
    prove_rows(writer, leaves, &Buffers::default())
}

fn prove_stored(writer: &mut ProofWriter, leaves: Fractions, buffers: &Buffers) -> LeafClaims {
    let count = leaves.numerators.len();
    assert!(count >= 2 && count.is_power_of_two() && leaves.denominators.len() == count, "{count} leaves");
    prove_levels(writer, leaves, buffers)
}

pub(crate) fn prove_rows(writer: &mut ProofWriter, leaves: &LookupLeaves, buffers: &Buffers) -> LeafClaims {
    if !Lowest::takes(leaves) {
        return prove_stored(writer, leaves.stored(buffers), buffers);
    }
    let claims = prove_levels(writer, leaves.parents(buffers), buffers);
    prove_level(writer, &claims, |lambda, claim| Lowest::new(leaves, &claims.point, lambda, claim, buffers))
}

/// All levels from the root down to the lowest that is stored.
fn prove_levels(writer: &mut ProofWriter, lowest: Fractions, buffers: &Buffers) -> LeafClaims {
    let mut levels = vec![lowest];
    while let Some(level) = levels.last().filter(|level| level.numerators.len() > 2) {
        let parents = level.parents(buffers);
        levels.push(parents);
    }
    let pair = |values: &[Fr]| [values[0], values[1]];
    let root = levels.pop().unwrap_or_else(|| unreachable!("a tree has at least one level"));
    let children = Children { numerators: pair(&root.numerators), denominators: pair(&root.denominators) };
    writer.write_scalars(labels::FRACTIONS, &children.to_message());
    let inverses = || children.denominators.map(|q| q.inverse().unwrap_or_else(Fr::zero)).to_vec();
    writer.write_hints(labels::ROOT_INVERSES, inverses);
    let mut claims = choose(writer, children, &[]);
    while let Some(level) = levels.pop() {
        claims = prove_level(writer, &claims, |lambda, claim| {
            Level::new(level, &claims.point, lambda, claim, buffers)
        });
    }
    claims
}

/// A level's sumcheck.
trait LevelSumcheck: sumcheck::SumcheckInstance {
    /// Both children at the point the rounds have ended in.
    fn children(&self) -> Children;
}

/// Reduces the claims on one level to claims on its children.
fn prove_level<L: LevelSumcheck>(
    writer: &mut ProofWriter,
    claims: &LeafClaims,
    level: impl FnOnce(Fr, SumClaim) -> L,
) -> LeafClaims {
    let lambda = writer.squeeze(labels::FRACTION_BATCH);
    let sum = claims.numerator + lambda * claims.denominator;
    let mut instance = level(lambda, SumClaim { num_vars: claims.point.len(), degree: 2, sum });
    let point = sumcheck::prove(writer, &mut [&mut instance], RoundWeights::Equality(&claims.point));
    let children = instance.children();
    writer.write_scalars(labels::FRACTIONS, &children.to_message());
    choose(writer, children, &point)
}

/// Chooses between two children at random.
fn choose(writer: &mut ProofWriter, children: Children, point: &[Fr]) -> LeafClaims {
    let mu = writer.squeeze(labels::FRACTION_CHILD);
    let (numerator, denominator) = children.interpolate(mu);
    let point = std::iter::once(mu).chain(point.iter().copied()).collect();
    LeafClaims { point, numerator, denominator }
}

/// The polynomial of degree two from its constant and leading coefficients. Its value at one follows from the claim; a
/// challenge of zero, which has no inverse, has probability $2^{-254}$.
fn round_polynomial(
    [constant, leading]: [Fr; 2],
    claim: Fr,
    tau: Option<Fr>,
    inverse: Fr,
) -> RoundPolynomial {
    let at_zero = tau.map_or(Fr::zero(), |tau| constant - tau * constant);
    let at_one = (claim - at_zero) * inverse;
    RoundPolynomial::new(vec![constant, at_one - constant - leading, leading])
}
