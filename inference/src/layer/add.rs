//! Integer combinations.

use crate::cost::scalars;
use tacit_layers::{
    error::Result,
    layer::{Operation, Site, add::AddLayer},
    tensor::value::NodeId,
};

use crate::{
    builder::NetworkBuilder,
    cost::{ArgumentCost, Work},
    interval::Interval,
    layer::{Inference, Ranges, Run},
};

impl NetworkBuilder {
    /// An integer combination of activations, or of what dense layers and convolutions accumulate.
    pub fn add(&mut self, name: &str, addends: &[(NodeId, i64)]) -> NodeId {
        let (inputs, coefficients): (Vec<_>, Vec<_>) = addends.iter().copied().unzip();
        self.node(name, &inputs, Operation::Add(AddLayer { coefficients }))
    }
}

impl Inference for AddLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let mut sum = vec![0; run.inputs[0].data().len()];
        for (input, &c) in run.inputs.iter().zip(&self.coefficients) {
            for (sum, &x) in sum.iter_mut().zip(input.data()) {
                *sum += c * x;
            }
        }
        Ok(sum)
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        let times = |c: i64, (low, high): (i128, i128)| {
            let (a, b) = (i128::from(c) * low, i128::from(c) * high);
            (a.min(b), a.max(b))
        };
        let sum = |(a, b): (i128, i128), (c, d): (i128, i128)| (a + c, b + d);
        // Channels stay apart where all addends have the same.
        let first = ranges.of(0);
        let is_same =
            |range: &&Interval| (range.axis, range.channels.len()) == (first.axis, first.channels.len());
        if first.axis.is_some() && ranges.inputs.iter().all(is_same) {
            let mut channels = vec![(0, 0); first.channels.len()];
            for (range, &c) in ranges.inputs.iter().zip(&self.coefficients) {
                for (channel, &bounds) in channels.iter_mut().zip(&range.channels) {
                    *channel = sum(*channel, times(c, bounds));
                }
            }
            return Ok(Interval { channels, axis: first.axis });
        }
        let inputs = ranges.inputs.iter().zip(&self.coefficients);
        let bounds = inputs.map(|(range, &c)| times(c, range.hull())).fold((0, 0), sum);
        Ok(Interval::whole(bounds))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        ArgumentCost {
            prover: Work::small_sums(site.reads.len(), site.output.layout.num_elements()) + Work::messages(1),
            verifier: Work::messages(1),
            own_bytes: scalars(site.reads.len()),
            round_bytes: 0,
        }
    }

    fn detail(&self) -> String {
        format!("coefficients {:?}", self.coefficients)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
