//! Convolutions in the frequency domain.
//!
//! **Statement.** As in [`crate::layer::conv2d`], for weights $W$, an input $x$, groups $g$ and a window of stride $s$, dilation
//! $d$ and $b$ positions of padding in front,
//! $$ \widetilde a(r_g, r_o, r_p) = \sum_g \mathrm{eq}(r_g, g) \sum_{c, k, p} \widetilde W(g, r_o, c, k)
//!    \mathrm{eq}(r_p, p) x[g, c, s p + d k - b] = v. $$
//!
//! **Shapes.** $W$ over (outputs, channels of a group, kernel height, kernel width), $x$ over (channels, height, width).
//! Each axis has a transform of its own, of length $N = 2^\ell$; what follows is written for one axis, and products over
//! both are meant.
//!
//! **Length.** For an axis of $n$ positions, $N \ge n + \max(b, e)$, where $e$ is how far the last window reaches behind
//! the input. With $x$ continued by zeros to $N$ positions, reading $s p + d k - b$ modulo $N$ reads the same: positions
//! before the input are at least $-b$ and become at least $N - b \ge n$; positions behind it are less than $n + e \le N$
//! and stay. Hence the convolution is cyclic, $a(p) = U[s p - b]$ with $U(m) = \sum_k W(k) x[m + d k]$, indices modulo
//! $N$.
//!
//! **Frequency domain.** With $\omega$ a root of unity of order $N$,
//! $$ \hat W(f) = \sum_k W(k) \omega^{-d k f}, \qquad \hat X(f) = \sum_i x(i) \omega^{i f}, \qquad
//!    U(m) = \frac1N \sum_f \omega^{-m f} \hat W(f) \hat X(f), $$
//! since $\omega^{(i - d k - m) f}$ summed over $f$ is $N$ where $i \equiv m + d k$ and zero elsewhere. So with the crop
//! $G(f) = \sum_{p} \mathrm{eq}(r_p, p) \omega^{(b - s p) f}$,
//! $$ N_h N_w v = \sum_{f_h, f_w, g, c} G_h(f_h) G_w(f_w) \mathrm{eq}(r_g, g)
//!    \hat W(g, r_o, c, f) \hat X(g, c, f). $$
//!
//! **Protocol.** All convolutions of a network go through each stage in one batch.
//! 1. *Products.* One [sumcheck](crate::argument::sumcheck) of degree 3 over $(f_h, f_w, g, c)$ for the sum above; the prover sends
//!    $\widetilde G_h, \widetilde G_w, \widetilde{\hat W}, \widetilde{\hat X}$ at its final point $(f^\ast, g^\ast,
//!    c^\ast)$.
//! 2. *Transforms.* Each of these four is a sum that one more sumcheck, of degree 2, takes back:
//!    $$ \widetilde{\hat X} = \sum_i \widetilde x(g^\ast, c^\ast, i) A(i), \quad
//!    \widetilde{\hat W} = \sum_k \widetilde W(g^\ast, r_o, c^\ast, k) B(k), \quad
//!    \widetilde G = \sum_{p < P} \mathrm{eq}(r_p, p) C(p), $$
//!    where $A(i)$, $B(k)$ and $C(p)$ are [Fourier vectors](crate::argument::fourier) at $f^\ast$: the extension of $\omega^{i f}$,
//!    $\omega^{-d k f}$ and $\omega^{(b - s p) f}$ in $f$. The prover sends $\widetilde x$, $\widetilde A$ of both axes,
//!    $\widetilde W$ and $\widetilde C$ of both axes at the final points. The verifier computes $\widetilde B$ over the
//!    kernel's offsets and the extension of $\mathrm{eq}(r_p, p)$ over $p < P$ by itself.
//! 3. *Fourier vectors.* The claims on $\widetilde A$ and $\widetilde C$ go to [`crate::argument::fourier`], which leaves none.
//!
//! **Soundness error.** [`crate::argument::soundness::fft_convolutions`].
//!
//! **Caller's duty.** Claims on $\widetilde W$ and $\widetilde x$.
//!
//! **Cost.** With $C$ channels, the prover does $O(C N_h N_w \log(N_h N_w))$ multiplications for the transforms and about
//! five for each of the $C N_h N_w$ entries of the spectra, and folds the weights once over their outputs. The verifier's
//! work is $O(\log^2 N + K \log N)$ for a kernel of $K$ offsets along an axis: polylogarithmic in the image, where the
//! direct argument's is linear in one axis. A convolution has at most $2^{26}$ spectrum entries ([`MAX_SPECTRUM_VARS`]).
//!
//! **Reference.** Liu, Xie, Zhang, "zkCNN" (CCS 2021), section 4. There the map is flattened into one axis and the whole
//! convolution is three layers of a circuit (transform, product, inverse transform) of degree 2; here axes are separate,
//! the inverse transform and the crop are folded into the product's sumcheck, and strides, dilations and padding are
//! exponents of the root.
//!
//! **Code.** [prover](../../../../tacit_prover/layers/fft_convolution/index.html), [verifier](../../../../tacit_verifier/layers/fft_convolution/index.html).

