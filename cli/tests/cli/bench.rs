//! Tables of models.

use std::fs;

use serde_json::Value;

use crate::tacit::{DONE, FAILED, Folder, REJECTED, assert_keys, done, fixture, npy, tacit, tacit_json};

const SUITE: [&str; 5] = ["rows", "proved", "refused", "failed", "resumed"];
const ROW: [&str; 17] = [
    "schema",
    "suite",
    "group",
    "name",
    "varied",
    "source",
    "status",
    "reason",
    "date",
    "machine",
    "settings",
    "network",
    "seconds",
    "bytes",
    "accuracy",
    "layers",
    "published",
];

fn at_least(row: &Value, pointer: &str, least: f64) {
    assert!(row.pointer(pointer).unwrap().as_f64().unwrap() >= least, "{pointer}: {row}");
}

/// What every proved row tells.
fn check_proved(row: &Value, samples: usize) {
    assert_keys(row, &ROW);
    assert_eq!(row["status"], "proved", "{row}");
    let phases = ["inference", "commit", "lookups", "linear", "opening"]
        .map(|phase| format!("/seconds/phases/{phase}"));
    for list in
        ["/seconds/inference", "/seconds/prove", "/seconds/verify"].map(str::to_owned).iter().chain(&phases)
    {
        assert_eq!(row.pointer(list).unwrap().as_array().unwrap().len(), samples, "{list}: {row}");
    }
    at_least(row, "/seconds/prove/0", 1e-4);
    at_least(row, "/seconds/verify/0", 1e-5);
    at_least(row, "/seconds/setup", 1e-5);
    at_least(row, "/bytes/proof", 1000.0);
    at_least(row, "/bytes/proving_key", row["network"]["parameters"].as_f64().unwrap());
    let peak = &row["bytes"]["peak_memory"];
    assert!(peak.is_null() || peak.as_u64().unwrap() > 1 << 20, "{row}");
    let layers = row["layers"].as_array().unwrap();
    for phase in ["lookups", "opening"] {
        let sum: f64 = layers.iter().map(|layer| layer[phase].as_f64().unwrap()).sum();
        let all = row["seconds"]["phases"][phase].as_array().unwrap();
        let shared_out = all.iter().any(|time| (time.as_f64().unwrap() - sum).abs() < 1e-9);
        assert!(shared_out || sum.abs() < 1e-12, "{phase}: {row}");
    }
}

#[test]
fn measures_every_committed_model() {
    let (folder, fixtures) = (Folder::new(), fixture(""));
    let table = folder.path("zoo.md");
    let json = done(&["bench", "zoo", &fixtures, "--samples", "1", "--markdown", &table], &SUITE);
    let models = json["rows"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|row| row["name"].as_str().unwrap()).collect();
    let variants = ["", "_int8_qdq", "_int8_qoperator"];
    let expected: Vec<String> = ["lenet5_digits", "mlp_digits"]
        .iter()
        .flat_map(|name| variants.map(|variant| format!("{name}{variant}")))
        .collect();
    assert_eq!(names, expected);
    assert_eq!(json["failed"], 0, "{json}");
    for row in models {
        assert_keys(row, &ROW);
        assert_eq!(row["status"] == "refused", row["reason"].is_string(), "{row}");
        if row["status"] == "proved" {
            check_proved(row, 1);
            assert_eq!(row["accuracy"]["samples"], 100);
            at_least(row, "/accuracy/quantised", row["accuracy"]["float"].as_f64().unwrap() - 0.01);
            at_least(row, "/accuracy/agreement", 0.97);
        }
    }
    for float in ["lenet5_digits", "mlp_digits"] {
        let row = models.iter().find(|row| row["name"] == float).unwrap();
        assert_eq!(row["status"], "proved", "{row}");
    }
    let table = fs::read_to_string(table).unwrap();
    assert_eq!(table.lines().filter(|line| line.starts_with('|')).count(), 2 + models.len(), "{table}");
    assert!(names.iter().all(|name| table.contains(&format!("| {name} | "))), "{table}");
}

#[test]
fn one_bad_model_does_not_stop_the_others() {
    let folder = Folder::new();
    let lenet = |file: &str| fs::read(fixture(&format!("lenet5_digits/{file}"))).unwrap();
    let model = |name: &str, onnx: &[u8], inputs: Option<&[u8]>| {
        fs::create_dir(folder.path(name)).unwrap();
        folder.file(&format!("{name}/model.onnx"), onnx);
        if let Some(inputs) = inputs {
            folder.file(&format!("{name}/inputs.npy"), inputs);
        }
    };
    let digits = npy(&[2, 1, 28, 28], &(0..2 * 784).map(|i| (i % 17) as f32 / 16.0).collect::<Vec<_>>());
    model("a_garbage", b"no model", Some(&digits));
    model("b_empty", &lenet("model.onnx"), None);
    model("c_good", &lenet("model.onnx"), Some(&digits));
    let (code, json) = tacit_json(&["bench", "zoo", &folder.path(""), "--threads", "1", "--conv", "direct"]);
    assert_eq!(code, REJECTED, "{json}");
    assert_keys(&json, &SUITE);
    let [garbage, empty, good] = [0, 1, 2].map(|index| &json["rows"][index]);
    assert_eq!(
        [garbage, empty, good].map(|row| row["status"].as_str().unwrap()),
        ["refused", "failed", "proved"]
    );
    assert!(empty["reason"].as_str().unwrap().contains("inputs.npy"), "{empty}");
    assert!(good["accuracy"]["float"].is_null() && good["accuracy"]["agreement"].is_null(), "{good}");
    assert_eq!(good["network"]["arguments"]["direct"], 2, "{good}");
    let (code, text, _) = tacit(["bench", "zoo", &folder.path(""), "--samples", "1"]);
    assert_eq!(code, REJECTED);
    assert!(text.contains("1 proved, 1 refused, 1 failed") && text.contains("`b_empty`: "), "{text}");
    let (code, row) = tacit_json(&["bench", "model", &folder.path("c_good")]);
    assert_eq!((code, &row["status"]), (DONE, &"proved".into()));
    assert_keys(&row, &ROW);
}

#[test]
fn names_a_folder_without_models() {
    let folder = Folder::new();
    for command in ["zoo", "model"] {
        let (code, json) = tacit_json(&["bench", command, &folder.path("")]);
        assert_eq!(code, FAILED);
        assert!(json["error"].as_str().unwrap().contains(&folder.path("")), "{json}");
    }
    let (code, json) = tacit_json(&["bench", "zoo", &folder.path(""), "--samples", "0"]);
    assert_eq!(code, FAILED);
    assert!(json["error"].as_str().unwrap().contains("--samples"), "{json}");
}
