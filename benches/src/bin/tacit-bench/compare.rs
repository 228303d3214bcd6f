//! `tacit-bench compare`: what changed between two measurements beyond noise.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_benches::{
    compare::{Change, Comparison, RowComparison, Unit, Verdict},
    row::{Row, Status},
};

use super::{csv::status, store};
use crate::arguments::CompareArguments;
use tacit_cli::{report::Report, units};

#[derive(Debug, Serialize)]
struct Facts {
    #[serde(flatten)]
    comparison: Comparison,
    /// Figures that got better or worse beyond noise, and rows that are now proved or no longer are.
    better: usize,
    worse: usize,
}

pub(super) fn run(arguments: &CompareArguments) -> Result<Report> {
    let [before, after] = [rows(&arguments.before)?, rows(&arguments.after)?];
    let comparison = Comparison::new(&before, &after, arguments.noise / 100.0);
    if comparison.rows.is_empty() {
        bail!(
            "`{}` and `{}` have no row in common: give measurements of the same suite and settings",
            arguments.before.display(),
            arguments.after.display()
        );
    }
    let count = |verdict: Verdict| {
        let changes = comparison.rows.iter().flat_map(RowComparison::changed);
        changes.filter(|change| change.verdict == verdict).count()
    };
    let proved = |status| status == Status::Proved;
    let lost = comparison.rows.iter().filter(|row| proved(row.before) && !proved(row.after)).count();
    let won = comparison.rows.iter().filter(|row| !proved(row.before) && proved(row.after)).count();
    let (better, worse) = (count(Verdict::Better) + won, count(Verdict::Worse) + lost);
    let text = text(&comparison, better, worse);
    Ok(Report::done(&Facts { comparison, better, worse }, &text))
}

fn rows(path: &Path) -> Result<Vec<Row>> {
    let rows = store::read(path)?;
    if rows.is_empty() {
        bail!("`{}` holds no rows: give a rows.jsonl that `tacit-bench` wrote", path.display());
    }
    Ok(rows)
}

/// The figures that every row of the table shows.
const SHOWN: [&str; 4] = ["prove", "verify", "proof", "peak_memory"];

fn text(comparison: &Comparison, better: usize, worse: usize) -> String {
    let header = ["row"]
        .into_iter()
        .chain(SHOWN.map(|figure| if figure == "peak_memory" { "memory" } else { figure }));
    let mut table = vec![header.map(str::to_owned).collect::<Vec<_>>()];
    let mut changes = vec![];
    for row in &comparison.rows {
        let cell = |figure: &str| row.figure(figure).map_or_else(|| "-".to_owned(), ratio);
        table.push(std::iter::once(row.name.clone()).chain(SHOWN.map(cell)).collect());
        if row.before != row.after {
            changes.push(format!("  {}: {}, was {}", row.name, status(row.after), status(row.before)));
        }
        changes.extend(row.changed().map(|change| format!("  {}: {}", row.name, sentence(change))));
    }
    if changes.is_empty() {
        changes.push("  nothing".to_owned());
    }
    let mut lines = vec![
        "After over before, with the range that the samples allow".to_owned(),
        units::table(&table),
        format!("Beyond noise: {better} better, {worse} worse"),
    ];
    lines.extend(changes);
    for (what, names) in [("before", &comparison.only_before), ("after", &comparison.only_after)] {
        if !names.is_empty() {
            lines.push(format!("Only {what}: {}", names.join(", ")));
        }
    }
    lines.extend(comparison.warnings.iter().map(|warning| format!("Note: {warning}")));
    lines.join("\n")
}

fn ratio(change: &Change) -> String {
    let mark = match change.verdict {
        Verdict::Same => "",
        Verdict::Better => " better",
        Verdict::Worse => " worse",
    };
    match change.unit {
        Unit::Seconds => {
            format!("{:.2} ({:.2} to {:.2}){mark}", change.ratio, change.ratio_min, change.ratio_max)
        }
        Unit::Bytes => format!("{:.2}{mark}", change.ratio),
    }
}

fn sentence(change: &Change) -> String {
    let value = |value: f64| match change.unit {
        Unit::Seconds => units::seconds(value),
        Unit::Bytes => units::bytes(value as usize),
    };
    format!("{} {} from {} to {}", change.figure, ratio(change), value(change.before), value(change.after))
}
