//! Max-pooling over a sliding window, channel by channel.
//!
//! **Statement.** $y[c, p] = \max_k x[c, s p + d k - b]$, positions outside the input reading the smallest activation
//! $\ell$.
//!
//! **Shapes.** $y$ over (channels, height, width); differences $D[k, c, p] = y[c, p] - x[c, s p + d k - b]$ over (kernel
//! height, kernel width, channels, height, width), zero in all padding.
//!
//! **Protocol.** $y$ is committed. Every difference is looked up in a range that begins at zero, so no $y$ is less than
//! an element of its window; and for a random $\tau$
//! $$ \sum_{c, p} \mathrm{eq}(\tau, (c, p)) \prod_k D[k, c, p] = 0, $$
//! so every $y$ equals one of them. Both end in values of $\widetilde D$, which are values of $\widetilde y$ and of the
//! unfolded input,
//! $$ \widetilde D(r_k, r_c, r_p) = V(r_k) \widetilde y(r_c, r_p) - \widetilde X(r_k, r_c, r_p) -
//!    \ell V(r_c) \bigl(V(r_k) V(r_p) - I(r_k, r_p)\bigr), $$
//! with $V$ the share of a point that is no padding and $I$ the sum of the window's shift vectors; $\widetilde X$ is
//! reduced to $\widetilde x$ by the [window sumcheck](crate::tensor::window).
//!
//! **Soundness error.** [`crate::argument::soundness::max_pool`], besides the look-ups'.
//!
//! **Caller's duty.** Claims on $\widetilde y$ (two points) and on $\widetilde x$ (two points).
//!
//! **Cost.** One look-up for each element of each window; a sumcheck of the window's size in degree.
//!
//! **Reference.** zkCNN (Liu, Xie, Zhang, CCS 2021, section 5.2) checks a maximum by bits and a product; here look-ups
//! ([`crate::argument::logup`]) take the place of the bits.
//!
//! **Code.** [prover](../../../tacit_prover/layers/max_pool/index.html), [verifier](../../../tacit_verifier/layers/max_pool/index.html).

use ark_bn254::Fr;
use ark_ff::Zero;
use serde::{Deserialize, Serialize};
use tacit_algebra::{eq, small::from_i64};
use tacit_transcript::Value;

use crate::{
    argument::{
        choice::LayerArgument,
        claim::{Column, CommittedColumn},
        lookup_block::{BlockSource, LookupRequest, TableKey},
        unfold::spatial_vars,
        view::Shifts,
    },
    error::{Error, Result},
    integer::{signed, widest},
    layer::{
        batches::Batches,
        conv2d::{feature_map, shift_work, window_output},
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout, bits_of,
        value::{ParameterId, ValueSpec},
        window::{OffsetWeights, Window2d},
    },
};

/// $y[c, p] = \max_k x[c, s p + d k - b]$; positions outside the input read the input's smallest value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaxPoolLayer {
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
}

/// Most offsets a window may have: the argument's product check has this degree. A larger window is pooled along one
/// axis and then along the other.
pub const MAX_OFFSETS: usize = 16;

/// Claims left on the input, and on its maxima: one by the look-ups, one by the zero check.
const NUM_CLAIMS: usize = 2;

/// Values of the differences and of the maximum at one point.
#[derive(Debug, Clone, Copy)]
pub struct PoolClaim<'a, V = Fr> {
    /// The point's part for the kernel, height before width.
    pub offsets: &'a [Fr],
    /// The point's part for (channels, height, width).
    pub position: &'a [Fr],
    /// $\widetilde D$ at both.
    pub difference: V,
    /// $\widetilde y$ at the position.
    pub maximum: V,
}

