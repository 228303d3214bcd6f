//! Fiat-Shamir transcript over [`merlin`]: writing a message is absorbing it, reading a message is absorbing it.
//!
//! **Start here:** [`ProofWriter`] and [`ProofReader`], and the example below; [`labels`] lists what the protocol says.
//!
//! A [`ProofWriter`] collects the proof's bytes and a [`ProofReader`] consumes them. Both implement [`Transcript`], by
//! which each side absorbs what it already knows and squeezes challenges. There is no way to put a message into a proof,
//! or to take one out, that does not also bind every later challenge to it: under its label, with its element count.
//! Scalars are 32 bytes, little-endian and reduced; points are 32 bytes, compressed; nothing else is accepted, and
//! [`ProofReader::finish`] rejects trailing bytes.
//!
//! | module | holds |
//! |---|---|
//! | [`labels`] | every label of the protocol |
//! | [`encoding`] | canonical bytes of scalars and points |
//! | [`value`] | messages' values, in the clear or behind masks |
//! | [`sponge`] | absorbing and squeezing, the log of both |
//! | [`writer`] | the proof writer |
//! | [`reader`] | the proof reader |
//!
//! ```
//! use tacit_transcript::{Label, ProofReader, ProofWriter, Transcript};
//! use ark_bn254::Fr;
//!
//! const MESSAGE: Label = Label::new("message");
//! const CHALLENGE: Label = Label::new("challenge");
//! let mut writer = ProofWriter::new(b"example");
//! writer.write_scalars(MESSAGE, &[Fr::from(7_u64)]);
//! let challenge = writer.squeeze(CHALLENGE);
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! assert_eq!(reader.read_scalar(MESSAGE)?, Fr::from(7_u64));
//! assert_eq!(reader.squeeze(CHALLENGE), challenge);
//! reader.finish()?;
//! # Ok::<(), tacit_transcript::Error>(())
//! ```
//!
//! Inside a proof of somebody else's, whose transcript goes in and comes out:
//!
//! ```
//! # use tacit_transcript::{Label, ProofReader, ProofWriter, merlin::Transcript};
//! # use ark_bn254::Fr;
//! # const MESSAGE: Label = Label::new("message");
//! let challenge = |transcript: &mut Transcript| {
//!     let mut bytes = [0; 32];
//!     transcript.challenge_bytes(b"theirs", &mut bytes);
//!     bytes
//! };
//! let mut writer = ProofWriter::from_merlin(Transcript::new(b"theirs"));
//! writer.write_scalars(MESSAGE, &[Fr::from(7_u64)]);
//! let (proof, mut theirs) = writer.finish_into_merlin();
//!
//! let mut reader = ProofReader::from_merlin(Transcript::new(b"theirs"), &proof);
//! reader.read_scalar(MESSAGE)?;
//! // No byte may be left.
//! let mut verifiers = reader.finish_into_merlin()?;
//! assert_eq!(challenge(&mut theirs), challenge(&mut verifiers));
//! # Ok::<(), tacit_transcript::Error>(())
//! ```
#![forbid(unsafe_code)]
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    clippy::unreachable
)]

pub mod encoding;
mod error;
pub mod labels;
pub mod reader;
#[cfg(feature = "replay")]
pub mod replay;
pub mod sponge;
pub mod value;
pub mod writer;

/// Types of the interface that are arkworks' and merlin's.
pub use ark_bn254::{Fr, G1Affine};
pub use error::Error;
pub use labels::Label;
pub use merlin;
pub use reader::ProofReader;
pub use sponge::{Event, Transcript};
pub use value::Value;
pub use writer::{MaskRow, ProofWriter};
