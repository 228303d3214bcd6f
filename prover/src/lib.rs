//! Tacit's prover.
//!
//! [`prove`] runs a quantised network and proves the run in four phases: commit to what is not linear (activations,
//! remainders, multiplicities); one LogUp-GKR instance for all look-ups; one batched sumcheck each for max-pools, rescales,
//! linear layers and windows, which lead from accumulators back to committed columns; one opening for every claim left.
//! Each argument is public by itself and takes the caller's transcript.
//!
//! | module | holds |
//! |---|---|
//! | [`network`] | the phases in order |
//! | [`key`] | the proving key and its file |
//! | [`sumcheck`] | batched sumcheck |
//! | [`logup`] | LogUp-GKR |
//! | [`hyrax`] | commitments and openings |
//! | [`layers`] | every layer's argument |

#[doc(hidden)]
pub mod cheating;
pub mod error;
pub mod hyrax;
pub mod key;
pub mod layers;
pub mod logup;
pub mod network;
mod session;
pub mod sumcheck;
mod witness;

pub use error::Error;
pub use key::ProvingKey;
pub use network::{Phases, Proven, prove};
