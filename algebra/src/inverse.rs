//! Inverses in BN254's base field by the greatest common divisor of Bernstein and Yang, 62 division steps at a time. Runs
//! in variable time.
//!
//! **Reference.** D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation and modular inversion", TCHES 2019;
//! the arrangement in 62-bit limbs is that of libsecp256k1.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "field arithmetic: words of an element"
)]

use ark_bn254::{Fq, FqConfig};
use ark_ff::{BigInt, MontConfig, One, PrimeField, Zero};

/// Bits of a limb and division steps between updates.
const BITS: u32 = 62;
const MASK: u64 = (1 << BITS) - 1;

/// An integer in limbs of 62 bits; the last carries the sign.
type Signed = [i64; 5];

/// A matrix of division steps, times $2^{62}$.
#[derive(Clone, Copy)]
struct Steps {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

const fn to_signed(x: [u64; 4]) -> Signed {
    [
        (x[0] & MASK) as i64,
        ((x[0] >> 62 | x[1] << 2) & MASK) as i64,
        ((x[1] >> 60 | x[2] << 4) & MASK) as i64,
        ((x[2] >> 58 | x[3] << 6) & MASK) as i64,
        (x[3] >> 56) as i64,
    ]
}

const fn from_signed(x: Signed) -> [u64; 4] {
    let x = [x[0] as u64, x[1] as u64, x[2] as u64, x[3] as u64, x[4] as u64];
    [x[0] | x[1] << 62, x[1] >> 2 | x[2] << 60, x[2] >> 4 | x[3] << 58, x[3] >> 6 | x[4] << 56]
}

const MODULUS: Signed = to_signed(Fq::MODULUS.0);

/// $p^{-1} \bmod 2^{62}$.
const MODULUS_INVERSE: u64 = {
    let p = Fq::MODULUS.0[0];
    let mut inverse = 1_u64;
    let mut step = 0;
    while step < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(p.wrapping_mul(inverse)));
        step += 1;
    }
    inverse & MASK
};

/// Division steps on the low words of $f$ and $g$.
fn division_steps(mut eta: i64, f: i64, g: i64) -> (i64, Steps) {
    let (mut f, mut g) = (f as u64, g as u64);
    let (mut u, mut v, mut q, mut r) = (1_u64, 0_u64, 0_u64, 1_u64);
    let mut left = BITS;
    loop {
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        (u, v) = (u << zeros, v << zeros);
        eta -= i64::from(zeros);
        left -= zeros;
        if left == 0 {
            break;
        }
        // A multiple of f that clears as many low bits of g as may be done before the next exchange.
        let factor = if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
            let limit = left.min((eta + 1) as u32).min(6);
            f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & ((1 << limit) - 1)
        } else {
            let limit = left.min((eta + 1).min(4) as u32);
            let inverse = f.wrapping_add((f.wrapping_add(1) & 4) << 1);
            inverse.wrapping_neg().wrapping_mul(g) & ((1 << limit) - 1)
        };
        g = g.wrapping_add(f.wrapping_mul(factor));
        q = q.wrapping_add(u.wrapping_mul(factor));
        r = r.wrapping_add(v.wrapping_mul(factor));
    }
    (eta, Steps { u: u as i64, v: v as i64, q: q as i64, r: r as i64 })
}

