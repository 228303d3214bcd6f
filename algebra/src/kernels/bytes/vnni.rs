//! Products of byte matrices with AVX-512's 8-bit dot products (VNNI).
//!
//! A tile of four rows by four rows keeps its sixteen sums in registers of sixteen lanes each, over which the inner
//! dimension is spread: eight loads for sixteen instructions of 64 products. At the end the lanes of all sixteen are added
//! up together, as if they were transposed.
#![expect(unsafe_code, reason = "loads, and calls of functions that need AVX-512")]

use std::arch::x86_64::{
    __m512i, __mmask64, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_maskz_loadu_epi8,
    _mm512_reduce_add_epi32, _mm512_setzero_si512, _mm512_shuffle_i32x4, _mm512_storeu_si512,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{BLOCK, ByteKernel, ByteProduct};

/// The kernel for processors with AVX-512F, AVX-512BW and AVX-512VNNI.
#[derive(Debug)]
pub(super) struct Vnni(());

static VNNI: Vnni = Vnni(());

impl Vnni {
    /// The kernel, where the processor has what it needs.
    pub(super) fn detect() -> Option<&'static Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni");
        found.then_some(&VNNI)
    }
}

impl ByteKernel for Vnni {
    fn name(&self) -> &'static str {
        "vnni"
    }

    fn add_product(&self, product: &ByteProduct, sums: &mut [i64]) {
        // SAFETY: the processor has the features, or `detect` would not have given the kernel.
        unsafe { add_product(product, sums) }
    }
}

/// Bytes of a register.
const BYTES: usize = 64;
/// Rows of either side of a tile.
const TILE: usize = 4;
/// Bytes of the right factor that are multiplied by all of the left one before the next: what the first cache holds.
const PANEL: usize = 1 << 15;

#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn add_product(product: &ByteProduct, sums: &mut [i64]) {
    let [rows, columns] = product.rows();
    if product.inner == 0 || rows == 0 {
        return;
    }
    let panel = (PANEL / product.inner).max(TILE) / TILE * TILE;
    for first in (0..columns).step_by(panel) {
        let end = columns.min(first + panel);
        let mut i = 0;
        while i < rows {
            let wide = rows - i >= TILE;
            let mut j = first;
            while j < end {
                let tall = end - j >= TILE;
                match (wide, tall) {
                    (true, true) => square(product, sums, i, j),
                    (true, false) => tile::<TILE, 1>(product, sums, i, j),
                    (false, true) => tile::<1, TILE>(product, sums, i, j),
                    (false, false) => tile::<1, 1>(product, sums, i, j),
                }
                j += if tall { TILE } else { 1 };
            }
            i += if wide { TILE } else { 1 };
        }
    }
}

/// The part of a row that a block of the inner dimension takes.
fn part<T>(values: &[T], inner: usize, row: usize, first: usize, length: usize) -> &[T] {
    &values[row * inner + first..][..length]
}

/// The lanes of the sums of `R` rows by `C` rows over a block of the inner dimension.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn block<const R: usize, const C: usize>(
    product: &ByteProduct,
    (i, j): (usize, usize),
    first: usize,
    length: usize,
) -> [[__m512i; C]; R] {
    let (mut left, mut right) = ([product.left; R], [product.right; C]);
    for (r, left) in left.iter_mut().enumerate() {
        *left = part(left, product.inner, i + r, first, length);
    }
    for (c, right) in right.iter_mut().enumerate() {
        *right = part(right, product.inner, j + c, first, length);
    }
    let mut sums = [[_mm512_setzero_si512(); C]; R];
    for at in (0..length).step_by(BYTES) {
        // What is behind the row's end is zero.
        let mask: __mmask64 = if length - at < BYTES { (1 << (length - at)) - 1 } else { !0 };
        let mut factors = [_mm512_setzero_si512(); C];
        for (factor, right) in factors.iter_mut().zip(right) {
            // SAFETY: the masked bytes are at `at..length` of a row of that length.
            *factor = unsafe { _mm512_maskz_loadu_epi8(mask, right.as_ptr().add(at).cast()) };
        }
        for (sums, left) in sums.iter_mut().zip(left) {
            // SAFETY: as above.
            let left = unsafe { _mm512_maskz_loadu_epi8(mask, left.as_ptr().add(at)) };
            for (sum, right) in sums.iter_mut().zip(factors) {
                *sum = _mm512_dpbusd_epi32(*sum, right, left);
            }
        }
    }
    sums
}

/// A tile at an edge, its sums one by one.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile<const R: usize, const C: usize>(product: &ByteProduct, sums: &mut [i64], i: usize, j: usize) {
    for first in (0..product.inner).step_by(BLOCK) {
        let lanes = block::<R, C>(product, (i, j), first, BLOCK.min(product.inner - first));
        for (r, lanes) in lanes.into_iter().enumerate() {
            let sums = &mut sums[(i + r) * product.stride + j..][..C];
            for (sum, lanes) in sums.iter_mut().zip(lanes) {
                let total = i64::from(_mm512_reduce_add_epi32(lanes));
                *sum = sum.wrapping_add(product.scale.wrapping_mul(total));
            }
        }
    }
}

/// A whole tile.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn square(product: &ByteProduct, sums: &mut [i64], i: usize, j: usize) {
    for first in (0..product.inner).step_by(BLOCK) {
        let lanes = block::<TILE, TILE>(product, (i, j), first, BLOCK.min(product.inner - first));
        let totals = add_lanes(&lanes);
        for (r, totals) in totals.iter().enumerate() {
            let sums = &mut sums[(i + r) * product.stride + j..][..TILE];
            for (sum, &total) in sums.iter_mut().zip(totals) {
                *sum = sum.wrapping_add(product.scale.wrapping_mul(i64::from(total)));
            }
        }
    }
}

/// The sum of the lanes of each of sixteen registers.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_lanes(lanes: &[[__m512i; TILE]; TILE]) -> [[i32; TILE]; TILE] {
    // Four sums side by side in every quarter, then the quarters.
    let rows = lanes.map(|[a, b, c, d]| {
        let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd))
    });
    let pairs = |a, b| {
        let [even, odd] = [_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xDD>(a, b)];
        _mm512_add_epi32(even, odd)
    };
    let totals = pairs(pairs(rows[0], rows[1]), pairs(rows[2], rows[3]));
    let mut stored = [[0; TILE]; TILE];
    // SAFETY: sixteen integers of 32 bits are as long as a register.
    unsafe { _mm512_storeu_si512(stored.as_mut_ptr().cast(), totals) };
    stored
}
