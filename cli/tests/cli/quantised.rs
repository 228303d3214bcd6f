//! Models that are already quantised: compiled without calibration, proved and verified.

use std::{collections::BTreeSet, path::Path};

use crate::{
    files::{DONE, FAILED, Folder, fixture},
    tacit::{done, tacit_json},
};

const COMPILE: [&str; 13] = [
    "layers",
    "parameters",
    "macs",
    "lookups",
    "private_model",
    "arguments",
    "already_quantised",
    "bit_exact",
    "rescale_error",
    "unbounded",
    "because",
    "notes",
    "compile_seconds",
];

/// Compiles a model, proves a sample and verifies the proof; returns what `compile` says.
fn proves_and_verifies(onnx: &str, samples: &str) -> serde_json::Value {
    let folder = Folder::new();
    let [model, key, proof] = ["m.tacit", "m.vk", "p.proof"].map(|name| folder.path(name));
    let compiled = done(&["compile", onnx, "-o", &model], &COMPILE);
    for (arguments, what) in [
        (&["prove", &model, "--input", samples, "--index", "2", "-o", &proof][..], "proved"),
        (&["verify", &key, &proof, "--input", samples, "--index", "2", "--allow-clipped"], "verified"),
    ] {
        let (code, json) = tacit_json(arguments);
        assert_eq!(code, DONE, "{onnx} cannot be {what}: {json}");
    }
    compiled
}

#[test]
fn proves_trained_models_in_both_forms() {
    for name in ["lenet5_digits", "mlp_digits"] {
        for form in ["qdq", "qoperator"] {
            let onnx = fixture(&format!("{name}_int8_{form}/model.onnx"));
            let compiled = proves_and_verifies(&onnx, &fixture(&format!("{name}/inputs.npy")));
            assert!(compiled["rescale_error"].as_f64().unwrap() < 0.01, "{compiled}");
        }
    }
}

#[test]
fn proves_every_operator_of_quantised_models() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx/tests/fixtures/quantised");
    let models: BTreeSet<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "onnx"))
        .filter(|path| path.with_extension("inputs.npy").exists())
        .collect();
    assert!(models.len() > 40, "{models:?}");
    for onnx in models {
        let samples = onnx.with_extension("inputs.npy");
        proves_and_verifies(onnx.to_str().unwrap(), samples.to_str().unwrap());
    }
}

/// The runtime's own quantisation of a concatenation and of an attention has no integer form in the importer.
#[test]
fn proves_quantised_models_in_real_numbers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx/tests/fixtures/quantised_static");
    for (name, is_bounded) in [("concat_qdq", true), ("gate_qoperator", true), ("attention_qdq", false)] {
        let [onnx, samples] = ["onnx", "inputs.npy"].map(|ending| folder.join(format!("{name}.{ending}")));
        let compiled = proves_and_verifies(onnx.to_str().unwrap(), samples.to_str().unwrap());
        assert_eq!(compiled["bit_exact"], false, "{name}: {compiled}");
        assert!(compiled["because"].is_string(), "{name}: {compiled}");
        assert!(compiled["rescale_error"].as_f64().unwrap() < 0.01, "{name}: {compiled}");
        assert_eq!(compiled["unbounded"].as_array().unwrap().is_empty(), is_bounded, "{name}: {compiled}");
    }
}

#[test]
fn asks_for_samples_where_a_quantised_model_lacks_scales() {
    let folder = Folder::new();
    let output = folder.path("m.tacit");
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx/tests/fixtures/quantised_static");
    let [onnx, samples] = ["dynamic.onnx", "dynamic.inputs.npy"].map(|name| models.join(name));
    let (onnx, samples) = (onnx.to_str().unwrap(), samples.to_str().unwrap());
    let message = refusal(&folder, &["compile", onnx, "-o", &output]);
    assert!(message.contains("the_Dynamic") && message.contains("--calibrate"), "{message}");
    let (code, json) = tacit_json(&["compile", onnx, "--calibrate", samples, "-o", &output]);
    assert_eq!(code, DONE, "{json}");
    assert_eq!(json["quantisation"]["unbounded"][0], "the_Dynamic", "{json}");
}

#[test]
fn evaluates_against_the_runtimes_outputs() {
    let folder = Folder::new();
    let model = folder.path("m.tacit");
    done(&["compile", &fixture("lenet5_digits_int8_qdq/model.onnx"), "-o", &model], &COMPILE);
    let [samples, labels] = ["inputs", "labels"].map(|name| fixture(&format!("lenet5_digits/{name}.npy")));
    let logits = fixture("lenet5_digits_int8_qdq/logits.npy");
    let arguments = ["evaluate", &model, "--input", &samples, "--labels", &labels, "--reference", &logits];
    let json =
        done(&arguments, &["samples", "accuracy", "agreement", "max_error", "outputs", "input", "warnings"]);
    assert_eq!(json["agreement"], 1.0, "{json}");
    assert!((json["accuracy"].as_f64().unwrap() - 0.99).abs() < 1e-9, "{json}");
    // One unit of the logits.
    assert!(json["max_error"].as_f64().unwrap() < 0.191, "{json}");
}

/// The message of a command that must fail and leave no file.
fn refusal(folder: &Folder, arguments: &[&str]) -> String {
    let (code, json) = tacit_json(arguments);
    assert_eq!(code, FAILED, "{json}");
    assert!(folder.names().is_empty());
    json["error"].as_str().unwrap().to_owned()
}

#[test]
fn refuses_calibration_of_a_quantised_model_and_a_float_model_without_it() {
    let folder = Folder::new();
    let output = folder.path("m.tacit");
    let samples = fixture("lenet5_digits/calibration.npy");
    let quantised = fixture("lenet5_digits_int8_qdq/model.onnx");
    let message = refusal(&folder, &["compile", &quantised, "--calibrate", &samples, "-o", &output]);
    assert!(message.contains("already quantised") && message.contains("--calibrate"), "{message}");
    for flags in [&["--bits", "16"][..], &["--calibration", "minmax"]] {
        let message = refusal(&folder, &[&["compile", &quantised, "-o", &output][..], flags].concat());
        assert!(message.contains("already quantised") && message.contains(flags[0]), "{message}");
    }
    let message = refusal(&folder, &["compile", &quantised, "--report", "-o", &output]);
    assert!(message.contains("--calibrate"), "{message}");
    let message = refusal(&folder, &["compile", &fixture("lenet5_digits/model.onnx"), "-o", &output]);
    assert!(message.contains("float model") && message.contains("--calibrate"), "{message}");
}
