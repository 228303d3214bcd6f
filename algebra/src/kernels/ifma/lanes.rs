//! Arithmetic on eight elements of one of BN254's two fields, limb by limb. Both moduli are near $0.756 \cdot 2^{254}$.
#![expect(clippy::large_types_passed_by_value, reason = "registers, once inlined")]

use std::arch::x86_64::{
    __m512i, _mm256_loadu_si256, _mm256_storeu_si256, _mm512_add_epi64, _mm512_and_si512,
    _mm512_castsi256_si512, _mm512_castsi512_si256, _mm512_cmplt_epi64_mask, _mm512_extracti64x4_epi64,
    _mm512_inserti64x4, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_blend_epi64,
    _mm512_or_si512, _mm512_permutex2var_epi64, _mm512_set1_epi64, _mm512_setr_epi64, _mm512_setzero_si512,
    _mm512_shuffle_i64x2, _mm512_slli_epi64, _mm512_srai_epi64, _mm512_srli_epi64, _mm512_sub_epi64,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use std::marker::PhantomData;

use ark_ff::{AdditiveGroup, Fp, MontBackend, MontConfig};

/// An element of the field with these constants.
pub(super) type Element<C> = Fp<MontBackend<C, 4>, 4>;

/// Elements in a register.
pub(super) const LANES: usize = 8;
/// Bits of a limb.
pub(super) const BITS: u32 = 52;
const MASK: u64 = (1 << BITS) - 1;

/// Eight integers below $2^{260}$, five limbs of 52 bits each, in the order that loading leaves them in.
pub(super) type Limbs = [__m512i; 5];

/// Cuts an integer into 52-bit limbs.
pub(super) const fn to_limbs(x: [u64; 4]) -> [u64; 5] {
    [
        x[0] & MASK,
        (x[0] >> 52 | x[1] << 12) & MASK,
        (x[1] >> 40 | x[2] << 24) & MASK,
        (x[2] >> 28 | x[3] << 36) & MASK,
        x[3] >> 16,
    ]
}

/// $-p^{-1} \bmod 2^{52}$ from $p$'s last word.
const fn negative_inverse(p: u64) -> u64 {
    let mut inverse = 1_u64;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(p.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg() & MASK
}

/// $2^{300} / p$ rounded down, from $p$'s words; at most one less.
const fn reciprocal(p: [u64; 4]) -> u64 {
    let high = (p[3] << 2 | p[2] >> 62) as u128;
    ((1_u128 << 110) / (high + 1)) as u64
}

/// The field's constants in registers.
pub(super) struct Field<C> {
    modulus: Limbs,
    negative_inverse: __m512i,
    mask: __m512i,
    constants: PhantomData<C>,
}

impl<C> Clone for Field<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Field<C> {}

#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn splat(limbs: [u64; 5]) -> Limbs {
    limbs.map(|limb| _mm512_set1_epi64(limb as i64))
}

/// An element in all lanes, times $2^4$: its product with a loaded element is that of the field.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn constant<C: MontConfig<4>>(x: Element<C>) -> Limbs {
    splat(to_limbs((x * Element::<C>::from(16_u64)).0.0))
}

/// Sums of products in ten limbs, before Montgomery's reduction.
#[derive(Clone, Copy)]
pub(super) struct Accumulator([__m512i; 10]);

impl Accumulator {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn new() -> Self {
        Self([_mm512_setzero_si512(); 10])
    }

    /// A limb takes ten terms of 52 bits from each product: 400 products fit between carries.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn add_product(&mut self, a: Limbs, b: Limbs) {
        for (i, &b) in b.iter().enumerate() {
            for (j, &a) in a.iter().enumerate() {
                self.0[i + j] = _mm512_madd52lo_epu64(self.0[i + j], a, b);
            }
            for (j, &a) in a.iter().enumerate() {
                self.0[i + j + 1] = _mm512_madd52hi_epu64(self.0[i + j + 1], a, b);
            }
        }
    }

    /// Leaves 52 bits in every limb but the last.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn carry(&mut self) {
        let mask = _mm512_set1_epi64(MASK as i64);
        for k in 0..9 {
            let carry = _mm512_srli_epi64::<BITS>(self.0[k]);
            self.0[k] = _mm512_and_si512(self.0[k], mask);
            self.0[k + 1] = _mm512_add_epi64(self.0[k + 1], carry);
        }
    }
}

