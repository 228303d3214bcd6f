//! Matrix products as middle coefficients (see [`tacit_layers::argument::matmul::polynomial`]).

use ark_bn254::Fr;
use tacit_algebra::eq;
use tacit_layers::{
    NodeId,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim, SumClaim, absorb_linear},
        matmul::polynomial::{CrossPowers, absorb_products, combination},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::product::Factor,
};
use tacit_transcript::{Transcript, Value, labels};

use super::super::product::Product;
use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A layer's claimed inner products, one for each position of its batch axes.
struct InnerProducts<V> {
    /// $r_b$.
    batch: Vec<Fr>,
    inner_vars: usize,
    value: V,
}

pub(crate) fn verify<V: Value>(
    session: &mut Session<V>,
    dense: &[LinearClaim<V>],
    products: &[EvaluationClaim<NodeId, V>],
) -> Result<()> {
    let Some(layout) = session.plan().deferred_layout(Column::CrossTerms) else { return Ok(()) };
    // Step 1: the layers' combination.
    absorb_linear(session.reader, dense);
    absorb_products(session.reader, products);
    let gamma = session.reader.squeeze(labels::CROSS_BATCH);
    // Step 2: the coefficients on both sides of the middle.
    session.read_deferred(Column::CrossTerms)?;
    // Step 3: all polynomials at a random point.
    let u = session.reader.squeeze(labels::CROSS_POWER);
    let powers = CrossPowers::new(layout, u).ok_or(Error::DegenerateChallenge)?;
    let products =
        products.iter().map(|claim| Product::new(session, claim)).collect::<Result<Vec<Product<V>>>>()?;
    let of_products = products.iter().map(of_product);
    let layers: Vec<InnerProducts<V>> =
        dense.iter().map(|claim| of_dense(session, claim)).chain(of_products).collect::<Result<_>>()?;
    let sent = session.reader.read_scalars(labels::CROSS_VALUES, layers.len().saturating_add(1))?;
    let (cross, sums) = sent.split_last().ok_or(Error::BrokenInvariant)?;
    let mut difference = V::default();
    let mut points = Vec::with_capacity(layers.len());
    for ((layer, sum), weight) in layers.iter().zip(sums).zip(combination(gamma, layers.len())) {
        let [a, b] = powers.factors(layer.inner_vars).ok_or(Error::DegenerateChallenge)?;
        difference += (sum.clone() * (a.scale * b.scale) - layer.value.clone()) * weight;
        points.push([a.point, b.point]);
    }
    let difference = difference * powers.middle - cross.clone() * powers.cross.scale;
    if !session.reader.check_zero(difference.into()) {
        return Err(Error::ProductPolynomials);
    }
    session.claims.columns.push(EvaluationClaim::new(Column::CrossTerms, powers.cross.point, cross.clone()));
    // Step 4: batch axes, and both factors at their points.
    let claims: Vec<SumClaim<V>> =
        layers.iter().zip(sums).map(|(layer, sum)| sum_claim(layer, sum.clone())).collect();
    let reduced = sumcheck::verify(session.reader, &claims, RoundWeights::Uniform)?;
    let values = session.reader.read_scalars(labels::FACTOR_VALUES, layers.len().saturating_mul(2))?;
    let (pairs, _) = values.as_chunks::<2>();
    let batch = |layer: &InnerProducts<V>| instance_point(&reduced.point, layer.batch.len());
    let finals = layers
        .iter()
        .zip(pairs)
        .map(|(layer, [left, right])| {
            Ok((left.clone() * eq::evaluate(&layer.batch, batch(layer))?).times(right))
        })
        .collect::<Result<Vec<_>>>()?;
    if !session.reader.check_zero(reduced.difference(finals.into_iter())) {
        return Err(Error::FinalValue { argument: "inner products", message: labels::FACTOR_VALUES });
    }
    let mut left = layers.iter().zip(points).zip(pairs);
    for (claim, ((_, points), values)) in dense.iter().zip(left.by_ref()) {
        leave_dense(session, claim, points, values.clone())?;
    }
    for (product, ((layer, points), values)) in products.iter().zip(left) {
        leave_product(session, product, batch(layer), points, values.clone())?;
    }
    Ok(())
}

fn of_dense<V: Value>(session: &Session<V>, claim: &LinearClaim<V>) -> Result<InnerProducts<V>> {
    let weights = session.plan().parameters.get(claim.weights.index()).ok_or(Error::BrokenInvariant)?;
    let inner_vars = weights.layout.axis_vars().skip(1).sum();
    Ok(InnerProducts { batch: vec![], inner_vars, value: claim.value.clone() })
}

fn of_product<V: Value>(product: &Product<V>) -> Result<InnerProducts<V>> {
    let batch = product.axes.batch_point(&product.claim.point)?;
    Ok(InnerProducts { batch, inner_vars: product.axes.inner_vars(), value: product.claim.value.clone() })
}

fn sum_claim<V: Value>(layer: &InnerProducts<V>, sum: V) -> SumClaim<V> {
    let degree = if layer.batch.is_empty() { 2 } else { 3 };
    SumClaim { num_vars: layer.batch.len(), degree, sum }
}

/// The claims on a dense layer's input and weights.
fn leave_dense<V: Value>(
    session: &mut Session<V>,
    claim: &LinearClaim<V>,
    [left, right]: [Vec<Fr>; 2],
    [input, weight]: [V; 2],
) -> Result<()> {
    let column = Column::Parameter(claim.weights);
    let point = [claim.filter.as_slice(), &right].concat();
    session.claims.columns.push(EvaluationClaim::new(column, point, weight));
    let read = session.read(claim.node)?;
    session.claim_activation(read, [claim.others.as_slice(), &left].concat(), input)
}

/// The claims on the factors of a product of activations.
fn leave_product<V: Value>(
    session: &mut Session<V>,
    product: &Product<V>,
    batch: &[Fr],
    points: [Vec<Fr>; 2],
    values: [V; 2],
) -> Result<()> {
    let factors = [Factor::Left, Factor::Right].into_iter().zip(product.inputs);
    for ((factor, input), (inner, value)) in factors.zip(points.into_iter().zip(values)) {
        let summed = [batch, &inner].concat();
        let point = product.layer.factor_point(&product.axes, factor, &product.claim.point, &summed)?;
        session.claim_activation(input, point, value)?;
    }
    Ok(())
}
