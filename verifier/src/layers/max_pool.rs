//! Max-pools: the product check and the reduction to unfolded inputs (see [`tacit_layers::layer::max_pool`]).

use ark_bn254::Fr;
use tacit_layers::{
    NodeId, Operation,
    argument::{
        claim::{EvaluationClaim, SumClaim},
        lookup_block::{BlockSource, Segment},
        sumcheck::{RoundWeights, instance_point},
        unfold::UnfoldedClaim,
    },
    layer::max_pool::{MaxPoolLayer, PoolClaim},
    network::Architecture,
};
use tacit_transcript::{Transcript, Value, labels};

use crate::{
    error::{Error, Result},
    layers::{Accumulators, VerifierLayer},
    session::Session,
    sumcheck,
};

impl<V: Value> VerifierLayer<V> for MaxPoolLayer {
    fn looked_up(&self, session: &mut Session<V>, block: &Segment, point: Vec<Fr>) -> Result<(V, V)> {
        let BlockSource::Differences(id) = block.rows else { return Err(Error::BrokenInvariant) };
        let difference = session.reader.read_scalar(labels::COLUMN_VALUES)?;
        session.differences.push(EvaluationClaim::new(id, point, difference.clone()));
        Ok((difference, V::default()))
    }

    fn reduce(
        &self,
        _: &mut Session<V>,
        _: EvaluationClaim<NodeId, V>,
        _: &mut Accumulators<V>,
    ) -> Result<()> {
        Err(Error::BrokenInvariant)
    }
}

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    let pools: Vec<(NodeId, &MaxPoolLayer)> = max_pools(session.architecture()).collect();
    if pools.is_empty() {
        return Ok(());
    }
    // Step 1: the zero check's point, one for all.
    let claims = pools
        .iter()
        .map(|(id, layer)| {
            let num_vars = session.layout(*id)?.num_vars();
            Ok(SumClaim { num_vars, degree: layer.window.num_offsets(), sum: V::default() })
        })
        .collect::<Result<Vec<_>>>()?;
    let num_vars = claims.iter().map(|claim| claim.num_vars).max().unwrap_or(0);
    let tau = session.reader.squeeze_many(labels::POOL_POINT, num_vars);
    // Step 2: the product of every window's differences is zero.
    let reduced = sumcheck::verify(session.reader, &claims, RoundWeights::Equality(&tau))?;
    // Step 3: every pool's differences at the final point, one for each offset.
    let finals = pools
        .iter()
        .map(|(_, layer)| {
            Ok(session.reader.read_scalars(labels::POOL_DIFFERENCES, layer.window.num_offsets())?)
        })
        .collect::<Result<Vec<_>>>()?;
    let products = finals
        .iter()
        .map(|differences| Ok(session.reader.multiply(differences)?))
        .collect::<Result<Vec<V::Product>>>()?;
    if !session.reader.check_zero(reduced.difference(products.into_iter())) {
        return Err(Error::FinalValue { argument: "max-pools", message: labels::POOL_DIFFERENCES });
    }
    // Step 4: the offsets combined, and the maxima where both claims need them.
    for ((id, layer), (claim, differences)) in pools.into_iter().zip(claims.iter().zip(&finals)) {
        let offsets = session.reader.squeeze_many(labels::POOL_OFFSET, layer.offset_vars().iter().sum());
        let position = instance_point(&reduced.point, claim.num_vars).to_vec();
        let difference = layer.combine_offsets(&offsets, differences);
        claim_window(session, id, layer, &offsets, position, difference)?;
    }
    for claim in std::mem::take(&mut session.differences) {
        let Operation::MaxPool(layer) = &session.node(claim.subject)?.0.operation else {
            return Err(Error::BrokenInvariant);
        };
        let offset_vars: usize = layer.offset_vars().iter().sum();
        let (offsets, position) = claim.point.split_at(offset_vars.min(claim.point.len()));
        claim_window(session, claim.subject, layer, offsets, position.to_vec(), claim.value)?;
    }
    Ok(())
}

/// Turns a value of the differences into claims on the maxima and on the unfolded input.
fn claim_window<V: Value>(
    session: &mut Session<V>,
    id: NodeId,
    layer: &MaxPoolLayer,
    offsets: &[Fr],
    position: Vec<Fr>,
    difference: V,
) -> Result<()> {
    let (node, spec) = session.node(id)?;
    let (minimum, _) = spec.activation(&node.name)?;
    let maximum = session.reader.read_scalar(labels::POOL_VALUES)?;
    let claim = PoolClaim { offsets, position: &position, difference, maximum: maximum.clone() };
    let value = layer.unfolded_value(claim, session.layout(session.read(id)?)?, &spec.layout, minimum);
    let claim = UnfoldedClaim::new(id, &spec.layout, Some(offsets), &position, value);
    session.claims.unfolded.push(claim);
    session.claim_activation(id, position, maximum)
}

/// Every max-pool of a network, in node order.
fn max_pools(architecture: &Architecture) -> impl Iterator<Item = (NodeId, &MaxPoolLayer)> {
    architecture.nodes.iter().zip(0..).filter_map(|(node, index)| {
        if let Operation::MaxPool(layer) = &node.operation { Some((NodeId(index), layer)) } else { None }
    })
}
