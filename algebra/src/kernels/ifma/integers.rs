//! Rounds of sumchecks over integers: sums of field elements times integers, reduced once.
//!
//! Integers are below $2^{19}$, so that the terms that weights are multiplied by are below $2^{39}$ in magnitude. Those
//! that may be negative get $2^{39}$ added, which the sum of the weights takes off again: all are in $[0, 2^{40})$, factors
//! of a multiply-add. A limb of a sum takes a lower part below $2^{52}$ and an upper part below $2^{40}$ from each product,
//! so that after [`CARRY`] products in each lane it is below $2^{60.01}$, all lanes' below $2^{63.01}$, and the sum itself
//! below $2^{11 + 254 + 40}$.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_loadu_si512, _mm512_madd52hi_epu64,
    _mm512_madd52lo_epu64, _mm512_max_epi64, _mm512_min_epi64, _mm512_mul_epi32, _mm512_mul_epu32,
    _mm512_permutex2var_epi64, _mm512_reduce_add_epi64, _mm512_set1_epi64, _mm512_setr_epi64,
    _mm512_setzero_si512, _mm512_srli_epi64, _mm512_sub_epi64,
};

use ark_bn254::{Fr, FrConfig};
use ark_ff::{AdditiveGroup, BigInt, BigInteger, PrimeField};

use super::{
    lanes::{BITS, Field, LANES, Limbs},
    vectors::CARRY,
};

/// What is added to terms that may be negative.
const OFFSET: i64 = 1 << 39;

/// Limbs of a sum of weights times terms.
pub(super) type Sum = [__m512i; 6];

/// Adds weights times terms below $2^{40}$.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add_products(sum: &mut Sum, weights: &Limbs, terms: __m512i) {
    for k in 0..5 {
        sum[k] = _mm512_madd52lo_epu64(sum[k], weights[k], terms);
        sum[k + 1] = _mm512_madd52hi_epu64(sum[k + 1], weights[k], terms);
    }
}

/// Eight pairs, $a$, $b$, $a'$ and $b'$ apart, in the order in which elements are loaded.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(pairs: &[[u32; 4]; LANES]) -> [__m512i; 4] {
    let (low, high) = pairs.split_at(LANES / 2);
    // SAFETY: both point to sixteen words of 32 bits.
    let halves =
        unsafe { [_mm512_loadu_si512(low.as_ptr().cast()), _mm512_loadu_si512(high.as_ptr().cast())] };
    apart(halves)
}

/// Four pairs in each half: $a$, $b$, $a'$ and $b'$ apart.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn apart(halves: [__m512i; 2]) -> [__m512i; 4] {
    let zero = _mm512_setr_epi64(0, 4, 2, 6, 8, 12, 10, 14);
    let one = _mm512_setr_epi64(1, 5, 3, 7, 9, 13, 11, 15);
    let mask = _mm512_set1_epi64(0xffff_ffff);
    let [zero, one] = [zero, one].map(|order| _mm512_permutex2var_epi64(halves[0], order, halves[1]));
    [
        _mm512_and_si512(zero, mask),
        _mm512_srli_epi64::<32>(zero),
        _mm512_and_si512(one, mask),
        _mm512_srli_epi64::<32>(one),
    ]
}

/// The element whose representation is the sum over all lanes, divided by $2^{256}$ as every representation is.
#[inline]
#[target_feature(enable = "avx512f")]
fn total(sum: &Sum) -> Fr {
    const MASK: u64 = (1 << BITS) - 1;
    let mut limbs = sum.each_ref().map(|limb| _mm512_reduce_add_epi64(*limb) as u64);
    for k in 0..5 {
        limbs[k + 1] += limbs[k] >> BITS;
        limbs[k] &= MASK;
    }
    let words = [
        limbs[0] | limbs[1] << 52,
        limbs[1] >> 12 | limbs[2] << 40,
        limbs[2] >> 24 | limbs[3] << 28,
        limbs[3] >> 36 | limbs[4] << 16,
    ];
    let high = limbs[4] >> 48 | limbs[5] << 4;
    let mut low = BigInt(words);
    // Five times at most: 2^256 is less than six times the modulus.
    while low >= Fr::MODULUS {
        low.sub_with_borrow(&Fr::MODULUS);
    }
    Fr::new_unchecked(low) + Fr::from(high)
}

