//! Accumulators: every linear layer's sumcheck in one batch (see [`tacit_layers::argument::matmul`] and
//! [`tacit_layers::layer::conv2d`]), sums and averages without one.

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_layers::{
    ConvolutionArgument, Layout, MatmulArgument, NodeId, Operation, ParameterId,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim},
        sumcheck::{RoundWeights, instance_point},
        unfold::WindowedClaim,
    },
    layer::{conv2d::Conv2dLayer, dense::DenseLayer},
    tensor::evaluation,
};
use tacit_transcript::labels;

use super::{conv2d, fft_convolution, gates, matmul, product};
use crate::{
    error::Result,
    evaluation::evaluate,
    hyrax::Integers,
    observer::nodes,
    session::Session,
    sumcheck::{Grouped, SumcheckInstance},
};

pub(crate) fn prove(session: &mut Session) -> Result<()> {
    let claims = std::mem::take(&mut session.claims.accumulators);
    // Biases and addends at the accumulators' points; averages become windowed claims as they are.
    let (mut summed, mut transformed, mut convolutions, mut gated) = (vec![], vec![], vec![], vec![]);
    let (mut products, mut inner_products, mut dense_products) = (vec![], vec![], vec![]);
    for (id, claim) in claims {
        match &session.network.architecture.node(id).operation {
            Operation::Add(_) => session.for_node(id, |session| add(session, id, &claim)),
            Operation::AveragePool(_) => average(session, id, &claim),
            Operation::Dense(layer) => {
                let linear = session.for_node(id, |session| dense(session, id, layer, &claim));
                match layer.argument {
                    MatmulArgument::Sumcheck => summed.push(linear),
                    MatmulArgument::Polynomial => dense_products.push(linear),
                    MatmulArgument::Gates => gated.push(linear.into_rows_first()),
                }
            }
            Operation::Conv2d(layer) => {
                let linear = session.for_node(id, |session| convolution(session, id, layer, &claim));
                match layer.argument {
                    ConvolutionArgument::Direct => summed.push(linear),
                    ConvolutionArgument::Fft => transformed.push(linear),
                    ConvolutionArgument::Polynomial => convolutions.push(linear),
                    ConvolutionArgument::Gates => gated.push(linear.into_channels_first()),
                }
            }
            Operation::ReduceSum(layer) => {
                let input = session.node(id).inputs[0];
                let (point, value) = layer.input_claim(session.layout(input), &claim.point, claim.value);
                session.claim_activation(input, point, value);
            }
            Operation::Product(layer) => match layer.argument {
                MatmulArgument::Sumcheck => products.push(claim),
                MatmulArgument::Polynomial => inner_products.push(claim),
                MatmulArgument::Gates => gated.push(claim),
            },
            Operation::Circuit(_) => gated.push(claim),
            _ => unreachable!("only linear layers have accumulators"),
        }
    }
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
    let mut values: Vec<[Fr; 2]> = instances.iter().map(|(_, instance)| instance.final_values()).collect();
    session.write_for(labels::CONTRACTION_VALUES, nodes(&instances), &mut values);
    for ((claim, (_, instance)), [weight, input]) in claims.into_iter().zip(&instances).zip(values) {
        let inner = instance_point(&point, instance.claim().num_vars);
        let (group, within) = inner.split_at(claim.group.len());
        let column = Column::Parameter(claim.weights);
        let weights_point = [group, &claim.filter, within].concat();
        session.claims.columns.push(EvaluationClaim::new(column, weights_point, weight));
        let read = session.node(claim.node).inputs[0];
        if matches!(session.node(claim.node).operation, Operation::Conv2d(_)) {
            let channel_vars = session.layout(read).axis_vars().next().unwrap_or(0);
            let claim = tacit_layers::layer::conv2d::windowed_claim(
                claim.node,
                channel_vars,
                inner,
                &claim.others,
                input,
            );
            session.claims.windowed.push(claim);
        } else {
            session.claim_activation(read, [&claim.others, inner].concat(), input);
        }
    }
}

