//! Flattening.

use tacit_layers::{
    error::Result,
    layer::{Operation, Site, flatten::FlattenLayer},
    tensor::value::NodeId,
};

use crate::{
    builder::NetworkBuilder,
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run},
};

impl NetworkBuilder {
    /// All axes read as one.
    pub fn flatten(&mut self, name: &str, input: NodeId) -> NodeId {
        self.node(name, &[input], Operation::Flatten(tacit_layers::layer::flatten::FlattenLayer))
    }
}

impl Inference for FlattenLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        Ok(run.inputs[0].data().to_vec())
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        Ok(Interval::whole(ranges.of(0).hull()))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, _: &Site) -> ArgumentCost {
        ArgumentCost::default()
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