mod axis;

pub use axis::AxisTransform;

use ark_bn254::Fr;
use ark_ff::Field;
use tacit_algebra::eq;
use tacit_transcript::Value;

use crate::{
    argument::{
        claim::SumClaim,
        fourier::{BASE_VARS, FourierClaim},
        soundness::TransformedConvolution,
    },
    error::{Error, Result},
    integer::wide,
    layer::conv2d::Conv2dLayer,
    tensor::{Layout, bits_of, window::Window2d},
};

/// Most variables of a convolution's spectrum: both transforms, groups and channels.
pub const MAX_SPECTRUM_VARS: usize = 26;

/// Shape of a convolution in the frequency domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FftConvolutionLayer {
    /// Number of groups.
    pub groups: usize,
    /// Channels of a group.
    pub channels: usize,
    /// Height and width.
    pub axes: [AxisTransform; 2],
}

/// A convolution's claim: the part of the output's point that chooses group and position, and $v$.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a convolution's claim must be reduced to its weights and its input"]
pub struct FftClaim<V = Fr> {
    /// $r_g$.
    pub group: Vec<Fr>,
    /// $r_p$, height before width.
    pub position: Vec<Fr>,
    /// $v$.
    pub value: V,
}

/// What the first stage leaves: both crops, the weights and the input at a frequency.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "claims on spectra must be taken back through their transforms"]
pub struct SpectrumClaims<V = Fr> {
    /// $f^\ast$ along height and width.
    pub frequencies: [Vec<Fr>; 2],
    /// $g^\ast$.
    pub group: Vec<Fr>,
    /// $c^\ast$.
    pub channel: Vec<Fr>,
    /// $\widetilde G_h, \widetilde G_w, \widetilde{\hat W}, \widetilde{\hat X}$.
    pub values: [V; 4],
}

/// What the second stage ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransformValues<V = Fr> {
    /// $\widetilde x$.
    pub input: V,
    /// $\widetilde A$ along height and width.
    pub rows: [V; 2],
    /// $\widetilde W$.
    pub weights: V,
    /// $\widetilde C$ along height and width.
    pub crops: [V; 2],
}

/// The claims a convolution leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "both claims must be discharged"]
pub struct FftConvolutionClaims<V = Fr> {
    /// $g^\ast$.
    pub group: Vec<Fr>,
    /// $(c^\ast, k^\ast)$: the weights' point behind their output channel.
    pub weights_point: Vec<Fr>,
    /// $\widetilde W(g^\ast, r_o, c^\ast, k^\ast)$.
    pub weights: V,
    /// $(g^\ast, c^\ast, i^\ast)$.
    pub input_point: Vec<Fr>,
    /// $\widetilde x(g^\ast, c^\ast, i^\ast)$.
    pub input: V,
}

impl TransformValues {
    /// Scalars sent for each convolution.
    pub const COUNT: usize = 6;
}

impl<V> TransformValues<V> {
    /// In the order they are sent.
    pub fn to_scalars(self) -> [V; TransformValues::COUNT] {
        let ([row, column], [top, left]) = (self.rows, self.crops);
        [self.input, row, column, self.weights, top, left]
    }

    /// From the order they are sent in.
    pub fn from_scalars(scalars: [V; TransformValues::COUNT]) -> Self {
        let [input, row, column, weights, top, left] = scalars;
        Self { input, rows: [row, column], weights, crops: [top, left] }
    }
}

/// Splits a point into its first `vars` coordinates and the others.
fn split(point: &[Fr], vars: usize) -> (Vec<Fr>, &[Fr]) {
    let (head, tail) = point.split_at(vars.min(point.len()));
    (head.to_vec(), tail)
}

