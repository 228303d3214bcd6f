//! LSTM, GRU and RNN: every attribute and input agrees with ONNX Runtime's recorded outputs, steps share their weights, and
//! what is not supported is refused by name.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis};
use tacit_inference::execute;
use tacit_layers::{Network, ParameterId, tensor::value::ParameterSpec};
use tacit_onnx::{
    CalibrationMethod, Error, FloatModel, QuantiseOptions, dequantise_output, quantise, quantise_input,
};
use tacit_prover::ProvingKey;

/// Steps of every case, and the length of its state.
const STEPS: usize = 5;
const HIDDEN: usize = 8;
/// Least signal to noise in decibels, over all samples of an output, by bits of an activation. Rounded weights, of eight bits
/// in both, are most of the noise of the second.
const LEAST: [(u32, f64); 2] = [(8, 24.0), (16, 34.0)];

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder)
}

fn cases() -> Vec<String> {
    let entries = std::fs::read_dir(fixtures("recurrent")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() > 40, "{names:?}");
    names
}

fn samples(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|sample| sample.iter().copied().collect()).collect()
}

fn load(name: &str) -> (FloatModel, Vec<Vec<f32>>) {
    let folder = fixtures("recurrent").join(name);
    (FloatModel::load(&folder.join("model.onnx")).unwrap(), samples(&folder.join("inputs.npy")))
}

fn import(name: &str, bits: u32) -> (Network, Vec<Vec<f32>>) {
    // What is clipped differs from ONNX Runtime by design: here nothing is.
    let options =
        QuantiseOptions { calibration: CalibrationMethod::Maximum, ..QuantiseOptions::with_bits(bits) };
    import_with(name, &options)
}

fn import_with(name: &str, options: &QuantiseOptions) -> (Network, Vec<Vec<f32>>) {
    let (model, inputs) = load(name);
    let network = quantise(&model, &inputs, options).map_err(|error| format!("{name}: {error}")).unwrap();
    (network, inputs)
}

/// How many layers read each parameter of these axes.
fn readers(network: &Network, axes: &[usize]) -> Vec<usize> {
    let architecture = &network.architecture;
    let reads = |id: u32| {
        let reads = architecture.nodes.iter().flat_map(|node| node.operation.layer().parameters());
        reads.filter(|read| *read == ParameterId(id)).count()
    };
    let parameters = architecture.parameters.iter().zip(0..);
    // Axes of length one are those of a state of one sample.
    let long = |axes: &[usize]| axes.iter().copied().filter(|&length| length > 1).collect::<Vec<_>>();
    let of_axes = |spec: &ParameterSpec| long(spec.layout.axes()) == axes;
    parameters.filter(|(spec, _)| of_axes(spec)).map(|(_, id)| reads(id)).collect()
}

/// The float model itself: unrolling is right to rounding of float32.
#[test]
fn unrolled_float_models_agree_with_onnx_runtime() {
    for name in cases() {
        let (model, inputs) = load(&name);
        let expected = samples(&fixtures("recurrent").join(&name).join("output_0.npy"));
        for (input, expected) in inputs.iter().zip(&expected) {
            let actual = model.run(input).unwrap();
            assert_eq!(actual.len(), expected.len(), "{name}");
            let worst = actual.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-5, "{name}: {worst}");
        }
    }
}

