//! Which argument proves which layer, and what it costs.

use serde_json::Value;

use crate::{
    files::{DONE, Folder, assert_keys, fixture},
    tacit::{LENET, done, inputs, tacit},
};

/// Compiles LeNet-5 with more options; what compile tells of its arguments.
fn arguments(folder: &Folder, options: &[&str]) -> (String, Value) {
    let (onnx, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let model = folder.path("m.tacit");
    let command = [&["--json", "compile", &onnx, "--calibrate", &samples, "-o", &model], options].concat();
    let (code, stdout, stderr) = tacit(command);
    assert_eq!(code, DONE, "{stdout}{stderr}");
    let json: Value = serde_json::from_str(&stdout).unwrap();
    assert_keys(&json["arguments"], &["convolution", "matmul", "fallbacks"]);
    (model, json["arguments"].clone())
}

fn total(counts: &Value) -> u64 {
    counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn every_linear_layer_has_an_argument() {
    let folder = Folder::new();
    let (model, chosen) = arguments(&folder, &[]);
    assert_eq!((total(&chosen["convolution"]), total(&chosen["matmul"])), (2, 3), "{chosen}");
    let (code, json, _) = tacit(["--json", "inspect", &model]);
    assert_eq!(code, DONE);
    let json: Value = serde_json::from_str(&json).unwrap();
    for layer in json["layers"].as_array().unwrap() {
        let linear = ["Conv2d", "Dense"].contains(&layer["operation"].as_str().unwrap());
        assert_eq!(linear, layer["argument"].is_string(), "{layer}");
    }
}

#[test]
fn flags_override_the_choice() {
    let folder = Folder::new();
    let (_, chosen) = arguments(&folder, &["--conv", "direct", "--matmul", "sumcheck"]);
    assert_eq!((&chosen["convolution"]["direct"], &chosen["matmul"]["sumcheck"]), (&2.into(), &3.into()));
    assert!(chosen["fallbacks"].as_array().unwrap().is_empty(), "{chosen}");
}

#[test]
fn every_argument_proves_a_network_with_the_bytes_it_predicts() {
    for (conv, matmul) in
        [("direct", "sumcheck"), ("fft", "polynomial"), ("polynomial", "polynomial"), ("gates", "gates")]
    {
        let folder = Folder::new();
        let (model, chosen) = arguments(&folder, &["--conv", conv, "--matmul", matmul]);
        assert_eq!(
            (&chosen["convolution"][conv], &chosen["matmul"][matmul]),
            (&2.into(), &3.into()),
            "{chosen}"
        );
        let (code, json, stderr) = tacit(["--json", "inspect", &model, "--measure", &inputs()]);
        assert_eq!(code, DONE, "{json}{stderr}");
        let json: Value = serde_json::from_str(&json).unwrap();
        for layer in json["layers"].as_array().unwrap() {
            assert_eq!(layer["predicted"]["bytes"], layer["measured"]["bytes"], "{layer}");
        }
    }
}

#[test]
fn measures_what_each_layer_costs() {
    let keys =
        ["kind", "name", "key_digest", "file_bytes", "layers", "outputs", "parameters", "macs", "lookups"];
    let keys =
        [&keys[..], &["private_model", "tables", "soundness_bits", "soundness", "predicted", "measured"]]
            .concat();
    let json =
        done(&["inspect", &LENET.model, "--measure", &inputs(), "--index", "3", "--threads", "1"], &keys);
    assert_keys(&json["measured"], &["prove_seconds", "phases", "verify_seconds", "proof_bytes"]);
    let (mut bytes, mut seconds) = (0, 0.0);
    for layer in json["layers"].as_array().unwrap() {
        let (predicted, measured) = (&layer["predicted"], &layer["measured"]);
        assert_keys(measured, &["commit_seconds", "argument_seconds", "bytes"]);
        assert_eq!(predicted["bytes"], measured["bytes"], "{layer}");
        let time = |cost: &Value| cost["argument_seconds"].as_f64().unwrap();
        assert_eq!(time(predicted) > 0.0, time(measured) > 0.0, "{layer}");
        bytes += measured["bytes"].as_u64().unwrap();
        seconds += time(measured) + measured["commit_seconds"].as_f64().unwrap();
    }
    assert!(bytes < json["measured"]["proof_bytes"].as_u64().unwrap(), "{json}");
    assert!(seconds < json["measured"]["prove_seconds"].as_f64().unwrap(), "{json}");
    let (code, text, _) = tacit(["inspect", &LENET.model, "--measure", &inputs()]);
    assert_eq!(code, DONE);
    assert!(text.contains("Predicted costs") && text.contains("verified in"), "{text}");
}
