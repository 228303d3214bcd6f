//! Runs the built command.

use std::{
    ffi::OsStr,
    process::{Command, Output},
};

use serde_json::Value;

use crate::files::{DONE, assert_keys};

/// Path of the command.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tacit-bench");

/// Runs `tacit-bench` and gives its exit code, standard output and standard error.
pub(crate) fn tacit_bench<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> (i32, String, String) {
    let Output { status, stdout, stderr } = Command::new(PROGRAM).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Runs `tacit-bench --json` and gives its exit code and the one JSON object it prints.
pub(crate) fn tacit_bench_json(arguments: &[&str]) -> (i32, Value) {
    let (code, stdout, stderr) = tacit_bench(["--json"].iter().chain(arguments));
    let json: Value =
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
    assert!(json.is_object(), "{json}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    (code, json)
}

/// Runs `tacit-bench --json`, which must do its work, and checks the object's keys.
pub(crate) fn done(arguments: &[&str], keys: &[&str]) -> Value {
    let (code, json) = tacit_bench_json(arguments);
    assert_eq!(code, DONE, "{arguments:?}: {json}");
    assert_keys(&json, keys);
    json
}
