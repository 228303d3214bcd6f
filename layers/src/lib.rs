//! What Tacit's prover and verifier agree on: quantised networks, their integer semantics, and for each argument its
//! relation and transcript schedule. No witness tables, no threads.
//!
//! The protocol in ten lines: absorb the statement; commit to every rescale's activations and remainders, every max-pool's
//! maxima and every table's multiplicities; compare the outputs at a random point; look up remainders, (quotient,
//! activation) pairs and pooling differences in one LogUp-GKR instance; show by a zero check that maxima are elements of
//! their windows; turn quotients and remainders into accumulators; reduce every accumulator to its layer's weights and
//! input by one batched sumcheck; take windowed inputs to inputs by another; open all claims on committed columns at once.
//!
//! | module | holds |
//! |---|---|
//! | [`tensor`], [`window`] | layouts, tensors, sliding windows |
//! | [`network`], [`builder`], [`interval`], [`executor`] | the graph, how it is built, its ranges, what it computes |
//! | [`dense`], [`conv2d`], [`average_pool`], [`add`], [`rescale`], [`max_pool`] | layers |
//! | [`excess`] | quotients too wide for one table |
//! | [`product`] | activations by activations |
//! | [`transpose`], [`reduce_sum`] | another order of axes, sums over axes: without an argument |
//! | [`view`], [`remap`], [`reshape`] | views: slices, padding, enlargement, concatenation, other axes |
//! | [`composite`] | blocks of several layers: softmax, index of a maximum, maxima over axes |
//! | [`argument`], [`cost`] | which argument proves a linear layer, what it costs, the cheapest |
//! | [`matmul`], [`windowed`] | arguments that several layers share |
//! | [`fft_convolution`], [`fourier`] | convolutions in the frequency domain |
//! | [`conv2d::polynomial`], [`matmul::polynomial`], [`power`] | the arguments that compare polynomials at a random point |
//! | [`gates`] | circuits of add and multiply gates, layers of one's own |
//! | [`sumcheck`], [`logup`], [`hyrax`] | arguments that every proof uses |
//! | [`masking`] | zero knowledge |
//! | [`lookup_table`], [`plan`], [`claim`], [`evaluation`] | tables, the plan of a proof, claims, evaluating tensors |
//! | [`statement`], [`key`], [`proof_file`] | what is absorbed first, files |
//! | [`input`] | commitments to inputs |
//! | [`parameters`] | that a key's commitments hold weights and biases of their widths |
//! | [`soundness`] | every argument's error |
#![forbid(unsafe_code)]

pub mod add;
pub mod argument;
pub mod average_pool;
pub mod builder;
pub mod claim;
pub mod composite;
pub mod conv2d;
pub mod cost;
pub mod dense;
pub mod error;
pub mod evaluation;
pub mod excess;
pub mod executor;
pub mod fft_convolution;
pub mod fourier;
pub mod gates;
pub mod hyrax;
pub mod input;
pub mod interval;
pub mod key;
pub mod logup;
pub mod lookup_table;
pub mod masking;
pub mod matmul;
pub mod max_pool;
pub mod network;
pub mod parameters;
pub mod plan;
pub mod power;
pub mod product;
mod products;
pub mod proof_file;
pub mod reduce_sum;
pub mod remap;
pub mod rescale;
pub mod reshape;
pub mod soundness;
pub mod statement;
pub mod sumcheck;
pub mod tensor;
pub mod transpose;
pub mod view;
pub mod window;
pub mod windowed;

pub use argument::{ConvolutionArgument, MatmulArgument};
pub use builder::NetworkBuilder;
pub use error::Error;
pub use executor::{Trace, execute, execute_each};
pub use input::InputCommitment;
pub use key::VerifyingKey;
pub use network::{
    Architecture, InputLayer, Network, Node, NodeId, Operation, Output, Parameter, ParameterId,
    ParameterSpec, ValueKind, ValueSpec,
};
pub use parameters::KeyProofFile;
pub use proof_file::{AnyProofFile, CommittedProofFile, ProofFile};
pub use rescale::{ActivationFunction, Multiplier, RescaleLayer};
pub use tensor::{Layout, Tensor};
pub use window::{AxisWindow, Window2d};
