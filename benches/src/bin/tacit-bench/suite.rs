//! A suite: its rows measured one after the other.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_benches::{
    row::{Row, Status},
    suites::{self, Case},
};

use super::{
    child,
    folder::ModelFolder,
    row::{Job, blank},
    store::Store,
    tables::{self, Columns},
};
use crate::arguments::{ModelArguments, SuiteOptions};
use tacit_cli::{destination::Destination, memory, progress::Progress, report::Report};

#[derive(Debug, Serialize)]
struct Facts {
    rows: Vec<Row>,
    proved: usize,
    refused: usize,
    failed: usize,
    /// Rows that were measured before.
    resumed: usize,
}

pub(super) fn run(cases: Vec<Case>, arguments: &SuiteOptions) -> Result<Report> {
    // Each row's process would say the same.
    arguments.options.precision.options()?;
    if arguments.max_memory.is_some() && memory::peak_bytes_of(std::process::id()).is_none() {
        bail!("--max-memory cannot be watched: this system does not tell what a process needs");
    }
    let columns = Columns::new(&arguments.columns)?;
    let cases = filtered(cases, &arguments.filter)?;
    let markdown = arguments.markdown.as_ref().map(|path| Destination::new(path, &[])).transpose()?;
    let mut store = Store::open(arguments.out.as_deref())?;
    let progress = Progress::new("Measuring");
    progress.count("Measuring", cases.len());
    let (mut rows, mut resumed) = (vec![], 0);
    for case in &cases {
        let blank = blank(case, &arguments.options);
        if let Some(row) = store.find(&blank, arguments.max_memory) {
            rows.push(row.clone());
            resumed += 1;
        } else {
            let job = Job { case: case.clone(), row: blank };
            let row = child::measure(job, &arguments.options, arguments.max_memory);
            store.add(row.clone())?;
            rows.push(row);
        }
        progress.advance();
    }
    drop(progress);
    store.publish()?;
    if let Some(markdown) = markdown {
        markdown.write(tables::markdown(&rows, &columns).as_bytes())?;
    }
    Ok(report(rows, &columns, resumed))
}

/// `tacit-bench model`: the row of one folder.
pub(super) fn model(arguments: &ModelArguments) -> Result<Report> {
    arguments.options.precision.options()?;
    let folder = ModelFolder::new(&arguments.folder)?;
    let case =
        suites::models([(folder.name(), arguments.folder.clone())]).pop().context("there is no case")?;
    let row = blank(&case, &arguments.options);
    let row = child::measure(Job { case, row }, &arguments.options, None);
    let text = tables::text(std::slice::from_ref(&row), &Columns::default());
    Ok(if row.status == Status::Failed { Report::rejected(&row, &text) } else { Report::done(&row, &text) })
}

fn report(rows: Vec<Row>, columns: &Columns, resumed: usize) -> Report {
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    let (proved, refused, failed) = (count(Status::Proved), count(Status::Refused), count(Status::Failed));
    let before = if resumed > 0 { format!("; {resumed} measured before") } else { String::new() };
    let text = format!(
        "{}\n  {proved} proved, {refused} refused, {failed} failed{before}",
        tables::text(&rows, columns)
    );
    let facts = Facts { rows, proved, refused, failed, resumed };
    if failed == 0 { Report::done(&facts, &text) } else { Report::rejected(&facts, &text) }
}

/// The cases whose name, group or suite some pattern matches; all without patterns.
fn filtered(cases: Vec<Case>, patterns: &[String]) -> Result<Vec<Case>> {
    let fits = |case: &Case, pattern: &String| {
        [&case.name, &case.group, &case.suite].into_iter().any(|text| matches(pattern, text))
    };
    if let Some(pattern) = patterns.iter().find(|pattern| !cases.iter().any(|case| fits(case, pattern))) {
        let mut groups: Vec<&str> = cases.iter().map(|case| case.group.as_str()).collect();
        groups.dedup();
        bail!("--filter {pattern} matches no row: the groups are {}", groups.join(", "));
    }
    let wanted = |case: &Case| patterns.is_empty() || patterns.iter().any(|pattern| fits(case, pattern));
    Ok(cases.into_iter().filter(wanted).collect())
}

/// Whether a whole text is what a pattern says, `*` standing for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        assert!(["depth-5", "depth-*", "*5", "*", "d*-*5"].iter().all(|pattern| matches(pattern, "depth-5")));
        assert!(
            ["depth", "epth-5", "depth-50", "", "*-", "d*6"]
                .iter()
                .all(|pattern| !matches(pattern, "depth-5"))
        );
    }
}
