//! Two-dimensional convolution by the direct argument; [`polynomial`] holds another one.
//!
//! **Statement.** $a[o, p] = \sum_{c, k} W[o, c, k] x[c, s p + d k - b]$, positions outside the input reading zero.
//!
//! **Shapes.** $W$ over (outputs, channels, kernel height, kernel width), $x$ over (channels, height, width), $a$ over
//! (outputs, height, width); $k$ and $p$ run over height and width.
//!
//! **Protocol.** With $X$ the unfolded input of [`crate::argument::unfold`],
//! $$ \widetilde a(r_o, r_p) = \sum_{c, k} \widetilde W(r_o, c, k) \widetilde X(c, k, r_p). $$
//! A [sumcheck](crate::argument::sumcheck) of degree 2 over $(c, k)$; the prover sends $\widetilde W(r_o, z)$ and $\widetilde X(z, r_p)$;
//! the window argument takes the latter to the input.
//!
//! With groups, $o = (g, o')$ and $c = (g, c')$, and the sum runs over $(g, c', k)$ with the factor $\mathrm{eq}(r_g, g)$:
//! $$ \widetilde a(r_g, r_{o'}, r_p) = \sum_{g, c', k} \mathrm{eq}(r_g, g) \widetilde W(g, r_{o'}, c', k)
//!    \widetilde X(g, c', k, r_p), $$
//! of degree 3. Groups split variables only where a group's outputs and channels are powers of two; an importer widens
//! other grouped weights with zeros.
//!
//! **Soundness error.** [`crate::argument::soundness::contraction`] and [`crate::argument::soundness::windows`].
//!
//! **Caller's duty.** Claims on $\widetilde W$ and $\widetilde x$ (and, standing alone, on $\widetilde a$).
//!
//! **Cost.** The prover folds the weights once over outputs and every input channel once over positions, which is less
//! than convolving; the verifier's work is logarithmic but for the shift vectors, linear in one axis.
//!
//! **Reference.** Tacit's own; compare zkCNN (CCS 2021, section 4) for the convolution by FFT.
//!
//! **Code.** [prover](../../../tacit_prover/layers/conv2d/index.html), [verifier](../../../tacit_verifier/layers/conv2d/index.html).

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::argument::gates;
use crate::{
    argument::{
        choice::{ConvolutionArgument, LayerArgument},
        claim::{Column, CommittedColumn},
        gates::{Circuit, check_products},
        unfold::{UnfoldedClaim, spatial_vars},
        view::Shifts,
    },
    error::{Error, Result},
    integer::wide,
    layer::{
        batches::Batches,
        conv2d::fft::FftConvolutionLayer,
        dense::{check_parameter, inner_vars},
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout, bits_of,
        value::{NodeId, ParameterId, ParameterWidth, ValueKind, ValueSpec},
        window::{AxisWindow, Window2d},
    },
};

pub mod fft;
pub mod polynomial;

/// Outputs and channels are split into `groups` parts of the same size, and an output reads its own part's channels only:
/// one group is an ordinary convolution, as many groups as channels a depthwise one. Per part,
/// $a[o, p] = b_o + \sum_{c, k} W[o, c, k] x[c, s p + d k - b]$ over channels $c$ and kernel offsets $k$; positions
/// outside the input read zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conv2dLayer {
    /// Int8 weights of shape (outputs, input channels of a group, kernel height, kernel width).
    pub weights: ParameterId,
    /// Int32 bias of shape (outputs).
    pub bias: Option<ParameterId>,
    /// Number of output channels.
    pub num_outputs: usize,
    /// Number of groups. With more than one, outputs and channels of a group are powers of two.
    pub groups: usize,
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
    /// What proves it.
    pub argument: ConvolutionArgument,
}

/// Channels, height and width of a feature map.
///
/// # Errors
/// [`Error::LayerShape`] when the layout has other than three axes.
pub fn feature_map(layer: &str, layout: &Layout) -> Result<[usize; 3]> {
    <[usize; 3]>::try_from(layout.axes()).map_err(|_| Error::LayerShape {
        layer: layer.to_owned(),
        what: "input (channels, height, width)",
        expected: vec![0, 0, 0],
        actual: layout.axes().to_vec(),
    })
}

/// Entries of a window's shift and crop vectors, and products that give them, for one claim.
pub(crate) fn shift_work(window: &Window2d, site: &Site) -> usize {
    let Some(input) = site.inputs.layout(0) else { return 0 };
    let lengths = input.axes().iter().zip(site.output.layout.axes()).skip(1);
    let axes = [&window.height, &window.width].into_iter().zip(lengths);
    axes.map(|(axis, (&input, &output))| vectors(axis, input, output)).sum()
}

