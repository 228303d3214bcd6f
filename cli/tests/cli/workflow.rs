//! What each command does and tells when all is well.

use serde_json::Value;

use crate::{
    files::{DONE, Folder, assert_keys, fixture, npy},
    tacit::{LENET, done, inputs, tacit},
};

const COMPILE: [&str; 15] = [
    "layers",
    "parameters",
    "macs",
    "lookups",
    "private_model",
    "arguments",
    "precision",
    "float_agreement",
    "outputs",
    "warnings",
    "accuracy_float",
    "accuracy_quantised",
    "compile_seconds",
    "notes",
    "values",
];
const VALUE: [&str; 9] = [
    "name",
    "operation",
    "signal_to_noise_db",
    "added_noise",
    "largest_error",
    "clipped",
    "bits",
    "bits_used",
    "loses_most",
];
const PROVE: [&str; 10] = [
    "output",
    "integers",
    "input",
    "argmax",
    "prove_seconds",
    "phases",
    "proof_bytes",
    "input_commitment",
    "peak_memory_bytes",
    "profile",
];
const PHASES: [&str; 5] = ["inference", "commit", "lookups", "linear", "opening"];
const RUN: [&str; 4] = ["output", "integers", "argmax", "input"];
const VERIFY: [&str; 10] = [
    "accepted",
    "reason",
    "output",
    "integers",
    "argmax",
    "input",
    "verify_seconds",
    "input_source",
    "given_inputs",
    "input_commitment",
];
const NETWORK: [&str; 15] = [
    "kind",
    "name",
    "key_digest",
    "private_model",
    "file_bytes",
    "layers",
    "outputs",
    "parameters",
    "macs",
    "lookups",
    "tables",
    "soundness_bits",
    "soundness",
    "predicted",
    "measured",
];
const LAYER: [&str; 9] =
    ["name", "operation", "inputs", "shape", "range", "detail", "argument", "predicted", "measured"];
const PREDICTED: [&str; 6] =
    ["commit_seconds", "lookup_seconds", "argument_seconds", "verify_seconds", "bytes", "round_bytes"];
const PROOF: [&str; 8] = [
    "kind",
    "key_digest",
    "file_bytes",
    "inputs",
    "output_shapes",
    "proof_bytes",
    "messages",
    "soundness_bits",
];
const DEMO: [&str; 15] = [
    "digit",
    "label",
    "output",
    "argmax",
    "accepted",
    "reason",
    "compile_seconds",
    "prove_seconds",
    "phases",
    "verify_seconds",
    "proof_bytes",
    "proving_key_bytes",
    "verifying_key_bytes",
    "soundness_bits",
    "peak_memory_bytes",
];

/// Compiles a digits model with the test digits as calibration, because those have labels.
fn compile(name: &str, folder: &Folder) -> (String, Value) {
    let [onnx, samples, labels] =
        ["model.onnx", "inputs.npy", "labels.npy"].map(|file| fixture(&format!("{name}/{file}")));
    let model = folder.path("model.tacit");
    let arguments = ["compile", &onnx, "--calibrate", &samples, "--labels", &labels, "-o", &model];
    let json = done(&arguments, &COMPILE);
    (model, json)
}

fn number(json: &Value, key: &str) -> f64 {
    json[key].as_f64().unwrap_or_else(|| panic!("{key}: {json}"))
}

#[test]
fn compiles_to_a_model_and_a_key_with_the_accuracy_of_the_float_model() {
    let folder = Folder::new();
    let (_, json) = compile("lenet5_digits", &folder);
    assert_eq!(json["parameters"], 61_706);
    assert_eq!(folder.names().len(), 2);
    assert!(number(&json, "float_agreement") >= 0.98, "{json}");
    assert!((number(&json, "accuracy_float") - 0.99).abs() < 1e-9, "{json}");
    assert!(number(&json, "accuracy_quantised") >= 0.98, "{json}");
}

#[test]
fn compiles_without_labels() {
    let folder = Folder::new();
    let (onnx, samples) = (fixture("lenet5_digits/model.onnx"), fixture("lenet5_digits/calibration.npy"));
    let json = done(&["compile", &onnx, "--calibrate", &samples, "-o", &folder.path("m.tacit")], &COMPILE);
    assert!(json["accuracy_float"].is_null() && json["accuracy_quantised"].is_null(), "{json}");
}

