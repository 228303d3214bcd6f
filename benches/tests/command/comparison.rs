//! Two measurements compared.

use serde_json::Value;

use crate::{
    command::{done, tacit_bench, tacit_bench_json},
    files::{FAILED, Folder},
};

const FACTS: [&str; 6] = ["rows", "only_before", "only_after", "warnings", "better", "worse"];
const ROW: &str = include_str!("../../data/row_v1.jsonl");

/// The committed row under another name, its prover's times and its proof scaled.
fn row(name: &str, times: [f64; 3], proof: u64) -> String {
    let mut row: Value = serde_json::from_str(ROW).unwrap();
    row["name"] = name.into();
    row["seconds"]["prove"] = times.to_vec().into();
    row["bytes"]["proof"] = proof.into();
    format!("{row}\n")
}

#[test]
fn a_regression_is_told_from_noise() {
    let folder = Folder::new();
    let steady = row("steady", [0.100, 0.101, 0.110], 1000);
    let before =
        [row("slower", [0.100, 0.101, 0.110], 1000), steady.clone(), row("gone", [1.0; 3], 1)].concat();
    let after =
        [row("slower", [0.140, 0.141, 0.150], 1000), row("steady", [0.105, 0.109, 0.120], 900)].concat();
    let (a, b) = (folder.file("a.jsonl", before), folder.file("b.jsonl", after));
    let json = done(&["compare", &a, &b], &FACTS);
    assert_eq!((&json["worse"], &json["better"]), (&1.into(), &1.into()), "{json}");
    assert_eq!(json["only_before"], serde_json::json!(["modulus gone"]));
    let figure = |row: usize, name: &str| {
        let changes = json["rows"][row]["changes"].as_array().unwrap();
        changes.iter().find(|change| change["figure"] == name).unwrap().clone()
    };
    let slower = figure(0, "prove");
    assert_eq!(slower["verdict"], "worse");
    for (key, expected) in [("ratio", 0.141 / 0.101), ("ratio_min", 0.140 / 0.110), ("ratio_max", 1.5)] {
        assert!((slower[key].as_f64().unwrap() - expected).abs() < 1e-9, "{key}: {slower}");
    }
    assert_eq!(figure(1, "prove")["verdict"], "same");
    assert_eq!(figure(1, "proof")["verdict"], "better");
    let (code, text, _) = tacit_bench(["compare", &a, &b]);
    assert_eq!(code, 0);
    assert!(text.contains("slower: prove 1.40 (1.27 to 1.50) worse from 101.0 ms to 141.0 ms"), "{text}");
    assert!(text.contains("1 better, 1 worse") && text.contains("Only before: modulus gone"), "{text}");
    let json = done(&["compare", &a, &b, "--noise", "50"], &FACTS);
    assert_eq!(json["worse"], 0, "{json}");
    let json = done(&["compare", &a, &a], &FACTS);
    assert_eq!((&json["worse"], &json["better"]), (&0.into(), &0.into()), "{json}");
}

#[test]
fn other_machines_are_noted() {
    let folder = Folder::new();
    let other = ROW.replace("\"kernel\":\"ifma\"", "\"kernel\":\"portable\"");
    assert_ne!(other, ROW);
    let (a, b) = (folder.file("a.jsonl", ROW), folder.file("b.jsonl", other));
    let json = done(&["compare", &a, &b], &FACTS);
    assert!(json["warnings"][0].as_str().unwrap().contains("kernel portable"), "{json}");
}

#[test]
fn files_without_rows_are_mistakes() {
    let folder = Folder::new();
    let good = folder.file("good.jsonl", ROW);
    let other = folder.file("other.jsonl", row("other", [1.0; 3], 1));
    let cases = [
        (folder.path("missing.jsonl"), "missing.jsonl"),
        (folder.file("empty.jsonl", ""), "holds no rows"),
        (folder.file("half.jsonl", &ROW[..ROW.len() / 2]), "line 1"),
        (folder.file("binary.jsonl", [0xff, 0xfe]), "is no text"),
        (other, "no row in common"),
    ];
    for (bad, part) in &cases {
        let (code, json) = tacit_bench_json(&["compare", &good, bad]);
        assert_eq!(code, FAILED, "{json}");
        assert!(json["error"].as_str().unwrap().contains(part), "{part}: {json}");
    }
}