/// Entries of an axis' shift and crop vectors, and products that give them.
const fn vectors(window: &AxisWindow, input: usize, output: usize) -> usize {
    let entries = input.saturating_add(window.reach());
    entries.saturating_add(output.saturating_mul(window.kernel))
}

/// Layout of a window's output over a feature map.
///
/// # Errors
/// When the layout is no feature map or the window does not fit it.
pub fn window_output(layer: &str, window: &Window2d, channels: usize, input: &Layout) -> Result<Layout> {
    let [_, height, width] = feature_map(layer, input)?;
    Layout::new(vec![
        channels,
        window.height.output_length(layer, height)?,
        window.width.output_length(layer, width)?,
    ])
}

impl Layer for Conv2dLayer {
    fn name(&self) -> &'static str {
        "Conv2d"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        [Some(self.weights), self.bias].into_iter().flatten().collect()
    }

    fn argument(&self) -> Option<LayerArgument> {
        Some(LayerArgument::Convolution(self.argument))
    }

    fn set_argument(&mut self, argument: LayerArgument) {
        if let LayerArgument::Convolution(argument) = argument {
            self.argument = argument;
        }
    }

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let layer = inputs.layer;
        let [input] = inputs.exactly()?;
        input.activation(layer)?;
        let [channels, ..] = feature_map(layer, &input.layout)?;
        let layout = window_output(layer, &self.window, self.num_outputs, &input.layout)?;
        self.check_groups(layer, channels)?;
        let channels = self.group_channels(channels);
        let expected = [self.num_outputs, channels, self.window.height.kernel, self.window.width.kernel];
        let weights = inputs.parameters.first().copied();
        check_parameter(layer, "weights", weights, &expected, ParameterWidth::Int8)?;
        if self.bias.is_some() {
            let bias = inputs.parameters.get(1).copied();
            check_parameter(layer, "bias", bias, &[self.num_outputs], ParameterWidth::Int32)?;
        }
        match self.argument {
            ConvolutionArgument::Direct => {}
            ConvolutionArgument::Fft => FftConvolutionLayer::of(self, &input.layout, &layout).check(layer)?,
            ConvolutionArgument::Polynomial => {
                polynomial::product_layout(layer, &self.window, &input.layout)?;
            }
            ConvolutionArgument::Gates => {
                let gates = u128::from(self.num_macs(&input.layout, &layout));
                check_products(layer, gates, [&input.layout, &layout])?;
            }
        }
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, site: &Site, _: usize) -> Vec<usize> {
        vec![1; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        Some(&self.window)
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    fn commitments(&self, site: &Site) -> Result<Commitments> {
        let deferred = match (self.argument, site.inputs.layout(0)) {
            (ConvolutionArgument::Polynomial, Some(input)) => {
                let layout = polynomial::product_layout(site.inputs.layer, &self.window, input)?;
                Some(CommittedColumn { column: Column::Convolved(site.id), layout })
            }
            (ConvolutionArgument::Polynomial, None)
            | (ConvolutionArgument::Direct | ConvolutionArgument::Fft | ConvolutionArgument::Gates, _) => {
                None
            }
        };
        Ok(Commitments { deferred, ..Commitments::none() })
    }

    fn gated(&self, site: &Site) -> Option<Gated<'_>> {
        let circuit = match self.argument {
            ConvolutionArgument::Gates => self.circuit(site.inputs.layout(0)?, &site.output.layout).ok()?,
            ConvolutionArgument::Direct | ConvolutionArgument::Fft | ConvolutionArgument::Polynomial => {
                return None;
            }
        };
        Some(Gated::weighted(circuit, *site.reads.first()?, self.weights))
    }

    fn burden(&self, site: &Site) -> Result<Burden> {
        let wirings = self.gated(site).map_or(0, |gated| gated.wiring_work());
        let verifier = shift_work(&self.window, site).saturating_add(wirings);
        Ok(Burden { verifier, ..Burden::NOTHING })
    }

    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>) {
        let Some(input) = site.inputs.layout(0) else { return };
        match self.argument {
            ConvolutionArgument::Direct => {
                let weights = site.inputs.parameters.first().copied();
                batches.contractions.push(inner_vars(weights).saturating_add(self.group_vars()));
                batches.unfolded.push(spatial_vars(input));
            }
            ConvolutionArgument::Fft => {
                let layer = FftConvolutionLayer::of(self, input, &site.output.layout);
                batches.transformed.push(layer.soundness());
            }
            ConvolutionArgument::Polynomial => {
                let product = polynomial::product_layout(site.inputs.layer, &self.window, input);
                let channel_vars: usize = input.axis_vars().take(1).sum();
                if let Ok(product) = product {
                    batches
                        .polynomial_convolutions
                        .add(&product, channel_vars.saturating_add(self.group_vars()));
                }
            }
            ConvolutionArgument::Gates => {
                batches.circuits.extend(self.gated(site).map(|gated| gated.circuit));
            }
        }
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}

