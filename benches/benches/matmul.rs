//! Matrix products by sumcheck.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tacit_benches::Source;
use tacit_layers::{MatmulArgument, Tensor, argument::matmul::MatmulLayer, error::Result};
use tacit_prover::ProveAlone;
use tacit_transcript::ProofWriter;

/// Square matrices of this many rows.
const SIZES: [usize; 3] = [32, 128, 512];

fn operands(size: usize) -> Result<[Tensor<i64>; 3]> {
    let mut source = Source::new(5);
    let (left, right) = (source.tensor(&[size, size], 0, 255)?, source.tensor(&[size, size], -127, 127)?);
    let row = |tensor: &Tensor<i64>, i: usize| tensor.data()[i * size..][..size].to_vec();
    let product = (0..size * size)
        .map(|at| row(&left, at / size).iter().zip(row(&right, at % size)).map(|(a, b)| a * b).sum())
        .collect();
    let product = Tensor::new(left.layout().clone(), product)?;
    Ok([left, right, product])
}

fn matmul(c: &mut Criterion) {
    let mut group = c.benchmark_group("matmul");
    for size in SIZES {
        let Ok([left, right, product]) = operands(size) else { continue };
        let layer = MatmulLayer { num_rows: size, num_inner: size, num_columns: size };
        let Ok(prover) = layer.prover(MatmulArgument::Sumcheck, &[&left, &right]) else { continue };
        group.bench_function(BenchmarkId::new("sumcheck", size), |bencher| {
            bencher.iter(|| prover.prove(&mut ProofWriter::new(b"bench"), &product, &mut ()));
        });
    }
    group.finish();
}

criterion_group!(benches, matmul);
criterion_main!(benches);
