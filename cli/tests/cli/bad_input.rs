//! Mistakes: exit code 2, a message that names the thing, and no file left.

use std::fs;

use crate::{
    files::{FAILED, Folder, assert_keys, fixture, npy},
    tacit::{LENET, inputs, tacit, tacit_json},
};

/// The command must fail with a message that holds every one of `words`, and leave `folder` as it was.
fn fails(folder: &Folder, arguments: &[&str], words: &[&str]) {
    let before = folder.names();
    let (code, json) = tacit_json(arguments);
    assert_eq!(code, FAILED, "{arguments:?}: {json}");
    assert_keys(&json, &["error"]);
    let message = json["error"].as_str().unwrap();
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
    assert_eq!(folder.names(), before);

    let (code, stdout, stderr) = tacit(arguments);
    assert_eq!((code, stdout.as_str()), (FAILED, ""));
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert_eq!(folder.names(), before);
}

fn prove_fails(folder: &Folder, model: &str, input: &str, index: &str, words: &[&str]) {
    fails(folder, &["run", model, "--input", input, "--index", index], words);
    fails(
        folder,
        &["prove", model, "--input", input, "--index", index, "-o", &folder.path("p.proof")],
        words,
    );
}

fn compile_fails(folder: &Folder, onnx: &str, calibration: &str, words: &[&str]) {
    fails(folder, &["compile", onnx, "--calibrate", calibration, "-o", &folder.path("m.tacit")], words);
}

