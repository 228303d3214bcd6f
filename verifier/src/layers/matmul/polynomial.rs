//! Matrix products as middle coefficients (see [`tacit_layers::matmul::polynomial`]).

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::eq;
use tacit_layers::{
    NodeId,
    claim::{Column, EvaluationClaim, LinearClaim, SumClaim, absorb_linear},
    matmul::polynomial::{CrossPowers, absorb_products, combination},
    product::Factor,
    sumcheck::{RoundWeights, instance_point},
};
use tacit_transcript::{Transcript, labels};

use super::super::product::Product;
use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A layer's claimed inner products, one for each position of its batch axes.
struct InnerProducts {
    /// $r_b$.
    batch: Vec<Fr>,
    inner_vars: usize,
    value: Fr,
}

pub(crate) fn verify(
    session: &mut Session,
    dense: &[LinearClaim],
    products: &[EvaluationClaim<NodeId>],
) -> Result<()> {
    let Some(layout) = session.plan().late_layout(Column::CrossTerms) else { return Ok(()) };
    // Step 1: the layers' combination.
    absorb_linear(&mut session.reader, dense);
    absorb_products(&mut session.reader, products);
    let gamma = session.reader.squeeze(labels::CROSS_BATCH);
    // Step 2: the coefficients on both sides of the middle.
    session.read_late(Column::CrossTerms)?;
    // Step 3: all polynomials at a random point.
    let u = session.reader.squeeze(labels::CROSS_POWER);
    let powers = CrossPowers::new(layout, u).ok_or(Error::DegenerateChallenge)?;
    let products =
        products.iter().map(|claim| Product::new(session, claim)).collect::<Result<Vec<Product>>>()?;
    let of_products = products.iter().map(of_product);
    let layers: Vec<InnerProducts> =
        dense.iter().map(|claim| of_dense(session, claim)).chain(of_products).collect::<Result<_>>()?;
    let sent = session.reader.read_scalars(labels::CROSS_VALUES, layers.len().saturating_add(1))?;
    let (cross, sums) = sent.split_last().ok_or(Error::MissingColumn)?;
    let mut difference = Fr::zero();
    let mut points = Vec::with_capacity(layers.len());
    for ((layer, sum), weight) in layers.iter().zip(sums).zip(combination(gamma, layers.len())) {
        let [a, b] = powers.factors(layer.inner_vars).ok_or(Error::DegenerateChallenge)?;
        difference += weight * (a.scale * b.scale * sum - layer.value);
        points.push([a.point, b.point]);
    }
    if powers.middle * difference != powers.cross.scale * cross {
        return Err(Error::ProductPolynomials);
    }
    session.claims.columns.push(EvaluationClaim::new(Column::CrossTerms, powers.cross.point, *cross));
    // Step 4: batch axes, and both factors at their points.
    let claims: Vec<SumClaim> = layers.iter().zip(sums).map(|(layer, sum)| sum_claim(layer, *sum)).collect();
    let reduced = sumcheck::verify(&mut session.reader, &claims, RoundWeights::Uniform)?;
    let values = session.reader.read_scalars(labels::FACTOR_VALUES, layers.len().saturating_mul(2))?;
    let (pairs, _) = values.as_chunks::<2>();
    let batch = |layer: &InnerProducts| instance_point(&reduced.point, layer.batch.len());
    let finals = layers
        .iter()
        .zip(pairs)
        .map(|(layer, [left, right])| eq::evaluate(&layer.batch, batch(layer)) * left * right);
    if !reduced.holds(finals) {
        return Err(Error::FinalValue { argument: "inner products", message: labels::FACTOR_VALUES });
    }
    let mut left = layers.iter().zip(points).zip(pairs);
    for (claim, ((_, points), values)) in dense.iter().zip(left.by_ref()) {
        leave_dense(session, claim, points, *values)?;
    }
    for (product, ((layer, points), values)) in products.iter().zip(left) {
        leave_product(session, product, batch(layer), points, *values)?;
    }
    Ok(())
}

fn of_dense(session: &Session, claim: &LinearClaim) -> Result<InnerProducts> {
    let weights = session.plan().parameters.get(claim.weights.index()).ok_or(Error::MissingColumn)?;
    let inner_vars = weights.layout.axis_vars().skip(1).sum();
    Ok(InnerProducts { batch: vec![], inner_vars, value: claim.value })
}

fn of_product(product: &Product) -> Result<InnerProducts> {
    let batch = product.axes.batch_point(&product.claim.point)?;
    Ok(InnerProducts { batch, inner_vars: product.axes.inner_vars(), value: product.claim.value })
}

fn sum_claim(layer: &InnerProducts, sum: Fr) -> SumClaim {
    let degree = if layer.batch.is_empty() { 2 } else { 3 };
    SumClaim { num_vars: layer.batch.len(), degree, sum }
}

/// The claims on a dense layer's input and weights.
fn leave_dense(
    session: &mut Session,
    claim: &LinearClaim,
    [left, right]: [Vec<Fr>; 2],
    [input, weight]: [Fr; 2],
) -> Result<()> {
    let column = Column::Parameter(claim.weights);
    let point = [claim.filter.as_slice(), &right].concat();
    session.claims.columns.push(EvaluationClaim::new(column, point, weight));
    let read = session.read(claim.node)?;
    session.claim_activation(read, [claim.others.as_slice(), &left].concat(), input)
}

/// The claims on the factors of a product of activations.
fn leave_product(
    session: &mut Session,
    product: &Product,
    batch: &[Fr],
    points: [Vec<Fr>; 2],
    values: [Fr; 2],
) -> Result<()> {
    let factors = [Factor::Left, Factor::Right].into_iter().zip(product.inputs);
    for ((factor, input), (inner, value)) in factors.zip(points.into_iter().zip(values)) {
        let summed = [batch, &inner].concat();
        let point = product.layer.factor_point(&product.axes, factor, &product.claim.point, &summed)?;
        session.claim_activation(input, point, value)?;
    }
    Ok(())
}
