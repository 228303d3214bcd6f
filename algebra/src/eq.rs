//! The equality polynomial $\mathrm{eq}(r, x) = \prod_i \bigl(r_i x_i + (1 - r_i)(1 - x_i)\bigr)$.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

use crate::error::{Error, check};

const COORDINATES: &str = "the number of a point's coordinates";

/// $\lfloor x / 2^n \rfloor$ for any $n$.
fn shifted(x: usize, n: usize) -> usize {
    u32::try_from(n).ok().and_then(|n| x.checked_shr(n)).unwrap_or(0)
}

/// The last $n$ bits of $x$, the most significant first.
fn bits(x: usize, n: usize) -> impl Iterator<Item = bool> {
    (0..n).rev().map(move |k| shifted(x, k) & 1 == 1)
}

/// $\mathrm{eq}(r, x)$ for the first `length` of the $2^n$ hypercube points $x$, in index order; zero for indices beyond
/// them, which no point has.
pub fn table(point: &[Fr], length: usize) -> Vec<Fr> {
    let Some(last) = length.checked_sub(1) else { return vec![] };
    // Level by level, keeping only the prefix that the wanted rows need.
    let mut rows = vec![Fr::one()];
    for (&r, left) in point.iter().zip((0..point.len()).rev()) {
        let needed = shifted(last, left).saturating_add(1);
        let mut next = Vec::with_capacity(needed.saturating_add(1));
        for row in rows {
            let one = row * r;
            next.push(row - one);
            next.push(one);
        }
        next.truncate(needed);
        rows = next;
    }
    rows.resize(length, Fr::zero());
    rows
}

/// $\mathrm{eq}(r, x)$ for two points of the same number of variables.
///
/// # Errors
/// [`Error`] when the lengths differ.
pub fn evaluate(left: &[Fr], right: &[Fr]) -> Result<Fr, Error> {
    check(COORDINATES, left.len(), right.len())?;
    let factors = left.iter().zip(right).map(|(&a, &b)| {
        let both = a * b;
        both + both + Fr::one() - a - b
    });
    Ok(factors.product())
}

/// $\prod_i (1 - r_i)$: the equality polynomial with the zero point.
pub fn evaluate_zero(point: &[Fr]) -> Fr {
    point.iter().map(|&r| Fr::one() - r).product()
}

/// $\mathrm{eq}(r, \text{bits of index})$; zero for an index that no point of the hypercube has.
pub fn evaluate_index(point: &[Fr], index: usize) -> Fr {
    if shifted(index, point.len()) > 0 {
        return Fr::zero();
    }
    point.iter().zip(bits(index, point.len())).map(|(&r, bit)| if bit { r } else { Fr::one() - r }).product()
}

/// $\sum_{x < \text{length}} \mathrm{eq}(r, x)$: the multilinear extension of "the index is below `length`".
pub fn evaluate_range(point: &[Fr], length: usize) -> Fr {
    if shifted(length, point.len()) >= 1 {
        return Fr::one();
    }
    let (mut sum, mut prefix) = (Fr::zero(), Fr::one());
    for (&r, bit) in point.iter().zip(bits(length, point.len())) {
        if bit {
            sum += prefix * (Fr::one() - r);
            prefix *= r;
        } else {
            prefix *= Fr::one() - r;
        }
    }
    sum
}

/// $\sum_{x < \text{length}} \mathrm{eq}(r, x) \mathrm{eq}(z, x)$: the multilinear extension, at $z$, of the equality
/// table cut off at `length`.
///
/// # Errors
/// [`Error`] when the points have different numbers of variables.
pub fn evaluate_prefix(r: &[Fr], z: &[Fr], length: usize) -> Result<Fr, Error> {
    evaluate_diagonal(&[r, z], length)
}

/// $\sum_{x < \text{length}} \prod_k \mathrm{eq}(r_k, x)$: the multilinear extension of "all indices are the same and
/// below `length`", in time linear in the variables. One without points.
///
/// # Errors
/// [`Error`] when the points have different numbers of variables.
pub fn evaluate_diagonal(points: &[&[Fr]], length: usize) -> Result<Fr, Error> {
    let num_vars = points.first().map_or(0, |point| point.len());
    points.iter().try_for_each(|point| check(COORDINATES, num_vars, point.len()))?;
    let side = |i: usize| -> [Fr; 2] {
        let values = points.iter().filter_map(|point| point.get(i));
        values.fold([Fr::one(); 2], |[zero, one], r| [zero * (Fr::one() - r), one * r])
    };
    // From the last variable on: everything below it, and what of it is below the length's last bits.
    let (mut whole, mut below) = (Fr::one(), Fr::zero());
    for (i, k) in (0..num_vars).rev().zip(0..) {
        let [zero, one] = side(i);
        let bit = shifted(length, k) & 1 == 1;
        below = if bit { zero * whole + one * below } else { zero * below };
        whole *= zero + one;
    }
    Ok(if shifted(length, num_vars) >= 1 { whole } else { below })
}

