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
        /// What the decoder says.
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
    /// The model has no input or several.
    #[error("the model has {} inputs ({}), expected one: export it with a single image or vector input", names.len(), names.join(", "))]
    InputCount {
        /// The inputs' names.
        names: Vec<String>,
    },
    /// The input's element type is not float32.
    #[error("the model's input `{name}` has elements of type {actual}, expected float32")]
    InputType {
        /// The input's name.
        name: String,
        /// Its element type.
        actual: String,
    },
    /// An axis other than the batch axis has no fixed length.
    #[error(
        "axis {axis} of the model's input `{name}` has no fixed length ({actual}): export the model with fixed shapes; only the batch axis may be symbolic"
    )]
    SymbolicAxis {
        /// The input's name.
        name: String,
        /// The axis, the batch axis being 0.
        axis: usize,
        /// What the model says about it.
        actual: String,
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
        "node `{node}`: bias {value} of channel {channel} does not fit 32 bits next to weights this small: retrain with weight decay or drop the channel"
    )]
    BiasRange {
        /// The ONNX node.
        node: String,
        /// The channel.
        channel: usize,
        /// The bias in accumulator units.
        value: f64,
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
