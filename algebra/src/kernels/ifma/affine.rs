//! Complete additions of affine points, eight at a time. Coordinates are integers times $2^{260}$, so that products need
//! no correction.
//!
//! Lanes take the common course, chords through two points, in vectors where no lane is an exception; the others compute
//! both slopes and blend.
#![expect(clippy::large_types_passed_by_value, reason = "registers, once inlined")]

use std::arch::x86_64::{
    __m512i, _mm512_cmpeq_epi64_mask, _mm512_mask_blend_epi64, _mm512_or_si512, _mm512_setzero_si512,
    _mm512_testn_epi64_mask,
};

use ark_bn254::{Fq, FqConfig, G1Affine, g1::Config as G1Config};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::{AdditiveGroup, BigInt, Field as _, PrimeField};

use super::lanes::{Field, LANES, Limbs, constant, splat, store_words, to_limbs};
use crate::{
    inverse::invert_all,
    kernels::{PackedPoint, affine::ROOT},
};

/// Vectors of additions that share an inversion.
const BATCH: usize = 128;
/// Products of denominators that grow side by side.
const CHAINS: usize = 4;

/// Lanes whose sum is not a chord's.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Exceptions {
    /// A point is added to itself.
    tangent: u8,
    /// A point is added to its negative.
    opposite: u8,
    /// The first point is infinity.
    first: u8,
    /// The second is.
    second: u8,
}

