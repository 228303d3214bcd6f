//! Convolutions by the direct argument (see [`tacit_layers::layer::conv2d`]).

use tacit_layers::{
    argument::{claim::SumClaim, sumcheck::RoundWeights, unfold::spatial_vars},
    layer::conv2d::{ConvolutionClaims, ConvolutionLayer},
};
use tacit_transcript::{ProofReader, Transcript, labels};

use super::window;
use crate::{
    error::{Error, Result},
    sumcheck,
};

pub(crate) mod polynomial;

/// The verifier of a stand-alone convolution.
#[derive(Debug, Clone)]
pub struct ConvolutionVerifier {
    /// Shapes.
    pub layer: ConvolutionLayer,
}

impl ConvolutionVerifier {
    /// Checks both sumchecks and returns the claims left on weights, input and output.
    ///
    /// # Errors
    /// When the proof is malformed or a sumcheck's final value does not follow from the values sent.
    pub fn verify(&self, reader: &mut ProofReader) -> Result<ConvolutionClaims> {
        let layer = &self.layer;
        // Step 1: the point at which the output is compared.
        let point = reader.squeeze_many(labels::MATMUL_POINT, layer.output.num_vars());
        let value = reader.read_scalar(labels::CLAIM)?;
        // Step 2: the sumcheck over channels and kernel offsets.
        let claim = SumClaim { num_vars: layer.weights.axis_vars().skip(1).sum(), degree: 2, sum: value };
        let contraction = sumcheck::verify(reader, &[claim], RoundWeights::Uniform)?;
        let values = reader.read_scalars(labels::CONTRACTION_VALUES, 2)?;
        let (weight, windowed) = match *values.as_slice() {
            [weight, windowed] if contraction.holds(std::iter::once(weight * windowed)) => (weight, windowed),
            _ => {
                return Err(Error::FinalValue {
                    argument: "convolution",
                    message: labels::CONTRACTION_VALUES,
                });
            }
        };
        // Step 3: from the windowed input to the input.
        let filter_vars = layer.output.axis_vars().next().unwrap_or(0);
        let (_, position) = point.split_at(filter_vars.min(point.len()));
        let claim = layer.windowed_claim(&contraction.point, position, windowed);
        let sum = SumClaim { num_vars: spatial_vars(&layer.input), degree: 2, sum: windowed };
        let spatial = sumcheck::verify(reader, &[sum], RoundWeights::Uniform)?;
        let read = reader.read_scalar(labels::WINDOW_VALUES)?;
        let shift = window::shift(&claim, &layer.window, &layer.input, &layer.output, &spatial.point);
        if !spatial.holds(std::iter::once(shift * read)) {
            return Err(Error::FinalValue { argument: "convolution", message: labels::WINDOW_VALUES });
        }
        Ok(layer.claims(&point, &contraction.point, &spatial.point, [value, weight, read]))
    }
}
