//! Convolutions by the direct argument (see [`tacit_layers::layer::conv2d`]).

use ark_bn254::Fr;
use tacit_layers::{
    argument::{
        choice::ConvolutionArgument,
        claim::{EvaluationClaim, LinearClaim},
        lookup_block::Segment,
    },
    layer::conv2d::Conv2dLayer,
    tensor::{
        evaluation::{split_point, stored_share},
        value::NodeId,
    },
};
use tacit_transcript::Value;

use crate::{
    error::{Error, Result},
    layers::{Accumulators, VerifierLayer, contraction::bias},
    session::Session,
};

pub mod polynomial;

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
