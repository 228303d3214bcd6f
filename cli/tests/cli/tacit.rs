//! Runs the built command.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const DONE: i32 = 0;
pub(crate) const REJECTED: i32 = 1;
pub(crate) const FAILED: i32 = 2;

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

/// Checks that an object has these keys and no others.
pub(crate) fn assert_keys(json: &Value, keys: &[&str]) {
    let actual: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(actual, keys.iter().copied().collect(), "{json}");
}

/// A committed fixture.
pub(crate) fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name);
    assert!(path.exists(), "{}", path.display());
    path.to_str().unwrap().to_owned()
}

/// A folder that disappears with its files.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Names of the files in the folder, hidden ones too.
    pub(crate) fn names(&self) -> BTreeSet<PathBuf> {
        fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
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

/// A `.npy` file of float32.
pub(crate) fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape:?}, }}");
    header = header.replace('[', "(").replace(']', ",)");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let mut bytes = [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes()].concat();
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    bytes
}
