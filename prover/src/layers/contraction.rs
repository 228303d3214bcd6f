//! Accumulators: every linear layer's sumcheck in one batch (see [`tacit_layers::matmul`] and
//! [`tacit_layers::conv2d`]), sums and averages without one.

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_layers::{
    Layout, NodeId, Operation, ParameterId,
    claim::{Column, EvaluationClaim},
    evaluation,
    sumcheck::{RoundWeights, instance_point},
    windowed::WindowedClaim,
};
use tacit_transcript::labels;

use super::{conv2d, matmul};
use crate::{
    session::Session,
    sumcheck::{self, Grouped, SumcheckInstance},
};

/// A linear layer's instance with the parts of its accumulator's point.
struct Contraction {
    node: NodeId,
    weights: ParameterId,
    /// The output channel's part behind its group.
    filter: Vec<Fr>,
    /// Rows of a dense layer, positions of a convolution.
    others: Vec<Fr>,
    /// Variables that choose a convolution's group.
    group_vars: usize,
    instance: Grouped,
}

pub(crate) fn prove(session: &mut Session) {
    let claims = std::mem::take(&mut session.claims.accumulators);
    // Step 1: biases and addends at the accumulators' points; averages become windowed claims as they are.
    let mut contractions = vec![];
    for (id, claim) in claims {
        match &session.network.architecture.node(id).operation {
            Operation::Add(_) => add(session, id, &claim),
            Operation::AveragePool(_) => average(session, id, &claim),
            Operation::Dense(layer) => contractions.push(dense(session, id, layer, &claim)),
            Operation::Conv2d(layer) => contractions.push(convolution(session, id, layer, &claim)),
            _ => unreachable!("only linear layers have accumulators"),
        }
    }
    if contractions.is_empty() {
        return;
    }
    // Step 2: one sumcheck for all dense layers and convolutions.
    let mut borrowed: Vec<&mut dyn SumcheckInstance> =
        contractions.iter_mut().map(|c| &mut c.instance as _).collect();
    let point = sumcheck::prove(&mut session.writer, &mut borrowed, RoundWeights::Uniform);
    // Step 3: weights and inputs at the final point.
    let values: Vec<[Fr; 2]> = contractions.iter().map(|c| c.instance.final_values()).collect();
    session.writer.write_scalars(labels::CONTRACTION_VALUES, values.as_flattened());
    for (contraction, [weight, input]) in contractions.into_iter().zip(values) {
        let Contraction { node, weights, filter, others, group_vars, instance } = contraction;
        let inner = instance_point(&point, instance.claim().num_vars);
        let (group, within) = inner.split_at(group_vars);
        let column = Column::Parameter(weights);
        session.claims.columns.push(EvaluationClaim::new(column, [group, &filter, within].concat(), weight));
        let read = session.node(node).inputs[0];
        if matches!(session.node(node).operation, Operation::Conv2d(_)) {
            let channel_vars = session.layout(read).axis_vars().next().unwrap_or(0);
            let claim = tacit_layers::conv2d::windowed_claim(node, channel_vars, inner, &others, input);
            session.claims.windowed.push(claim);
        } else {
            session.claim_activation(read, [&others, inner].concat(), input);
        }
    }
}

/// Every addend's value is sent.
fn add(session: &mut Session, id: NodeId, claim: &EvaluationClaim<NodeId>) {
    let inputs = session.node(id).inputs.clone();
    let evaluate = |&input: &NodeId| {
        let value = session.value(input);
        evaluation::evaluate(value.layout(), value.data(), &claim.point)
    };
    let values: Vec<Fr> = inputs.iter().map(evaluate).collect();
    session.writer.write_scalars(labels::ADDEND_VALUES, &values);
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
    let value = evaluation::evaluate(&column.layout, &values, filter);
    session.writer.write_scalars(labels::BIAS_VALUES, &[value]);
    session.claims.columns.push(EvaluationClaim::new(Column::Parameter(id), filter.to_vec(), value));
    value * stored
}

/// The weights at an output channel's point, group by group.
fn weights_at(session: &Session, id: ParameterId, groups: usize, filter: &[Fr]) -> Vec<Fr> {
    let parameter = session.network.parameter(id);
    let axes = session.plan.parameters[id.index()].layout.axes();
    let Ok(layout) = Layout::new([&[axes[0] / groups], &axes[1..]].concat()) else {
        unreachable!("a part of a layout is one")
    };
    let size = layout.num_elements();
    (0..groups).flat_map(|g| matmul::fold_rows(&layout, |i| parameter.get(g * size + i), 1, filter)).collect()
}

fn dense(
    session: &mut Session,
    id: NodeId,
    layer: &tacit_layers::dense::DenseLayer,
    claim: &EvaluationClaim<NodeId>,
) -> Contraction {
    let output = session.layout(id).clone();
    let row_vars: usize = output.axis_vars().take(layer.num_row_axes).sum();
    let (rows, filter) = claim.point.split_at(row_vars);
    let stored =
        evaluation::stored_share(evaluation::split_point(&output, &claim.point).take(layer.num_row_axes));
    let value = claim.value - bias(session, layer.bias, filter, stored);
    let input = session.value(session.node(id).inputs[0]);
    let left = weights_at(session, layer.weights, 1, filter);
    let right = matmul::fold_rows(input.layout(), |i| input.data()[i], layer.num_row_axes, rows);
    let instance = matmul::grouped(&[], left, right, &input.layout().axes()[layer.num_row_axes..], value);
    let (filter, others) = (filter.to_vec(), rows.to_vec());
    Contraction { node: id, weights: layer.weights, filter, others, group_vars: 0, instance }
}

fn convolution(
    session: &mut Session,
    id: NodeId,
    layer: &tacit_layers::conv2d::Conv2dLayer,
    claim: &EvaluationClaim<NodeId>,
) -> Contraction {
    let output = session.layout(id).clone();
    let (filter, position) = claim.point.split_at(output.axis_vars().next().unwrap_or(0));
    let stored = evaluation::stored_share(evaluation::split_point(&output, &claim.point).skip(1));
    let value = claim.value - bias(session, layer.bias, filter, stored);
    let input = session.value(session.node(id).inputs[0]);
    let (group, filter) = filter.split_at(layer.group_vars());
    let left = weights_at(session, layer.weights, layer.groups, filter);
    let right = conv2d::windowed_input(input, &layer.window, &output, position);
    let weights = session.plan.parameters[layer.weights.index()].layout.axes();
    let instance = matmul::grouped(group, left, right, &[&[layer.groups], &weights[1..]].concat(), value);
    let (filter, others) = (filter.to_vec(), position.to_vec());
    Contraction { node: id, weights: layer.weights, filter, others, group_vars: group.len(), instance }
}
