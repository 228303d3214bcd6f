//! Accumulators: every linear layer's sumcheck in one batch (see [`tacit_layers::argument::matmul`] and
//! [`tacit_layers::layer::conv2d`]), sums and averages without one.

use ark_bn254::Fr;
use tacit_algebra::{eq, small::from_i64};
use tacit_layers::{
    ConvolutionArgument, MatmulArgument, NodeId, Operation, ParameterId,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim, SumClaim},
        sumcheck::{RoundWeights, instance_point},
        unfold::WindowedClaim,
    },
    layer::{
        conv2d::{Conv2dLayer, windowed_claim},
        dense::DenseLayer,
    },
    tensor::evaluation,
};
use tacit_transcript::{Value, labels};

use super::{conv2d, fft_convolution, gates, matmul, product};
use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    let claims = std::mem::take(&mut session.claims.accumulators);
    // Biases and addends at the accumulators' points; averages become windowed claims as they are.
    let (mut summed, mut transformed, mut convolutions, mut gated) = (vec![], vec![], vec![], vec![]);
    let (mut products, mut inner_products, mut dense_products) = (vec![], vec![], vec![]);
    for (id, claim) in claims {
        match &session.node(id)?.0.operation {
            Operation::Add(layer) => add(session, id, &layer.coefficients, &claim)?,
            Operation::AveragePool(_) => average(session, id, &claim)?,
            Operation::Dense(layer) => {
                let linear = dense(session, id, layer, &claim)?;
                match layer.argument {
                    MatmulArgument::Sumcheck => summed.push(linear),
                    MatmulArgument::Polynomial => dense_products.push(linear),
                    MatmulArgument::Gates => gated.push(linear.into_rows_first()),
                }
            }
            Operation::Conv2d(layer) => {
                let linear = convolution(session, id, layer, &claim)?;
                match layer.argument {
                    ConvolutionArgument::Direct => summed.push(linear),
                    ConvolutionArgument::Fft => transformed.push(linear),
                    ConvolutionArgument::Polynomial => convolutions.push(linear),
                    ConvolutionArgument::Gates => gated.push(linear.into_channels_first()),
                }
            }
            Operation::Product(layer) => match layer.argument {
                MatmulArgument::Sumcheck => products.push(claim),
                MatmulArgument::Polynomial => inner_products.push(claim),
                MatmulArgument::Gates => gated.push(claim),
            },
            Operation::ReduceSum(layer) => {
                let input = session.read(id)?;
                let (point, value) = layer.input_claim(session.layout(input)?, &claim.point, claim.value);
                session.claim_activation(input, point, value)?;
            }
            Operation::Circuit(_) => gated.push(claim),
            Operation::Input(_)
            | Operation::Reshape(_)
            | Operation::Rescale(_)
            | Operation::MaxPool(_)
            | Operation::Remap(_)
            | Operation::Concat(_)
            | Operation::Transpose(_)
            | Operation::Flatten => {
                return Err(Error::MissingColumn);
            }
        }
    }
    verify_summed(session, summed)?;
    fft_convolution::verify_all(session, transformed)?;
    conv2d::polynomial::verify(session, convolutions)?;
    matmul::polynomial::verify(session, &dense_products, &inner_products)?;
    product::verify(session, &products)?;
    gates::verify(session, gated)
}

/// Dense layers and convolutions by sumchecks over what they sum, in one batch.
fn verify_summed<V: Value>(session: &mut Session<V>, claims: Vec<LinearClaim<V>>) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    // Step 1: one sumcheck for all.
    let sums = claims.iter().map(|claim| sum_claim(session, claim)).collect::<Result<Vec<SumClaim<V>>>>()?;
    let reduced = sumcheck::verify(&mut session.reader, &sums, RoundWeights::Uniform)?;
    // Step 2: weights and inputs at the final point.
    let values = session.reader.read_scalars(labels::CONTRACTION_VALUES, claims.len().saturating_mul(2))?;
    let (pairs, _) = values.as_chunks::<2>();
    let points: Vec<&[Fr]> = sums.iter().map(|sum| instance_point(&reduced.point, sum.num_vars)).collect();
    let split = |claim: &LinearClaim<V>, point: &[Fr]| -> (Vec<Fr>, Vec<Fr>) {
        let (group, within) = point.split_at(claim.group.len().min(point.len()));
        (group.to_vec(), within.to_vec())
    };
    let products = claims.iter().zip(&points).zip(pairs).map(|((claim, point), [weight, input])| {
        let (group, _) = split(claim, point);
        (weight.clone() * eq::evaluate(&claim.group, &group)).times(input)
    });
    if !session.reader.check_zero(reduced.difference(products)) {
        return Err(Error::FinalValue { argument: "contractions", message: labels::CONTRACTION_VALUES });
    }
    for ((claim, inner), [weight, input]) in claims.into_iter().zip(points).zip(pairs.iter().cloned()) {
        let (group, within) = split(&claim, inner);
        let column = Column::Parameter(claim.weights);
        let weights_point = [group, claim.filter, within].concat();
        session.claims.columns.push(EvaluationClaim::new(column, weights_point, weight));
        let read = session.read(claim.node)?;
        if matches!(session.node(claim.node)?.0.operation, Operation::Conv2d(_)) {
            let channel_vars = session.layout(read)?.axis_vars().next().unwrap_or(0);
            let windowed = windowed_claim(claim.node, channel_vars, inner, &claim.others, input);
            session.claims.windowed.push(windowed);
        } else {
            session.claim_activation(read, [&claim.others, inner].concat(), input)?;
        }
    }
    Ok(())
}

