//! What Tacit's prover and verifier agree on: quantised networks and their integer semantics.
#![forbid(unsafe_code)]

pub mod add;
pub mod average_pool;
pub mod builder;
pub mod claim;
pub mod conv2d;
pub mod dense;
pub mod error;
pub mod evaluation;
pub mod executor;
pub mod hyrax;
pub mod interval;
pub mod key;
pub mod logup;
pub mod lookup_table;
pub mod matmul;
pub mod max_pool;
pub mod network;
pub mod plan;
pub mod proof_file;
pub mod rescale;
pub mod soundness;
pub mod statement;
pub mod sumcheck;
pub mod tensor;
pub mod window;
pub mod windowed;

pub use builder::NetworkBuilder;
pub use error::Error;
pub use executor::{Trace, execute};
pub use key::VerifyingKey;
pub use network::{
    Architecture, InputLayer, Network, Node, NodeId, Operation, Output, Parameter, ParameterId,
    ParameterSpec, ValueKind, ValueSpec,
};
pub use proof_file::ProofFile;
pub use rescale::{ActivationFunction, Multiplier, RescaleLayer};
pub use tensor::{Layout, Tensor};
pub use window::{AxisWindow, Window2d};
