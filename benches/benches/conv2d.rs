//! Convolutions by the direct argument.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tacit_benches::Source;
use tacit_inference::layer::conv2d::convolve_alone;
use tacit_layers::{
    AxisWindow, ConvolutionArgument, Layout, Tensor, Window2d, error::Result, layer::conv2d::ConvolutionLayer,
};
use tacit_prover::ProveAlone;
use tacit_transcript::ProofWriter;

/// (channels in and out, height and width), 3x3 kernels with padding 1, as in VGG.
const SIZES: [(usize, usize); 3] = [(8, 32), (64, 16), (256, 4)];

/// A layer with its weights, input and output.
fn layer(channels: usize, size: usize) -> Result<(ConvolutionLayer, [Tensor<i64>; 3])> {
    let mut source = Source::new(9);
    let window = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let layer = ConvolutionLayer::new(window, channels, Layout::new(vec![channels, size, size])?)?;
    let weights = source.tensor(&[channels, channels, 3, 3], -127, 127)?;
    let input = source.tensor(&[channels, size, size], 0, 255)?;
    let output = convolve_alone(&layer, &weights, &input)?;
    Ok((layer, [weights, input, output]))
}

fn convolution(c: &mut Criterion) {
    let mut group = c.benchmark_group("conv2d");
    for (channels, size) in SIZES {
        let Ok((layer, [weights, input, output])) = layer(channels, size) else { continue };
        let Ok(prover) = layer.prover(ConvolutionArgument::Direct, &[&input, &weights]) else { continue };
        group.bench_function(BenchmarkId::new("direct", format!("{channels}x{size}x{size}")), |bencher| {
            bencher.iter(|| prover.prove(&mut ProofWriter::new(b"bench"), &output, &mut ()));
        });
    }
    group.finish();
}

criterion_group!(benches, convolution);
criterion_main!(benches);