impl Layer for MaxPoolLayer {
    fn name(&self) -> &'static str {
        "MaxPool"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let layer = inputs.layer;
        let [input] = inputs.exactly()?;
        input.activation(layer)?;
        let [channels, ..] = feature_map(layer, &input.layout)?;
        let layout = window_output(layer, &self.window, channels, &input.layout)?;
        let offsets = self.window.num_offsets();
        if offsets > MAX_OFFSETS {
            return Err(Error::Attribute {
                layer: layer.to_owned(),
                what: "number of positions in a max-pool window",
                actual: signed(offsets),
                minimum: 1,
                maximum: signed(MAX_OFFSETS),
            });
        }
        Ok(ValueSpec { layout, kind: input.kind })
    }

    fn size(&self, site: &Site) -> Size {
        let read = widest(site.output.layout.num_elements());
        let read = read.saturating_mul(widest(self.window.num_offsets()));
        Size { elements: read, steps: read }
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, site: &Site, _: usize) -> Vec<usize> {
        vec![NUM_CLAIMS; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        Some(&self.window)
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    fn commitments(&self, site: &Site) -> Result<Commitments> {
        let column = Column::Activation(site.id);
        let (low, high) = site.output.activation(site.inputs.layer)?;
        let lookup = LookupRequest {
            rows: BlockSource::Differences(site.id),
            table: TableKey::Difference,
            bounds: (0, high.saturating_sub(low)),
            layout: self.difference_layout(&site.output.layout)?,
        };
        Ok(Commitments {
            columns: vec![CommittedColumn { column, layout: site.output.layout.clone() }],
            lookups: vec![lookup],
            ..Commitments::none()
        })
    }

    fn gated(&self, _: &Site) -> Option<Gated<'_>> {
        None
    }

    fn burden(&self, site: &Site) -> Result<Burden> {
        let verifier = shift_work(&self.window, site).saturating_mul(NUM_CLAIMS);
        Ok(Burden { verifier, ..Burden::NOTHING })
    }

    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>) {
        let offset_vars: usize = self.offset_vars().iter().sum();
        batches.pools.push((site.output.layout.num_vars(), self.window.num_offsets(), offset_vars));
        let vars = site.inputs.layout(0).map_or(0, spatial_vars);
        batches.unfolded.extend([vars; NUM_CLAIMS]);
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}

impl MaxPoolLayer {
    /// Layout of the differences of an output of this layout: kernel height and width, then the output's axes.
    ///
    /// # Errors
    /// [`Error::Shape`] when they are too many.
    pub fn difference_layout(&self, output: &Layout) -> Result<Layout> {
        let mut axes = vec![self.window.height.kernel, self.window.width.kernel];
        axes.extend_from_slice(output.axes());
        Layout::new(axes)
    }

    /// Variables of the window's offsets along each axis.
    pub const fn offset_vars(&self) -> [usize; 2] {
        [bits_of(self.window.height.kernel), bits_of(self.window.width.kernel)]
    }

    /// $\widetilde D(r_k, \cdot)$ from the differences of every offset, row-major, at one point.
    pub fn combine_offsets<V: Value>(&self, offsets: &[Fr], differences: &[V]) -> V {
        let (height, width) = offsets.split_at(self.offset_vars()[0].min(offsets.len()));
        let rows = eq::table(height, self.window.height.kernel);
        let columns = eq::table(width, self.window.width.kernel);
        let weights = rows.iter().flat_map(|a| columns.iter().map(move |b| *a * b));
        weights.zip(differences).map(|(weight, d)| d.clone() * weight).sum()
    }

    /// $\widetilde X$ from $\widetilde D$ and $\widetilde y$ by the identity above.
    ///
    /// `offsets` is the point's part for the kernel, `position` the part for (channels, height, width); `minimum` is
    /// $\ell$, `input` and `output` the layouts.
    pub fn unfolded_value<V: Value>(
        &self,
        claim: PoolClaim<V>,
        input: &Layout,
        output: &Layout,
        minimum: i64,
    ) -> V {
        let PoolClaim { offsets, position, difference, maximum } = claim;
        let (k_height, k_width) = offsets.split_at(self.offset_vars()[0].min(offsets.len()));
        let height_share = eq::evaluate_range(k_height, self.window.height.kernel);
        let width_share = eq::evaluate_range(k_width, self.window.width.kernel);
        let kernel_share = height_share * width_share;
        let outside = if minimum.is_zero() {
            Fr::zero()
        } else {
            let mut parts = crate::tensor::evaluation::split_point(output, position);
            let mut part = || parts.next().unwrap_or((0, &[]));
            let ((channels, c), (height, p_height), (width, p_width)) = (part(), part(), part());
            let stored = eq::evaluate_range(p_height, height) * eq::evaluate_range(p_width, width);
            let axes = input.axes();
            let inside = |window: &crate::AxisWindow, axis: usize, length, p, k| -> Fr {
                let input = axes.get(axis).copied().unwrap_or(0);
                window.shift_vector(input, length, p, OffsetWeights::Point(k)).iter().sum()
            };
            let inside = inside(&self.window.height, 1, height, p_height, k_height)
                * inside(&self.window.width, 2, width, p_width, k_width);
            from_i64(minimum) * eq::evaluate_range(c, channels) * (kernel_share * stored - inside)
        };
        maximum * kernel_share - difference - V::from(outside)
    }
}