fn product(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

const fn low(x: i128) -> i64 {
    (x as u64 & MASK) as i64
}

/// Applies the steps to $f$ and $g$, whose low bits they clear.
fn update(f: &mut Signed, g: &mut Signed, Steps { u, v, q, r }: Steps) {
    let mut sums = [0_i128; 2];
    for k in 0..5 {
        sums[0] += product(u, f[k]) + product(v, g[k]);
        sums[1] += product(q, f[k]) + product(r, g[k]);
        if k > 0 {
            (f[k - 1], g[k - 1]) = (low(sums[0]), low(sums[1]));
        }
        sums = sums.map(|sum| sum >> BITS);
    }
    (f[4], g[4]) = (sums[0] as i64, sums[1] as i64);
}

/// Applies the steps to the coefficients $d$ and $e$ modulo $p$, both in $(-2 p, p)$.
fn update_coefficients(d: &mut Signed, e: &mut Signed, Steps { u, v, q, r }: Steps) {
    let signs = [d[4] >> 63, e[4] >> 63];
    // Multiples of p that clear the low bits.
    let multiple = |a: i64, b: i64| {
        let start = (a & signs[0]) + (b & signs[1]);
        let sum = product(a, d[0]) + product(b, e[0]);
        let low = MODULUS_INVERSE.wrapping_mul(sum as u64).wrapping_add(start as u64) & MASK;
        start - low as i64
    };
    let multiples = [multiple(u, v), multiple(q, r)];
    let mut sums = [0_i128; 2];
    for k in 0..5 {
        sums[0] += product(u, d[k]) + product(v, e[k]) + product(MODULUS[k], multiples[0]);
        sums[1] += product(q, d[k]) + product(r, e[k]) + product(MODULUS[k], multiples[1]);
        if k > 0 {
            (d[k - 1], e[k - 1]) = (low(sums[0]), low(sums[1]));
        }
        sums = sums.map(|sum| sum >> BITS);
    }
    (d[4], e[4]) = (sums[0] as i64, sums[1] as i64);
}

/// Passes carries on.
fn carry(mut x: Signed) -> Signed {
    for k in 0..4 {
        x[k + 1] += x[k] >> BITS;
        x[k] &= MASK as i64;
    }
    x
}

/// The inverse; zero for zero.
pub fn invert_or_zero(x: Fq) -> Fq {
    if x.is_zero() {
        return x;
    }
    let (mut d, mut e) = ([0; 5], [1, 0, 0, 0, 0]);
    let (mut f, mut g) = (MODULUS, to_signed(x.0.0));
    let mut eta = -1;
    while g != [0; 5] {
        let steps;
        (eta, steps) = division_steps(eta, f[0], g[0]);
        update_coefficients(&mut d, &mut e, steps);
        update(&mut f, &mut g, steps);
    }
    // f is the divisor, one or minus one, and d its coefficient.
    let add_if_negative = |x: Signed| {
        let sign = x[4] >> 63;
        carry(std::array::from_fn(|k| x[k] + (MODULUS[k] & sign)))
    };
    let d = add_if_negative(d);
    let d = if f[4] < 0 { carry(d.map(|limb| -limb)) } else { d };
    let integer = from_signed(add_if_negative(d));
    // Of x R this is x^{-1} R^{-1}: a product with R^3 gives x^{-1} R.
    Fq::new_unchecked(BigInt(integer)) * Fq::new_unchecked(BigInt(CUBE))
}

/// Inverts all with one inversion; leaves zeros alone.
pub fn invert_all(values: &mut [Fq]) {
    let mut product = Fq::one();
    let mut products = Vec::with_capacity(values.len());
    for value in values.iter() {
        products.push(product);
        if !value.is_zero() {
            product *= value;
        }
    }
    let mut inverse = invert_or_zero(product);
    for (value, product) in values.iter_mut().zip(products).rev() {
        if !value.is_zero() {
            (*value, inverse) = (inverse * product, inverse * *value);
        }
    }
}

/// $R^3 \bmod p$ for $R = 2^{256}$.
const CUBE: [u64; 4] = Fq::new(FqConfig::R2).0.0;

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    use super::*;

    #[test]
    fn inverses_are_those_of_the_field_library() {
        let mut rng = ark_std::test_rng();
        let two = Fq::from(2_u64);
        let powers = (0..256).flat_map(|k| [two.pow([k]), -two.pow([k]), two.pow([k]).inverse().unwrap()]);
        let raw = (0..254).map(|k| {
            let mut words = [0_u64; 4];
            words[k / 64] = 1 << (k % 64);
            Fq::new_unchecked(BigInt(words))
        });
        let random = (0..2000).map(|_| Fq::rand(&mut rng));
        for x in [Fq::one(), -Fq::one()].into_iter().chain(powers).chain(raw).chain(random) {
            assert_eq!(Some(invert_or_zero(x)), x.inverse(), "of {x}");
        }
        assert_eq!(invert_or_zero(Fq::ZERO), Fq::ZERO);
        let mut all: Vec<Fq> = (0..9_u64).map(|i| Fq::from(i % 4)).collect();
        invert_all(&mut all);
        assert!((0..9_u64).zip(all).all(|(i, x)| x == Fq::from(i % 4).inverse().unwrap_or_default()));
    }
}
