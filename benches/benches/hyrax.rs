//! Commitments to small integers, openings, and generators.

use ark_bn254::Fr;
use ark_ff::UniformRand;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tacit_algebra::{generators::Generators, hash_to_curve::CurveHasher};
use tacit_benches::Source;
use tacit_layers::{argument::claim::EvaluationClaim, tensor::evaluation};
use tacit_prover::{
    hyrax::{self, CommittedList},
    integers::Integers,
    opening::CommittedTensor,
};
use tacit_transcript::ProofWriter;

/// Committed elements and, for each, the rows' length.
const SHAPES: [(usize, usize); 2] = [(12, 6), (16, 9)];

fn commitments(c: &mut Criterion) {
    let mut group = c.benchmark_group("hyrax");
    for (n, key_vars) in SHAPES {
        let Ok(generators) = Generators::new(key_vars) else { continue };
        for (name, low, high) in [("commit_u8", 0, 255), ("commit_i12", -2048, 2047)] {
            let Ok(tensor) = Source::new(3).tensor(&[1 << n], low, high) else { continue };
            let committed =
                CommittedTensor { layout: tensor.layout(), values: Integers::Int64(tensor.data()).into() };
            group.throughput(Throughput::Elements(1 << n));
            group.bench_function(BenchmarkId::new(name, n), |bencher| {
                bencher.iter(|| hyrax::commit(&[committed], &generators));
            });
        }
        let Ok(tensor) = Source::new(3).tensor(&[1 << n], 0, 255) else { continue };
        let committed =
            CommittedTensor { layout: tensor.layout(), values: Integers::Int64(tensor.data()).into() };
        let mut rng = ark_std::test_rng();
        let point: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
        let Ok(value) = evaluation::evaluate(tensor.layout(), tensor.data(), &point) else { continue };
        let claim = EvaluationClaim::new(0, point, value);
        group.bench_function(BenchmarkId::new("open", n), |bencher| {
            bencher.iter(|| {
                let mut writer = ProofWriter::new(b"bench");
                let list = CommittedList { tensors: &[committed], row_vars: generators.num_vars() };
                hyrax::open(&mut writer, &[list], std::slice::from_ref(&claim), &generators);
                writer.finish()
            });
        });
    }
    let hasher = CurveHasher::new(b"bench");
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new("generator", 0), |bencher| {
        bencher.iter(|| hasher.hash(b"generator"));
    });
    group.finish();
}

criterion_group!(benches, commitments);
criterion_main!(benches);
