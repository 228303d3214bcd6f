//! The proofs that the prover's known answers are, checked by what verifiers link and nothing else.
//!
//! Without default features this is the smallest build: no threads, no vector kernels, no `unsafe` of Tacit's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use tacit_layers::{InputCommitment, ProofFile, VerifyingKey, proof::statement::Input};
use tacit_verifier::verify_statement;

/// A committed proof and what lies beside it.
struct Committed {
    name: String,
    key: Vec<u8>,
    proof: Vec<u8>,
    /// What each input is to be, in order.
    inputs: Vec<Vec<u8>>,
}

fn committed() -> Vec<Committed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../prover/tests/known_answers");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut proofs: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "bin")).collect();
    proofs.sort();
    let read = |path: &Path, ending| fs::read(path.with_extension(ending)).unwrap();
    let proof = |path: &Path| Committed {
        name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        key: read(path, "key"),
        proof: [read(path, "statement"), read(path, "bin")].concat(),
        inputs: match fs::read(path.with_extension("input")) {
            Ok(input) => vec![input],
            Err(_) => (0..).map_while(|i| fs::read(path.with_extension(format!("input{i}"))).ok()).collect(),
        },
    };
    proofs.iter().map(|path| proof(path)).collect()
}

#[test]
fn accepts_every_committed_proof_about_its_input() {
    let proofs = committed();
    assert!(proofs.len() >= 14, "{} proofs", proofs.len());
    assert!(proofs.iter().any(|proof| proof.inputs.len() == 3));
    for Committed { name, key, proof, inputs } in proofs {
        let key = VerifyingKey::from_bytes(&key).unwrap();
        let file = ProofFile::from_bytes(&proof).unwrap();
        assert_eq!(file.inputs.len(), inputs.len(), "{name}");
        for (carried, input) in file.statement().inputs.into_iter().zip(&inputs) {
            match carried {
                Input::Public(carried) => {
                    let bytes: Vec<u8> = carried.data().iter().flat_map(|x| x.to_le_bytes()).collect();
                    assert_eq!(&bytes, input, "{name}");
                }
                Input::Committed(carried) => {
                    assert_eq!(InputCommitment::from_bytes(input).as_ref(), Ok(carried), "{name}");
                }
            }
        }
        assert_eq!(file.key_digest, *key.digest(), "{name}");
        let accepted = verify_statement(&key, &file.statement(), &file.proof).map(|_| ());
        assert_eq!(accepted, Ok(()), "{name}");
    }
}

#[test]
fn rejects_every_committed_proof_with_a_bit_changed() {
    for Committed { name, key, proof, .. } in committed() {
        let key = VerifyingKey::from_bytes(&key).unwrap();
        let file = ProofFile::from_bytes(&proof).unwrap();
        let whole = &file.proof;
        // The lowest bit of a scalar leaves it reduced; of a point it changes the coordinate.
        for element in (0..whole.len()).step_by(7 * 32) {
            let mut changed = whole.clone();
            changed[element] ^= 1;
            let accepted = verify_statement(&key, &file.statement(), &changed).is_ok();
            assert!(!accepted, "{name}, byte {element}");
        }
    }
}

/// The program `examples/verify.rs`, which cargo builds beside this test.
fn verdict(files: &[&Path]) -> (Option<i32>, String) {
    let test = env::current_exe().unwrap();
    let program =
        test.ancestors().nth(2).unwrap().join("examples/verify").with_extension(env::consts::EXE_EXTENSION);
    assert!(program.exists(), "build the examples: {} is missing", program.display());
    let output = Command::new(program).args(files).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_smallest_program_tells_its_verdict_of_every_committed_proof() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("committed_proofs");
    fs::create_dir_all(&folder).unwrap();
    let write = |name: String, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let proofs = committed();
    for Committed { name, key, proof, inputs } in &proofs {
        let key = write(format!("{name}.key"), key);
        let file = write(format!("{name}.proof"), proof);
        let given = inputs.iter().enumerate().map(|(i, input)| write(format!("{name}.input{i}"), input));
        let given: Vec<PathBuf> = given.collect();
        let with = |inputs: &[PathBuf]| {
            let files: Vec<&Path> = [&key, &file].into_iter().chain(inputs).map(PathBuf::as_path).collect();
            verdict(&files)
        };
        let (code, text) = with(&given);
        assert_eq!(code, Some(0), "{name}: {text}");
        assert!(text.starts_with("ACCEPTED\nmodel: ") && text.contains(": given\noutput "), "{text}");
        let (code, text) = verdict(&[&key, &file]);
        assert_eq!(code, Some(0), "{name}: {text}");
        let carried = text.matches(": carried by the proof, compared with nothing\n").count();
        assert_eq!(carried, inputs.len(), "{text}");

        let mut changed = proof.clone();
        *changed.last_mut().unwrap() ^= 1;
        let changed = write(format!("{name}.changed"), &changed);
        assert_eq!(verdict(&[&key, &changed]).0, Some(1), "{name}");
        for (i, input) in inputs.iter().enumerate() {
            let mut changed = given.clone();
            changed[i] = write(format!("{name}.shorter{i}"), &input[..input.len() - 1]);
            assert_eq!(with(&changed).0, Some(1), "{name}");
        }
        if let [first, second, ..] = given.as_slice() {
            assert_eq!(with(std::slice::from_ref(first)).0, Some(2), "{name}: one input of several");
            assert_ne!(with(&[second.clone(), first.clone()]).0, Some(0), "{name}");
        }
        // A proof is no key.
        assert_eq!(verdict(&[&file, &file]).0, Some(2), "{name}");
    }
    let [first, second] = [0, 1].map(|i: usize| folder.join(format!("{}.key", proofs[i].name)));
    let (code, text) = verdict(&[&second, &first.with_extension("proof")]);
    assert!(code == Some(1) && text.starts_with("REJECTED: the proof is about another key ("), "{text}");
    assert_eq!(verdict(&[]), (Some(2), "UNDECIDED: usage: verify KEY PROOF [INPUT...]\n".to_owned()));
    assert_eq!(verdict(&[&folder.join("missing"), &first]).0, Some(2));
}
