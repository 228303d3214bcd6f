//! One small model for each case of an operator: the integer network agrees with ONNX Runtime's recorded outputs, and one
//! sample of each is proved and verified. The table of operators and the models agree.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use ndarray::{ArrayD, Axis};
use tacit_inference::execute;
use tacit_layers::Network;
use tacit_onnx::{
    CalibrationMethod, Error, FloatModel, QuantiseOptions, dequantise_output,
    operators::{OPERATORS, REFUSED, alternative},
    quantise, quantise_input,
};
use tacit_prover::ProvingKey;
use tract_onnx::prelude::Framework;

/// Largest difference from ONNX Runtime in any element, in units: 127ths of the output's largest magnitude, or the
/// output's scale where that is coarser. The eight bits of inputs and weights already cost up to a unit, and a function
/// that is steep where it is small next to its argument's range multiplies it.
const MAX_DIFFERENCE: f64 = 6.0;
/// Root mean square of the differences, in the same units.
const MAX_ROOT_MEAN_SQUARE: f64 = 1.0;
/// Largest difference of the float model from ONNX Runtime, relative to the output's largest magnitude.
const MAX_FLOAT_DIFFERENCE: f32 = 1e-5;

/// Units of the output's largest magnitude, and the bounds in units.
fn bound(bits: u32) -> (f64, f64, f64) {
    if bits == 8 { (127.0, MAX_DIFFERENCE, MAX_ROOT_MEAN_SQUARE) } else { (127.0, 3.5, 0.6) }
}

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder)
}

fn entries(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures(folder)).unwrap();
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.retain(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "onnx"));
    entries.sort();
    assert!(!entries.is_empty(), "{folder}");
    entries
}

/// Samples of an array's first axis.
fn samples(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|sample| sample.iter().copied().collect()).collect()
}

/// The ONNX operators of a file.
fn operators(model: &Path) -> BTreeSet<String> {
    let proto = tract_onnx::onnx().proto_model_for_path(model).unwrap();
    proto.graph.unwrap().node.into_iter().map(|node| node.op_type).collect()
}

struct Case {
    name: String,
    folder: PathBuf,
    inputs: Vec<Vec<f32>>,
    model: FloatModel,
    bits: u32,
    network: Network,
}

impl Case {
    fn import(folder: PathBuf, bits: u32) -> Result<Self, String> {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let failed = |error: Error| format!("{name}, {bits} bits: {error}");
        let model = FloatModel::load(&folder.join("model.onnx")).map_err(failed)?;
        let inputs = samples(&folder.join("inputs.npy"));
        // What is clipped differs from ONNX Runtime by design: here nothing is.
        let options =
            QuantiseOptions { calibration: CalibrationMethod::Maximum, ..QuantiseOptions::with_bits(bits) };
        let network = quantise(&model, &inputs, &options).map_err(failed)?;
        Ok(Self { name, folder, inputs, model, bits, network })
    }

    /// Checks the float model's first output, which is the reference that users are shown.
    fn float_agrees(&self) -> Result<(), String> {
        let expected = samples(&self.folder.join("output_0.npy"));
        let magnitude = expected.iter().flatten().fold(0.0_f32, |max, y| max.max(y.abs()));
        for (input, expected) in self.inputs.iter().zip(&expected) {
            let actual = self.model.run(input).map_err(|error| format!("{}: {error}", self.name))?;
            let far = |(a, b): (&f32, &f32)| (a - b).abs() > MAX_FLOAT_DIFFERENCE * magnitude;
            if actual.len() != expected.len() || actual.iter().zip(expected).any(far) {
                return Err(format!("{}: the float model gives {actual:?}, not {expected:?}", self.name));
            }
        }
        Ok(())
    }

    fn agrees(&self) -> Result<(), String> {
        let Self { name, network, inputs, bits, .. } = self;
        let (steps, max_difference, max_square) = bound(*bits);
        let architecture = &network.architecture;
        let specs = network.infer().unwrap();
        for (index, output) in architecture.outputs.iter().enumerate() {
            let expected = samples(&self.folder.join(format!("output_{index}.npy")));
            assert_eq!(expected.len(), inputs.len(), "{name}");
            let magnitude = expected.iter().flatten().fold(0.0_f32, |max, y| max.max(y.abs()));
            let unit =
                output.scales.iter().fold(f64::from(magnitude) / steps, |unit, &scale| unit.max(scale));
            let mut differences = vec![];
            for (input, expected) in inputs.iter().zip(&expected) {
                let input = quantise_input(architecture, input).unwrap();
                let trace = execute(network, &specs, &input).unwrap();
                let actual = trace.outputs(network).nth(index).unwrap();
                let actual = dequantise_output(architecture, index, actual);
                assert_eq!(actual.len(), expected.len(), "{name}");
                differences.extend(actual.iter().zip(expected).map(|(a, b)| f64::from(a - b).abs() / unit));
            }
            let worst = differences.iter().copied().fold(0.0, f64::max);
            let square = differences.iter().map(|d| d * d).sum::<f64>() / differences.len() as f64;
            let square = square.sqrt();
            if worst > max_difference || square > max_square {
                return Err(format!(
                    "{name}, output {index}, {bits} bits: differences up to {worst} units, {square} at root mean square"
                ));
            }
        }
        Ok(())
    }

