//! Additions of affine points of BN254 G1 in batches that share an inversion, complete: for any points of the curve.
//!
//! A slope is $(y_2 - y_1) / (x_2 - x_1)$; points with equal $x$ are told apart and doubled or cancelled, infinity is
//! neutral.

use ark_bn254::{Fq, G1Affine, g1::Config as G1Config};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField};

use super::portable::Portable;
use crate::inverse::invert_all;

/// An affine point as a kernel keeps it: $x$ and $y$ below the modulus, in the kernel's own representation. Zeros stand
/// for infinity: $(0, 0)$ is not on the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(align(64))]
pub struct PackedPoint {
    /// The representation of $x$.
    pub x: [u64; 4],
    /// The representation of $y$.
    pub y: [u64; 4],
}

impl PackedPoint {
    /// The point at infinity.
    pub const INFINITY: Self = Self { x: [0; 4], y: [0; 4] };

    /// The negative, of a point other than infinity.
    #[must_use]
    pub fn negative(self) -> Self {
        let mut borrow = false;
        let y = std::array::from_fn(|k| {
            let (difference, first) = Fq::MODULUS.0[k].overflowing_sub(self.y[k]);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            borrow = first | second;
            difference
        });
        Self { x: self.x, y }
    }
}

/// Arithmetic on any points of the curve, on one core.
pub trait AffineKernel: Sync {
    /// The points as this kernel adds them.
    fn pack(&self, points: &[G1Affine]) -> Vec<PackedPoint>;

    /// Images under the endomorphism $(x, y) \mapsto (\beta x, y)$, which multiplies by $\lambda$.
    fn images(&self, points: &[PackedPoint]) -> Vec<PackedPoint>;

    /// What [`AffineKernel::pack`] made of the point.
    fn unpack(&self, point: &PackedPoint) -> G1Affine;

    /// Adds to each pair's first point its second. A first point is in no other pair.
    fn add_pairs(&self, points: &mut [PackedPoint], pairs: &[[u32; 2]]);

    /// Subtracts from each pair's first point its second. A first point is in no other pair.
    fn subtract_pairs(&self, points: &mut [PackedPoint], pairs: &[[u32; 2]]);

    /// Raises each value to the power of [`ROOT`].
    fn raise_to_root(&self, values: &mut [Fq]);
}

/// The fastest kernel that this processor can run.
pub fn kernel() -> &'static dyn AffineKernel {
    #[cfg(feature = "vector")]
    return super::backend().affine();
    #[cfg(not(feature = "vector"))]
    return &Portable;
}

/// A power of each value that is a square root of it or of its negative: the prime is 3 modulo 4, and the exponent is
/// $(p + 1) / 4$.
pub const ROOT: BigInt<4> = {
    // The quarter of p is cut off; p ends in 11, so that adding one leaves a multiple of four.
    let p = Fq::MODULUS.0;
    let words = [p[0] >> 2 | p[1] << 62, p[1] >> 2 | p[2] << 62, p[2] >> 2 | p[3] << 62, p[3] >> 2];
    BigInt([words[0] + 1, words[1], words[2], words[3]])
};

/// Additions that share an inversion in the portable kernel.
const BATCH: usize = 512;

/// What a pair's sum is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Chord,
    Tangent,
    Known(PackedPoint),
}

const fn element(words: [u64; 4]) -> Fq {
    Fq::new_unchecked(BigInt(words))
}

/// The case of $p + q$ and the slope's denominator.
fn case(p: &PackedPoint, q: &PackedPoint) -> (Case, Fq) {
    if p.x != q.x && *p != PackedPoint::INFINITY && *q != PackedPoint::INFINITY {
        return (Case::Chord, element(q.x) - element(p.x));
    }
    let known = |point| (Case::Known(point), Fq::ZERO);
    match (*p == PackedPoint::INFINITY, *q == PackedPoint::INFINITY) {
        (true, _) => known(*q),
        (_, true) => known(*p),
        _ if p.y == q.y => (Case::Tangent, element(p.y).double()),
        _ => known(PackedPoint::INFINITY),
    }
}

/// [`AffineKernel::add_pairs`], or with negatives of the second points.
fn add_pairs(points: &mut [PackedPoint], pairs: &[[u32; 2]], negative: bool) {
    let second = |points: &[PackedPoint], q: u32| {
        let point = points[q as usize];
        if negative && point != PackedPoint::INFINITY { point.negative() } else { point }
    };
    let mut cases = Vec::with_capacity(BATCH);
    let mut inverses = Vec::with_capacity(BATCH);
    for pairs in pairs.chunks(BATCH) {
        cases.clear();
        inverses.clear();
        for &[p, q] in pairs {
            let (case, denominator) = case(&points[p as usize], &second(points, q));
            cases.push(case);
            inverses.push(denominator);
        }
        // Zeros are left alone.
        invert_all(&mut inverses);
        for ((&[p, q], case), inverse) in pairs.iter().zip(&cases).zip(&inverses) {
            let [target, other] = [points[p as usize], second(points, q)];
            let [x, y] = [element(target.x), element(target.y)];
            let numerator = match case {
                Case::Known(point) => {
                    points[p as usize] = *point;
                    continue;
                }
                Case::Chord => element(other.y) - y,
                Case::Tangent => {
                    let square = x * x;
                    square.double() + square
                }
            };
            let slope = numerator * inverse;
            let sum = slope * slope - x - element(other.x);
            points[p as usize] = PackedPoint { x: sum.0.0, y: (slope * (x - sum) - y).0.0 };
        }
    }
}

impl AffineKernel for Portable {
    fn pack(&self, points: &[G1Affine]) -> Vec<PackedPoint> {
        points.iter().map(|point| PackedPoint { x: point.x.0.0, y: point.y.0.0 }).collect()
    }

    fn images(&self, points: &[PackedPoint]) -> Vec<PackedPoint> {
        let beta = G1Config::ENDO_COEFFS[0];
        points.iter().map(|point| PackedPoint { x: (element(point.x) * beta).0.0, y: point.y }).collect()
    }

    fn unpack(&self, point: &PackedPoint) -> G1Affine {
        G1Affine::new_unchecked(element(point.x), element(point.y))
    }

    fn add_pairs(&self, points: &mut [PackedPoint], pairs: &[[u32; 2]]) {
        add_pairs(points, pairs, false);
    }

    fn subtract_pairs(&self, points: &mut [PackedPoint], pairs: &[[u32; 2]]) {
        add_pairs(points, pairs, true);
    }

    fn raise_to_root(&self, values: &mut [Fq]) {
        for value in values {
            *value = value.pow(ROOT);
        }
    }
}
