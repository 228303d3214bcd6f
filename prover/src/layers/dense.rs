//! Dense layers: the bias is taken off, the rest is a matrix product.

use ark_bn254::Fr;
use tacit_layers::{
    NodeId,
    argument::{
        choice::MatmulArgument,
        claim::{EvaluationClaim, LinearClaim},
        lookup_table::LookupTable,
    },
    layer::dense::DenseLayer,
    tensor::evaluation::{split_point, stored_share},
};

use super::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite};
use crate::{layers::contraction::bias, session::Session};

impl ProverLayer for DenseLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, accumulators: &mut Accumulators) {
        let output = session.layout(claim.subject).clone();
        let row_vars: usize = output.axis_vars().take(self.num_row_axes).sum();
        let (rows, filter) = claim.point.split_at(row_vars);
        let stored = stored_share(split_point(&output, &claim.point).take(self.num_row_axes));
        let value = claim.value - bias(session, self.bias, filter, stored);
        let (filter, others) = (filter.to_vec(), rows.to_vec());
        let linear =
            LinearClaim { node: claim.subject, weights: self.weights, group: vec![], filter, others, value };
        match self.argument {
            MatmulArgument::Sumcheck => accumulators.summed.push(linear),
            MatmulArgument::Polynomial => accumulators.dense_products.push(linear),
            MatmulArgument::Gates => accumulators.gated.push(linear.into_rows_first()),
        }
    }
}
