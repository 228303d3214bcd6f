//! Convolutions as products of polynomials (see [`tacit_layers::layer::conv2d::polynomial`]).

use ark_bn254::Fr;
use tacit_algebra::eq;
use tacit_layers::{
    Layout, Operation,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim, SumClaim, absorb_linear},
        sumcheck::{RoundWeights, instance_point},
        unfold::evaluate_shifts,
    },
    layer::conv2d::{
        Conv2dLayer,
        polynomial::{ConvolutionPowers, crop_vectors},
    },
};
use tacit_transcript::{Transcript, Value, labels};

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A layer with its claim and its shapes.
struct Convolution<'a, V> {
    claim: LinearClaim<V>,
    layer: &'a Conv2dLayer,
    input: &'a Layout,
    output: &'a Layout,
    /// Layout of $U$ over (height, width).
    product: &'a Layout,
    /// Variables of groups and of channels within one.
    channel_vars: usize,
}

pub(crate) fn verify<V: Value>(session: &mut Session<V>, claims: Vec<LinearClaim<V>>) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    // Step 1: every layer's product of polynomials.
    absorb_linear(session.reader, &claims);
    let layers = claims.into_iter().map(|claim| read(session, claim)).collect::<Result<Vec<_>>>()?;
    // Step 2: all polynomials at a random point.
    let challenges = [(); 2].map(|()| session.reader.squeeze(labels::CONVOLUTION_POINT));
    let powers = layers
        .iter()
        .map(|layer| ConvolutionPowers::new(&layer.layer.window, layer.input, challenges))
        .collect::<Option<Vec<ConvolutionPowers>>>()
        .ok_or(Error::DegenerateChallenge)?;
    let products = session.reader.read_scalars(labels::CONVOLUTION_POWERS, layers.len())?;
    // Step 3: one sumcheck for the sums over channels and those over the products' positions.
    let channels = layers.iter().zip(&powers).zip(&products).map(|((layer, powers), product)| {
        let degree = if layer.claim.group.is_empty() { 2 } else { 3 };
        SumClaim { num_vars: layer.channel_vars, degree, sum: product.clone() * powers.ratio }
    });
    let crops = layers.iter().map(|layer| SumClaim {
        num_vars: layer.product.num_vars(),
        degree: 2,
        sum: layer.claim.value.clone(),
    });
    let sums: Vec<SumClaim<V>> = channels.chain(crops).collect();
    let reduced = sumcheck::verify(session.reader, &sums, RoundWeights::Uniform)?;
    let values = session.reader.read_scalars(labels::CONVOLUTION_VALUES, layers.len().saturating_mul(3))?;
    let (values, _) = values.as_chunks::<3>();
    let channel = |layer: &Convolution<V>| instance_point(&reduced.point, layer.channel_vars);
    let crop = |layer: &Convolution<V>| instance_point(&reduced.point, layer.product.num_vars());
    let over_channels = layers.iter().zip(values).map(|(layer, [weight, input, _])| {
        let (group, _) = split(&layer.claim, channel(layer));
        Ok((weight.clone() * eq::evaluate(&layer.claim.group, group)?).times(input))
    });
    let over_channels = over_channels.collect::<Result<Vec<_>>>()?.into_iter();
    let cropped = layers.iter().zip(values).map(|(layer, [_, _, product])| {
        let window = &layer.layer.window;
        let vectors = crop_vectors(window, layer.input, layer.output, &layer.claim.others);
        V::Product::from(product.clone() * evaluate_shifts(&vectors, crop(layer)))
    });
    let difference = reduced.difference(over_channels.chain(cropped));
    if !session.reader.check_zero(difference) {
        return Err(Error::FinalValue { argument: "convolutions", message: labels::CONVOLUTION_VALUES });
    }
    for (((layer, powers), product), values) in layers.iter().zip(powers).zip(products).zip(values) {
        leave_claims(session, &layer.claim, powers, [channel(layer), crop(layer)], product, values.clone())?;
    }
    Ok(())
}

/// Reads the commitment to a layer's $U$.
fn read<'a, V: Value>(session: &mut Session<'a, '_, V>, claim: LinearClaim<V>) -> Result<Convolution<'a, V>> {
    let (node, spec) = session.node(claim.node)?;
    let Operation::Conv2d(layer) = &node.operation else { return Err(Error::BrokenInvariant) };
    let weights = session.plan().parameters.get(claim.weights.index()).ok_or(Error::BrokenInvariant)?;
    let channel_vars = weights.layout.axis_vars().nth(1).unwrap_or(0).saturating_add(layer.group_vars());
    let column = Column::Convolved(claim.node);
    session.read_deferred(column)?;
    Ok(Convolution {
        layer,
        input: session.layout(session.read(claim.node)?)?,
        output: &spec.layout,
        product: session.deferred_layout(column)?,
        channel_vars,
        claim,
    })
}

/// A point's part for groups and its part within one.
fn split<'a, V: Value>(claim: &LinearClaim<V>, channel: &'a [Fr]) -> (&'a [Fr], &'a [Fr]) {
    channel.split_at(claim.group.len().min(channel.len()))
}

/// The claims on weights, input and $U$.
fn leave_claims<V: Value>(
    session: &mut Session<V>,
    claim: &LinearClaim<V>,
    powers: ConvolutionPowers,
    [channel, crop]: [&[Fr]; 2],
    product: V,
    [weight, input, cropped]: [V; 3],
) -> Result<()> {
    let (group, within) = split(claim, channel);
    let column = Column::Parameter(claim.weights);
    let point = [group, &claim.filter, within, &powers.kernel].concat();
    session.claims.columns.push(EvaluationClaim::new(column, point, weight));
    let column = Column::Convolved(claim.node);
    session.claims.columns.push(EvaluationClaim::new(column, powers.product, product));
    session.claims.columns.push(EvaluationClaim::new(column, crop.to_vec(), cropped));
    let read = session.read(claim.node)?;
    session.claim_activation(read, [channel, &powers.input].concat(), input)
}
