//! Accumulators: every linear layer's sumcheck in one batch (see [`tacit_layers::argument::matmul`] and
//! [`tacit_layers::layer::conv2d`]), sums and averages without one.

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_layers::{
    Layout, Operation, ParameterId,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim},
        sumcheck::{RoundWeights, instance_point},
    },
};
use tacit_transcript::labels;

use super::{conv2d, fft_convolution, gates, matmul, product};
use crate::{
    error::Result,
    evaluation::evaluate,
    integers::Integers,
    layers::Accumulators,
    observer::nodes,
    session::Session,
    sumcheck::{Grouped, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) -> Result<()> {
    // Step 1: every layer sends what its accumulators are the sum of, and leaves the rest to a batch.
    let mut accumulators = Accumulators::default();
    // Additions leave claims on the accumulators that they add up, each of which is read once.
    while !session.claims.accumulators.is_empty() {
        for (id, claim) in std::mem::take(&mut session.claims.accumulators) {
            let layer = super::of(&session.network.architecture.node(id).operation);
            session.for_node(id, |session| layer.reduce(session, claim, &mut accumulators));
        }
    }
    // Step 2: the batches.
    let Accumulators { summed, transformed, convolutions, gated, products, inner_products, dense_products } =
        accumulators;
    prove_summed(session, summed);
    fft_convolution::prove_all(session, transformed);
    conv2d::polynomial::prove(session, convolutions);
    matmul::polynomial::prove(session, &dense_products, &inner_products)?;
    product::prove(session, &products)?;
    gates::prove(session, gated);
    Ok(())
}

/// Dense layers and convolutions by sumchecks over what they sum, in one batch.
fn prove_summed(session: &mut Session, claims: Vec<LinearClaim>) {
    if claims.is_empty() {
        return;
    }
    // Step 1: one sumcheck for all.
    let mut instances = session.instances(&claims, |claim| claim.node, instance);
    let point = session.prove_batch(&mut instances, RoundWeights::Uniform);
    // Step 2: weights and inputs at the final point.
    let mut values: Vec<[Fr; 2]> = instances.iter().map(|(_, instance)| instance.ended()).collect();
    session.write_for(labels::CONTRACTION_VALUES, nodes(&instances), &mut values);
    for ((claim, (_, instance)), [weight, input]) in claims.into_iter().zip(&instances).zip(values) {
        let inner = instance_point(&point, instance.claim().num_vars);
        let (group, within) = inner.split_at(claim.group.len());
        let column = Column::Parameter(claim.weights);
        let weights_point = [group, &claim.filter, within].concat();
        session.claims.columns.push(EvaluationClaim::new(column, weights_point, weight));
        let read = session.node(claim.node).inputs[0];
        if session.node(claim.node).operation.layer().window().is_some() {
            let channel_vars = session.layout(read).axis_vars().next().unwrap_or(0);
            let claim = tacit_layers::layer::conv2d::unfolded_claim(
                claim.node,
                channel_vars,
                inner,
                &claim.others,
                input,
            );
            session.claims.unfolded.push(claim);
        } else {
            session.claim_activation(read, [&claim.others, inner].concat(), input);
        }
    }
}

/// Sends the bias at the output channel's point and returns what it adds to the accumulator.
pub(super) fn bias(session: &mut Session, bias: Option<ParameterId>, filter: &[Fr], stored: Fr) -> Fr {
    let Some(id) = bias else { return Fr::zero() };
    let column = &session.plan.parameters[id.index()];
    let parameter = session.network.parameter(id);
    let value = evaluate(&column.layout, &parameter.widened(), filter);
    session.writer.write_scalars(labels::BIAS_VALUES, &[value]);
    session.claims.columns.push(EvaluationClaim::new(Column::Parameter(id), filter.to_vec(), value));
    value * stored
}

/// The weights at an output channel's point, group by group.
pub(super) fn weights_at(session: &Session, id: ParameterId, groups: usize, filter: &[Fr]) -> Vec<Fr> {
    let parameter = session.network.parameter(id);
    let axes = session.plan.parameters[id.index()].layout.axes();
    let Ok(layout) = Layout::new([&[axes[0] / groups], &axes[1..]].concat()) else {
        unreachable!("a part of a layout is one")
    };
    let size = layout.num_elements();
    (0..groups)
        .flat_map(|g| {
            matmul::fold_rows(&layout, Integers::from(parameter).slice(g * size..(g + 1) * size), 1, filter)
        })
        .collect()
}

fn instance(session: &Session, claim: &LinearClaim) -> Grouped {
    let node = session.node(claim.node);
    let input = session.value(node.inputs[0]);
    let weights = session.plan.parameters[claim.weights.index()].layout.axes();
    if let Operation::Conv2d(layer) = &node.operation {
        let left = weights_at(session, claim.weights, layer.groups, &claim.filter);
        let right = conv2d::unfolded_input(input, &layer.window, session.layout(claim.node), &claim.others);
        let axes = [&[layer.groups], &weights[1..]].concat();
        matmul::grouped(&claim.group, left, right, &axes, claim.value)
    } else {
        let Operation::Dense(layer) = &node.operation else {
            unreachable!("only dense layers and convolutions leave such claims")
        };
        let left = weights_at(session, claim.weights, 1, &claim.filter);
        let right = matmul::fold_rows(
            input.layout(),
            Integers::Int64(input.data()),
            layer.num_row_axes,
            &claim.others,
        );
        matmul::grouped(&[], left, right, &weights[1..], claim.value)
    }
}
