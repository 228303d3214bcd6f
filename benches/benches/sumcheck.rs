//! Sumchecks of products.

use ark_bn254::Fr;
use ark_ff::UniformRand;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tacit_algebra::Mle;
use tacit_layers::argument::sumcheck::RoundWeights;
use tacit_prover::sumcheck::{self, Product};
use tacit_transcript::ProofWriter;

/// Table sizes.
const NUM_VARS: [usize; 3] = [10, 14, 18];

fn product(c: &mut Criterion) {
    let mut group = c.benchmark_group("sumcheck");
    for n in NUM_VARS {
        let mut rng = ark_std::test_rng();
        let mut table = || Mle::new((0..1 << n).map(|_| Fr::rand(&mut rng)).collect(), n);
        let (Ok(left), Ok(right)) = (table(), table()) else { continue };
        let Ok(instance) = Product::summed(left, right) else { continue };
        group.bench_function(BenchmarkId::new("product", n), |bencher| {
            bencher.iter_batched_ref(
                || instance.clone(),
                |instance| {
                    sumcheck::prove(&mut ProofWriter::new(b"bench"), &mut [instance], RoundWeights::Uniform)
                },
                criterion::BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, product);
criterion_main!(benches);
