//! Scalars cut in two by the curve's endomorphism: $s = s_1 + \lambda s_2$ with halves below $2^{127}$.
//!
//! The pairs $(a, b)$ with $a + \lambda b = 0$ are the lattice of $(A, -B)$ and $(B, C)$, whose determinant is $r$. The
//! point of the lattice near $(s, 0)$ has the coefficients $s C / r$ and $s B / r$, rounded.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "field arithmetic: words of a scalar"
)]

use ark_bn254::Fr;
use ark_ff::PrimeField;

const A: i128 = 147_946_756_881_789_319_000_765_030_803_803_410_728;
const B: i128 = 9_931_322_734_385_697_763;
const C: i128 = 147_946_756_881_789_319_010_696_353_538_189_108_491;

/// $\lfloor 2^{256} C / r \rfloor$ and $\lfloor 2^{256} B / r \rfloor$.
const QUOTIENTS: [[u64; 3]; 2] = [
    [0x5398_fd03_00ff_6565, 0x4cce_f014_a773_d2d2, 0x0000_0000_0000_0002],
    [0xd91d_232e_c7e0_b3d7, 0x0000_0000_0000_0002, 0x0000_0000_0000_0000],
];

/// The integer nearest $x q / 2^{256}$, or the one beside it.
fn scaled(x: [u64; 4], q: [u64; 3]) -> i128 {
    let mut words = [0_u64; 8];
    for (i, &q) in q.iter().enumerate() {
        let mut carry = 0;
        for (j, &x) in x.iter().enumerate() {
            let sum = u128::from(words[i + j]) + u128::from(x) * u128::from(q) + carry;
            words[i + j] = sum as u64;
            carry = sum >> 64;
        }
        words[i + 4] = carry as u64;
    }
    let half = u128::from(words[3] >> 63);
    ((u128::from(words[4]) | u128::from(words[5]) << 64) + half) as i128
}

/// The halves of a scalar. One below $2^{125}$ is its own first half.
pub(super) fn halves(scalar: &Fr) -> [i128; 2] {
    let words = scalar.into_bigint().0;
    let [first, second] = QUOTIENTS.map(|quotient| scaled(words, quotient));
    let low = (u128::from(words[0]) | u128::from(words[1]) << 64) as i128;
    // What is left is short, so that its low words are all of it.
    [
        low.wrapping_sub(first.wrapping_mul(A)).wrapping_sub(second.wrapping_mul(B)),
        first.wrapping_mul(B).wrapping_sub(second.wrapping_mul(C)),
    ]
}

#[cfg(test)]
mod tests {
    use ark_bn254::g1::Config as G1Config;
    use ark_ec::scalar_mul::glv::GLVConfig;
    use ark_ff::{AdditiveGroup, Field, One, UniformRand};

    use super::*;

    #[test]
    fn halves_are_short_and_make_up_the_scalar() {
        let mut rng = ark_std::test_rng();
        let two = Fr::from(2_u64);
        let edges = [Fr::ZERO, Fr::one(), -Fr::one(), G1Config::LAMBDA, -G1Config::LAMBDA, two.pow([253])];
        let near = [A, B, C].into_iter().flat_map(|x| [Fr::from(x), Fr::from(x) * G1Config::LAMBDA]);
        let powers = (0..254).map(|k| two.pow([k]));
        let random = (0..1000).map(|_| Fr::rand(&mut rng));
        for scalar in edges.into_iter().chain(near).chain(powers).chain(random) {
            let [first, second] = halves(&scalar);
            assert_eq!(Fr::from(first) + G1Config::LAMBDA * Fr::from(second), scalar);
            assert!(first.unsigned_abs() < 1 << 127 && second.unsigned_abs() < 1 << 127);
        }
        assert_eq!(halves(&Fr::from(1_u128 << 124)), [1 << 124, 0]);
    }
}
