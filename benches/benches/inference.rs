//! Integer inference: products of byte matrices on one core by every kernel, and whole networks on all of them.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tacit_algebra::kernels::bytes::{ByteProduct, available};
use tacit_benches::{Source, lenet5, mlp, vgg16};
use tacit_inference::execute;

/// Rows of the left factor, inner dimension, rows of the right factor: convolutions of VGG16 from its second to its last,
/// and a dense layer.
const SHAPES: [(usize, usize, usize); 5] =
    [(64, 576, 1024), (128, 1152, 256), (512, 4608, 16), (512, 4608, 4), (4096, 4096, 1)];

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("inference/product");
    let source = &mut Source::new(3);
    for (rows, inner, columns) in SHAPES {
        let left: Vec<i8> = (0..rows * inner).map(|_| source.pick(-128, 127) as i8).collect();
        let right: Vec<u8> = (0..columns * inner).map(|_| source.pick(0, 255) as u8).collect();
        let product = ByteProduct { left: &left, right: &right, inner, scale: 1, stride: columns };
        group.throughput(Throughput::Elements((rows * inner * columns) as u64));
        for kernel in available() {
            let id = BenchmarkId::new(kernel.name(), format!("{rows}x{inner}x{columns}"));
            let mut sums = vec![0; rows * columns];
            group.bench_function(id, |bencher| bencher.iter(|| kernel.add_product(&product, &mut sums)));
        }
    }
    group.finish();
}

fn networks(c: &mut Criterion) {
    let mut group = c.benchmark_group("inference/network");
    let wide = mlp("mlp", &[784, 4096, 4096, 10]);
    for (name, network) in [("lenet5", lenet5()), ("vgg16", vgg16()), ("mlp", wide)] {
        let Ok(network) = network else { return };
        let Ok(specs) = network.infer() else { return };
        let Ok(layout) = network.architecture.input().map(|input| input.layout.clone()) else { return };
        let Ok(input) = Source::new(1).tensor(layout.axes(), 0, 255) else { return };
        group.bench_function(name, |bencher| bencher.iter(|| execute(&network, &specs, &input)));
    }
    group.finish();
}

criterion_group!(benches, products, networks);
criterion_main!(benches);
