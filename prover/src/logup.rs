//! The prover's side of [LogUp-GKR](tacit_layers::argument::logup).
//!
//! Levels are proved from the root of the tree down to its leaves, of which a network has millions. Most of this module is
//! about the work that can be saved:
//!
//! - The leaves of a network's look-ups are not stored. [`LookupLeaves`] knows each by its row in a table. Three steps need
//!   leaves, and read them block by block: the sums that give the level above them, the first round of that level's
//!   sumcheck, and the first variable that is bound in it.
//! - That first round is computed over integers where the entries of tables are linear in the row ([`LinearTable`]).
//! - In large trees some levels above them are not stored either: where their first variables are bound they are computed
//!   from the leaves again, block by block in a core's cache, until what is left of them is as small as the levels that are
//!   stored. That takes less time than writing and reading them, and memory falls from 64 bytes a leaf to 16 or less.
//! - Every other level is stored once. Where a variable is bound, the next round's sums are computed along with it, while the
//!   bound entries are in the cache.
//! - A level's equality weights are products of entries of two short tables.
//! - All padding of a block is one fraction, and so is everything behind the last block. What has only such leaves below it
//!   is constant too, at every level and after every round. Constants are neither stored nor multiplied one by one: each run
//!   of them counts once, with the sum of its weights.
//!
//! | module | holds |
//! |---|---|
//! | `lookup` | look-ups by themselves |
//! | `leaves` | the leaves of look-ups, and the levels above them that are computed when they are needed |
//! | `shapes` | which entries of a level are stored, and which are constant |
//! | `tables` | tables of one shape: rounds and binding |
//! | `level`, `lowest` | the sumcheck of a stored level, and of the level above the leaves |
//! | `integers` | that level's first round over integers |
//! | `coordinates`, `weights` | the point of a level's claims, and equality weights at it |
//! | `multiplications` | how much of all this is multiplying |
//!
//! [Look-ups by themselves](LookupProver), in a [`Range`] or a [`Table`], place blocks and padding for their caller. The tree
//! by itself: three values are looked up in the table 10, 11, 12, 13.
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
//! let claims = logup::prove(&mut writer, leaves)?;
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! reader.squeeze(ALPHA);
//! let verified = tacit_verifier::logup::verify(&mut reader, 3)?;
//! reader.finish()?;
//! assert_eq!(verified, claims);
//! // The caller's duty: the claims are those of the leaves.
//! assert_eq!(Mle::new(expected.numerators, 3)?.evaluate(&verified.point)?, verified.numerator);
//! assert_eq!(Mle::new(expected.denominators, 3)?.evaluate(&verified.point)?, verified.denominator);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use tacit_layers::argument::{
    claim::SumClaim,
    logup::{Children, LeafClaims},
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::{
    buffers::Buffers,
    error::{Error, Result},
    sumcheck,
};

mod coordinates;
mod integers;
mod leaves;
mod level;
mod lookup;
mod lowest;
mod multiplications;
mod shapes;
mod tables;
mod weights;

use coordinates::Coordinates;
pub use integers::LinearTable;
use leaves::Derived;
pub use leaves::{LeafBlock, LeafRows, LookupLeaves};
use level::{Level, Pairs};
pub use lookup::{LookupProver, ProveLookup};
use lowest::Lowest;
pub use multiplications::multiplications;
use shapes::Shapes;
pub use tacit_layers::proof::lookup::{Lookup, LookupClaims, LookupColumn, Range, Table, TableKind};

/// Pairs of fractions that one core works on at a time.
const CHUNK: usize = 1 << 9;

/// Fractions of one level of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fractions {
    /// Numerators.
    pub numerators: Vec<Fr>,
    /// Denominators, as many.
    pub denominators: Vec<Fr>,
}

/// Proves that the fractions sum to zero and returns the claims on the leaves.
///
/// # Errors
/// [`Error::Network`] when there are not $2^n$ fractions for some $n \ge 1$.
pub fn prove(writer: &mut ProofWriter, leaves: Fractions) -> Result<LeafClaims> {
    let (numerators, denominators) = (leaves.numerators.len(), leaves.denominators.len());
    if numerators < 2 || !numerators.is_power_of_two() || denominators != numerators {
        return Err(Error::Network(tacit_layers::Error::FractionCount { numerators, denominators }));
    }
    Ok(prove_stored(writer, leaves, &Buffers::default()))
}

