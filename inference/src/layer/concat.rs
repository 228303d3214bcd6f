//! Concatenation.

use tacit_layers::{
    error::Result,
    layer::{Operation, Site, concat::ConcatLayer},
    tensor::value::NodeId,
};

use crate::{
    builder::NetworkBuilder,
    cost::ArgumentCost,
    interval::Interval,
    layer::{
        Inference, Ranges, Run,
        remap::{show, view_cost},
    },
};

impl NetworkBuilder {
    /// Activations behind each other along one axis.
    pub fn concat(&mut self, name: &str, inputs: &[NodeId], axis: usize) -> NodeId {
        self.node(name, inputs, Operation::Concat(ConcatLayer { axis }))
    }
}

impl Inference for ConcatLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let (inputs, output) = (&run.inputs, &run.site.output.layout);
        let mut sum = vec![0; output.num_elements()];
        let parts = self.parts(inputs.iter().map(|input| input.layout()), output);
        for (part, input) in parts.iter().zip(inputs) {
            for (sum, x) in sum.iter_mut().zip(show(part, input, output)) {
                *sum += x;
            }
        }
        Ok(sum)
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
        format!("along axis {}", self.axis)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
