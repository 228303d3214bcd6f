//! Tells the program which commit it is built from.

use std::process::Command;

/// Folders whose files make up the program.
const SOURCES: [&str; 9] =
    ["algebra", "benches", "cli", "inference", "layers", "onnx", "prover", "transcript", "verifier"];

fn main() {
    for folder in SOURCES {
        println!("cargo::rerun-if-changed=../{folder}");
    }
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) =
            git(&["rev-parse", "--git-path", file]).filter(|path| std::fs::exists(path).is_ok_and(|is| is))
        {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    if let Some(commit) = git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]) {
        println!("cargo::rustc-env=TACIT_COMMIT={commit}");
    }
}

/// What git says; nothing outside a repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
}