#[test]
fn proves_and_verifies_a_multilayer_perceptron() {
    let folder = Folder::new();
    let (model, json) = compile("mlp_digits", &folder);
    assert!(number(&json, "accuracy_quantised") >= number(&json, "accuracy_float") - 0.01, "{json}");
    let (samples, proof) = (fixture("mlp_digits/inputs.npy"), folder.path("p.proof"));
    done(&["prove", &model, "--input", &samples, "--index", "3", "-o", &proof], &PROVE);
    let arguments = ["verify", &folder.path("model.vk"), &proof, "--input", &samples, "--index", "3"];
    assert_eq!(done(&arguments, &VERIFY)["accepted"], true);
}

#[test]
fn runs_one_sample_or_all() {
    let folder = Folder::new();
    let one = done(&["run", &LENET.model, "--input", &inputs(), "--index", "7"], &RUN);
    let file = folder.path("y.npy");
    let all = done(&["run", &LENET.model, "--input", &inputs(), "--all", "--output", &file], &RUN);
    assert_eq!(all["output"].as_array().unwrap().len(), 100);
    assert_eq!(all["output"][7], one["output"]);
    assert_eq!(all["argmax"][7], one["argmax"]);
    let reference = done(&["evaluate", &LENET.model, "--input", &inputs(), "--reference", &file], &EVALUATE);
    assert_eq!((&reference["agreement"], &reference["max_error"]), (&1.0.into(), &0.0.into()));
}

const EVALUATE: [&str; 7] = ["samples", "accuracy", "agreement", "max_error", "outputs", "input", "warnings"];

#[test]
fn evaluates_against_labels_and_the_float_models_outputs() {
    let (labels, logits) = (fixture("lenet5_digits/labels.npy"), fixture("lenet5_digits/logits.npy"));
    let arguments =
        ["evaluate", &LENET.model, "--input", &inputs(), "--labels", &labels, "--reference", &logits];
    let json = done(&arguments, &EVALUATE);
    assert_eq!(json["samples"], 100);
    assert!(number(&json, "accuracy") >= 0.98, "{json}");
    assert!(number(&json, "agreement") >= 0.98, "{json}");
    assert!(number(&json, "max_error") < 5.0, "{json}");
    let json = done(&["evaluate", &LENET.model, "--input", &inputs()], &EVALUATE);
    assert!(
        json["accuracy"].is_null() && json["agreement"].is_null() && json["max_error"].is_null(),
        "{json}"
    );
}

#[test]
fn proves_what_run_computes_on_ten_samples() {
    let folder = Folder::new();
    for index in 0..10 {
        let (index, proof) = (index.to_string(), folder.path("p.proof"));
        let run = done(&["run", &LENET.model, "--input", &inputs(), "--index", &index], &RUN);
        let arguments = ["prove", &LENET.model, "--input", &inputs(), "--index", &index, "-o", &proof];
        let proven = done(&arguments, &PROVE);
        assert_keys(&proven["phases"], &PHASES);
        assert_eq!((&proven["output"], &proven["argmax"]), (&run["output"], &run["argmax"]));

        let carried = done(&["verify", &LENET.key, &proof], &VERIFY);
        let given = done(&["verify", &LENET.key, &proof, "--input", &inputs(), "--index", &index], &VERIFY);
        for (json, source) in [(carried, "carried"), (given, "given")] {
            assert_eq!(json["accepted"], true);
            assert!(json["reason"].is_null(), "{json}");
            assert_eq!(json["output"], run["output"]);
            assert_eq!(json["input_source"], source);
        }
    }
}

