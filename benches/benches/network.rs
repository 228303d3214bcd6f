//! Whole networks: inference, proof, verification.

use criterion::{Criterion, criterion_group, criterion_main};
use tacit_benches::{Source, lenet5};
use tacit_inference::execute;
use tacit_prover::{ProvingKey, prove};
use tacit_verifier::verify;

fn network(c: &mut Criterion) {
    let mut group = c.benchmark_group("network");
    group.sample_size(10);
    let Ok(key) = lenet5().map_err(Into::into).and_then(ProvingKey::setup) else { return };
    let Ok(input) = Source::new(1).tensor(&[1, 28, 28], 0, 255) else { return };
    let Ok(proven) = prove(&key, &input) else { return };
    let specs = &key.verifying_key().plan().specs;
    group.bench_function("lenet5/execute", |bencher| bencher.iter(|| execute(key.network(), specs, &input)));
    group.bench_function("lenet5/prove", |bencher| bencher.iter(|| prove(&key, &input)));
    group.bench_function("lenet5/verify", |bencher| {
        bencher.iter(|| verify(key.verifying_key(), &input, &proven.outputs, &proven.proof));
    });
    group.finish();
}

criterion_group!(benches, network);
criterion_main!(benches);
