//! What Tacit's prover and verifier agree on: quantised networks, their integer semantics, and for each argument its
//! relation and transcript schedule. No witness tables, no threads.
//!
//! **Start here:** [`proof::alone`] to describe one argument for a proof of your own, [`argument`] for every protocol's statement and
//! soundness, [`VerifyingKey`] and [`ProofFile`] for whole networks.
//!
//! The protocol in ten lines: absorb the statement; commit to every rescale's activations and remainders, every max-pool's
//! maxima and every table's multiplicities; compare the outputs at a random point; look up remainders, (quotient,
//! activation) pairs and pooling differences in one LogUp-GKR instance; show by a zero check that maxima are elements of
//! their windows; turn quotients and remainders into accumulators; reduce every accumulator to its layer's weights and
//! input by one batched sumcheck; take unfolded inputs to inputs by another; open all claims on committed columns at once.
//!
//! Five rooms, each standing on those before it:
//!
//! | room | holds |
//! |---|---|
//! | [`tensor`] | shapes, values' specifications, sliding windows, tensors at points |
//! | [`argument`] | sumcheck, look-ups, commitments, matrix products, circuits, masking: what knows nothing of networks |
//! | [`layer`] | one file for each kind of layer: its integer semantics and its relation |
//! | [`network`] | the graph, its shapes, how large it may be |
//! | [`proof`] | the plan of a proof, what is absorbed first, keys, files, soundness |
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::wildcard_enum_match_arm
    )
)]

pub mod argument;
pub mod error;
mod integer;
pub mod layer;
pub mod network;
pub mod printable;
pub mod proof;
pub mod secret;
pub mod tensor;

/// Types of the interface that are arkworks'.
pub use ark_bn254::{Fr, G1Affine};

pub use argument::{
    choice::{ConvolutionArgument, LayerArgument, MatmulArgument},
    function::ActivationFunction,
};
pub use error::Error;
pub use layer::{
    Operation,
    input::{InputKind, InputLayer, InputUnit},
    rescale::{Multiplier, RescaleLayer},
};
pub use network::{Architecture, Network, Node, Output};
pub use proof::{
    input::InputCommitment,
    key::VerifyingKey,
    parameters::KeyProofFile,
    proof_file::{ProofFile, StatedInput},
};
pub use tensor::{
    Layout, Tensor,
    value::{NodeId, Parameter, ParameterId, ParameterSpec, ParameterWidth, ValueKind, ValueSpec},
    window::{AxisWindow, Window2d},
};
