//! Files that cannot be made again are never replaced, and no two files of a command have one place.

use std::fs;

use crate::{
    files::{DONE, FAILED, Folder, fixture},
    tacit::{LENET, inputs, tacit_json},
};

/// The command must fail with a message that holds `word`, and leave every file as it was.
fn refuses(folder: &Folder, arguments: &[&str], word: &str) {
    let files =
        || folder.names().into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>();
    let before = files();
    let (code, json) = tacit_json(arguments);
    let error = json["error"].as_str().unwrap_or_default();
    assert!(code == FAILED && error.contains(word), "{arguments:?}: {json}");
    assert!(files() == before, "{arguments:?} changed a file");
}

fn does(arguments: &[&str]) {
    let (code, json) = tacit_json(arguments);
    assert_eq!(code, DONE, "{arguments:?}: {json}");
}

fn compile<'a>(onnx: &'a str, samples: &'a str, output: &'a str) -> [&'a str; 6] {
    ["compile", onnx, "--calibrate", samples, "-o", output]
}

#[test]
fn an_opening_is_never_replaced() {
    let folder = Folder::new();
    let path = |name: &str| folder.path(name);
    let (model, x, proof) = (LENET.model.as_str(), inputs(), path("c1.proof"));
    does(&["commit-input", &x, "--model", model, "-o", &path("c1.commitment")]);
    let prove = |proof: &str| {
        refuses(
            &folder,
            &["prove", model, "--private-input", "--input", &x, "-o", proof],
            "nobody can make again",
        );
    };
    prove(&proof);
    refuses(
        &folder,
        &["commit-input", &x, "--model", model, "-o", &path("c1.commitment")],
        "nobody can make again",
    );
    // Whatever the command, and whatever the file is called.
    let moved = path("moved");
    fs::copy(path("c1.opening"), &moved).unwrap();
    for output in [&moved, &path("c1.opening"), &path("c1.commitment")] {
        refuses(&folder, &["prove", model, "--input", &x, "-o", output], "nobody can make again");
        refuses(&folder, &["run", model, "--input", &x, "--output", output], "nobody can make again");
        refuses(&folder, &["prove-key", model, "-o", output], "nobody can make again");
    }
    // A file of any content is where the opening would go.
    let other = folder.file("c2.opening", "notes");
    refuses(
        &folder,
        &["prove", model, "--private-input", "--input", &x, "-o", &path("c2.proof")],
        "c2.opening`: it exists",
    );
    fs::remove_file(other).unwrap();
    does(&["prove", model, "--private-input", "--input", &x, "-o", &path("c2.proof")]);
    // The proof can be made again, over the same commitment.
    let again =
        ["prove", model, "--private-input", "--opening", &path("c2.opening"), "-o", &path("c2.proof")];
    does(&again);
}

#[test]
fn models_with_other_extensions_have_keys_of_their_own() {
    let folder = Folder::new();
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let [first, second] = ["net.v1", "net.v2"].map(|name| folder.path(name));
    does(&compile(&onnx, &samples, &first));
    does(&[&compile(&onnx, &samples, &second)[..], &["--bits", "16"]].concat());
    assert_eq!(folder.names().len(), 4);
    for model in [&first, &second] {
        let proof = format!("{model}.proof");
        does(&["prove", model, "--input", &samples, "-o", &proof]);
        does(&["verify", &format!("{model}.vk"), &proof, "--input", &samples]);
    }
    // As documented where the extension is the usual one, and no name at all where it is the key's.
    does(&compile(&onnx, &samples, &folder.path("net.tacit")));
    assert!(fs::exists(folder.path("net.vk")).unwrap());
    refuses(&folder, &compile(&onnx, &samples, &folder.path("net.vk")), "use the extension .tacit");
}

#[test]
fn a_private_models_keys_are_never_replaced() {
    let folder = Folder::new();
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let model = folder.path("m.tacit");
    let private = [&compile(&onnx, &samples, &model)[..], &["--private-model"]].concat();
    does(&private);
    refuses(&folder, &private, "the proving key of a private model");
    refuses(&folder, &compile(&onnx, &samples, &model), "the proving key of a private model");
    fs::rename(&model, folder.path("kept")).unwrap();
    refuses(&folder, &private, "the verifying key of a private model");
    // A public model's can be made again.
    let public = folder.path("p.tacit");
    does(&compile(&onnx, &samples, &public));
    does(&compile(&onnx, &samples, &public));
}

#[test]
fn a_key_of_another_model_is_not_replaced() {
    let folder = Folder::new();
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    does(&compile(&onnx, &samples, &folder.path("k.tacit")));
    refuses(&folder, &compile(&onnx, &samples, &folder.path("k")), "the verifying key of another model");
    does(&compile(&onnx, &samples, &folder.path("k.tacit")));
}

#[test]
fn files_of_other_kinds_are_not_replaced() {
    let folder = Folder::new();
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let (model, x) = (LENET.model.as_str(), inputs());
    let kept = ["m.vk", "m.onnx"].map(|name| folder.path(name));
    fs::copy(&LENET.key, &kept[0]).unwrap();
    fs::copy(&onnx, &kept[1]).unwrap();
    for output in &kept {
        refuses(
            &folder,
            &["prove", model, "--input", &x, "-o", output],
            "a file is there that is not a proof",
        );
        refuses(&folder, &["run", model, "--input", &x, "--output", output], "that is not an array");
        refuses(&folder, &["prove-key", model, "-o", output], "that is not the proof of a key");
    }
    refuses(&folder, &compile(&onnx, &samples, &folder.file("notes", "text")), "not a compiled model");
    // Files of the command's own kind are, and empty ones.
    let proof = folder.file("x.proof", "");
    does(&["prove", model, "--input", &x, "-o", &proof]);
    does(&["prove", model, "--input", &x, "-o", &proof]);
    let values = folder.path("y.npy");
    does(&["run", model, "--input", &x, "--output", &values]);
    does(&["run", model, "--input", &x, "--output", &values]);
}

#[test]
fn no_two_outputs_have_one_place() {
    let folder = Folder::new();
    let x = inputs();
    let (plain, dotted) = (folder.path("x.commitment"), folder.path("./x.commitment"));
    let commit = |opening: &str| {
        let arguments = ["commit-input", &x, "--model", &LENET.key, "-o", &plain, "--opening", opening];
        refuses(&folder, &arguments, "twice");
    };
    commit(&plain);
    commit(&dotted);
    #[cfg(unix)]
    {
        let other = Folder::new();
        let link = other.path("link");
        std::os::unix::fs::symlink(folder.path(""), &link).unwrap();
        commit(&format!("{link}/x.commitment"));
    }
    for (name, word) in [("p.commitment", "the commitment"), ("p.opening", "its opening")] {
        let arguments = ["prove", &LENET.model, "--private-input", "--input", &x, "-o", &folder.path(name)];
        refuses(&folder, &arguments, word);
    }
}