impl<C: MontConfig<4>> Field<C> {
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn new() -> Self {
        Self {
            modulus: splat(to_limbs(C::MODULUS.0)),
            negative_inverse: _mm512_set1_epi64(negative_inverse(C::MODULUS.0[0]) as i64),
            mask: _mm512_set1_epi64(MASK as i64),
            constants: PhantomData,
        }
    }

    /// Passes carries on, from limbs that may be negative; the value must not be.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn normalise(self, mut limbs: Limbs) -> Limbs {
        for k in 0..4 {
            let carry = _mm512_srai_epi64::<BITS>(limbs[k]);
            limbs[k] = _mm512_and_si512(limbs[k], self.mask);
            limbs[k + 1] = _mm512_add_epi64(limbs[k + 1], carry);
        }
        limbs
    }

    /// $a + b$.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn add(self, a: Limbs, b: Limbs) -> Limbs {
        self.normalise(std::array::from_fn(|k| _mm512_add_epi64(a[k], b[k])))
    }

    /// $a - b + p$, for $b < p$.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn subtract(self, a: Limbs, b: Limbs) -> Limbs {
        self.normalise(std::array::from_fn(|k| {
            _mm512_add_epi64(_mm512_sub_epi64(a[k], b[k]), self.modulus[k])
        }))
    }

    /// $a - b + 2^k p$, for $b < 2^k p$.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn subtract_from<const K: u32>(self, a: Limbs, b: Limbs) -> Limbs {
        self.normalise(std::array::from_fn(|i| {
            _mm512_add_epi64(_mm512_sub_epi64(a[i], b[i]), _mm512_slli_epi64::<K>(self.modulus[i]))
        }))
    }

    /// $2^k a$.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn double<const K: u32>(self, a: Limbs) -> Limbs {
        self.normalise(a.map(|limb| _mm512_slli_epi64::<K>(limb)))
    }

    /// $a b / 2^{260}$.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn multiply(self, a: Limbs, b: Limbs) -> Limbs {
        let mut product = Accumulator::new();
        product.add_product(a, b);
        self.reduce(product)
    }

    /// A sum of products divided by $2^{260}$.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn reduce(self, Accumulator(mut t): Accumulator) -> Limbs {
        let zero = _mm512_setzero_si512();
        for i in 0..5 {
            let m = _mm512_madd52lo_epu64(zero, t[i], self.negative_inverse);
            for j in 0..5 {
                t[i + j] = _mm512_madd52lo_epu64(t[i + j], m, self.modulus[j]);
            }
            for j in 0..5 {
                t[i + j + 1] = _mm512_madd52hi_epu64(t[i + j + 1], m, self.modulus[j]);
            }
            t[i + 1] = _mm512_add_epi64(t[i + 1], _mm512_srli_epi64::<BITS>(t[i]));
        }
        self.normalise([t[5], t[6], t[7], t[8], t[9]])
    }

    /// A sum below $2^{298}$ less a multiple of $p$: below $2.3 p$. The quotient is taken from the sum's highest 52 bits.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn remainder(self, mut sum: [__m512i; 6]) -> Limbs {
        for k in 0..5 {
            let carry = _mm512_srli_epi64::<BITS>(sum[k]);
            sum[k] = _mm512_and_si512(sum[k], self.mask);
            sum[k + 1] = _mm512_add_epi64(sum[k + 1], carry);
        }
        let zero = _mm512_setzero_si512();
        let high = _mm512_or_si512(_mm512_srli_epi64::<40>(sum[4]), _mm512_slli_epi64::<12>(sum[5]));
        let reciprocal = _mm512_set1_epi64(const { reciprocal(C::MODULUS.0) } as i64);
        let quotient = _mm512_madd52hi_epu64(zero, high, reciprocal);
        let low: Limbs = self.modulus.map(|limb| _mm512_madd52lo_epu64(zero, limb, quotient));
        let high: Limbs = self.modulus.map(|limb| _mm512_madd52hi_epu64(zero, limb, quotient));
        let mut limbs: Limbs = std::array::from_fn(|k| _mm512_sub_epi64(sum[k], low[k]));
        for k in 1..5 {
            limbs[k] = _mm512_sub_epi64(limbs[k], high[k - 1]);
        }
        // What is above the last limb cancels.
        let above = _mm512_slli_epi64::<BITS>(_mm512_sub_epi64(sum[5], high[4]));
        limbs[4] = _mm512_add_epi64(limbs[4], above);
        self.normalise(limbs)
    }

    /// Subtracts $p$ where that leaves nothing negative.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn reduce_once(self, x: Limbs) -> Limbs {
        let reduced = self.normalise(std::array::from_fn(|k| _mm512_sub_epi64(x[k], self.modulus[k])));
        let negative = _mm512_cmplt_epi64_mask(reduced[4], _mm512_setzero_si512());
        std::array::from_fn(|k| _mm512_mask_blend_epi64(negative, reduced[k], x[k]))
    }

    /// Makes $x < 4 p$ canonical.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn reduce_twice(self, x: Limbs) -> Limbs {
        let twice = std::array::from_fn(|k| _mm512_sub_epi64(x[k], _mm512_slli_epi64::<1>(self.modulus[k])));
        let reduced = self.normalise(twice);
        let negative = _mm512_cmplt_epi64_mask(reduced[4], _mm512_setzero_si512());
        self.reduce_once(std::array::from_fn(|k| _mm512_mask_blend_epi64(negative, reduced[k], x[k])))
    }

    /// Eight elements from memory.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load(self, values: &[Element<C>; LANES]) -> Limbs {
        self.load_words(values.each_ref().map(|value| &value.0.0))
    }

    /// The first and the second elements of eight pairs.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load_pairs(self, pairs: &[[Element<C>; 2]; LANES]) -> [Limbs; 2] {
        [self.load_words(sides(pairs, 0)), self.load_words(sides(pairs, 1))]
    }

    /// The same, times $2^4$ as integers.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load_pairs_shifted(self, pairs: &[[Element<C>; 2]; LANES]) -> [Limbs; 2] {
        [self.load_words_shifted(sides(pairs, 0)), self.load_words_shifted(sides(pairs, 1))]
    }

    /// Eight integers of four words from memory.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load_words(self, values: [&[u64; 4]; LANES]) -> Limbs {
        let w = words(values);
        let or = |a, b| _mm512_and_si512(_mm512_or_si512(a, b), self.mask);
        [
            _mm512_and_si512(w[0], self.mask),
            or(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1])),
            or(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2])),
            or(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3])),
            _mm512_srli_epi64::<16>(w[3]),
        ]
    }

    /// Eight elements from memory, times $2^4$ as integers.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn load_shifted(self, values: &[Element<C>; LANES]) -> Limbs {
        self.load_words_shifted(values.each_ref().map(|value| &value.0.0))
    }

    /// Eight integers of four words from memory, times $2^4$.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_words_shifted(self, values: [&[u64; 4]; LANES]) -> Limbs {
        let w = words(values);
        let or = |a, b| _mm512_and_si512(_mm512_or_si512(a, b), self.mask);
        [
            _mm512_and_si512(_mm512_slli_epi64::<4>(w[0]), self.mask),
            or(_mm512_srli_epi64::<48>(w[0]), _mm512_slli_epi64::<16>(w[1])),
            or(_mm512_srli_epi64::<36>(w[1]), _mm512_slli_epi64::<28>(w[2])),
            or(_mm512_srli_epi64::<24>(w[2]), _mm512_slli_epi64::<40>(w[3])),
            _mm512_srli_epi64::<12>(w[3]),
        ]
    }

    /// Writes eight elements below $3 p$, made canonical.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(super) fn store(self, values: &mut [Element<C>; LANES], x: Limbs) {
        let x = self.reduce_once(self.reduce_once(x));
        store_words(values.each_mut().map(|value| &mut value.0.0), x);
    }

    /// The sum over all lanes of sums of products that still lack a factor of $2^4$ for each earlier reduction.
    ///
    /// At most 2^{10} products of factors below $2 p$ for each lane.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn total(self, sum: Accumulator, earlier: u32) -> Element<C> {
        // A product with this constant multiplies by 2^(4 + 4 earlier).
        let factor = Element::<C>::from(1_u64 << (8 + 4 * earlier));
        let reduced = self.multiply(self.reduce(sum), splat(to_limbs(factor.0.0)));
        let mut values = [Element::<C>::ZERO; LANES];
        self.store(&mut values, reduced);
        values.iter().sum()
    }

    /// $(a b + c d) / 2^{260}$ for one limb $c$.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn reduce_pair(self, a: Limbs, b: Limbs, c: __m512i, d: Limbs) -> Limbs {
        let zero = _mm512_setzero_si512();
        let mut sum = Accumulator::new();
        sum.add_product(a, b);
        sum.add_product([c, zero, zero, zero, zero], d);
        self.reduce(sum)
    }
}

