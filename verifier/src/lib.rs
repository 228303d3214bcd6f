//! Tacit's verifier: no threads, no unsafe code, no panics, whatever the proof's bytes are.
//!
//! **Start here:** [`Verify`] for a proof's file under a key, as below; [`alone`] for one argument inside a proof of your own.
//!
//! [`verify`] follows the prover's phases: absorb the statement and read the witness commitments; check the look-ups;
//! check each layer's reduction, from accumulators back to committed columns; check one opening. Shapes, degrees and
//! lengths come from the verifying key. Public inputs and outputs are evaluated here and compared; claims on a committed
//! input are opened like those on any other column.
//!
//! This crate is all that a process that verifies depends on:
//!
//! ```
//! use tacit_verifier::{ProofFile, Verify, VerifyingKey};
//!
//! # fn accept(key: &[u8], proof: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let key = VerifyingKey::from_bytes(key)?;
//! let proof = ProofFile::from_bytes(proof)?;
//! key.verify(&proof)?;
//! // What was proved: the inputs and outputs that the file states.
//! println!("{:?} gives {:?}", proof.inputs, proof.outputs);
//! # Ok(())
//! # }
//! # assert!(accept(b"", b"").is_err());
//! ```
//!
//! Without default features this is the smallest build: one thread, and no `unsafe` code of Tacit's in anything that it links,
//! because the portable kernels serve. With `vector`, curve arithmetic is faster in vector instructions, which are `unsafe`.
//! Verdicts are the same; both builds are tested on every committed proof. `examples/verify.rs` is a program of the smallest
//! build, `linked-lines.sh` counts what it links.
//!
//! | module | holds |
//! |---|---|
//! | [`key`] | a proof's file under a key |
//! | [`network`] | the phases in order |
//! | [`sumcheck`] | batched sumcheck |
//! | [`logup`] | LogUp-GKR, look-ups by themselves |
//! | [`opening`] | what a commitment scheme is asked |
//! | [`alone`] | arguments by themselves |
//! | [`commitments`] | what an argument asks of its caller's scheme |
//! | [`hyrax`] | openings |
//! | [`masking`] | zero knowledge |
//! | [`layers`] | every layer's argument |
//! | [`parameters`] | ranges of a key's parameters |
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    clippy::unreachable
)]

pub mod alone;
pub mod commitments;
pub mod error;
pub mod hyrax;
pub mod key;
pub mod layers;
pub mod logup;
pub mod masking;
pub mod network;
pub mod opening;
pub mod parameters;
mod session;
pub mod sumcheck;

/// Types of the interface that are arkworks'.
pub use ark_bn254::{Fr, G1Affine};

pub use alone::{StandAloneVerifier, VerifyAlone};
pub use commitments::Commitments;
pub use error::Error;
pub use key::Verify;
pub use network::{Accepted, verify, verify_statement};
pub use parameters::verify_parameters;
/// What a verifier reads and holds.
pub use tacit_layers::{
    InputCommitment, KeyProofFile, Layout, ProofFile, StatedInput, Tensor, VerifyingKey,
    proof::statement::{Input, Statement},
};
/// The transcript that proofs are read from.
pub use tacit_transcript::{self as transcript, ProofReader};
