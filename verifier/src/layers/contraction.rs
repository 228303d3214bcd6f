//! Accumulators: every linear layer's sumcheck in one batch (see [`tacit_layers::argument::matmul`] and
//! [`tacit_layers::layer::conv2d`]), sums and averages without one.

use ark_bn254::Fr;
use tacit_algebra::eq;
use tacit_layers::{
    ParameterId,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim, SumClaim},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::conv2d::unfolded_claim,
};
use tacit_transcript::{Value, labels};

use super::{conv2d, fft_convolution, gates, matmul, product};
use crate::{
    error::{Error, Result},
    layers::Accumulators,
    session::Session,
    sumcheck,
};

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    // Step 1: every layer sends what its accumulators are the sum of, and leaves the rest to a batch.
    let mut accumulators = Accumulators::default();
    // Additions leave claims on the accumulators that they add up, each of which is read once.
    while !session.claims.accumulators.is_empty() {
        for (id, claim) in std::mem::take(&mut session.claims.accumulators) {
            session.layer(id)?.reduce(session, claim, &mut accumulators)?;
        }
    }
    // Step 2: the batches.
    let Accumulators { summed, transformed, convolutions, gated, products, inner_products, dense_products } =
        accumulators;
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
    let reduced = sumcheck::verify(session.reader, &sums, RoundWeights::Uniform)?;
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
        Ok((weight.clone() * eq::evaluate(&claim.group, &group)?).times(input))
    });
    let products = products.collect::<Result<Vec<_>>>()?;
    if !session.reader.check_zero(reduced.difference(products.into_iter())) {
        return Err(Error::FinalValue { argument: "contractions", message: labels::CONTRACTION_VALUES });
    }
    for ((claim, inner), [weight, input]) in claims.into_iter().zip(points).zip(pairs.iter().cloned()) {
        let (group, within) = split(&claim, inner);
        let column = Column::Parameter(claim.weights);
        let weights_point = [group, claim.filter, within].concat();
        session.claims.columns.push(EvaluationClaim::new(column, weights_point, weight));
        let read = session.read(claim.node)?;
        if session.node(claim.node)?.0.operation.layer().window().is_some() {
            let channel_vars = session.layout(read)?.axis_vars().next().unwrap_or(0);
            let unfolded = unfolded_claim(claim.node, channel_vars, inner, &claim.others, input);
            session.claims.unfolded.push(unfolded);
        } else {
            session.claim_activation(read, [&claim.others, inner].concat(), input)?;
        }
    }
    Ok(())
}

/// Reads the bias at the output channel's point and returns what it adds to the accumulator.
pub(super) fn bias<V: Value>(
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
    let column = session.plan().parameters.get(claim.weights.index()).ok_or(Error::BrokenInvariant)?;
    let inner: usize = column.layout.axis_vars().skip(1).sum();
    let degree = if claim.group.is_empty() { 2 } else { 3 };
    Ok(SumClaim { num_vars: inner.saturating_add(claim.group.len()), degree, sum: claim.value.clone() })
}