impl FftConvolutionLayer {
    /// The convolution of `groups * channels` maps of the given height and width.
    pub fn new(
        window: &Window2d,
        groups: usize,
        channels: usize,
        input: [usize; 2],
        output: [usize; 2],
    ) -> Self {
        let axes = [
            AxisTransform::new(window.height, input[0], output[0]),
            AxisTransform::new(window.width, input[1], output[1]),
        ];
        Self { groups, channels, axes }
    }

    /// A network's convolution, from feature maps.
    pub fn of(layer: &Conv2dLayer, input: &Layout, output: &Layout) -> Self {
        let axis = |layout: &Layout, axis: usize| layout.axes().get(axis).copied().unwrap_or(1);
        let channels = axis(input, 0).checked_div(layer.groups).unwrap_or(0);
        let maps = |layout: &Layout| [axis(layout, 1), axis(layout, 2)];
        Self::new(&layer.window, layer.groups, channels, maps(input), maps(output))
    }

    /// Checks the spectrum's size.
    ///
    /// # Errors
    /// [`Error::Spectrum`] above [`MAX_SPECTRUM_VARS`].
    pub fn check(&self, layer: &str) -> Result<()> {
        if self.num_vars() <= MAX_SPECTRUM_VARS {
            return Ok(());
        }
        let (num_vars, limit) = (self.num_vars(), MAX_SPECTRUM_VARS);
        Err(Error::Spectrum { layer: layer.to_owned(), num_vars, limit })
    }

    /// Variables of the frequencies along both axes.
    const fn frequency_vars(&self) -> usize {
        let [height, width] = &self.axes;
        height.num_vars.saturating_add(width.num_vars)
    }

    /// Variables of the spectrum.
    pub fn num_vars(&self) -> usize {
        let channels = bits_of(self.groups).saturating_add(bits_of(self.channels));
        self.frequency_vars().saturating_add(channels)
    }

    /// Variables of the second stage's sums: input, weights, both crops.
    pub const fn transform_vars(&self) -> [usize; 4] {
        let [height, width] = &self.axes;
        [
            bits_of(height.input).saturating_add(bits_of(width.input)),
            bits_of(height.window.kernel).saturating_add(bits_of(width.window.kernel)),
            bits_of(height.output),
            bits_of(width.output),
        ]
    }

    /// Values that the levels of the layer's four Fourier vectors send.
    pub fn num_level_values(&self) -> usize {
        self.axes.iter().map(|axis| axis.num_vars.saturating_sub(BASE_VARS).saturating_mul(2)).sum()
    }

    /// $r_p$ along height and width.
    pub fn positions<V>(&self, claim: &FftClaim<V>) -> [Vec<Fr>; 2] {
        let (height, width) = split(&claim.position, bits_of(self.axes[0].output));
        [height, width.to_vec()]
    }

    /// The first stage's sum.
    pub fn product_claim<V: Value>(&self, claim: &FftClaim<V>) -> SumClaim<V> {
        let frequency_vars = self.frequency_vars();
        // Without frequencies and groups the only weight is one.
        let degree = if frequency_vars == 0 && bits_of(self.groups) == 0 { 2 } else { 3 };
        let scale = Fr::from(2_u64).pow([wide(frequency_vars)]);
        SumClaim { num_vars: self.num_vars(), degree, sum: claim.value.clone() * scale }
    }

    /// What the first stage leaves at its final point.
    pub fn spectrum_claims<V>(&self, point: &[Fr], values: [V; 4]) -> SpectrumClaims<V> {
        let (height, rest) = split(point, self.axes[0].num_vars);
        let (width, rest) = split(rest, self.axes[1].num_vars);
        let (group, channel) = split(rest, bits_of(self.groups));
        SpectrumClaims { frequencies: [height, width], group, channel: channel.to_vec(), values }
    }

    /// What the product of the first stage's values counts for in its final value.
    ///
    /// # Errors
    /// When the claims are of another layer.
    pub fn product_weight<V>(
        &self,
        claim: &FftClaim<V>,
        spectra: &SpectrumClaims<V>,
    ) -> std::result::Result<Fr, tacit_algebra::Error> {
        eq::evaluate(&claim.group, &spectra.group)
    }

