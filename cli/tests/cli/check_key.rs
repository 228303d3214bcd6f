//! `tacit check-key`: a public model's key, made again by whoever has the model.

use std::fs;

use serde_json::Value;

use crate::{
    files::{DONE, FAILED, Folder, REJECTED, assert_keys, fixture},
    tacit::{LENET, tacit, tacit_json},
};

fn check(arguments: &[&str]) -> (i32, Value) {
    let (code, json) = tacit_json(&[&["check-key"], arguments].concat());
    if code != FAILED {
        let keys = ["equal", "difference", "key_digest", "recomputed_digest", "check_seconds"];
        assert_keys(&json, &keys);
        assert_eq!(json["equal"], code == DONE);
        assert_eq!(json["difference"].is_null(), code == DONE);
        assert_eq!(json["key_digest"] == json["recomputed_digest"], code == DONE);
    }
    (code, json)
}

#[test]
fn a_float_models_key_is_made_again_from_its_samples() {
    let (model, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let (code, json) = check(&[&model, &LENET.key, "--calibrate", &samples]);
    assert_eq!(code, DONE, "{json}");
    // Under another name, the key's arguments being others than those that would be chosen.
    let folder = Folder::new();
    let (copy, other) = (folder.path("copy.onnx"), folder.path("other.tacit"));
    fs::copy(&model, &copy).unwrap();
    let arguments = ["compile", &model, "--calibrate", &samples, "-o", &other];
    assert_eq!(tacit(arguments.iter().chain(&["--conv", "fft", "--matmul", "gates"])).0, DONE);
    assert_eq!(check(&[&copy, &folder.path("other.vk"), "--calibrate", &samples]).0, DONE);
}

#[test]
fn other_samples_other_options_and_other_models_make_other_keys() {
    let (model, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let rejects = |arguments: &[&str]| {
        let (code, json) = check(arguments);
        assert_eq!(code, REJECTED, "{arguments:?}: {json}");
        json["difference"].as_str().unwrap().to_owned()
    };
    rejects(&[&model, &LENET.key, "--calibrate", &fixture("lenet5_digits/inputs.npy")]);
    let bits = rejects(&[&model, &LENET.key, "--calibrate", &samples, "--bits", "16"]);
    assert_eq!(bits, "the input has another shape, range or scale");
    let mlp = fixture("mlp_digits/model.onnx");
    rejects(&[&mlp, &LENET.key, "--calibrate", &fixture("mlp_digits/calibration.npy")]);
}

#[test]
fn a_quantised_models_key_is_made_again_from_the_model_alone() {
    let folder = Folder::new();
    let (model, key) = (fixture("lenet5_digits_int8_qdq/model.onnx"), folder.path("m.vk"));
    assert_eq!(tacit(["compile", &model, "-o", &folder.path("m.tacit")]).0, DONE);
    assert_eq!(check(&[&model, &key]).0, DONE);
    // One weight of one of the dense layers, in the middle of the file.
    let mut bytes = fs::read(&model).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let (code, json) = check(&[&folder.file("changed.onnx", bytes), &key]);
    assert_eq!(code, REJECTED, "{json}");
}

#[test]
fn bad_input_is_no_answer() {
    let (model, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let fails = |arguments: &[&str], with: &str| {
        let (code, json) = check(arguments);
        let error = json["error"].as_str().unwrap_or_default();
        assert!(code == FAILED && error.contains(with), "{arguments:?}: {json}");
    };
    fails(&[&model, &LENET.key], "--calibrate X.npy");
    fails(&[&model, &LENET.proof, "--calibrate", &samples], "give a .vk file");
    fails(&[&samples, &LENET.key, "--calibrate", &samples], "cannot compile");
    fails(&["nothing.onnx", &LENET.key], "check the path");
    let quantised = fixture("lenet5_digits_int8_qdq/model.onnx");
    fails(&[&quantised, &LENET.key, "--calibrate", &samples], "already quantised");
}
