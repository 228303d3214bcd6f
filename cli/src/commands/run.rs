//! `tacit run`: integer inference without a proof.

use anyhow::{Result, bail};
use serde::Serialize;

use crate::{
    answer::{Answer, OutputIntegers, OutputValues},
    arguments::RunArguments,
    artifact,
    destination::Destination,
    inference::Inference,
    npy::{self, Array},
    progress::Progress,
    reading::InputReading,
    report::Report,
    samples::Samples,
};

/// One sample's answer, or every sample's in a list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Facts {
    One { output: OutputValues, integers: OutputIntegers, argmax: usize, input: InputReading },
    All { output: Vec<OutputValues>, integers: Vec<OutputIntegers>, argmax: Vec<usize>, input: InputReading },
}

pub(super) fn run(arguments: &RunArguments) -> Result<Report> {
    let RunArguments { model, input, index, all, output, .. } = arguments;
    let inputs = [model.as_path(), input.as_path()];
    let destination = output.as_ref().map(|path| Destination::new(path, &inputs)).transpose()?;
    let progress = Progress::new("Reading the model");
    let key = artifact::proving_key(model)?;
    let architecture = &key.network().architecture;
    let samples = Samples::read(input, architecture.input()?.layout.axes())?;
    let first = index.unwrap_or(0);
    let chosen = if *all { samples.all()? } else { vec![samples.get(first)?.to_vec()] };
    let reading = InputReading::new(architecture, first, chosen.iter().map(Vec::as_slice))?;
    let answers = Inference::new(key.network())?.answers(&chosen, &progress)?;
    drop(progress);

    if let Some(destination) = destination {
        let [output] = architecture.outputs.as_slice() else {
            bail!(
                "--output holds one array, the network has {} outputs: use --json",
                architecture.outputs.len()
            );
        };
        let mut shape = vec![answers.len()];
        shape.extend(&output.shape);
        let values = answers.iter().flat_map(|answer| answer.outputs.iter().flatten().copied()).collect();
        destination.write(&npy::to_bytes(Array { shape, values })?)?;
    }
    let line = |(index, answer): (usize, &Answer)| {
        format!("sample {index}: class {}  [{}]\n", answer.argmax, answer.to_text())
    };
    let mut text = (first..).zip(&answers).map(line).collect::<Vec<_>>().concat();
    text.extend(reading.clipping().map(|clipping| format!("CLIPPED: {clipping}\n")));
    let facts = match answers.as_slice() {
        [answer] if !all => Facts::One {
            output: answer.values(),
            integers: answer.integers(),
            argmax: answer.argmax,
            input: reading,
        },
        answers => Facts::All {
            output: answers.iter().map(Answer::values).collect(),
            integers: answers.iter().map(Answer::integers).collect(),
            argmax: answers.iter().map(|answer| answer.argmax).collect(),
            input: reading,
        },
    };
    Ok(Report::done(&facts, &text))
}
