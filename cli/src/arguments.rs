//! Command line of `tacit`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{
    inputs::InputFile,
    options::{Arrangement, Threads},
    precision::Precision,
    shapes::Shapes,
};

const EXIT_CODES: &str =
    "Exit codes: 0 done or accepted, 1 rejected, 2 could not run, 3 a figure is worse than --strict allows.";

/// Proves what a quantised neural network computed.
#[derive(Debug, Parser)]
#[command(name = "tacit", version, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// Print one JSON object on standard output instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Quantise an ONNX model; write its proving key and, beside it, its verifying key
    Compile(CompileArguments),
    /// Run the quantised network without a proof
    Run(RunArguments),
    /// Run every sample without a proof and compare with labels or reference outputs
    Evaluate(EvaluateArguments),
    /// Run one sample and prove the output
    Prove(ProveArguments),
    /// Commit to an input, for proofs that do not show it
    CommitInput(CommitInputArguments),
    /// Check a proof
    Verify(VerifyArguments),
    /// Make the verifying key of a public model again and compare
    CheckKey(CheckKeyArguments),
    /// Prove, once for a key, that what it commits to are weights and biases of their declared widths
    ProveKey(ProveKeyArguments),
    /// Check such a proof
    VerifyKey(VerifyKeyArguments),
    /// Describe a model, a verifying key or a proof
    Inspect(InspectArguments),
    /// Prove and verify that LeNet-5 recognises a handwritten digit
    Demo(DemoArguments),
    /// List the ONNX operators that can be compiled, with limits and how each is proved
    Operators,
}

