//! Measurements of models, suites and what they keep.

use std::{
    fs,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    command::{done, tacit_bench, tacit_bench_json},
    files::{DONE, FAILED, Folder, REJECTED, assert_keys, fixture, npy},
};

const SUITE: [&str; 5] = ["rows", "proved", "refused", "failed", "resumed"];
const ROW: [&str; 17] = [
    "schema",
    "suite",
    "group",
    "name",
    "varied",
    "source",
    "status",
    "reason",
    "date",
    "machine",
    "settings",
    "network",
    "seconds",
    "bytes",
    "accuracy",
    "layers",
    "published",
];

fn at_least(row: &Value, pointer: &str, least: f64) {
    assert!(row.pointer(pointer).unwrap().as_f64().unwrap() >= least, "{pointer}: {row}");
}

/// What every proved row tells.
fn check_proved(row: &Value, samples: usize) {
    assert_keys(row, &ROW);
    assert_eq!(row["status"], "proved", "{row}");
    let phases = ["inference", "commit", "lookups", "linear", "opening"]
        .map(|phase| format!("/seconds/phases/{phase}"));
    for list in
        ["/seconds/inference", "/seconds/prove", "/seconds/verify"].map(str::to_owned).iter().chain(&phases)
    {
        assert_eq!(row.pointer(list).unwrap().as_array().unwrap().len(), samples, "{list}: {row}");
    }
    at_least(row, "/seconds/prove/0", 1e-4);
    at_least(row, "/seconds/verify/0", 1e-5);
    at_least(row, "/seconds/setup", 1e-5);
    at_least(row, "/bytes/proof", 1000.0);
    at_least(row, "/bytes/proving_key", row["network"]["parameters"].as_f64().unwrap());
    let peak = &row["bytes"]["peak_memory"];
    assert!(peak.is_null() || peak.as_u64().unwrap() > 1 << 20, "{row}");
    let layers = row["layers"].as_array().unwrap();
    for phase in ["lookups", "opening"] {
        let sum: f64 = layers.iter().map(|layer| layer[phase].as_f64().unwrap()).sum();
        let all = row["seconds"]["phases"][phase].as_array().unwrap();
        let shared_out = all.iter().any(|time| (time.as_f64().unwrap() - sum).abs() < 1e-9);
        assert!(shared_out || sum.abs() < 1e-12, "{phase}: {row}");
    }
}

#[test]
fn measures_every_committed_model() {
    let (folder, fixtures) = (Folder::new(), fixture(""));
    let table = folder.path("zoo.md");
    let json = done(&["zoo", &fixtures, "--samples", "1", "--markdown", &table], &SUITE);
    let models = json["rows"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|row| row["name"].as_str().unwrap()).collect();
    let variants = ["", "_int8_qdq", "_int8_qoperator"];
    let expected: Vec<String> = ["lenet5_digits", "mlp_digits"]
        .iter()
        .flat_map(|name| variants.map(|variant| format!("{name}{variant}")))
        .collect();
    assert_eq!(names, expected);
    assert_eq!(json["failed"], 0, "{json}");
    for row in models {
        assert_keys(row, &ROW);
        assert_eq!(row["status"] == "refused", row["reason"].is_string(), "{row}");
        if row["status"] == "proved" {
            check_proved(row, 1);
            assert_eq!(row["accuracy"]["samples"], 100);
            at_least(row, "/accuracy/quantised", row["accuracy"]["float"].as_f64().unwrap() - 0.01);
            at_least(row, "/accuracy/agreement", 0.97);
        }
    }
    for float in ["lenet5_digits", "mlp_digits"] {
        let row = models.iter().find(|row| row["name"] == float).unwrap();
        assert_eq!(row["status"], "proved", "{row}");
    }
    let table = fs::read_to_string(table).unwrap();
    assert_eq!(table.lines().filter(|line| line.starts_with('|')).count(), 2 + models.len(), "{table}");
    assert!(names.iter().all(|name| table.contains(&format!("| {name} | "))), "{table}");
}

