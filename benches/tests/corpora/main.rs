//! The committed corpora of the fuzz targets, replayed by the targets themselves: what fuzzing found once stays mended, and
//! nothing takes more memory than its bytes may ask for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{fs, path::Path};

use tacit_cli::npy;

#[path = "../../../fuzz/src/differential.rs"]
mod differential;
#[path = "../../../fuzz/src/hiding.rs"]
mod hiding;
#[path = "../../../fuzz/src/lookups.rs"]
mod lookups;
#[path = "../../../fuzz/src/memory.rs"]
mod memory;
#[path = "../../../prover/tests/support/naive.rs"]
mod naive;
#[path = "../../../fuzz/src/source.rs"]
mod networks;
#[path = "../../../fuzz/src/proofs.rs"]
mod proofs;
#[path = "../../../prover/tests/support/random.rs"]
#[expect(dead_code, reason = "networks are drawn from bytes, not from a seed")]
mod random;
#[path = "../../../fuzz/src/script.rs"]
mod script;
#[path = "../../../fuzz/src/targets.rs"]
mod targets;
#[path = "../../../prover/tests/support/tiny.rs"]
mod tiny;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Bytes of all corpora together: a corpus is committed minimised.
const MAX_CORPORA: u64 = 200 << 10;

fn corpora() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus"))
}

#[test]
fn every_target_holds_on_its_corpus() {
    let mut total = 0;
    for (name, target) in targets::ALL {
        let folder = corpora().join(name);
        let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{}", folder.display());
        for file in files {
            eprintln!("{}", file.display());
            let data = fs::read(&file).unwrap();
            total += data.len() as u64;
            targets::bounded(name, *target, &data);
        }
    }
    assert!(total <= MAX_CORPORA, "{total} bytes: minimise the corpora");
}

#[test]
fn every_corpus_and_every_program_has_its_target() {
    let names: Vec<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    let found = |folder: &Path| -> Vec<String> {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    for folder in [corpora().to_owned(), corpora().with_file_name("fuzz_targets")] {
        let mut found = found(&folder);
        found.sort();
        let mut expected = names.clone();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", folder.display());
    }
}