/// Every addend's value is sent.
fn add(session: &mut Session, id: NodeId, claim: &EvaluationClaim<NodeId>) {
    let inputs = session.node(id).inputs.clone();
    let evaluate = |&input: &NodeId| {
        let value = session.value(input);
        evaluate(value.layout(), value.data(), &claim.point)
    };
    let mut values: Vec<Fr> = inputs.iter().map(evaluate).collect();
    session.write(labels::ADDEND_VALUES, &mut values);
    for (input, value) in inputs.into_iter().zip(values) {
        session.claim_activation(input, claim.point.clone(), value);
    }
}

fn average(session: &mut Session, id: NodeId, claim: &EvaluationClaim<NodeId>) {
    let claim = WindowedClaim::new(id, session.layout(id), None, &claim.point, claim.value);
    session.claims.windowed.push(claim);
}

/// Sends the bias at the output channel's point and returns what it adds to the accumulator.
fn bias(session: &mut Session, bias: Option<ParameterId>, filter: &[Fr], stored: Fr) -> Fr {
    let Some(id) = bias else { return Fr::zero() };
    let column = &session.plan.parameters[id.index()];
    let parameter = session.network.parameter(id);
    let values: Vec<i64> = (0..parameter.num_elements()).map(|i| parameter.get(i)).collect();
    let value = evaluate(&column.layout, &values, filter);
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

fn dense(
    session: &mut Session,
    id: NodeId,
    layer: &DenseLayer,
    claim: &EvaluationClaim<NodeId>,
) -> LinearClaim {
    let output = session.layout(id).clone();
    let row_vars: usize = output.axis_vars().take(layer.num_row_axes).sum();
    let (rows, filter) = claim.point.split_at(row_vars);
    let stored =
        evaluation::stored_share(evaluation::split_point(&output, &claim.point).take(layer.num_row_axes));
    let value = claim.value - bias(session, layer.bias, filter, stored);
    let (filter, others) = (filter.to_vec(), rows.to_vec());
    LinearClaim { node: id, weights: layer.weights, group: vec![], filter, others, value }
}

fn convolution(
    session: &mut Session,
    id: NodeId,
    layer: &Conv2dLayer,
    claim: &EvaluationClaim<NodeId>,
) -> LinearClaim {
    let output = session.layout(id).clone();
    let (filter, position) = claim.point.split_at(output.axis_vars().next().unwrap_or(0));
    let stored = evaluation::stored_share(evaluation::split_point(&output, &claim.point).skip(1));
    let value = claim.value - bias(session, layer.bias, filter, stored);
    let (group, filter) = filter.split_at(layer.group_vars());
    let (group, filter, others) = (group.to_vec(), filter.to_vec(), position.to_vec());
    LinearClaim { node: id, weights: layer.weights, group, filter, others, value }
}

fn instance(session: &Session, claim: &LinearClaim) -> Grouped {
    let node = session.node(claim.node);
    let input = session.value(node.inputs[0]);
    let weights = session.plan.parameters[claim.weights.index()].layout.axes();
    match &node.operation {
        Operation::Conv2d(layer) => {
            let left = weights_at(session, claim.weights, layer.groups, &claim.filter);
            let right =
                conv2d::windowed_input(input, &layer.window, session.layout(claim.node), &claim.others);
            let axes = [&[layer.groups], &weights[1..]].concat();
            matmul::grouped(&claim.group, left, right, &axes, claim.value)
        }
        Operation::Dense(layer) => {
            let left = weights_at(session, claim.weights, 1, &claim.filter);
            let right = matmul::fold_rows(
                input.layout(),
                Integers::Int64(input.data()),
                layer.num_row_axes,
                &claim.others,
            );
            matmul::grouped(&[], left, right, &weights[1..], claim.value)
        }
        _ => unreachable!("only linear layers leave such claims"),
    }
}
