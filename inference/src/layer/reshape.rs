//! Reshaping.

use tacit_layers::layer::Layer;
use tacit_layers::{
    error::Result,
    layer::{Operation, Site, reshape::ReshapeLayer, site::Reading},
    tensor::value::NodeId,
};

use crate::{
    builder::NetworkBuilder,
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run, remap::view_cost},
};

impl NetworkBuilder {
    /// The same elements, in row-major order, over other axes. Accumulators may be reshaped where the padded places of all
    /// elements stay ([`ReshapeLayer::keeps_places`]).
    pub fn reshape(&mut self, name: &str, input: NodeId, axes: &[usize]) -> NodeId {
        self.node(name, &[input], Operation::Reshape(ReshapeLayer { axes: axes.to_vec() }))
    }
}

impl Inference for ReshapeLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        Ok(run.inputs[0].data().to_vec())
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        Ok(Interval::whole(ranges.of(0).hull()))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        match self.reading(site) {
            Reading::View(_) => view_cost(site),
            Reading::Own | Reading::Renamed(_) | Reading::SumOfViews(_) => ArgumentCost::default(),
        }
    }

    fn detail(&self) -> String {
        let axes: Vec<String> = self.axes.iter().map(usize::to_string).collect();
        format!("as {}", axes.join("x"))
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
