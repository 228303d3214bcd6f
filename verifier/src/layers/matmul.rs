//! Matrix products (see [`tacit_layers::argument::matmul`]); by sumcheck they are [contractions](super::contraction) and
//! [products](super::product).

pub mod polynomial;
