//! Arguments by themselves on shapes of the user's.

use std::fs;

use serde_json::Value;

use crate::{
    command::{done, tacit_bench, tacit_bench_json},
    files::{DONE, FAILED, Folder},
};

const FACTS: [&str; 6] = ["kind", "repeat", "threads", "machine", "date", "rows"];

/// A line's cells, commas within quotes aside.
fn split(line: &str) -> Vec<String> {
    let (mut cells, mut is_quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

/// The lines of a table by the names of the first.
fn cells(folder: &Folder, name: &str) -> Vec<Vec<(String, String)>> {
    let text = fs::read_to_string(folder.path(name)).unwrap();
    let mut lines = text.lines().map(split);
    let header = lines.next().unwrap();
    lines
        .map(|cells| {
            assert_eq!(cells.len(), header.len(), "{cells:?}");
            header.iter().cloned().zip(cells).collect()
        })
        .collect()
}

fn number(row: &[(String, String)], name: &str) -> f64 {
    let cell = row.iter().find(|(column, _)| column == name);
    cell.unwrap_or_else(|| panic!("there is no {name} in {row:?}")).1.parse().unwrap()
}

#[test]
fn every_kind_is_measured_and_written_down() {
    let all = [
        ("conv", "4/8x6x6", ["direct", "fft", "polynomial", "gates"].as_slice()),
        ("matmul", "4/8x8x2", ["sumcheck", "polynomial", "gates"].as_slice()),
        ("lookup", "30..120*2", ["logup"].as_slice()),
        ("opening", "3x2^4..2^6*4", ["hyrax"].as_slice()),
        ("gates", "8/16x3", ["gates"].as_slice()),
    ];
    for (kind, shape, arguments) in all {
        let folder = Folder::new();
        let [csv, svg] = ["out.csv", "out.svg"].map(|name| folder.path(name));
        let shape = match kind {
            "conv" => format!("{shape},k3,s2"),
            "lookup" => format!("{shape},b4"),
            _ => shape.to_owned(),
        };
        let json = done(
            &[kind, "--shape", &shape, "--repeat", "2", "--threads", "1", "--csv", &csv, "--plot", &svg],
            &FACTS,
        );
        let rows = json["rows"].as_array().unwrap();
        assert_eq!((&json["kind"], &json["repeat"], &json["threads"]), (&kind.into(), &2.into(), &1.into()));
        assert!(rows.len() >= 2 * arguments.len() && rows.len().is_multiple_of(arguments.len()), "{json}");
        for row in rows {
            assert!(row["refused"].is_null(), "{row}");
            assert!(arguments.contains(&row["argument"].as_str().unwrap()), "{row}");
            for phase in ["commit", "prove", "open", "read", "verify", "check"] {
                assert_eq!(row["seconds"][phase].as_array().unwrap().len(), 2, "{phase}: {row}");
            }
        }
        let table = cells(&folder, "out.csv");
        assert_eq!(table.len(), rows.len());
        for row in &table {
            let spread = ["min", "median", "max"].map(|part| number(row, &format!("prove_seconds_{part}")));
            assert!(0.0 < spread[0] && spread[0] <= spread[1] && spread[1] <= spread[2], "{row:?}");
            let prefix = "argument_bytes_";
            let messages = row.iter().filter(|(name, _)| name.starts_with(prefix));
            let sum: f64 = messages.map(|(name, _)| number(row, name)).sum();
            assert!(sum > 0.0 && (sum - number(row, "argument_bytes")).abs() < 0.5, "{row:?}");
            assert!(number(row, "opening_rounds") > 0.0, "{row:?}");
        }
        let svg = fs::read_to_string(folder.path("out.svg")).unwrap();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
        for text in arguments.iter().copied().chain(["Prover's argument", "Argument's size", &shape]) {
            let text = text.replace('\'', "&#39;");
            assert!(svg.contains(&text) || svg.contains(&text.replace("&#39;", "'")), "{text}: {svg}");
        }
    }
}

#[test]
fn a_convolution_by_chosen_arguments_says_what_it_refuses() {
    let folder = Folder::new();
    let (csv, svg) = (folder.path("out.csv"), folder.path("out.svg"));
    let shapes = ["--shape", "12x8,k3,g3/4", "--shape", "8x8,k1..3+2"];
    let chosen = ["--argument", "direct,gates", "--repeat", "1", "--csv", &csv];
    let plot = ["--plot", &svg, "--series", "rounds,opening-bytes"];
    let json = done(&[&["conv"], &shapes[..], &chosen, &plot].concat(), &FACTS);
    let rows = json["rows"].as_array().unwrap();
    let told: Vec<(&str, &str, bool)> = rows
        .iter()
        .map(|row| {
            let [shape, argument] = ["shape", "argument"].map(|name| row[name].as_str().unwrap());
            (shape, argument, row["refused"].is_null())
        })
        .collect();
    let expected = [
        ("12x8x8,k3,g3", "direct", true),
        ("12x8x8,k3,g3", "gates", true),
        ("12x8x8,k3,g4", "direct", false),
        ("12x8x8,k3,g4", "gates", false),
        ("8x8x8,k1", "direct", true),
        ("8x8x8,k1", "gates", true),
        ("8x8x8,k3", "direct", true),
        ("8x8x8,k3", "gates", true),
    ];
    assert_eq!(told, expected, "{json}");
    assert!(rows[2]["refused"].as_str().unwrap().contains("powers of two"), "{json}");
    let table = fs::read_to_string(&csv).unwrap();
    assert_eq!(table.lines().filter(|line| line.contains(",refused,")).count(), 2, "{table}");
    let svg = fs::read_to_string(&svg).unwrap();
    assert!(svg.contains("Rounds") && svg.contains("Opening") && !svg.contains("Prover's argument"), "{svg}");
    let slow = ["conv", "--shape", "64x64,k3", "--argument", "gates", "--limit", "0.0001"];
    let json = done(&slow, &FACTS);
    assert!(json["rows"][0]["refused"].as_str().unwrap().contains("--limit"), "{json}");
    let (code, text, _) = tacit_bench(slow);
    assert_eq!(code, DONE);
    assert!(text.contains("`64x64x64,k3` by gates: it is predicted to take"), "{text}");
}

#[test]
fn bad_shapes_are_mistakes() {
    let folder = Folder::new();
    let fails = |arguments: &[&str], part: &str| {
        let (code, json): (i32, Value) = tacit_bench_json(arguments);
        assert_eq!(code, FAILED, "{json}");
        assert!(json["error"].as_str().unwrap().contains(part), "{part}: {json}");
    };
    fails(&["conv", "--shape", "16x32x32"], "`k` is missing; a shape is CHANNELSxHEIGHT");
    fails(&["conv", "--shape", "16x32,k3,g5"], "5 groups");
    fails(&["conv", "--shape", "8x8,k3", "--shape", ""], "`` is no number");
    fails(&["matmul", "--shape", "3x4"], "(rows, inner, columns)");
    fails(
        &["matmul", "--shape", "3x4x5", "--argument", "fft"],
        "the arguments are sumcheck, polynomial, gates",
    );
    fails(&["lookup", "--shape", "100,b40"], "1 to 22 bits");
    fails(&["opening", "--shape", "2x64,w30"], "2^20");
    fails(&["gates", "--shape", "8x2048"], "1024 layers");
    fails(&["matmul", "--shape", "3x4x5", "--repeat", "0"], "--repeat");
    fails(&["matmul", "--shape", "3x4x5", "--limit", "soon"], "--limit");
    fails(&["matmul", "--shape", "3x4x5", "--series", "prove"], "--plot");
    fails(&["matmul", "--shape", "3x4x5", "--plot", "x.svg", "--series", "colour"], "colour");
    fails(&["conv", "--csv", &folder.path("a.csv")], "--csv needs --shape");
    fails(&["conv", "--argument", "fft"], "--argument needs --shape");
    fails(&["conv", "--shape", "8x8,k3", "--filter", "*"], "--filter is for the suite");
    let same = folder.path("out");
    fails(&["matmul", "--shape", "3x4x5", "--csv", &same, "--plot", &same], "twice");
    fails(&["matmul", "--shape", "3x4x5", "--csv", &folder.path("no/a.csv")], "must exist");
}
