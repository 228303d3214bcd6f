//! Figures that can be bad, and what is said when they are.

use serde_json::Value;

use crate::{
    files::{DONE, FAILED, Folder, fixture, npy},
    tacit::{LENET, tacit, tacit_json, two_outputs},
};

/// Exit code of a figure that --strict does not allow.
const POOR: i32 = 3;

/// Compiles that network.
fn compile(folder: &Folder, flags: &[&str]) -> (i32, Value) {
    let (onnx, samples, model) =
        (two_outputs("model.onnx"), two_outputs("inputs.npy"), folder.path("m.tacit"));
    tacit_json(&[&["compile", &onnx, "--calibrate", &samples, "--bits", "8", "-o", &model], flags].concat())
}

fn warnings(json: &Value) -> Vec<&str> {
    json["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap()).collect()
}

/// The first output is good, the second is noise: both are told.
fn assert_second_is_bad(json: &Value) {
    let [a, b] = &json["outputs"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!((&a["name"], &b["name"]), (&"a".into(), &"b".into()));
    let number = |output: &Value, key: &str| output[key].as_f64().unwrap();
    assert!(number(a, "signal_to_noise_db") > 30.0 && number(a, "agreement") > 0.95, "{json}");
    assert!(number(b, "signal_to_noise_db") < 10.0 && number(b, "agreement") < 0.9, "{json}");
    assert!(number(a, "relative_error") < 0.01 && number(b, "relative_error") > 0.2, "{json}");
    let warnings = warnings(json);
    assert!(warnings.len() == 2 && warnings.iter().all(|warning| warning.contains("output `b`")), "{json}");
}

#[test]
fn every_output_is_compared_with_the_float_model() {
    let folder = Folder::new();
    let (code, json) = compile(&folder, &[]);
    assert_eq!(code, DONE, "{json}");
    assert_second_is_bad(&json);
    let samples = two_outputs("inputs.npy");
    let (onnx, model) = (two_outputs("model.onnx"), folder.path("again.tacit"));
    let (_, text, _) = tacit(["compile", &onnx, "--calibrate", &samples, "--bits", "8", "-o", &model]);
    assert!(text.contains("WARNING: output `b` has a signal to noise of"), "{text}");
    assert!(text.contains("run by the importer on 200 samples"), "{text}");
}

#[test]
fn inner_ranges_that_clip_and_the_cost_of_widths_are_told() {
    let folder = Folder::new();
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let model = folder.path("m.tacit");
    let compile = ["compile", &onnx, "--calibrate", &samples, "-o", &model];
    let (code, json) = tacit_json(&compile);
    let precision = &json["precision"];
    assert_eq!((code, &precision["lookups_when_narrow"]), (DONE, &json["lookups"]), "{json}");
    let clipping =
        [&compile[..], &["--bits", "8", "--calibration", "percentile", "--percentile", "90"]].concat();
    let (code, json) = tacit_json(&clipping);
    let most = &json["precision"]["most_clipped"];
    assert!(code == DONE && most["clipped"].as_f64().unwrap() > 0.01 && most["name"] != "input", "{json}");
    let (_, text, _) = tacit(&clipping);
    assert!(text.contains("inner ranges") && text.contains("of its values on the samples"), "{text}");
    let (code, json) = tacit_json(&[&compile[..], &["--target-snr", "55"]].concat());
    let narrow = json["precision"]["lookups_when_narrow"].as_u64().unwrap();
    assert!(code == DONE && narrow < json["lookups"].as_u64().unwrap(), "{json}");
    let (_, text, _) = tacit([&compile[..], &["--target-snr", "55"]].concat());
    assert!(text.contains("cost of widths") && text.contains("rows of the fewest bits"), "{text}");
}

#[test]
fn strict_writes_no_model_that_there_is_a_warning_about() {
    let folder = Folder::new();
    let (code, json) = compile(&folder, &["--strict"]);
    assert_eq!(code, POOR, "{json}");
    assert!(folder.names().is_empty() && !warnings(&json).is_empty(), "{json}");
    let [onnx, samples] = ["model.onnx", "inputs.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let model = folder.path("good.tacit");
    let good = ["compile", &onnx, "--calibrate", &samples, "--strict", "-o", &model];
    let (code, json) = tacit_json(&good);
    assert!(code == DONE && warnings(&json).is_empty(), "{json}");
}

#[test]
fn every_output_is_compared_with_its_reference() {
    let folder = Folder::new();
    compile(&folder, &[]);
    let (model, samples) = (folder.path("m.tacit"), two_outputs("inputs.npy"));
    let [a, b] = ["a.npy", "b.npy"].map(two_outputs);
    let evaluate = ["evaluate", &model, "--input", &samples];
    for references in [[a.clone(), b.clone()], [format!("b={b}"), a.clone()]] {
        let flags = ["--reference", &references[0], "--reference", &references[1]];
        let (code, json) = tacit_json(&[&evaluate[..], &flags].concat());
        assert_eq!(code, DONE, "{json}");
        assert_second_is_bad(&json);
        assert_eq!(json["agreement"], json["outputs"][0]["agreement"]);
        let (code, _) = tacit_json(&[&evaluate[..], &flags, &["--strict"]].concat());
        assert_eq!(code, POOR);
    }
    // What is not compared is said.
    let (_, text, _) = tacit([&evaluate[..], &["--reference", &a]].concat());
    assert!(text.contains("output `b`") && text.contains("not compared"), "{text}");
    let three = ["--reference", &a, "--reference", &b, "--reference", &a];
    let (code, json) = tacit_json(&[&evaluate[..], &three].concat());
    assert!(code == FAILED && json["error"].as_str().unwrap().contains("2 outputs"), "{json}");
}

#[test]
fn references_that_hold_no_numbers_are_refused() {
    let folder = Folder::new();
    compile(&folder, &[]);
    let (model, samples) = (folder.path("m.tacit"), two_outputs("inputs.npy"));
    for (value, name) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let mut values = vec![0.5; 400];
        values[2 * 7 + 1] = value;
        let reference = folder.file("r.npy", npy(&[200, 2], &values));
        let (code, json) = tacit_json(&["evaluate", &model, "--input", &samples, "--reference", &reference]);
        let error = json["error"].as_str().unwrap();
        assert_eq!(code, FAILED, "{json}");
        for word in [name, &reference, "sample 7", "position 1"] {
            assert!(error.contains(word), "`{word}` is not in {error}");
        }
    }
}

#[test]
fn labels_of_other_samples_are_noticed() {
    let folder = Folder::new();
    let [onnx, calibration, inputs, labels] = ["model.onnx", "calibration.npy", "inputs.npy", "labels.npy"]
        .map(|file| fixture(&format!("lenet5_digits/{file}")));
    let compile = |samples: &str, flags: &[&str], name: &str| {
        let model = folder.path(name);
        tacit_json(
            &[&["compile", &onnx, "--calibrate", samples, "--labels", &labels, "-o", &model], flags].concat(),
        )
    };
    let (code, json) = compile(&calibration, &[], "a.tacit");
    let said = warnings(&json);
    assert!(code == DONE && said.len() == 1, "{json}");
    assert!(said[0].contains("the float model meets") && said[0].contains("do the labels belong"), "{json}");
    assert_eq!(compile(&calibration, &["--strict"], "b.tacit").0, POOR);
    let (code, json) = compile(&inputs, &["--strict"], "c.tacit");
    assert!(code == DONE && warnings(&json).is_empty(), "{json}");
    let (_, json) = tacit_json(&["evaluate", &LENET.model, "--input", &calibration, "--labels", &labels]);
    assert_eq!(warnings(&json).len(), 1, "{json}");
}

#[test]
fn values_outside_the_calibrated_range_are_counted_wherever_they_are_read() {
    let folder = Folder::new();
    let (model, key) = (LENET.model.as_str(), LENET.key.as_str());
    let mut values = vec![0.5; 784];
    values[17] = 7.5;
    values[700] = -3.0;
    let x = folder.file("x.npy", npy(&[1, 28, 28], &values));
    let check = |json: &Value| {
        let input = &json["input"];
        assert_eq!((&input["values"], &input["clipped"]), (&784.into(), &2.into()), "{json}");
        assert_eq!(input["first_clipped"], serde_json::json!({"sample": 0, "position": 17, "value": 7.5}));
    };
    let proof = folder.path("p.proof");
    let commitment = folder.path("x.commitment");
    check(&tacit_json(&["run", model, "--input", &x]).1);
    check(&tacit_json(&["evaluate", model, "--input", &x]).1);
    check(&tacit_json(&["prove", model, "--input", &x, "-o", &proof]).1);
    check(&tacit_json(&["commit-input", &x, "--model", key, "-o", &commitment]).1);
    let (_, text, _) = tacit(["run", model, "--input", &x]);
    assert!(text.contains("CLIPPED: 2 of 784 input values are outside"), "{text}");

    // Nothing was verified about this input, so that it is no rejection.
    let (code, json) = tacit_json(&["verify", key, &proof, "--input", &x]);
    let error = json["error"].as_str().unwrap();
    assert!(code == FAILED && error.contains("2 of 784") && error.contains("--allow-clipped"), "{json}");
    let (code, json) = tacit_json(&["verify", key, &proof, "--input", &x, "--allow-clipped"]);
    assert_eq!((code, &json["accepted"]), (DONE, &true.into()), "{json}");
    check(&json);
    let (_, text, _) = tacit(["verify", key, &proof, "--input", &x, "--allow-clipped"]);
    assert!(text.contains("as quantised") && text.contains("CLIPPED"), "{text}");
    // The carried input is what was proved.
    assert_eq!(tacit_json(&["verify", key, &proof]).0, DONE);
}

#[test]
fn verify_says_where_the_input_was_rounded_and_where_not() {
    let folder = Folder::new();
    // The brightest pixel of the calibration samples is one; the range reaches a thirty-second beyond it.
    let step = (1.0 + 1.0 / 32.0) / 255.0;
    for (name, value, is_rounded) in [("exact", 128.0 * step, false), ("rounded", 128.3 * step, true)] {
        let mut values = vec![0.0; 784];
        values[5] = value;
        let x = folder.file(name, npy(&[1, 28, 28], &values));
        let proof = folder.path("p.proof");
        tacit_json(&["prove", &LENET.model, "--input", &x, "-o", &proof]);
        let (code, json) = tacit_json(&["verify", &LENET.key, &proof, "--input", &x]);
        assert_eq!((code, &json["input"]["is_rounded"]), (DONE, &is_rounded.into()), "{json}");
        let rounding = json["input"]["largest_rounding"].as_f64().unwrap();
        assert!((rounding - if is_rounded { 0.3 * f64::from(step) } else { 0.0 }).abs() < 1e-6, "{json}");
        let (_, text, _) = tacit(["verify", &LENET.key, &proof, "--input", &x]);
        assert_eq!(text.contains("as quantised"), is_rounded, "{text}");
    }
}

#[test]
fn json_carries_the_integers_that_are_proved() {
    let folder = Folder::new();
    let x = fixture("lenet5_digits/inputs.npy");
    let proof = folder.path("p.proof");
    let run = tacit_json(&["run", &LENET.model, "--input", &x, "--index", "4"]).1;
    let proven = tacit_json(&["prove", &LENET.model, "--input", &x, "--index", "4", "-o", &proof]).1;
    let verified = tacit_json(&["verify", &LENET.key, &proof]).1;
    let integers = run["integers"].as_array().unwrap();
    assert!(integers.len() == 10 && integers.iter().all(Value::is_i64), "{run}");
    for json in [&proven, &verified] {
        assert_eq!((&json["integers"], &json["argmax"]), (&run["integers"], &run["argmax"]));
    }
}
