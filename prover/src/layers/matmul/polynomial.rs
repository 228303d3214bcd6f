//! Matrix products as middle coefficients (see [`tacit_layers::argument::matmul::polynomial`]).

use ark_bn254::Fr;
use ark_ff::Zero;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use tacit_algebra::{Mle, eq, kernels::backend};
use tacit_layers::{
    Layout, NodeId, Operation,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim, absorb_linear},
        matmul::polynomial::{CrossPowers, absorb_products, combination, cross_halves},
        power::PowerPoint,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::product::Factor,
};
use tacit_transcript::{Transcript, labels};

use super::{
    super::{contraction::weights_at, product},
    fold_rows, pad_axes,
};
use crate::{
    error::Result,
    integers::Integers,
    observer::{Observer, nodes},
    session::Session,
    sumcheck::{Grouped, SumcheckInstance},
};

/// A layer's claimed inner products, one for each position of its batch axes.
struct InnerProducts {
    node: NodeId,
    /// $r_b$.
    batch: Vec<Fr>,
    /// Both factors over the padded batch and inner axes.
    factors: [Mle; 2],
}

impl InnerProducts {
    fn inner_vars(&self) -> usize {
        self.factors[0].num_vars() - self.batch.len()
    }

    /// A factor's vector at every batch position.
    fn vectors(&self, side: usize) -> impl Iterator<Item = &[Fr]> {
        self.factors[side].values().chunks(1 << self.inner_vars())
    }

    /// $\widetilde a(b, \pi)$ at every batch position $b$.
    fn evaluate(&self, side: usize, point: &[Fr]) -> Mle {
        let weights = eq::table(point, self.factors[side].values().len().min(1 << point.len()));
        let values = self.vectors(side).map(|vector| backend().inner_product(vector, &weights)).collect();
        crate::evaluation::table(values, self.batch.len())
    }
}

pub(crate) fn prove(
    session: &mut Session,
    dense: &[LinearClaim],
    products: &[EvaluationClaim<NodeId>],
) -> Result<()> {
    let Some(layout) = session.plan.deferred_layout(Column::CrossTerms) else { return Ok(()) };
    // Step 1: the layers' combination.
    absorb_linear(session.writer, dense);
    absorb_products(session.writer, products);
    let gamma = session.writer.squeeze(labels::CROSS_BATCH);
    // Step 2: the coefficients on both sides of the middle.
    let mut layers = Vec::with_capacity(dense.len() + products.len());
    for claim in dense {
        layers.push(session.for_node(claim.node, |session| of_dense(session, claim)));
    }
    for claim in products {
        layers.push(session.for_node(claim.subject, |session| of_product(session, claim))?);
    }
    let of_layers: Vec<NodeId> = layers.iter().map(|layer| layer.node).collect();
    let cross = session.for_nodes(&of_layers, |session| {
        let gammas = combination(gamma, layers.len());
        let (mut cross, middle) = cross_terms(&layers, &gammas, layout);
        session.observer.cross_terms(&mut cross, || middle - claimed(&gammas, dense, products));
        session.commit_deferred(Column::CrossTerms, cross)
    });
    // Step 3: all polynomials at a random point.
    let powers = CrossPowers::new(layout, session.writer.squeeze(labels::CROSS_POWER));
    let points: Vec<[Vec<Fr>; 2]> = layers.iter().map(|layer| points(powers.as_ref(), layer)).collect();
    let mut instances: Vec<(NodeId, Grouped)> = vec![];
    for (layer, points) in layers.iter().zip(&points) {
        instances.push((layer.node, session.for_node(layer.node, |_| instance(layer, points))));
    }
    let cross_point = powers.map_or_else(|| zero(layout.num_vars()), |powers| powers.cross.point);
    let value = session.for_nodes(&of_layers, |_| {
        crate::evaluation::value(&crate::evaluation::table(cross, layout.num_vars()), &cross_point)
    });
    let sums: Vec<Fr> = instances.iter().map(|(_, instance)| instance.claim().sum).collect();
    session.writer.write_scalars(labels::CROSS_VALUES, &[sums.as_slice(), &[value]].concat());
    nodes(&instances).for_each(|node| session.observer.profiler().sent(node, 1));
    session.claims.columns.push(EvaluationClaim::new(Column::CrossTerms, cross_point, value));
    // Step 4: batch axes, and both factors at their points.
    let point = session.prove_batch(&mut instances, RoundWeights::Uniform);
    let mut values: Vec<[Fr; 2]> = instances.iter().map(|(_, instance)| instance.ended()).collect();
    session.write_for(labels::FACTOR_VALUES, nodes(&instances), &mut values);
    let mut left = points.into_iter().zip(values).zip(&layers);
    for (claim, ((points, values), _)) in dense.iter().zip(left.by_ref()) {
        leave_dense(session, claim, points, values);
    }
    for (claim, ((points, values), layer)) in products.iter().zip(left) {
        let batch = instance_point(&point, layer.batch.len());
        leave_product(session, claim, batch, points, values)?;
    }
    Ok(())
}

fn zero(num_vars: usize) -> Vec<Fr> {
    vec![Fr::zero(); num_vars]
}

