//! Every argument on one layer by itself, over sizes. The prover's time is that of the layer's argument, the verifier's that of
//! the whole proof. Sizes that an argument refuses, or that would take too long, are left out; the example `arguments` names
//! them, and tells the bytes.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tacit_benches::single::{self, LAYER, Prepared, Size};
use tacit_inference::cost::{Policy, Preference, UnitCosts};
use tacit_layers::{ConvolutionArgument, MatmulArgument};
use tacit_prover::prove;
use tacit_verifier::verify;

/// The longest predicted time of an argument that is measured.
const LIMIT: Duration = Duration::from_millis(50);

fn measure(c: &mut Criterion, group: &str, name: &str, size: Size, policy: Policy) {
    let units = UnitCosts::default();
    let Ok(Ok(prepared)) = Prepared::new(size, policy, &units, LIMIT.as_nanos() as f64) else { return };
    let (key, input) = (&prepared.key, &prepared.input);
    let Ok(proven) = prove(key, input) else { return };
    let mut group = c.benchmark_group(format!("{group}/{name}"));
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(500));
    group.bench_function(BenchmarkId::new("prove", size), |bencher| {
        bencher.iter_custom(|iterations| {
            let argument =
                || prove(key, input).map_or(Duration::ZERO, |p| p.layers[LAYER.index()].argument());
            (0..iterations).map(|_| argument()).sum()
        });
    });
    group.bench_function(BenchmarkId::new("verify", size), |bencher| {
        bencher.iter(|| verify(key.verifying_key(), input, &proven.outputs, &proven.proof));
    });
    group.finish();
}

fn arguments(c: &mut Criterion) {
    for &argument in ConvolutionArgument::ALL {
        let policy = Policy { convolution: Preference::Only(argument), ..Policy::default() };
        for size in single::convolutions() {
            measure(c, "convolution", argument.name(), size, policy);
        }
    }
    for &argument in MatmulArgument::ALL {
        let policy = Policy { matmul: Preference::Only(argument), ..Policy::default() };
        for size in single::matmuls() {
            measure(c, "matmul", argument.name(), size, policy);
        }
    }
}

criterion_group!(benches, arguments);
criterion_main!(benches);
