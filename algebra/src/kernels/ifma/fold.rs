//! $\sum_i e_i m_{ij}$ for integers $m_{ij}$ of a few bits.
//!
//! An offset makes every $m_{ij}$ non-negative with at most $b$ bits. A field element is cut into limbs of $52 - b$ bits, so
//! that its product with $m_{ij}$ needs one multiply-add for each limb, of which 4096 fit between carries. What the offset
//! added, $\sum_i e_i$ times itself, is the same for all columns.

use std::arch::x86_64::{
    __m512i, _MM_HINT_T0, _mm_loadl_epi64, _mm_prefetch, _mm512_add_epi64, _mm512_and_si512,
    _mm512_cvtepi8_epi64, _mm512_loadu_si512, _mm512_madd52lo_epu64, _mm512_set1_epi64, _mm512_setzero_si512,
    _mm512_sllv_epi64, _mm512_srlv_epi64,
};

use ark_bn254::{Fr, FrConfig};
use ark_ff::{AdditiveGroup, Field as _};

use super::lanes::{BITS, Field, LANES, splat, to_limbs};

/// Width of a matrix's integers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Width {
    /// What makes them non-negative.
    offset: i64,
    /// Bits of a limb of a field element.
    limb_bits: u32,
    /// Limbs of a field element.
    pub(super) limbs: usize,
}

/// Bytes: eight bits, six limbs of 44.
pub(super) const BYTE: Width = Width { offset: 1 << 7, limb_bits: 44, limbs: 6 };
/// Integers of 18 bits, which hold every activation and remainder: eight limbs of 34.
pub(super) const INTEGER: Width = Width { offset: 1 << 17, limb_bits: 34, limbs: 8 };

/// Rows that are folded together, between carries: few enough that the lines they are read from stay in the first cache
/// while the columns beside these are folded.
const ROWS: usize = 1 << 7;
/// Bytes from a row's columns to those that are fetched early.
const AHEAD: usize = 1 << 7;
/// Registers of columns that are folded together: as many as fit beside each other.
const GROUPS: usize = 3;

impl Width {
    /// Whether an integer has this width.
    pub(super) const fn holds(self, x: i64) -> bool {
        -self.offset <= x && x < self.offset
    }

    /// A field element's limbs.
    fn cut<const LIMBS: usize>(self, x: &Fr) -> [u64; LIMBS] {
        let words = x.0.0;
        std::array::from_fn(|k| {
            let (word, bit) = (k * self.limb_bits as usize / 64, k as u32 * self.limb_bits % 64);
            let [low, high] = [word, word + 1].map(|i| words.get(i).copied().unwrap_or(0));
            let both = u128::from(low) | u128::from(high) << 64;
            (both >> bit) as u64 & ((1 << self.limb_bits) - 1)
        })
    }
}

/// Integers that can be loaded eight at a time.
pub(super) trait Small: Copy + Default {
    /// Eight integers.
    ///
    /// # Safety
    /// The processor must have AVX-512F.
    unsafe fn load(values: &[Self; LANES]) -> __m512i;
}

impl Small for i8 {
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load(values: &[Self; LANES]) -> __m512i {
        // SAFETY: eight bytes are read.
        _mm512_cvtepi8_epi64(unsafe { _mm_loadl_epi64(values.as_ptr().cast()) })
    }
}

impl Small for i64 {
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load(values: &[Self; LANES]) -> __m512i {
        // SAFETY: eight 64-bit words are read.
        unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
    }
}

