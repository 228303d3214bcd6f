//! Cheating provers, one false statement each, consistent with as many checks as can be: the check that is left rejects.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/tiny.rs"]
mod tiny;

mod arguments;
mod axes;
mod composites;
mod excess;
mod frequencies;
mod gates;
mod hyrax;
mod logup;
mod network;
mod packing;
mod polynomials;
mod products;
mod statement;
mod sumcheck;
mod views;
mod windows;

use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_layers::{Layout, Tensor};

/// The domain of stand-alone arguments.
const DOMAIN: &[u8] = b"soundness";

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn tensor(axes: &[usize], data: Vec<i64>) -> Tensor<i64> {
    Tensor::new(layout(axes), data).unwrap()
}

/// Seeded small integers.
fn integers(seed: u64, count: usize) -> Vec<i64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(-50..50)).collect()
}

/// Seeded field elements.
fn scalars(seed: usize, count: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    std::iter::repeat_with(|| Fr::rand(&mut rng)).skip(64 * seed).take(count).collect()
}
