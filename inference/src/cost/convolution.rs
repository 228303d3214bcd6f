//! What each convolution argument counts.
//!
//! With $O$ outputs, $C$ channels, $G$ groups, kernel $k_h \times k_w$, input $H \times W$ and output $P_h \times P_w$:
//!
//! | argument | prover |
//! |---|---|
//! | direct | $O C/G k_h k_w + C H W$ integers folded, $C H W k_w$ more for the window, $C k_h k_w H$ multiplications and $4$ for each entry of the padded $(c, k)$ and $(h, w)$ in the sumchecks |
//! | fft | $O C/G k_h k_w + C H W$ integers folded; with transforms of $N_h$ and $N_w$ and padded channels, $\log_2 (N_h N_w) C N_h N_w$ butterflies in the transforms and $5 C N_h N_w$ in the sumcheck |
//! | gates | $O C/G k_h k_w P_h P_w$ small products, a reduction for each input; $4$ and $5$ multiplications for each padded input and weight |
//! | polynomial | $O C/G k_h k_w$ integers folded, $C k_h k_w H W + C H W$ small products; with $U = (H + D_h)(W + D_w)$ positions, $U$ field elements committed and about $7 U$ multiplications; $C (k_h k_w + 4)$ in the sumcheck over channels |
//!
//! The polynomial argument's $U$ is counted as one row.

use super::{ArgumentCost, Work, gates::products, points, scalars};
use tacit_layers::{
    argument::{
        choice::ConvolutionArgument,
        fourier::{BASE_VARS, LEVEL_DEGREE},
    },
    layer::conv2d::{
        Conv2dLayer,
        fft::{FftConvolutionLayer, TransformValues},
    },
    tensor::{Layout, bits_of, window::Window2d},
};

/// Shape of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvolutionShape {
    /// $O$.
    pub outputs: usize,
    /// $C$.
    pub channels: usize,
    /// $G$.
    pub groups: usize,
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
    /// $(H, W)$.
    pub input: [usize; 2],
    /// $(P_h, P_w)$.
    pub output: [usize; 2],
    /// Whether a bias is added.
    pub bias: bool,
}

impl ConvolutionShape {
    /// The shape of a layer that reads and gives these layouts.
    pub fn new(layer: &Conv2dLayer, input: &Layout, output: &Layout) -> Self {
        let axis = |layout: &Layout, axis: usize| layout.axes().get(axis).copied().unwrap_or(1);
        Self {
            outputs: layer.num_outputs,
            channels: axis(input, 0),
            groups: layer.groups.max(1),
            window: layer.window,
            input: [axis(input, 1), axis(input, 2)],
            output: [axis(output, 1), axis(output, 2)],
            bias: layer.bias.is_some(),
        }
    }

    /// Weights.
    pub const fn num_weights(&self) -> usize {
        self.outputs * (self.channels / self.groups) * self.window.num_offsets()
    }

    /// Accumulators.
    pub const fn num_outputs(&self) -> usize {
        self.outputs * self.output[0] * self.output[1]
    }

    /// Multiplications of a weight by an activation.
    pub const fn num_macs(&self) -> usize {
        self.num_weights() * self.output[0] * self.output[1]
    }
}

/// What proving a convolution by an argument costs.
pub fn cost(argument: ConvolutionArgument, shape: &ConvolutionShape) -> ArgumentCost {
    let argument = match argument {
        ConvolutionArgument::Direct => direct(shape),
        ConvolutionArgument::Fft => fft(shape),
        ConvolutionArgument::Polynomial => polynomial(shape),
        ConvolutionArgument::Gates => gates(shape),
    };
    argument + bias(shape.bias, shape.outputs)
}

/// The bias at the output channel's point.
pub(super) fn bias(present: bool, outputs: usize) -> ArgumentCost {
    if !present {
        return ArgumentCost::default();
    }
    ArgumentCost {
        prover: Work::small_sums(1, outputs) + Work::multiplications(outputs) + Work::messages(1),
        verifier: Work::messages(1),
        own_bytes: scalars(1),
        round_bytes: 0,
    }
}

