//! `tacit run`: integer inference without a proof.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_layers::Output;

use crate::{
    answer::{Answer, OutputIntegers, OutputValues},
    arguments::RunArguments,
    artifact,
    destination::Destination,
    inference::Inference,
    inputs::{InputFile, Inputs},
    npy::{self, Array},
    npz,
    progress::Progress,
    reading::InputReadings,
    report::Report,
    units,
};

/// One sample's answer, or every sample's in a list.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Facts {
    One { output: OutputValues, integers: OutputIntegers, argmax: usize, input: InputReadings },
    All { output: Vec<OutputValues>, integers: Vec<OutputIntegers>, argmax: Vec<usize>, input: InputReadings },
}

pub(super) fn run(arguments: &RunArguments) -> Result<Report> {
    let RunArguments { model, input, index, all, output, .. } = arguments;
    let used: Vec<&Path> = input.iter().flat_map(InputFile::paths).chain([model.as_path()]).collect();
    let destination = output.as_ref().map(|path| {
        Destination::new(path, &used)?.replacing("an array or an archive of arrays", &[b"\x93NUMPY", b"PK"])
    });
    let destination = destination.transpose()?;
    let progress = Progress::new("Reading the model");
    let key = artifact::proving_key(model)?;
    let architecture = &key.network().architecture;
    if let (Some(path), outputs @ 2..) = (output, architecture.outputs.len())
        && !is_archive(path)
    {
        bail!(
            "`{}` holds one array, the network has {outputs} outputs: give a path that ends in .npz, or use --json",
            path.display()
        );
    }
    let samples = Inputs::of(architecture, input)?;
    let first = index.unwrap_or(0);
    let chosen = if *all { samples.all()? } else { vec![samples.get(first)?] };
    let reading = InputReadings::new(architecture, first, &chosen)?;
    let answers = Inference::new(key.network())?.answers_of(&chosen, &progress)?;
    drop(progress);

    if let (Some(destination), Some(path)) = (destination, output) {
        destination.write(&content(&answers, &architecture.outputs, is_archive(path))?)?;
    }
    let line = |(index, answer): (usize, &Answer)| {
        format!("sample {index}: class {}  [{}]\n", answer.argmax, answer.to_text())
            + &units::fields(answer.further())
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

/// Whether a path is for every output.
fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"))
}

/// The outputs of every sample as a file, batch axis first.
fn content(answers: &[Answer], outputs: &[Output], is_archive: bool) -> Result<Vec<u8>> {
    let arrays = outputs.iter().enumerate().map(|(index, output)| {
        let mut shape = vec![answers.len()];
        shape.extend(&output.shape);
        let values = answers.iter().filter_map(|answer| answer.outputs.get(index)).flatten();
        Ok((output.name.as_str(), npy::to_bytes(Array { shape, values: values.copied().collect() })?))
    });
    let mut arrays = arrays.collect::<Result<Vec<_>>>()?;
    match (is_archive, arrays.len()) {
        (false, 1) => Ok(arrays.remove(0).1),
        _ => npz::to_bytes(&arrays),
    }
}