#[test]
fn one_bad_model_does_not_stop_the_others() {
    let folder = Folder::new();
    let lenet = |file: &str| fs::read(fixture(&format!("lenet5_digits/{file}"))).unwrap();
    let model = |name: &str, onnx: &[u8], inputs: Option<&[u8]>| {
        fs::create_dir(folder.path(name)).unwrap();
        folder.file(&format!("{name}/model.onnx"), onnx);
        if let Some(inputs) = inputs {
            folder.file(&format!("{name}/inputs.npy"), inputs);
        }
    };
    let digits = npy(&[2, 1, 28, 28], &(0..2 * 784).map(|i| (i % 17) as f32 / 16.0).collect::<Vec<_>>());
    model("a_garbage", b"no model", Some(&digits));
    model("b_empty", &lenet("model.onnx"), None);
    model("c_good", &lenet("model.onnx"), Some(&digits));
    let (code, json) = tacit_bench_json(&["zoo", &folder.path(""), "--threads", "1", "--conv", "direct"]);
    assert_eq!(code, REJECTED, "{json}");
    assert_keys(&json, &SUITE);
    let [garbage, empty, good] = [0, 1, 2].map(|index| &json["rows"][index]);
    assert_eq!(
        [garbage, empty, good].map(|row| row["status"].as_str().unwrap()),
        ["refused", "failed", "proved"]
    );
    assert!(empty["reason"].as_str().unwrap().contains("inputs.npy"), "{empty}");
    assert!(good["accuracy"]["float"].is_null() && good["accuracy"]["agreement"].is_null(), "{good}");
    // Two convolutions; with weights of 16 bits, which two samples may ask for, each is two.
    let convolutions = good["network"]["arguments"]["direct"].as_u64();
    assert!(matches!(convolutions, Some(2..=4)), "{good}");
    let (code, text, _) = tacit_bench(["zoo", &folder.path(""), "--samples", "1"]);
    assert_eq!(code, REJECTED);
    assert!(text.contains("1 proved, 1 refused, 1 failed") && text.contains("`b_empty`: "), "{text}");
    let (code, row) = tacit_bench_json(&["model", &folder.path("c_good")]);
    assert_eq!((code, &row["status"]), (DONE, &"proved".into()));
    assert_keys(&row, &ROW);
}

#[test]
fn names_a_folder_without_models() {
    let folder = Folder::new();
    for command in ["zoo", "model"] {
        let (code, json) = tacit_bench_json(&[command, &folder.path("")]);
        assert_eq!(code, FAILED);
        assert!(json["error"].as_str().unwrap().contains(&folder.path("")), "{json}");
    }
    let (code, json) = tacit_bench_json(&["zoo", &folder.path(""), "--samples", "0"]);
    assert_eq!(code, FAILED);
    assert!(json["error"].as_str().unwrap().contains("--samples"), "{json}");
}

/// Rows of a folder, and the lines they are on.
fn rows(folder: &Folder, name: &str) -> Vec<(Value, String)> {
    let text = fs::read_to_string(folder.path(name)).unwrap();
    text.lines().map(|line| (serde_json::from_str(line).unwrap(), line.to_owned())).collect()
}

#[test]
fn every_suite_proves_its_rows() {
    let suites = [
        ("modulus", vec!["depth-3", "width-48564"]),
        ("zoo", vec!["lenet5"]),
        ("conv", vec!["16x8x8_k3-*"]),
        ("scaling", vec!["weights-88*", "activations-2112", "batch-4"]),
    ];
    for (suite, filters) in suites {
        let mut arguments = vec![suite, "--samples", "2"];
        arguments.extend(filters.iter().flat_map(|filter| ["--filter", filter]));
        let json = done(&arguments, &SUITE);
        let rows = json["rows"].as_array().unwrap();
        assert!(rows.len() >= filters.len(), "{json}");
        for row in rows {
            assert_eq!(row["suite"], suite);
            check_proved(row, 2);
        }
    }
}

#[test]
fn a_convolution_is_proved_by_each_argument() {
    let json = done(&["conv", "--filter", "16x8x8_k3", "--samples", "1"], &SUITE);
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "{json}");
    for (row, argument) in rows.iter().zip(["direct", "fft", "polynomial", "gates"]) {
        check_proved(row, 1);
        assert_eq!(row["settings"]["convolution"], argument);
        assert_eq!(row["network"]["arguments"][argument], 1, "{row}");
    }
}

