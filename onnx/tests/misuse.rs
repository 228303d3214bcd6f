//! Models that ONNX Runtime refuses, or computes otherwise than the importer would: each is refused, by node or by name.
//!
//! `fixtures/misuse.py` writes the models; the message of each is committed in `fixtures/misuse.txt`. With `TACIT_BLESS` set the
//! file is written anew.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use tacit_onnx::{LoadOptions, quantised};

#[test]
fn models_of_no_meaning_are_refused_by_node_or_name() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = std::fs::read_dir(fixtures.join("misuse")).unwrap().map(|entry| entry.unwrap().path());
    let mut models: Vec<PathBuf> = entries.collect();
    models.sort();
    assert!(models.len() > 50, "{models:?}");
    let mut text = String::new();
    for path in models {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let error = quantised::load(&path, &LoadOptions::default()).map(|_| ()).expect_err(&name);
        let message = error.to_string().replace(&*path.to_string_lossy(), "MODEL");
        // A node, a constant, a value or an output, by its name.
        assert!(message.contains('`'), "{name}: {message}");
        writeln!(text, "{name}: {message}").unwrap();
    }
    let list = fixtures.join("misuse.txt");
    if std::env::var_os("TACIT_BLESS").is_some() {
        std::fs::write(&list, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&list).unwrap(), text);
}
