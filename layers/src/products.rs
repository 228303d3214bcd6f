//! Inner products of narrow integers: what inference spends its time on.
//!
//! Weights and activations of 16 bits are multiplied into 32-bit sums, which compilers turn into vector instructions;
//! blocks short enough not to overflow are added up in 64 bits. The result is exact.

use tacit_algebra::kernels::backend;

/// Longest run whose sum of products of a 16-bit and an 8-bit integer fits 32 bits: $2^{15 + 7} \cdot 2^8 = 2^{30}$.
const BLOCK: usize = 1 << 8;

/// Adds to each sum the inner product of `vector` with a row, of activations with weights of at most 8 bits.
pub(crate) fn add_row_products(vector: &[i16], rows: &[i16], sums: &mut [i64]) {
    backend().add_row_products(vector, rows, BLOCK, sums);
}

/// The longest run of products of these factors whose sum fits 32 bits, if that is long enough to pay.
pub(crate) fn safe_block(left: &[i64], right: &[i64]) -> Option<usize> {
    let largest = |values: &[i64]| values.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0).max(1);
    let block = (1 << 31) / largest(left).saturating_mul(largest(right)).saturating_add(1);
    usize::try_from(block).ok().filter(|&block| block >= 16)
}

/// $\sum_i a_i b_i$ of integers of which any `block` products sum to 32 bits.
pub(crate) fn inner_product_in_blocks(a: &[i16], b: &[i16], block: usize) -> i64 {
    let blocks = a.chunks(block).zip(b.chunks(block));
    let block = |(a, b): (&[i16], &[i16])| -> i64 {
        i64::from(a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>())
    };
    blocks.map(block).sum()
}

/// The integers in 16 bits, if all fit.
pub(crate) fn narrow(values: &[i64]) -> Option<Vec<i16>> {
    values.iter().map(|&x| i16::try_from(x).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_extreme_products_are_exact() {
        assert_eq!(safe_block(&[-128, 3], &[127]), Some((1 << 31) / (128 * 127 + 1)));
        assert_eq!(safe_block(&[1 << 14], &[-(1 << 14)]), None);
        for length in [0, 1, 255, 256, 257, 5000] {
            for (activation, product) in [(i16::MIN, 1 << 22), (i16::MAX, -128 * 32767)] {
                let mut sums = [5, -7, 0];
                add_row_products(&vec![activation; length], &vec![-128; 3 * length], &mut sums);
                assert_eq!(sums, [5, -7, 0].map(|x| x + length as i64 * product));
            }
        }
        assert_eq!(narrow(&[32767, -32768]), Some(vec![32767, -32768]));
        assert_eq!(narrow(&[32768]), None);
    }
}