fn direct(shape: &ConvolutionShape) -> ArgumentCost {
    let ([height, width], [out_height, out_width]) = (shape.input, shape.output);
    let (k_height, k_width) = (shape.window.height.kernel, shape.window.width.kernel);
    let offsets = k_height * k_width;
    let extent = extent(&[shape.channels, k_height, k_width]);
    // Groups are summed over by a polynomial of degree 3.
    let (degree, sumcheck) = if shape.groups > 1 {
        (3, Work::vector_multiplications(5 * extent))
    } else {
        (2, Work::product_sumcheck(extent))
    };
    let rounds = bits_of(shape.channels) + bits_of(k_height) + bits_of(k_width);
    let prover = Work::folded_bytes(shape.outputs / shape.groups, shape.channels * offsets)
        + Work::folded_integers(width, shape.channels * height * k_width)
        + Work::vector_multiplications(shape.channels * offsets * height)
        + Work { small_products: (shape.channels * height * width) as f64, ..Work::default() }
        + sumcheck
        + Work::messages(rounds + 1);
    let contraction = ArgumentCost {
        prover,
        verifier: Work::verified_rounds(rounds, degree) + Work::messages(1),
        own_bytes: scalars(2),
        round_bytes: scalars(degree * rounds),
    };
    contraction + unfold(shape.channels, &shape.window, [height, width], [out_height, out_width])
}

/// Channels from which on the frequency domain is worked on in vectors.
const VECTOR_LANES: usize = 16;

/// A butterfly in multiplications: its sums and the way to memory and back count too.
const BUTTERFLY: f64 = 1.6;

/// In the frequency domain (see [`tacit_layers::layer::conv2d::fft`]).
fn fft(shape: &ConvolutionShape) -> ArgumentCost {
    let ConvolutionShape { outputs, channels, groups, window, input, output, .. } = *shape;
    let layer = FftConvolutionLayer::new(&window, groups, channels / groups, input, output);
    let (offsets, positions) = (window.num_offsets(), input[0] * input[1]);
    let vectors = layer.axes.map(|axis| axis.num_vars);
    let spectrum = 2_f64.powi(layer.num_vars() as i32);
    // Input and weights: a butterfly for every two entries and each bit of the frequency. Channels are the vectors.
    let products = spectrum * (5.0 + BUTTERFLY * (vectors[0] + vectors[1]) as f64);
    let frequencies = if channels.next_power_of_two() < VECTOR_LANES {
        Work::multiplications(products)
    } else {
        Work::vector_multiplications(products)
    };
    let folding = Work::folded_bytes(outputs / groups, channels * offsets)
        + Work::folded_integers(channels, positions)
        + Work::multiplications(channels * positions)
        + Work::vector_multiplications(channels * offsets);
    let extents = layer.transform_vars().map(|n| 2_f64.powi(n as i32));
    let sums = Work::product_sumcheck(extents.iter().sum::<f64>());
    // Levels of Fourier vectors: two for each axis, three tables of half the length, six multiplications a pair.
    let lengths: f64 = vectors.iter().map(|&n| 2_f64.powi(n as i32)).sum();
    let levels = Work::multiplications(40.0 * lengths);
    let longest = vectors[0].max(vectors[1]);
    let level_rounds: usize = (BASE_VARS + 1..=longest).map(|level| level - 1).sum();
    let transform_rounds = layer.transform_vars().into_iter().max().unwrap_or(0);
    let messages = layer.num_vars() + transform_rounds + level_rounds + 2 + longest.saturating_sub(BASE_VARS);
    let kernel = window.height.kernel * vectors[0] + window.width.kernel * vectors[1];
    let vector_work = vectors.iter().map(|n| 2 * n * (2 * n + 28)).sum::<usize>();
    ArgumentCost {
        prover: frequencies + folding + sums + levels + Work::messages(messages),
        verifier: Work::verified_rounds(layer.num_vars(), 3)
            + Work::verified_rounds(transform_rounds, 2)
            + Work::verified_rounds(level_rounds, LEVEL_DEGREE)
            + Work::multiplications(3 * kernel + vector_work)
            + Work::messages(2 + longest.saturating_sub(BASE_VARS)),
        own_bytes: scalars(4 + TransformValues::COUNT + layer.num_level_values()),
        round_bytes: scalars(3 * layer.num_vars() + 2 * transform_rounds + LEVEL_DEGREE * level_rounds),
    }
}

