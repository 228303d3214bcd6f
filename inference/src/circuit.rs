//! Circuits of gates outside of proofs: writing them wire by wire, running them on integers and on intervals.

mod builder;
mod execute;

pub use builder::{CircuitBuilder, Wire};
pub(crate) use execute::execute_checked;
pub use execute::{execute, intervals};
