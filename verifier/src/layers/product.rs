//! Products of activations by activations (see [`tacit_layers::layer::product`]).

use ark_bn254::Fr;
use tacit_algebra::eq;
use tacit_layers::{
    NodeId, Operation,
    argument::{
        choice::MatmulArgument,
        claim::{EvaluationClaim, SumClaim},
        lookup_block::Segment,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::product::{Factor, ProductAxes, ProductLayer},
};
use tacit_transcript::{Value, labels};

use crate::{
    error::{Error, Result},
    layers::{Accumulators, VerifierLayer},
    session::Session,
    sumcheck,
};

pub(crate) fn verify<V: Value>(
    session: &mut Session<V>,
    claims: &[EvaluationClaim<NodeId, V>],
) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    let products =
        claims.iter().map(|claim| Product::new(session, claim)).collect::<Result<Vec<Product<V>>>>()?;
    // Step 1: one sumcheck over the batch and inner axes of all products.
    let sums = products
        .iter()
        .map(|product| {
            let degree = if product.axes.batch_point(&product.claim.point)?.is_empty() { 2 } else { 3 };
            Ok(SumClaim { num_vars: product.axes.summed_vars(), degree, sum: product.claim.value.clone() })
        })
        .collect::<Result<Vec<SumClaim<V>>>>()?;
    let reduced = sumcheck::verify(session.reader, &sums, RoundWeights::Uniform)?;
    // Step 2: both factors at their points.
    let values = session.reader.read_scalars(labels::PRODUCT_VALUES, products.len().saturating_mul(2))?;
    let (pairs, _) = values.as_chunks::<2>();
    let summed = |sum: &SumClaim<V>| instance_point(&reduced.point, sum.num_vars);
    let finals = products
        .iter()
        .zip(&sums)
        .zip(pairs)
        .map(|((product, sum), [left, right])| {
            let batch = product.axes.batch_point(&product.claim.point)?;
            let (own, _) = summed(sum).split_at(batch.len().min(sum.num_vars));
            Ok((left.clone() * eq::evaluate(&batch, own)?).times(right))
        })
        .collect::<Result<Vec<_>>>()?;
    if !session.reader.check_zero(reduced.difference(finals.into_iter())) {
        return Err(Error::FinalValue { argument: "products", message: labels::PRODUCT_VALUES });
    }
    for ((product, sum), values) in products.iter().zip(&sums).zip(pairs) {
        let factors = [Factor::Left, Factor::Right].into_iter().zip(product.inputs);
        for ((factor, input), value) in factors.zip(values) {
            let Product { layer, axes, claim, .. } = product;
            let point = layer.factor_point(axes, factor, &claim.point, summed(sum))?;
            session.claim_activation(input, point, value.clone())?;
        }
    }
    Ok(())
}

/// A product with the claim on its result.
pub(super) struct Product<'a, V> {
    pub(super) layer: &'a ProductLayer,
    pub(super) axes: ProductAxes,
    pub(super) inputs: [NodeId; 2],
    pub(super) claim: &'a EvaluationClaim<NodeId, V>,
}

impl<'a, V: Value> Product<'a, V> {
    pub(super) fn new(session: &Session<'a, '_, V>, claim: &'a EvaluationClaim<NodeId, V>) -> Result<Self> {
        let (node, _) = session.node(claim.subject)?;
        let (Operation::Product(layer), [left, right]) = (&node.operation, node.inputs.as_slice()) else {
            return Err(Error::BrokenInvariant);
        };
        let axes = layer.axes(&node.name, session.layout(*left)?, session.layout(*right)?)?;
        Ok(Self { layer, axes, inputs: [*left, *right], claim })
    }
}

impl<V: Value> VerifierLayer<V> for ProductLayer {
    fn looked_up(&self, _: &mut Session<V>, _: &Segment, _: Vec<Fr>) -> Result<(V, V)> {
        Err(Error::BrokenInvariant)
    }

    fn reduce(
        &self,
        _: &mut Session<V>,
        claim: EvaluationClaim<NodeId, V>,
        accumulators: &mut Accumulators<V>,
    ) -> Result<()> {
        match self.argument {
            MatmulArgument::Sumcheck => accumulators.products.push(claim),
            MatmulArgument::Polynomial => accumulators.inner_products.push(claim),
            MatmulArgument::Gates => accumulators.gated.push(claim),
        }
        Ok(())
    }
}
