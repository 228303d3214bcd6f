//! The reference kernel: arkworks' field arithmetic, one element at a time.

use ark_bn254::Fr;
use ark_ff::Zero;

use super::{AffineKernel, FractionHalves, Kernel};
use crate::small::{SmallSum, from_i64, reduce_all};

/// The reference kernel.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

impl Kernel for Portable {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn affine(&self) -> &dyn AffineKernel {
        self
    }

    fn bind(&self, low: &mut [Fr], high: &[Fr], r: Fr) {
        for (low, high) in low.iter_mut().zip(high) {
            *low += r * (*high - *low);
        }
    }

    fn split(&self, zero: &mut [Fr], one: &mut [Fr], r: Fr) {
        let (paired, rest) = zero.split_at_mut(one.len());
        for (zero, one) in paired.iter_mut().zip(one) {
            *one = *zero * r;
            *zero -= *one;
        }
        for zero in rest {
            *zero -= *zero * r;
        }
    }

    fn inner_product(&self, a: &[Fr], b: &[Fr]) -> Fr {
        a.iter().zip(b).map(|(a, b)| *a * b).sum()
    }

    fn product_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2] {
        let sides = a.0.iter().zip(a.1).zip(b.0.iter().zip(b.1));
        sides.fold([Fr::zero(); 2], |[constant, leading], ((a0, a1), (b0, b1))| {
            [constant + *a0 * b0, leading + (*a1 - a0) * (*b1 - b0)]
        })
    }

    fn add_scaled(&self, target: &mut [Fr], source: &[Fr], scale: Fr) {
        for (target, source) in target.iter_mut().zip(source) {
            *target += scale * source;
        }
    }

    fn add_fractions(&self, p: [&[Fr]; 2], q: [&[Fr]; 2], sum: [&mut [Fr]; 2]) {
        let [p_sum, q_sum] = sum;
        for (i, (p_sum, q_sum)) in p_sum.iter_mut().zip(q_sum).enumerate() {
            *p_sum = p[0][i] * q[1][i] + p[1][i] * q[0][i];
            *q_sum = q[0][i] * q[1][i];
        }
    }

    fn add_reciprocals(&self, q: [&[Fr]; 2], sum: [&mut [Fr]; 2]) {
        let [p_sum, q_sum] = sum;
        for (i, (p_sum, q_sum)) in p_sum.iter_mut().zip(q_sum).enumerate() {
            *p_sum = q[0][i] + q[1][i];
            *q_sum = q[0][i] * q[1][i];
        }
    }

    fn weighted_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr]), weights: &[Fr]) -> [Fr; 2] {
        weights.iter().enumerate().fold([Fr::zero(); 2], |[constant, leading], (i, weight)| {
            let slopes = (a.1[i] - a.0[i]) * (b.1[i] - b.0[i]);
            [constant + *weight * (a.0[i] * b.0[i]), leading + *weight * slopes]
        })
    }

    fn fraction_round(&self, tables: FractionHalves, weights: &[Fr]) -> [Fr; 2] {
        let [p0, bracket, q0, q1] = tables;
        weights.iter().enumerate().fold([Fr::zero(); 2], |[constant, leading], (i, weight)| {
            let slope = |(low, high): (&[Fr], &[Fr])| high[i] - low[i];
            let at_zero = p0.0[i] * q1.0[i] + q0.0[i] * bracket.0[i];
            let at_infinity = slope(p0) * slope(q1) + slope(q0) * slope(bracket);
            [constant + *weight * at_zero, leading + *weight * at_infinity]
        })
    }

    fn fold_bytes(&self, weights: &[Fr], rows: &[&[i8]], columns: usize) -> Vec<Fr> {
        let mut sums = vec![SmallSum::default(); columns];
        for (weight, row) in weights.iter().zip(rows) {
            for (sum, &value) in sums.iter_mut().zip(*row) {
                sum.add(weight, i64::from(value));
            }
        }
        reduce_all(&sums)
    }

    fn fold_integers(&self, weights: &[Fr], rows: &[&[i64]], columns: usize) -> Vec<Fr> {
        let mut sums = vec![SmallSum::default(); columns];
        let mut large = vec![];
        for (weight, row) in weights.iter().zip(rows) {
            for (column, (sum, &value)) in sums.iter_mut().zip(*row).enumerate() {
                if value.unsigned_abs() > crate::small::MAX_MAGNITUDE {
                    large.push((column, *weight * from_i64(value)));
                } else if value != 0 {
                    sum.add(weight, value);
                }
            }
        }
        let mut folded = reduce_all(&sums);
        for (column, product) in large {
            folded[column] += product;
        }
        folded
    }
}