/// The same for leaves that are rows of tables.
pub fn prove_lookups(writer: &mut ProofWriter, leaves: &LookupLeaves) -> LeafClaims {
    prove_rows(writer, leaves, &Buffers::default())
}

fn prove_stored(writer: &mut ProofWriter, leaves: Fractions, buffers: &Buffers) -> LeafClaims {
    let shapes = Shapes::new(leaves.numerators.len().ilog2() as usize - 1, &[]);
    let lowest = Pairs::from_fractions(&leaves, &shapes, buffers);
    drop(leaves);
    in_order(prove_levels(writer, lowest))
}

pub(crate) fn prove_rows(writer: &mut ProofWriter, leaves: &LookupLeaves, buffers: &Buffers) -> LeafClaims {
    if !Lowest::takes(leaves) {
        return prove_stored(writer, leaves.fractions(), buffers);
    }
    let [shapes, numerators] = [leaves.shapes(), leaves.numerator_shapes()];
    let heights = leaves.unstored_levels(&shapes);
    let level = |height| Derived::new(leaves, height, buffers);
    let mut claims = prove_levels(writer, level(heights).stored(&shapes));
    for height in (1..heights).rev() {
        let derived = (level(height), &shapes, heights - height);
        claims = prove_level(writer, &claims, |coordinates, lambda, claim| {
            Level::derived(derived, coordinates, lambda, claim)
        });
    }
    in_order(prove_level(writer, &claims, |coordinates, lambda, claim| {
        Lowest::new(leaves, [&shapes, &numerators], coordinates, lambda, claim, (heights, buffers))
    }))
}

/// Claims of which the last variable's coordinate, the first that rounds give, comes last.
fn in_order(mut claims: LeafClaims) -> LeafClaims {
    claims.point.reverse();
    claims
}

/// All levels from the root down to the lowest that is stored.
fn prove_levels(writer: &mut ProofWriter, lowest: Pairs) -> LeafClaims {
    let mut levels = vec![lowest];
    while let Some(level) = levels.last().filter(|level| level.num_vars > 0) {
        let parents = level.parents();
        levels.push(parents);
    }
    let root = levels.pop().unwrap_or_else(|| unreachable!("a tree has at least one level"));
    let [p0, p1, q0, q1] = root.values();
    let children = Children { numerators: [p0, p1], denominators: [q0, q1] };
    writer.write_scalars(labels::FRACTIONS, &children.to_message());
    let inverses = || children.denominators.map(|q| q.inverse().unwrap_or_else(Fr::zero)).to_vec();
    writer.write_hints(labels::ROOT_INVERSES, inverses);
    let mut claims = choose(writer, children, &[]);
    while let Some(level) = levels.pop() {
        claims = prove_level(writer, &claims, |coordinates, lambda, claim| {
            Level::new(level, coordinates, lambda, claim)
        });
    }
    claims
}

/// A level's sumcheck.
trait LevelSumcheck: sumcheck::SumcheckInstance {
    /// Both children at the point the rounds have ended in.
    fn children(&self) -> Children;
}

/// Reduces the claims on one level to claims on its children. Points are in the rounds' order.
fn prove_level<L: LevelSumcheck>(
    writer: &mut ProofWriter,
    claims: &LeafClaims,
    level: impl FnOnce(Coordinates, Fr, SumClaim) -> L,
) -> LeafClaims {
    let lambda = writer.squeeze(labels::FRACTION_BATCH);
    let sum = claims.numerator + lambda * claims.denominator;
    let claim = SumClaim { num_vars: claims.point.len(), degree: 2, sum };
    let mut instance = level(Coordinates::new(&claims.point), lambda, claim);
    let point = sumcheck::prove_checked(writer, &mut [&mut instance], RoundWeights::Equality(&claims.point));
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