fn polynomial(shape: &ConvolutionShape) -> ArgumentCost {
    let [height, width] = shape.input;
    let window = &shape.window;
    let (offsets, channels) = (window.num_offsets(), shape.channels);
    let product = [height + window.height.reach(), width + window.width.reach()];
    let [positions, extent] = [product[0] * product[1], extent(&product)];
    let (degree, sumcheck) = if shape.groups > 1 {
        (3, Work::vector_multiplications(5 * channels))
    } else {
        (2, Work::product_sumcheck(channels))
    };
    let rounds = bits_of(channels).max(bits_of(product[0]) + bits_of(product[1]));
    let crops = Work::multiplications(shape.output[0] + shape.output[1]);
    let products = Work { small_products: (channels * offsets * height * width) as f64, ..Work::default() };
    let prover = Work::folded_bytes(shape.outputs / shape.groups, channels * offsets)
        + products
        + Work { reductions: positions as f64, ..Work::default() }
        + Work::wide_row(positions)
        + Work::small_sums(channels, height * width)
        + Work::multiplications(channels * offsets + 3 * positions)
        + sumcheck
        + Work::product_sumcheck(extent)
        + crops
        + Work::messages(rounds + 2);
    ArgumentCost {
        prover,
        verifier: crops
            + Work::multiplications(2 * (product[0] + product[1]))
            + Work::verified_rounds(rounds, degree)
            + Work::messages(3)
            + Work { rows: 1.0, ..Work::default() },
        own_bytes: scalars(4) + points(1),
        round_bytes: scalars(degree * rounds),
    }
}

fn gates(shape: &ConvolutionShape) -> ArgumentCost {
    let [height, width] = shape.input;
    let windows = [(shape.window.height, shape.output[0]), (shape.window.width, shape.output[1])];
    let relations: usize = windows.iter().map(|(window, output)| window.kernel * output).sum();
    let (outputs, channels) = (shape.outputs / shape.groups, shape.channels / shape.groups);
    let weights = [shape.groups, outputs, channels, windows[0].0.kernel, windows[1].0.kernel];
    products(shape.num_macs(), &[shape.channels, height, width], &weights, shape.num_outputs(), relations)
}

/// From an unfolded input to the input (see [`tacit_layers::argument::unfold`]).
pub(crate) fn unfold(
    channels: usize,
    window: &Window2d,
    [height, width]: [usize; 2],
    [out_height, out_width]: [usize; 2],
) -> ArgumentCost {
    let rounds = bits_of(height) + bits_of(width);
    let shifts = Work::multiplications(out_height * window.height.kernel + out_width * window.width.kernel);
    let prover = Work::folded_integers(channels, height * width)
        + shifts
        + Work::multiplications(height * width)
        + Work::product_sumcheck(extent(&[height, width]))
        + Work::messages(rounds + 1);
    ArgumentCost {
        prover,
        verifier: shifts
            + Work::multiplications(2 * (height + width))
            + Work::verified_rounds(rounds, 2)
            + Work::messages(1),
        own_bytes: scalars(1),
        round_bytes: scalars(2 * rounds),
    }
}

/// Stored entries of the padded table over some axes.
pub(crate) fn extent(axes: &[usize]) -> usize {
    Layout::new(axes.to_vec()).map_or(usize::MAX, |layout| layout.padded_extent())
}

/// Channels, and height and width, of a feature map.
pub(crate) fn feature_map(layout: &Layout) -> (usize, [usize; 2]) {
    let axis = |axis: usize| layout.axes().get(axis).copied().unwrap_or(1);
    (axis(0), [axis(1), axis(2)])
}
