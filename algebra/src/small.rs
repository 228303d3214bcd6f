//! Sums of field elements times small integers, with one reduction for each sum.
//!
//! A field element in Montgomery form is an integer of four 64-bit limbs. Its product with a small integer is added limb
//! by limb into 128-bit sums, and only the finished sum is reduced modulo the group order.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use std::sync::OnceLock;

/// Largest magnitude of a small integer.
pub const MAX_MAGNITUDE: u64 = 1 << 40;
/// Most products that one sum may take: $2^{64 + 40 + 22} < 2^{127}$.
pub const MAX_TERMS: usize = 1 << 22;

/// A sum of products in progress. Hidden, with what bounds it: who adds counts terms and knows their size.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, Default)]
pub struct SmallSum {
    limbs: [i128; 4],
}

impl SmallSum {
    /// Adds `scalar * small`. At most [`MAX_TERMS`] products of at most [`MAX_MAGNITUDE`].
    #[inline]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "field arithmetic: the bounds keep the sums below $2^{127}$"
    )]
    pub fn add(&mut self, scalar: &Fr, small: i64) {
        for (sum, &limb) in self.limbs.iter_mut().zip(&scalar.0.0) {
            *sum += i128::from(limb) * i128::from(small);
        }
    }

    /// The sum as a field element.
    pub fn reduce(self) -> Fr {
        static WEIGHTS: OnceLock<[Fr; 4]> = OnceLock::new();
        // Limb k weighs 2^(64 k), and the limbs are of x R: the result must be divided by R = 2^256 once.
        let weights = WEIGHTS.get_or_init(|| {
            let word = Fr::from(1_u128 << 64);
            let inverse = word.pow([4]).inverse().unwrap_or_else(Fr::one);
            [inverse, inverse * word, inverse * word.square(), inverse * word.square() * word]
        });
        self.limbs.iter().zip(weights).map(|(&limb, weight)| from_i128(limb) * weight).sum()
    }
}

fn from_i128(x: i128) -> Fr {
    let magnitude = Fr::from(x.unsigned_abs());
    if x < 0 { -magnitude } else { magnitude }
}

/// A small integer as a field element.
pub fn from_i64(x: i64) -> Fr {
    let magnitude = Fr::from(x.unsigned_abs());
    if x < 0 { -magnitude } else { magnitude }
}

/// $\sum_i a_i b_i$ for field elements and integers, exact for every integer, fast for small ones.
pub fn inner_product(scalars: &[Fr], small: impl IntoIterator<Item = i64>) -> Fr {
    let mut total = Fr::ZERO;
    let mut small = small.into_iter();
    for chunk in scalars.chunks(MAX_TERMS) {
        let mut sum = SmallSum::default();
        for (scalar, small) in chunk.iter().zip(small.by_ref()) {
            match small {
                0 => {}
                // Nothing bounds what a statement claims: it must still be evaluated exactly.
                _ if small.unsigned_abs() > MAX_MAGNITUDE => total += *scalar * from_i64(small),
                _ => sum.add(scalar, small),
            }
        }
        total += sum.reduce();
    }
    total
}

/// Whether the scalar field has the size the limb arithmetic assumes.
const _: () = assert!(Fr::MODULUS_BIT_SIZE == 254);

/// The sum of a vector of sums, reduced.
pub fn reduce_all(sums: &[SmallSum]) -> Vec<Fr> {
    sums.iter().map(|sum| if sum.limbs == [0; 4] { Fr::zero() } else { sum.reduce() }).collect()
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;

    #[test]
    fn sums_match_field_arithmetic_at_edge_values() {
        let mut rng = ark_std::test_rng();
        let edge = i64::try_from(MAX_MAGNITUDE).unwrap();
        let small = [0, 1, -1, 127, -128, 255, edge, -edge, 12345, i64::MAX, i64::MIN, edge + 1];
        let mut scalars: Vec<Fr> = (0..small.len()).map(|_| Fr::rand(&mut rng)).collect();
        scalars[3] = -Fr::one();
        scalars[6] = -Fr::one();
        let expected: Fr = scalars.iter().zip(small).map(|(s, x)| *s * from_i64(x)).sum();
        assert_eq!(inner_product(&scalars, small), expected);
    }
}
