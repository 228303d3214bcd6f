//! Runs the built command.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::Value;

use crate::files::{DONE, assert_keys, fixture};

/// Runs `tacit` and gives its exit code and standard output.
pub(crate) fn tacit<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_tacit")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Runs `tacit --json` and gives its exit code and the one JSON object it prints.
pub(crate) fn tacit_json(arguments: &[&str]) -> (i32, Value) {
    let (code, stdout, stderr) = tacit(["--json"].iter().chain(arguments));
    let json: Value =
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
    assert!(json.is_object(), "{json}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    (code, json)
}

/// Runs `tacit --json`, which must do its work, and checks the object's keys.
pub(crate) fn done(arguments: &[&str], keys: &[&str]) -> Value {
    let (code, json) = tacit_json(arguments);
    assert_eq!(code, DONE, "{arguments:?}: {json}");
    assert_keys(&json, keys);
    json
}

/// LeNet-5 compiled once for each test process, with the proof of sample 0.
pub(crate) struct Compiled {
    pub(crate) model: String,
    pub(crate) key: String,
    pub(crate) proof: String,
}

pub(crate) static LENET: LazyLock<Compiled> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let [model, key, proof] =
        ["lenet.tacit", "lenet.vk", "zero.proof"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    let (onnx, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let (code, _, stderr) = tacit(["compile", &onnx, "--calibrate", &samples, "-o", &model]);
    assert_eq!(code, DONE, "{stderr}");
    let (code, _, stderr) = tacit(["prove", &model, "--input", &inputs(), "-o", &proof]);
    assert_eq!(code, DONE, "{stderr}");
    Compiled { model, key, proof }
});

/// The test digits.
pub(crate) fn inputs() -> String {
    fixture("lenet5_digits/inputs.npy")
}

/// Files of the network whose second output 8-bit inputs ruin.
pub(crate) fn two_outputs(file: &str) -> String {
    format!("{}/tests/two_outputs/{file}", env!("CARGO_MANIFEST_DIR"))
}
