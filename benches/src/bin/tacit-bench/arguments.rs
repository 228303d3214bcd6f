//! Command line of `tacit-bench`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tacit_cli::{
    options::{Arrangement, Threads},
    precision::Precision,
};

const EXIT_CODES: &str = "Exit codes: 0 done, 1 something got worse, 2 could not run.";

/// Measures networks: every row is proved and verified in a process of its own.
#[derive(Debug, Parser)]
#[command(name = "tacit-bench", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Print one JSON object on standard output instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: BenchCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The perceptrons of "The Cost of Intelligence", beside its published figures
    Modulus(SuiteOptions),
    /// Models in folders; without any, networks that others published figures of
    Zoo(FolderSuite),
    /// Every argument for convolutions: on layers of many sizes, each a network; with --shape, by itself
    Conv(ConvArguments),
    /// Every argument for matrix products, by itself
    Matmul(MatmulArguments),
    /// Look-ups of integers in a range, by themselves
    Lookup(AloneArguments),
    /// Commitments to columns and their opening
    Opening(AloneArguments),
    /// Circuits of add and multiply gates, by themselves
    Gates(AloneArguments),
    /// Networks that grow in weights, activations, batch or threads
    Scaling(SuiteOptions),
    /// Every suite, with the models in folders if there are any
    All(FolderSuite),
    /// One model folder: compile it, run all samples, prove and verify a few
    Model(ModelArguments),
    /// Compare two measurements row by row
    Compare(CompareArguments),
    /// Write the report of rows measured before: tables, figures and a page
    Report(ReportArguments),
    /// One row, for the process that measures a suite
    #[command(hide = true)]
    Row(RowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct FolderSuite {
    /// Folders with model folders: model.onnx, inputs.npy, and where there are any labels.npy, logits.npy, calibration.npy
    #[arg(value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) options: SuiteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ConvArguments {
    #[command(flatten)]
    pub(crate) shapes: ShapeOptions,
    /// With --shape: only these arguments, with commas between [default: all]
    #[arg(long = "argument", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) arguments: Vec<String>,
    #[command(flatten)]
    pub(crate) suite: SuiteOptions,
}

#[derive(Debug, Args)]
pub(crate) struct MatmulArguments {
    #[command(flatten)]
    pub(crate) shapes: ShapeOptions,
    /// Only these arguments, with commas between [default: all]
    #[arg(long = "argument", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) arguments: Vec<String>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct AloneArguments {
    #[command(flatten)]
    pub(crate) shapes: ShapeOptions,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

/// Which shapes are measured, and where it is written.
#[derive(Debug, Args)]
pub(crate) struct ShapeOptions {
    /// Shapes to measure, each number one, a list 3/5 or a range 8..64*2; may be given several times
    #[arg(long = "shape", value_name = "SHAPE")]
    pub(crate) shapes: Vec<String>,
    /// Proofs of each shape by each argument [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) repeat: Option<u16>,
    /// Refuse what is predicted to take the prover more seconds than this [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = limit)]
    pub(crate) limit: Option<f64>,
    /// File for a line of comma-separated values for each shape and argument
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// File for a figure, with charts for each --shape
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// What --plot shows, with commas between [default: prove,verify,bytes]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_enum, requires = "plot")]
    pub(crate) series: Vec<Quantity>,
}

/// What a chart of shapes shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Quantity {
    /// Seconds of committing to what the argument is about
    Commit,
    /// Seconds of the argument
    Prove,
    /// Seconds of opening its claims
    Open,
    /// Seconds of reading the commitments
    Read,
    /// Seconds of verifying the argument
    Verify,
    /// Seconds of verifying the opening
    Check,
    /// Bytes of the argument
    Bytes,
    /// Bytes of the opening
    OpeningBytes,
    /// Bytes of the commitments
    CommitmentBytes,
    /// Rounds of the argument
    Rounds,
}

impl ShapeOptions {
    /// The first option that has no meaning without a shape.
    pub(crate) const fn needs_shape(&self) -> Option<&'static str> {
        if self.repeat.is_some() {
            Some("--repeat")
        } else if self.limit.is_some() {
            Some("--limit")
        } else if self.csv.is_some() {
            Some("--csv")
        } else if self.plot.is_some() {
            Some("--plot")
        } else {
            None
        }
    }
}

