//! A small model for every value of an attribute that matters: equal to ONNX Runtime's recorded output, or refused.
//!
//! `fixtures/attributes.py` writes the models; the outcome of each is committed in `fixtures/attributes.txt`. Which operators
//! and attributes have a model is tested beside the list of what is read, in `model::schema`. The same for batch axes, element
//! types, functions and external data: `fixtures/front_door.py`.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[path = "support/outcome.rs"]
mod outcome;

use std::path::{Path, PathBuf};

use tract_onnx::prelude::Framework;

use self::outcome::{Case, check, outcome};

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

#[test]
fn shapes_types_functions_and_data_are_read_as_onnx_runtime_does_or_refused() {
    // ONNX Runtime computes with halves where Tacit has float32.
    check_folder("front_door", 1e-3);
}