/// Folds the rows of a matrix.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn fold<T: Small, const LIMBS: usize>(
    width: Width,
    weights: &[Fr],
    rows: &[&[T]],
    columns: usize,
) -> Vec<Fr> {
    let limbs: Vec<[u64; LIMBS]> = weights.iter().map(|weight| width.cut(weight)).collect();
    let finish = Finish::new(width, weights.iter().sum());
    let mut folded = vec![[Fr::ZERO; LANES]; columns.div_ceil(LANES)];
    let blocks = folded.len().div_ceil(GROUPS);
    let mut sums = vec![[[_mm512_setzero_si512(); LIMBS]; GROUPS]; blocks];
    for (limbs, rows) in limbs.chunks(ROWS).zip(rows.chunks(ROWS)) {
        for (block, stored) in sums.iter_mut().enumerate() {
            let first = block * GROUPS * LANES;
            let mut sums = *stored;
            for (limbs, row) in limbs.iter().zip(rows) {
                add_row(width, &mut sums, limbs, row.get(first..).unwrap_or_default());
            }
            for sums in &mut sums {
                carry(width, sums);
            }
            *stored = sums;
        }
    }
    for (folded, sums) in folded.chunks_mut(GROUPS).zip(sums) {
        for (folded, sums) in folded.iter_mut().zip(sums) {
            finish.store(folded, sums);
        }
    }
    let mut folded = folded.into_flattened();
    folded.truncate(columns);
    folded
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add_row<T: Small, const LIMBS: usize>(
    width: Width,
    sums: &mut [[__m512i; LIMBS]; GROUPS],
    limbs: &[u64; LIMBS],
    row: &[T],
) {
    if let Some(ahead) = row.get(AHEAD / size_of::<T>()) {
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(ahead).cast());
    }
    let mut padded = [[T::default(); LANES]; GROUPS];
    let values = if let Some(whole) = row.first_chunk::<{ GROUPS * LANES }>() {
        whole.as_chunks::<LANES>().0
    } else {
        padded.as_flattened_mut()[..row.len()].copy_from_slice(row);
        &padded
    };
    let offset = _mm512_set1_epi64(width.offset);
    for (sums, values) in sums.iter_mut().zip(values) {
        // SAFETY: this function, too, needs AVX-512F.
        let value = _mm512_add_epi64(unsafe { T::load(values) }, offset);
        for (sum, &limb) in sums.iter_mut().zip(limbs) {
            *sum = _mm512_madd52lo_epu64(*sum, value, _mm512_set1_epi64(limb as i64));
        }
    }
}

/// Leaves a limb's own bits in every limb but the last.
#[inline]
#[target_feature(enable = "avx512f")]
fn carry<const LIMBS: usize>(width: Width, sums: &mut [__m512i; LIMBS]) {
    let mask = _mm512_set1_epi64((1 << width.limb_bits) - 1);
    let bits = _mm512_set1_epi64(i64::from(width.limb_bits));
    for k in 0..LIMBS - 1 {
        sums[k + 1] = _mm512_add_epi64(sums[k + 1], _mm512_srlv_epi64(sums[k], bits));
        sums[k] = _mm512_and_si512(sums[k], mask);
    }
}

/// What turns sums into field elements.
struct Finish {
    width: Width,
    field: Field<FrConfig>,
    /// What the offset added to every column.
    offset: [u64; 5],
    /// $2^{260}$ and $2^{520}$ modulo $p$.
    powers: [[u64; 5]; 2],
}

impl Finish {
    #[target_feature(enable = "avx512f")]
    fn new(width: Width, total: Fr) -> Self {
        let offset = total * Fr::from(width.offset as u64);
        // In memory an element is multiplied by 2^256.
        let powers = [4, 264].map(|bits| to_limbs(Fr::from(2_u64).pow([bits]).0.0));
        Self { width, field: Field::<FrConfig>::new(), offset: to_limbs(offset.0.0), powers }
    }

    /// Moves sums to limbs of 52 bits, reduces them and takes the offset off.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn store<const LIMBS: usize>(&self, folded: &mut [Fr; LANES], sums: [__m512i; LIMBS]) {
        let mask = _mm512_set1_epi64((1 << BITS) - 1);
        let mut limbs = [_mm512_setzero_si512(); 7];
        for (k, &sum) in sums.iter().enumerate() {
            let (at, bit) = (k as u32 * self.width.limb_bits / BITS, k as u32 * self.width.limb_bits % BITS);
            let shift = |bits: u32| _mm512_set1_epi64(i64::from(bits));
            let low = _mm512_and_si512(_mm512_sllv_epi64(sum, shift(bit)), mask);
            let high = _mm512_srlv_epi64(sum, shift(BITS - bit));
            limbs[at as usize] = _mm512_add_epi64(limbs[at as usize], low);
            limbs[at as usize + 1] = _mm512_add_epi64(limbs[at as usize + 1], high);
        }
        for k in 0..6 {
            let carry = _mm512_srlv_epi64(limbs[k], _mm512_set1_epi64(i64::from(BITS)));
            limbs[k] = _mm512_and_si512(limbs[k], mask);
            limbs[k + 1] = _mm512_add_epi64(limbs[k + 1], carry);
        }
        let low = [limbs[0], limbs[1], limbs[2], limbs[3], limbs[4]];
        let reduced = self.field.reduce_pair(low, splat(self.powers[0]), limbs[5], splat(self.powers[1]));
        self.field.store(folded, self.field.subtract(reduced, splat(self.offset)));
        // Columns were loaded in their own order, not in that of elements.
        folded.swap(1, 2);
        folded.swap(5, 6);
    }
}
