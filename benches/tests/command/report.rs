//! What is made from measured rows: tables, figures and the page.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    command::{done, tacit_bench, tacit_bench_json},
    files::{DONE, FAILED, Folder, assert_keys},
    markup::Document,
};

const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=\"alert('2')\">&amp;\u{2028}-->";

/// A committed row.
fn row() -> Value {
    serde_json::from_str(include_str!("../../data/row_v1.jsonl").lines().next().unwrap()).unwrap()
}

/// The committed row with some fields set, by their pointers.
fn row_with(fields: &[(&str, Value)]) -> Value {
    let mut row = row();
    for (pointer, value) in fields {
        *row.pointer_mut(pointer).unwrap() = value.clone();
    }
    row
}

/// A folder with rows, of which the report is made.
fn report(rows: &[Value]) -> (Folder, Vec<String>) {
    let folder = Folder::new();
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    folder.file("rows.jsonl", lines.join("\n"));
    let json = done(&["report", &folder.path("")], &["rows", "files"]);
    assert_eq!(json["rows"], rows.len(), "{json}");
    let files = json["files"].as_array().unwrap().iter();
    let files: Vec<String> = files.map(|file| file.as_str().unwrap().to_owned()).collect();
    assert_eq!(folder.names().len(), files.len() + 1, "nothing else is left in the folder");
    (folder, files)
}

fn is(file: &str, extension: &str) -> bool {
    Path::new(file).extension().is_some_and(|found| found == extension)
}

fn page(folder: &Folder) -> Document {
    Document::parse(&fs::read_to_string(folder.path("report.html")).unwrap())
}

/// Rows of every kind, names that are markup among them.
fn all_kinds() -> Vec<Value> {
    let unmeasured = [
        ("/network", Value::Null),
        ("/layers", json!([])),
        ("/seconds/prove", json!([])),
        ("/seconds/verify", json!([])),
        ("/seconds/inference", json!([])),
        ("/varied", Value::Null),
    ];
    let failed = |name: &str, status: &str, reason: &str| {
        let told = [("/name", json!(name)), ("/status", json!(status)), ("/reason", json!(reason))];
        row_with(&[&unmeasured[..], &told].concat())
    };
    vec![
        row(),
        row_with(&[("/name", json!(HOSTILE)), ("/varied/value", json!(2_000_000))]),
        row_with(&[
            ("/suite", json!(HOSTILE)),
            ("/group", json!(HOSTILE)),
            ("/name", json!("in a hostile suite")),
            ("/machine/cpu", json!(HOSTILE)),
            ("/layers/0/name", json!(HOSTILE)),
            ("/layers/0/operation", json!(HOSTILE)),
            ("/published/0/system", json!(HOSTILE)),
            ("/published/0/hardware", json!(HOSTILE)),
            ("/published/0/source", json!(HOSTILE)),
            ("/network/architecture", json!(HOSTILE)),
        ]),
        failed("refused-row", "refused", HOSTILE),
        failed("failed-row", "failed", "it needs more than 1 MB"),
    ]
}

#[test]
fn the_page_holds_every_row() {
    let rows = all_kinds();
    let (folder, _) = report(&rows);
    let page = page(&folder);
    for row in &rows {
        let name = row["name"].as_str().unwrap();
        assert!(page.text.contains(name), "{name}");
    }
    for text in
        ["failed", "it needs more than 1 MB", "3 of 5 rows", "AMD EPYC 7R32, 16 cores", "zkCNN", "1,200,801"]
    {
        assert!(page.text.contains(text), "{text}");
    }
    let data: Value = serde_json::from_str(&page.script("data")).unwrap();
    assert_eq!(data.as_array().unwrap().len(), 3, "networks that were proved have costs by layer");
    assert_eq!(data[2]["layers"][0][0], HOSTILE);
    let layers = row()["layers"].as_array().unwrap().len();
    assert!(
        data.as_array().unwrap().iter().all(|network| network["layers"].as_array().unwrap().len() == layers)
    );
}

#[test]
fn names_are_never_markup() {
    let (folder, files) = report(&all_kinds());
    let page = page(&folder);
    assert_eq!(page.count("script"), 3, "one for the theme, the data, and the page's own");
    assert_eq!(page.count("img"), 0);
    let names: Vec<&str> = page.attributes().map(|(name, _)| name).collect();
    assert!(!names.iter().any(|name| name.starts_with("on")), "{names:?}");
    for file in files.iter().filter(|file| is(file, "svg")) {
        let figure = Document::parse(&fs::read_to_string(file).unwrap());
        assert_eq!((figure.count("svg"), figure.count("script"), figure.count("img")), (1, 0, 0), "{file}");
        assert!(figure.text.contains(HOSTILE) || !file.contains("script"), "{file}");
    }
}

