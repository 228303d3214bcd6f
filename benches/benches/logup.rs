//! LogUp-GKR over a full tree.

use ark_bn254::Fr;
use ark_ff::{Field, One, UniformRand};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tacit_prover::logup::{self, Fractions};
use tacit_transcript::ProofWriter;

/// Leaves.
const NUM_VARS: [usize; 3] = [10, 14, 17];

fn tree(c: &mut Criterion) {
    let mut group = c.benchmark_group("logup");
    for n in NUM_VARS {
        let mut rng = ark_std::test_rng();
        let denominators: Vec<Fr> = (0..1 << n).map(|_| Fr::rand(&mut rng)).collect();
        let mut numerators = vec![Fr::one(); 1 << n];
        let inverses = denominators[1..].iter().map(|q| q.inverse().unwrap_or_else(Fr::one)).sum::<Fr>();
        numerators[0] = -inverses * denominators[0];
        let leaves = Fractions { numerators, denominators };
        group.throughput(Throughput::Elements(1 << n));
        group.bench_function(BenchmarkId::new("prove", n), |bencher| {
            bencher.iter_batched(
                || leaves.clone(),
                |leaves| logup::prove(&mut ProofWriter::new(b"bench"), leaves),
                criterion::BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, tree);
criterion_main!(benches);