/// One element of each pair.
#[inline(always)]
#[expect(clippy::inline_always, reason = "addresses, once inlined")]
fn sides<C>(pairs: &[[Element<C>; 2]; LANES], side: usize) -> [&[u64; 4]; LANES]
where
    C: MontConfig<4>,
{
    let [a, b, c, d, e, f, g, h] = pairs;
    [
        &a[side].0.0,
        &b[side].0.0,
        &c[side].0.0,
        &d[side].0.0,
        &e[side].0.0,
        &f[side].0.0,
        &g[side].0.0,
        &h[side].0.0,
    ]
}

/// Writes eight integers of four words.
#[inline]
#[target_feature(enable = "avx512f")]
pub(super) fn store_words(values: [&mut [u64; 4]; LANES], x: Limbs) {
    let w = [
        _mm512_or_si512(x[0], _mm512_slli_epi64::<52>(x[1])),
        _mm512_or_si512(_mm512_srli_epi64::<12>(x[1]), _mm512_slli_epi64::<40>(x[2])),
        _mm512_or_si512(_mm512_srli_epi64::<24>(x[2]), _mm512_slli_epi64::<28>(x[3])),
        _mm512_or_si512(_mm512_srli_epi64::<36>(x[3]), _mm512_slli_epi64::<16>(x[4])),
    ];
    let low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    let high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    let pair = |order, a, b| _mm512_permutex2var_epi64(a, order, b);
    let [even_low, odd_low] = [pair(low, w[0], w[2]), pair(low, w[1], w[3])];
    let [even_high, odd_high] = [pair(high, w[0], w[2]), pair(high, w[1], w[3])];
    let rows = [
        _mm512_unpacklo_epi64(even_low, odd_low),
        _mm512_unpackhi_epi64(even_low, odd_low),
        _mm512_unpacklo_epi64(even_high, odd_high),
        _mm512_unpackhi_epi64(even_high, odd_high),
    ];
    let [a, b, c, d, e, f, g, h] = values;
    for ((first, second), row) in [(a, b), (c, d), (e, f), (g, h)].into_iter().zip(rows) {
        let halves = [_mm512_castsi512_si256(row), _mm512_extracti64x4_epi64::<1>(row)];
        // SAFETY: both point to four 64-bit words.
        unsafe {
            _mm256_storeu_si256(first.as_mut_ptr().cast(), halves[0]);
            _mm256_storeu_si256(second.as_mut_ptr().cast(), halves[1]);
        }
    }
}