#[test]
fn a_profile_says_where_the_time_went() {
    let folder = Folder::new();
    let [plain, profiled] = ["plain", "profiled"].map(|name| folder.path(name));
    let prove = ["prove", &LENET.model, "--input", &inputs()];
    let json = done(&[&prove[..], &["-o", &plain]].concat(), &PROVE);
    assert!(json["profile"].is_null(), "{json}");
    let json = done(&[&prove[..], &["-o", &profiled, "--profile"]].concat(), &PROVE);
    assert_eq!(std::fs::read(plain).unwrap(), std::fs::read(&profiled).unwrap());
    let profile = &json["profile"];
    assert_keys(profile, &["phases", "lookups", "commitments", "layers"]);
    let phases = profile["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 5);
    let sum =
        |rows: &[serde_json::Value], of: &dyn Fn(&serde_json::Value) -> f64| rows.iter().map(of).sum::<f64>();
    let count =
        |rows: &[serde_json::Value], of: &str| rows.iter().map(|row| row[of].as_u64().unwrap()).sum::<u64>();
    assert_eq!(count(phases, "bytes"), json["proof_bytes"]);
    assert!(phases[1..].iter().all(|phase| phase["folded"].is_u64() && phase["multiplications"].is_u64()));
    assert_eq!(phases[2]["phase"], "look-ups");

    let layers = profile["layers"].as_array().unwrap();
    for (of, index) in [("lookups", 2), ("opening", 4), ("inference", 0)] {
        let seconds = sum(layers, &|layer| number(&layer["seconds"], of));
        let phase = number(&phases[index], "seconds");
        assert!((seconds - phase).abs() <= 0.05 * phase + 2e-5, "{of}: {seconds} of {phase}");
    }
    assert_eq!(count(layers, "weights"), 61_706);
    let lookups = &profile["lookups"];
    assert_eq!(count(layers, "lookups"), lookups["values"]);
    assert_eq!(count(layers, "lookup_rows"), lookups["rows"]);
    let each = number(lookups, "multiplications_per_lookup");
    assert!((4.0..40.0).contains(&each), "{lookups}");

    let (code, text, _) = tacit([&prove[..], &["-o", &profiled, "--profile"]].concat());
    assert_eq!(code, 0);
    for part in ["Phases", "multiplications for each", "Layers", "opening", "Conv"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn proof_bytes_do_not_depend_on_the_number_of_threads() {
    let folder = Folder::new();
    let proofs = ["1", "2", "5"].map(|threads| {
        let path = folder.path(threads);
        let arguments = ["prove", &LENET.model, "--input", &inputs(), "--threads", threads, "-o", &path];
        done(&arguments, &PROVE);
        std::fs::read(path).unwrap()
    });
    assert!(proofs.iter().all(|proof| *proof == proofs[0]));
}

#[test]
fn inspects_models_keys_and_proofs() {
    for (file, kind) in [(&LENET.model, "model"), (&LENET.key, "verifying key")] {
        let json = done(&["inspect", file], &NETWORK);
        assert_eq!(json["kind"], kind);
        assert_eq!(json["parameters"], 61_706);
        assert!(number(&json, "soundness_bits") > 100.0, "{json}");
        assert_keys(&json["predicted"], &PHASES);
        assert!(PHASES.iter().all(|phase| number(&json["predicted"], phase) > 0.0), "{json}");
        assert_keys(&json["layers"][0], &LAYER);
        assert_keys(&json["layers"][1]["predicted"], &PREDICTED);
        assert!(json["layers"][1]["measured"].is_null() && json["measured"].is_null(), "{json}");
        assert_keys(&json["outputs"][0], &["name", "shape"]);
        assert_keys(&json["tables"][0], &["content", "rows", "lookups"]);
        assert_keys(&json["soundness"][0], &["argument", "bits"]);
        let lookups: u64 =
            json["tables"].as_array().unwrap().iter().map(|t| t["lookups"].as_u64().unwrap()).sum();
        assert_eq!(json["lookups"], lookups);
    }
    let json = done(&["inspect", &LENET.proof], &PROOF);
    assert!(json["messages"].is_null() && json["soundness_bits"].is_null(), "{json}");
    let json = done(&["inspect", &LENET.proof, "--key", &LENET.key], &PROOF);
    let messages = json["messages"].as_array().unwrap();
    assert_keys(&messages[0], &["message", "count", "bytes"]);
    let total: u64 = messages.iter().map(|message| message["bytes"].as_u64().unwrap()).sum();
    assert_eq!(json["proof_bytes"], total);
}

#[test]
fn demo_recognises_a_digit() {
    let json = done(&["demo", "--digit", "5"], &DEMO);
    assert_keys(&json["phases"], &PHASES);
    assert_eq!((&json["accepted"], &json["argmax"]), (&true.into(), &json["label"]), "{json}");
    let (code, text, _) = tacit(["demo"]);
    assert_eq!(code, DONE);
    assert!(text.contains('\u{2588}') && text.contains("accepted"), "{text}");
}

#[test]
fn text_has_no_escape_codes_and_standard_error_is_silent_when_piped() {
    let commands: [&[&str]; 5] = [
        &["demo"],
        &["inspect", &LENET.model],
        &["inspect", &LENET.proof, "--key", &LENET.key],
        &["verify", &LENET.key, &LENET.proof],
        &["run", &LENET.model, "--input", &inputs()],
    ];
    for arguments in commands {
        let (code, stdout, stderr) = tacit(arguments);
        assert_eq!(code, DONE);
        assert!(!stdout.contains('\x1b') && stdout.trim() != "" && stderr.is_empty(), "{stdout}{stderr}");
    }
}

#[test]
fn operators_are_listed_with_limits_and_proofs() {
    let json = done(&["operators"], &["operators", "quantised_operators", "refused"]);
    let operators = json["operators"].as_array().unwrap();
    for operator in operators {
        assert_keys(operator, &["name", "limits", "proof", "proved_by"]);
    }
    for refused in json["refused"].as_array().unwrap() {
        assert_keys(refused, &["name", "alternative"]);
    }
    let pad = operators.iter().find(|operator| operator["name"] == "Pad").unwrap();
    let limits = "constant, edge, reflect or wrap; constant paddings, by constant and edge negative ones too";
    assert_eq!((&pad["limits"], &pad["proof"]), (&limits.into(), &"view".into()));

    let (code, text, _) = tacit(["operators"]);
    assert_eq!(code, DONE);
    let line = text.lines().find(|line| line.starts_with("Pad ")).unwrap();
    assert!(line.contains("sumcheck over a map of places") && line.ends_with(limits), "{line}");
    assert_eq!(text.lines().filter(|line| line.starts_with("ConvTranspose ")).count(), 1);
}

#[test]
fn sixteen_bits_are_proved_and_reported_layer_by_layer() {
    let folder = Folder::new();
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let mut ratios = vec![];
    for bits in ["8", "16"] {
        let model = folder.path(&format!("m{bits}.tacit"));
        let compile = ["compile", &onnx, "--calibrate", &samples, "--bits", bits, "--report", "-o", &model];
        let facts = done(&compile, &COMPILE);
        let values = facts["values"].as_array().unwrap();
        for value in values {
            assert_keys(value, &VALUE);
        }
        let ratio = |value: &Value| value["signal_to_noise_db"].as_f64().unwrap();
        ratios.push(ratio(values.last().unwrap()));
        assert!(values.iter().any(|value| value["loses_most"] == true), "{values:?}");
    }
    assert!(ratios[1] > ratios[0] + 1.0, "{ratios:?}");
    let (model, proof) = (folder.path("m16.tacit"), folder.path("p.proof"));
    done(&["prove", &model, "--input", &samples, "-o", &proof], &PROVE);
    let verified = done(&["verify", &folder.path("m16.vk"), &proof, "--input", &samples], &VERIFY);
    assert_eq!(verified["accepted"], true);
    // In text, a line for each value.
    let again = folder.path("again.tacit");
    let (code, text, _) = tacit(["compile", &onnx, "--calibrate", &samples, "--report", "-o", &again]);
    assert_eq!(code, DONE);
    assert!(text.contains("signal to noise") && text.contains("<- loses most"), "{text}");
    assert!(text.contains(" dB") && text.contains("run by the importer"), "{text}");
}

#[test]
fn calibration_methods_give_different_networks() {
    let folder = Folder::new();
    let [onnx, samples] =
        ["model.onnx", "calibration.npy"].map(|file| fixture(&format!("mlp_digits/{file}")));
    let methods = [
        &["--calibration", "minmax"][..],
        &["--calibration", "percentile", "--percentile", "95"],
        &["--calibration", "percentile"],
        &["--calibration", "mse"],
        &["--calibration", "percentile", "--percentile", "99.99"],
        &[],
    ];
    let digests: Vec<Value> = methods
        .iter()
        .enumerate()
        .map(|(index, method)| {
            let model = folder.path(&format!("{index}.tacit"));
            done(
                &[&["compile", &onnx, "--calibrate", &samples, "-o", &model][..], method].concat(),
                &COMPILE,
            );
            done(&["inspect", &model], &NETWORK)["key_digest"].clone()
        })
        .collect();
    for (a, b) in [(0, 1), (0, 2), (1, 2), (2, 3), (0, 3)] {
        assert_ne!(digests[a], digests[b], "{:?} and {:?}", methods[a], methods[b]);
    }
    // The default is one of them.
    let (default, methods) = digests.split_last().unwrap();
    assert!(methods.contains(default));
}

#[test]
fn numbers_of_another_type_are_noted() {
    let folder = Folder::new();
    let onnx = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../onnx/tests/fixtures/front_door/external_data_of_float16.onnx"
    );
    let samples: Vec<f32> = (0..60).map(|i| (i * 7 % 11) as f32 / 11.0 - 0.5).collect();
    let samples = folder.file("x.npy", npy(&[10, 6], &samples));
    let json = done(&["compile", onnx, "--calibrate", &samples, "-o", &folder.path("m.tacit")], &COMPILE);
    assert_eq!(json["notes"], serde_json::json!(["its float16 numbers are computed with as float32"]));
}
