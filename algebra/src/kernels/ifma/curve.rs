//! Points of BN254 G1 ($y^2 = x^3 + 3$), eight at a time, in Jacobian coordinates.
//!
//! Coordinates are integers times $2^{260}$, so that products need no correction. Formulas are the generic ones: they do
//! not add a point to itself or to its negative. Sums of generators that nobody knows a relation between never do, and
//! sums that begin at an unrelated *offset* never are the point at infinity; offsets are taken off at the end.
#![expect(clippy::large_types_passed_by_value, reason = "registers, once inlined")]

use std::{
    arch::x86_64::{
        __m512i, _mm512_loadu_si512, _mm512_mask_blend_epi64, _mm512_setzero_si512, _mm512_shuffle_i64x2,
        _mm512_storeu_si512, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
    },
    sync::OnceLock,
};

use ark_bn254::{Fq, FqConfig, Fr, G1Affine, G1Projective};
use ark_ff::{AdditiveGroup, One};

use super::lanes::{Accumulator, Field, LANES, Limbs, splat, to_limbs};
use crate::{hash_to_curve::CurveHasher, kernels::PreparedPoint};

/// An affine point in every lane; coordinates below $2 p$.
#[derive(Clone, Copy)]
struct Affine {
    x: Limbs,
    y: Limbs,
}

/// A point in every lane; $x, y < 4 p$, $z < 3 p$.
#[derive(Clone, Copy)]
struct Jacobian {
    x: Limbs,
    y: Limbs,
    z: Limbs,
}

#[derive(Clone, Copy)]
struct Curve {
    field: Field<FqConfig>,
}

/// One times $2^{260}$.
fn one() -> [u64; 5] {
    to_limbs(Fq::from(16_u64).0.0)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lift(Affine { x, y }: Affine) -> Jacobian {
    Jacobian { x, y, z: splat(one()) }
}

impl Curve {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn new() -> Self {
        Self { field: Field::new() }
    }

    /// $a b + c d$, reduced.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn pair(self, a: Limbs, b: Limbs, c: Limbs, d: Limbs) -> Limbs {
        let mut sum = Accumulator::new();
        sum.add_product(a, b);
        sum.add_product(c, d);
        self.field.reduce(sum)
    }

    /// $x = R^2 - H^3 - 2 V$, $y = R (V - x) - s H^3$ for $s < 4 p$, which both additions end with.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn finish(self, r: Limbs, cube: Limbs, v: Limbs, s: Limbs) -> (Limbs, Limbs) {
        let field = self.field;
        let square = field.multiply(r, r);
        let x = field.shrink(field.subtract_from::<2>(square, field.add(cube, field.double::<1>(v))));
        let zero = splat([0; 5]);
        let y = self.pair(r, field.subtract_from::<2>(v, x), field.subtract_from::<2>(zero, s), cube);
        (x, y)
    }

    /// Eleven products.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add_affine(self, p: Jacobian, q: Affine) -> Jacobian {
        let field = self.field;
        let square = field.multiply(p.z, p.z);
        let h = field.subtract_from::<2>(field.multiply(q.x, square), p.x);
        let r = field.multiply(q.y, field.multiply(p.z, square));
        let r = field.subtract_from::<2>(r, p.y);
        let hh = field.multiply(h, h);
        let (cube, v) = (field.multiply(h, hh), field.multiply(p.x, hh));
        let (x, y) = self.finish(r, cube, v, p.y);
        Jacobian { x, y, z: field.multiply(p.z, h) }
    }

    /// Sixteen products.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add(self, p: Jacobian, q: Jacobian) -> Jacobian {
        let field = self.field;
        let (p_square, q_square) = (field.multiply(p.z, p.z), field.multiply(q.z, q.z));
        let (u, w) = (field.multiply(p.x, q_square), field.multiply(q.x, p_square));
        let s = field.multiply(p.y, field.multiply(q.z, q_square));
        let t = field.multiply(q.y, field.multiply(p.z, p_square));
        let (h, r) = (field.subtract_from::<1>(w, u), field.subtract_from::<1>(t, s));
        let hh = field.multiply(h, h);
        let (cube, v) = (field.multiply(h, hh), field.multiply(u, hh));
        let (x, y) = self.finish(r, cube, v, s);
        Jacobian { x, y, z: field.multiply(field.multiply(p.z, q.z), h) }
    }

    /// Coordinates as the curve library keeps them, lanes in the order of loading.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn store(self, p: Jacobian) -> [[Fq; LANES]; 3] {
        // The integer 2^256 takes the factor 2^260 to 2^256.
        let factor = splat(to_limbs(Fq::one().0.0));
        [p.x, p.y, p.z].map(|coordinate| {
            let mut values = [Fq::ZERO; LANES];
            self.field.store(&mut values, self.field.multiply(coordinate, factor));
            values
        })
    }
}

/// Points ready to be added in every lane.
pub(super) fn prepare(points: &[G1Affine]) -> Vec<PreparedPoint> {
    let prepare = |x: Fq| to_limbs((x * Fq::from(16_u64)).0.0);
    points.iter().map(|point| [prepare(point.x), prepare(point.y)]).collect()
}

/// The points that sums begin at: every bucket, the running sum, the total.
fn offsets() -> &'static [G1Affine; 3] {
    static OFFSETS: OnceLock<[G1Affine; 3]> = OnceLock::new();
    OFFSETS.get_or_init(|| {
        let hasher = CurveHasher::new(b"TACIT-V1-OFFSETS-BN254G1_XMD:SHA-256_SVDW_RO_");
        [b"bucket".as_slice(), b"running", b"total"].map(|message| hasher.hash(message))
    })
}

