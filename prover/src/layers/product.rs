//! Products of activations by activations (see [`tacit_layers::layer::product`]).

use ark_bn254::Fr;
use tacit_algebra::small::from_i64;
use tacit_inference::layer::product::arrange;
use tacit_layers::{
    Layout, NodeId, Operation,
    argument::{
        choice::MatmulArgument,
        claim::EvaluationClaim,
        lookup_table::LookupTable,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::product::{Factor, ProductAxes, ProductLayer},
};
use tacit_transcript::labels;

use super::matmul::{fold_rows, grouped};
use crate::{
    error::Result,
    integers::Integers,
    layers::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite},
    observer::nodes,
    session::Session,
    sumcheck::{Grouped, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session, claims: &[EvaluationClaim<NodeId>]) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    // Step 1: one sumcheck over the batch and inner axes of all products.
    let mut instances: Vec<(NodeId, Grouped)> = claims
        .iter()
        .map(|claim| {
            let instance = session.for_node(claim.subject, |session| instance(session, claim))?;
            Ok((claim.subject, instance))
        })
        .collect::<Result<_>>()?;
    let point = session.prove_batch(&mut instances, RoundWeights::Uniform);
    // Step 2: both factors at their points.
    let mut values: Vec<[Fr; 2]> = instances.iter().map(|(_, instance)| instance.ended()).collect();
    session.write_for(labels::PRODUCT_VALUES, nodes(&instances), &mut values);
    for ((claim, (_, instance)), values) in claims.iter().zip(&instances).zip(values) {
        let (layer, axes, inputs) = product(session, claim.subject)?;
        let summed = instance_point(&point, instance.claim().num_vars);
        let points = [Factor::Left, Factor::Right]
            .map(|factor| layer.factor_point(&axes, factor, &claim.point, summed));
        for ((input, point), value) in inputs.into_iter().zip(points).zip(values) {
            session.claim_activation(input, point?, value);
        }
    }
    Ok(())
}

pub(super) fn product<'a>(
    session: &Session<'a>,
    id: NodeId,
) -> Result<(&'a ProductLayer, ProductAxes, [NodeId; 2])> {
    let node = session.network.architecture.node(id);
    let Operation::Product(layer) = &node.operation else { unreachable!("only products leave such claims") };
    let inputs = [node.inputs[0], node.inputs[1]];
    let [left, right] = inputs.map(|input| session.layout(input));
    Ok((layer, layer.axes(&node.name, left, right)?, inputs))
}

fn instance(session: &Session, claim: &EvaluationClaim<NodeId>) -> Result<Grouped> {
    let (_, axes, _) = product(session, claim.subject)?;
    let [left, right] = tables(session, claim)?;
    Ok(grouped(&axes.batch_point(&claim.point)?, left, right, &axes.summed_lengths(), claim.value))
}

/// Both factors with their own axes folded, over batch and inner axes in storage order.
pub(super) fn tables(session: &Session, claim: &EvaluationClaim<NodeId>) -> Result<[Vec<Fr>; 2]> {
    let (layer, axes, [left, right]) = product(session, claim.subject)?;
    let summed = axes.summed_lengths();
    let table = |factor, input| -> Result<Vec<Fr>> {
        let data = arrange(layer, &axes, factor, session.value(input));
        let own = axes.own_lengths(factor);
        if own.iter().all(|&length| length == 1) {
            return Ok(data.iter().map(|&x| from_i64(x)).collect());
        }
        let layout = Layout::new([&own[..], &summed].concat())?;
        Ok(fold_rows(&layout, Integers::Int64(&data), own.len(), &axes.own_point(factor, &claim.point)?))
    };
    Ok([table(Factor::Left, left)?, table(Factor::Right, right)?])
}

impl ProverLayer for ProductLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, _: &mut Session, claim: EvaluationClaim<NodeId>, accumulators: &mut Accumulators) {
        match self.argument {
            MatmulArgument::Sumcheck => accumulators.products.push(claim),
            MatmulArgument::Polynomial => accumulators.inner_products.push(claim),
            MatmulArgument::Gates => accumulators.gated.push(claim),
        }
    }
}
