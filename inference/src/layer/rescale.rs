//! Rescaling with a fused activation function.

use crate::cost::scalars;
use rayon::prelude::*;
use tacit_layers::{
    argument::function::ActivationFunction,
    error::{Error, Result},
    layer::{
        Operation, Site,
        rescale::{Multiplier, RescaleLayer},
    },
    tensor::{layout::bits_of, value::NodeId},
};

use crate::{
    builder::NetworkBuilder,
    cost::{ArgumentCost, Work},
    interval::Interval,
    layer::{Inference, Ranges, Run},
};

/// Elements that one core rescales at a time.
const GRAIN: usize = 1 << 12;

impl NetworkBuilder {
    /// A rescale with its activation function.
    pub fn rescale(
        &mut self,
        name: &str,
        input: NodeId,
        multiplier: Multiplier,
        shift: u32,
        function: ActivationFunction,
    ) -> NodeId {
        let layer = RescaleLayer { multiplier, shift, function, quotient_bounds: (0, 0) };
        self.node(name, &[input], Operation::Rescale(layer))
    }
}

impl Inference for RescaleLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let input = run.inputs[0];
        let mut result = vec![0; input.data().len()];
        result.par_chunks_mut(GRAIN).enumerate().for_each(|(i, part)| {
            for (run, m) in self.multiplier.runs(input.layout(), i * GRAIN..i * GRAIN + part.len()) {
                let (accumulators, part) = (&input.data()[run.clone()], &mut part[run.start - i * GRAIN..]);
                // The function is chosen outside of the loop.
                if let ActivationFunction::Clip { minimum, maximum } = self.function {
                    for (y, &a) in part.iter_mut().zip(accumulators) {
                        *y = self.divide(m, a).0.clamp(minimum, maximum);
                    }
                } else {
                    for (y, &a) in part.iter_mut().zip(accumulators) {
                        *y = self.function.apply(self.divide(m, a).0);
                    }
                }
            }
        });
        Ok(result)
    }

    fn interval(&self, site: &Site, ranges: &Ranges) -> Result<Interval> {
        let (low, high) = quotients(self, site.inputs.layer, ranges.of(0))?;
        match &self.function {
            // Clipping is monotone.
            clip @ ActivationFunction::Clip { .. } => {
                Ok(Interval::uniform(clip.apply(low), clip.apply(high)))
            }
            table @ ActivationFunction::Table { .. } => {
                let (minimum, maximum) = table.bounds();
                Ok(Interval::uniform(minimum, maximum))
            }
        }
    }

    fn settle(&mut self, layer: &str, ranges: Option<&Ranges>) -> Result<()> {
        self.quotient_bounds = match ranges {
            None => (0, 0),
            Some(ranges) => quotients(self, layer, ranges.of(0))?,
        };
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        let output = &site.output.layout;
        let channels = match self.multiplier {
            Multiplier::Uniform(_) => return ArgumentCost::default(),
            Multiplier::PerChannel { axis, .. } => output.axes().get(axis).copied().unwrap_or(1),
        };
        let rounds = bits_of(channels);
        ArgumentCost {
            prover: Work::small_sums(channels, output.num_elements() / channels.max(1))
                + Work::product_sumcheck(channels)
                + Work::messages(rounds + 1),
            verifier: Work::verified_rounds(rounds, 2)
                + Work::multiplications(2 * channels)
                + Work::messages(1),
            own_bytes: scalars(1),
            round_bytes: scalars(2 * rounds),
        }
    }

    fn detail(&self) -> String {
        let multiplier = match &self.multiplier {
            Multiplier::Uniform(multiplier) => format!("times {multiplier}"),
            Multiplier::PerChannel { values, .. } => format!("times one of {} multipliers", values.len()),
        };
        let (low, high) = self.quotient_bounds;
        let function = function_in_words(&self.function);
        format!("{multiplier} / 2^{}, quotients {low}..={high}, {function}", self.shift)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}

/// A function on integers, as people read it.
pub fn function_in_words(function: &ActivationFunction) -> String {
    match function {
        ActivationFunction::Clip { minimum: 0, maximum } => format!("ReLU up to {maximum}"),
        ActivationFunction::Clip { minimum, maximum } => format!("clipped to {minimum}..={maximum}"),
        ActivationFunction::Table { results, .. } => format!("a table of {} results", results.len()),
    }
}

/// Bounds of the quotient from bounds of the accumulator, per channel or for all.
fn quotients(rescale: &RescaleLayer, layer: &str, accumulator: &Interval) -> Result<(i64, i64)> {
    let multipliers = rescale.multiplier.values();
    // A channel meets one multiplier when both run over the same axis, and every one otherwise.
    let aligned =
        matches!(&rescale.multiplier, Multiplier::PerChannel { axis, .. } if accumulator.axis == Some(*axis));
    let shifted = |m: u32, a: i128| (i128::from(m) * a + (1 << (rescale.shift - 1))) >> rescale.shift;
    let (mut low, mut high) = (0, 0);
    for (channel, &(min, max)) in accumulator.channels.iter().enumerate() {
        let range = if aligned { channel..channel + 1 } else { 0..multipliers.len() };
        for &m in &multipliers[range] {
            low = shifted(m, min).min(low);
            high = shifted(m, max).max(high);
        }
    }
    let limit = rescale.max_quotient_vars();
    if high - low >= 1 << limit {
        return Err(Error::TableTooLarge { layer: layer.to_owned(), minimum: low, maximum: high, limit });
    }
    Ok((low as i64, high as i64))
}
