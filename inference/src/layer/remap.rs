//! Views axis by axis.

use crate::cost::scalars;
use tacit_layers::{
    error::Result,
    layer::{
        Operation, Site,
        remap::{AxisMap, Gaps, RemapLayer},
    },
    tensor::{Tensor, layout::Layout, value::NodeId},
};

use crate::{
    builder::NetworkBuilder,
    cost::{ArgumentCost, Work, convolution::extent},
    interval::Interval,
    layer::{Inference, Ranges, Run},
};

impl NetworkBuilder {
    /// A view axis by axis: one map for each axis of the input.
    pub fn remap(&mut self, name: &str, input: NodeId, axes: Vec<AxisMap>) -> NodeId {
        self.node(name, &[input], Operation::Remap(RemapLayer { axes }))
    }
}

impl Inference for RemapLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        Ok(show(self, run.inputs[0], &run.site.output.layout))
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        Ok(ranges.with_zero())
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        view_cost(site)
    }

    fn detail(&self) -> String {
        self.axes.iter().map(axis_map_in_words).collect::<Vec<_>>().join(", ")
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}

fn axis_map_in_words(map: &AxisMap) -> String {
    let AxisMap { length, stride, offset, repeat, gaps } = *map;
    match (gaps, stride, offset, repeat) {
        (_, 1, 0, 1) => format!("first {length}"),
        (Gaps::Repeat, 1, 0, _) => format!("each {repeat} times"),
        (_, _, _, 1) => format!("{length} from {offset} by {stride}"),
        (Gaps::Repeat, ..) => format!("{length} of ({stride} p + {offset}) / {repeat}"),
        (Gaps::Zero, ..) => format!("{length} of ({stride} p + {offset}) / {repeat}, zeros between"),
    }
}

/// The view of a tensor.
pub(super) fn show(view: &RemapLayer, input: &Tensor<i64>, output: &Layout) -> Vec<i64> {
    let axes = input.layout().axes();
    let read = |mut index: usize| {
        let (mut at, mut weight) = (0, 1);
        for (map, &length) in view.axes.iter().zip(axes).rev() {
            at += map.source(index % map.length, length)? * weight;
            weight *= length;
            index /= map.length;
        }
        Some(input.data()[at])
    };
    (0..output.num_elements()).map(|index| read(index).unwrap_or(0)).collect()
}

/// From a view to its inputs: the shares that are sent of a sum, and a sumcheck over each input.
pub(super) fn view_cost(site: &Site) -> ArgumentCost {
    let shares =
        ArgumentCost { own_bytes: scalars(site.reads.len().saturating_sub(1)), ..ArgumentCost::default() };
    let parts = site.inputs.values.iter().map(|input| view(&input.layout, &site.output.layout));
    parts.fold(shares, |sum, part| sum + part)
}

/// From a view of one input to that input.
fn view(input: &Layout, output: &Layout) -> ArgumentCost {
    let axes: usize = input.axes().iter().chain(output.axes()).sum();
    let rounds = input.num_vars();
    let elements = input.num_elements();
    ArgumentCost {
        // The product of shift vectors, the input as field elements, and their sum.
        prover: Work::multiplications(axes + 3 * elements)
            + Work::product_sumcheck(extent(input.axes()))
            + Work::messages(rounds + 1),
        verifier: Work::multiplications(2 * axes) + Work::verified_rounds(rounds, 2) + Work::messages(1),
        own_bytes: scalars(1),
        round_bytes: scalars(2 * rounds),
    }
}
