//! Arguments: what knows nothing of networks.

pub mod choice;
pub mod claim;
pub mod fourier;
pub mod function;
pub mod gates;
pub mod hyrax;
pub mod logup;
pub mod lookup_block;
pub mod lookup_table;
pub mod masking;
pub mod matmul;
pub mod opening;
pub mod power;
pub mod soundness;
pub mod sumcheck;
pub mod unfold;
pub mod view;
