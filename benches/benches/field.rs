//! Field-vector kernels against arkworks, element by element.

use ark_bn254::Fr;
use ark_ff::UniformRand;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tacit_algebra::{eq, kernels::backend, small::SmallSum};

/// Table sizes: within the first cache, the second, and beyond.
const NUM_VARS: [usize; 3] = [10, 14, 18];

fn vector(length: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    (0..length).map(|_| Fr::rand(&mut rng)).collect()
}

fn field(c: &mut Criterion) {
    let mut group = c.benchmark_group("field");
    for n in NUM_VARS {
        let (a, b, r) = (vector(1 << n), vector(1 << n), vector(1)[0]);
        group.bench_function(BenchmarkId::new("arkworks_bind", n), |bencher| {
            bencher.iter(|| -> Vec<Fr> {
                let (low, high) = a.split_at(1 << (n - 1));
                low.iter().zip(high).map(|(low, high)| *low + r * (*high - low)).collect()
            });
        });
        group.bench_function(BenchmarkId::new("bind", n), |bencher| {
            bencher.iter_batched_ref(
                || a.clone(),
                |values| backend().bind(values, 1 << (n - 1), r),
                criterion::BatchSize::LargeInput,
            );
        });
        group.bench_function(BenchmarkId::new("arkworks_inner_product", n), |bencher| {
            bencher.iter(|| a.iter().zip(&b).map(|(a, b)| *a * b).sum::<Fr>());
        });
        group.bench_function(BenchmarkId::new("inner_product", n), |bencher| {
            bencher.iter(|| backend().inner_product(&a, &b));
        });
        group.bench_function(BenchmarkId::new("product_round", n), |bencher| {
            let halves = |v| <[Fr]>::split_at(v, 1 << (n - 1));
            bencher.iter(|| backend().product_round(halves(&a), halves(&b)));
        });
        group.bench_function(BenchmarkId::new("eq_table", n), |bencher| {
            bencher.iter(|| eq::table(&a[..n], 1 << n));
        });
        let small: Vec<i64> = (0..1 << n).map(|i: i64| i * 7919 % 255 - 127).collect();
        group.bench_function(BenchmarkId::new("fold_small", n), |bencher| {
            bencher.iter(|| {
                let mut sum = SmallSum::default();
                for (scalar, &x) in a.iter().zip(&small) {
                    sum.add(scalar, x);
                }
                black_box(sum.reduce())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, field);
criterion_main!(benches);
