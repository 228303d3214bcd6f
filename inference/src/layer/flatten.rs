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
    /// All axes read as one by the [dense layer](Self::dense) behind it.
    ///
    /// It costs nothing, and its value keeps the input's axes: elements stay at their row-major places and every axis at its
    /// padding. [`Self::dense`] after it takes flat weights, one row-major row of the input for each output; an output behind it has
    /// its flat shape in [`tacit_layers::Output::shape`]. [`Self::reshape`] gives a value other axes.
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
