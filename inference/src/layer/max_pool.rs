//! Maxima over windows.

use crate::cost::scalars;
use crate::{cost::convolution, layer::average_pool::window_in_words};
use tacit_layers::{
    error::Result,
    layer::{Operation, Site, max_pool::MaxPoolLayer},
    tensor::{value::NodeId, window::Window2d},
};

use crate::{
    builder::NetworkBuilder,
    cost::{ArgumentCost, Work, convolution::feature_map},
    interval::Interval,
    layer::{Inference, Ranges, Run, average_pool::reduce_windows},
};

impl NetworkBuilder {
    /// The maximum over a sliding window.
    pub fn max_pool(&mut self, name: &str, input: NodeId, window: Window2d) -> NodeId {
        self.node(name, &[input], Operation::MaxPool(MaxPoolLayer { window }))
    }
}

impl Inference for MaxPoolLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let (minimum, _) = run.site.output.activation(run.site.inputs.layer)?;
        let (input, output) = (run.inputs[0], &run.site.output.layout);
        Ok(reduce_windows(&self.window, input, output, i64::MIN, i64::max, minimum))
    }

    fn interval(&self, site: &Site, ranges: &Ranges) -> Result<Interval> {
        let (minimum, _) = site.output.activation(site.inputs.layer)?;
        Ok(Interval::uniform(minimum, ranges.hull(0).1))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        let Some(input) = site.inputs.layout(0) else { return ArgumentCost::default() };
        let output = &site.output.layout;
        let offsets = self.window.num_offsets();
        let (entries, rounds) = (output.padded_extent(), output.num_vars());
        let zero_check = ArgumentCost {
            prover: Work::multiplications(entries * ((offsets + 1) * (offsets + 1) + offsets))
                + Work::messages(rounds + 1),
            verifier: Work::verified_rounds(rounds, offsets) + Work::messages(1),
            own_bytes: scalars(offsets),
            round_bytes: scalars(offsets * rounds),
        };
        let (channels, map) = feature_map(input);
        let (_, positions) = feature_map(output);
        let maximum = ArgumentCost {
            prover: Work::small_sums(1, output.num_elements()) + Work::messages(1),
            verifier: Work::messages(1),
            own_bytes: scalars(1),
            round_bytes: 0,
        };
        let claim = maximum + convolution::unfold(channels, &self.window, map, positions);
        // The windows' rounds are one batch.
        let twice = claim + ArgumentCost { round_bytes: 0, ..claim };
        zero_check + twice
    }

    fn detail(&self) -> String {
        window_in_words(&self.window)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
