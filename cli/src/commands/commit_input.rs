//! `tacit commit-input`: a commitment to an input, for proofs that do not show it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_layers::{Layout, Tensor};
use tacit_prover::{InputOpening, Seed};

use crate::{
    arguments::CommitInputArguments,
    artifact,
    destination::{Destination, Prepared},
    npy,
    report::Report,
    samples::Samples,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    shape: Vec<usize>,
    digest: String,
    rows: usize,
    commitment: PathBuf,
    opening: PathBuf,
}

pub(super) fn run(arguments: &CommitInputArguments) -> Result<Report> {
    let CommitInputArguments { input: path, model, index, output, opening } = arguments;
    let inputs: Vec<&Path> = [Some(path), model.as_ref()].into_iter().flatten().map(AsRef::as_ref).collect();
    let files = CommitmentFiles::new(output, opening.as_deref(), &inputs)?;
    let input = match model {
        Some(model) => {
            let architecture = artifact::architecture(model)?;
            let samples = Samples::read(path, architecture.input()?.layout.axes())?;
            tacit_onnx::quantise_input(&architecture, samples.get(index.unwrap_or(0))?)?
        }
        None => integers(path, *index)?,
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
    };
    let text = format!("Committed to `{}`\n", path.display())
        + &units::fields([
            ("input", units::shape(&facts.shape)),
            ("digest", facts.digest.clone()),
            ("commitment", format!("{}, for everybody", output.display())),
            ("opening", format!("{}, SECRET: whoever has it knows the input", files.opening.display())),
        ]);
    Ok(Report::done(&facts, &text))
}

/// Integers as they are: the whole array, or one entry of its first axis.
fn integers(path: &Path, index: Option<usize>) -> Result<Tensor<i64>> {
    let npy::Array { mut shape, mut values } = npy::read_integers(path)?;
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
    /// Checks that both can be written; the opening goes beside the commitment unless it is given a path.
    pub(super) fn new(commitment: &Path, opening: Option<&Path>, inputs: &[&Path]) -> Result<Self> {
        let opening = opening.map_or_else(|| commitment.with_extension("opening"), Path::to_owned);
        if opening == commitment {
            bail!(
                "cannot write `{}`: that name is for the opening; use the extension .commitment",
                commitment.display()
            );
        }
        let commitment_file = Destination::new(commitment, inputs)?;
        let opening_file = Destination::secret(&opening, inputs)?;
        Ok(Self { commitment_file, opening_file, commitment: commitment.to_owned(), opening })
    }

    /// Whether one of them has this path.
    pub(super) fn has(&self, path: &Path) -> bool {
        path == self.commitment || path == self.opening
    }

    /// Both names.
    pub(super) fn names(&self) -> String {
        format!("{} and {}", self.commitment.display(), self.opening.display())
    }

    /// Writes both, to be put in their places later.
    pub(super) fn prepare(&self, opening: &InputOpening) -> Result<PreparedCommitment> {
        let commitment = self.commitment_file.prepare(&opening.commitment().to_bytes()?)?;
        let mut bytes = opening.to_bytes()?;
        let opening = self.opening_file.prepare(&bytes);
        bytes.fill(0);
        Ok(PreparedCommitment { commitment, opening: opening? })
    }
}

/// A commitment and its opening, written and not in their places yet.
#[derive(Debug)]
pub(super) struct PreparedCommitment {
    commitment: Prepared,
    opening: Prepared,
}

impl PreparedCommitment {
    /// Puts the opening in its place, then the commitment: one without the other would be worth nothing.
    pub(super) fn place(self) -> Result<()> {
        self.opening.place()?;
        self.commitment.place()
    }
}
