//! What no verifier needs: building networks, running them, the ranges of their values, what proving them costs.
//!
//! **Start here:** [`NetworkBuilder`] builds a network, [`execute`] runs it, [`choose_arguments`] picks how its layers are proved.
//!
//! | module | holds |
//! |---|---|
//! | [`builder`] | building a network layer by layer |
//! | [`composite`] | blocks of several layers: softmax, index of a maximum, maxima over axes |
//! | [`layer`] | what each kind of layer computes, its ranges and its cost |
//! | [`executor`] | running a whole network, bit for bit |
//! | [`interval`] | the range of every value, from the weights and the input's range alone |
//! | [`circuit`] | writing and running circuits of gates |
//! | [`cost`] | what each argument costs, and the cheapest for each layer |
#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm)]

pub mod builder;
mod byte_products;
pub mod circuit;
pub mod composite;
pub mod cost;
pub mod executor;
pub mod interval;
pub mod layer;

pub use builder::NetworkBuilder;
pub use cost::choice::choose_arguments;
pub use executor::{Trace, execute, execute_each};
pub use interval::analyse;
