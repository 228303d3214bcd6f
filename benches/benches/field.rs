//! Kernels against arkworks and against each other, in one run.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::VariableBaseMSM;
use ark_ff::{One, UniformRand};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tacit_algebra::{
    generators::Generators,
    hash_to_curve::CurveHasher,
    kernels::{available, backend},
    msm::{combine_generators_with, commit_rows_with, fold_generators_with, multi_scalar_with},
};
use tacit_transcript::encoding::{point_from_bytes, point_to_bytes, points_from_bytes};

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
        let halves = |v| <[Fr]>::split_at(v, 1 << (n - 1));
        group.throughput(Throughput::Elements(1 << n));
        group.bench_function(BenchmarkId::new("arkworks_bind", n), |bencher| {
            bencher.iter(|| -> Vec<Fr> {
                let (low, high) = halves(&a);
                low.iter().zip(high).map(|(low, high)| *low + r * (*high - *low)).collect()
            });
        });
        group.bench_function(BenchmarkId::new("arkworks_add_products", n), |bencher| {
            let add = |target: &mut Vec<Fr>| {
                for (target, (a, b)) in target.iter_mut().zip(b.iter().zip(&a)) {
                    *target += *a * b;
                }
            };
            bencher.iter_batched_ref(|| a.clone(), add, BatchSize::LargeInput);
        });
        group.bench_function(BenchmarkId::new("arkworks_add_fractions", n), |bencher| {
            bencher.iter(|| -> Vec<[Fr; 2]> {
                let ((p0, p1), (q0, q1)) = (halves(&a), halves(&b));
                (0..p0.len()).map(|i| [p0[i] * q1[i] + p1[i] * q0[i], q0[i] * q1[i]]).collect()
            });
        });
        group.bench_function(BenchmarkId::new("arkworks_inner_product", n), |bencher| {
            bencher.iter(|| a.iter().zip(&b).map(|(a, b)| *a * b).sum::<Fr>());
        });
        for backend in available() {
            let name = |what: &str| BenchmarkId::new(format!("{}_{what}", backend.name()), n);
            group.bench_function(name("bind"), |bencher| {
                let bind = |values: &mut Vec<Fr>| backend.bind(values, 1 << (n - 1), r);
                bencher.iter_batched_ref(|| a.clone(), bind, BatchSize::LargeInput);
            });
            group.bench_function(name("add_products"), |bencher| {
                bencher.iter_batched_ref(
                    || a.clone(),
                    |target| backend.add_products(target, &b, &a),
                    BatchSize::LargeInput,
                );
            });
            group.bench_function(name("inner_product"), |bencher| {
                bencher.iter(|| backend.inner_product(&a, &b));
            });
            group.bench_function(name("product_round"), |bencher| {
                bencher.iter(|| backend.product_round(halves(&a), halves(&b)));
            });
            group.bench_function(name("equality_table"), |bencher| {
                bencher.iter(|| backend.equality_table(&a[..n], 1 << n));
            });
            group.bench_function(name("add_fractions"), |bencher| {
                let ((p0, p1), (q0, q1)) = (halves(&a), halves(&b));
                let [mut p, mut q] = [p0, q0].map(<[Fr]>::to_vec);
                let middle = p.len() / 2;
                bencher.iter(|| {
                    let [p, q] = [&mut p, &mut q].map(|sums| sums.split_at_mut(middle).into());
                    backend.kernel().add_fractions([p0, p1], [q0, q1], [p, q]);
                });
            });
            group.bench_function(name("fraction_round"), |bencher| {
                bencher.iter(|| backend.kernel().fraction_round([&a, &b, &b, &a], halves(&a).0));
            });
        }
    }
    group.finish();
}

/// Rows and columns of a weight matrix.
const MATRIX: (usize, usize) = (512, 4608);

