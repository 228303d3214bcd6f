//! Sums of products with one Montgomery reduction for each sum.

use ark_bn254::{Fr, FrConfig};
use ark_ff::{BigInt, BigInteger, MontConfig};

/// A sum of products of Montgomery forms as an integer of nine words: $2^{64}$ products of 508 bits fit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WideSum([u64; 9]);

impl WideSum {
    /// Adds `a * b`.
    #[inline]
    pub(super) fn add_product(&mut self, a: &Fr, b: &Fr) {
        let (a, b) = (&a.0.0, &b.0.0);
        // The product first: rows of it carry into one word each.
        let mut product = [0_u64; 8];
        for i in 0..4 {
            let mut carry = 0;
            for j in 0..4 {
                let sum =
                    u128::from(a[i]) * u128::from(b[j]) + u128::from(product[i + j]) + u128::from(carry);
                product[i + j] = sum as u64;
                carry = (sum >> 64) as u64;
            }
            product[i + 4] = carry;
        }
        let mut carry = false;
        for (sum, word) in self.0.iter_mut().zip(product) {
            let (first, over) = sum.overflowing_add(word);
            let (second, again) = first.overflowing_add(u64::from(carry));
            (*sum, carry) = (second, over | again);
        }
        self.0[8] += u64::from(carry);
    }

    /// The sum as a field element.
    pub(super) fn reduce(self) -> Fr {
        const MODULUS: [u64; 4] = FrConfig::MODULUS.0;
        let mut words = self.0;
        // Montgomery's reduction: each step makes the lowest word zero.
        for i in 0..4 {
            let factor = words[i].wrapping_mul(FrConfig::INV);
            let mut carry = 0;
            for j in 0..4 {
                let sum = u128::from(factor) * u128::from(MODULUS[j])
                    + u128::from(words[i + j])
                    + u128::from(carry);
                words[i + j] = sum as u64;
                carry = (sum >> 64) as u64;
            }
            for word in &mut words[i + 4..] {
                let (sum, over) = word.overflowing_add(carry);
                (*word, carry) = (sum, u64::from(over));
            }
        }
        let [.., low_0, low_1, low_2, low_3, high] = words;
        let low = element([low_0, low_1, low_2, low_3]);
        // Elements are x R: a word of weight 2^256 = R adds itself to x.
        if high == 0 { low } else { low + Fr::from(high) }
    }
}

/// The element with this Montgomery form, which may be some times the modulus too large.
fn element(words: [u64; 4]) -> Fr {
    let mut form = BigInt(words);
    while form >= FrConfig::MODULUS {
        form.sub_with_borrow(&FrConfig::MODULUS);
    }
    Fr::new_unchecked(form)
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, One, UniformRand};

    use super::*;

    #[test]
    fn sums_of_products_are_exact() {
        let mut rng = ark_std::test_rng();
        let largest = Fr::new_unchecked(BigInt([
            FrConfig::MODULUS.0[0] - 1,
            FrConfig::MODULUS.0[1],
            FrConfig::MODULUS.0[2],
            FrConfig::MODULUS.0[3],
        ]));
        for count in [0, 1, 2, 3, 40, 5000] {
            let random: Vec<[Fr; 2]> = (0..count).map(|_| [Fr::rand(&mut rng), Fr::rand(&mut rng)]).collect();
            for pairs in [random, vec![[largest; 2]; count], vec![[-Fr::one(), Fr::ZERO]; count]] {
                let mut sum = WideSum::default();
                for [a, b] in &pairs {
                    sum.add_product(a, b);
                }
                assert_eq!(sum.reduce(), pairs.iter().map(|[a, b]| *a * b).sum::<Fr>(), "{count} products");
            }
        }
    }
}