#[inline]
#[target_feature(enable = "avx512f")]
fn zeros([a, b, c, d, e]: Limbs) -> u8 {
    let or = |a, b| _mm512_or_si512(a, b);
    let any: __m512i = or(or(or(a, b), or(c, d)), e);
    _mm512_testn_epi64_mask(any, any)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn equal(a: Limbs, b: Limbs) -> u8 {
    let mask = |k: usize| _mm512_cmpeq_epi64_mask(a[k], b[k]);
    mask(0) & mask(1) & mask(2) & mask(3) & mask(4)
}

/// `b` where the mask has a one, `a` elsewhere.
#[inline]
#[target_feature(enable = "avx512f")]
fn blend(mask: u8, a: Limbs, b: Limbs) -> Limbs {
    std::array::from_fn(|k| _mm512_mask_blend_epi64(mask, a[k], b[k]))
}

/// One times $2^{260}$.
fn one() -> [u64; 5] {
    to_limbs(Fq::from(16_u64).0.0)
}

/// The pairs of a vector. The last vector's missing pairs repeat its last one.
fn vector(pairs: &[[u32; 2]], k: usize) -> [[usize; LANES]; 2] {
    let last = pairs.len() - 1;
    let pair: [[u32; 2]; LANES] = std::array::from_fn(|lane| pairs[(k * LANES + lane).min(last)]);
    [pair.map(|[first, _]| first as usize), pair.map(|[_, second]| second as usize)]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_x(field: Field<FqConfig>, points: &[PackedPoint], places: [usize; LANES]) -> Limbs {
    field.load_words(places.each_ref().map(|&place| &points[place].x))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_y(field: Field<FqConfig>, points: &[PackedPoint], places: [usize; LANES]) -> Limbs {
    field.load_words(places.each_ref().map(|&place| &points[place].y))
}

/// The second points' $y$, or its negative; both canonical.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_second_y<const NEGATIVE: bool>(
    field: Field<FqConfig>,
    points: &[PackedPoint],
    places: [usize; LANES],
) -> Limbs {
    let y = load_y(field, points, places);
    if NEGATIVE { field.reduce_once(field.subtract([_mm512_setzero_si512(); 5], y)) } else { y }
}

/// The inverses of the chains' products.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn invert(field: Field<FqConfig>, chains: [Limbs; CHAINS]) -> [Limbs; CHAINS] {
    let [a, b, c, d] = chains;
    let (ab, cd) = (field.multiply(a, b), field.multiply(c, d));
    let mut values = [Fq::ZERO; LANES];
    field.store(&mut values, field.multiply(ab, cd));
    invert_all(&mut values);
    // The library reads a representation as 2^4 times the value; 2^8 mends the inverse, as one more product.
    let inverse = field.multiply(field.load(&values), splat(to_limbs(Fq::from(1_u64 << 12).0.0)));
    let (of_ab, of_cd) = (field.multiply(inverse, cd), field.multiply(inverse, ab));
    [field.multiply(of_ab, b), field.multiply(of_ab, a), field.multiply(of_cd, d), field.multiply(of_cd, c)]
}

/// A sum's slope below the line: the denominator, and which lanes are exceptions.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn denominator<const NEGATIVE: bool>(
    field: Field<FqConfig>,
    points: &[PackedPoint],
    [first, second]: [[usize; LANES]; 2],
) -> (Limbs, Exceptions) {
    let (x1, x2) = (load_x(field, points, first), load_x(field, points, second));
    let difference = field.subtract(x2, x1);
    let same = equal(x1, x2);
    if same | zeros(x1) | zeros(x2) == 0 {
        return (difference, Exceptions::default());
    }
    let (y1, y2) = (load_y(field, points, first), load_second_y::<NEGATIVE>(field, points, second));
    let infinite = [zeros(x1) & zeros(y1), zeros(x2) & zeros(y2)];
    let finite = same & !infinite[0] & !infinite[1];
    let tangent = finite & equal(y1, y2);
    let exceptions =
        Exceptions { tangent, opposite: finite & !tangent, first: infinite[0], second: infinite[1] };
    let none = exceptions.opposite | exceptions.first | exceptions.second;
    let denominator = blend(tangent, difference, field.double::<1>(y1));
    (blend(none, denominator, splat(one())), exceptions)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn add<const NEGATIVE: bool>(
    field: Field<FqConfig>,
    points: &[PackedPoint],
    [first, second]: [[usize; LANES]; 2],
    inverse: Limbs,
    exceptions: Exceptions,
) -> (Limbs, Limbs) {
    let (x1, x2) = (load_x(field, points, first), load_x(field, points, second));
    let (y1, y2) = (load_y(field, points, first), load_second_y::<NEGATIVE>(field, points, second));
    let mut numerator = field.subtract(y2, y1);
    if exceptions.tangent != 0 {
        let square = field.multiply(x1, x1);
        let triple = field.add(square, field.double::<1>(square));
        numerator = blend(exceptions.tangent, numerator, triple);
    }
    let slope = field.multiply(numerator, inverse);
    let square = field.multiply(slope, slope);
    let x = field.reduce_twice(field.subtract_from::<1>(square, field.add(x1, x2)));
    let product = field.multiply(slope, field.subtract(x1, x));
    let y = field.reduce_once(field.reduce_once(field.subtract(product, y1)));
    if exceptions == Exceptions::default() {
        return (x, y);
    }
    let Exceptions { opposite, first, second, .. } = exceptions;
    let zero = [_mm512_setzero_si512(); 5];
    let select = |sum, left, right| blend(first, blend(second, blend(opposite, sum, zero), left), right);
    (select(x, x1, x2), select(y, y1, y2))
}

/// Adds to each pair's first point its second, or the second's negative.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add_pairs<const NEGATIVE: bool>(points: &mut [PackedPoint], pairs: &[[u32; 2]]) {
    let field = Field::<FqConfig>::new();
    let zero = [_mm512_setzero_si512(); 5];
    let most = pairs.len().div_ceil(LANES).min(BATCH);
    let mut denominators = vec![zero; most];
    let mut products = vec![zero; most];
    let mut exceptions = vec![Exceptions::default(); most];
    for pairs in pairs.chunks(BATCH * LANES) {
        let count = pairs.len().div_ceil(LANES);
        let mut chains = [splat(one()); CHAINS];
        for k in 0..count {
            (denominators[k], exceptions[k]) = denominator::<NEGATIVE>(field, points, vector(pairs, k));
            products[k] = chains[k % CHAINS];
            chains[k % CHAINS] = field.multiply(products[k], denominators[k]);
        }
        let mut inverses = invert(field, chains);
        for k in (0..count).rev() {
            let inverse = field.multiply(inverses[k % CHAINS], products[k]);
            inverses[k % CHAINS] = field.multiply(inverses[k % CHAINS], denominators[k]);
            let places = vector(pairs, k);
            let (x, y) = add::<NEGATIVE>(field, points, places, inverse, exceptions[k]);
            let mut sums = [PackedPoint::INFINITY; LANES];
            store_words(sums.each_mut().map(|sum| &mut sum.x), x);
            store_words(sums.each_mut().map(|sum| &mut sum.y), y);
            for (place, sum) in places[0].into_iter().zip(sums) {
                points[place] = sum;
            }
        }
    }
}