/// What offsets add to a lane's total over this many buckets.
pub(super) fn correction(buckets: usize) -> G1Projective {
    let [bucket, running, total] = offsets().map(G1Projective::from);
    let triangle = Fr::from((buckets * (buckets + 1) / 2) as u64);
    total + running * Fr::from(buckets as u64) + bucket * triangle
}

/// A bucket's coordinates, one word unused.
type Words = [u64; 16];

#[inline]
#[target_feature(enable = "avx512f")]
fn transpose(rows: [__m512i; 8]) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let (low, high) = (|x, y| _mm512_unpacklo_epi64(x, y), |x, y| _mm512_unpackhi_epi64(x, y));
    // Words of pairs of rows beside each other, then quarters, then halves.
    let pairs = [low(a, b), high(a, b), low(c, d), high(c, d), low(e, f), high(e, f), low(g, h), high(g, h)];
    let quarter =
        |x, y| (_mm512_shuffle_i64x2::<0b10_00_10_00>(x, y), _mm512_shuffle_i64x2::<0b11_01_11_01>(x, y));
    let [(p0, p2), (p1, p3)] = [quarter(pairs[0], pairs[2]), quarter(pairs[1], pairs[3])];
    let [(q0, q2), (q1, q3)] = [quarter(pairs[4], pairs[6]), quarter(pairs[5], pairs[7])];
    let halves =
        |x, y| (_mm512_shuffle_i64x2::<0b10_00_10_00>(x, y), _mm512_shuffle_i64x2::<0b11_01_11_01>(x, y));
    let [(r0, r4), (r1, r5)] = [halves(p0, q0), halves(p1, q1)];
    let [(r2, r6), (r3, r7)] = [halves(p2, q2), halves(p3, q3)];
    [r0, r1, r2, r3, r4, r5, r6, r7]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_buckets(buckets: [&Words; LANES]) -> Jacobian {
    let half = |first: usize| {
        // SAFETY: eight words from `first` on lie within sixteen.
        transpose(buckets.map(|words| unsafe { _mm512_loadu_si512(words[first..first + 8].as_ptr().cast()) }))
    };
    let [x0, x1, x2, x3, x4, y0, y1, y2] = half(0);
    let [y3, y4, z0, z1, z2, z3, z4, _] = half(8);
    Jacobian { x: [x0, x1, x2, x3, x4], y: [y0, y1, y2, y3, y4], z: [z0, z1, z2, z3, z4] }
}

/// The point as eight buckets.
#[inline]
#[target_feature(enable = "avx512f")]
fn to_buckets(Jacobian { x, y, z }: Jacobian) -> [Words; LANES] {
    let halves = [
        transpose([x[0], x[1], x[2], x[3], x[4], y[0], y[1], y[2]]),
        transpose([y[3], y[4], z[0], z[1], z[2], z[3], z[4], _mm512_setzero_si512()]),
    ];
    let mut buckets = [[0; 16]; LANES];
    for (lane, words) in buckets.iter_mut().enumerate() {
        let (low, high) = words.split_at_mut(8);
        // SAFETY: both parts have eight words.
        unsafe {
            _mm512_storeu_si512(low.as_mut_ptr().cast(), halves[0][lane]);
            _mm512_storeu_si512(high.as_mut_ptr().cast(), halves[1][lane]);
        }
    }
    buckets
}

/// $\sum_k d_{kl} P_k$ for every lane $l$, with the offsets' [`correction`] still in it. Digits are at most `buckets` in
/// magnitude.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn digit_sums(
    points: &[PreparedPoint],
    digits: &[[i16; LANES]],
    buckets: usize,
) -> [G1Projective; LANES] {
    let curve = Curve::new();
    let [bucket, running, total] = offsets().map(|point| {
        let [[x, y]] = prepare(&[point])[..] else {
            return lift(Affine { x: splat([0; 5]), y: splat([0; 5]) });
        };
        lift(Affine { x: splat(x), y: splat(y) })
    });
    // Bucket 0 takes the zero digits and is never read.
    let mut table: Vec<[Words; LANES]> = vec![to_buckets(bucket); buckets + 1];
    for (&[x, y], digits) in points.iter().zip(digits) {
        if digits == &[0; LANES] {
            continue;
        }
        let places = digits.map(|digit| usize::from(digit.unsigned_abs()));
        let negative =
            digits.iter().enumerate().fold(0, |mask, (lane, &digit)| mask | u8::from(digit < 0) << lane);
        let y = splat(y);
        let minus = curve.field.subtract_from::<1>(splat([0; 5]), y);
        let y = std::array::from_fn(|k| _mm512_mask_blend_epi64(negative, y[k], minus[k]));
        let old = load_buckets(std::array::from_fn(|lane| &table[places[lane]][lane]));
        let new = to_buckets(curve.add_affine(old, Affine { x: splat(x), y }));
        for ((lane, words), place) in new.into_iter().enumerate().zip(places) {
            table[place][lane] = words;
        }
    }
    let (mut running, mut total) = (running, total);
    for bucket in table[1..].iter().rev() {
        running = curve.add(running, load_buckets(bucket.each_ref()));
        total = curve.add(total, running);
    }
    let [mut x, mut y, mut z] = curve.store(total);
    for values in [&mut x, &mut y, &mut z] {
        // Lanes were in their own order, not in that of loading.
        values.swap(1, 2);
        values.swap(5, 6);
    }
    std::array::from_fn(|lane| G1Projective::new_unchecked(x[lane], y[lane], z[lane]))
}
