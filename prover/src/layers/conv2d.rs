//! Convolutions by the direct argument (see [`tacit_layers::layer::conv2d`]).
//!
//! By itself: two 3x3 filters with padding over a 5x4 map of one channel.
//!
//! ```
//! use tacit_inference::layer::conv2d::convolve_alone;
//! use tacit_layers::{AxisWindow, Layout, Tensor, Window2d, layer::conv2d::ConvolutionLayer, tensor::evaluation};
//! use tacit_prover::layers::conv2d::ConvolutionProver;
//! use tacit_transcript::{ProofReader, ProofWriter};
//! use tacit_verifier::layers::conv2d::ConvolutionVerifier;
//!
//! let window = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
//! let layer = ConvolutionLayer::new(window, 2, Layout::new(vec![1, 5, 4])?)?;
//! let weights = Tensor::new(layer.weights.clone(), (-9..9).collect())?;
//! let input = Tensor::new(layer.input.clone(), (0..20).collect())?;
//! let output = convolve_alone(&layer, &weights, &input)?;
//!
//! // All three tensors must be committed or absorbed first.
//! let mut writer = ProofWriter::new(b"example");
//! let prover = ConvolutionProver { layer: layer.clone(), weights: &weights, input: &input };
//! let left_to_do = prover.prove(&mut writer, &output);
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let claims = ConvolutionVerifier { layer }.verify(&mut reader)?;
//! reader.finish()?;
//! assert_eq!(claims, left_to_do);
//! // The caller's duty: every claim is that of its tensor; here by evaluating, else by an opening.
//! for (claim, tensor) in [(&claims.weights, &weights), (&claims.input, &input), (&claims.output, &output)] {
//!     assert_eq!(evaluation::evaluate(tensor.layout(), tensor.data(), &claim.point), claim.value);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{eq, kernels::backend};
use tacit_layers::{
    AxisWindow, Layout, Tensor, Window2d,
    argument::{
        choice::ConvolutionArgument,
        claim::{EvaluationClaim, LinearClaim},
        lookup_table::LookupTable,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::conv2d::{Conv2dLayer, ConvolutionClaims, ConvolutionLayer},
    tensor::{
        evaluation::{split_point, stored_share},
        value::NodeId,
    },
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use super::{
    matmul::{contraction, fold_rows},
    unfold,
};
use crate::{
    evaluation::evaluate,
    integers::Integers,
    layers::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite, contraction::bias},
    session::Session,
    sumcheck::{self, SumcheckInstance},
};

pub(crate) mod polynomial;

/// The prover of a stand-alone convolution.
#[derive(Debug, Clone)]
pub struct ConvolutionProver<'a> {
    /// Shapes.
    pub layer: ConvolutionLayer,
    /// Weights over (outputs, channels, kernel height, kernel width).
    pub weights: &'a Tensor<i64>,
    /// Input over (channels, height, width).
    pub input: &'a Tensor<i64>,
}

impl ConvolutionProver<'_> {
    /// Proves that `output` is the convolution and returns the claims left on weights, input and output.
    pub fn prove(&self, writer: &mut ProofWriter, output: &Tensor<i64>) -> ConvolutionClaims {
        let layer = &self.layer;
        // Step 1: the point at which the output is compared.
        let point = writer.squeeze_many(labels::MATMUL_POINT, output.layout().num_vars());
        let value = evaluate(output.layout(), output.data(), &point);
        writer.write_scalars(labels::CLAIM, &[value]);
        // Step 2: the sumcheck over channels and kernel offsets.
        let (filter, position) = point.split_at(output.layout().axis_vars().next().unwrap_or(0));
        let weights = fold_rows(self.weights.layout(), Integers::Int64(self.weights.data()), 1, filter);
        let unfolded = unfolded_input(self.input, &layer.window, output.layout(), position);
        let mut instance = contraction(weights, unfolded, self.weights.layout(), 1, value);
        let inner = sumcheck::prove(writer, &mut [&mut instance], RoundWeights::Uniform);
        let inner = instance_point(&inner, instance.claim().num_vars);
        let [weight, unfolded] = instance.final_values();
        writer.write_scalars(labels::CONTRACTION_VALUES, &[weight, unfolded]);
        // Step 3: from the unfolded input to the input.
        let claim = layer.unfolded_claim(inner, position, unfolded);
        let mut instance = unfold::instance(self.input, &layer.window, &layer.output, &claim);
        let spatial = sumcheck::prove(writer, &mut [&mut instance], RoundWeights::Uniform);
        let [_, read] = instance.final_values();
        writer.write_scalars(labels::WINDOW_VALUES, &[read]);
        layer.claims(&point, inner, &spatial, [value, weight, read])
    }
}

