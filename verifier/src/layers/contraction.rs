//! Accumulators: every linear layer's sumcheck in one batch (see [`tacit_layers::matmul`] and
//! [`tacit_layers::conv2d`]), sums and averages without one.

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::{eq, small::from_i64};
use tacit_layers::{
    NodeId, Operation, ParameterId,
    claim::{Column, EvaluationClaim, SumClaim},
    conv2d::windowed_claim,
    evaluation,
    sumcheck::{RoundWeights, instance_point},
    windowed::WindowedClaim,
};
use tacit_transcript::labels;

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A linear layer's sum claim with the parts of its accumulator's point.
struct Contraction {
    node: NodeId,
    weights: ParameterId,
    /// The output channel's part for its group.
    group: Vec<Fr>,
    /// The output channel's part behind its group.
    filter: Vec<Fr>,
    /// Rows of a dense layer, positions of a convolution.
    others: Vec<Fr>,
    /// Whether the input is read through a window.
    windowed: bool,
    claim: SumClaim,
}

impl Contraction {
    /// The instance's part of the sumcheck's point: for the group, and behind it.
    fn split<'a>(&self, point: &'a [Fr]) -> (&'a [Fr], &'a [Fr]) {
        let inner = instance_point(point, self.claim.num_vars);
        inner.split_at(self.group.len().min(inner.len()))
    }
}

pub(crate) fn verify(session: &mut Session) -> Result<()> {
    let claims = std::mem::take(&mut session.claims.accumulators);
    // Step 1: biases and addends at the accumulators' points; averages become windowed claims as they are.
    let mut contractions = vec![];
    for (id, claim) in claims {
        match &session.node(id)?.0.operation {
            Operation::Add(layer) => add(session, id, &layer.coefficients, &claim)?,
            Operation::AveragePool(_) => average(session, id, &claim)?,
            Operation::Dense(layer) => contractions.push(dense(session, id, layer, &claim)?),
            Operation::Conv2d(layer) => contractions.push(convolution(session, id, layer, &claim)?),
            Operation::Input(_)
            | Operation::Rescale(_)
            | Operation::MaxPool(_)
            | Operation::Remap(_)
            | Operation::Concat(_)
            | Operation::Flatten => {
                return Err(Error::MissingColumn);
            }
        }
    }
    if contractions.is_empty() {
        return Ok(());
    }
    // Step 2: one sumcheck for all dense layers and convolutions.
    let claims: Vec<SumClaim> = contractions.iter().map(|c| c.claim).collect();
    let reduced = sumcheck::verify(&mut session.reader, &claims, RoundWeights::Uniform)?;
    // Step 3: weights and inputs at the final point.
    let values = session.reader.read_scalars(labels::CONTRACTION_VALUES, claims.len().saturating_mul(2))?;
    let (pairs, _) = values.as_chunks::<2>();
    let products = contractions.iter().zip(pairs).map(|(contraction, [weight, input])| {
        let (group, _) = contraction.split(&reduced.point);
        eq::evaluate(&contraction.group, group) * weight * input
    });
    if !reduced.holds(products) {
        return Err(Error::FinalValue { argument: "contractions", message: labels::CONTRACTION_VALUES });
    }
    for (contraction, &[weight, input]) in contractions.into_iter().zip(pairs) {
        let (group, within) = contraction.split(&reduced.point);
        let inner = [group, within].concat();
        let Contraction { node, weights, filter, others, windowed, .. } = contraction;
        let column = Column::Parameter(weights);
        session.claims.columns.push(EvaluationClaim::new(column, [group, &filter, within].concat(), weight));
        let read = session.read(node)?;
        if windowed {
            let channel_vars = session.layout(read)?.axis_vars().next().unwrap_or(0);
            session.claims.windowed.push(windowed_claim(node, channel_vars, &inner, &others, input));
        } else {
            session.claim_activation(read, [others, inner].concat(), input)?;
        }
    }
    Ok(())
}

