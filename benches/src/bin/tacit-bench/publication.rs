//! What is made from rows: a table in CSV, tables in Markdown, a figure for each suite, and the page.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_benches::row::Row;

use super::{
    chart, csv, figures,
    markup::slug,
    page, store,
    tables::{self, Columns},
};
use crate::arguments::ReportArguments;
use tacit_cli::{destination::Destination, report::Report};

const CSV: &str = "rows.csv";
const TABLES: &str = "tables.md";
const PAGE: &str = "report.html";

/// Charts side by side in a figure.
const COLUMNS: usize = 2;

#[derive(Debug, Serialize)]
struct Facts {
    rows: usize,
    /// The files that were written.
    files: Vec<PathBuf>,
}

/// `tacit-bench report`: what is made from rows that were measured before.
pub(super) fn run(arguments: &ReportArguments) -> Result<Report> {
    let folder = &arguments.folder;
    let path = folder.join(store::ROWS);
    if !path.is_file() {
        bail!(
            "`{}` holds no {}: give a folder that `tacit-bench` wrote to with --out",
            folder.display(),
            store::ROWS
        );
    }
    let rows = store::read(&path)?;
    let files: Vec<PathBuf> = publish(folder, &rows)?.iter().map(|name| folder.join(name)).collect();
    let names = files.iter().map(|file| format!("  {}", file.display())).collect::<Vec<_>>().join("\n");
    let text = format!("{} rows\n{names}", rows.len());
    Ok(Report::done(&Facts { rows: rows.len(), files }, &text))
}

/// Checks, before any long work, that the files can be written.
pub(super) fn check(folder: &Path) -> Result<()> {
    [CSV, TABLES, PAGE].into_iter().try_for_each(|name| Destination::new(&folder.join(name), &[]).map(|_| ()))
}

/// Writes everything, and gives the files' names.
pub(super) fn publish(folder: &Path, rows: &[Row]) -> Result<Vec<String>> {
    let mut files: Vec<(String, String)> = vec![
        (CSV.to_owned(), csv::table(rows)),
        (TABLES.to_owned(), tables::markdown(rows, &Columns::default())),
        (PAGE.to_owned(), page::html(rows)?),
    ];
    for (suite, rows) in page::suites(rows) {
        let charts = figures::charts(&rows);
        let name = format!("{}.svg", slug(suite));
        if !charts.is_empty() && files.iter().all(|(known, _)| *known != name) {
            files.push((name, chart::document(&charts, COLUMNS)));
        }
    }
    for (name, content) in &files {
        Destination::new(&folder.join(name), &[])?.write(content.as_bytes())?;
    }
    Ok(files.into_iter().map(|(name, _)| name).collect())
}