#[test]
fn threads_are_varied_row_by_row() {
    let json = done(&["scaling", "--filter", "threads-1", "--samples", "1"], &SUITE);
    assert_eq!(json["rows"][0]["settings"]["threads"], 1, "{json}");
    assert_eq!(json["rows"][0]["varied"]["what"], "threads");
}

#[test]
fn published_figures_stand_beside_the_row() {
    let folder = Folder::new();
    let table = folder.path("table.md");
    let arguments = ["modulus", "--filter", "width-1195804", "--samples", "1", "--markdown", &table];
    let json = done(&[&arguments[..], &["--columns", "layers,proof"]].concat(), &SUITE);
    let published = json["rows"][0]["published"].as_array().unwrap();
    let systems: Vec<&str> = published.iter().map(|figure| figure["system"].as_str().unwrap()).collect();
    assert_eq!(systems, ["plonky2", "zkcnn", "groth16", "gemini", "halo2"]);
    assert_eq!(published[1]["prove_seconds"], 5.8);
    assert!(published.iter().all(|figure| figure["hardware"].as_str().unwrap().contains("EPYC 7R32")));
    let table = fs::read_to_string(table).unwrap();
    assert!(table.starts_with("| name | layers | proof |\n"), "{table}");
    assert!(table.contains("5.80 s, 1.50 GB") && table.contains("AMD EPYC 7R32, 16 cores"), "{table}");
}

#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    let folder = Folder::new();
    let out = folder.path("report");
    let run = |filters: &[&str], samples: &str| {
        let mut arguments = vec!["modulus", "--samples", samples, "--out", &out];
        arguments.extend(filters.iter().flat_map(|filter| ["--filter", filter]));
        done(&arguments, &SUITE)
    };
    assert_eq!(run(&["depth-3"], "1")["resumed"], 0);
    let first = rows(&folder, "report/rows.jsonl");
    let both = run(&["depth-3", "depth-5"], "1");
    assert_eq!((&both["resumed"], &both["proved"]), (&1.into(), &2.into()));
    let second = rows(&folder, "report/rows.jsonl");
    assert_eq!((first.len(), second.len()), (1, 2));
    assert_eq!(first[0].1, second[0].1, "a row that is there is kept as it is");
    // Other settings are another measurement, and leave the first alone.
    assert_eq!(run(&["depth-3"], "2")["resumed"], 0);
    assert_eq!(rows(&folder, "report/rows.jsonl").len(), 3);
    // A row of another build is measured again, and one that failed.
    for edit in [("\"build\":\"", "\"build\":\"0"), ("\"status\":\"proved\"", "\"status\":\"failed\"")] {
        let text = fs::read_to_string(folder.path("report/rows.jsonl")).unwrap();
        folder.file("report/rows.jsonl", text.replacen(edit.0, edit.1, 1));
        assert_eq!(run(&["depth-3"], "1")["resumed"], 0, "{edit:?}");
        assert_eq!(rows(&folder, "report/rows.jsonl").len(), 3);
    }
    let names = fs::read_dir(&out).unwrap().count();
    assert_eq!(
        names, 5,
        "rows.jsonl, rows.csv, tables.md, modulus.svg, report.html and nothing half written"
    );
    let csv = fs::read_to_string(folder.path("report/rows.csv")).unwrap();
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.starts_with("suite,group,name,status,"), "{csv}");
    assert!(fs::read_to_string(folder.path("report/tables.md")).unwrap().contains("| depth-5 | 5 |"));
}

