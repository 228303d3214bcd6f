//! The prover's side of [LogUp-GKR](tacit_layers::logup).
//!
//! The leaves of a network's look-ups are never stored: [`LookupLeaves`] names each by its row in a table, and the first
//! sums, the first round and the first binding read them block by block. Every other level is stored once and bound in
//! place; a binding computes the next round's sums while its results are in the cache. The equality weights of a level are
//! products of two short tables.
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
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::kernels::backend;
use tacit_layers::{
    logup::{Children, LeafClaims},
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::sumcheck;

mod leaves;
mod level;
mod weights;

pub use leaves::{LeafBlock, LeafRows, LookupLeaves};
use level::Level;

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
    fn parents(&self) -> Self {
        let half = self.numerators.len() / 2;
        let ((p0, p1), (q0, q1)) = (self.numerators.split_at(half), self.denominators.split_at(half));
        Self::sums(half, |first, p, q| {
            let range = first..first + p.len();
            let [p0, p1, q0, q1] = [p0, p1, q0, q1].map(|values| &values[range.clone()]);
            backend().kernel().add_fractions([p0, p1], [q0, q1], [p, q]);
        })
    }

    /// A level of `count` fractions, computed in parts: from the first's index, numerators and denominators.
    fn sums(count: usize, part: impl Fn(usize, &mut [Fr], &mut [Fr]) + Sync) -> Self {
        let [mut numerators, mut denominators] = [(); 2].map(|()| zeros(count));
        let parts = numerators.par_chunks_mut(CHUNK).zip(denominators.par_chunks_mut(CHUNK));
        parts.enumerate().for_each(|(i, (p, q))| part(i * CHUNK, p, q));
        Self { numerators, denominators }
    }
}

/// Zeros, written by all cores: what costs most is the operating system's first use of the memory.
fn zeros(count: usize) -> Vec<Fr> {
    if count <= CHUNK {
        return vec![Fr::zero(); count];
    }
    (0..count).into_par_iter().with_min_len(CHUNK).map(|_| Fr::zero()).collect()
}

/// Proves that the fractions sum to zero and returns the claims on the leaves.
///
/// # Panics
/// When there are not $2^n$ fractions for some $n \ge 1$.
pub fn prove(writer: &mut ProofWriter, leaves: Fractions) -> LeafClaims {
    let count = leaves.numerators.len();
    assert!(count >= 2 && count.is_power_of_two() && leaves.denominators.len() == count, "{count} leaves");
    descend(writer, tree(leaves), None)
}

/// The same for leaves that are rows of tables.
pub fn prove_lookups(writer: &mut ProofWriter, leaves: &LookupLeaves) -> LeafClaims {
    if leaves.len() < leaves::SMALLEST {
        return prove(writer, leaves.fractions());
    }
    descend(writer, tree(leaves.parents()), Some(leaves))
}

/// All levels up to the root's children, from the lowest that is stored.
fn tree(lowest: Fractions) -> Vec<Fractions> {
    let mut levels = vec![lowest];
    while let Some(level) = levels.last().filter(|level| level.numerators.len() > 2) {
        let parents = level.parents();
        levels.push(parents);
    }
    levels
}

fn descend(
    writer: &mut ProofWriter,
    mut levels: Vec<Fractions>,
    leaves: Option<&LookupLeaves>,
) -> LeafClaims {
    let pair = |values: &[Fr]| [values[0], values[1]];
    let root = levels.pop().unwrap_or_else(|| unreachable!("a tree has at least one level"));
    let children =
        Children { numerators: pair(&root.numerators), denominators: pair(&root.denominators) };
    let mut claims = choose(writer, children, &[]);
    while let Some(level) = levels.pop() {
        claims = prove_level(writer, &claims, |lambda| Level::new(level, &claims.point, lambda));
    }
    match leaves {
        Some(leaves) => prove_level(writer, &claims, |lambda| Level::lowest(leaves, &claims.point, lambda)),
        None => claims,
    }
}

/// Reduces the claims on one level to claims on its children.
fn prove_level<'a>(
    writer: &mut ProofWriter,
    claims: &LeafClaims,
    level: impl FnOnce(Fr) -> Level<'a>,
) -> LeafClaims {
    let lambda = writer.squeeze(labels::FRACTION_BATCH);
    let mut instance = level(lambda);
    instance.claim_sum(claims.numerator + lambda * claims.denominator);
    let point = sumcheck::prove(writer, &mut [&mut instance], RoundWeights::Equality(&claims.point));
    choose(writer, instance.children(), &point)
}

/// Sends two children and chooses between them at random.
fn choose(writer: &mut ProofWriter, children: Children, point: &[Fr]) -> LeafClaims {
    writer.write_scalars(labels::FRACTIONS, &children.to_message());
    let mu = writer.squeeze(labels::FRACTION_CHILD);
    let (numerator, denominator) = children.interpolate(mu);
    let point = std::iter::once(mu).chain(point.iter().copied()).collect();
    LeafClaims { point, numerator, denominator }
}
