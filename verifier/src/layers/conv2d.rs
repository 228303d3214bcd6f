//! Convolutions by the direct argument (see [`tacit_layers::layer::conv2d`]).

use ark_bn254::Fr;
use tacit_layers::{
    argument::{
        choice::ConvolutionArgument,
        claim::{EvaluationClaim, LinearClaim, SumClaim},
        lookup_block::Segment,
        sumcheck::RoundWeights,
        unfold::spatial_vars,
    },
    layer::conv2d::{Conv2dLayer, ConvolutionClaims, ConvolutionLayer},
    tensor::{
        evaluation::{split_point, stored_share},
        value::NodeId,
    },
};
use tacit_transcript::{ProofReader, Transcript, Value, labels};

use super::unfold;
use crate::{
    error::{Error, Result},
    layers::{Accumulators, VerifierLayer, contraction::bias},
    session::Session,
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
        let (weight, unfolded) = match *values.as_slice() {
            [weight, unfolded] if contraction.holds(std::iter::once(weight * unfolded)) => (weight, unfolded),
            _ => {
                return Err(Error::FinalValue {
                    argument: "convolution",
                    message: labels::CONTRACTION_VALUES,
                });
            }
        };
        // Step 3: from the unfolded input to the input.
        let filter_vars = layer.output.axis_vars().next().unwrap_or(0);
        let (_, position) = point.split_at(filter_vars.min(point.len()));
        let claim = layer.unfolded_claim(&contraction.point, position, unfolded);
        let sum = SumClaim { num_vars: spatial_vars(&layer.input), degree: 2, sum: unfolded };
        let spatial = sumcheck::verify(reader, &[sum], RoundWeights::Uniform)?;
        let read = reader.read_scalar(labels::WINDOW_VALUES)?;
        let shift = unfold::shift(&claim, &layer.window, &layer.input, &layer.output, &spatial.point);
        if !spatial.holds(std::iter::once(shift * read)) {
            return Err(Error::FinalValue { argument: "convolution", message: labels::WINDOW_VALUES });
        }
        Ok(layer.claims(&point, &contraction.point, &spatial.point, [value, weight, read]))
    }
}

impl<V: Value> VerifierLayer<V> for Conv2dLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        session: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        accumulators: &mut Accumulators<V>,
    ) -> Result<()> {
        let output = session.layout(claim.subject)?;
        let filter_vars = output.axis_vars().next().unwrap_or(0);
        let (filter, position) = claim.point.split_at(filter_vars.min(claim.point.len()));
        let stored = stored_share(split_point(output, &claim.point).skip(1));
        let value = claim.value.clone() - bias(session, self.bias, filter, stored)?;
        let (group, filter) = filter.split_at(self.group_vars().min(filter.len()));
        let (group, filter, others) = (group.to_vec(), filter.to_vec(), position.to_vec());
        let linear = LinearClaim { node: claim.subject, weights: self.weights, group, filter, others, value };
        match self.argument {
            ConvolutionArgument::Direct => accumulators.summed.push(linear),
            ConvolutionArgument::Fft => accumulators.transformed.push(linear),
            ConvolutionArgument::Polynomial => accumulators.convolutions.push(linear),
            ConvolutionArgument::Gates => accumulators.gated.push(linear.into_channels_first()),
        }
        Ok(())
    }
}
