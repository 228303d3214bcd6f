//! Proofs that must not pass: exit code 1 and a reason.

use std::fs;

use crate::{
    files::{DONE, FAILED, Folder, REJECTED, assert_keys, fixture},
    tacit::{LENET, inputs, tacit, tacit_json},
};

/// The proof must be rejected; gives the reason.
fn rejects(arguments: &[&str]) -> String {
    let (code, json) = tacit_json(arguments);
    assert_eq!(code, REJECTED, "{arguments:?}: {json}");
    let unproven = ["output", "integers", "argmax", "input"];
    let keys = ["accepted", "reason", "verify_seconds", "input_source", "given_inputs", "input_commitment"];
    assert_keys(&json, &[&keys[..], &unproven].concat());
    assert_eq!(json["accepted"], false);
    assert!(unproven[..3].iter().all(|key| json[key].is_null()), "an unproven output is none: {json}");
    json["reason"].as_str().unwrap().to_owned()
}

#[test]
fn rejects_a_proof_with_a_flipped_byte() {
    let folder = Folder::new();
    let whole = fs::read(&LENET.proof).unwrap();
    // Every byte of version and digest, and a sample of all others.
    let step = (whole.len() / 150).max(1);
    for at in (8..44).step_by(5).chain((44..whole.len()).step_by(step)).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        rejects(&["verify", &LENET.key, &folder.file("p.proof", bytes)]);
    }
    for at in 0..8 {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let (code, _) = tacit_json(&["verify", &LENET.key, &folder.file("p.proof", bytes)]);
        assert_eq!(code, FAILED, "a file with another beginning is no proof at all");
    }
}

#[test]
fn rejects_a_proof_that_is_cut_short_or_goes_on() {
    let folder = Folder::new();
    let whole = fs::read(&LENET.proof).unwrap();
    for length in [8, 11, 12, 43, 44, 100, whole.len() / 2, whole.len() - 1] {
        rejects(&["verify", &LENET.key, &folder.file("p.proof", &whole[..length])]);
    }
    rejects(&["verify", &LENET.key, &folder.file("p.proof", [&whole[..], b"x"].concat())]);
}

#[test]
fn rejects_a_proof_about_another_input() {
    let arguments = ["verify", &LENET.key, &LENET.proof, "--input", &inputs(), "--index", "1"];
    assert!(rejects(&arguments).contains("another input"));
    let (code, text, _) = tacit(arguments);
    assert_eq!(code, REJECTED);
    assert!(text.starts_with("REJECTED: "), "{text}");
    assert_eq!(tacit(["verify", &LENET.key, &LENET.proof, "--input", &inputs(), "--index", "0"]).0, DONE);
}

#[test]
fn rejects_a_proof_about_another_model() {
    let folder = Folder::new();
    let model = folder.path("mlp.tacit");
    let (onnx, samples) = (fixture("mlp_digits/model.onnx"), fixture("mlp_digits/calibration.npy"));
    assert_eq!(tacit(["compile", &onnx, "--calibrate", &samples, "-o", &model]).0, DONE);
    assert!(rejects(&["verify", &folder.path("mlp.vk"), &LENET.proof]).contains("another key"));
}

#[test]
fn rejects_under_a_changed_key() {
    let folder = Folder::new();
    let whole = fs::read(&LENET.key).unwrap();
    for at in (12..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        rejects(&["verify", &folder.file("k.vk", bytes), &LENET.proof]);
    }
}

#[test]
fn rejects_proofs_made_with_changed_weights() {
    let folder = Folder::new();
    let whole = fs::read(&LENET.model).unwrap();
    let mut proofs = 0;
    for at in (whole.len() / 4..whole.len() * 3 / 4).step_by(whole.len() / 12) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let (model, proof) = (folder.file("m.tacit", bytes), folder.path("p.proof"));
        let (code, _, _) = tacit(["prove", &model, "--input", &inputs(), "-o", &proof]);
        if code == DONE {
            rejects(&["verify", &LENET.key, &proof]);
            proofs += 1;
        } else {
            assert_eq!(code, FAILED);
        }
    }
    assert!(proofs > 0, "no change of the weights led to a proof");
}