/// Every addend's value is sent; together they give the accumulator.
fn add(
    session: &mut Session,
    id: NodeId,
    coefficients: &[i64],
    claim: &EvaluationClaim<NodeId>,
) -> Result<()> {
    let (node, _) = session.node(id)?;
    let values = session.reader.read_scalars(labels::ADDEND_VALUES, node.inputs.len())?;
    let sum: Fr = values.iter().zip(coefficients).map(|(value, &c)| *value * from_i64(c)).sum();
    if sum != claim.value {
        return Err(Error::Addends { layer: node.name.clone() });
    }
    for (&input, value) in node.inputs.iter().zip(values) {
        session.claim_activation(input, claim.point.clone(), value)?;
    }
    Ok(())
}

fn average(session: &mut Session, id: NodeId, claim: &EvaluationClaim<NodeId>) -> Result<()> {
    let claim = WindowedClaim::new(id, session.layout(id)?, None, &claim.point, claim.value);
    session.claims.windowed.push(claim);
    Ok(())
}

/// Reads the bias at the output channel's point and returns what it adds to the accumulator.
fn bias(session: &mut Session, bias: Option<ParameterId>, filter: &[Fr], stored: Fr) -> Result<Fr> {
    let Some(id) = bias else { return Ok(Fr::zero()) };
    let value = session.reader.read_scalar(labels::BIAS_VALUES)?;
    session.claims.columns.push(EvaluationClaim::new(Column::Parameter(id), filter.to_vec(), value));
    Ok(value * stored)
}

/// The sum over a layer's weights behind the output channel's axis, and over groups.
fn sum_claim(session: &Session, weights: ParameterId, group_vars: usize, sum: Fr) -> Result<SumClaim> {
    let column = session.plan().parameters.get(weights.index()).ok_or(Error::MissingColumn)?;
    let inner: usize = column.layout.axis_vars().skip(1).sum();
    let degree = if group_vars == 0 { 2 } else { 3 };
    Ok(SumClaim { num_vars: inner.saturating_add(group_vars), degree, sum })
}

fn dense(
    session: &mut Session,
    id: NodeId,
    layer: &tacit_layers::dense::DenseLayer,
    claim: &EvaluationClaim<NodeId>,
) -> Result<Contraction> {
    let output = session.layout(id)?;
    let row_vars: usize = output.axis_vars().take(layer.num_row_axes).sum();
    let (rows, filter) = claim.point.split_at(row_vars.min(claim.point.len()));
    let stored =
        evaluation::stored_share(evaluation::split_point(output, &claim.point).take(layer.num_row_axes));
    let sum = claim.value - bias(session, layer.bias, filter, stored)?;
    let claim = sum_claim(session, layer.weights, 0, sum)?;
    let (group, filter, others) = (vec![], filter.to_vec(), rows.to_vec());
    Ok(Contraction { node: id, weights: layer.weights, group, filter, others, windowed: false, claim })
}

fn convolution(
    session: &mut Session,
    id: NodeId,
    layer: &tacit_layers::conv2d::Conv2dLayer,
    claim: &EvaluationClaim<NodeId>,
) -> Result<Contraction> {
    let output = session.layout(id)?;
    let filter_vars = output.axis_vars().next().unwrap_or(0);
    let (filter, position) = claim.point.split_at(filter_vars.min(claim.point.len()));
    let stored = evaluation::stored_share(evaluation::split_point(output, &claim.point).skip(1));
    let sum = claim.value - bias(session, layer.bias, filter, stored)?;
    let (group, filter) = filter.split_at(layer.group_vars().min(filter.len()));
    let claim = sum_claim(session, layer.weights, group.len(), sum)?;
    let (group, filter, others) = (group.to_vec(), filter.to_vec(), position.to_vec());
    Ok(Contraction { node: id, weights: layer.weights, group, filter, others, windowed: true, claim })
}
