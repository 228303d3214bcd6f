//! Errors of import and quantisation, in the user's terms: file, ONNX node, ONNX operator.

use std::path::PathBuf;

use thiserror::Error;

/// Why a model cannot be imported or quantised.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not an ONNX model, or only part of one.
    #[error("{} is not a complete ONNX model ({detail}): export it again or check the download", path.display())]
    NotOnnx {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The graph is malformed, or its types and shapes contradict each other.
    #[error("{}: the ONNX graph cannot be analysed: {detail}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the importer says.
        detail: String,
    },
    /// What a node computes cannot be told from its inputs and attributes.
    #[error(
        "node `{node}` ({operator}): it does not fit its inputs{}: {}",
        if inputs.is_empty() { String::new() } else { format!(", of the shapes {inputs}") },
        if *is_batched {
            "check the model with `onnx.checker`; if it is made for a fixed number of samples, its first axis must say so: give --input-shape"
        } else {
            "check the model with `onnx.checker` and export it again"
        }
    )]
    Inference {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
        /// Its inputs with their shapes, as far as they are known.
        inputs: String,
        /// Whether the model's first axis was taken for a batch axis of one sample.
        is_batched: bool,
    },
    /// A name in the file could make a message look like another one.
    #[error(
        "{}: the name `{}` holds characters that are not printed: rename it and export the model again",
        path.display(),
        tacit_layers::printable::printable(name)
    )]
    UnprintableName {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// The model has no input, or several where one is expected.
    #[error("the model has {} inputs ({}), expected one: export it with a single image or vector input", names.len(), names.join(", "))]
    InputCount {
        /// The inputs' names.
        names: Vec<String>,
    },
    /// An input's elements are no numbers.
    #[error(
        "the model's input `{name}` has elements of type {actual}, expected real numbers, integers or truth values"
    )]
    InputType {
        /// The input's name.
        name: String,
        /// Its element type.
        actual: String,
    },
    /// An axis that is no batch axis has no length.
    #[error(
        "axis {axis} of the model's input `{name}` has no fixed length ({}): give it with {}, or export the model with fixed shapes; only a first axis may be left open, as the batch axis",
        symbol.as_ref().map_or_else(|| "it has no name either".to_owned(), |symbol| format!("it is `{symbol}`")),
        symbol.as_ref().map_or_else(|| "--input-shape".to_owned(), |symbol| format!("--shape {symbol}=LENGTH"))
    )]
    SymbolicAxis {
        /// The input's name.
        name: String,
        /// The axis, counted from 0.
        axis: usize,
        /// What the model calls its length.
        symbol: Option<String>,
    },
    /// Samples along an open first axis depend on each other.
    #[error(
        "axis 0 of the model's input `{name}` has no fixed length, but is no batch axis: the output `{output}` of a sample depends on what is beside it: give the length with {}; 1 is for a sample by itself",
        if symbol.is_empty() { "--input-shape".to_owned() } else { format!("--shape {symbol}=LENGTH") }
    )]
    MixedSamples {
        /// The input's name.
        name: String,
        /// What the model calls the length, if it has a name.
        symbol: String,
        /// The output.
        output: String,
    },
    /// A length was given for an axis that the model does not have, or that has another length.
    #[error("{option}: {reason}")]
    Shape {
        /// The option, as on the command line.
        option: String,
        /// What is wrong.
        reason: String,
    },
    /// An operator has no quantised counterpart.
    #[error(
        "node `{node}`: operator {operator} is not supported; {}",
        crate::operators::alternative(operator)
    )]
    UnsupportedOperator {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
    },
    /// An operator is supported, but not with these attributes or on this kind of input.
    #[error("node `{node}` ({operator}): {actual} is not supported; expected {expected}")]
    UnsupportedUse {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
        /// What was found.
        actual: String,
        /// What would be accepted.
        expected: &'static str,
    },
    /// The model does not name one operator set that is read.
    #[error(
        "the model names {}, expected one, from {oldest} to {newest}: export or convert it with a version in that range",
        operator_sets(versions)
    )]
    OperatorSet {
        /// The versions of the ai.onnx operator sets that the model names.
        versions: Vec<i64>,
        /// The oldest that is read.
        oldest: i64,
        /// The newest that is read.
        newest: i64,
    },
    /// An operator is not one of ONNX's own.
    #[error(
        "node `{node}`: operator {operator} of the domain `{domain}` is not supported, expected ONNX's own operators (domain `ai.onnx`) or a function in the model: export it with those"
    )]
    Domain {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
        /// The operator's domain.
        domain: String,
    },
    /// An operator is not part of the model's operator set.
    #[error(
        "node `{node}`: operator {operator} is not part of operator set {opset}, which the model names; it is {}: convert the model",
        in_sets(*since, *until)
    )]
    OperatorVersion {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
        /// The model's operator set.
        opset: i64,
        /// The first operator set that has it.
        since: i64,
        /// The last one, if it is gone.
        until: Option<i64>,
    },
    /// A node is not what its operator's schema says, or has something that is not read.
    #[error("node `{node}` ({operator}): {actual} is not supported; expected {expected}")]
    Schema {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
        /// What was found, such as an attribute and its value.
        actual: String,
        /// What would be accepted.
        expected: String,
    },
    /// A function of the model cannot be put in place of the nodes that call it.
    #[error("node `{node}`: the model's function {function} {reason}: export the model without functions")]
    Function {
        /// The node that calls it.
        node: String,
        /// The function with its domain.
        function: String,
        /// What is wrong.
        reason: String,
    },
    /// Elements of a tensor that are in another file cannot be read.
    #[error(
        "the elements of `{tensor}` are in the file `{location}`, which cannot be read: {reason}: keep a model and its data files together"
    )]
    ExternalData {
        /// The tensor.
        tensor: String,
        /// Where the model says that its elements are.
        location: String,
        /// What is wrong.
        reason: String,
    },
    /// A constant of float64 has no float32 near it.
    #[error(
        "constant `{tensor}` holds {value:e}, which float32 has no number for: export the model with float32 numbers"
    )]
    RealRange {
        /// The constant's name.
        tensor: String,
        /// The number.
        value: f64,
    },
    /// A constant of the model is not a number.
    #[error(
        "node `{node}`: constant `{tensor}` holds {value} at position {position}: retrain or export the model again"
    )]
    ConstantValue {
        /// The node that reads it.
        node: String,
        /// The constant's name.
        tensor: String,
        /// Flat position.
        position: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// Quantisation needs samples.
    #[error(
        "no calibration samples were given: pass at least one, better a hundred, of the model's typical inputs"
    )]
    NoCalibration,
    /// A calibration sample has the wrong size.
    #[error(
        "calibration sample {sample} has {actual} values, the model's input of shape {shape:?} takes {expected}"
    )]
    CalibrationSize {
        /// Index of the sample.
        sample: usize,
        /// The input's shape without the batch axis.
        shape: Vec<usize>,
        /// Its number of elements.
        expected: usize,
        /// The sample's number of elements.
        actual: usize,
    },
    /// A calibration sample holds a value that is not a number.
    #[error("calibration sample {sample} holds {value} at position {position}: remove or repair the sample")]
    CalibrationValue {
        /// Index of the sample.
        sample: usize,
        /// Flat position.
        position: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// A sample to run has the wrong size.
    #[error("the sample has {actual} values, the model's input of shape {shape:?} takes {expected}")]
    SampleSize {
        /// The input's shape without the batch axis.
        shape: Vec<usize>,
        /// Its number of elements.
        expected: usize,
        /// The sample's number of elements.
        actual: usize,
    },
    /// A sample to run holds a value that is not a number.
    #[error("the sample holds {value} at position {position}")]
    SampleValue {
        /// Flat position.
        position: usize,
        /// NaN or an infinity.
        value: f32,
    },
    /// A value of an integer or boolean input is none of its integers.
    #[error(
        "the sample holds {value} at position {position} of the {kind} input `{input}`, which takes integers in \
         {minimum}..={maximum}{}",
        if *kind == "integer" {
            ", those of calibration and zero: calibrate with samples that hold the least and the largest value it is to take"
        } else {
            ""
        }
    )]
    SampleInteger {
        /// The input's name.
        input: String,
        /// Its kind.
        kind: &'static str,
        /// Flat position.
        position: usize,
        /// The value.
        value: f32,
        /// Smallest integer.
        minimum: i64,
        /// Largest integer.
        maximum: i64,
    },
    /// An input of integers or truth values takes part in something else than a cast to real numbers.
    #[error(
        "the {kind} input `{input}` cannot be proved as it is used, {reader}: put a Cast to float32 behind the input and compute with that"
    )]
    IntegerInput {
        /// The input's name.
        input: String,
        /// Its kind.
        kind: &'static str,
        /// What reads it.
        reader: String,
    },
    /// Integers may be indices of no slice of a table.
    #[error(
        "node `{node}` (Gather): its indices may be {minimum} to {maximum} for the integers that the inputs take, expected \
         {} to {} for {places} slices: correct the samples, or clip the indices in the model",
        -i128::from(*places), places - 1
    )]
    IndexRange {
        /// The ONNX node.
        node: String,
        /// Smallest index.
        minimum: i128,
        /// Largest index.
        maximum: i128,
        /// How many slices there are.
        places: u64,
    },
    /// Integers may leave their type.
    #[error(
        "node `{node}` ({operator}): its results may be {minimum} to {maximum} for the integers that the inputs take, where \
         {data_type} goes around: cast what it reads to {} first",
        if *data_type == "int64" { "float32" } else { "int64 or float32" }
    )]
    IntegerOverflow {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
        /// The type of its results.
        data_type: &'static str,
        /// Smallest result.
        minimum: i128,
        /// Largest result.
        maximum: i128,
    },
    /// Integers may be larger than float32, in which they are computed with, has them.
    #[error(
        "node `{node}` ({operator}): integers from {minimum} to {maximum} may take part in it for those that the inputs take, and \
         beyond 16777216 they are not computed with exactly: cast what it reads to float32 first, if that is meant"
    )]
    IntegerPrecision {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
        /// Smallest integer.
        minimum: i128,
        /// Largest integer.
        maximum: i128,
    },
    /// Calibration samples of an integer input do not fit sixteen bits.
    #[error(
        "calibration samples of the integer input `{input}` hold {minimum} to {maximum}, expected integers of 16 bits: scale them \
         outside the model"
    )]
    IntegerRange {
        /// The input's name.
        input: String,
        /// Smallest integer, zero included.
        minimum: i64,
        /// Largest integer, zero included.
        maximum: i64,
    },
    /// The float model fails on a sample.
    #[error("running the float model failed: {detail}")]
    Run {
        /// What the engine says.
        detail: String,
    },
    /// A node's float values leave the numbers on a calibration sample.
    #[error(
        "node `{node}`: the float model computes {value} on the calibration samples: check preprocessing and weights"
    )]
    ActivationValue {
        /// The ONNX node.
        node: String,
        /// NaN or an infinity.
        value: f32,
    },
    /// A bias does not fit 32 bits at the scale its layer has.
    #[error(
        "node `{node}`: bias {value} of channel {channel} does not fit 32 bits in units of what the layer reads times its weights: scale what it reads up, or export the model again without the channel"
    )]
    BiasRange {
        /// The ONNX node.
        node: String,
        /// The channel.
        channel: usize,
        /// The bias in accumulator units.
        value: f64,
    },
    /// A layer's factors are too large for every multiplier: one step of what it reads moves its result by more than its whole
    /// range on the calibration samples.
    #[error(
        "node `{node}`: one step of what it reads moves its result by more than the result's whole range on the calibration samples: calibrate with samples on which the layer is active, scale its weights down, or, where it masks elements with a large negative number, take -1e4"
    )]
    Resolution {
        /// The ONNX node.
        node: String,
    },
    /// An option is out of range.
    #[error("{option} is {actual}, must be {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// Its value.
        actual: f64,
    },
    /// Scales are computed from each input.
    #[error(
        "node `{node}`: {operator} computes a scale from each input, so that there is no fixed integer network to prove: quantise the model statically, with calibration data, or compile the float model with --calibrate"
    )]
    DynamicQuantisation {
        /// The ONNX node.
        node: String,
        /// Its operator.
        operator: String,
    },
    /// The network breaks a rule of the integer semantics, for example a bound of the interval analysis.
    #[error(transparent)]
    Network(#[from] tacit_layers::Error),
}

fn operator_sets(versions: &[i64]) -> String {
    match versions {
        [] => "no operator set of ai.onnx".to_owned(),
        [version] => format!("operator set {version} of ai.onnx"),
        versions => {
            let versions: Vec<String> = versions.iter().map(i64::to_string).collect();
            format!("{} operator sets of ai.onnx ({})", versions.len(), versions.join(", "))
        }
    }
}

fn in_sets(since: i64, until: Option<i64>) -> String {
    match until {
        Some(until) => format!("in sets {since} to {until}"),
        None => format!("in sets from {since} on"),
    }
}
