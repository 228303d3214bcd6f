//! What is refused, and how the error names it.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::path::{Path, PathBuf};

use tacit_onnx::{
    CalibrationMethod, Error, FloatModel, LoadOptions, QuantiseOptions, quantise, quantise_input,
};

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
fn inputs_may_be_integers_that_are_cast_and_several() {
    let model = FloatModel::load(&path("integer_input")).unwrap();
    assert_eq!(model.inputs()[0].kind, tacit_onnx::SampleKind::Integer);
    let model = FloatModel::load(&path("two_inputs")).unwrap();
    let names: Vec<&str> = model.inputs().iter().map(|input| &*input.name).collect();
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

fn front_door(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/front_door/{name}.onnx"))
}

fn lengths(shapes: &[(&str, usize)]) -> LoadOptions {
    let mut options = LoadOptions::default();
    options.shapes = shapes.iter().map(|&(name, length)| (name.to_owned(), length)).collect();
    options
}

#[test]
fn open_axes_take_the_lengths_given_and_no_others() {
    let load =
        |name: &str, shapes: &[(&str, usize)]| FloatModel::load_with(&front_door(name), &lengths(shapes));
    assert_eq!(load("open_length", &[("T", 5)]).unwrap().input_shape(), [5, 4]);
    assert_eq!(load("open_length", &[("T", 5), ("N", 2)]).unwrap().input_shape(), [2, 5, 4]);
    assert_eq!(load("open_square", &[("N", 3)]).unwrap().input_shape(), [3, 3]);
    assert_eq!(load("open_vector", &[("N", 3)]).unwrap().input_shape(), [3]);
    let error = load("open_length", &[("L", 5)]).unwrap_err();
    assert_eq!(error.to_string(), "--shape L=5: no axis of the model's inputs is `L`: they have N, T");
    let error = load("open_length", &[("T", 0)]).unwrap_err();
    assert_eq!(error.to_string(), "--shape T=0: a length must be at least 1");
}

#[test]
fn a_whole_shape_stands_for_open_axes() {
    let load = |name: &str, shape: &[usize]| {
        let mut options = LoadOptions::default();
        options.input_shape = Some(shape.to_vec());
        FloatModel::load_with(&front_door(name), &options)
    };
    assert_eq!(load("open_axis_without_name", &[1, 7, 4]).unwrap().input_shape(), [7, 4]);
    assert_eq!(load("open_batch_reshaped", &[4, 1, 6, 6]).unwrap().input_shape(), [4, 1, 6, 6]);
    for shape in [&[1, 7, 5][..], &[7, 4], &[1, 0, 4]] {
        let error = load("open_axis_without_name", shape).unwrap_err();
        assert!(matches!(error, Error::Shape { .. }), "{error:?}");
    }
}

#[test]
fn names_the_node_and_the_shapes_that_do_not_fit() {
    let error = FloatModel::load(&front_door("open_batch_reshaped")).unwrap_err();
    assert!(error.to_string().contains("--input-shape"), "{error}");
    let Error::Inference { node, operator, inputs, is_batched } = error else { panic!("{error:?}") };
    assert_eq!((&*node, &*operator, is_batched), ("the_f", "Reshape", true));
    assert_eq!(inputs, "`a` [1, 2, 4, 4], `s` [2]");
}

#[test]
fn refuses_an_open_axis_along_which_samples_are_mixed() {
    let error = FloatModel::load(&front_door("open_batch_that_is_mixed")).unwrap_err();
    assert!(error.to_string().contains("--shape N=LENGTH"), "{error}");
    let Error::MixedSamples { name, symbol, output } = error else { panic!("{error:?}") };
    assert_eq!((&*name, &*symbol, &*output), ("x", "N", "y0"));
    let model = FloatModel::load_with(&front_door("open_batch_that_is_mixed"), &lengths(&[("N", 5)]));
    assert_eq!(model.unwrap().input_shape(), [5, 4]);
}

#[test]
fn says_which_numbers_are_converted() {
    let notes = |name: &str| FloatModel::load(&front_door(name)).unwrap().notes();
    assert_eq!(notes("float16_dense"), ["its float16 numbers are computed with as float32"]);
    assert_eq!(notes("float64_inside"), ["its float64 numbers are computed with as float32"]);
    assert!(notes("one_axis").is_empty());
    let error = FloatModel::load(&front_door("float64_too_large")).unwrap_err();
    assert!(matches!(error, Error::RealRange { value: 1e300, .. }), "{error:?}");
}

#[test]
fn external_data_stays_inside_the_models_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let bytes = std::fs::read(front_door("external_data")).unwrap();
    let data = front_door("external_data").with_extension("data");
    let place = b"external_data.data";
    let load = |location: &[u8]| {
        let mut bytes = bytes.clone();
        while let Some(at) = bytes.windows(place.len()).position(|window| window == place) {
            bytes[at..at + place.len()].copy_from_slice(location);
        }
        std::fs::write(inner.join("model.onnx"), &bytes).unwrap();
        FloatModel::load(&inner.join("model.onnx"))
    };
    std::fs::copy(&data, inner.join("copy_of_data_.data")).unwrap();
    std::fs::copy(&data, folder.path().join("copy_of_data_12")).unwrap();
    load(b"copy_of_data_.data").unwrap();
    for location in [b"../copy_of_data_12", b"/etc/../etc/passwd", b"there_is_none.data"] {
        let error = load(location).unwrap_err();
        assert!(matches!(error, Error::ExternalData { .. }), "{error:?}");
    }
    std::fs::write(inner.join("there_is_none.data"), [0; 20]).unwrap();
    let error = load(b"there_is_none.data").unwrap_err();
    assert!(error.to_string().contains("bytes"), "{error}");
}

/// A model of one node with a string in place of another of the same length.
fn altered(name: &str, old: &[u8], new: &[u8]) -> Error {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/attributes/{name}.onnx"));
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(old.len()).position(|window| window == old).unwrap();
    bytes[at..at + old.len()].copy_from_slice(new);
    FloatModel::from_bytes(&bytes, &path).unwrap_err()
}

#[test]
fn names_attributes_that_no_schema_has() {
    let error = altered("LeakyRelu_alpha", b"alpha", b"gamma");
    assert_eq!(
        error.to_string(),
        "node `the_node` (LeakyRelu): the attribute `gamma` = 0.2 is not supported; expected those of operator set 23: alpha"
    );
}

#[test]
fn refuses_operators_of_other_operator_sets() {
    let error = altered("Gelu", b"Gelu", b"Loop");
    assert!(matches!(error, Error::Schema { .. }), "{error:?}");
    let error = altered("Elu_7", b"Elu", b"Abx");
    assert!(matches!(error, Error::UnsupportedOperator { .. }), "{error:?}");
    let error = altered("Selu_7", b"Selu", b"Gelu");
    let Error::OperatorVersion { operator, opset, since, until, .. } = error else { panic!("{error:?}") };
    assert_eq!((&*operator, opset, since, until), ("Gelu", 7, 20, None));
}
