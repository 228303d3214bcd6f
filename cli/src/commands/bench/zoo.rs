//! Every model under some folders, each in a process of its own: what one does to memory or by crashing leaves the others
//! alone.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::{
    folder::ModelFolder,
    row::{HEADER, Row, Status, markdown, reasons},
};
use crate::{arguments::ZooArguments, destination::Destination, progress::Progress, report::Report, units};

#[derive(Debug, Serialize)]
struct Facts {
    models: Vec<Row>,
    proved: usize,
    refused: usize,
    failed: usize,
}

pub(super) fn run(arguments: &ZooArguments) -> Result<Report> {
    // Each model's process would say the same.
    arguments.options.precision.options()?;
    let destination = arguments.markdown.as_ref().map(|path| Destination::new(path, &[])).transpose()?;
    let folders = ModelFolder::find(&arguments.folders)?;
    let progress = Progress::new("Measuring");
    progress.count("Measuring", folders.len());
    let rows: Vec<Row> = folders
        .iter()
        .map(|folder| {
            let row = measure(folder, arguments)
                .unwrap_or_else(|error| Row::new(folder.name(), Status::Failed, Some(format!("{error:#}"))));
            progress.advance();
            row
        })
        .collect();
    drop(progress);
    if let Some(destination) = destination {
        destination.write(markdown(&rows).as_bytes())?;
    }
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    let (proved, refused, failed) = (count(Status::Proved), count(Status::Refused), count(Status::Failed));
    let table: Vec<Vec<String>> =
        std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(rows.iter().map(Row::cells)).collect();
    let facts = Facts { models: rows, proved, refused, failed };
    let text = format!(
        "{}\n{}\n  {proved} proved, {refused} refused, {failed} failed",
        units::table(&table),
        reasons(&facts.models, "  ")
    );
    Ok(if failed == 0 { Report::done(&facts, &text) } else { Report::rejected(&facts, &text) })
}

/// The row that `tacit bench model` prints.
fn measure(folder: &ModelFolder, arguments: &ZooArguments) -> Result<Row> {
    let program = std::env::current_exe().context("cannot find this program to run it again")?;
    let mut command = Command::new(program);
    command.args(["--json", "bench", "model"]).arg(folder.path()).args(arguments.options.flags());
    let output = command.output().context("cannot run this program again")?;
    if output.status.success() {
        return serde_json::from_slice(&output.stdout).context("it printed no row");
    }
    let error: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
    match error.as_ref().and_then(|error| error["error"].as_str()) {
        Some(error) => bail!("{error}"),
        None => bail!("its process ended with {}", output.status),
    }
}
