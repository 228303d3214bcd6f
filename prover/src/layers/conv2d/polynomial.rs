//! Convolutions as products of polynomials (see [`tacit_layers::layer::conv2d::polynomial`]).

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{
    eq,
    kernels::backend,
    small::{SmallSum, reduce_all},
};
use tacit_layers::{
    Layout, NodeId, Operation, Tensor, Window2d,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim, absorb_linear},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::conv2d::{
        Conv2dLayer,
        polynomial::{ConvolutionPowers, crop_vectors},
    },
    tensor::evaluation::{fold_except, kronecker, split_point},
};
use tacit_transcript::{Transcript, labels};

use super::super::{
    contraction::weights_at,
    matmul::{contraction, grouped},
};
use crate::{
    observer::{Observer, nodes},
    session::Session,
    sumcheck::{Grouped, Product, SumcheckInstance},
};

/// A layer with its claim, and what is computed from both.
struct Convolution<'a> {
    claim: LinearClaim,
    layer: &'a Conv2dLayer,
    /// Weights at the output channel's point, over (groups, channels, kernel height, kernel width).
    filters: Vec<Fr>,
    /// Layout of the next.
    layout: &'a Layout,
    /// $U$ over (height, width).
    product: Vec<Fr>,
}

pub(crate) fn prove(session: &mut Session, claims: Vec<LinearClaim>) {
    if claims.is_empty() {
        return;
    }
    // Step 1: every layer's product of polynomials.
    absorb_linear(session.writer, &claims);
    let layers: Vec<Convolution> = claims
        .into_iter()
        .map(|claim| session.for_node(claim.node, |session| commit(session, claim)))
        .collect();
    // Step 2: all polynomials at a random point.
    let squeezed = [(); 2].map(|()| session.writer.squeeze(labels::CONVOLUTION_POINT));
    let challenges = session.observer.powers(squeezed);
    let powers: Vec<ConvolutionPowers> =
        layers.iter().map(|layer| powers(session, layer, challenges)).collect();
    let value = |(layer, powers): (&Convolution, &ConvolutionPowers)| {
        session.for_node(layer.claim.node, |_| [evaluate(layer, &powers.product)])
    };
    let mut sums: Vec<[Fr; 1]> = layers.iter().zip(&powers).map(value).collect();
    let of_layers = layers.iter().map(|layer| layer.claim.node);
    session.write_for(labels::CONVOLUTION_POWERS, of_layers, &mut sums);
    // Step 3: one sumcheck for the sums over channels and those over the products' positions.
    let (mut channels, mut crops) = (vec![], vec![]);
    for ((layer, powers), [sum]) in layers.iter().zip(&powers).zip(&sums) {
        let node = layer.claim.node;
        let instances = |session: &mut Session| {
            (channel_instance(session, layer, powers, powers.ratio * sum), crop_instance(session, layer))
        };
        let (channel, crop) = session.for_node(node, instances);
        channels.push((node, channel));
        crops.push((node, crop));
    }
    let mut both: Vec<(NodeId, &mut dyn SumcheckInstance)> =
        channels.iter_mut().map(|(node, channel)| (*node, channel as _)).collect();
    both.extend(crops.iter_mut().map(|(node, crop)| (*node, crop as _)));
    let point = session.prove_batch(&mut both, RoundWeights::Uniform);
    let mut values: Vec<[Fr; 3]> = channels
        .iter()
        .zip(&crops)
        .map(|((_, channel), (_, crop))| {
            let [weight, input] = channel.ended();
            [weight, input, crop.ended()[1]]
        })
        .collect();
    session.write_for(labels::CONVOLUTION_VALUES, nodes(&channels), &mut values);
    for (i, (layer, powers)) in layers.into_iter().zip(powers).enumerate() {
        let [channel, crop] = [channels[i].1.claim().num_vars, crops[i].1.claim().num_vars]
            .map(|num_vars| instance_point(&point, num_vars).to_vec());
        leave_claims(session, &layer.claim, powers, [channel, crop], sums[i][0], values[i]);
    }
}

/// Computes and commits to a layer's $U$.
fn commit<'a>(session: &mut Session<'a>, claim: LinearClaim) -> Convolution<'a> {
    let Operation::Conv2d(layer) = &session.network.architecture.node(claim.node).operation else {
        unreachable!("only convolutions leave such claims")
    };
    let column = Column::Convolved(claim.node);
    let Some(layout) = session.plan.deferred_layout(column) else {
        unreachable!("the plan lists deferred columns")
    };
    let filters = weights_at(session, claim.weights, layer.groups, &claim.filter);
    let groups = eq::table(&claim.group, layer.groups);
    let block = filters.len() / layer.groups;
    let weighted: Vec<Fr> = filters
        .chunks_exact(block)
        .zip(groups)
        .flat_map(|(part, g)| part.iter().map(move |w| g * w))
        .collect();
    let product =
        convolve(session.value(session.node(claim.node).inputs[0]), &layer.window, &weighted, layout);
    let product = session.commit_deferred(column, product);
    Convolution { claim, layer, filters, layout, product }
}

