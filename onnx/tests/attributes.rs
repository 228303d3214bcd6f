//! A small model for every value of an attribute that matters: equal to ONNX Runtime's recorded output, or refused.
//!
//! `fixtures/attributes.py` writes the models; the outcome of each is committed in `fixtures/attributes.txt`. Which operators
//! and attributes have a model is tested beside the list of what is read, in `model::schema`. The same for batch axes, element
//! types, functions and external data: `fixtures/front_door.py`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails its test")]

#[path = "support/outcome.rs"]
mod outcome;

use std::path::{Path, PathBuf};

use tract_onnx::{
    pb::{tensor_shape_proto::dimension, type_proto::Value},
    prelude::Framework,
};

use self::outcome::{Case, check, field, outcome, outcome_of_constants};

fn case(path: &Path, tolerance: f64) -> Case {
    let proto = tract_onnx::onnx().proto_model_for_path(path).unwrap();
    let numbers = |key: &str| {
        let entry = proto.metadata_props.iter().find(|entry| entry.key == key)?;
        Some(entry.value.split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<f32>>())
    };
    let outputs = (0..).map_while(|index| numbers(&format!("y{index}"))).collect();
    Case { bytes: std::fs::read(path).unwrap(), sample: numbers("x").unwrap(), outputs, tolerance }
}

fn check_folder(name: &str, tolerance: f64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let mut models: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    models.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    let outcome = |path: PathBuf| {
        (path.file_stem().unwrap().to_string_lossy().into_owned(), outcome(&path, &case(&path, tolerance)))
    };
    let outcomes = models.into_iter().map(outcome).collect();
    check(&outcomes, &format!("fixtures/{name}.txt"));
}

#[test]
fn every_value_of_an_attribute_is_read_as_onnx_runtime_does_or_refused() {
    check_folder("attributes", 1e-4);
}

/// The case with its sample as a constant, and with another input that nothing reads: messages that follow each other are
/// merged.
fn of_constants(path: &Path) -> Case {
    let case = case(path, 1e-4);
    let graph = tract_onnx::onnx().proto_model_for_path(path).unwrap().graph.unwrap();
    let Some(Value::TensorType(tensor)) = graph.input[0].r#type.clone().unwrap().value else {
        panic!("{}: no tensor", path.display());
    };
    let lengths = tensor.shape.unwrap().dim.into_iter().map(|dim| match dim.value {
        Some(dimension::Value::DimValue(length)) => u8::try_from(length).unwrap(),
        _ => panic!("{}: an open axis", path.display()),
    });
    let numbers: Vec<u8> = case.sample.iter().flat_map(|number| number.to_le_bytes()).collect();
    // TensorProto: dims, data_type, name, raw_data.
    let mut constant = field(1, &lengths.collect::<Vec<u8>>());
    constant.extend([2 << 3, 1]);
    constant.extend([field(8, graph.input[0].name.as_bytes()), field(9, &numbers)].concat());
    // ValueInfoProto: name, and a tensor type of float32 and shape [2].
    let shape = field(2, &field(1, &[1 << 3, 2]));
    let kind = field(1, &[&[1 << 3, 1][..], &shape].concat());
    let input = [field(1, b"another"), field(2, &kind)].concat();
    let addition = [field(5, &constant), field(11, &input)].concat();
    let bytes = [case.bytes, field(7, &addition)].concat();
    Case { bytes, sample: vec![0.0; 2], ..case }
}

#[test]
fn every_value_of_an_attribute_is_read_so_on_constants_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/attributes");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let models: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "onnx")).collect();
    let outcomes: Vec<(PathBuf, String)> = models
        .into_iter()
        .map(|path| (path.clone(), outcome_of_constants(&path, &of_constants(&path))))
        .collect();
    let wrong: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.starts_with("mismatch") || outcome.starts_with("panic"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let refused: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome != "equal").collect();
    assert!(refused.len() < 150, "{refused:#?}");
}

#[test]
fn shapes_types_functions_and_data_are_read_as_onnx_runtime_does_or_refused() {
    // ONNX Runtime computes with halves where Tacit has float32.
    check_folder("front_door", 1e-3);
}
