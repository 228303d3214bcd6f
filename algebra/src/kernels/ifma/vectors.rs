//! Loops over vectors of field elements, eight lanes at a time.

use ark_bn254::{Fr, FrConfig};

use super::{
    Lanes, Pairs,
    lanes::{Accumulator, Field, LANES, constant},
};

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn bind(low: &mut [[Fr; LANES]], high: &[[Fr; LANES]], r: Fr) {
    let field = Field::<FrConfig>::new();
    let r = constant(r);
    for (low, high) in low.iter_mut().zip(high) {
        let (a, b) = (field.load(low), field.load(high));
        let product = field.multiply(field.subtract(b, a), r);
        field.store(low, field.add(a, product));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn bind_pairs(source: &[Pairs], target: &mut [[Fr; LANES]], r: Fr) {
    let field = Field::<FrConfig>::new();
    let r = constant(r);
    for (source, target) in source.iter().zip(target) {
        let [zero, one] = field.load_pairs(source);
        let product = field.multiply(field.subtract(one, zero), r);
        field.store(target, field.add(zero, product));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn split(zero: &mut [[Fr; LANES]], one: &mut [[Fr; LANES]], r: Fr) {
    let field = Field::<FrConfig>::new();
    let r = constant(r);
    for (zero, one) in zero.iter_mut().zip(one) {
        let value = field.load(zero);
        let product = field.reduce_once(field.multiply(value, r));
        field.store(one, product);
        field.store(zero, field.subtract(value, product));
    }
}

/// Entries after which sums of products must pass their carries on.
pub(super) const CARRY: usize = 256;

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn inner_product(a: &[[Fr; LANES]], b: &[[Fr; LANES]]) -> Fr {
    let field = Field::<FrConfig>::new();
    let mut sum = Accumulator::new();
    for (a, b) in a.chunks(CARRY).zip(b.chunks(CARRY)) {
        for (a, b) in a.iter().zip(b) {
            sum.add_product(field.load(a), field.load(b));
        }
        sum.carry();
    }
    field.total(sum, 0)
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn product_round([a0, a1, b0, b1]: [&[[Fr; LANES]]; 4]) -> [Fr; 2] {
    let field = Field::<FrConfig>::new();
    let mut sums = [Accumulator::new(); 2];
    let n = a0.len();
    for first in (0..n).step_by(CARRY) {
        for i in first..n.min(first + CARRY) {
            let (low_a, low_b) = (field.load(&a0[i]), field.load(&b0[i]));
            sums[0].add_product(low_a, low_b);
            let slopes =
                [field.subtract(field.load(&a1[i]), low_a), field.subtract(field.load(&b1[i]), low_b)];
            sums[1].add_product(slopes[0], slopes[1]);
        }
        for sum in &mut sums {
            sum.carry();
        }
    }
    [field.total(sums[0], 0), field.total(sums[1], 0)]
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn multiply(target: &mut [[Fr; LANES]], source: &[[Fr; LANES]]) {
    let field = Field::<FrConfig>::new();
    for (target, source) in target.iter_mut().zip(source) {
        let product = field.multiply(field.load(target), field.load_shifted(source));
        field.store(target, product);
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add_scaled(target: &mut [[Fr; LANES]], source: &[[Fr; LANES]], scale: Fr) {
    let field = Field::<FrConfig>::new();
    let scale = constant(scale);
    for (target, source) in target.iter_mut().zip(source) {
        let product = field.multiply(field.load(source), scale);
        field.store(target, field.add(field.load(target), product));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add_products(target: &mut [[Fr; LANES]], a: &[[Fr; LANES]], b: &[[Fr; LANES]]) {
    let field = Field::<FrConfig>::new();
    for (target, (a, b)) in target.iter_mut().zip(a.iter().zip(b)) {
        let product = field.multiply(field.load_shifted(a), field.load(b));
        field.store(target, field.add(field.load(target), product));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add_fractions([p0, p1, q0, q1]: [&[Pairs]; 4], [p_even, p_odd]: Lanes, [q_even, q_odd]: Lanes) {
    let field = Field::<FrConfig>::new();
    let sums = p_even.iter_mut().zip(p_odd).zip(q_even.iter_mut().zip(q_odd));
    for (i, ((p_even, p_odd), (q_even, q_odd))) in sums.enumerate() {
        // One factor of each product carries the missing power of two.
        let ([p0_even, p0_odd], [p1_even, p1_odd]) = (field.load_pairs(&p0[i]), field.load_pairs(&p1[i]));
        let [q0_even, q0_odd] = field.load_pairs_shifted(&q0[i]);
        let [q1_even, q1_odd] = field.load_pairs(&q1[i]);
        let [shifted_even, shifted_odd] = field.load_pairs_shifted(&q1[i]);
        let mut sum = Accumulator::new();
        sum.add_product(p0_even, shifted_even);
        sum.add_product(p1_even, q0_even);
        field.store(p_even, field.reduce(sum));
        field.store(q_even, field.multiply(q0_even, q1_even));
        let mut sum = Accumulator::new();
        sum.add_product(p0_odd, shifted_odd);
        sum.add_product(p1_odd, q0_odd);
        field.store(p_odd, field.reduce(sum));
        field.store(q_odd, field.multiply(q0_odd, q1_odd));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add_reciprocals([q0, q1]: [&[Pairs]; 2], [p_even, p_odd]: Lanes, [q_even, q_odd]: Lanes) {
    let field = Field::<FrConfig>::new();
    let sums = p_even.iter_mut().zip(p_odd).zip(q_even.iter_mut().zip(q_odd));
    for (i, ((p_even, p_odd), (q_even, q_odd))) in sums.enumerate() {
        let ([even, odd], [one_even, one_odd]) = (field.load_pairs(&q0[i]), field.load_pairs(&q1[i]));
        let [shifted_even, shifted_odd] = field.load_pairs_shifted(&q0[i]);
        field.store(p_even, field.add(even, one_even));
        field.store(q_even, field.multiply(shifted_even, one_even));
        field.store(p_odd, field.add(odd, one_odd));
        field.store(q_odd, field.multiply(shifted_odd, one_odd));
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn weighted_round([a, b]: [&[Pairs]; 2], weights: &[[Fr; LANES]]) -> [Fr; 2] {
    let field = Field::<FrConfig>::new();
    let mut sums = [Accumulator::new(); 2];
    let n = weights.len();
    for first in (0..n).step_by(CARRY) {
        for i in first..n.min(first + CARRY) {
            let weight = field.load(&weights[i]);
            let ([a0, a1], [b0, b1]) = (field.load_pairs(&a[i]), field.load_pairs(&b[i]));
            sums[0].add_product(weight, field.multiply(a0, b0));
            sums[1].add_product(weight, field.multiply(field.subtract(a1, a0), field.subtract(b1, b0)));
        }
        for sum in &mut sums {
            sum.carry();
        }
    }
    [field.total(sums[0], 1), field.total(sums[1], 1)]
}

#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn fraction_round([p0, bracket, q0, q1]: [&[Pairs]; 4], weights: &[[Fr; LANES]]) -> [Fr; 2] {
    let field = Field::<FrConfig>::new();
    let mut sums = [Accumulator::new(); 2];
    let n = weights.len();
    for first in (0..n).step_by(CARRY) {
        for i in first..n.min(first + CARRY) {
            let (mut at_zero, mut at_infinity) = (Accumulator::new(), Accumulator::new());
            for [left, right] in [[p0, q1], [q0, bracket]] {
                let ([zero, one], [right_zero, right_one]) =
                    (field.load_pairs(&left[i]), field.load_pairs(&right[i]));
                at_zero.add_product(zero, right_zero);
                at_infinity.add_product(field.subtract(one, zero), field.subtract(right_one, right_zero));
            }
            let weight = field.load(&weights[i]);
            sums[0].add_product(weight, field.reduce(at_zero));
            sums[1].add_product(weight, field.reduce(at_infinity));
        }
        for sum in &mut sums {
            sum.carry();
        }
    }
    [field.total(sums[0], 1), field.total(sums[1], 1)]
}