/// $U$ from filters over (channels, kernel height, kernel width), one row after the other.
fn convolve(input: &Tensor<i64>, window: &Window2d, filters: &[Fr], product: &Layout) -> Vec<Fr> {
    let [height, width] = [1, 2].map(|axis| input.layout().axes()[axis]);
    let (rows, length) = (product.axes()[0], product.axes()[1]);
    let (k_height, k_width) = (window.height.kernel, window.width.kernel);
    let row = |j: usize| {
        // Activations are far below the largest magnitude that a sum takes, so that no number of channels overflows it.
        let mut sums = vec![SmallSum::default(); length];
        let maps = input.data().chunks_exact(height * width).zip(filters.chunks_exact(k_height * k_width));
        for (map, filter) in maps {
            for (k, filter) in filter.chunks_exact(k_width).enumerate() {
                let place = j.checked_sub(window.height.dilation * (k_height - 1 - k));
                let Some(i) = place.filter(|&i| i < height) else { continue };
                let row = &map[i * width..][..width];
                for (k, weight) in filter.iter().enumerate() {
                    let sums = &mut sums[window.width.dilation * (k_width - 1 - k)..];
                    for (sum, &x) in sums.iter_mut().zip(row).filter(|(_, x)| **x != 0) {
                        sum.add(weight, x);
                    }
                }
            }
        }
        reduce_all(&sums)
    };
    (0..rows).into_par_iter().flat_map_iter(row).collect()
}

/// A layer's points. Where there are none the verifier rejects, whatever is sent.
fn powers(session: &Session, layer: &Convolution, challenges: [Fr; 2]) -> ConvolutionPowers {
    let input = session.layout(session.node(layer.claim.node).inputs[0]);
    ConvolutionPowers::new(&layer.layer.window, input, challenges).unwrap_or_else(|| ConvolutionPowers {
        product: vec![Fr::zero(); layer.layout.num_vars()],
        kernel: vec![Fr::zero(); kernel_layout(session, layer).iter().map(|axis| axis.0).sum()],
        input: vec![Fr::zero(); input.axis_vars().skip(1).sum()],
        ratio: Fr::zero(),
    })
}

/// Variables and length of both kernel axes.
fn kernel_layout(session: &Session, layer: &Convolution) -> [(usize, usize); 2] {
    let weights = &session.plan.parameters[layer.claim.weights.index()].layout;
    let vars: Vec<usize> = weights.axis_vars().collect();
    [2, 3].map(|axis| (vars[axis], weights.axes()[axis]))
}

/// $\widetilde U$ at a point.
fn evaluate(layer: &Convolution, point: &[Fr]) -> Fr {
    backend().inner_product(&kronecker(split_point(layer.layout, point)), &layer.product)
}

/// $\sum_{g, c} \mathrm{eq}(r_g, g) \widetilde W(g, c, \pi_W) \widetilde x(g, c, \pi_x)$.
fn channel_instance(session: &Session, layer: &Convolution, powers: &ConvolutionPowers, sum: Fr) -> Grouped {
    let [(vars, height), (_, width)] = kernel_layout(session, layer);
    let (p_height, p_width) = powers.kernel.split_at(vars);
    let offsets = kronecker([(height, p_height), (width, p_width)].into_iter());
    let filters = layer.filters.chunks_exact(offsets.len());
    let weights = filters.map(|filter| backend().inner_product(filter, &offsets)).collect();
    let input = session.value(session.node(layer.claim.node).inputs[0]);
    let channel_vars = input.layout().axis_vars().take(1).sum();
    let point = [vec![Fr::zero(); channel_vars], powers.input.clone()].concat();
    let maps = fold_except(input.layout(), input.data(), &point, 0);
    let maps = maps.unwrap_or_else(|_| unreachable!("the point is over the input's axes"));
    let axes = [layer.layer.groups, maps.len() / layer.layer.groups];
    grouped(&layer.claim.group, weights, maps, &axes, sum)
}

/// $\sum_j S_h(j_h) S_w(j_w) U(j)$.
fn crop_instance(session: &Session, layer: &Convolution) -> Product {
    let node = layer.claim.node;
    let input = session.layout(session.node(node).inputs[0]);
    let window = &layer.layer.window;
    let [height, width] = crop_vectors(window, input, session.layout(node), &layer.claim.others);
    let crop = height.iter().flat_map(|a| width.iter().map(move |b| *a * b)).collect();
    contraction(crop, layer.product.clone(), layer.layout, 0, layer.claim.value)
}

/// The claims on weights, input and $U$.
fn leave_claims(
    session: &mut Session,
    claim: &LinearClaim,
    powers: ConvolutionPowers,
    [channel, crop]: [Vec<Fr>; 2],
    sum: Fr,
    [weight, input, cropped]: [Fr; 3],
) {
    let (group, within) = channel.split_at(claim.group.len());
    let column = Column::Parameter(claim.weights);
    let point = [group, &claim.filter, within, &powers.kernel].concat();
    session.claims.columns.push(EvaluationClaim::new(column, point, weight));
    let product = Column::Convolved(claim.node);
    session.claims.columns.push(EvaluationClaim::new(product, powers.product, sum));
    session.claims.columns.push(EvaluationClaim::new(product, crop, cropped));
    let read = session.node(claim.node).inputs[0];
    session.claim_activation(read, [channel, powers.input].concat(), input);
}
