//! Field vectors, multilinear extensions and curve arithmetic over BN254.
//!
//! Variable order, everywhere in Tacit: `point[0]` belongs to the most significant bit of a table's index. Sumchecks bind
//! `point[0]` first, so binding halves a table: its lower half is the zero side, its upper half the one side. A table may
//! be shorter than $2^n$: it then stops after its last stored entry and the rest is zero.
//!
//! | module | holds |
//! |---|---|
//! | [`mod@eq`] | the equality polynomial: tables, evaluations, ranges |
//! | [`mle`] | multilinear extensions of tables |
//! | [`kernels`] | the field-vector backend trait and the portable reference |
//! | [`small`] | sums of field elements times small integers |
//! | [`msm`] | commitments to small integers, multi-scalar products |
//! | [`inverse`] | inverses in the base field |
//! | [`hash_to_curve`] | hashing to BN254 G1 (RFC 9380, Shallue-van de Woestijne) |
//! | [`generators`] | commitment generators nobody knows a relation between |
//!
//! Features, both on by default, of which neither changes a result: `parallel` spreads work over all cores by rayon, `vector`
//! adds the kernels that use a processor's vector instructions. Without `vector` there is no unsafe code.
#![cfg_attr(feature = "vector", deny(unsafe_code))]
#![cfg_attr(not(feature = "vector"), forbid(unsafe_code))]

pub mod eq;
pub mod generators;
pub mod hash_to_curve;
pub mod inverse;
pub mod kernels;
pub mod mle;
pub mod msm;
mod parallel;
pub mod small;

pub use mle::Mle;