/// The points as they are added.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn pack(points: &[G1Affine]) -> Vec<PackedPoint> {
    let field = Field::<FqConfig>::new();
    let sixteen = constant::<FqConfig>(Fq::from(16_u64));
    let mut packed = vec![PackedPoint::INFINITY; points.len()];
    for (points, packed) in points.chunks(LANES).zip(packed.chunks_mut(LANES)) {
        let load = |get: fn(&G1Affine) -> Fq| {
            let values = std::array::from_fn(|lane| points.get(lane).map_or(Fq::ZERO, get));
            field.reduce_once(field.multiply(field.load(&values), sixteen))
        };
        let mut whole = [PackedPoint::INFINITY; LANES];
        store_words(whole.each_mut().map(|point| &mut point.x), load(|point| point.x));
        store_words(whole.each_mut().map(|point| &mut point.y), load(|point| point.y));
        packed.copy_from_slice(&whole[..points.len()]);
    }
    packed
}

/// Images under the endomorphism.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn images(points: &[PackedPoint]) -> Vec<PackedPoint> {
    let field = Field::<FqConfig>::new();
    let beta = constant::<FqConfig>(G1Config::ENDO_COEFFS[0]);
    let mut images = points.to_vec();
    for images in images.chunks_mut(LANES) {
        let mut whole = [PackedPoint::INFINITY; LANES];
        whole[..images.len()].copy_from_slice(images);
        let x = field.load_words(whole.each_ref().map(|point| &point.x));
        let x = field.reduce_once(field.multiply(x, beta));
        store_words(whole.each_mut().map(|point| &mut point.x), x);
        images.copy_from_slice(&whole[..images.len()]);
    }
    images
}

/// The point that was packed.
pub(super) fn unpack(point: &PackedPoint) -> G1Affine {
    // The integer 2^252 takes the factor 2^260 to the library's 2^256.
    let factor = Fq::new_unchecked(BigInt([0, 0, 0, 1 << 60]));
    let [x, y] = [point.x, point.y].map(|words| Fq::new_unchecked(BigInt(words)) * factor);
    G1Affine::new_unchecked(x, y)
}

/// Vectors that are raised side by side.
const POWERS: usize = 2;
/// Bits of the exponent that share a product.
const WINDOW: u32 = 4;

/// Raises each value to the power of [`ROOT`].
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn raise_to_root(values: &mut [Fq]) {
    let field = Field::<FqConfig>::new();
    let sixteen = constant::<FqConfig>(Fq::from(16_u64));
    // The integer 2^256 takes the factor 2^260 to the library's 2^256.
    let back = splat(to_limbs(Fq::ONE.0.0));
    for values in values.chunks_mut(POWERS * LANES) {
        let mut whole = [[Fq::ZERO; LANES]; POWERS];
        whole.as_flattened_mut()[..values.len()].copy_from_slice(values);
        let base: [Limbs; POWERS] = std::array::from_fn(|k| field.multiply(field.load(&whole[k]), sixteen));
        let mut powers = [[splat(one()); POWERS]; 1 << WINDOW];
        for i in 1..powers.len() {
            powers[i] = std::array::from_fn(|k| field.multiply(powers[i - 1][k], base[k]));
        }
        let mut power = powers[0];
        for shift in (0..Fq::MODULUS_BIT_SIZE).step_by(WINDOW as usize).rev() {
            for _ in 0..WINDOW {
                power = power.map(|x| field.multiply(x, x));
            }
            let digit = ROOT.0[shift as usize / 64] >> (shift % 64) & ((1 << WINDOW) - 1);
            let factor = &powers[digit as usize];
            power = std::array::from_fn(|k| field.multiply(power[k], factor[k]));
        }
        for (whole, power) in whole.iter_mut().zip(power) {
            field.store(whole, field.multiply(power, back));
        }
        values.copy_from_slice(&whole.as_flattened()[..values.len()]);
    }
}
