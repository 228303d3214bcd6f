//! Max-pools: the product check and the reduction to unfolded inputs (see [`tacit_layers::layer::max_pool`]).

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{Mle, kernels::backend, small::from_i64};
use tacit_layers::{
    Layout, NodeId, Operation,
    argument::{
        claim::{EvaluationClaim, SumClaim},
        lookup_block::BlockSource,
        lookup_table::LookupTable,
        sumcheck::{RoundPolynomial, RoundWeights, instance_point},
        unfold::UnfoldedClaim,
    },
    layer::max_pool::{MaxPoolLayer, PoolClaim},
    network::Architecture,
    tensor::{Tensor, value::ValueKind},
};
use tacit_transcript::{Transcript, labels};

use crate::{
    error::Result,
    evaluation,
    layers::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite},
    observer::Observer,
    session::Session,
    sumcheck::SumcheckInstance,
};

impl ProverLayer for MaxPoolLayer {
    fn look_up(&self, site: &WitnessSite, _: &LookupTable) -> LookedUp {
        let ValueKind::Activation { minimum, .. } = site.spec.kind else {
            unreachable!("maxima are activations")
        };
        LookedUp::plain(differences(self, minimum, &site.segment.layout, [site.input(0), site.value()]))
    }

    fn looked_up(&self, session: &mut Session, block: &Block) -> Vec<Fr> {
        let value = block.key(session);
        session.differences.push(EvaluationClaim::new(block.node, block.point.clone(), value));
        vec![value]
    }

    fn reduce(&self, _: &mut Session, _: EvaluationClaim<NodeId>, _: &mut Accumulators) {
        unreachable!("its value is no accumulator")
    }
}

/// Elements that one core works on at a time.
const GRAIN: usize = 1 << 12;

/// Differences over (kernel height, kernel width, channels, height, width); `layout` is theirs.
fn differences(
    layer: &MaxPoolLayer,
    minimum: i64,
    layout: &Layout,
    [input, output]: [&Tensor<i64>; 2],
) -> Vec<i64> {
    let (in_height, in_width) = (input.layout().axes()[1], input.layout().axes()[2]);
    let (height, width) = (output.layout().axes()[1], output.layout().axes()[2]);
    let window = &layer.window;
    let mut result = vec![0; layout.num_elements()];
    let rows = result.par_chunks_mut(width).with_min_len(GRAIN.div_ceil(width)).enumerate();
    rows.for_each(|(index, row)| {
        let (offset, at) = (index / (output.data().len() / width), index % (output.data().len() / width));
        let (k_height, k_width) = (offset / window.width.kernel, offset % window.width.kernel);
        for (difference, &maximum) in row.iter_mut().zip(&output.data()[at * width..]) {
            *difference = maximum - minimum;
        }
        let Some(y) = window.height.input_position(at % height, k_height, in_height) else { return };
        let inside = window.width.positions_inside(k_width, in_width, width);
        let first = window.width.input_position(inside.start, k_width, in_width).unwrap_or(in_width);
        let map = &input.data()[(at / height * in_height + y) * in_width..][..in_width];
        for (difference, &x) in row[inside].iter_mut().zip(map[first..].iter().step_by(window.width.stride)) {
            *difference += minimum - x;
        }
    });
    result
}

pub(crate) fn prove(session: &mut Session) -> Result<()> {
    let looked_up = std::mem::take(&mut session.differences);
    let architecture = &session.network.architecture;
    let pools: Vec<(NodeId, &MaxPoolLayer)> = max_pools(architecture).collect();
    if pools.is_empty() {
        return Ok(());
    }
    // Step 1: the zero check's point, one for all.
    let num_vars = pools.iter().map(|(id, _)| session.layout(*id).num_vars()).max().unwrap_or(0);
    let tau = session.writer.squeeze_many(labels::POOL_POINT, num_vars);
    // Step 2: the product of every window's differences is zero.
    let tables = |session: &Session, &(id, layer): &(NodeId, &MaxPoolLayer)| {
        let layout = session.layout(id);
        let rows =
            session.plan.segments.iter().position(|segment| segment.rows == BlockSource::Differences(id));
        let differences = rows.map_or(&[][..], |i| &session.witness.lookups[i].keys);
        ZeroProduct::new(
            layout,
            layer.window.num_offsets(),
            differences,
            instance_point(&tau, layout.num_vars()),
        )
    };
    let mut instances = session.instances(&pools, |pool| pool.0, tables);
    let point = session.prove_batch(&mut instances, RoundWeights::Equality(&tau));
    // Step 3: every pool's differences at the final point, one for each offset.
    let mut finals: Vec<Vec<Fr>> = instances.iter().map(|(_, instance)| instance.ended()).collect();
    for ((node, _), differences) in instances.iter().zip(&mut finals) {
        session.observer.profiler().sent(*node, differences.len());
        session.write(labels::POOL_DIFFERENCES, differences);
    }
    for differences in &finals {
        session.writer.write_partial_products(differences);
    }
    // Step 4: the offsets combined, and the maxima where both claims need them.
    for (&(id, layer), differences) in pools.iter().zip(&finals) {
        let offset_vars = layer.offset_vars().iter().sum();
        let offsets = session.writer.squeeze_many(labels::POOL_OFFSET, offset_vars);
        let position = instance_point(&point, session.layout(id).num_vars()).to_vec();
        let difference = layer.combine_offsets(&offsets, differences);
        session.for_node(id, |session| claim_window(session, id, layer, &offsets, position, difference))?;
    }
    for claim in looked_up {
        let Operation::MaxPool(layer) = &architecture.node(claim.subject).operation else {
            unreachable!("the plan names a max-pool")
        };
        let (offsets, position) = claim.point.split_at(layer.offset_vars().iter().sum());
        session.for_node(claim.subject, |session| {
            claim_window(session, claim.subject, layer, offsets, position.to_vec(), claim.value)
        })?;
    }
    Ok(())
}

