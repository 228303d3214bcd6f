//! Integer inference on real samples.

use anyhow::Result;
use rayon::prelude::*;
use tacit_inference::execute;
use tacit_layers::{Network, ValueSpec};

use crate::{answer::Answer, inputs, progress::Progress};

/// A network that is ready to run.
#[derive(Debug)]
pub struct Inference<'a> {
    network: &'a Network,
    specs: Vec<ValueSpec>,
}

impl<'a> Inference<'a> {
    /// Checks the network.
    pub fn new(network: &'a Network) -> Result<Self> {
        Ok(Self { network, specs: network.infer()? })
    }

    /// The outputs for one sample, an array for each input.
    pub fn answer(&self, sample: &[&[f32]]) -> Result<Answer> {
        let architecture = &self.network.architecture;
        let inputs = inputs::quantise(architecture, sample)?;
        let trace = execute(self.network, &self.specs, &inputs)?;
        Answer::new(architecture, trace.outputs(self.network))
    }

    /// The outputs for many samples of the only input, on all threads.
    pub fn answers(&self, samples: &[Vec<f32>], progress: &Progress) -> Result<Vec<Answer>> {
        let samples: Vec<Vec<&[f32]>> = samples.iter().map(|sample| vec![sample.as_slice()]).collect();
        self.answers_of(&samples, progress)
    }

    /// The outputs for many samples, an array for each input, on all threads.
    pub fn answers_of(&self, samples: &[Vec<&[f32]>], progress: &Progress) -> Result<Vec<Answer>> {
        progress.count("Running", samples.len());
        samples.par_iter().map(|sample| self.answer(sample).inspect(|_| progress.advance())).collect()
    }
}