/// The power points of both factors. Where there are none the verifier rejects, whatever is sent.
fn points(powers: Option<&CrossPowers>, layer: &InnerProducts) -> [Vec<Fr>; 2] {
    let inner_vars = layer.inner_vars();
    match powers.and_then(|powers| powers.factors(inner_vars)) {
        Some(points) => points.map(|PowerPoint { point, .. }| point),
        None => [zero(inner_vars), zero(inner_vars)],
    }
}

/// A dense layer's input at its rows' point and its weights at the output channel's point.
fn of_dense(session: &Session, claim: &LinearClaim) -> InnerProducts {
    let node = session.node(claim.node);
    let Operation::Dense(layer) = &node.operation else {
        unreachable!("only dense layers leave such claims")
    };
    let input = session.value(node.inputs[0]);
    let rows = fold_rows(input.layout(), Integers::Int64(input.data()), layer.num_row_axes, &claim.others);
    let weights = weights_at(session, claim.weights, 1, &claim.filter);
    let axes = &session.plan.parameters[claim.weights.index()].layout.axes()[1..];
    let factors = [pad_axes(rows, axes), pad_axes(weights, axes)];
    InnerProducts { node: claim.node, batch: vec![], factors }
}

/// Both factors of a product of activations, their own axes folded.
fn of_product(session: &Session, claim: &EvaluationClaim<NodeId>) -> Result<InnerProducts> {
    let (_, axes, _) = product::product(session, claim.subject)?;
    let summed = axes.summed_lengths();
    let factors = product::tables(session, claim)?.map(|table| pad_axes(table, &summed));
    Ok(InnerProducts { node: claim.subject, batch: axes.batch_point(&claim.point)?, factors })
}

/// The coefficients of $\sum_l \gamma^l \sum_b \mathrm{eq}(r_b, b) Z^P \widehat a_{l,b}(Z) \widehat
/// b_{l,b}(Z^{-1})$ in the places of $H$, and the middle one by itself.
fn cross_terms(layers: &[InnerProducts], gammas: &[Fr], cross: &Layout) -> (Vec<Fr>, Fr) {
    let (lower, half) = cross_halves(cross);
    let Some(domain) = Radix2EvaluationDomain::<Fr>::new(2 * half + 1) else {
        unreachable!("inner axes are bounded")
    };
    let mut sum = vec![Fr::zero(); domain.size()];
    for (layer, gamma) in layers.iter().zip(gammas) {
        let weights = eq::table(&layer.batch, layer.vectors(0).count());
        for ((left, right), weight) in layer.vectors(0).zip(layer.vectors(1)).zip(weights) {
            let mut reversed = vec![Fr::zero(); half + 1];
            // What lies behind the longest vector's end is padding.
            for (place, &b) in reversed.iter_mut().rev().zip(right) {
                *place = *gamma * weight * b;
            }
            let left = &left[..left.len().min(half + 1)];
            let (left, right) = rayon::join(|| domain.fft(left), || domain.fft(&reversed));
            backend().add_products(&mut sum, &left, &right);
        }
    }
    domain.ifft_in_place(&mut sum);
    sum.truncate(2 * half + 1);
    let middle = sum.remove(half);
    // Nothing is that far below the middle.
    sum.splice(0..0, std::iter::repeat_n(Fr::zero(), lower - half));
    (sum, middle)
}

/// $\sum_l \gamma^l v_l$.
fn claimed(gammas: &[Fr], dense: &[LinearClaim], products: &[EvaluationClaim<NodeId>]) -> Fr {
    let values = dense.iter().map(|claim| claim.value).chain(products.iter().map(|claim| claim.value));
    gammas.iter().zip(values).map(|(gamma, value)| *gamma * value).sum()
}

/// $\sum_b \mathrm{eq}(r_b, b) \widetilde a(b, \pi) \widetilde b(b, \pi')$.
fn instance(layer: &InnerProducts, points: &[Vec<Fr>; 2]) -> Grouped {
    let [left, right] = [0, 1].map(|side| layer.evaluate(side, &points[side]));
    let weights = eq::table(&layer.batch, left.values().len());
    let sum = weights.iter().zip(left.values()).zip(right.values()).map(|((e, a), b)| *e * a * b).sum();
    Grouped::of(&layer.batch, left, right, sum)
}

/// The claims on a dense layer's input and weights.
fn leave_dense(session: &mut Session, claim: &LinearClaim, [left, right]: [Vec<Fr>; 2], values: [Fr; 2]) {
    let column = Column::Parameter(claim.weights);
    let point = [claim.filter.as_slice(), &right].concat();
    session.claims.columns.push(EvaluationClaim::new(column, point, values[1]));
    let read = session.node(claim.node).inputs[0];
    session.claim_activation(read, [claim.others.as_slice(), &left].concat(), values[0]);
}

/// The claims on the factors of a product of activations.
fn leave_product(
    session: &mut Session,
    claim: &EvaluationClaim<NodeId>,
    batch: &[Fr],
    points: [Vec<Fr>; 2],
    values: [Fr; 2],
) -> Result<()> {
    let (layer, axes, inputs) = product::product(session, claim.subject)?;
    let factors = [Factor::Left, Factor::Right].into_iter().zip(inputs);
    for ((factor, input), (inner, value)) in factors.zip(points.into_iter().zip(values)) {
        let point = layer.factor_point(&axes, factor, &claim.point, &[batch, &inner].concat())?;
        session.claim_activation(input, point, value);
    }
    Ok(())
}
