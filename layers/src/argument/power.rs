//! Power vectors as points of multilinear extensions.
//!
//! **Statement.** The vector $(1, u, u^2, \dots)$ over $2^n$ positions is a tensor: position $i$ with bits $i_k$ holds
//! $\prod_k t_k^{i_k}$ for $t_k = u^{2^k}$. So for any table $x$
//! $$ \sum_i u^i x_i = \prod_k (1 + t_k) \cdot \widetilde x(r), \qquad r_k = \frac{t_k}{1 + t_k}: $$
//! a polynomial's value is a value of the multilinear extension of its coefficients, which the ordinary opening serves.
//! Positions that are not stored are coefficients that are zero.
//!
//! The $t_k$ need not be powers of one $u$: several axes with a challenge each, or a leading variable that shifts the upper
//! half, are tensors too.
//!
//! **Soundness error.** None of its own. The factors exist unless some $1 + t_k$ is zero, which a random $u$ meets with
//! probability below $2^n / |\mathbb F|$; a verifier then rejects.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};

/// The point and the factor that turn an evaluation of a polynomial into one of a multilinear extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerPoint {
    /// $r$, most significant variable first.
    pub point: Vec<Fr>,
    /// $\prod_k (1 + t_k)$, never zero.
    pub scale: Fr,
}

/// $t_{n-1}, \dots, t_0$ with $t_k = u^{2^k}$: what each variable multiplies a position's weight by, most significant first.
pub fn ratios(base: Fr, num_vars: usize) -> Vec<Fr> {
    let mut ratios: Vec<Fr> =
        std::iter::successors(Some(base), |t| Some(t.square())).take(num_vars).collect();
    ratios.reverse();
    ratios
}

impl PowerPoint {
    /// The point where each variable multiplies weights by its ratio; none when a ratio is $-1$.
    pub fn new(ratios: &[Fr]) -> Option<Self> {
        let sums: Vec<Fr> = ratios.iter().map(|t| Fr::one() + t).collect();
        let scale: Fr = sums.iter().product();
        if scale.is_zero() {
            return None;
        }
        let mut inverses = sums;
        ark_ff::batch_inversion(&mut inverses);
        let point = ratios.iter().zip(inverses).map(|(t, inverse)| *t * inverse).collect();
        Some(Self { point, scale })
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use tacit_algebra::{Mle, eq};

    use super::*;

    #[test]
    fn a_polynomials_value_is_one_of_its_coefficients_extension() {
        let mut rng = ark_std::test_rng();
        for (n, length) in [(0, 1), (1, 2), (4, 11), (5, 32), (3, 1)] {
            let coefficients: Vec<Fr> = (0..length).map(|_| Fr::rand(&mut rng)).collect();
            let u = Fr::rand(&mut rng);
            let horner = coefficients.iter().rev().fold(Fr::zero(), |sum, c| sum * u + c);
            let PowerPoint { point, scale } = PowerPoint::new(&ratios(u, n)).unwrap();
            assert_eq!(scale * Mle::new(coefficients, n).unwrap().evaluate(&point).unwrap(), horner);
        }
    }

    #[test]
    fn weights_are_products_of_ratios() {
        let mut rng = ark_std::test_rng();
        let t: Vec<Fr> = (0..3).map(|_| Fr::rand(&mut rng)).collect();
        let PowerPoint { point, scale } = PowerPoint::new(&t).unwrap();
        for (index, weight) in eq::table(&point, 8).into_iter().enumerate() {
            let expected: Fr = (0..3).filter(|k| index >> (2 - k) & 1 == 1).map(|k| t[k]).product();
            assert_eq!(scale * weight, expected, "position {index}");
        }
    }

    #[test]
    fn a_ratio_of_minus_one_has_no_point() {
        assert_eq!(PowerPoint::new(&ratios(-Fr::one(), 1)), None);
        // (-1)^2 = 1, but the last variable's ratio is still -1.
        assert_eq!(PowerPoint::new(&ratios(-Fr::one(), 2)), None);
        assert!(PowerPoint::new(&ratios(Fr::one(), 2)).is_some());
    }
}
