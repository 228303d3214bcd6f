//! Private inputs: commitments, proofs over them, and what is refused.

use std::fs;

use serde_json::Value;

use crate::{
    files::{DONE, FAILED, Folder, REJECTED, fixture, npy},
    tacit::{LENET, done, inputs, tacit, tacit_json},
};

const COMMIT: [&str; 6] = ["shape", "digest", "rows", "commitment", "opening", "input"];
const COMMITMENT: [&str; 6] = ["kind", "digest", "file_bytes", "input_shape", "rows", "row_length"];

/// A `.npy` file of uint8.
fn bytes_npy(shape: &[usize], values: &[u8]) -> Vec<u8> {
    let floats = npy(shape, &[]);
    let header = String::from_utf8_lossy(&floats[10..]).replace("<f4", "|u1");
    [&floats[..10], header.as_bytes(), values].concat()
}

/// A digit as integers, and its commitment and opening.
fn committed(folder: &Folder, name: &str, seed: u8) -> (String, String) {
    let pixels: Vec<u8> = (0..28 * 28_u32).map(|i| (i * u32::from(seed) % 17) as u8).collect();
    let input = folder.file(&format!("{name}.npy"), bytes_npy(&[1, 28, 28], &pixels));
    let commitment = folder.path(&format!("{name}.commitment"));
    done(&["commit-input", &input, "-o", &commitment], &COMMIT);
    (commitment, folder.path(&format!("{name}.opening")))
}

fn verify(arguments: &[&str]) -> (i32, Value) {
    tacit_json(&[&["verify"], arguments].concat())
}

fn rejects(arguments: &[&str], with: &str) {
    let (code, json) = verify(arguments);
    let reason = json["reason"].as_str().unwrap_or_default();
    assert!(code == REJECTED && reason.contains(with), "{arguments:?}: {json}");
}

fn fails(arguments: &[&str], with: &str) {
    let (code, json) = tacit_json(arguments);
    let error = json["error"].as_str().unwrap_or_default();
    assert!(code == FAILED && error.contains(with), "{arguments:?}: {json}");
}