#[test]
fn a_killed_run_leaves_whole_rows() {
    let folder = Folder::new();
    let out = folder.path("report");
    let arguments = ["modulus", "--filter", "depth", "--samples", "1", "--out", &out];
    let mut run =
        Command::new(crate::command::PROGRAM).args(arguments).stdout(Stdio::null()).spawn().unwrap();
    let begin = Instant::now();
    while !fs::exists(folder.path("report/rows.jsonl")).unwrap() {
        assert!(begin.elapsed() < Duration::from_secs(60), "there is no first row");
        thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let left = rows(&folder, "report/rows.jsonl");
    assert!(!left.is_empty() && left.len() < 14, "{}", left.len());
    for (row, _) in &left {
        check_proved(row, 1);
    }
    let arguments = ["modulus", "--filter", "depth-3", "--samples", "1", "--out", &out];
    assert_eq!(done(&arguments, &SUITE)["resumed"], 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_row_over_the_memory_limit_fails_and_the_others_go_on() {
    let folder = Folder::new();
    let out = folder.path("report");
    let arguments = ["modulus", "--filter", "width-11216646", "--filter", "depth-3", "--samples", "1"];
    let limited = [&arguments[..], &["--max-memory", "40M", "--out", &out]].concat();
    let (code, json) = tacit_bench_json(&limited);
    assert_eq!(code, REJECTED, "{json}");
    assert_eq!((&json["proved"], &json["failed"]), (&1.into(), &1.into()), "{json}");
    let failed = &json["rows"][1];
    assert_eq!(failed["name"], "width-11216646");
    assert_eq!(failed["status"], "failed");
    assert!(failed["reason"].as_str().unwrap().contains("more than 40.0 MB"), "{failed}");
    let kept = rows(&folder, "report/rows.jsonl");
    assert_eq!(kept.len(), 2);
    assert!(
        fs::read_to_string(folder.path("report/tables.md"))
            .unwrap()
            .contains("- `width-11216646`: it needs more")
    );
}

#[test]
fn a_kept_row_is_held_to_the_limit_and_its_loss_is_told() {
    let folder = Folder::new();
    let [good, out] = ["good.jsonl", "report"].map(|name| folder.path(name));
    let arguments = ["modulus", "--filter", "depth-3", "--samples", "1", "--out", &out];
    let (code, text, _) = tacit_bench(arguments);
    assert_eq!(code, DONE, "{text}");
    let kept = folder.path("report/rows.jsonl");
    fs::copy(&kept, &good).unwrap();
    // The row is there, and does not fit.
    let (_, text, _) = tacit_bench([&arguments[..], &["--max-memory", "1M"]].concat());
    assert!(text.contains("1 failed") && !text.contains("measured before"), "{text}");
    let (code, json, _) = tacit_bench(["compare", "--json", &good, &kept]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["worse"], &json["better"]), (DONE, &1.into(), &0.into()), "{json}");
}

#[test]
fn two_runs_do_not_write_to_one_folder() {
    let folder = Folder::new();
    let lock = fs::File::open(folder.path(".")).unwrap();
    lock.lock().unwrap();
    let (code, _, error) = tacit_bench(["modulus", "--filter", "depth-3", "--out", &folder.path(".")]);
    assert_eq!(code, FAILED, "{error}");
    assert!(error.contains("another run is writing"), "{error}");
}

#[test]
fn bad_requests_are_mistakes() {
    let folder = Folder::new();
    let fails = |arguments: &[&str], part: &str| {
        let (code, json) = tacit_bench_json(&[&[], arguments].concat());
        assert_eq!(code, FAILED, "{json}");
        assert!(json["error"].as_str().unwrap().contains(part), "{part}: {json}");
    };
    fails(&["modulus", "--filter", "depth-4"], "the groups are depth, width");
    fails(&["conv", "--max-memory", "much"], "--max-memory");
    fails(&["conv", "--columns", "prove,colour"], "no `colour`");
    let out = folder.path("report");
    fs::create_dir(&out).unwrap();
    folder.file("report/rows.jsonl", "no row\n");
    fails(&["modulus", "--filter", "depth-3", "--out", &out], "line 1");
    folder.file("report/rows.jsonl", "{\"schema\":2}\n");
    fails(&["modulus", "--filter", "depth-3", "--out", &out], "schema 2");
    let file = folder.file("file", "");
    fails(&["modulus", "--filter", "depth-3", "--out", &file], "--out");
    fails(&["row", "{}"], "the job is none");
}