/// $\widetilde X(c, k; r_p) = \sum_p \mathrm{eq}(r_p, p)\, x[c, s p + d k - b]$ for every channel and offset, in storage
/// order, folding the width first.
pub(crate) fn unfolded_input(
    input: &Tensor<i64>,
    window: &Window2d,
    output: &Layout,
    position: &[Fr],
) -> Vec<Fr> {
    let [channels, height, width] = [0, 1, 2].map(|axis| input.layout().axes()[axis]);
    let (p_height, p_width) = position.split_at(output.axis_vars().nth(1).unwrap_or(0));
    let rows = offset_weights(&window.height, height, &eq::table(p_height, output.axes()[1]));
    let columns = offset_weights(&window.width, width, &eq::table(p_width, output.axes()[2]));
    // Width first: for each horizontal offset one value for every row of every channel.
    let lines: Vec<Vec<i64>> =
        (0..width).map(|x| input.data().iter().skip(x).step_by(width).copied().collect()).collect();
    let lines: Vec<&[i64]> = lines.iter().map(Vec::as_slice).collect();
    let folded: Vec<Vec<Fr>> = columns
        .par_iter()
        .map(|weights| backend().fold_integers(weights, &lines, channels * height))
        .collect();
    (0..channels)
        .into_par_iter()
        .flat_map_iter(|channel| {
            let maps: Vec<&[Fr]> =
                folded.iter().map(|folded| &folded[channel * height..][..height]).collect();
            rows.iter().flat_map(move |weights| {
                maps.clone().into_iter().map(|map| backend().inner_product(weights, map))
            })
        })
        .collect()
}

/// For each kernel offset how much every input position counts, given what every window position counts.
fn offset_weights(window: &AxisWindow, length: usize, positions: &[Fr]) -> Vec<Vec<Fr>> {
    let weights = |k: usize| {
        let mut weights = vec![Fr::zero(); length];
        for (p, weight) in positions.iter().enumerate() {
            if let Some(i) = window.input_position(p, k, length) {
                weights[i] += weight;
            }
        }
        weights
    };
    (0..window.kernel).map(weights).collect()
}

impl ProverLayer for Conv2dLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, accumulators: &mut Accumulators) {
        let output = session.layout(claim.subject).clone();
        let (filter, position) = claim.point.split_at(output.axis_vars().next().unwrap_or(0));
        let stored = stored_share(split_point(&output, &claim.point).skip(1));
        let value = claim.value - bias(session, self.bias, filter, stored);
        let (group, filter) = filter.split_at(self.group_vars());
        let (group, filter, others) = (group.to_vec(), filter.to_vec(), position.to_vec());
        let linear = LinearClaim { node: claim.subject, weights: self.weights, group, filter, others, value };
        match self.argument {
            ConvolutionArgument::Direct => accumulators.summed.push(linear),
            ConvolutionArgument::Fft => accumulators.transformed.push(linear),
            ConvolutionArgument::Polynomial => accumulators.convolutions.push(linear),
            ConvolutionArgument::Gates => accumulators.gated.push(linear.into_channels_first()),
        }
    }
}
