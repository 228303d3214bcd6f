//! `tacit compile --private-model`: weights that neither key nor proof shows.

use std::fs;

use crate::{
    files::{DONE, FAILED, Folder, REJECTED, fixture},
    tacit::{done, tacit, tacit_json},
};

#[test]
fn a_private_models_answers_are_proved_without_its_weights() {
    let folder = Folder::new();
    let (onnx, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let inputs = fixture("lenet5_digits/inputs.npy");
    let (model, other) = (folder.path("m.tacit"), folder.path("other.tacit"));
    for output in [&model, &other] {
        let arguments = ["compile", &onnx, "--calibrate", &samples, "--private-model", "-o", output];
        let (code, json) = tacit_json(&arguments);
        assert_eq!((code, &json["private_model"]), (DONE, &true.into()), "{json}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&model), 0o600);
        assert_eq!(mode(&folder.path("m.vk")) & 0o400, 0o400);
    }
    // The same weights, blinded otherwise.
    let (key, other_key) = (folder.path("m.vk"), folder.path("other.vk"));
    let [first, second] = [&key, &other_key].map(|path| fs::read(path).unwrap());
    assert_eq!(first.len(), second.len());
    assert_ne!(first, second);
    assert_eq!(tacit_json(&["inspect", &key]).1["private_model"], true);

    let (proof, again) = (folder.path("p.proof"), folder.path("again.proof"));
    for output in [&proof, &again] {
        let (code, json) = tacit_json(&["prove", &model, "--input", &inputs, "--index", "3", "-o", output]);
        assert_eq!(code, DONE, "{json}");
        let (code, json) = tacit_json(&["verify", &key, output, "--input", &inputs, "--index", "3"]);
        assert_eq!((code, &json["accepted"]), (DONE, &true.into()), "{json}");
    }
    let [first, second] = [&proof, &again].map(|path| fs::read(path).unwrap());
    assert_eq!(first.len(), second.len());
    assert_ne!(first, second, "masks are fresh");
    assert_eq!(tacit_json(&["verify", &other_key, &proof]).0, REJECTED);
    // Another input than the one that was proved.
    assert_eq!(tacit_json(&["verify", &key, &proof, "--input", &inputs, "--index", "4"]).0, REJECTED);
}

#[test]
fn nobody_can_make_a_private_models_key_again() {
    let folder = Folder::new();
    let (onnx, samples) = (fixture("mlp_digits/model.onnx"), fixture("mlp_digits/calibration.npy"));
    let model = folder.path("m.tacit");
    let arguments = ["compile", &onnx, "--calibrate", &samples, "--private-model", "-o", &model];
    assert_eq!(tacit(arguments).0, DONE);
    let (code, _, error) = tacit(["check-key", &onnx, &folder.path("m.vk"), "--calibrate", &samples]);
    assert_eq!(code, FAILED);
    assert!(error.contains("private model") && error.contains("m.vk"), "{error}");
}

#[test]
fn who_cannot_make_a_key_again_checks_a_proof_about_it() {
    let folder = Folder::new();
    let (onnx, samples) = (fixture("mlp_digits/model.onnx"), fixture("mlp_digits/calibration.npy"));
    let (model, other) = (folder.path("m.tacit"), folder.path("other.tacit"));
    for output in [&model, &other] {
        let arguments = ["compile", &onnx, "--calibrate", &samples, "--private-model", "-o", output];
        assert_eq!(tacit(arguments).0, DONE);
    }
    let (key, about) = (folder.path("m.vk"), folder.path("m.keyproof"));
    let fields = ["key_digest", "parameters", "prove_seconds", "proof_bytes", "peak_memory_bytes"];
    let json = done(&["prove-key", &model, "-o", &about], &fields);
    assert_eq!(json["proof_bytes"], fs::metadata(&about).unwrap().len());
    let verdict = ["accepted", "reason", "key_digest", "soundness_bits", "verify_seconds"];
    let accepted = done(&["verify-key", &key, &about], &verdict);
    assert_eq!((&accepted["accepted"], &accepted["key_digest"]), (&true.into(), &json["key_digest"]));
    assert!(accepted["soundness_bits"].as_f64().unwrap() > 100.0);
    let inspected = done(&["inspect", &about], &["kind", "key_digest", "file_bytes", "proof_bytes"]);
    assert_eq!(inspected["key_digest"], json["key_digest"]);

    // The same weights under another key; a proof that says it is about that key; a changed, a cut and a longer proof.
    let other_key = folder.path("other.vk");
    let rejects = |key: &str, file: &str, with: &str| {
        let (code, json) = tacit_json(&["verify-key", key, file]);
        let reason = json["reason"].as_str().unwrap_or_default();
        assert!(code == REJECTED && reason.contains(with), "{json}");
        assert_eq!((&json["accepted"], json["soundness_bits"].is_null()), (&false.into(), true));
    };
    rejects(&other_key, &about, "another key");
    let bytes = fs::read(&about).unwrap();
    let mut changed = bytes.clone();
    let (_, json) = tacit_json(&["inspect", &other_key]);
    let digest = json["key_digest"].as_str().unwrap();
    for (i, byte) in changed[12..44].iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digest[2 * i..][..2], 16).unwrap();
    }
    rejects(&other_key, &folder.file("claimed.keyproof", changed), "masked messages");
    let mut flipped = bytes.clone();
    let last = flipped.len() - 32;
    flipped[last] ^= 1;
    rejects(&key, &folder.file("flipped.keyproof", flipped), "opening");
    rejects(&key, &folder.file("cut.keyproof", &bytes[..bytes.len() - 1]), "malformed");
    rejects(&key, &folder.file("longer.keyproof", [bytes.as_slice(), &[0]].concat()), "malformed");
    rejects(&key, &folder.file("header.keyproof", &bytes[..20]), "ends early");

    // Other files are mistakes.
    let fails = |arguments: &[&str], with: &str| {
        let (code, json) = tacit_json(arguments);
        let error = json["error"].as_str().unwrap_or_default();
        assert!(code == FAILED && error.contains(with), "{arguments:?}: {json}");
    };
    fails(&["verify-key", &key, &key], "tacit prove-key");
    fails(&["verify-key", &about, &about], "give a .vk file");
    fails(&["verify", &key, &about], "give a file that `tacit prove` wrote");
    fails(&["prove-key", &key, "-o", &folder.path("x")], "give a .tacit file");
    fails(&["prove-key", &model, "-o", &model], "also an input");
    fails(&["inspect", &about, "--measure", &samples], "--measure");
}

/// What is public may be proved too, for those who have the key and not the model.
#[test]
fn a_public_models_key_has_such_a_proof() {
    let folder = Folder::new();
    let (onnx, samples) = (fixture("mlp_digits/model.onnx"), fixture("mlp_digits/calibration.npy"));
    let model = folder.path("m.tacit");
    assert_eq!(tacit(["compile", &onnx, "--calibrate", &samples, "-o", &model]).0, DONE);
    let about = folder.path("m.keyproof");
    for threads in ["1", "2"] {
        assert_eq!(tacit(["prove-key", &model, "-o", &about, "--threads", threads]).0, DONE);
        assert_eq!(tacit(["verify-key", &folder.path("m.vk"), &about]).0, DONE);
    }
}
