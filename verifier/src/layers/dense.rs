//! Dense layers: the bias is taken off, the rest is a matrix product.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{
        choice::MatmulArgument,
        claim::{EvaluationClaim, LinearClaim},
        lookup_block::Segment,
    },
    layer::dense::DenseLayer,
    tensor::evaluation::{split_point, stored_share},
};
use tacit_transcript::Value;

use super::{Accumulators, VerifierLayer};
use crate::{
    error::{Error, Result},
    layers::contraction::bias,
    session::Session,
};

impl<V: Value> VerifierLayer<V> for DenseLayer {
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
        let row_vars: usize = output.axis_vars().take(self.num_row_axes).sum();
        let (rows, filter) = claim.point.split_at(row_vars.min(claim.point.len()));
        let stored = stored_share(split_point(output, &claim.point).take(self.num_row_axes));
        let value = claim.value.clone() - bias(session, self.bias, filter, stored)?;
        let (filter, others) = (filter.to_vec(), rows.to_vec());
        let linear =
            LinearClaim { node: claim.subject, weights: self.weights, group: vec![], filter, others, value };
        match self.argument {
            MatmulArgument::Sumcheck => accumulators.summed.push(linear),
            MatmulArgument::Polynomial => accumulators.dense_products.push(linear),
            MatmulArgument::Gates => accumulators.gated.push(linear.into_rows_first()),
        }
        Ok(())
    }
}
