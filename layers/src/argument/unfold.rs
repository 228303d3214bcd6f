//! The window argument: from an unfolded tensor at a point to its input at a point.
//!
//! **Statement.** For an input $x$ over (channels, height, width) and a window,
//! $$ \widetilde X(r_c, r_k, r_p) = \sum_{i} S_h(i_h) S_w(i_w) \widetilde x(r_c, i) = v, $$
//! where $X[c, k, p] = x[c, s p + d k - b]$ (zero outside) and $S_h, S_w$ are the window's
//! [shift vectors](crate::AxisWindow::shift_vector) at $(r_k, r_p)$. With [`OffsetWeights::All`], $k$ is summed out: the
//! statement of average pooling.
//!
//! **Shapes.** $i$ runs over (height, width), each axis padded by itself.
//!
//! **Protocol.** One [sumcheck](crate::argument::sumcheck) of degree 2, batched over all windows of a network; then the prover
//! sends $\widetilde x(r_c, z)$ for each.
//!
//! **Soundness error.** [`crate::argument::soundness::windows`].
//!
//! **Caller's duty.** The claim on $\widetilde x$.
//!
//! **Cost.** The prover folds the input's channels once and sums over one map; the verifier computes both shift vectors,
//! linear in one axis.
//!
//! **Reference.** Tacit's own; it takes the place of the im2col wiring in direct convolutions.
//!
//! **Code.** [prover](../../../tacit_prover/layers/unfold/index.html), [verifier](../../../tacit_verifier/layers/unfold/index.html).

use ark_bn254::Fr;
use tacit_algebra::eq;

use crate::tensor::{
    Layout, bits_of,
    value::NodeId,
    window::{OffsetWeights, Window2d},
};

/// A claim on an unfolded input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a windowed claim must be reduced to its input"]
pub struct UnfoldedClaim<V = Fr> {
    /// The unfolded layer.
    pub node: NodeId,
    /// $r_c$.
    pub channel: Vec<Fr>,
    /// $r_k$, height before width; none to sum over all offsets.
    pub offsets: Option<Vec<Fr>>,
    /// $r_p$, height before width.
    pub position: Vec<Fr>,
    /// $v$.
    pub value: V,
}

impl<V> UnfoldedClaim<V> {
    /// The claim at a point of the unfolded layer's output over (channels, height, width).
    pub fn new(node: NodeId, output: &Layout, offsets: Option<&[Fr]>, point: &[Fr], value: V) -> Self {
        let channel_vars = output.axis_vars().next().unwrap_or(0);
        let (channel, position) = point.split_at(channel_vars.min(point.len()));
        let (channel, position) = (channel.to_vec(), position.to_vec());
        Self { node, channel, offsets: offsets.map(<[Fr]>::to_vec), position, value }
    }

    /// $S_h$ and $S_w$ over the stored positions of the input; `input` and `output` are feature maps.
    pub fn shift_vectors(&self, window: &Window2d, input: &Layout, output: &Layout) -> [Vec<Fr>; 2] {
        let length = |layout: &Layout, axis: usize| layout.axes().get(axis).copied().unwrap_or(1);
        let split = |point: &[Fr], vars: usize| -> (Vec<Fr>, Vec<Fr>) {
            let (a, b) = point.split_at(vars.min(point.len()));
            (a.to_vec(), b.to_vec())
        };
        let (p_height, p_width) = split(&self.position, bits_of(length(output, 1)));
        let (k_height, k_width) =
            split(self.offsets.as_deref().unwrap_or_default(), bits_of(window.height.kernel));
        let weights =
            |point| if self.offsets.is_some() { OffsetWeights::Point(point) } else { OffsetWeights::All };
        [
            window.height.shift_vector(length(input, 1), length(output, 1), &p_height, weights(&k_height)),
            window.width.shift_vector(length(input, 2), length(output, 2), &p_width, weights(&k_width)),
        ]
    }
}

/// Variables of a feature map's height and width.
pub fn spatial_vars(input: &Layout) -> usize {
    input.axis_vars().skip(1).sum()
}

/// $\widetilde S_h(z_h) \widetilde S_w(z_w)$.
pub fn evaluate_shifts([height, width]: &[Vec<Fr>; 2], point: &[Fr]) -> Fr {
    let (z_height, z_width) = point.split_at(bits_of(height.len()).min(point.len()));
    let at = |vector: &[Fr], z: &[Fr]| -> Fr {
        eq::table(z, vector.len()).iter().zip(vector).map(|(e, s)| *e * s).sum()
    };
    at(height, z_height) * at(width, z_width)
}