fn lenet() -> (String, String) {
    (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"))
}

#[test]
fn names_the_arguments_that_there_are() {
    let (folder, (onnx, samples)) = (Folder::new(), lenet());
    let compile = ["compile", &onnx, "--calibrate", &samples, "-o", &folder.path("m.tacit")];
    fails(
        &folder,
        &[&compile[..], &["--conv", "sumcheck"]].concat(),
        &["--conv", "sumcheck", "auto", "direct"],
    );
    fails(
        &folder,
        &[&compile[..], &["--matmul", "direct"]].concat(),
        &["--matmul", "direct", "auto", "sumcheck"],
    );
    fails(&folder, &[&compile[..], &["--conv", ""]].concat(), &["--conv"]);
}

#[test]
fn names_the_precisions_that_there_are() {
    let (folder, (onnx, samples)) = (Folder::new(), lenet());
    let compile = ["compile", &onnx, "--calibrate", &samples, "-o", &folder.path("m.tacit")];
    for (flags, words) in [
        (&["--bits", "12"][..], &["--bits", "12", "auto", "8", "16"][..]),
        (&["--bits", "8", "--target-snr", "30"], &["--target-snr", "--bits auto"]),
        (&["--target-snr", "121"], &["--target-snr", "121", "120"]),
        (&["--calibration", "max"], &["--calibration", "max", "minmax", "percentile", "mse"]),
        (&["--percentile", "99"], &["--percentile", "--calibration percentile"]),
        (&["--calibration", "percentile", "--percentile", "0"], &["--percentile", "0", "above 0"]),
        (&["--calibration", "percentile", "--percentile", "100.5"], &["--percentile", "at most 100"]),
        (&["--calibration", "percentile", "--percentile", "NaN"], &["--percentile", "at most 100"]),
        (&["--calibration", "percentile", "--percentile", "many"], &["--percentile", "many"]),
    ] {
        fails(&folder, &[&compile[..], flags].concat(), words);
    }
}

#[test]
fn measures_models_only() {
    let folder = Folder::new();
    for file in [&LENET.key, &LENET.proof] {
        fails(&folder, &["inspect", file, "--measure", &inputs()], &[file, "--measure", ".tacit"]);
    }
    fails(&folder, &["inspect", &LENET.model, "--index", "3"], &["--measure"]);
    fails(&folder, &["inspect", &LENET.model, "--measure", &inputs(), "--index", "100"], &["--index", "99"]);
}

#[test]
fn names_a_missing_file() {
    let folder = Folder::new();
    let (onnx, samples) = lenet();
    let (missing, proof) = (folder.path("missing"), folder.path("p.proof"));
    compile_fails(&folder, &missing, &samples, &[&missing]);
    compile_fails(&folder, &onnx, &missing, &[&missing]);
    prove_fails(&folder, &missing, &inputs(), "0", &[&missing]);
    prove_fails(&folder, &LENET.model, &missing, "0", &[&missing]);
    fails(&folder, &["verify", &missing, &LENET.proof], &[&missing]);
    fails(&folder, &["verify", &LENET.key, &missing], &[&missing]);
    fails(&folder, &["verify", &LENET.key, &LENET.proof, "--input", &missing], &[&missing]);
    fails(&folder, &["evaluate", &LENET.model, "--input", &inputs(), "--labels", &missing], &[&missing]);
    fails(&folder, &["inspect", &missing], &[&missing]);
    fails(&folder, &["inspect", &folder.path("")], &["directory"]);
    fails(&folder, &["prove", &LENET.model, "--input", &folder.path(""), "-o", &proof], &["directory"]);
}

#[test]
fn names_both_shapes_when_they_differ() {
    let folder = Folder::new();
    for shape in [&[784][..], &[2, 784], &[1, 28, 27], &[2, 3, 28, 28]] {
        let input = folder.file("x.npy", npy(shape, &vec![0.5; shape.iter().product()]));
        let words = [&input, "[1, 28, 28]", &format!("{shape:?}")];
        prove_fails(&folder, &LENET.model, &input, "0", &words);
        compile_fails(&folder, &lenet().0, &input, &words);
    }
    let empty = folder.file("x.npy", npy(&[0, 1, 28, 28], &[]));
    prove_fails(&folder, &LENET.model, &empty, "0", &["no sample"]);
}

#[test]
fn names_the_place_of_a_number_that_is_not_finite() {
    let folder = Folder::new();
    for (value, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let mut values = vec![0.5; 2 * 784];
        values[784 + 17] = value;
        let input = folder.file("x.npy", npy(&[2, 1, 28, 28], &values));
        let words = [&input, "sample 1", name, "position 17"];
        prove_fails(&folder, &LENET.model, &input, "1", &words);
        compile_fails(&folder, &lenet().0, &input, &words);
        fails(&folder, &["evaluate", &LENET.model, "--input", &input], &words);
    }
}

#[test]
fn names_the_number_of_samples_when_the_index_is_beyond() {
    let folder = Folder::new();
    prove_fails(&folder, &LENET.model, &inputs(), "100", &["100 samples", "at most 99"]);
    let arguments = ["verify", &LENET.key, &LENET.proof, "--input", &inputs(), "--index", "100"];
    fails(&folder, &arguments, &["at most 99"]);
    fails(&folder, &["demo", "--digit", "100"], &["at most 99"]);
}

#[test]
fn refuses_damaged_npy_files() {
    let folder = Folder::new();
    let whole = fs::read(inputs()).unwrap();
    for content in [&b"not npy"[..], b"", &whole[..100], &whole[..whole.len() - 1]] {
        let input = folder.file("x.npy", content);
        prove_fails(&folder, &LENET.model, &input, "0", &[&input]);
    }
    // A header that promises more than any memory holds.
    let input = folder.file("x.npy", npy(&[1 << 40, 1, 28, 28], &[0.5; 784]));
    prove_fails(&folder, &LENET.model, &input, "0", &[&input]);
}

#[test]
fn refuses_labels_and_references_that_do_not_fit_the_samples() {
    let folder = Folder::new();
    let labels = folder.file("y.npy", npy(&[2], &[1.0, 2.0]));
    let evaluate = ["evaluate", &LENET.model, "--input", &inputs()];
    fails(&folder, &[&evaluate[..], &["--labels", &labels]].concat(), &[&labels, "int64"]);
    fails(&folder, &[&evaluate[..], &["--reference", &labels]].concat(), &[&labels, "[2]"]);
    let one = folder.file("x.npy", npy(&[1, 28, 28], &[0.5; 784]));
    let labels = fixture("lenet5_digits/labels.npy");
    let arguments = ["evaluate", &LENET.model, "--input", &one, "--labels", &labels];
    fails(&folder, &arguments, &["100 labels", "1 samples"]);
}

#[test]
fn refuses_models_that_are_not_whole_or_not_onnx() {
    let folder = Folder::new();
    let (onnx, samples) = lenet();
    let whole = fs::read(onnx).unwrap();
    for content in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &whole[..10], b"", b"not ONNX"] {
        let path = folder.file("m.onnx", content);
        compile_fails(&folder, &path, &samples, &[&path]);
    }
}