#[cfg(unix)]
fn mode(path: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn proves_over_a_commitment_written_beside_the_proof() {
    let folder = Folder::new();
    let proof = folder.path("p.proof");
    let arguments =
        ["prove", &LENET.model, "--private-input", "--input", &inputs(), "--index", "3", "-o", &proof];
    let (code, proven) = tacit_json(&arguments);
    assert_eq!(code, DONE, "{proven}");
    let (commitment, opening) = (folder.path("p.commitment"), folder.path("p.opening"));
    assert_eq!(folder.names().len(), 3);
    #[cfg(unix)]
    assert_eq!((mode(&opening), mode(&proof) & 0o600), (0o600, 0o600));
    for given in [&[][..], &["--input-commitment", &commitment]] {
        let (code, json) = verify(&[&[LENET.key.as_str(), &proof], given].concat());
        assert_eq!(code, DONE, "{json}");
        assert_eq!(json["output"], proven["output"]);
        assert_eq!(json["input_commitment"], proven["input_commitment"]);
        assert_eq!(json["input_source"], if given.is_empty() { "carried" } else { "given" });
    }
    // The answer is the public setting's.
    let (_, public) = tacit_json(&["run", &LENET.model, "--input", &inputs(), "--index", "3"]);
    assert_eq!(public["output"], proven["output"]);
    // The input is in the opening, and nowhere else.
    let (opening, file) = (fs::read(&opening).unwrap(), fs::read(&proof).unwrap());
    let row = opening[200..].windows(24).find(|bytes| bytes.iter().filter(|x| **x > 1).count() > 8).unwrap();
    assert!(!file.windows(24).any(|bytes| bytes == row));
}

#[test]
fn two_models_prove_their_answers_over_one_commitment() {
    let folder = Folder::new();
    let (commitment, opening) = committed(&folder, "digit", 3);
    let (onnx, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let (other, other_key) = (folder.path("other.tacit"), folder.path("other.vk"));
    let minmax = ["--calibration", "minmax", "-o", &other];
    let arguments = [&["compile", onnx.as_str(), "--calibrate", &samples][..], &minmax].concat();
    assert_eq!(tacit(arguments).0, DONE);
    for (name, model, key) in [("a", &LENET.model, &LENET.key), ("b", &other, &other_key)] {
        let proof = folder.path(&format!("{name}.proof"));
        let (code, json) =
            tacit_json(&["prove", model, "--private-input", "--opening", &opening, "-o", &proof]);
        assert_eq!(code, DONE, "{json}");
        assert_eq!(verify(&[key, &proof, "--input-commitment", &commitment]).0, DONE);
    }
    rejects(&[&LENET.key, &folder.path("b.proof"), "--input-commitment", &commitment], "another key");
}

#[test]
fn rejects_other_commitments_and_the_other_setting() {
    let folder = Folder::new();
    let (commitment, opening) = committed(&folder, "digit", 3);
    let (other, _) = committed(&folder, "other", 5);
    let proof = folder.path("p.proof");
    let arguments = ["prove", &LENET.model, "--private-input", "--opening", &opening, "-o", &proof];
    assert_eq!(tacit_json(&arguments).0, DONE);
    rejects(&[&LENET.key, &proof, "--input-commitment", &other], "another commitment");
    rejects(&[&LENET.key, &proof, "--input", &inputs()], "a private input");
    rejects(&[&LENET.key, &LENET.proof, "--input-commitment", &commitment], "a public input");
    // The same integers committed to again.
    let (again, _) = committed(&folder, "again", 3);
    rejects(&[&LENET.key, &proof, "--input-commitment", &again], "another commitment");
    // Another commitment carried in the proof's file.
    let [mut file, from, to] = [&proof, &commitment, &other].map(|path| fs::read(path).unwrap());
    let at = file.windows(from.len()).position(|bytes| bytes == from).unwrap();
    file[at..at + to.len()].copy_from_slice(&to);
    let swapped = folder.file("swapped.proof", file);
    rejects(&[&LENET.key, &swapped, "--input-commitment", &other], "masked messages");
    rejects(&[&LENET.key, &swapped], "masked messages");
}

#[test]
fn commits_to_integers_as_they_are_and_to_real_numbers_by_a_models_scale() {
    let folder = Folder::new();
    let path = |name: &str| folder.path(name);
    let many = folder.file("many.npy", bytes_npy(&[2, 1, 28, 28], &[7; 2 * 28 * 28]));
    let json = done(&["commit-input", &many, "--index", "1", "-o", &path("a.commitment")], &COMMIT);
    assert_eq!(json["shape"], serde_json::json!([1, 28, 28]));
    assert_eq!(json["rows"], 7);
    let whole = done(&["commit-input", &many, "-o", &path("b.commitment")], &COMMIT);
    assert_eq!(whole["shape"], serde_json::json!([2, 1, 28, 28]));
    for (name, model) in [("c", &LENET.key), ("d", &LENET.model)] {
        let output = path(&format!("{name}.commitment"));
        let arguments = ["commit-input", &inputs(), "--model", model, "--index", "4", "-o", &output];
        assert_eq!(done(&arguments, &COMMIT)["shape"], serde_json::json!([1, 28, 28]));
        #[cfg(unix)]
        assert_eq!(mode(&path(&format!("{name}.opening"))), 0o600);
    }
    let (x, out) = (inputs(), path("x.commitment"));
    fails(&["commit-input", &x, "-o", &out], "--model MODEL.vk");
    fails(&["commit-input", &x, "--model", &LENET.key, "--index", "1000", "-o", &out], "--index must be");
    fails(&["commit-input", &many, "--index", "2", "-o", &out], "--index must be below");
    fails(&["commit-input", &many, "--model", &LENET.proof, "-o", &out], "as a model");
    fails(&["commit-input", &many, "-o", &path("x.opening")], "that name is for the opening");
    fails(&["commit-input", &many, "-o", &many], "also an input");
    fails(&["commit-input", &path("nothing.npy"), "-o", &out], "check the path");
    assert!(!folder.names().contains(std::path::Path::new(&out)));
}

#[test]
fn refuses_what_does_not_fit() {
    let folder = Folder::new();
    let (commitment, opening) = committed(&folder, "digit", 3);
    let proof = folder.path("p.proof");
    let model = LENET.model.as_str();
    let prove = |rest: &[&str], with: &str| {
        fails(&[&["prove", model], rest, &["-o", &proof]].concat(), with);
    };
    prove(&["--private-input", "--opening", &commitment], "as an input's opening");
    prove(&["--private-input", "--opening", &opening, "--input", &inputs()], "given more than once");
    prove(&["--opening", &opening], "--private-input");
    prove(&["--private-input"], "--input <[NAME=]X.npy>");
    let wide = folder.file("wide.npy", bytes_npy(&[28, 28], &[1; 28 * 28]));
    let out = folder.path("wide.commitment");
    assert_eq!(tacit_json(&["commit-input", &wide, "-o", &out]).0, DONE);
    prove(&["--private-input", "--opening", &folder.path("wide.opening")], "has shape [28, 28]");
    let (code, json) = verify(&[&LENET.key, &LENET.proof, "--input-commitment", &opening]);
    assert!(code == FAILED && json["error"].as_str().unwrap().contains("as an input's commitment"), "{json}");
    let (code, _) =
        verify(&[&LENET.key, &LENET.proof, "--input-commitment", &commitment, "--input", &inputs()]);
    assert_eq!(code, FAILED);
    fails(
        &["prove", model, "--private-input", "--input", &inputs(), "-o", &folder.path("q.commitment")],
        "use the extension .proof",
    );
}

#[test]
fn inspect_shows_commitments_and_no_secret() {
    let folder = Folder::new();
    let (commitment, opening) = committed(&folder, "digit", 3);
    let shown = done(&["inspect", &commitment], &COMMITMENT);
    assert_eq!((&shown["kind"], &shown["row_length"]), (&"input commitment".into(), &128.into()));
    let secret = done(&["inspect", &opening], &COMMITMENT);
    assert_eq!((&secret["digest"], &secret["rows"]), (&shown["digest"], &7.into()));
    let proof = folder.path("p.proof");
    let arguments = ["prove", &LENET.model, "--private-input", "--opening", &opening, "-o", &proof];
    assert_eq!(tacit_json(&arguments).0, DONE);
    let (code, json) = tacit_json(&["inspect", &proof, "--key", &LENET.key]);
    assert_eq!(code, DONE, "{json}");
    assert_eq!(json["inputs"][0]["commitment"], shown["digest"]);
    assert!(json["soundness_bits"].as_f64().unwrap() > 100.0);
    let (code, text, _) = tacit(["inspect", &proof]);
    assert!(code == DONE && text.contains("with the input's commitment"), "{text}");
}