#[test]
fn nothing_refers_beyond_the_files() {
    let (folder, files) = report(&all_kinds());
    let documents = files.iter().filter(|file| is(file, "svg") || is(file, "html"));
    for file in documents {
        let document = Document::parse(&fs::read_to_string(file).unwrap());
        for (name, value) in document.attributes() {
            assert!(
                !["src", "srcset", "action", "data", "poster", "xlink:href"].contains(&name),
                "{name}: {value}"
            );
            assert!(name != "href" || value.starts_with('#'), "{value}");
        }
        for element in ["link", "iframe", "object", "embed", "base", "form", "image", "use"] {
            assert_eq!(document.count(element), 0, "{element} in {file}");
        }
        let style = document.raw("style");
        assert!(!style.contains("url(") && !style.contains("@import"), "{file}");
        let script = document.raw("script");
        for word in ["fetch(", "XMLHttpRequest", "WebSocket", "import(", "://"] {
            assert!(!script.contains(word), "{word} in {file}");
        }
    }
    let policy = page(&folder);
    assert!(policy.attributes().any(|(_, value)| value.contains("default-src 'none'")));
}

#[test]
fn links_and_labels_lead_somewhere() {
    let (folder, _) = report(&all_kinds());
    let page = page(&folder);
    let values = |wanted: &str| {
        let values = page.attributes().filter(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned());
        values.collect::<Vec<_>>()
    };
    let ids = values("id");
    for (index, id) in ids.iter().enumerate() {
        assert!(!ids[..index].contains(id), "{id} is there twice");
    }
    let links = values("href").into_iter().map(|link| link.trim_start_matches('#').to_owned());
    for id in links.chain(values("for")).chain(values("aria-labelledby")) {
        assert!(ids.contains(&id), "{id}");
    }
}

#[test]
fn a_figure_shows_each_suite_beside_published_systems() {
    let rows = [
        row(),
        row_with(&[
            ("/name", json!("wider")),
            ("/varied/value", json!(9)),
            ("/network/parameters", json!(9_000_000)),
        ]),
    ];
    let (_folder, files) = report(&rows);
    let names: Vec<&str> = files.iter().map(|file| file.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["rows.csv", "tables.md", "report.html", "modulus.svg"]);
    let figure = Document::parse(&fs::read_to_string(&files[3]).unwrap());
    for text in [
        "Proving time",
        "Peak memory",
        "parameters",
        "Tacit",
        "zkCNN",
        "halo2",
        "AMD EPYC 7R32, 16 cores, 128 GB",
    ] {
        assert!(figure.text.contains(text), "{text}");
    }
    let values: Vec<&str> = figure.attributes().map(|(_, value)| value).collect();
    assert!(values.iter().all(|value| !value.contains("NaN") && !value.contains("inf")), "{values:?}");
}

#[test]
fn no_rows_make_a_page_that_says_so() {
    let (folder, _) = report(&[]);
    let page = page(&folder);
    assert!(page.text.contains("No rows yet"));
    assert_eq!(page.script("data"), "[]");
}

#[test]
fn rows_that_failed_alone_make_no_figure() {
    let failed: Vec<Value> = all_kinds().into_iter().filter(|row| row["status"] != "proved").collect();
    let failed: Vec<Value> = failed
        .into_iter()
        .map(|mut row| {
            row["published"] = json!([]);
            row
        })
        .collect();
    let (folder, files) = report(&failed);
    assert!(files.iter().all(|file| !is(file, "svg")), "{files:?}");
    assert!(page(&folder).text.contains("nothing to plot"));
}

#[test]
fn a_run_ends_with_the_report() {
    let folder = Folder::new();
    let out = folder.path("out");
    let arguments = ["modulus", "--filter", "depth-3", "--samples", "1", "--out", &out];
    let (code, json) = tacit_bench_json(&arguments);
    assert_eq!(code, DONE, "{json}");
    let file = |name: &str| fs::read_to_string(folder.path(&format!("out/{name}"))).unwrap();
    assert!(Document::parse(&file("report.html")).text.contains("depth-3"));
    let before = ["report.html", "modulus.svg", "rows.csv", "tables.md"].map(file);
    let (code, text, _) = tacit_bench(["report", &out]);
    assert_eq!(code, DONE);
    assert!(text.contains("report.html") && text.contains("1 rows"), "{text}");
    assert_eq!(
        before,
        ["report.html", "modulus.svg", "rows.csv", "tables.md"].map(file),
        "the same from the same rows"
    );
}

#[test]
fn names_a_folder_without_rows() {
    let folder = Folder::new();
    let (code, json) = tacit_bench_json(&["report", &folder.path("")]);
    assert_eq!(code, FAILED);
    assert_keys(&json, &["error"]);
    assert!(json["error"].as_str().unwrap().contains("rows.jsonl"), "{json}");
    folder.file("rows.jsonl", "no row\n");
    let (code, json) = tacit_bench_json(&["report", &folder.path("")]);
    assert_eq!(code, FAILED);
    assert!(json["error"].as_str().unwrap().contains("line 1"), "{json}");
}
