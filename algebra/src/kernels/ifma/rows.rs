//! Entries and fractions of rows of linear tables, eight at a time: field elements times small integers, one reduction each.

use std::arch::x86_64::{
    __m512i, _mm_loadu_si128, _mm512_add_epi64, _mm512_castsi128_si512, _mm512_inserti32x4, _mm512_max_epi64,
    _mm512_min_epi64, _mm512_mul_epu32, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_sub_epi64,
};

use ark_bn254::{Fr, FrConfig};

use super::{
    Lanes,
    integers::{Sum, add_products, apart},
    lanes::{Field, LANES, splat, to_limbs},
};
use crate::kernels::rows::{EntryForm, FractionForm};

/// An element's limbs.
type Element = [u64; 5];

fn limbs(x: &Fr) -> Element {
    to_limbs(x.0.0)
}

/// A sum that begins with a constant.
#[inline]
#[target_feature(enable = "avx512f")]
fn begin(constant: Element) -> Sum {
    let [a, b, c, d, e] = splat(constant);
    [a, b, c, d, e, _mm512_setzero_si512()]
}

/// Rows $j$ of the entries from `first` on, each of which has so many, $a$, $b$, $a'$ and $b'$ apart, in the order in which
/// elements are stored.
#[inline]
#[target_feature(enable = "avx512f")]
fn load(rows: &[[u32; 4]], first: usize, each: usize, j: usize) -> [__m512i; 4] {
    let row = |lane: usize| {
        let row: &[u32; 4] = &rows[(first + lane) * each + j];
        // SAFETY: it points to four words of 32 bits.
        unsafe { _mm_loadu_si128(row.as_ptr().cast()) }
    };
    let half = |lane: usize| {
        let half = _mm512_castsi128_si512(row(lane));
        let half = _mm512_inserti32x4::<1>(half, row(lane + 1));
        let half = _mm512_inserti32x4::<2>(half, row(lane + 2));
        _mm512_inserti32x4::<3>(half, row(lane + 3))
    };
    apart([half(0), half(LANES / 2)])
}

/// Clips rows and takes the lower bound off.
#[inline]
#[target_feature(enable = "avx512f")]
fn clip(row: __m512i, [lower, upper]: [__m512i; 2]) -> __m512i {
    _mm512_sub_epi64(_mm512_min_epi64(_mm512_max_epi64(row, lower), upper), lower)
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn entries<const CLIPPED: bool>(rows: &[[u32; 4]], form: &EntryForm, [even, odd]: Lanes) {
    let field = Field::<FrConfig>::new();
    let constant = limbs(&form.constant);
    let weights: Vec<[Element; 2]> = form.weights.iter().map(|w| w.each_ref().map(limbs)).collect();
    let bounds = form.clip.unwrap_or_default().map(|bound| _mm512_set1_epi64(bound.into()));
    let pairs = weights.as_chunks::<2>().0;
    for (i, (even, odd)) in even.iter_mut().zip(odd).enumerate() {
        let mut sums = [begin(constant); 2];
        for (j, [zero, one]) in pairs.iter().enumerate() {
            let [a, b, a1, b1] = load(rows, LANES * i, pairs.len(), j);
            for (weights, rows) in [(zero, [a, b]), (one, [a1, b1])] {
                let slope = splat(weights[0]);
                for (sum, row) in sums.iter_mut().zip(rows) {
                    add_products(sum, &slope, row);
                }
                if CLIPPED {
                    let second = splat(weights[1]);
                    for (sum, row) in sums.iter_mut().zip(rows) {
                        add_products(sum, &second, clip(row, bounds));
                    }
                }
            }
        }
        field.store(even, field.remainder(sums[0]));
        field.store(odd, field.remainder(sums[1]));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn fractions<const CLIPPED: bool>(
    rows: &[[u32; 4]],
    form: &FractionForm,
    [p_even, p_odd]: Lanes,
    [q_even, q_odd]: Lanes,
) {
    let field = Field::<FrConfig>::new();
    let constants = form.constants.each_ref().map(limbs);
    let numerators: Vec<[Element; 2]> = form.numerators.iter().map(|w| w.each_ref().map(limbs)).collect();
    let denominators: Vec<[Element; 5]> = form.denominators.iter().map(|w| w.each_ref().map(limbs)).collect();
    let bounds = form.clip.unwrap_or_default().map(|bound| _mm512_set1_epi64(bound.into()));
    let each = numerators.len();
    let sums = p_even.iter_mut().zip(p_odd).zip(q_even.iter_mut().zip(q_odd));
    for (i, ((p_even, p_odd), (q_even, q_odd))) in sums.enumerate() {
        let mut p = [begin(constants[0]); 2];
        let mut q = [begin(constants[1]); 2];
        for (j, (numerator, denominator)) in numerators.iter().zip(&denominators).enumerate() {
            let [a, b, a1, b1] = load(rows, LANES * i, each, j);
            for (side, [a, b]) in [[a, b], [a1, b1]].into_iter().enumerate() {
                let sum = _mm512_add_epi64(a, b);
                add_products(&mut p[side], &splat(numerator[0]), sum);
                add_products(&mut q[side], &splat(denominator[0]), sum);
                add_products(&mut q[side], &splat(denominator[1]), _mm512_mul_epu32(a, b));
                if CLIPPED {
                    let [c, d] = [clip(a, bounds), clip(b, bounds)];
                    let sum = _mm512_add_epi64(c, d);
                    let mixed = _mm512_add_epi64(_mm512_mul_epu32(a, d), _mm512_mul_epu32(c, b));
                    add_products(&mut p[side], &splat(numerator[1]), sum);
                    add_products(&mut q[side], &splat(denominator[2]), sum);
                    add_products(&mut q[side], &splat(denominator[3]), mixed);
                    add_products(&mut q[side], &splat(denominator[4]), _mm512_mul_epu32(c, d));
                }
            }
        }
        field.store(p_even, field.remainder(p[0]));
        field.store(p_odd, field.remainder(p[1]));
        field.store(q_even, field.remainder(q[0]));
        field.store(q_odd, field.remainder(q[1]));
    }
}
