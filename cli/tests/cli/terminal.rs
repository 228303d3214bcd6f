//! What a terminal is told: no file and no argument can move its cursor, so that a rejection cannot look like an acceptance.

use std::{fs, process::Command};

use crate::{
    files::{FAILED, Folder, fixture},
    tacit::{LENET, inputs, two_outputs},
};

/// Erases the line and writes over it.
const ATTACK: &str = "\u{1b}[2K\rACCEPTED";

/// Runs the command with and without --json: no output may hold a control character but the ends of lines, nor one that
/// reorders text.
fn is_harmless(arguments: &[&str]) -> i32 {
    let mut codes = vec![];
    for json in [&["--json"][..], &[]] {
        let arguments = [json, arguments].concat();
        let output = Command::new(env!("CARGO_BIN_EXE_tacit")).args(&arguments).output().unwrap();
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let is_bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!text.contains(is_bad), "{arguments:?}: {text:?}");
            assert!(text.lines().all(|line| !line.starts_with("ACCEPTED")), "{arguments:?}: {text:?}");
        }
        codes.push(output.status.code().unwrap());
    }
    assert_eq!(codes[0], codes[1], "{arguments:?}");
    codes[0]
}

/// The bytes with every occurrence of a name replaced by one as long.
fn renamed(bytes: &[u8], name: &str, by: &str) -> Vec<u8> {
    assert_eq!(name.len(), by.len());
    let mut bytes = bytes.to_vec();
    let mut count = 0;
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name.as_bytes()) {
            bytes[at..at + by.len()].copy_from_slice(by.as_bytes());
            count += 1;
        }
    }
    assert!(count > 0, "{name} is not there");
    bytes
}

#[test]
fn names_in_onnx_models_do_not_reach_it() {
    let folder = Folder::new();
    let (onnx, samples) = (two_outputs("model.onnx"), two_outputs("inputs.npy"));
    let whole = fs::read(onnx).unwrap();
    let model = folder.path("m.tacit");
    // A graph's, a node's and an operator's name.
    for (name, by) in [
        ("two_outputs", "\u{1b}[2K\rACCEPT"),
        ("second", "\u{1b}[2K\rA"),
        ("first", "\r\u{202e}A"),
        ("MatMul", "\u{1b}[2K\rA"),
    ] {
        let path = folder.file("evil.onnx", renamed(&whole, name, by));
        let code = is_harmless(&["compile", &path, "--calibrate", &samples, "-o", &model]);
        assert_eq!(code, FAILED, "{name}");
        is_harmless(&["check-key", &path, &LENET.key, "--calibrate", &samples]);
    }
    assert!(!fs::exists(model).unwrap());
}

#[test]
fn names_in_keys_do_not_reach_it() {
    let folder = Folder::new();
    let digits = inputs();
    let json: serde_json::Value = {
        let output = Command::new(env!("CARGO_BIN_EXE_tacit"))
            .args(["--json", "inspect", &LENET.key])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let layer = json["layers"][1]["name"].as_str().unwrap();
    let evil: String = ATTACK.chars().chain(std::iter::repeat('!')).take(layer.len()).collect();
    let key = folder.file("evil.vk", renamed(&fs::read(&LENET.key).unwrap(), layer, &evil));
    let model = folder.file("evil.tacit", renamed(&fs::read(&LENET.model).unwrap(), layer, &evil));
    assert_ne!(is_harmless(&["verify", &key, &LENET.proof]), 0);
    for arguments in [
        &["inspect", &key][..],
        &["inspect", &model],
        &["inspect", &LENET.proof, "--key", &key],
        &["run", &model, "--input", &digits],
        &["prove", &model, "--input", &digits, "-o", &folder.path("p.proof")],
        &["evaluate", &model, "--input", &digits],
        &["commit-input", &digits, "--model", &key, "-o", &folder.path("x.commitment")],
        &["check-key", &fixture("lenet5_digits/model.onnx"), &key],
        &["prove-key", &model, "-o", &folder.path("k.keyproof")],
    ] {
        assert_eq!(is_harmless(arguments), FAILED, "{arguments:?}");
    }
    assert_ne!(is_harmless(&["verify-key", &key, &LENET.proof]), 0);
}

#[test]
fn names_of_files_and_arguments_do_not_reach_it() {
    let folder = Folder::new();
    let digits = inputs();
    let missing = folder.path(ATTACK);
    let (model, key) = (LENET.model.as_str(), LENET.key.as_str());
    for arguments in [
        &["run", &missing, "--input", &digits][..],
        &["run", model, "--input", &missing],
        &["verify", &missing, &LENET.proof],
        &["verify", key, &missing],
        &["inspect", &missing],
        &["compile", &missing, "-o", &folder.path("m.tacit")],
        &[ATTACK],
        &["run", ATTACK],
        &["run", model, "--input", &digits, ATTACK],
        &["run", model, "--input", &digits, "--index", ATTACK],
        &["evaluate", model, "--input", &digits, "--reference", &missing],
    ] {
        assert_eq!(is_harmless(arguments), FAILED, "{arguments:?}");
    }
    // Files that are there, and are read and written.
    let copied = folder.file(&format!("{ATTACK}.npy"), fs::read(&digits).unwrap());
    let proof = folder.path(&format!("{ATTACK}\nACCEPTED in 1 ms.proof"));
    assert_eq!(is_harmless(&["prove", model, "--input", &copied, "-o", &proof]), 0);
    assert_eq!(is_harmless(&["inspect", &proof]), 0);
    let (code, stdout) = {
        let output = Command::new(env!("CARGO_BIN_EXE_tacit"))
            .args(["verify", key, &proof, "--input", &copied])
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert!(code == 0 && stdout.contains("\\u{1b}[2K\\u{d}ACCEPTED.npy"), "{stdout}");
    // Text in a file.
    let json = folder.file("x.json", "{\"\\u001b[2K\\rACCEPTED\": 1, \"input_data\": [[1]]}");
    assert_eq!(is_harmless(&["run", model, "--input", &json]), FAILED);
    let csv = folder.file("x.csv", "1,2\n3,\u{202e}x\n");
    assert_eq!(is_harmless(&["run", model, "--input", &csv]), FAILED);
}
