//! The outcome of a model beside expected outputs: equal, refused, a mismatch or a panic; imprecise, when the float model is
//! equal and integers do not hold what it computes, neither 16 bits with weights of eight nor what a target of 45 dB widens
//! them to. Committed lists of outcomes.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use tacit_inference::execute;
use tacit_onnx::{
    CalibrationMethod, Error, FloatModel, QuantiseOptions, dequantise_output, quantise, quantise_input,
};

/// Ratio of signal to noise that the integer network must reach, in dB,
const SIGNAL_TO_NOISE: f64 = 40.0;
/// what it is asked for where uniform widths do not reach that,
const TARGET: f64 = 45.0;
/// or its largest error as a part of the output's range.
const LARGEST_ERROR: f64 = 0.01;

/// A model with one input, a sample for it, and the outputs that are expected.
pub(crate) struct Case {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sample: Vec<f32>,
    pub(crate) outputs: Vec<Vec<f32>>,
    /// Largest difference of the float model, as a part of the output's largest magnitude.
    pub(crate) tolerance: f64,
}

/// A field of a protobuf message: its number and bytes.
pub(crate) fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        message.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend(bytes);
    message
}

/// What an error is about.
fn kind(error: &Error) -> String {
    match error {
        Error::UnsupportedOperator { operator, .. } => format!("operator {operator}"),
        Error::UnsupportedUse { operator, actual, .. } => format!("use of {operator}: {actual}"),
        Error::Schema { operator, actual, .. } => format!("form of {operator}: {actual}"),
        Error::Domain { domain, .. } => format!("domain {domain}"),
        Error::InputCount { .. } => "number of inputs".to_owned(),
        Error::InputType { actual, .. } => format!("input of {actual}"),
        Error::SymbolicAxis { .. } => "open axis".to_owned(),
        Error::CalibrationValue { .. } | Error::ActivationValue { .. } | Error::ConstantValue { .. } => {
            "infinities".to_owned()
        }
        Error::Inference { operator, .. } => format!("inference of {operator}"),
        Error::Malformed { detail, .. } => format!("malformed: {}", detail.replace(char::is_numeric, "")),
        other => format!("{other}").lines().next().unwrap_or_default().to_owned(),
    }
}

/// Signal to noise, and the largest error as a part of the range.
fn difference(actual: &[f32], expected: &[f32]) -> (f64, f64) {
    let pairs = || actual.iter().zip(expected).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    let noise: f64 = pairs().map(|(a, b)| (a - b).powi(2)).sum();
    let signal: f64 = pairs().map(|(_, b)| b * b).sum();
    let largest = pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let (low, high) = pairs().fold((0.0, 0.0), |(low, high), (_, b)| (f64::min(low, b), f64::max(high, b)));
    let ratio = if noise == 0.0 { f64::INFINITY } else { 10.0 * (signal / noise).log10() };
    (ratio, if largest == 0.0 { 0.0 } else { largest / (high - low) })
}

fn compared(path: &Path, case: &Case) -> Result<(), String> {
    let refused = |error: Error| format!("refused: {}", kind(&error));
    let model = FloatModel::from_bytes(&case.bytes, path).map_err(refused)?;
    let is_number = compared_float(&model, case)?;
    let uniform = QuantiseOptions { bits: 16, calibration: CalibrationMethod::Maximum, ..Default::default() };
    match compared_integers(&model, case, &uniform, is_number) {
        // What a user is told to do who wants more.
        Err(reason) if reason.starts_with("imprecise") => {
            let wider = QuantiseOptions { target: Some(TARGET), ..uniform };
            compared_integers(&model, case, &wider, is_number)
        }
        result => result,
    }
}

