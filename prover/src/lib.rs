//! Tacit's prover.
//!
//! **Start here:** [`prove`] for a whole network, as below; [`alone`] for one argument inside a proof of your own; [`logup`] for
//! look-ups in your own tables.
//!
//! [`prove`] runs a quantised network and proves the run in four phases: commit to what is not linear (activations,
//! remainders, multiplicities); one LogUp-GKR instance for all look-ups; one batched sumcheck each for max-pools, rescales,
//! linear layers and windows, which lead from accumulators back to committed columns; one opening for every claim left.
//! Each argument is public by itself and takes the caller's transcript.
//!
//! ```
//! use tacit_layers::{
//!     ActivationFunction, InputLayer, Layout, Multiplier, Output, ProofFile, StatedInput, Tensor,
//! };
//! use tacit_inference::NetworkBuilder;
//! use tacit_prover::{ProvingKey, prove};
//!
//! // y = relu(W x + b) / 16, three outputs of four inputs.
//! let input = InputLayer::real(Layout::new(vec![4])?, (0, 255), 1.0);
//! let mut network = NetworkBuilder::new("tiny", input);
//! let weights = Tensor::new(Layout::new(vec![3, 4])?, vec![1_i8, -2, 3, 4, 5, 6, -7, 8, 9, -10, 11, 12])?;
//! let sum = network.dense("dense", network.input(), 0, weights, Some(vec![100, -200, 300]))?;
//! let relu = ActivationFunction::Clip { minimum: 0, maximum: 255 };
//! let relu = network.rescale("relu", sum, Multiplier::Uniform(16), 8, relu);
//! let scales = vec![16.0];
//! network.output(Output { name: "y".into(), node: relu, shape: vec![3], scales, scale_axis: 0 });
//! let key = ProvingKey::setup(network.finish()?)?;
//!
//! let input = Tensor::new(Layout::new(vec![4])?, vec![10, 20, 30, 40])?;
//! let proven = prove(&key, &input)?;
//! let key_digest = *key.verifying_key().digest();
//! let inputs = vec![StatedInput::Public(input)];
//! let file = ProofFile { key_digest, inputs, outputs: proven.outputs, proof: proven.proof }.to_bytes()?;
//!
//! // In another process, which depends on `tacit-verifier` only.
//! use tacit_verifier::Verify;
//! key.verifying_key().verify(&ProofFile::from_bytes(&file)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`network`] | the phases in order |
//! | [`profile`] | what each layer cost |
//! | [`key`] | the proving key and its file |
//! | [`parameters`] | ranges of a key's parameters |
//! | [`input`], [`seed`] | commitments to inputs, and what blinds them |
//! | [`sumcheck`] | batched sumcheck |
//! | [`logup`] | LogUp-GKR, look-ups by themselves |
//! | [`opening`] | what a commitment scheme is asked |
//! | [`alone`] | arguments by themselves |
//! | [`commitments`] | what an argument asks of its caller's scheme |
//! | [`hyrax`] | commitments and openings |
//! | [`integers`] | what is committed to and folded |
//! | [`seed`] | what hides |
//! | [`layers`] | every layer's argument |

#![deny(clippy::wildcard_enum_match_arm)]

pub mod alone;
mod buffers;
#[cfg(feature = "cheating")]
#[doc(hidden)]
pub mod cheating;
pub mod commitments;
mod committer;
pub mod error;
mod evaluation;
pub mod hyrax;
pub mod input;
pub mod integers;
pub mod key;
pub mod layers;
pub mod logup;
mod masking;
pub mod network;
mod observer;
pub mod opening;
pub mod parameters;
pub mod profile;
mod randomness;
mod rows;
pub mod seed;
mod session;
pub mod sumcheck;
mod task;
mod transform;
mod witness;

/// Types of the interface that are arkworks'.
pub use ark_bn254::{Fr, G1Affine};

pub use alone::{ProveAlone, StandAloneProver};
pub use commitments::Commitments;
pub use error::Error;
pub use input::{InputOpening, RunInput};
pub use key::ProvingKey;
pub use network::{Proven, prove, prove_committed, prove_inputs, prove_with_seed};
pub use parameters::{ProvenParameters, prove_parameters};
pub use profile::{LayerCounts, LayerProfile, PhaseCost, PhaseCosts, Phases};
pub use seed::Seed;

/// The code of the book's chapter on other provers.
#[cfg(doctest)]
#[doc = include_str!("../../docs/src/inside.md")]
struct Inside;
