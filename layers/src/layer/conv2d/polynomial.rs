//! Convolution as a product of polynomials.
//!
//! **Statement.** As in [`crate::layer::conv2d`]: $\widetilde a(r_g, r_{o'}, r_p) = v$ with the bias taken off.
//!
//! **Shapes.** Each axis has $n$ input positions, $K$ offsets with dilation $d$, stride $s$, leading padding $b$; let
//! $D = d (K - 1)$. With the outputs folded at $r_o = (r_g, r_{o'})$, let
//! $$ U(j) = \sum_{c, k} \sum_o \mathrm{eq}(r_o, o) W[o, c, k] x[c, j - D + d k], \qquad 0 \le j < n + D, $$
//! along each axis: the convolution of stride one over every position where it can differ from zero. $U$ is a tensor over
//! (height, width) of these lengths.
//!
//! **Protocol.** An input position $i$ and an offset $k$ meet in $j = i + d (K - 1 - k)$, so that $U$ holds the coefficients
//! of a sum of products of polynomials in two variables, one for each axis:
//! $$ \widehat U(Z) = \sum_{c} \widehat W_c(Z) \widehat x_c(Z), \qquad \widehat W_c(Z) = \sum_k w[c, k] Z^{d (K - 1 - k)}. $$
//! 1. Absorb the claims of all layers. The prover commits to $U$ of every layer: nothing it depends on comes later.
//! 2. Squeeze $u = (u_h, u_w)$, one pair for all layers. All three polynomials at $u$ are [power points](crate::argument::power) of
//!    multilinear extensions; the prover sends $\widetilde U(\pi_U)$. With $\rho$ collecting the factors,
//!    $$ \rho \widetilde U(\pi_U) = \sum_{g, c'} \mathrm{eq}(r_g, g) \widetilde W(g, r_{o'}, c', \pi_W)
//!    \widetilde x(g, c', \pi_x). $$
//! 3. The claimed output is a sum over $U$ too: with the [crop vectors](crate::AxisWindow::crop_vector) of both axes,
//!    $$ v = \sum_j S_h(j_h) S_w(j_w) U(j), \qquad S(j) = \sum_{p:~ s p - b + D = j} \mathrm{eq}(r_p, p). $$
//!    One [sumcheck](crate::argument::sumcheck) proves the sums of steps 2 and 3 for all layers; the prover sends
//!    $\widetilde W$, $\widetilde x$ and $\widetilde U$ at their points.
//!
//! Window positions that stride or padding leave out are coefficients that no crop vector reads; those outside $[0, n + D)$
//! read padding only.
//!
//! **Soundness error.** [`crate::argument::soundness::polynomial_convolution`]: twice the padded lengths of both axes of $U$
//! for the random point (Schwartz-Zippel: a commitment does not say that padding is zero, so that padding is compared and
//! multiplied too), and the sumcheck.
//!
//! **Caller's duty.** Two claims on $\widetilde U$, one each on $\widetilde W$ and $\widetilde x$.
//!
//! **Cost.** The prover commits to $\prod (n + D)$ field elements for each layer, whatever the number of channels, and
//! spends as many small products as one filter of stride one; its sumcheck runs over channels only. The verifier computes
//! the crop vectors, linear in one axis, and multiplies the rows of one more commitment.
//!
//! **Reference.** vCNN (Lee, Ko, Kim, Oh; ePrint 2020/584), which checks convolutions as polynomial products in a pairing
//! SNARK. Committing only to the product folded over outputs, and evaluating by power points, is Tacit's own.
//!
//! **Code.** [prover](../../../../tacit_prover/layers/conv2d/polynomial/index.html), [verifier](../../../../tacit_verifier/layers/conv2d/polynomial/index.html).

use ark_bn254::Fr;
use ark_ff::Field;

use super::feature_map;
use crate::{
    argument::power::{PowerPoint, ratios},
    error::Result,
    integer::wide,
    tensor::{
        Layout, bits_of,
        window::{AxisWindow, Window2d},
    },
};

/// Layout of $U$ over (height, width).
///
/// # Errors
/// [`crate::Error::LayerShape`] when the input is no feature map, [`crate::Error::Shape`] when $U$ has too many positions.
pub fn product_layout(layer: &str, window: &Window2d, input: &Layout) -> Result<Layout> {
    let [_, height, width] = feature_map(layer, input)?;
    Layout::new(vec![
        height.saturating_add(window.height.reach()),
        width.saturating_add(window.width.reach()),
    ])
}

/// The points that belong to a pair of challenges: $\rho \widetilde U(\pi_U) = \sum \widetilde W(\pi_W) \widetilde
/// x(\pi_x)$.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvolutionPowers {
    /// $\pi_U$, height before width like the others.
    pub product: Vec<Fr>,
    /// $\pi_W$.
    pub kernel: Vec<Fr>,
    /// $\pi_x$.
    pub input: Vec<Fr>,
    /// $\rho$.
    pub ratio: Fr,
}

impl ConvolutionPowers {
    /// The points for challenges `[u_h, u_w]`, or none where a challenge is zero or a factor has no inverse; `input` is a
    /// feature map.
    pub fn new(window: &Window2d, input: &Layout, [height, width]: [Fr; 2]) -> Option<Self> {
        let length = |axis: usize| input.axes().get(axis).copied().unwrap_or(1);
        let axes = [(&window.height, length(1), height), (&window.width, length(2), width)];
        let (mut product, mut kernel, mut read) = (vec![], vec![], vec![]);
        let mut shift = Fr::from(1_u64);
        for (window, length, u) in axes {
            product.extend(ratios(u, bits_of(length.saturating_add(window.reach()))));
            kernel.extend(kernel_ratios(window, u)?);
            read.extend(ratios(u, bits_of(length)));
            shift *= u.pow([wide(window.reach())]);
        }
        let [product, kernel, input] =
            [PowerPoint::new(&product)?, PowerPoint::new(&kernel)?, PowerPoint::new(&read)?];
        let ratio = product.scale * (shift * kernel.scale * input.scale).inverse()?;
        Some(Self { product: product.point, kernel: kernel.point, input: input.point, ratio })
    }
}

/// Weights of kernel offsets: $u^{d (K - 1 - k)}$ is $u^D$ times powers of $u^{-d}$.
fn kernel_ratios(window: &AxisWindow, u: Fr) -> Option<Vec<Fr>> {
    Some(ratios(u.inverse()?.pow([wide(window.dilation)]), bits_of(window.kernel)))
}

/// Both axes' crop vectors at a point of the output's positions; `input` and `output` are feature maps.
pub fn crop_vectors(window: &Window2d, input: &Layout, output: &Layout, position: &[Fr]) -> [Vec<Fr>; 2] {
    let length = |layout: &Layout, axis: usize| layout.axes().get(axis).copied().unwrap_or(1);
    let (height, width) = position.split_at(bits_of(length(output, 1)).min(position.len()));
    [
        window.height.crop_vector(length(input, 1), length(output, 1), height),
        window.width.crop_vector(length(input, 2), length(output, 2), width),
    ]
}