/// Holds every output of the float model against those that are expected. Returns whether all are numbers: where one is not,
/// quantisation must refuse.
fn compared_float(model: &FloatModel, case: &Case) -> Result<bool, String> {
    let outputs = model.run_all(&case.sample).map_err(|error| format!("refused: {}", kind(&error)))?;
    if case.outputs.iter().flatten().any(|value| !value.is_finite()) {
        return Err("refused: infinities expected".to_owned());
    }
    if outputs.len() != case.outputs.len() {
        return Err(format!("mismatch: {} outputs for {}", outputs.len(), case.outputs.len()));
    }
    let mut is_number = true;
    for (index, (float, expected)) in outputs.iter().zip(&case.outputs).enumerate() {
        if float.len() != expected.len() {
            return Err(format!("mismatch: {} values for {}", float.len(), expected.len()));
        }
        let magnitude = expected.iter().fold(0.0_f64, |max, &value| max.max(f64::from(value).abs()));
        let largest = float
            .iter()
            .zip(expected)
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs())
            .fold(0.0, f64::max);
        let is_finite = float.iter().all(|value| value.is_finite());
        if is_finite && largest > case.tolerance * magnitude.max(1e-3) {
            return Err(format!("mismatch: output {index} of the float model, {:.0e}", largest / magnitude));
        }
        is_number &= is_finite;
    }
    Ok(is_number)
}

fn compared_integers(
    model: &FloatModel,
    case: &Case,
    options: &QuantiseOptions,
    is_number: bool,
) -> Result<(), String> {
    let refused = |error: Error| format!("refused: {}", kind(&error));
    let network = quantise(model, std::slice::from_ref(&case.sample), options).map_err(refused)?;
    if !is_number {
        return Err("mismatch: float model, not a number".to_owned());
    }
    let specs = network.infer().map_err(|error| format!("mismatch: {error}"))?;
    let input = quantise_input(&network.architecture, &case.sample).map_err(refused)?;
    let trace = execute(&network, &specs, &input).map_err(|error| format!("mismatch: {error}"))?;
    let mut count = 0;
    for (index, (output, expected)) in trace.outputs(&network).zip(&case.outputs).enumerate() {
        let actual = dequantise_output(&network.architecture, index, output);
        let (ratio, error) = difference(&actual, expected);
        if actual.len() != expected.len() {
            return Err(format!("mismatch: {} integers for {}", actual.len(), expected.len()));
        }
        if !(ratio >= SIGNAL_TO_NOISE || error <= LARGEST_ERROR) {
            return Err(format!("imprecise: {ratio:.0} dB"));
        }
        count += 1;
    }
    if count == case.outputs.len() { Ok(()) } else { Err(format!("mismatch: {count} outputs")) }
}

/// What becomes of a case whose results are all constants: the float model alone.
pub(crate) fn outcome_of_constants(path: &Path, case: &Case) -> String {
    let compared = || {
        let model = FloatModel::from_bytes(&case.bytes, path)
            .map_err(|error| format!("refused: {}", kind(&error)))?;
        compared_float(&model, case).map(|_| ())
    };
    told(catch_unwind(AssertUnwindSafe(compared)).ok())
}

/// What becomes of a case. `path` names the model.
pub(crate) fn outcome(path: &Path, case: &Case) -> String {
    told(catch_unwind(AssertUnwindSafe(|| compared(path, case))).ok())
}

fn told(result: Option<Result<(), String>>) -> String {
    match result {
        Some(Ok(())) => "equal".to_owned(),
        Some(Err(reason)) => reason,
        None => "panic".to_owned(),
    }
}

/// Holds outcomes against a committed list, and none of them is a mismatch or a panic. With `TACIT_BLESS` set the list is
/// written anew.
pub(crate) fn check(outcomes: &BTreeMap<String, String>, list: &str) {
    let count = |prefix: &str| outcomes.values().filter(|outcome| outcome.starts_with(prefix)).count();
    let [equal, imprecise, refused, mismatch, panic] =
        ["equal", "imprecise", "refused", "mismatch", "panic"].map(count);
    let summary = format!(
        "{equal} equal, {imprecise} imprecise, {refused} refused, {mismatch} mismatches, {panic} panics"
    );
    let mut text = format!("# {summary}\n");
    for (case, outcome) in outcomes {
        writeln!(text, "{case} {outcome}").unwrap();
    }
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(list);
    if std::env::var_os("TACIT_BLESS").is_some() {
        std::fs::write(&list, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&list).unwrap_or_default();
    let changed: Vec<&str> = text.lines().filter(|line| committed.lines().all(|old| old != *line)).collect();
    assert!(changed.is_empty(), "{summary}; changed:\n{}", changed.join("\n"));
    assert_eq!(committed.lines().count(), text.lines().count(), "{summary}");
    assert!(mismatch + panic == 0, "{summary}");
}
