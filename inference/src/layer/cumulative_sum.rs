//! Cumulative sums along an axis.

use tacit_layers::{
    Operation,
    error::Result,
    layer::{Site, cumulative_sum::CumulativeSumLayer},
    tensor::value::NodeId,
};

use crate::{
    builder::NetworkBuilder,
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run, remap::view_cost, transpose::permute},
};

impl NetworkBuilder {
    /// The sums up to each position of an axis; without the position's own element where they are exclusive, from the last
    /// position on where they are reverse. The result is an accumulator.
    pub fn cumulative_sum(&mut self, name: &str, input: NodeId, layer: CumulativeSumLayer) -> NodeId {
        self.node(name, &[input], Operation::CumulativeSum(layer))
    }
}

impl Inference for CumulativeSumLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let input = run.inputs[0];
        let lengths = input.layout().axes();
        // The axis becomes the innermost, and goes back to its place.
        let mut order: Vec<usize> = (0..lengths.len()).filter(|&axis| axis != self.axis).collect();
        order.push(self.axis);
        let moved: Vec<usize> = order.iter().map(|&axis| lengths[axis]).collect();
        let lines = permute(lengths, input.data(), &order);
        let sums: Vec<i64> = lines
            .chunks_exact(lengths[self.axis])
            .flat_map(|line| self.sums(line, 0, |a, b| a + b))
            .collect();
        let back = (0..lengths.len()).filter_map(|axis| order.iter().position(|&from| from == axis));
        Ok(permute(&moved, &sums, &back.collect::<Vec<_>>()))
    }

    fn interval(&self, site: &Site, ranges: &Ranges) -> Result<Interval> {
        let axes = site.output.layout.axes();
        let addends = axes.get(self.axis).copied().unwrap_or(1) as i128;
        let (low, high) = ranges.hull(0);
        Ok(Interval::whole((addends * i128::from(low.min(0)), addends * i128::from(high.max(0)))))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        view_cost(site)
    }

    fn detail(&self) -> String {
        let order = if self.reverse { ", from the last" } else { "" };
        let own = if self.exclusive { ", without its own" } else { "" };
        format!("along axis {}{order}{own}", self.axis)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