/// Every addend's value is sent; together they give the accumulator.
fn add<V: Value>(
    session: &mut Session<V>,
    id: NodeId,
    coefficients: &[i64],
    claim: &EvaluationClaim<NodeId, V>,
) -> Result<()> {
    let (node, _) = session.node(id)?;
    let values = session.reader.read_scalars(labels::ADDEND_VALUES, node.inputs.len())?;
    let sum: V = values.iter().zip(coefficients).map(|(value, &c)| value.clone() * from_i64(c)).sum();
    if !session.reader.check_zero((sum - claim.value.clone()).into()) {
        return Err(Error::Addends { layer: node.name.clone() });
    }
    for (&input, value) in node.inputs.iter().zip(values) {
        session.claim_activation(input, claim.point.clone(), value)?;
    }
    Ok(())
}

fn average<V: Value>(session: &mut Session<V>, id: NodeId, claim: &EvaluationClaim<NodeId, V>) -> Result<()> {
    let claim = WindowedClaim::new(id, session.layout(id)?, None, &claim.point, claim.value.clone());
    session.claims.windowed.push(claim);
    Ok(())
}

/// Reads the bias at the output channel's point and returns what it adds to the accumulator.
fn bias<V: Value>(
    session: &mut Session<V>,
    bias: Option<ParameterId>,
    filter: &[Fr],
    stored: Fr,
) -> Result<V> {
    let Some(id) = bias else { return Ok(V::default()) };
    let value = session.reader.read_scalar(labels::BIAS_VALUES)?;
    session.claims.columns.push(EvaluationClaim::new(Column::Parameter(id), filter.to_vec(), value.clone()));
    Ok(value * stored)
}

/// The sum over a layer's weights behind the output channel's axis, and over groups.
fn sum_claim<V: Value>(session: &Session<V>, claim: &LinearClaim<V>) -> Result<SumClaim<V>> {
    let column = session.plan().parameters.get(claim.weights.index()).ok_or(Error::MissingColumn)?;
    let inner: usize = column.layout.axis_vars().skip(1).sum();
    let degree = if claim.group.is_empty() { 2 } else { 3 };
    Ok(SumClaim { num_vars: inner.saturating_add(claim.group.len()), degree, sum: claim.value.clone() })
}

fn dense<V: Value>(
    session: &mut Session<V>,
    id: NodeId,
    layer: &DenseLayer,
    claim: &EvaluationClaim<NodeId, V>,
) -> Result<LinearClaim<V>> {
    let output = session.layout(id)?;
    let row_vars: usize = output.axis_vars().take(layer.num_row_axes).sum();
    let (rows, filter) = claim.point.split_at(row_vars.min(claim.point.len()));
    let stored =
        evaluation::stored_share(evaluation::split_point(output, &claim.point).take(layer.num_row_axes));
    let value = claim.value.clone() - bias(session, layer.bias, filter, stored)?;
    let (filter, others) = (filter.to_vec(), rows.to_vec());
    Ok(LinearClaim { node: id, weights: layer.weights, group: vec![], filter, others, value })
}

fn convolution<V: Value>(
    session: &mut Session<V>,
    id: NodeId,
    layer: &Conv2dLayer,
    claim: &EvaluationClaim<NodeId, V>,
) -> Result<LinearClaim<V>> {
    let output = session.layout(id)?;
    let filter_vars = output.axis_vars().next().unwrap_or(0);
    let (filter, position) = claim.point.split_at(filter_vars.min(claim.point.len()));
    let stored = evaluation::stored_share(evaluation::split_point(output, &claim.point).skip(1));
    let value = claim.value.clone() - bias(session, layer.bias, filter, stored)?;
    let (group, filter) = filter.split_at(layer.group_vars().min(filter.len()));
    let (group, filter, others) = (group.to_vec(), filter.to_vec(), position.to_vec());
    Ok(LinearClaim { node: id, weights: layer.weights, group, filter, others, value })
}