#[test]
fn every_case_agrees_with_onnx_runtime() {
    let mut failed = vec![];
    for (bits, least) in LEAST {
        for name in cases() {
            let (network, inputs) = import(&name, bits);
            let (architecture, specs) = (&network.architecture, network.infer().unwrap());
            for index in 0..architecture.outputs.len() {
                let expected =
                    samples(&fixtures("recurrent").join(&name).join(format!("output_{index}.npy")));
                let (mut signal, mut noise) = (0.0, 0.0);
                for (input, expected) in inputs.iter().zip(&expected) {
                    let input = quantise_input(architecture, input).unwrap();
                    let trace = execute(&network, &specs, &input).unwrap();
                    let actual = trace.outputs(&network).nth(index).unwrap();
                    let actual = dequantise_output(architecture, index, actual);
                    assert_eq!(actual.len(), expected.len(), "{name}");
                    for (actual, expected) in actual.iter().zip(expected) {
                        signal += f64::from(*expected).powi(2);
                        noise += f64::from(actual - expected).powi(2);
                    }
                }
                let ratio = 10.0 * (signal / noise).log10();
                if ratio < least {
                    failed.push(format!("{name}, {bits} bits, output {index}: {ratio:.1} dB"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The key holds the matrix that multiplies the state once, gate by gate, whatever the number of steps.
#[test]
fn every_step_reads_the_same_weights() {
    let mut failed = vec![];
    for (name, gates, sides) in [
        ("lstm", 4, 1),
        ("lstm_reverse", 4, 1),
        ("lstm_bidirectional", 4, 2),
        ("lstm_peepholes", 4, 1),
        ("lstm_unrolled", 4, 1),
        ("gru", 3, 1),
        ("gru_linear_before_reset", 3, 1),
        ("rnn", 1, 1),
        ("rnn_bidirectional", 1, 2),
    ] {
        for (bits, _) in LEAST {
            let (network, _) = import(name, bits);
            let found = readers(&network, &[HIDDEN, HIDDEN]);
            if found != vec![STEPS - 1; gates * sides] {
                failed.push(format!("{name}, {bits} bits: {found:?}"));
            }
        }
    }
    let (unrolled, _) = import("lstm_unrolled", 8);
    let found = readers(&unrolled, &[HIDDEN, 6]);
    // The first step adds no product with a state, so its sums have a scale of their own.
    if found.iter().filter(|&&readers| readers == STEPS - 1).count() != 4 {
        failed.push(format!("the input's weights of lstm_unrolled: {found:?}"));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Widths are searched for all steps together. A weight of sixteen bits is two parameters, each of which every step reads.
#[test]
fn steps_of_searched_widths_read_the_same_weights() {
    let mut failed = vec![];
    for (name, gates, target) in [("lstm", 4, 30.0), ("gru", 3, 45.0), ("rnn", 1, 45.0)] {
        let (network, _) = import_with(name, &QuantiseOptions::with_target(target));
        let found = readers(&network, &[HIDDEN, HIDDEN]);
        eprintln!("{name}, {target} dB: {found:?}");
        let count = gates..=2 * gates;
        if !found.iter().all(|&readers| readers == STEPS - 1) || !count.contains(&found.len()) {
            failed.push(format!("{name}, {target} dB: {found:?}"));
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_sample_of_each_operator_is_proved_and_verified() {
    for name in ["lstm", "gru_linear_before_reset", "rnn_bidirectional"] {
        let (network, inputs) = import(name, 8);
        let input = quantise_input(&network.architecture, &inputs[0]).unwrap();
        let key = ProvingKey::setup(network).unwrap();
        let proven = tacit_prover::prove(&key, &input).unwrap();
        let verified = tacit_verifier::verify(key.verifying_key(), &input, &proven.outputs, &proven.proof);
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let mut count = 0;
    for entry in std::fs::read_dir(fixtures("recurrent_refused")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "onnx") {
            continue;
        }
        let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        let error = FloatModel::load(&path).map(|_| path.clone()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected.trim()) && message.contains("the_layer"), "{message}");
        assert!(message.contains("expected"), "{message}");
        let is_named = match path.file_stem().unwrap().to_str().unwrap() {
            "early_end" => matches!(error, Error::Malformed { .. }),
            "unknown_attribute" => matches!(error, Error::Schema { .. }),
            _ => matches!(error, Error::UnsupportedUse { .. }),
        };
        assert!(is_named, "{error:?}");
        count += 1;
    }
    assert_eq!(count, 9);
}