    /// The second stage's sums: input, weights, both crops.
    pub fn transform_claims<V: Value>(&self, spectra: &SpectrumClaims<V>) -> [SumClaim<V>; 4] {
        let [top, left, weights, input] = spectra.values.clone();
        let [input_vars, kernel_vars, rows, columns] = self.transform_vars();
        let claim = |num_vars, sum| SumClaim { num_vars, degree: 2, sum };
        [claim(input_vars, input), claim(kernel_vars, weights), claim(rows, top), claim(columns, left)]
    }

    /// What weights and crops count for in the second stage's final values; `points` are those of the four sums.
    ///
    /// # Errors
    /// When claims or points are of another layer.
    pub fn transform_weights<V>(
        &self,
        claim: &FftClaim<V>,
        spectra: &SpectrumClaims<V>,
        points: [&[Fr]; 4],
    ) -> std::result::Result<[Fr; 3], tacit_algebra::Error> {
        let [_, kernel, top, left] = points;
        let [positions, kernels] = [self.positions(claim), self.split_kernel(kernel)];
        let [height, width] = &self.axes;
        let offsets = |axis: &AxisTransform, frequency: &Vec<Fr>, point: &[Fr]| {
            let vector = axis.kernel_vector(frequency.clone());
            vector.map(|vector| vector.evaluate(point, axis.window.kernel))
        };
        let window = |axis: &AxisTransform, position: &[Fr], point: &[Fr]| {
            eq::evaluate_prefix(position, point, axis.output)
        };
        let kernel = offsets(height, &spectra.frequencies[0], &kernels[0])?
            * offsets(width, &spectra.frequencies[1], &kernels[1])?;
        Ok([kernel, window(height, &positions[0], top)?, window(width, &positions[1], left)?])
    }

    fn split_kernel(&self, point: &[Fr]) -> [Vec<Fr>; 2] {
        let (height, width) = split(point, bits_of(self.axes[0].window.kernel));
        [height, width.to_vec()]
    }

    /// $i^\ast$ along height and width.
    pub fn split_input(&self, point: &[Fr]) -> [Vec<Fr>; 2] {
        let (height, width) = split(point, bits_of(self.axes[0].input));
        [height, width.to_vec()]
    }

    /// The claims on Fourier vectors that the second stage leaves: input and crop along the height, then the width.
    ///
    /// # Errors
    /// When frequencies have more coordinates than a Fourier vector.
    pub fn fourier_claims<V: Value>(
        &self,
        spectra: &SpectrumClaims<V>,
        points: [&[Fr]; 4],
        values: &TransformValues<V>,
    ) -> std::result::Result<[FourierClaim<V>; 4], tacit_algebra::Error> {
        let [input, _, top, left] = points;
        let [rows, columns] = self.split_input(input);
        let [height, width] = &self.axes;
        let [f_height, f_width] = spectra.frequencies.clone();
        let read = |frequency, point: &[Fr], value: &V| {
            AxisTransform::input_vector(frequency)
                .map(|vector| FourierClaim::new(vector, point, value.clone()))
        };
        let crop = |axis: &AxisTransform, frequency, point: &[Fr], value: &V| {
            axis.crop_vector(frequency).map(|vector| FourierClaim::new(vector, point, value.clone()))
        };
        Ok([
            read(f_height.clone(), &rows, &values.rows[0])?,
            crop(height, f_height, top, &values.crops[0])?,
            read(f_width.clone(), &columns, &values.rows[1])?,
            crop(width, f_width, left, &values.crops[1])?,
        ])
    }

    /// The claims left on weights and input.
    pub fn claims<V: Clone>(
        &self,
        spectra: &SpectrumClaims<V>,
        points: [&[Fr]; 4],
        values: &TransformValues<V>,
    ) -> FftConvolutionClaims<V> {
        let [input, kernel, ..] = points;
        FftConvolutionClaims {
            group: spectra.group.clone(),
            weights_point: [&spectra.channel, kernel].concat(),
            weights: values.weights.clone(),
            input_point: [&spectra.group, &spectra.channel, input].concat(),
            input: values.input.clone(),
        }
    }
}

impl FftConvolutionLayer {
    /// What the convolution adds to the batch's soundness error.
    pub fn soundness(&self) -> TransformedConvolution {
        TransformedConvolution {
            product_vars: self.num_vars(),
            transform_vars: self.transform_vars().into_iter().max().unwrap_or(0),
            axis_vars: self.axes.map(|axis| axis.num_vars),
        }
    }
}

#[cfg(test)]
mod tests;
