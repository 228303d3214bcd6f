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
    /// An integer combination of activations.
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
        let inputs = ranges.hulls();
        let bounds = self.coefficients.iter().zip(&inputs).fold((0, 0), |(min, max), (&c, &(low, high))| {
            let (a, b) = (i128::from(c) * i128::from(low), i128::from(c) * i128::from(high));
            (min + a.min(b), max + a.max(b))
        });
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
