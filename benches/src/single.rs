//! One linear layer by itself: a network of an input, the layer, and its accumulators as the output. Nothing is committed but
//! the weights, so that what is measured is the layer's argument and the opening.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tacit_inference::{
    NetworkBuilder,
    cost::{Choice, Policy, UnitCosts, choice::choose_arguments, node_cost},
};
use tacit_layers::{AxisWindow, InputLayer, Layout, Network, NodeId, Output, Window2d};
use tacit_prover::{Error, ProvingKey, prove};
use tacit_transcript::encoding::{POINT_BYTES, SCALAR_BYTES};
use tacit_verifier::verify;

use crate::Source;

/// The layer's node.
pub const LAYER: NodeId = NodeId(1);

/// Size of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Size {
    /// A convolution of square maps with a square kernel, stride 1, padded to keep the image's size.
    Convolution {
        /// Height and width.
        image: usize,
        /// Channels in and out.
        channels: usize,
        /// Height and width of the kernel.
        kernel: usize,
    },
    /// A matrix product.
    Matmul {
        /// Rows of the input.
        rows: usize,
        /// Length of the inner axis.
        inner: usize,
        /// Outputs.
        columns: usize,
    },
}

impl Size {
    /// The network of this one layer, and its input.
    ///
    /// # Errors
    /// When the shape is not usable.
    pub fn network(self) -> Result<(Network, tacit_layers::Tensor<i64>), tacit_layers::Error> {
        let mut source = Source::new(17);
        let input = match self {
            Self::Convolution { image, channels, .. } => vec![channels, image, image],
            Self::Matmul { rows, inner, .. } => vec![rows, inner],
        };
        let layer = InputLayer::real(Layout::new(input.clone())?, (0, 255), 1.0);
        let mut builder = NetworkBuilder::new("one layer", layer);
        let (node, shape) = match self {
            Self::Convolution { image, channels, kernel } => {
                let window = Window2d::square(AxisWindow::new(kernel, 1).padded(kernel / 2, kernel / 2));
                let weights = source.weights(&[channels, channels, kernel, kernel])?;
                let side = image + 2 * (kernel / 2) + 1 - kernel;
                (builder.conv2d("layer", NodeId(0), window, weights, None)?, vec![channels, side, side])
            }
            Self::Matmul { rows, inner, columns } => {
                let weights = source.weights(&[columns, inner])?;
                (builder.dense("layer", NodeId(0), 1, weights, None)?, vec![rows, columns])
            }
        };
        builder.output(Output { name: "y".to_owned(), node, shape, scales: vec![1.0], scale_axis: 0 });
        Ok((builder.finish()?, source.tensor(&input, 0, 255)?))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Convolution { image, channels, kernel } => {
                write!(f, "{channels}x{image}x{image}_k{kernel}")
            }
            Self::Matmul { rows, inner, columns } => write!(f, "{rows}x{inner}x{columns}"),
        }
    }
}

/// A layer with its argument chosen, ready to be proved.
#[derive(Debug)]
pub struct Prepared {
    /// Its key.
    pub key: ProvingKey,
    /// Its input.
    pub input: tacit_layers::Tensor<i64>,
    /// Its argument, and why it is not the one asked for.
    pub choice: Choice,
    /// Nanoseconds that the cost model predicts for the prover.
    pub predicted: f64,
}

impl Prepared {
    /// Builds the network and commits to its weights, unless the layer is predicted to take more than `limit` nanoseconds.
    ///
    /// # Errors
    /// When the shape is not usable.
    pub fn new(
        size: Size,
        policy: Policy,
        units: &UnitCosts,
        limit: f64,
    ) -> Result<Result<Self, Skipped>, Error> {
        let (mut network, input) = size.network()?;
        let mut choices = choose_arguments(&mut network, policy, units)?;
        let Some(choice) = choices.pop() else {
            return Ok(Err(Skipped::Refused("it has no argument".into())));
        };
        if let Some(refusal) = &choice.refusal {
            return Ok(Err(Skipped::Refused(refusal.reason.to_string())));
        }
        let plan = tacit_layers::proof::plan::Plan::new(&network.architecture)?;
        let predicted = node_cost(&network.architecture, &plan, LAYER).argument.prover.nanoseconds(units);
        if predicted > limit {
            return Ok(Err(Skipped::Limit));
        }
        Ok(Ok(Self { key: ProvingKey::setup(network)?, input, choice, predicted }))
    }

