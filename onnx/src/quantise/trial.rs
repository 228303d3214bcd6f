//! Trials: how far the integer network's outputs are from the float model's.

use tacit_inference::{execute, layer};
use tacit_layers::{Architecture, Network};

use crate::{
    error::Error,
    model::FloatModel,
    samples::{dequantise_output, quantise_inputs},
};

/// The error of a network's outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outcome {
    /// The largest share that noise has of an output's energy about its mean.
    pub(super) noise: f64,
    /// The smallest share of samples on which an output that looks like classes has its largest element where the float
    /// model's is, and at least [`KEPT_LEAD`] of its lead over every other.
    pub(super) agreement: f64,
}

/// The part of its lead that the largest element is to keep: among other samples there are some with smaller leads.
const KEPT_LEAD: f64 = 0.5;
/// What is closer to the largest element than this part of it is as large.
const TIE: f64 = 1e-6;

/// Samples with the float model's outputs on them.
pub(super) struct Reference<'a> {
    samples: Vec<&'a [f32]>,
    /// By sample and output.
    outputs: Vec<Vec<Vec<f32>>>,
    /// Whether each output looks like classes: one axis that is longer than one.
    are_classes: Vec<bool>,
}

impl<'a> Reference<'a> {
    /// At most so many samples, spread evenly over all.
    pub(super) fn new(model: &FloatModel, samples: &'a [Vec<f32>], count: usize) -> Result<Self, Error> {
        let count = count.clamp(1, samples.len().max(1));
        let samples: Vec<&[f32]> = (0..count)
            .map(|i| i * samples.len() / count)
            .filter_map(|i| samples.get(i))
            .map(Vec::as_slice)
            .collect();
        let outputs: Vec<Vec<Vec<f32>>> =
            samples.iter().map(|sample| model.run_all(sample)).collect::<Result<_, _>>()?;
        let num_outputs = outputs.first().map_or(0, Vec::len);
        let are_classes = (0..num_outputs)
            .map(|output| model.shape_of_output(output).iter().filter(|&&length| length > 1).count() == 1)
            .collect();
        Ok(Self { samples, outputs, are_classes })
    }

    pub(super) fn num_samples(&self) -> usize {
        self.samples.len()
    }

    /// Whether an output looks like classes.
    pub(super) fn has_classes(&self) -> bool {
        self.are_classes.contains(&true)
    }

    /// Runs a network on the samples.
    pub(super) fn measure(&self, network: &Network) -> Result<Outcome, Error> {
        let specs = network.infer()?;
        let run = |sample: &&[f32]| -> Result<Vec<Vec<f32>>, Error> {
            let trace = execute(network, &specs, &quantise_inputs(&network.architecture, sample)?)?;
            let outputs = trace.outputs(network).enumerate();
            Ok(outputs.map(|(i, values)| dequantise_output(&network.architecture, i, values)).collect())
        };
        let answers: Vec<Vec<Vec<f32>>> = self.samples.iter().map(run).collect::<Result<_, _>>()?;
        let mut outcome = Outcome { noise: 0.0, agreement: 1.0 };
        for (output, &is_classes) in self.are_classes.iter().enumerate() {
            let pairs = || {
                let both = self.outputs.iter().zip(&answers);
                both.filter_map(move |(floats, integers)| Some((floats.get(output)?, integers.get(output)?)))
            };
            outcome.noise = outcome.noise.max(noise_share(pairs()));
            if is_classes {
                let agreeing = pairs().filter(|(float, integer)| keeps_its_lead(float, integer)).count();
                outcome.agreement = outcome.agreement.min(agreeing as f64 / self.samples.len().max(1) as f64);
            }
        }
        Ok(outcome)
    }
}

/// Energy of the differences over that of the float values about their mean, or about zero where they are all the same.
fn noise_share<'a>(pairs: impl Iterator<Item = (&'a Vec<f32>, &'a Vec<f32>)>) -> f64 {
    let (mut count, mut sum, mut energy, mut noise) = (0_usize, 0.0, 0.0, 0.0);
    for (floats, integers) in pairs {
        for (&float, &integer) in floats.iter().zip(integers) {
            let (float, integer) = (f64::from(float), f64::from(integer));
            count += 1;
            sum += float;
            energy += float * float;
            noise += (float - integer).powi(2);
        }
    }
    let about_mean = energy - sum * sum / count.max(1) as f64;
    let energy = if about_mean > 1e-9 * energy { about_mean } else { energy };
    if noise == 0.0 { 0.0 } else { noise / energy.max(f64::MIN_POSITIVE) }
}

/// Whether the largest of the float values keeps enough of its lead over each of the others.
fn keeps_its_lead(floats: &[f32], integers: &[f32]) -> bool {
    let pairs =
        || floats.iter().zip(integers).map(|(&float, &integer)| (f64::from(float), f64::from(integer)));
    let Some((largest, kept)) = pairs().max_by(|(a, _), (b, _)| a.total_cmp(b)) else { return true };
    pairs().all(|(float, integer)| {
        let lead = largest - float;
        lead <= TIE * largest.abs() || kept - integer >= KEPT_LEAD * lead
    })
}

/// What running the network once costs, in multiplications; an element counts as a few.
pub(super) fn cost(architecture: &Architecture) -> Result<u64, Error> {
    const ELEMENT: u64 = 16;
    let specs = architecture.infer()?;
    let sites = architecture.sites(&specs);
    let cost = sites.map(|(node, site)| {
        layer::of(&node.operation).num_macs(&site) + ELEMENT * site.output.layout.num_elements() as u64
    });
    Ok(cost.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_kept_up_to_a_half() {
        let floats = [0.1, 3.0, 2.0];
        assert!(keeps_its_lead(&floats, &[0.0, 3.0, 2.4]));
        assert!(!keeps_its_lead(&floats, &[0.0, 3.0, 2.6]));
        assert!(!keeps_its_lead(&floats, &[0.0, 2.0, 3.0]));
        // What is as large may come first.
        assert!(keeps_its_lead(&[1.0, 1.0, 0.0], &[1.0, 1.01, 0.0]));
    }
}
