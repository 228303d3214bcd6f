//! The verifier's side of every layer's argument, one file for each; the prover has files of the same names.

pub(crate) mod contraction;
pub mod conv2d;
pub mod fft_convolution;
pub mod fourier;
pub mod gates;
pub(crate) mod lookups;
pub mod matmul;
pub(crate) mod max_pool;
pub(crate) mod product;
pub(crate) mod rescale;
pub(crate) mod view;
pub(crate) mod window;