    /// Proves and verifies, a few times, and takes the fastest.
    ///
    /// # Errors
    /// When the layer cannot be proved or its proof is rejected.
    pub fn measure(&self, repetitions: usize) -> Result<Measured, Box<dyn std::error::Error>> {
        let mut fastest: Option<Measured> = None;
        for _ in 0..repetitions.max(1) {
            let clock = Instant::now();
            let proven = prove(&self.key, &self.input)?;
            let prove = clock.elapsed();
            let clock = Instant::now();
            verify(self.key.verifying_key(), &self.input, &proven.outputs, &proven.proof)?;
            let verify = clock.elapsed();
            let argument = proven.layers.get(LAYER.index()).map(tacit_prover::LayerProfile::argument);
            let bytes = proven.proof.len();
            let now = Measured { argument: argument.unwrap_or_default(), prove, verify, bytes };
            fastest = Some(fastest.map_or(now, |best| best.faster(now)));
        }
        fastest.ok_or_else(|| "nothing was measured".into())
    }

    /// Bytes of the opening, which are the same for every argument: two scalars and two points for each variable of a row,
    /// and a scalar.
    pub fn opening_bytes(&self) -> usize {
        let vars = self.key.verifying_key().plan().key_vars;
        2 * vars * (SCALAR_BYTES + POINT_BYTES) + SCALAR_BYTES
    }
}

/// Why a size is not measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skipped {
    /// The argument does not do the shape.
    Refused(String),
    /// It would take too long, or too much memory, which grows with time.
    Limit,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Prover's time in the layer's argument.
    pub argument: Duration,
    /// Prover's time in everything, inference and opening too.
    pub prove: Duration,
    /// Verifier's time, opening included.
    pub verify: Duration,
    /// Bytes of the proof, opening included.
    pub bytes: usize,
}

impl Measured {
    fn faster(self, other: Self) -> Self {
        Self {
            argument: self.argument.min(other.argument),
            prove: self.prove.min(other.prove),
            verify: self.verify.min(other.verify),
            bytes: self.bytes,
        }
    }
}

/// Sizes of convolutions: images, channels and kernels varied one by one around a layer of medium size, and the large kernels
/// on large images with few channels that transforms are made for.
pub fn convolutions() -> Vec<Size> {
    let size = |image, channels, kernel| Size::Convolution { image, channels, kernel };
    let mut sizes: Vec<Size> = vec![];
    sizes.extend([8, 16, 32, 64, 128, 256].map(|image| size(image, 16, 3)));
    sizes.extend([1, 4, 16, 64, 256, 512].map(|channels| size(16, channels, 3)));
    sizes.extend([1, 3, 5, 7, 11].map(|kernel| size(32, 16, kernel)));
    sizes.extend(
        [(64, 4, 11), (128, 4, 11), (256, 1, 3), (256, 1, 11), (256, 4, 11), (8, 512, 3)]
            .map(|(i, c, k)| size(i, c, k)),
    );
    deduplicate(sizes)
}

/// Sizes of matrix products: vectors as in classifiers, and square matrices.
pub fn matmuls() -> Vec<Size> {
    let size = |(rows, inner, columns)| Size::Matmul { rows, inner, columns };
    [
        (1, 64, 64),
        (1, 512, 512),
        (1, 4096, 1000),
        (16, 64, 64),
        (64, 256, 256),
        (256, 256, 256),
        (512, 512, 512),
    ]
    .map(size)
    .to_vec()
}

fn deduplicate(sizes: Vec<Size>) -> Vec<Size> {
    let mut kept: Vec<Size> = vec![];
    for size in sizes {
        if !kept.contains(&size) {
            kept.push(size);
        }
    }
    kept
}