/// $\sum_x \mathrm{eq}(r, x) x$: the multilinear extension of the index itself.
pub fn evaluate_identity(point: &[Fr]) -> Fr {
    point.iter().fold(Fr::zero(), |sum, &r| sum + sum + r)
}

/// $\sum_x \mathrm{eq}(r, x) \max(0, x - t)$: the multilinear extension of a ramp that begins at `threshold`.
pub fn evaluate_ramp(point: &[Fr], threshold: u64) -> Fr {
    let (mut sum, mut weight, mut left) = (Fr::zero(), Fr::one(), threshold);
    let mut point = point;
    while let Some((&r, rest)) = point.split_first() {
        let half = u32::try_from(rest.len()).ok().and_then(|n| 1_u64.checked_shl(n));
        match half.and_then(|half| Some((half, left.checked_sub(half)?))) {
            Some((half, beyond)) if beyond >= half => return sum,
            // Only the upper half rises.
            Some((_, beyond)) => (weight, left) = (weight * r, beyond),
            None => {
                let half = Fr::from(2_u64).pow([u64::try_from(rest.len()).unwrap_or(u64::MAX)]);
                sum += weight * r * (half - Fr::from(left) + evaluate_identity(rest));
                weight *= Fr::one() - r;
            }
        }
        point = rest;
    }
    sum
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;

    fn point(n: usize) -> Vec<Fr> {
        let mut rng = ark_std::test_rng();
        (0..n).map(|_| Fr::rand(&mut rng)).collect()
    }

    #[test]
    fn closed_forms_match_sums_over_the_table() {
        for n in 0..6 {
            let r = point(n);
            let full = table(&r, 1 << n);
            let z: Vec<Fr> = r.iter().map(|r| *r * r + Fr::one()).collect();
            let other = table(&z, 1 << n);
            for (x, &e) in full.iter().enumerate() {
                assert_eq!(e, evaluate_index(&r, x));
                let bits: Vec<Fr> = (0..n).map(|i| Fr::from(x >> (n - 1 - i) & 1 == 1)).collect();
                assert_eq!(Ok(e), evaluate(&r, &bits));
            }
            assert_eq!(full[0], evaluate_zero(&r));
            for length in 0..=1 << n {
                assert_eq!(table(&r, length), full[..length]);
                assert_eq!(evaluate_range(&r, length), full[..length].iter().sum());
                let prefix: Fr = full[..length].iter().zip(&other).map(|(a, b)| *a * b).sum();
                assert_eq!(evaluate_prefix(&r, &z, length), Ok(prefix));
                assert_eq!(evaluate_diagonal(&[&r], length), Ok(full[..length].iter().sum()));
                let cubes = full[..length].iter().zip(&other).map(|(a, b)| *a * b * a);
                assert_eq!(evaluate_diagonal(&[&r, &z, &r], length), Ok(cubes.sum()));
            }
            let weigh =
                |f: &dyn Fn(u64) -> u64| full.iter().zip(0..).map(|(e, x)| *e * Fr::from(f(x))).sum::<Fr>();
            assert_eq!(evaluate_identity(&r), weigh(&|x| x));
            for t in 0..(2 << n) {
                assert_eq!(evaluate_ramp(&r, t), weigh(&|x| x.saturating_sub(t)), "n {n} t {t}");
            }
        }
        // On the first points of a hypercube of more dimensions than a threshold has bits, and of many.
        for (zeros, t) in [(64, 5), (65, 0), (5000, 3), (60, u64::MAX)] {
            let long = [vec![Fr::zero(); zeros], point(4)].concat();
            assert_eq!(evaluate_ramp(&long, t), evaluate_ramp(&point(4), t), "{zeros} {t}");
        }
        let high = [vec![Fr::one()], vec![Fr::zero(); 69]].concat();
        assert_eq!(evaluate_ramp(&high, 7), Fr::from(2_u64).pow([69]) - Fr::from(7_u64));
    }
}