#[derive(Debug, Args)]
pub(crate) struct CompileArguments {
    /// Float model, or a model that is already quantised
    #[arg(value_name = "MODEL.onnx")]
    pub(crate) model: PathBuf,
    /// Samples that activation ranges are chosen from: a file for each input, or an .npz archive with an array for each; a float
    /// model needs them, a quantised one brings its own ranges
    #[arg(long, value_name = "[NAME=]X.npy")]
    pub(crate) calibrate: Vec<InputFile>,
    /// Classes of the calibration samples, to report accuracies
    #[arg(long, value_name = "Y.npy", requires = "calibrate")]
    pub(crate) labels: Option<PathBuf>,
    /// Proving key to write; the verifying key goes beside it, `MODEL.vk` for `MODEL.tacit`
    #[arg(short, long, value_name = "MODEL.tacit")]
    pub(crate) output: PathBuf,
    /// Compare every layer with the float model's on the calibration samples, to see where accuracy is lost
    #[arg(long, requires = "calibrate")]
    pub(crate) report: bool,
    /// Write nothing and exit with 3 if an output is below 20 dB of signal to noise or 90% of the float model's classes, or
    /// labels seem to be of other samples
    #[arg(long)]
    pub(crate) strict: bool,
    /// Hide the weights: the verifying key and proofs show shapes, scales and bounds, but no weight
    #[arg(long)]
    pub(crate) private_model: bool,
    #[command(flatten)]
    pub(crate) shapes: Shapes,
    #[command(flatten)]
    pub(crate) precision: Precision,
    #[command(flatten)]
    pub(crate) arrangement: Arrangement,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Proving key
    #[arg(value_name = "MODEL.tacit")]
    pub(crate) model: PathBuf,
    /// Samples as the ONNX model takes them, with or without a batch axis: a file for each input, or an .npz archive with an
    /// array for each; a model with one input takes a file without a name
    #[arg(long, value_name = "[NAME=]X.npy", required = true)]
    pub(crate) input: Vec<InputFile>,
    /// Sample to run [default: 0]
    #[arg(long, value_name = "I", conflicts_with = "all")]
    pub(crate) index: Option<usize>,
    /// Run every sample
    #[arg(long)]
    pub(crate) all: bool,
    /// File to write the outputs to, batch axis first: an .npz archive with every output under its name, or the only output
    #[arg(long, value_name = "Y.npy")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// Proving key
    #[arg(value_name = "MODEL.tacit")]
    pub(crate) model: PathBuf,
    /// Samples as the ONNX model takes them: a file for each input, or an .npz archive with an array for each
    #[arg(long, value_name = "[NAME=]X.npy", required = true)]
    pub(crate) input: Vec<InputFile>,
    /// Class of each sample
    #[arg(long, value_name = "Y.npy")]
    pub(crate) labels: Option<PathBuf>,
    /// Outputs of another implementation to compare with; once for each output, in order or with the output's name in front
    #[arg(long, value_name = "[NAME=]Y.npy")]
    pub(crate) reference: Vec<String>,
    /// Exit with 3 if an output is below 20 dB of signal to noise or 90% of the reference's classes, or labels seem to be of
    /// other samples
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArguments {
    /// Proving key
    #[arg(value_name = "MODEL.tacit")]
    pub(crate) model: PathBuf,
    /// Samples as the ONNX model takes them, with or without a batch axis: a file for each input, or an .npz archive with an
    /// array for each; a model with one input takes a file without a name
    #[arg(long, value_name = "[NAME=]X.npy", required_unless_present = "opening")]
    pub(crate) input: Vec<InputFile>,
    /// Sample to prove [default: 0]
    #[arg(long, value_name = "I", requires = "input")]
    pub(crate) index: Option<usize>,
    /// Prove the answer without showing the inputs, or those that are named: the proof names a commitment to each, written
    /// beside the proof with the extension `commitment`, and its opening with the extension `opening`
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) private_input: Vec<String>,
    /// Prove over a commitment that exists, with what opens it
    #[arg(long, value_name = "[NAME=]X.opening", requires = "private_input")]
    pub(crate) opening: Vec<InputFile>,
    /// Proof to write
    #[arg(short, long, value_name = "P.proof")]
    pub(crate) output: PathBuf,
    /// Show where the time went, by phase and by layer
    #[arg(long)]
    pub(crate) profile: bool,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct CommitInputArguments {
    /// The input's integers as they are; with --model, samples as the ONNX model takes them, for the input of this name where
    /// it has several
    #[arg(value_name = "[NAME=]X.npy")]
    pub(crate) input: InputFile,
    /// Key, proving or verifying, of the model whose scale turns real numbers into integers
    #[arg(long, value_name = "MODEL.vk")]
    pub(crate) model: Option<PathBuf>,
    /// Sample to commit to, an entry of the first axis [default: the first with --model, the whole array without]
    #[arg(long, value_name = "I")]
    pub(crate) index: Option<usize>,
    /// Commitment to write
    #[arg(short, long, value_name = "X.commitment")]
    pub(crate) output: PathBuf,
    /// Opening to write, which is secret [default: beside the commitment with the extension `opening`]
    #[arg(long, value_name = "X.opening")]
    pub(crate) opening: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// Verifying key
    #[arg(value_name = "MODEL.vk")]
    pub(crate) key: PathBuf,
    /// Proof
    #[arg(value_name = "P.proof")]
    pub(crate) proof: PathBuf,
    /// Samples holding the public input, or an input of several; without it, the input carried beside the proof is used
    #[arg(long, value_name = "[NAME=]X.npy")]
    pub(crate) input: Vec<InputFile>,
    /// Sample to check the proof against [default: 0]
    #[arg(long, value_name = "I", requires = "input")]
    pub(crate) index: Option<usize>,
    /// Accept an input with values outside the range that the model was calibrated for, which are read as its nearest end
    #[arg(long, requires = "input")]
    pub(crate) allow_clipped: bool,
    /// Commitment to the input, or to an input of several; without it, the one carried beside the proof is used
    #[arg(long, value_name = "[NAME=]X.commitment")]
    pub(crate) input_commitment: Vec<InputFile>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckKeyArguments {
    /// Float model, or a model that is already quantised
    #[arg(value_name = "MODEL.onnx")]
    pub(crate) model: PathBuf,
    /// Verifying key to check
    #[arg(value_name = "MODEL.vk")]
    pub(crate) key: PathBuf,
    /// Samples that a float model was compiled with
    #[arg(long, value_name = "[NAME=]X.npy")]
    pub(crate) calibrate: Vec<InputFile>,
    #[command(flatten)]
    pub(crate) shapes: Shapes,
    #[command(flatten)]
    pub(crate) precision: Precision,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct ProveKeyArguments {
    /// Proving key
    #[arg(value_name = "MODEL.tacit")]
    pub(crate) model: PathBuf,
    /// Proof to write
    #[arg(short, long, value_name = "MODEL.keyproof")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyKeyArguments {
    /// Verifying key
    #[arg(value_name = "MODEL.vk")]
    pub(crate) key: PathBuf,
    /// Proof about it
    #[arg(value_name = "MODEL.keyproof")]
    pub(crate) proof: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArguments {
    /// Proving key, verifying key or proof
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Verifying key of a proof, to show its messages one by one
    #[arg(long, value_name = "MODEL.vk")]
    pub(crate) key: Option<PathBuf>,
    /// Samples to prove one of, to show what each layer of a model costs beside what is predicted
    #[arg(long, value_name = "[NAME=]X.npy")]
    pub(crate) measure: Vec<InputFile>,
    /// Sample to prove [default: 0]
    #[arg(long, value_name = "I", requires = "measure")]
    pub(crate) index: Option<usize>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Test digit to classify
    #[arg(long, value_name = "I", default_value_t = 0)]
    pub(crate) digit: usize,
    #[command(flatten)]
    pub(crate) threads: Threads,
}
