//! Field vectors, multilinear extensions and curve arithmetic over BN254.
//!
//! **Start here:** [`Mle`] for tables and their extensions, [`mod@eq`] for equality polynomials, [`generators::Generators`] with
//! [`msm`] for commitments.
//!
//! Variable order, everywhere in Tacit: `point[0]` belongs to the most significant bit of a table's index. Sumchecks bind
//! `point[0]` first, so binding halves a table: its lower half is the zero side, its upper half the one side. A table may
//! be shorter than $2^n$: it then stops after its last stored entry and the rest is zero.
//!
//! | module | holds |
//! |---|---|
//! | [`mod@eq`] | the equality polynomial: tables, evaluations, ranges |
//! | [`error`] | sizes that do not go together |
//! | [`mle`] | multilinear extensions of tables |
//! | [`kernels`] | the field-vector backend trait and the portable reference |
//! | [`small`] | sums of field elements times small integers |
//! | [`msm`] | commitments to small integers, multi-scalar products |
//! | [`inverse`] | inverses in the base field |
//! | [`hash_to_curve`] | hashing to BN254 G1 (RFC 9380, Shallue-van de Woestijne) |
//! | [`generators`] | commitment generators nobody knows a relation between |
//!
//! Both features are on by default, and neither changes a result: `parallel` spreads long loops over all cores by rayon,
//! `vector` adds the kernels in vector instructions, which hold all `unsafe` there is. Without either this crate has no
//! threads and no `unsafe`, and the portable reference serves.
//!
//! Indices, arithmetic and conversions are checked by lints except in field and curve arithmetic and what only provers call:
//! each place says so. A verifier calls [`mod@eq`], [`small`], [`generators`], [`hash_to_curve`] and
//! [`msm::multi_scalar`], which stand on [`inverse`] and [`kernels::affine`].
#![cfg_attr(not(feature = "vector"), forbid(unsafe_code))]
#![deny(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    clippy::unreachable
)]

mod cores;

pub mod eq;
pub mod error;
pub mod generators;
pub mod hash_to_curve;
pub mod inverse;
pub mod kernels;
pub mod mle;
pub mod msm;
pub mod small;

/// Types of the interface that are arkworks'.
pub use ark_bn254::{Fr, G1Affine};
pub use error::Error;
pub use mle::Mle;
