//! The node tests of the `onnx` package: every case is equal to what the package expects, or refused.
//!
//! `conformance/generate.py` writes the cases to a folder; `TACIT_ONNX_NODE_TESTS` names it. Run with
//!
//! ```text
//! TACIT_ONNX_NODE_TESTS=FOLDER cargo test --release --workspace --test conformance -- --ignored
//! ```
//!
//! The outcome of each case is committed in `conformance/outcomes.txt`. With `TACIT_BLESS` set the file is written anew.
//!
//! The first input of real numbers, or else the first of integers or truth values, is the model's input, the others are made
//! constants. The float model must agree with the
//! expected output, which says that the file was read right, and so must the integer network of 16 bits, calibrated on that
//! input; `support/outcome.rs` says how well.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[path = "support/outcome.rs"]
#[expect(dead_code, reason = "the other test uses more of it")]
mod outcome;

use std::path::{Path, PathBuf};

use tract_onnx::{
    data_resolver::MmapDataResolver,
    pb::{TensorProto, tensor_proto::DataType, type_proto},
    prelude::Framework,
    tensor::{load_tensor, proto_from_reader},
};

use self::outcome::{Case, check, field, outcome};

/// The cases of a folder, by name.
fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.join("model.onnx").is_file());
    cases.sort();
    cases
}

fn tensor(path: &Path) -> Option<TensorProto> {
    proto_from_reader(std::fs::File::open(path).ok()?).ok()
}

/// The elements of a tensor as real numbers.
fn reals(tensor: &TensorProto) -> Option<Vec<f32>> {
    if tensor.data_type == DataType::Bfloat16 as i32 {
        let halves = tensor.raw_data.chunks_exact(2);
        return Some(
            halves.map(|half| f32::from_bits(u32::from_le_bytes([0, 0, half[0], half[1]]))).collect(),
        );
    }
    let tensor = load_tensor(&MmapDataResolver, tensor, None).ok()?;
    let tensor = tensor.cast_to::<f32>().ok()?;
    Some(tensor.to_plain_array_view::<f32>().ok()?.iter().copied().collect())
}

const REALS: [DataType; 4] = [DataType::Float, DataType::Float16, DataType::Bfloat16, DataType::Double];
const OTHERS: [DataType; 9] = [
    DataType::Int64,
    DataType::Int32,
    DataType::Int16,
    DataType::Int8,
    DataType::Uint64,
    DataType::Uint32,
    DataType::Uint16,
    DataType::Uint8,
    DataType::Bool,
];

/// The model of a case with one input, and that input; nothing when the case has none.
fn one_input(folder: &Path) -> Result<(Vec<u8>, Vec<f32>, f64), String> {
    let path = folder.join("model.onnx");
    let mut bytes = std::fs::read(&path).unwrap();
    let graph = tract_onnx::onnx().proto_model_for_path(&path).ok().and_then(|proto| proto.graph);
    let graph = graph.ok_or("refused: not read")?;
    let (mut sample, mut tolerance) = (None, 1e-3);
    let mut tensors = vec![];
    for (index, input) in graph.input.iter().enumerate() {
        let Some(type_proto::Value::TensorType(_)) =
            input.r#type.as_ref().and_then(|kind| kind.value.as_ref())
        else {
            return Err("refused: input that is no tensor".to_owned());
        };
        // An optional input without a value has no file.
        let Some(tensor) = tensor(&folder.join(format!("input_{index}.pb"))) else {
            return Err("refused: input that is no tensor".to_owned());
        };
        tensors.push(tensor);
    }
    let is_one_of = |kinds: &[DataType]| {
        tensors.iter().position(|tensor| kinds.iter().any(|&kind| tensor.data_type == kind as i32))
    };
    let reals_or_others = is_one_of(&REALS).or_else(|| is_one_of(&OTHERS));
    for (index, tensor) in tensors.iter().enumerate() {
        if reals_or_others == Some(index) {
            sample = Some(reals(tensor).ok_or("refused: input that is not read")?);
            // The package computes with halves, Tacit with float32.
            if tensor.data_type == DataType::Bfloat16 as i32 {
                tolerance = 1e-2;
            }
        } else {
            // Messages that follow each other are merged: this adds an initialiser to the graph.
            let file = std::fs::read(folder.join(format!("input_{index}.pb"))).unwrap();
            bytes.extend(field(7, &field(5, &file)));
        }
    }
    Ok((bytes, sample.ok_or("refused: no input of numbers")?, tolerance))
}

fn case_of(folder: &Path) -> Result<Case, String> {
    let (bytes, sample, tolerance) = one_input(folder)?;
    let mut outputs = vec![];
    while let Some(tensor) = tensor(&folder.join(format!("output_{}.pb", outputs.len()))) {
        outputs.push(reals(&tensor).ok_or("refused: output that is not read")?);
    }
    if outputs.is_empty() {
        Err("refused: output that is no tensor".to_owned())
    } else {
        Ok(Case { bytes, sample, outputs, tolerance })
    }
}

#[test]
#[ignore = "needs the node tests of the onnx package"]
fn node_tests_are_equal_or_refused() {
    let folder = std::env::var_os("TACIT_ONNX_NODE_TESTS").expect("TACIT_ONNX_NODE_TESTS names a folder");
    let outcome = |folder: PathBuf| {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let outcome = case_of(&folder).map(|case| outcome(&folder.join("model.onnx"), &case));
        (name, outcome.unwrap_or_else(|reason| reason))
    };
    let outcomes = cases(Path::new(&folder)).into_iter().map(outcome).collect();
    check(&outcomes, "conformance/outcomes.txt");
}