    fn proves(self) {
        let Self { name, network, inputs, .. } = self;
        let input = quantise_input(&network.architecture, &inputs[0]).unwrap();
        let key = ProvingKey::setup(network).unwrap();
        let proven = tacit_prover::prove(&key, &input).unwrap();
        let verified = tacit_verifier::verify(key.verifying_key(), &input, &proven.outputs, &proven.proof);
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
}

/// All cases, or those that `TACIT_CASE` names.
fn cases(bits: u32) -> (Vec<Case>, Vec<String>) {
    let only = std::env::var("TACIT_CASE").ok();
    let is_wanted =
        |path: &PathBuf| only.as_ref().is_none_or(|only| path.to_string_lossy().contains(only.as_str()));
    let (mut cases, mut failures) = (vec![], vec![]);
    for folder in entries("operators").into_iter().filter(is_wanted) {
        match Case::import(folder, bits) {
            Ok(case) => cases.push(case),
            Err(failure) => failures.push(failure),
        }
    }
    (cases, failures)
}

fn check(bits: u32, agrees: impl Fn(&Case) -> Result<(), String>) {
    let (cases, mut failures) = cases(bits);
    failures.extend(cases.iter().filter_map(|case| agrees(case).err()));
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_float_model_agrees_with_onnx_runtime() {
    check(8, Case::float_agrees);
}

#[test]
fn every_case_of_eight_bits_agrees_with_onnx_runtime() {
    check(8, Case::agrees);
}

#[test]
fn every_case_of_sixteen_bits_agrees_with_onnx_runtime() {
    check(16, Case::agrees);
}

#[test]
fn a_sample_of_every_case_is_proved_and_verified() {
    for case in cases(8).0 {
        case.proves();
    }
}

#[test]
fn the_table_lists_what_the_cases_use() {
    let mut used = BTreeSet::new();
    // Those of `inputs` have several, of integers and truth values too.
    for folder in ["operators", "recurrent", "inputs"].into_iter().flat_map(entries) {
        let model = folder.join("model.onnx");
        if model.exists() {
            used.extend(operators(&model));
        }
    }
    let listed: BTreeSet<String> = OPERATORS.iter().map(|operator| operator.name.to_owned()).collect();
    assert_eq!(listed.len(), OPERATORS.len());
    assert_eq!(listed, used);
}

fn refusal(path: &Path) -> Error {
    let samples = |model: &FloatModel| vec![vec![0.5; model.input_shape().iter().product()]];
    let quantised = FloatModel::load(path)
        .and_then(|model| quantise(&model, &samples(&model), &QuantiseOptions::default()));
    quantised.map(|_| path.to_owned()).unwrap_err()
}

#[test]
fn refused_operators_are_named_with_the_nearest_alternative() {
    let mut refused = BTreeSet::new();
    for path in entries("refused") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if name.starts_with("use_of") {
            continue;
        }
        let error = refusal(&path);
        let message = error.to_string();
        let Error::UnsupportedOperator { node, operator } = error else { panic!("{name}: {error:?}") };
        assert!(node.starts_with("the_"), "{name}: {node}");
        assert_eq!(operator, name);
        assert!(message.contains(&alternative(&name)) && message.contains("nearest"), "{message}");
        refused.insert(name);
    }
    assert_eq!(refused, REFUSED.iter().map(|refused| refused.name.to_owned()).collect());
}

#[test]
fn uses_that_are_refused_are_named_with_what_is_expected() {
    for (name, operator, expected) in [
        ("computed_indices", "Gather", "constant indices"),
        ("antialias", "Resize", "default"),
        ("a_region", "Resize", "no region"),
        ("many_matrices", "MatMul", "plain matrix product"),
        ("a_sum_of_updates", "ScatterND", "`none`"),
        ("a_mask_of_all", "Softmax", "left in every line"),
        ("a_volume", "Conv", "one or two dimensions"),
    ] {
        let error = refusal(&fixtures("refused").join(format!("use_of_{name}.onnx")));
        let message = error.to_string();
        let Error::UnsupportedUse { node, operator: actual, .. } = error else { panic!("{name}: {error:?}") };
        assert_eq!((&*node, &*actual), ("the_y", operator), "{name}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn masks_are_no_data() {
    for (name, operator) in [("a_mask", "Add"), ("a_mask_by_infinity", "Sub"), ("a_mask_by_where", "Where")] {
        let error = refusal(&fixtures("refused").join(format!("use_of_{name}.onnx")));
        let message = error.to_string();
        let Error::UnsupportedUse { node, operator: actual, .. } = error else { panic!("{name}: {error:?}") };
        assert_eq!((&*node, &*actual), ("the_a", operator), "{name}");
        assert!(message.contains("masks elements"), "{message}");
    }
}
