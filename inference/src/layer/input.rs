//! An input of the network.

use tacit_layers::{
    error::Result,
    layer::{
        Site,
        input::{InputKind, InputLayer},
    },
};

use crate::{
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run},
};

impl Inference for InputLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        Ok(run.inputs[0].data().to_vec())
    }

    fn interval(&self, _: &Site, _: &Ranges) -> Result<Interval> {
        Ok(Interval::uniform(self.bounds.0, self.bounds.1))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, _: &Site) -> ArgumentCost {
        ArgumentCost::default()
    }

    fn detail(&self) -> String {
        match &self.kind {
            InputKind::Real { scale } => format!("round(x / {scale:.6})"),
            InputKind::Channels { axis, units } => {
                format!("round((x - zero) / scale), {} units along axis {axis}", units.len())
            }
            InputKind::Integer | InputKind::Boolean => self.kind.name().to_owned(),
        }
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