impl Conv2dLayer {
    /// A convolution without its bias: output over (groups, filters, height, width), left the input over (groups, channels,
    /// height, width), right the weights over (groups, filters, channels, kernel height, kernel width). Splitting groups off
    /// changes neither storage nor variables.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] when a tensor is too large.
    pub fn circuit(&self, input: &Layout, output: &Layout) -> Result<Circuit> {
        let groups = self.groups.max(1);
        let split = |layout: &Layout| {
            let (first, rest) = layout.axes().split_first().unwrap_or((&1, &[]));
            [&[groups, first.checked_div(groups).unwrap_or(0)], rest].concat()
        };
        let (window, input, output) = (&self.window, split(input), split(output));
        let channels = input.get(1).copied().unwrap_or(1);
        let filters = self.num_outputs.checked_div(groups).unwrap_or(0);
        let weights = vec![groups, filters, channels, window.height.kernel, window.width.kernel];
        let factors = vec![
            gates::Factor::shared(Some(0), Some(0), Some(0)),
            gates::Factor::shared(Some(1), None, Some(1)),
            gates::Factor::shared(None, Some(1), Some(2)),
            gates::Factor::window(window.height, 2, 2, Some(3)),
            gates::Factor::window(window.width, 3, 3, Some(4)),
        ];
        Ok(super::gated::products(
            Layout::new(output)?,
            [Layout::new(input)?, Layout::new(weights)?],
            factors,
        ))
    }

    fn check_groups(&self, layer: &str, channels: usize) -> Result<()> {
        let splits =
            |n: usize| n.checked_rem(self.groups) == Some(0) && self.group_channels(n).is_power_of_two();
        if self.groups == 1 || (splits(channels) && splits(self.num_outputs)) {
            return Ok(());
        }
        Err(Error::Groups {
            layer: layer.to_owned(),
            groups: self.groups,
            channels,
            outputs: self.num_outputs,
        })
    }

    /// Channels of each group.
    fn group_channels(&self, channels: usize) -> usize {
        channels.checked_div(self.groups).unwrap_or(0)
    }

    /// Variables that choose a group: the leading ones of outputs and channels alike.
    pub const fn group_vars(&self) -> usize {
        bits_of(self.groups)
    }

    /// Multiplications of a weight by an activation, padding counted.
    pub fn num_macs(&self, input: &Layout, output: &Layout) -> u64 {
        let channels = self.group_channels(input.axes().first().copied().unwrap_or(0));
        wide(output.num_elements()).saturating_mul(wide(channels.saturating_mul(self.window.num_offsets())))
    }
}

/// Shape of a convolution [by itself](crate::proof::alone).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvolutionLayer {
    /// Kernel, stride, padding and dilation.
    pub window: Window2d,
    /// Number of groups.
    pub groups: usize,
    /// Weights over (outputs, channels of a group, kernel height, kernel width).
    pub weights: Layout,
    /// Input over (channels, height, width).
    pub input: Layout,
    /// Output over (outputs, height, width).
    pub output: Layout,
}

impl ConvolutionLayer {
    /// A convolution of an input over (channels, height, width) with `outputs` filters.
    ///
    /// # Errors
    /// When the window does not fit the input.
    pub fn new(window: Window2d, outputs: usize, input: Layout) -> Result<Self> {
        Self::grouped(window, outputs, input, 1)
    }

    /// The same in groups, each of which has its own channels.
    ///
    /// # Errors
    /// When the window does not fit the input or the groups do not split the channels.
    pub fn grouped(window: Window2d, outputs: usize, input: Layout, groups: usize) -> Result<Self> {
        let layer = "convolution";
        let [channels, ..] = feature_map(layer, &input)?;
        let output = window_output(layer, &window, outputs, &input)?;
        if channels.checked_rem(groups) != Some(0) {
            return Err(Error::Groups { layer: layer.to_owned(), groups, channels, outputs });
        }
        let within = channels.checked_div(groups).unwrap_or(0);
        let weights = Layout::new(vec![outputs, within, window.height.kernel, window.width.kernel])?;
        Ok(Self { window, groups, weights, input, output })
    }
}

/// The claim on a convolution's unfolded input: the contraction's point is (channel, kernel height, kernel width).
pub fn unfolded_claim<V>(
    node: NodeId,
    channel_vars: usize,
    inner: &[Fr],
    position: &[Fr],
    value: V,
) -> UnfoldedClaim<V> {
    let (channel, offsets) = inner.split_at(channel_vars.min(inner.len()));
    let offsets = Some(offsets.to_vec());
    UnfoldedClaim { node, channel: channel.to_vec(), offsets, position: position.to_vec(), value }
}
