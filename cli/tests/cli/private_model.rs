//! `tacit compile --private-model`: weights that neither key nor proof shows.

use std::fs;

use crate::tacit::{DONE, FAILED, Folder, REJECTED, fixture, tacit, tacit_json};

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
