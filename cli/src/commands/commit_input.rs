//! `tacit commit-input`: a commitment to an input, for proofs that do not show it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_layers::{Layout, Tensor, printable::printable};
use tacit_prover::{InputOpening, Seed};

use crate::{
    arguments::CommitInputArguments,
    array_file, artifact,
    destination::{Destination, Prepared, beside, check_distinct},
    inputs::Inputs,
    npy::Array,
    reading::InputReading,
    report::Report,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    shape: Vec<usize>,
    digest: String,
    rows: usize,
    commitment: PathBuf,
    opening: PathBuf,
    /// What quantisation did to real numbers; null where the file holds integers.
    input: Option<InputReading>,
}

pub(super) fn run(arguments: &CommitInputArguments) -> Result<Report> {
    let CommitInputArguments { input: given, model, index, output, opening } = arguments;
    let inputs: Vec<&Path> = given.paths().chain(model.as_deref()).collect();
    let files = CommitmentFiles::new(output, opening.as_deref(), &inputs)?;
    let (input, reading) = match model {
        Some(model) => {
            let architecture = artifact::architecture(model)?;
            let inputs: Vec<_> = architecture.input_layers().collect();
            let wanted: Vec<_> = inputs.iter().map(|(name, layer)| (*name, layer.layout.axes())).collect();
            let samples = Inputs::read_some(std::slice::from_ref(given), &wanted)?;
            let mut samples =
                samples.into_iter().zip(inputs).filter_map(|(samples, input)| Some((samples?, input)));
            let (Some((samples, (name, layer))), None) = (samples.next(), samples.next()) else {
                bail!("`{given}` holds several inputs: commit to one after the other, NAME=FILE");
            };
            let index = index.unwrap_or(0);
            let sample = samples.get(index)?;
            let reading = InputReading::new(layer, index, [sample]);
            (tacit_onnx::quantise_sample(name, layer, sample)?, Some(reading))
        }
        None => (integers(given.resolve(&[])?.1, *index)?, None),
    };
    let opening = InputOpening::new(input, &Seed::from_os()?)?;
    files.prepare(&opening)?.place()?;

    let commitment = opening.commitment();
    let facts = Facts {
        shape: commitment.layout().axes().to_vec(),
        digest: units::hexadecimal(&commitment.digest()?),
        rows: commitment.rows().len(),
        commitment: output.clone(),
        opening: files.opening.clone(),
        input: reading,
    };
    let mut fields = vec![
        ("input", units::shape(&facts.shape)),
        ("digest", facts.digest.clone()),
        ("commitment", format!("{}, for everybody", output.display())),
        ("opening", format!("{}, SECRET: whoever has it knows the input", files.opening.display())),
    ];
    fields.extend(facts.input.as_ref().and_then(InputReading::clipping).map(|text| ("CLIPPED", text)));
    let text = format!("Committed to `{}`\n", printable(&given.to_string())) + &units::fields(fields);
    Ok(Report::done(&facts, &text))
}

/// Integers as they are: the whole array, or one entry of its first axis.
fn integers(path: &Path, index: Option<usize>) -> Result<Tensor<i64>> {
    let Array { mut shape, mut values } = array_file::read_integers(path)?;
    let name = path.display();
    if let Some(index) = index {
        let Some((&count, rest)) = shape.split_first().filter(|(count, _)| index < **count) else {
            bail!("`{name}` has shape {shape:?}: --index must be below the length of its first axis");
        };
        let size = values.len() / count;
        values = values.get(index * size..).and_then(|rest| rest.get(..size)).unwrap_or_default().to_vec();
        shape = rest.to_vec();
    }
    Ok(Tensor::new(Layout::new(shape)?, values)?)
}

/// Where a commitment and its opening go.
#[derive(Debug)]
pub(super) struct CommitmentFiles {
    commitment_file: Destination,
    opening_file: Destination,
    commitment: PathBuf,
    opening: PathBuf,
}

impl CommitmentFiles {
    /// Checks that both can be written and that neither exists; the opening goes beside the commitment unless it is given a
    /// path.
    pub(super) fn new(commitment: &Path, opening: Option<&Path>, inputs: &[&Path]) -> Result<Self> {
        let opening = match opening {
            Some(opening) => opening.to_owned(),
            None => beside(commitment, "opening", "the opening", "commitment")?,
        };
        let commitment_file = Destination::new(commitment, inputs)?.only_new()?;
        let opening_file = Destination::secret(&opening, inputs)?.only_new()?;
        check_distinct(&[&commitment_file, &opening_file])?;
        Ok(Self { commitment_file, opening_file, commitment: commitment.to_owned(), opening })
    }

    /// Both files, to be told apart from others that the command writes.
    pub(super) const fn destinations(&self) -> [&Destination; 2] {
        [&self.commitment_file, &self.opening_file]
    }

    /// Both names.
    pub(super) fn names(&self) -> String {
        format!("{} and {}", self.commitment.display(), self.opening.display())
    }

    /// Writes both, to be put in their places later.
    pub(super) fn prepare(&self, opening: &InputOpening) -> Result<PreparedCommitment> {
        let commitment = self.commitment_file.prepare(&opening.commitment().to_bytes()?)?;
        let opening = self.opening_file.prepare(&opening.to_bytes()?)?;
        Ok(PreparedCommitment { commitment, opening, opening_path: self.opening.clone() })
    }
}

/// A commitment and its opening, written and not in their places yet.
#[derive(Debug)]
pub(super) struct PreparedCommitment {
    commitment: Prepared,
    opening: Prepared,
    opening_path: PathBuf,
}

impl PreparedCommitment {
    /// Puts the opening in its place, then the commitment: one without the other would be worth nothing.
    pub(super) fn place(self) -> Result<()> {
        self.opening.place()?;
        self.commitment.place().inspect_err(|_| {
            // Nobody has seen the commitment that it opens. The error is reported in any case.
            let _ = std::fs::remove_file(&self.opening_path);
        })
    }
}
