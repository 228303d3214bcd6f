//! Sums of products of weights and activations: what inference spends its time on.
//!
//! Activations are cut into bytes, so that the [kernels](tacit_algebra::kernels::bytes) multiply bytes by bytes whatever an
//! activation's width is. With $\ell$ the smallest activation (or zero) and $x = \ell + \sum_j 2^{8 j} x_j$,
//! $$ \sum_k w_k x_k = \ell \sum_k w_k + \sum_j 2^{8 j} \sum_k w_k x_{j, k}. $$
//! Everything is exact; sums are split over all cores by outputs.

use rayon::prelude::*;
use tacit_algebra::kernels::bytes::{self, ByteProduct};

/// Products that are worth a core's while.
const GRAIN: usize = 1 << 20;

/// Activations as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planes {
    /// $\ell$.
    pub(crate) offset: i64,
    /// $x_j$ of all activations for each $j$.
    pub(crate) planes: Vec<Vec<u8>>,
}

impl Planes {
    /// As many planes as the activations and zero need.
    pub(crate) fn new(values: &[i64]) -> Self {
        let (low, high) = values.iter().fold((0, 0), |(low, high): (i64, i64), &x| (low.min(x), high.max(x)));
        let bits = u64::BITS - high.abs_diff(low).leading_zeros();
        let plane = |j: u32| -> Vec<u8> {
            values.iter().map(|&x| (x.wrapping_sub(low) as u64 >> (8 * j)) as u8).collect()
        };
        Self { offset: low, planes: (0..bits.div_ceil(8).max(1)).map(plane).collect() }
    }

    /// Every plane with its factor and its byte of zero.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], i64, u8)> {
        let zero = self.offset.wrapping_neg() as u64;
        self.planes.iter().zip(0..).map(move |(plane, j)| (&plane[..], 1 << (8 * j), (zero >> (8 * j)) as u8))
    }
}

/// A matrix of weights, row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a> {
    /// The weights.
    pub(crate) values: &'a [i8],
    /// Weights of a row.
    pub(crate) inner: usize,
}

impl Weights<'_> {
    /// What every row's sums begin with: its bias, and its share of the activations' offset.
    pub(crate) fn offsets(self, bias: impl Fn(usize) -> i64, offset: i64) -> Vec<i64> {
        let mut sums: Vec<i64> = (0..self.values.len() / self.inner.max(1)).map(bias).collect();
        if offset != 0 {
            self.add_products(&vec![1; self.inner], offset, &mut sums, 1);
        }
        sums
    }

    /// Adds `scale` times the inner product of every row with every row of `bytes` to `sums`, whose rows are `stride` apart.
    pub(crate) fn add_products(self, bytes: &[u8], scale: i64, sums: &mut [i64], stride: usize) {
        let Self { values, inner } = self;
        let columns = bytes.len() / inner.max(1);
        let rows = GRAIN.div_ceil((inner * columns).max(1)).next_multiple_of(4);
        let add = |left: &[i8], sums: &mut [i64]| {
            let product = ByteProduct { left, right: bytes, inner, scale, stride };
            bytes::backend().add_product(&product, sums).unwrap_or_else(|error| unreachable!("{error}"));
        };
        if rows * inner >= values.len() {
            return add(values, sums);
        }
        let parts = values.par_chunks(rows * inner).zip(sums.par_chunks_mut(rows * stride));
        parts.for_each(|(weights, sums)| add(weights, sums));
    }
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
    fn bytes_add_up_to_the_activations() {
        let wide: Vec<i64> = vec![0, 1, -1, 32767, -32768, 255, -256, 65535];
        for (values, planes) in [
            (vec![0, 255, 7], 1),
            (vec![-128, 127], 1),
            (vec![3, 4], 1),
            (vec![-5], 1),
            (vec![0, 256], 2),
            (vec![-1, 255], 2),
            (wide, 3),
            (vec![i64::MIN, i64::MAX], 8),
            (vec![], 1),
        ] {
            let bytes = Planes::new(&values);
            assert_eq!(bytes.planes.len(), planes, "{values:?}");
            let sum = |at: &dyn Fn(&[u8], u8) -> u8| {
                let parts =
                    bytes.iter().map(|(plane, scale, zero)| scale.wrapping_mul(at(plane, zero).into()));
                parts.fold(bytes.offset, i64::wrapping_add)
            };
            for (i, &value) in values.iter().enumerate() {
                assert_eq!(sum(&|plane, _| plane[i]), value);
            }
            assert_eq!(sum(&|_, zero| zero), 0);
        }
    }

    #[test]
    fn sums_of_extreme_products_are_exact() {
        assert_eq!(safe_block(&[-128, 3], &[127]), Some((1 << 31) / (128 * 127 + 1)));
        assert_eq!(safe_block(&[1 << 14], &[-(1 << 14)]), None);
        for length in [1, 255, 256, 257, 5000, 70_000, 300_000] {
            for extreme in [i64::from(i16::MIN), i64::from(i16::MAX), -128, 255] {
                let bytes = Planes::new(&vec![extreme; length]);
                let weights = vec![-128; 5 * length];
                let weights = Weights { values: &weights, inner: length };
                let mut sums = weights.offsets(|o| o as i64 - 2, bytes.offset);
                for (plane, scale, _) in bytes.iter() {
                    weights.add_products(plane, scale, &mut sums, 1);
                }
                let product = -128 * extreme * length as i64;
                assert_eq!(sums, [-2, -1, 0, 1, 2].map(|bias| bias + product));
            }
        }
        assert_eq!(narrow(&[32767, -32768]), Some(vec![32767, -32768]));
        assert_eq!(narrow(&[32768]), None);
    }
}
