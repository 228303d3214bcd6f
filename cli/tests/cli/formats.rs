//! Samples and labels as JSON and CSV.

use std::fs;

use crate::{
    files::{DONE, FAILED, Folder, fixture},
    tacit::{LENET, inputs, tacit_json},
};

/// The values of the test digits' file, sample by sample.
fn digits() -> Vec<Vec<f32>> {
    let bytes = fs::read(inputs()).unwrap();
    let data = &bytes[bytes.len() - 100 * 784 * 4..];
    let values: Vec<f32> = data.chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect();
    values.chunks_exact(784).map(<[f32]>::to_vec).collect()
}

fn list(sample: &[f32]) -> String {
    sample.iter().map(f32::to_string).collect::<Vec<_>>().join(",")
}

fn argmax(arguments: &[&str]) -> serde_json::Value {
    let (code, json) = tacit_json(arguments);
    assert_eq!(code, DONE, "{arguments:?}: {json}");
    json["argmax"].clone()
}

#[test]
fn json_and_csv_are_read_wherever_npy_is() {
    let folder = Folder::new();
    let digits = digits();
    let rows = digits.iter().take(3).map(|sample| list(sample)).collect::<Vec<_>>();
    let csv = folder.file("x.csv", rows.join("\n"));
    let json = folder.file("x.json", format!("{{\"input_data\": [[{}]]}}", rows.join(",")));
    let shaped = format!("{{\"input_shapes\": [[1, 28, 28]], \"input_data\": [[{}]]}}", rows[2]);
    let one = folder.file("one.json", shaped);
    let expected = argmax(&["run", &LENET.model, "--input", &inputs(), "--index", "2"]);
    for (path, index) in [(&csv, "2"), (&json, "2"), (&one, "0")] {
        let run = ["run", &LENET.model, "--input", path, "--index", index];
        assert_eq!(argmax(&run), expected, "{path}");
        let proof = format!("{path}.proof");
        argmax(&["prove", &LENET.model, "--input", path, "--index", index, "-o", &proof]);
        // The same integers, whichever file they came from.
        let verify = ["verify", &LENET.key, &proof, "--input", &inputs(), "--index", "2"];
        assert_eq!(tacit_json(&verify).1["accepted"], true);
        let verify = ["verify", &LENET.key, &proof, "--input", path, "--index", index];
        assert_eq!(tacit_json(&verify).1["accepted"], true);
    }
    let labels = folder.file("y.csv", "label\n7\n2\n1\n");
    let (code, facts) = tacit_json(&["evaluate", &LENET.model, "--input", &csv, "--labels", &labels]);
    assert_eq!((code, &facts["samples"]), (DONE, &3.into()), "{facts}");
    // Calibration from text gives the key that calibration from an array gives.
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let bytes = fs::read(&samples).unwrap();
    let count = 100;
    let values: Vec<f32> = bytes[bytes.len() - count * 784 * 4..]
        .chunks_exact(4)
        .map(|x| f32::from_le_bytes(x.try_into().unwrap()))
        .collect();
    let lines = values.chunks_exact(784).map(list).collect::<Vec<_>>().join("\n");
    let text = folder.file("calibration.csv", lines);
    let [a, b] = ["a.tacit", "b.tacit"].map(|name| folder.path(name));
    for (calibrate, output) in [(&samples, &a), (&text, &b)] {
        assert_eq!(tacit_json(&["compile", &onnx, "--calibrate", calibrate, "-o", output]).0, DONE);
    }
    assert_eq!(fs::read(folder.path("a.vk")).unwrap(), fs::read(folder.path("b.vk")).unwrap());
}

#[test]
fn integers_of_text_are_committed_to_as_they_are() {
    let folder = Folder::new();
    let csv = folder.file("x.csv", "1,2,3\n4,5,6\n");
    let output = folder.path("x.commitment");
    let (code, json) = tacit_json(&["commit-input", &csv, "--index", "1", "-o", &output]);
    assert_eq!((code, &json["shape"]), (DONE, &serde_json::json!([3])), "{json}");
    let real = folder.file("r.csv", "1,2.5\n");
    let (code, json) = tacit_json(&["commit-input", &real, "-o", &folder.path("r.commitment")]);
    assert!(code == FAILED && json["error"].as_str().unwrap().contains("--model MODEL.vk"), "{json}");
}

#[test]
fn another_kind_of_file_is_not_called_damaged() {
    let folder = Folder::new();
    for (content, words) in [
        (&b"\x89PNG\r\n\x1a\n\0\0"[..], &["not a .npy, .npz, JSON or CSV file", "PNG"][..]),
        (b"hello", &["not a .npy, .npz, JSON or CSV file", "`hello`"]),
        (b"{\"input_data\": [[1, 2], [3]]}", &["lists differ"]),
        (b"{\"inputs\": [[1, 2]]}", &["EZKL", "unknown field `inputs`"]),
        (b"1,2\n3,x\n", &["field 2 of line 2"]),
        (b"{\"input_data\": [[1, 2]]}", &["[2]", "[1, 28, 28]"]),
    ] {
        let path = folder.file("x", content);
        let (code, json) = tacit_json(&["run", &LENET.model, "--input", &path]);
        let error = json["error"].as_str().unwrap();
        assert_eq!(code, FAILED, "{json}");
        for word in words.iter().chain([&path.as_str()]) {
            assert!(error.contains(word), "`{word}` is not in {error}");
        }
        assert!(!error.contains("damaged"), "{error}");
    }
    let damaged = folder.file("x.npy", &fs::read(inputs()).unwrap()[..1000]);
    let (_, json) = tacit_json(&["run", &LENET.model, "--input", &damaged]);
    assert!(json["error"].as_str().unwrap().contains("damaged"), "{json}");
}
