//! The equality polynomial $\mathrm{eq}(r, x) = \prod_i \bigl(r_i x_i + (1 - r_i)(1 - x_i)\bigr)$.

use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// $\mathrm{eq}(r, x)$ for the first `length` of the $2^n$ hypercube points $x$, in index order.
///
/// # Panics
/// When `length` is more than $2^n$.
pub fn table(point: &[Fr], length: usize) -> Vec<Fr> {
    assert!(length <= 1 << point.len(), "a table of {length} rows over {} variables", point.len());
    if length == 0 {
        return vec![];
    }
    // Level by level, keeping only the prefix that the wanted rows need.
    let mut rows = vec![Fr::one()];
    for (level, &r) in point.iter().enumerate() {
        let needed = ((length - 1) >> (point.len() - 1 - level)) + 1;
        let mut next = Vec::with_capacity(needed + 1);
        for row in rows {
            let one = row * r;
            next.push(row - one);
            next.push(one);
        }
        next.truncate(needed);
        rows = next;
    }
    rows
}

/// $\mathrm{eq}(r, x)$ for two points of the same number of variables.
///
/// # Panics
/// When the lengths differ.
pub fn evaluate(left: &[Fr], right: &[Fr]) -> Fr {
    assert_eq!(left.len(), right.len());
    left.iter()
        .zip(right)
        .map(|(&a, &b)| {
            let both = a * b;
            both + both + Fr::one() - a - b
        })
        .product()
}

/// $\prod_i (1 - r_i)$: the equality polynomial with the zero point.
pub fn evaluate_zero(point: &[Fr]) -> Fr {
    point.iter().map(|&r| Fr::one() - r).product()
}

/// $\mathrm{eq}(r, \text{bits of index})$.
pub fn evaluate_index(point: &[Fr], index: usize) -> Fr {
    let bit = |i: usize| index >> (point.len() - 1 - i) & 1 == 1;
    point.iter().enumerate().map(|(i, &r)| if bit(i) { r } else { Fr::one() - r }).product()
}

/// $\sum_{x < \text{length}} \mathrm{eq}(r, x)$: the multilinear extension of "the index is below `length`".
pub fn evaluate_range(point: &[Fr], length: usize) -> Fr {
    if length >> point.len() >= 1 {
        return Fr::one();
    }
    let (mut sum, mut prefix) = (Fr::zero(), Fr::one());
    for (i, &r) in point.iter().enumerate() {
        if length >> (point.len() - 1 - i) & 1 == 1 {
            sum += prefix * (Fr::one() - r);
            prefix *= r;
        } else {
            prefix *= Fr::one() - r;
        }
    }
    sum
}

/// $\sum_{x < \text{length}} \mathrm{eq}(r, x)\, \mathrm{eq}(z, x)$: the multilinear extension, at $z$, of the equality
/// table cut off at `length`.
///
/// # Panics
/// When the points have different numbers of variables.
pub fn evaluate_prefix(r: &[Fr], z: &[Fr], length: usize) -> Fr {
    evaluate_diagonal(&[r, z], length)
}

/// $\sum_{x < \text{length}} \prod_k \mathrm{eq}(r_k, x)$: the multilinear extension of "all indices are the same and
/// below `length`", in time linear in the variables. One without points.
///
/// # Panics
/// When the points have different numbers of variables.
pub fn evaluate_diagonal(points: &[&[Fr]], length: usize) -> Fr {
    let num_vars = points.first().map_or(0, |point| point.len());
    assert!(points.iter().all(|point| point.len() == num_vars));
    let side = |i: usize| -> [Fr; 2] {
        points
            .iter()
            .fold([Fr::one(); 2], |[zero, one], point| [zero * (Fr::one() - point[i]), one * point[i]])
    };
    // From the last variable on: everything below it, and what of it is below the length's last bits.
    let (mut whole, mut below) = (Fr::one(), Fr::zero());
    for i in (0..num_vars).rev() {
        let [zero, one] = side(i);
        let bit = length >> (num_vars - 1 - i) & 1 == 1;
        below = if bit { zero * whole + one * below } else { zero * below };
        whole *= zero + one;
    }
    if length >> num_vars >= 1 { whole } else { below }
}

/// $\sum_x \mathrm{eq}(r, x)\, x$: the multilinear extension of the index itself.
pub fn evaluate_identity(point: &[Fr]) -> Fr {
    point.iter().fold(Fr::zero(), |sum, &r| sum + sum + r)
}

/// $\sum_x \mathrm{eq}(r, x) \max(0, x - t)$: the multilinear extension of a ramp that begins at `threshold`, in time
/// linear in the variables.
pub fn evaluate_ramp(point: &[Fr], threshold: u64) -> Fr {
    let Some((&r, rest)) = point.split_first() else { return Fr::zero() };
    let half = 1_u64 << rest.len();
    if threshold >= half {
        return if threshold >= 2 * half { Fr::zero() } else { r * evaluate_ramp(rest, threshold - half) };
    }
    let above = Fr::from(half - threshold) + evaluate_identity(rest);
    (Fr::one() - r) * evaluate_ramp(rest, threshold) + r * above
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
                let bits: Vec<Fr> = (0..n).map(|i| Fr::from((x >> (n - 1 - i) & 1) as u64)).collect();
                assert_eq!(e, evaluate(&r, &bits));
            }
            assert_eq!(full[0], evaluate_zero(&r));
            for length in 0..=1 << n {
                assert_eq!(table(&r, length), full[..length]);
                assert_eq!(evaluate_range(&r, length), full[..length].iter().sum());
                let prefix: Fr = full[..length].iter().zip(&other).map(|(a, b)| *a * b).sum();
                assert_eq!(evaluate_prefix(&r, &z, length), prefix);
                assert_eq!(evaluate_diagonal(&[&r], length), full[..length].iter().sum());
                let cubes = full[..length].iter().zip(&other).map(|(a, b)| *a * b * a);
                assert_eq!(evaluate_diagonal(&[&r, &z, &r], length), cubes.sum());
            }
            let weigh =
                |f: &dyn Fn(u64) -> u64| full.iter().zip(0..).map(|(e, x)| *e * Fr::from(f(x))).sum::<Fr>();
            assert_eq!(evaluate_identity(&r), weigh(&|x| x));
            for t in 0..(2 << n) {
                assert_eq!(evaluate_ramp(&r, t), weigh(&|x| x.saturating_sub(t)), "n {n} t {t}");
            }
        }
    }
}