/// Turns a value of the differences into claims on the maxima and on the unfolded input.
fn claim_window(
    session: &mut Session,
    id: NodeId,
    layer: &MaxPoolLayer,
    offsets: &[Fr],
    position: Vec<Fr>,
    difference: Fr,
) -> Result<()> {
    let node = session.network.architecture.node(id);
    let output = session.layout(id).clone();
    let (minimum, _) = session.plan.specs[id.index()].activation(&node.name)?;
    let mut maximum = evaluation::evaluate(&output, session.value(id).data(), &position);
    session.write(labels::POOL_VALUES, std::slice::from_mut(&mut maximum));
    let claim = PoolClaim { offsets, position: &position, difference, maximum };
    let value = layer.unfolded_value(claim, session.layout(node.inputs[0]), &output, minimum);
    let claim = UnfoldedClaim::new(id, &output, Some(offsets), &position, value);
    session.claims.unfolded.push(claim);
    session.claim_activation(id, position, maximum);
    Ok(())
}

/// $\sum_x \mathrm{eq}(\tau, x) \prod_k D_k(x) = 0$.
struct ZeroProduct {
    factors: Vec<Mle>,
    /// $\mathrm{eq}$ of the coordinates behind the current one.
    weights: Vec<Fr>,
    claim: SumClaim,
}

impl ZeroProduct {
    fn new(layout: &Layout, num_offsets: usize, differences: &[i64], tau: &[Fr]) -> Self {
        let num_vars = layout.num_vars();
        let factors = differences
            .chunks_exact(layout.num_elements())
            .map(|offset| {
                let mut values = vec![Fr::zero(); layout.padded_extent()];
                for (at, padded, length) in layout.runs() {
                    for i in 0..length {
                        values[padded + i] = from_i64(offset[at + i]);
                    }
                }
                crate::evaluation::table(values, num_vars)
            })
            .collect();
        let behind = tau.get(1..).unwrap_or_default();
        let claim = SumClaim { num_vars, degree: num_offsets, sum: Fr::zero() };
        Self { factors, weights: backend().equality_table(behind, 1 << behind.len()), claim }
    }

    fn ended(&self) -> Vec<Fr> {
        self.factors.iter().map(evaluation::final_value).collect()
    }
}

/// Entries of a table that are multiplied together while they are in the cache.
const ENTRIES: usize = 1 << 8;

impl SumcheckInstance for ZeroProduct {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, _: Fr, _: Option<Fr>) -> RoundPolynomial {
        let halves: Vec<(&[Fr], &[Fr])> = self.factors.iter().map(Mle::halves).collect();
        let entries = halves.first().map_or(0, |(low, _)| low.len());
        let degree = self.factors.len();
        // Values at 0, 1, ... of the entries of one part.
        let part = |first: usize| -> Vec<Fr> {
            let range = first..(first + ENTRIES).min(entries);
            let mut at: Vec<(Vec<Fr>, Vec<Fr>)> = halves
                .iter()
                .map(|(low, high)| {
                    let low = &low[range.clone()];
                    let high = high.iter().skip(first).copied().chain(std::iter::repeat(Fr::zero()));
                    (low.to_vec(), high.zip(low).map(|(high, low)| high - low).collect())
                })
                .collect();
            let value = |_| {
                let mut product = self.weights[range.clone()].to_vec();
                let Some(((last, _), others)) = at.split_last() else { return product.iter().sum() };
                for (values, _) in others {
                    backend().multiply(&mut product, values);
                }
                let sum = backend().inner_product(&product, last);
                for (value, slope) in at.iter_mut().flat_map(|(values, slopes)| values.iter_mut().zip(slopes))
                {
                    *value += &*slope;
                }
                sum
            };
            (0..=degree).map(value).collect()
        };
        let parts = (0..entries.div_ceil(ENTRIES)).into_par_iter().map(|i| part(i * ENTRIES));
        let values = parts
            .reduce(|| vec![Fr::zero(); degree + 1], |a, b| a.iter().zip(&b).map(|(a, b)| *a + b).collect());
        RoundPolynomial::interpolate(&values)
    }

    fn bind(&mut self, r: Fr) {
        for factor in &mut self.factors {
            crate::evaluation::bind(factor, r);
        }
        let half = self.weights.len() / 2;
        if half > 0 {
            let high = self.weights.split_off(half);
            for (low, high) in self.weights.iter_mut().zip(&high) {
                *low += high;
            }
        }
    }
}

/// Every max-pool of a network, in node order.
fn max_pools(architecture: &Architecture) -> impl Iterator<Item = (NodeId, &MaxPoolLayer)> {
    architecture.nodes.iter().zip(0..).filter_map(|(node, index)| {
        if let Operation::MaxPool(layer) = &node.operation { Some((NodeId(index), layer)) } else { None }
    })
}