fn folds(c: &mut Criterion) {
    let mut group = c.benchmark_group("fold");
    let (height, width) = MATRIX;
    let weights = vector(height);
    let bytes: Vec<i8> = (0..height * width).map(|i| (i * 89 % 256) as u8 as i8).collect();
    let integers: Vec<i64> = bytes.iter().map(|&x| i64::from(x) * 500).collect();
    let (bytes, integers): (Vec<&[i8]>, Vec<&[i64]>) =
        (bytes.chunks(width).collect(), integers.chunks(width).collect());
    group.throughput(Throughput::Elements((height * width) as u64)).sample_size(10);
    for backend in available() {
        group.bench_function(BenchmarkId::new("bytes", backend.name()), |bencher| {
            bencher.iter(|| backend.fold_bytes(&weights, &bytes, width));
        });
        group.bench_function(BenchmarkId::new("integers", backend.name()), |bencher| {
            bencher.iter(|| backend.fold_integers(&weights, &integers, width));
        });
    }
    group.finish();
}

/// Points of a verifier's product: a small network's, a large one's, more than any has.
const PRODUCTS: [usize; 3] = [1 << 10, 1 << 12, 1 << 14];

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("multi_scalar");
    let Ok(generators) = Generators::new(12) else { return };
    let points: Vec<G1Affine> = generators.vector().iter().copied().cycle().take(1 << 14).collect();
    let scalars = vector(points.len());
    group.sample_size(10);
    for n in PRODUCTS {
        let (points, scalars) = (&points[..n], &scalars[..n]);
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("arkworks", n), |bencher| {
            bencher.iter(|| G1Projective::msm_unchecked(points, scalars));
        });
        for backend in available() {
            group.bench_function(BenchmarkId::new(backend.name(), n), |bencher| {
                bencher.iter(|| multi_scalar_with(backend, points, scalars));
            });
        }
    }
    group.finish();
}

fn decompression(c: &mut Criterion) {
    let mut group = c.benchmark_group("decompression");
    let Ok(generators) = Generators::new(10) else { return };
    let bytes: Vec<[u8; 32]> = generators.vector().iter().map(point_to_bytes).collect();
    group.throughput(Throughput::Elements(bytes.len() as u64)).sample_size(10);
    group.bench_function("arkworks", |bencher| {
        bencher.iter(|| bytes.iter().filter_map(|bytes| point_from_bytes(bytes)).collect::<Vec<_>>());
    });
    group.bench_function(backend().name(), |bencher| {
        bencher.iter(|| points_from_bytes(bytes.as_flattened()));
    });
    let messages: Vec<[u8; 8]> = (0..1024_u64).map(u64::to_le_bytes).collect();
    let hasher = CurveHasher::new(b"bench");
    for backend in available() {
        group.bench_function(BenchmarkId::new("generators", backend.name()), |bencher| {
            let messages = || messages.iter().map(<[u8; 8]>::as_slice);
            bencher.iter(|| hasher.hash_all_with(backend, messages()));
        });
    }
    group.finish();
}

fn points(c: &mut Criterion) {
    let mut group = c.benchmark_group("points");
    let Ok(generators) = Generators::new(10) else { return };
    let points: &[G1Affine] = generators.vector();
    let scalars = vector(points.len());
    let row = |i: i64| -> Vec<i64> { (0..1024).map(|k| (i * 31 + k * 97) % 256).collect() };
    let rows: Vec<Vec<i64>> = (0..16).map(row).collect();
    group.sample_size(10);
    group.bench_function("arkworks_multi_scalar", |bencher| {
        bencher.iter(|| G1Projective::msm_unchecked(points, &scalars));
    });
    group.bench_function("arkworks_commit_u8", |bencher| {
        let rows: Vec<Vec<u8>> = rows.iter().map(|row| row.iter().map(|&x| x as u8).collect()).collect();
        bencher.iter(|| -> Vec<G1Projective> {
            rows.iter().map(|row| G1Projective::msm_u8(points, row)).collect()
        });
    });
    for backend in available() {
        group.bench_function(BenchmarkId::new("multi_scalar", backend.name()), |bencher| {
            bencher.iter(|| combine_generators_with(backend, points, &scalars));
        });
        group.bench_function(BenchmarkId::new("commit_u8", backend.name()), |bencher| {
            bencher.iter(|| commit_rows_with(backend, &generators, &rows));
        });
        group.bench_function(BenchmarkId::new("fold_generators", backend.name()), |bencher| {
            let coefficients = [Fr::one(), scalars[0], scalars[1], scalars[2]];
            bencher.iter(|| fold_generators_with(backend, points, &coefficients));
        });
    }
    group.finish();
}

criterion_group!(benches, field, folds, points, products, decompression);
criterion_main!(benches);