/// Word $k$ of eight integers in register $k$. Lanes hold integers 0, 2, 1, 3, 4, 6, 5, 7.
#[inline]
#[target_feature(enable = "avx512f")]
fn words(values: [&[u64; 4]; LANES]) -> [__m512i; 4] {
    let pair = |i: usize| {
        // SAFETY: both point to four 64-bit words.
        let halves = unsafe {
            [_mm256_loadu_si256(values[i].as_ptr().cast()), _mm256_loadu_si256(values[i + 1].as_ptr().cast())]
        };
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(halves[0]), halves[1])
    };
    let z = [pair(0), pair(2), pair(4), pair(6)];
    let [even_low, odd_low] = [_mm512_unpacklo_epi64(z[0], z[1]), _mm512_unpackhi_epi64(z[0], z[1])];
    let [even_high, odd_high] = [_mm512_unpacklo_epi64(z[2], z[3]), _mm512_unpackhi_epi64(z[2], z[3])];
    [
        _mm512_shuffle_i64x2::<0b10_00_10_00>(even_low, even_high),
        _mm512_shuffle_i64x2::<0b10_00_10_00>(odd_low, odd_high),
        _mm512_shuffle_i64x2::<0b11_01_11_01>(even_low, even_high),
        _mm512_shuffle_i64x2::<0b11_01_11_01>(odd_low, odd_high),
    ]
}