#[test]
fn names_an_operator_it_does_not_support() {
    let folder = Folder::new();
    let (onnx, samples) = lenet();
    let text = fs::read(onnx).unwrap();
    for name in [b"Blah", b"Trxl"] {
        let mut changed = text.clone();
        let positions = (0..text.len() - 4).filter(|&at| text[at..].starts_with(b"\x22\x04Relu"));
        let mut count = 0;
        for at in positions {
            changed[at + 2..at + 6].copy_from_slice(name);
            count += 1;
        }
        assert!(count > 0);
        let path = folder.file("m.onnx", changed);
        compile_fails(&folder, &path, &samples, &[&path, std::str::from_utf8(name).unwrap()]);
    }
}

#[test]
fn refuses_files_of_another_version() {
    let folder = Folder::new();
    for (file, command) in [(&LENET.model, "run"), (&LENET.key, "verify")] {
        let mut bytes = fs::read(file).unwrap();
        bytes[8] += 1;
        let path = folder.file("old", bytes);
        let words = [&path, "version 2", "reads version 1", "compile the model again"];
        match command {
            "run" => prove_fails(&folder, &path, &inputs(), "0", &words),
            _ => fails(&folder, &["verify", &path, &LENET.proof], &words),
        }
        fails(&folder, &["inspect", &path], &words);
    }
}

#[test]
fn says_which_kind_of_file_was_given_in_place_of_another() {
    let folder = Folder::new();
    let (model, key, proof) = (LENET.model.as_str(), LENET.key.as_str(), LENET.proof.as_str());
    prove_fails(&folder, key, &inputs(), "0", &[key, "it is a verifying key", ".tacit"]);
    prove_fails(&folder, proof, &inputs(), "0", &[proof, "it is a proof", ".tacit"]);
    prove_fails(&folder, &inputs(), &inputs(), "0", &["does not begin as a Tacit file does"]);
    fails(&folder, &["verify", model, proof], &[model, "it is a compiled model", ".vk"]);
    fails(&folder, &["verify", proof, key], &[proof, "it is a proof", ".vk"]);
    fails(&folder, &["verify", key, model], &[model, "it is a compiled model", "tacit prove"]);
    fails(&folder, &["verify", key, key], &[key, "it is a verifying key", "tacit prove"]);
    fails(&folder, &["inspect", &inputs()], &["does not begin as a Tacit file does"]);
    fails(&folder, &["inspect", model, "--key", key], &[model, "--key"]);
    fails(&folder, &["prove", model, "--input", proof, "-o", &folder.path("p")], &[proof, "not a .npy"]);
}

#[test]
fn refuses_output_paths_it_cannot_write() {
    let folder = Folder::new();
    let (onnx, samples) = lenet();
    let file = folder.file("file", "");
    let copy = folder.file("copy.npy", fs::read(inputs()).unwrap());
    let directory = folder.path("directory");
    fs::create_dir(&directory).unwrap();
    fs::create_dir(folder.path("m.vk")).unwrap();
    let outputs = [
        (folder.path("missing/p"), "missing"),
        (format!("{file}/p"), "file"),
        (directory, "directory"),
        ("/dev/null".to_owned(), "regular file"),
        (copy.clone(), "input of this command"),
    ];
    for (output, word) in &outputs {
        fails(&folder, &["prove", &LENET.model, "--input", &copy, "-o", output], &[output, word]);
        fails(&folder, &["run", &LENET.model, "--input", &copy, "--output", output], &[output, word]);
    }
    for (output, word) in &outputs[..4] {
        fails(&folder, &["compile", &onnx, "--calibrate", &samples, "-o", output], &[output, word]);
    }
    let model = folder.path("m.tacit");
    fails(&folder, &["compile", &onnx, "--calibrate", &samples, "-o", &model], &["m.vk", "directory"]);
    let key = folder.path("x.vk");
    fails(&folder, &["compile", &onnx, "--calibrate", &samples, "-o", &key], &[&key, ".tacit"]);
}

#[test]
fn command_lines_it_does_not_know_fail_in_json_too() {
    let commands: [&[&str]; 6] = [
        &[],
        &["blah"],
        &["run"],
        &["demo", "--threads", "0"],
        &["run", "m", "--input", "x", "--all", "--index", "1"],
        &["verify", "k", "p", "--index", "1"],
    ];
    for arguments in commands {
        let (code, json) = tacit_json(arguments);
        assert_eq!(code, FAILED);
        assert_keys(&json, &["error"]);
        let (code, stdout, stderr) = tacit(arguments);
        assert_eq!((code, stdout.as_str()), (FAILED, ""));
        assert!(!stderr.is_empty());
    }
    assert_eq!(tacit(["--help"]).0, 0);
    assert_eq!(tacit(["--version"]).0, 0);
}
