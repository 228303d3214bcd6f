//! The reference kernel: one element at a time, by arkworks' field arithmetic and by sums of products that are reduced once.

use ark_bn254::Fr;
use ark_ff::Field;

use self::wide::WideSum;
use super::{
    AffineKernel, Kernel, Sides,
    rows::{EntryForm, FractionForm},
};
use crate::small::{SmallSum, from_i64, reduce_all};

mod wide;

/// A row clipped, less the lower bound.
fn clip(row: i64, [lower, upper]: [u32; 2]) -> i64 {
    row.max(lower.into()).min(upper.into()) - i64::from(lower)
}

/// The reference kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

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

    fn bind_pairs(&self, source: &[Fr], target: &mut [Fr], r: Fr) {
        for (target, [zero, one]) in target.iter_mut().zip(source.as_chunks().0) {
            *target = *zero + r * (*one - zero);
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
        let mut sum = WideSum::default();
        for (a, b) in a.iter().zip(b) {
            sum.add_product(a, b);
        }
        sum.reduce()
    }

    fn product_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2] {
        let mut sums = [WideSum::default(); 2];
        for ((a0, a1), (b0, b1)) in a.0.iter().zip(a.1).zip(b.0.iter().zip(b.1)) {
            sums[0].add_product(a0, b0);
            sums[1].add_product(&(*a1 - a0), &(*b1 - b0));
        }
        sums.map(WideSum::reduce)
    }

    fn multiply(&self, target: &mut [Fr], source: &[Fr]) {
        for (target, source) in target.iter_mut().zip(source) {
            *target *= source;
        }
    }

    fn add_scaled(&self, target: &mut [Fr], source: &[Fr], scale: Fr) {
        for (target, source) in target.iter_mut().zip(source) {
            *target += scale * source;
        }
    }

    fn add_products(&self, target: &mut [Fr], a: &[Fr], b: &[Fr]) {
        for (target, (a, b)) in target.iter_mut().zip(a.iter().zip(b)) {
            *target += *a * b;
        }
    }

    fn add_fractions(&self, p: [&[Fr]; 2], q: [&[Fr]; 2], sum: [Sides; 2]) {
        let [p_sum, q_sum] = sum;
        for i in 0..q[0].len() {
            p_sum[i % 2][i / 2] = Fr::sum_of_products(&[p[0][i], p[1][i]], &[q[1][i], q[0][i]]);
            q_sum[i % 2][i / 2] = q[0][i] * q[1][i];
        }
    }

    fn add_reciprocals(&self, q: [&[Fr]; 2], sum: [Sides; 2]) {
        let [p_sum, q_sum] = sum;
        for i in 0..q[0].len() {
            p_sum[i % 2][i / 2] = q[0][i] + q[1][i];
            q_sum[i % 2][i / 2] = q[0][i] * q[1][i];
        }
    }

    fn weighted_round(&self, a: &[Fr], b: &[Fr], weights: &[Fr]) -> [Fr; 2] {
        let mut sums = [WideSum::default(); 2];
        for (weight, ([a0, a1], [b0, b1])) in weights.iter().zip(a.as_chunks().0.iter().zip(b.as_chunks().0))
        {
            sums[0].add_product(weight, &(*a0 * b0));
            sums[1].add_product(weight, &((*a1 - a0) * (*b1 - b0)));
        }
        sums.map(WideSum::reduce)
    }

    fn fraction_round(&self, tables: [&[Fr]; 4], weights: &[Fr]) -> [Fr; 2] {
        let mut sums = [WideSum::default(); 2];
        for (i, weight) in weights.iter().enumerate() {
            let [p0, bracket, q0, q1] = tables.map(|table| table[2 * i]);
            let at_zero = Fr::sum_of_products(&[p0, q0], &[q1, bracket]);
            let [p0, bracket, q0, q1] = tables.map(|table| table[2 * i + 1] - table[2 * i]);
            let at_infinity = Fr::sum_of_products(&[p0, q0], &[q1, bracket]);
            sums[0].add_product(weight, &at_zero);
            sums[1].add_product(weight, &at_infinity);
        }
        sums.map(WideSum::reduce)
    }

    fn integer_round(&self, integers: &[[u32; 4]], weights: &[Fr]) -> [Fr; 4] {
        let mut sums = [SmallSum::default(); 4];
        for (weight, integers) in weights.iter().zip(integers) {
            let [a, b, a1, b1] = integers.map(i64::from);
            let terms = [1, a + b, a * b, (a1 - a) * (b1 - b)];
            for (sum, term) in sums.iter_mut().zip(terms) {
                sum.add(weight, term);
            }
        }
        sums.map(SmallSum::reduce)
    }

    fn clipped_round(&self, integers: &[[u32; 4]], weights: &[Fr], bounds: [u32; 2]) -> [Fr; 9] {
        let [lower, upper] = bounds.map(i64::from);
        let mut sums = [SmallSum::default(); 9];
        for (weight, integers) in weights.iter().zip(integers) {
            let integers = integers.map(i64::from);
            let ([a, b, a1, b1], [c, d, c1, d1]) =
                (integers, integers.map(|integer| integer.max(lower).min(upper) - lower));
            let slopes = [[a1 - a, b1 - b], [c1 - c, d1 - d]];
            let [[a1, b1], [c1, d1]] = slopes;
            let plain = [1, a + b, a * b, a1 * b1];
            let clipped = [c + d, a * d + c * b, c * d, a1 * d1 + c1 * b1, c1 * d1];
            for (sum, term) in sums.iter_mut().zip(plain.into_iter().chain(clipped)) {
                sum.add(weight, term);
            }
        }
        sums.map(SmallSum::reduce)
    }

    fn prefers_rows(&self) -> bool {
        false
    }

    fn row_entries(&self, rows: &[[u32; 4]], form: &EntryForm, [even, odd]: Sides) {
        let pairs = form.weights.as_chunks::<2>().0;
        let sides = even.iter_mut().zip(odd);
        for ((even, odd), rows) in sides.zip(rows.chunks_exact(pairs.len())) {
            let mut sums = [SmallSum::default(); 2];
            for (weights, &[a, b, a1, b1]) in pairs.iter().zip(rows) {
                for (weights, rows) in weights.iter().zip([[a, b], [a1, b1]]) {
                    for (sum, row) in sums.iter_mut().zip(rows) {
                        sum.add(&weights[0], row.into());
                        if let Some(bounds) = form.clip {
                            sum.add(&weights[1], clip(row.into(), bounds));
                        }
                    }
                }
            }
            [*even, *odd] = sums.map(|sum| form.constant + sum.reduce());
        }
    }

    fn row_fractions(&self, rows: &[[u32; 4]], form: &FractionForm, [p, q]: [Sides; 2]) {
        let ([p_even, p_odd], [q_even, q_odd]) = (p, q);
        let targets = p_even.iter_mut().zip(p_odd).zip(q_even.iter_mut().zip(q_odd));
        for (((p_even, p_odd), (q_even, q_odd)), rows) in
            targets.zip(rows.chunks_exact(form.numerators.len()))
        {
            let mut sums = [[SmallSum::default(); 2]; 2];
            for ((numerator, denominator), &[a, b, a1, b1]) in
                form.numerators.iter().zip(&form.denominators).zip(rows)
            {
                for ([p, q], [a, b]) in sums.iter_mut().zip([[a, b], [a1, b1]]) {
                    let [a, b] = [a, b].map(i64::from);
                    p.add(&numerator[0], a + b);
                    q.add(&denominator[0], a + b);
                    q.add(&denominator[1], a * b);
                    if let Some(bounds) = form.clip {
                        let [c, d] = [a, b].map(|row| clip(row, bounds));
                        p.add(&numerator[1], c + d);
                        q.add(&denominator[2], c + d);
                        q.add(&denominator[3], a * d + c * b);
                        q.add(&denominator[4], c * d);
                    }
                }
            }
            let [first, second] = form.constants;
            [[*p_even, *q_even], [*p_odd, *q_odd]] =
                sums.map(|[p, q]| [first + p.reduce(), second + q.reduce()]);
        }
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