impl SuiteOptions {
    /// The first option that only a suite has.
    pub(crate) fn needs_suite(&self) -> Option<&'static str> {
        [
            (!self.filter.is_empty(), "--filter"),
            (self.out.is_some(), "--out"),
            (self.markdown.is_some(), "--markdown"),
            (!self.columns.is_empty(), "--columns"),
            (self.max_memory.is_some(), "--max-memory"),
        ]
        .into_iter()
        .find_map(|(given, name)| given.then_some(name))
    }
}

/// Which rows of a suite are measured, and where they go.
#[derive(Debug, Args)]
pub(crate) struct SuiteOptions {
    /// Measure only rows of this name or group; `*` stands for any text; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) filter: Vec<String>,
    /// Folder for rows.jsonl and the report made from it; rows that are in it already are not measured again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// File to write the tables to, in Markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Columns of the tables that are printed and written to --markdown, with commas between [default: all that have a cell]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Fail rows that need more memory: a number of bytes, or of K, M or G
    #[arg(long, value_name = "BYTES", value_parser = memory)]
    pub(crate) max_memory: Option<u64>,
    #[command(flatten)]
    pub(crate) options: BenchOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// Folder with model.onnx and inputs.npy
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) options: BenchOptions,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Folder with rows.jsonl, where the report goes too
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RowArguments {
    /// What to measure, in JSON
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
    #[command(flatten)]
    pub(crate) options: BenchOptions,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// Rows measured before
    #[arg(value_name = "A.jsonl")]
    pub(crate) before: PathBuf,
    /// Rows measured after
    #[arg(value_name = "B.jsonl")]
    pub(crate) after: PathBuf,
    /// Changes of medians up to so many percent are noise, however far apart the samples
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub(crate) noise: f64,
}

/// How networks are compiled and measured.
#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// Proofs of each row, each of another sample where there are enough
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) samples: u16,
    #[command(flatten)]
    pub(crate) precision: Precision,
    #[command(flatten)]
    pub(crate) arrangement: Arrangement,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

impl BenchOptions {
    /// As flags, for another process that has so many threads.
    pub(crate) fn flags(&self, threads: usize) -> Vec<String> {
        let mut flags = self.arrangement.flags().to_vec();
        flags.extend(self.precision.flags());
        flags.extend(["--samples".to_owned(), self.samples.to_string()]);
        flags.extend(["--threads".to_owned(), threads.to_string()]);
        flags
    }
}

fn memory(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (&text[..at], 1_000),
        Some((at, 'M')) => (&text[..at], 1_000_000),
        Some((at, 'G')) => (&text[..at], 1_000_000_000),
        _ => (text, 1),
    };
    let count = digits.parse::<u64>().ok().filter(|&count| count > 0);
    count
        .and_then(|count| count.checked_mul(unit))
        .ok_or_else(|| "give a number such as 800M or 8G".to_owned())
}

fn limit(text: &str) -> Result<f64, String> {
    let limit = text.parse::<f64>().ok().filter(|limit| limit.is_finite() && *limit > 0.0);
    limit.ok_or_else(|| "give a number of seconds above 0".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.parse::<f64>().ok().filter(|percent| (0.0..=1000.0).contains(percent));
    percent.ok_or_else(|| "give a number from 0 to 1000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_units_of_a_thousand() {
        assert_eq!(
            ["8G", "800M", "5k", "123"].map(memory),
            [Ok(8_000_000_000), Ok(800_000_000), Ok(5000), Ok(123)]
        );
        assert!(
            ["", "G", "0", "-1", "1.5G", "99999999999999999999", "99999999999999999G", "8GB", "é"]
                .iter()
                .all(|text| memory(text).is_err())
        );
    }
}
