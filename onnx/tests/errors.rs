//! What is refused, and how the error names it.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::path::{Path, PathBuf};

use tacit_onnx::{CalibrationMethod, Error, FloatModel, QuantiseOptions, quantise, quantise_input};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.onnx"))
}

fn quantise_error(name: &str) -> Error {
    let model = FloatModel::load(&path(name)).unwrap();
    let sample = vec![0.5; model.input_shape().iter().product()];
    quantise(&model, &[sample], &QuantiseOptions::default()).unwrap_err()
}

fn gemm() -> FloatModel {
    FloatModel::load(&path("gemm")).unwrap()
}

#[test]
fn names_a_file_that_is_missing() {
    let missing = path("there_is_no_such_file");
    let Error::Read { path, .. } = FloatModel::load(&missing).unwrap_err() else { panic!() };
    assert_eq!(path, missing);
}

#[test]
fn refuses_a_file_that_is_not_onnx() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("empty", &b""[..]), ("text", &b"this is no model at all"[..])] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let error = FloatModel::load(&file).unwrap_err();
        assert!(matches!(error, Error::NotOnnx { .. }), "{name}: {error:?}");
    }
}

#[test]
fn survives_every_truncation() {
    let bytes = std::fs::read(path("conv_flatten_gemm")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("truncated.onnx");
    for length in (0..bytes.len()).step_by(37) {
        std::fs::write(&file, &bytes[..length]).unwrap();
        let error = FloatModel::load(&file).unwrap_err();
        assert!(matches!(error, Error::NotOnnx { .. } | Error::Malformed { .. }), "{length}: {error:?}");
    }
}

#[test]
fn survives_corrupted_bytes() {
    let bytes = std::fs::read(path("conv_strided")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("corrupted.onnx");
    for position in 0..bytes.len().min(400) {
        let mut corrupted = bytes.clone();
        corrupted[position] ^= 0x55;
        std::fs::write(&file, &corrupted).unwrap();
        if let Ok(model) = FloatModel::load(&file) {
            let sample = vec![0.5; model.input_shape().iter().product::<usize>().min(1 << 20)];
            drop(quantise(&model, &[sample], &QuantiseOptions::default()));
        }
    }
}

#[test]
fn names_the_node_of_an_unknown_operator() {
    let error = FloatModel::load(&path("unknown_operator")).unwrap_err();
    let Error::UnsupportedOperator { node, operator } = error else { panic!("{error:?}") };
    assert_eq!((&*node, &*operator), ("the_y", "Frobnicate"));
}

#[test]
fn names_the_node_of_an_operator_without_a_quantised_form() {
    let error = quantise_error("quantise_linear");
    assert!(error.to_string().contains("`tacit operators` lists"));
    let Error::UnsupportedOperator { node, operator } = error else { panic!("{error:?}") };
    assert_eq!((&*node, &*operator), ("the_q", "QuantizeLinear"));
}

#[test]
fn names_a_weight_that_is_not_a_number() {
    let error = quantise_error("nan_weight");
    let Error::ConstantValue { node, position, value, .. } = error else { panic!("{error:?}") };
    assert_eq!((&*node, position), ("the_y", 2));
    assert!(value.is_nan());
}

#[test]
fn refuses_axes_without_a_length() {
    let error = FloatModel::load(&path("symbolic_height")).unwrap_err();
    assert!(error.to_string().contains("--shape H=LENGTH"), "{error}");
    let Error::SymbolicAxis { name, axis, symbol } = error else { panic!("{error:?}") };
    assert_eq!((&*name, axis, symbol.as_deref()), ("x", 2, Some("H")));
}

#[test]
fn refuses_inputs_that_are_not_float() {
    let error = FloatModel::load(&path("integer_input")).unwrap_err();
    let Error::InputType { name, actual } = error else { panic!("{error:?}") };
    assert_eq!((&*name, &*actual), ("x", "int64"));
}

#[test]
fn refuses_several_inputs() {
    let error = FloatModel::load(&path("two_inputs")).unwrap_err();
    let Error::InputCount { names } = error else { panic!("{error:?}") };
    assert_eq!(names, ["x", "z"]);
}

#[test]
fn refuses_quantisation_without_samples() {
    let error = quantise(&gemm(), &[], &QuantiseOptions::default()).unwrap_err();
    assert!(matches!(error, Error::NoCalibration));
}

#[test]
fn refuses_calibration_samples_of_the_wrong_size() {
    let samples = [vec![0.0; 12], vec![0.0; 11]];
    let error = quantise(&gemm(), &samples, &QuantiseOptions::default()).unwrap_err();
    let Error::CalibrationSize { sample, expected, actual, .. } = error else { panic!("{error:?}") };
    assert_eq!((sample, expected, actual), (1, 12, 11));
}

#[test]
fn refuses_calibration_values_that_are_not_numbers() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut samples = vec![vec![0.0; 12]; 3];
        samples[2][7] = bad;
        let error = quantise(&gemm(), &samples, &QuantiseOptions::default()).unwrap_err();
        let Error::CalibrationValue { sample, position, .. } = error else { panic!("{error:?}") };
        assert_eq!((sample, position), (2, 7));
    }
}

#[test]
fn refuses_samples_that_do_not_fit() {
    let model = gemm();
    let network = quantise(&model, &[vec![0.5; 12]], &QuantiseOptions::default()).unwrap();
    let short = [0.0; 5];
    let mut bad = [0.0; 12];
    bad[4] = f32::NAN;
    for error in [model.run(&short).unwrap_err(), quantise_input(&network.architecture, &short).unwrap_err()]
    {
        assert!(matches!(error, Error::SampleSize { expected: 12, actual: 5, .. }), "{error:?}");
    }
    for error in [model.run(&bad).unwrap_err(), quantise_input(&network.architecture, &bad).unwrap_err()] {
        assert!(matches!(error, Error::SampleValue { position: 4, .. }), "{error:?}");
    }
}

#[test]
fn refuses_options_out_of_range() {
    let default = QuantiseOptions::default;
    for (name, options) in [
        ("shift", QuantiseOptions { shift: Some(0), ..default() }),
        ("shift", QuantiseOptions { shift: Some(21), ..default() }),
        ("number of bits", QuantiseOptions { bits: 12, ..default() }),
        ("percentile", QuantiseOptions { calibration: CalibrationMethod::Percentile(99.9), ..default() }),
        ("error growth", QuantiseOptions { max_error_growth: f64::NAN, ..default() }),
    ] {
        let error = quantise(&gemm(), &[vec![0.5; 12]], &options).unwrap_err();
        let Error::Option { option, .. } = error else { panic!("{error:?}") };
        assert_eq!(option, name);
    }
}
