//! Convolutions by the direct argument (see [`tacit_layers::layer::conv2d`]); [`crate::alone`] has an example of one by itself.

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{eq, kernels::backend};
use tacit_layers::{
    AxisWindow, Layout, Tensor, Window2d,
    argument::{
        choice::ConvolutionArgument,
        claim::{EvaluationClaim, LinearClaim},
        lookup_table::LookupTable,
    },
    layer::conv2d::Conv2dLayer,
    tensor::{
        evaluation::{split_point, stored_share},
        value::NodeId,
    },
};

use crate::{
    layers::{Accumulators, Block, LookedUp, ProverLayer, WitnessSite, contraction::bias},
    session::Session,
};

pub mod polynomial;

/// $\widetilde X(c, k; r_p) = \sum_p \mathrm{eq}(r_p, p) x[c, s p + d k - b]$ for every channel and offset, in storage
/// order, folding the width first.
pub(crate) fn unfolded_input(
    input: &Tensor<i64>,
    window: &Window2d,
    output: &Layout,
    position: &[Fr],
) -> Vec<Fr> {
    let [channels, height, width] = [0, 1, 2].map(|axis| input.layout().axes()[axis]);
    let (p_height, p_width) = position.split_at(output.axis_vars().nth(1).unwrap_or(0));
    let rows = offset_weights(&window.height, height, &eq::table(p_height, output.axes()[1]));
    let columns = offset_weights(&window.width, width, &eq::table(p_width, output.axes()[2]));
    // Width first: for each horizontal offset one value for every row of every channel.
    let lines: Vec<Vec<i64>> =
        (0..width).map(|x| input.data().iter().skip(x).step_by(width).copied().collect()).collect();
    let lines: Vec<&[i64]> = lines.iter().map(Vec::as_slice).collect();
    let folded: Vec<Vec<Fr>> = columns
        .par_iter()
        .map(|weights| backend().fold_integers(weights, &lines, channels * height))
        .collect();
    (0..channels)
        .into_par_iter()
        .flat_map_iter(|channel| {
            let maps: Vec<&[Fr]> =
                folded.iter().map(|folded| &folded[channel * height..][..height]).collect();
            rows.iter().flat_map(move |weights| {
                maps.clone().into_iter().map(|map| backend().inner_product(weights, map))
            })
        })
        .collect()
}

/// For each kernel offset how much every input position counts, given what every window position counts.
fn offset_weights(window: &AxisWindow, length: usize, positions: &[Fr]) -> Vec<Vec<Fr>> {
    let weights = |k: usize| {
        let mut weights = vec![Fr::zero(); length];
        for (p, weight) in positions.iter().enumerate() {
            if let Some(i) = window.input_position(p, k, length) {
                weights[i] += weight;
            }
        }
        weights
    };
    (0..window.kernel).map(weights).collect()
}

impl ProverLayer for Conv2dLayer {
    fn look_up(&self, _: &WitnessSite, _: &LookupTable) -> LookedUp {
        unreachable!("it looks nothing up")
    }

    fn looked_up(&self, _: &mut Session, _: &Block) -> Vec<Fr> {
        unreachable!("it looks nothing up")
    }

    fn reduce(&self, session: &mut Session, claim: EvaluationClaim<NodeId>, accumulators: &mut Accumulators) {
        let output = session.layout(claim.subject).clone();
        let (filter, position) = claim.point.split_at(output.axis_vars().next().unwrap_or(0));
        let stored = stored_share(split_point(&output, &claim.point).skip(1));
        let value = claim.value - bias(session, self.bias, filter, stored);
        let (group, filter) = filter.split_at(self.group_vars());
        let (group, filter, others) = (group.to_vec(), filter.to_vec(), position.to_vec());
        let linear = LinearClaim { node: claim.subject, weights: self.weights, group, filter, others, value };
        match self.argument {
            ConvolutionArgument::Direct => accumulators.summed.push(linear),
            ConvolutionArgument::Fft => accumulators.transformed.push(linear),
            ConvolutionArgument::Polynomial => accumulators.convolutions.push(linear),
            ConvolutionArgument::Gates => accumulators.gated.push(linear.into_channels_first()),
        }
    }
}