/// The sums over so many products of weights with what `terms` makes of pairs: of the weights, of the terms that are not
/// negative, and from number `SIGNED` on of those that may be.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn sums<const N: usize, const SIGNED: usize>(
    pairs: &[[[u32; 4]; LANES]],
    weights: &[[Fr; LANES]],
    terms: impl Fn([__m512i; 4]) -> [__m512i; N],
) -> (Fr, [Fr; N]) {
    let field = Field::<FrConfig>::new();
    let offset = _mm512_set1_epi64(OFFSET);
    let mut all = (Fr::ZERO, [Fr::ZERO; N]);
    for (pairs, weights) in pairs.chunks(CARRY).zip(weights.chunks(CARRY)) {
        let mut weight_sum = [_mm512_setzero_si512(); 6];
        let mut sums = [[_mm512_setzero_si512(); 6]; N];
        for (pairs, weights) in pairs.iter().zip(weights) {
            let weights = field.load(weights);
            for k in 0..5 {
                weight_sum[k] = _mm512_add_epi64(weight_sum[k], weights[k]);
            }
            let terms = terms(load(pairs));
            for k in 0..N {
                let term = if k < SIGNED { terms[k] } else { _mm512_add_epi64(terms[k], offset) };
                add_products(&mut sums[k], &weights, term);
            }
        }
        let weight = total(&weight_sum);
        let added = weight * Fr::from(OFFSET as u64);
        all.0 += weight;
        for (k, (all, sum)) in all.1.iter_mut().zip(&sums).enumerate() {
            *all += total(sum);
            if k >= SIGNED {
                *all -= added;
            }
        }
    }
    all
}

/// See [`super::Kernel::integer_round`].
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn round(pairs: &[[[u32; 4]; LANES]], weights: &[[Fr; LANES]]) -> [Fr; 4] {
    let (weight, [sum, product, slopes]) = sums::<3, 2>(pairs, weights, |[a, b, a1, b1]| {
        let slopes = _mm512_mul_epi32(_mm512_sub_epi64(a1, a), _mm512_sub_epi64(b1, b));
        [_mm512_add_epi64(a, b), _mm512_mul_epu32(a, b), slopes]
    });
    [weight, sum, product, slopes]
}

/// See [`super::Kernel::clipped_round`].
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn clipped_round(
    pairs: &[[[u32; 4]; LANES]],
    weights: &[[Fr; LANES]],
    bounds: [u32; 2],
) -> [Fr; 9] {
    let [lower, upper] = bounds.map(|bound| _mm512_set1_epi64(i64::from(bound)));
    let (weight, [sum, product, clipped, mixed, products, slopes, mixed_slopes, clipped_slopes]) =
        sums::<8, 5>(pairs, weights, |[a, b, a1, b1]| {
            let [c, d, c1, d1] = [a, b, a1, b1].map(|integer| {
                _mm512_sub_epi64(_mm512_min_epi64(_mm512_max_epi64(integer, lower), upper), lower)
            });
            let [a1, b1, c1, d1] =
                [(a1, a), (b1, b), (c1, c), (d1, d)].map(|(one, zero)| _mm512_sub_epi64(one, zero));
            [
                _mm512_add_epi64(a, b),
                _mm512_mul_epu32(a, b),
                _mm512_add_epi64(c, d),
                _mm512_add_epi64(_mm512_mul_epu32(a, d), _mm512_mul_epu32(c, b)),
                _mm512_mul_epu32(c, d),
                _mm512_mul_epi32(a1, b1),
                _mm512_add_epi64(_mm512_mul_epi32(a1, d1), _mm512_mul_epi32(c1, b1)),
                _mm512_mul_epi32(c1, d1),
            ]
        });
    [weight, sum, product, slopes, clipped, mixed, products, mixed_slopes, clipped_slopes]
}
