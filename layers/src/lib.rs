//! What Tacit's prover and verifier agree on: quantised networks and their integer semantics.
#![forbid(unsafe_code)]

pub mod add;
pub mod average_pool;
pub mod builder;
pub mod conv2d;
pub mod dense;
pub mod error;
pub mod executor;
pub mod interval;
pub mod max_pool;
pub mod network;
pub mod rescale;
pub mod tensor;
pub mod window;

pub use builder::NetworkBuilder;
pub use error::Error;
pub use executor::{Trace, execute};
pub use network::{
    Architecture, InputLayer, Network, Node, NodeId, Operation, Output, Parameter, ParameterId,
    ParameterSpec, ValueKind, ValueSpec,
};
pub use rescale::{ActivationFunction, Multiplier, RescaleLayer};
pub use tensor::{Layout, Tensor};
pub use window::{AxisWindow, Window2d};
