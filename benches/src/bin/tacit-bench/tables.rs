//! Rows as tables: text for terminals, Markdown for documents.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use tacit_benches::{
    row::{Published, Row, Status},
    statistics::Spread,
    suites,
};
use tacit_layers::ConvolutionArgument;

use super::csv::status;
use tacit_cli::units;

/// A column's name and cells; one without any cell is left out of a table.
type Column = (&'static str, fn(&Row) -> Option<String>);

/// Left out where all rows have the same.
const THREADS: &str = "threads";

const COLUMNS: &[Column] = &[
    ("layers", |row| row.network.as_ref().map(|network| network.layers.to_string())),
    ("parameters", |row| row.network.as_ref().map(|network| units::count(network.parameters as u64))),
    ("multiplications", |row| row.network.as_ref().map(|network| units::count(network.multiplications))),
    ("look-ups", |row| row.network.as_ref().map(|network| units::count(network.lookups as u64))),
    ("arguments", arguments),
    (THREADS, |row| Some(row.settings.threads.to_string())),
    ("float", |row| Some(units::share(row.accuracy.as_ref()?.float?))),
    ("quantised", |row| Some(units::share(row.accuracy.as_ref()?.quantised?))),
    ("agreement", |row| Some(units::share(row.accuracy.as_ref()?.agreement?))),
    ("inference", |row| Some(units::seconds(row.inference()?.median))),
    ("prove", |row| row.prove().map(spread)),
    ("/ inference", |row| Some(format!("{:.0}", row.overhead()?))),
    ("verify", |row| row.verify().map(spread)),
    ("proof", |row| row.bytes.proof.map(bytes)),
    ("proving key", |row| row.bytes.proving_key.map(bytes)),
    ("verifying key", |row| row.bytes.verifying_key.map(bytes)),
    ("memory", |row| row.bytes.peak_memory.map(bytes)),
];

fn bytes(count: u64) -> String {
    units::bytes(count as usize)
}

fn arguments(row: &Row) -> Option<String> {
    let arguments = row.network.as_ref()?.arguments.iter().map(|(name, count)| format!("{name} {count}"));
    Some(arguments.collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())
}

/// The median, and how far the samples are from it at most.
pub(super) fn spread(spread: Spread) -> String {
    let away = (spread.max - spread.median).max(spread.median - spread.min);
    let text = units::seconds(spread.median);
    let percent = if spread.median > 0.0 { away / spread.median * 100.0 } else { 0.0 };
    if percent < 0.5 { text } else { format!("{text} ±{percent:.0}%") }
}

/// Which columns a table has.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Their names; empty for every column that has a cell.
    wanted: Vec<String>,
}

impl Columns {
    /// Columns of these names, in the usual order.
    pub(super) fn new(wanted: &[String]) -> Result<Self> {
        let known = |name: &String| COLUMNS.iter().any(|(column, _)| column == name);
        if let Some(name) = wanted.iter().find(|name| !known(name)) {
            let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
            bail!("--columns: there is no `{name}`; the columns are {}", names.join(", "));
        }
        Ok(Self { wanted: wanted.to_vec() })
    }

    fn of(&self, rows: &[&Row]) -> Vec<&'static Column> {
        let threads: BTreeSet<usize> = rows.iter().map(|row| row.settings.threads).collect();
        let used = |(name, cell): &&Column| match self.wanted.as_slice() {
            [] if *name == THREADS => threads.len() > 1,
            [] => rows.iter().any(|row| cell(row).is_some()),
            wanted => wanted.iter().any(|wanted| wanted == name),
        };
        COLUMNS.iter().filter(used).collect()
    }

    /// Lines of cells under a line of names.
    fn cells(&self, rows: &[&Row]) -> Vec<Vec<String>> {
        let columns = self.of(rows);
        let header = std::iter::once("name").chain(columns.iter().map(|(name, _)| *name));
        let mut lines = vec![header.map(str::to_owned).collect::<Vec<_>>()];
        for row in rows {
            let mut line = vec![row.name.clone()];
            if row.status == Status::Proved {
                line.extend(columns.iter().map(|(_, cell)| cell(row).unwrap_or_else(|| "-".to_owned())));
            } else {
                line.push(status(row.status).to_owned());
            }
            lines.push(line);
        }
        lines
    }
}

/// All rows as one table of text, with reasons below.
pub(super) fn text(rows: &[Row], columns: &Columns) -> String {
    let all: Vec<&Row> = rows.iter().collect();
    format!("{}\n{}", units::table(&columns.cells(&all)), reasons(&all, "  "))
}

/// All rows in Markdown: a section for each suite, with the machines and commands that measured it.
pub(super) fn markdown(rows: &[Row], columns: &Columns) -> String {
    let mut suites: Vec<&str> = vec![];
    for row in rows {
        if !suites.contains(&row.suite.as_str()) {
            suites.push(&row.suite);
        }
    }
    let section = |suite: &&str| {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.suite == **suite).collect();
        let table = grid(&columns.cells(&rows));
        let parts =
            [table, arguments_compared(&rows), published(&rows), machines(&rows), reasons(&rows, "- ")];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if suites.len() > 1 { format!("## {suite}\n\n{}", parts.join("\n")) } else { parts.join("\n") }
    };
    suites.iter().map(section).collect::<Vec<_>>().join("\n")
}

/// Text that Markdown takes as it is, on one line.
fn plain(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|");
    escaped.replace(['\n', '\r'], " ")
}

/// A table; short lines are filled up.
fn grid(lines: &[Vec<String>]) -> String {
    let [header, rows @ ..] = lines else { return String::new() };
    let line = |cells: &Vec<String>| {
        let mut cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        cells.resize(header.len(), String::new());
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = format!("|---{}|\n", "|---:".repeat(header.len() - 1));
    line(header) + &rule + &rows.iter().map(line).collect::<String>()
}

/// Time of each argument on each layer, where rows differ by it.
fn arguments_compared(rows: &[&Row]) -> String {
    let rows: Vec<&&Row> = rows.iter().filter(|row| row.suite == suites::CONV).collect();
    let arguments = ConvolutionArgument::ALL.iter().map(|argument| argument.name());
    let mut lines =
        vec![std::iter::once("layer").chain(arguments.clone()).map(str::to_owned).collect::<Vec<_>>()];
    let mut layers: Vec<&str> = rows.iter().map(|row| row.group.as_str()).collect();
    layers.dedup();
    if layers.is_empty() {
        return String::new();
    }
    for layer in layers {
        let cell = |argument: &str| {
            let fits = |row: &&&&Row| row.group == layer && row.settings.convolution == argument;
            let time = rows.iter().find(fits).and_then(|row| Spread::of(&row.seconds.phases.linear));
            time.map_or_else(|| "-".to_owned(), |time| units::seconds(time.median))
        };
        lines.push(std::iter::once(layer.to_owned()).chain(arguments.clone().map(cell)).collect());
    }
    format!("Prover's time in the layer's argument alone, without inference and opening:\n\n{}", grid(&lines))
}

/// Proving time and memory beside what others published, where they did.
fn published(rows: &[&Row]) -> String {
    let figures = rows.iter().flat_map(|row| &row.published);
    let systems: BTreeSet<&str> = figures.clone().map(|figure| figure.system.as_str()).collect();
    if systems.is_empty() {
        return String::new();
    }
    let figure = |published: &Published| {
        let time = published.prove_seconds.map(units::seconds);
        let memory = published.peak_memory_bytes.map(bytes);
        time.into_iter().chain(memory).collect::<Vec<_>>().join(", ")
    };
    let header = ["name", "parameters", "tacit"].into_iter().chain(systems.iter().copied());
    let mut lines = vec![header.map(str::to_owned).collect::<Vec<_>>()];
    for row in rows.iter().filter(|row| !row.published.is_empty()) {
        let parameters = row.network.as_ref().map(|network| units::count(network.parameters as u64));
        let own = row.prove().map(|prove| units::seconds(prove.median)).into_iter();
        let own: Vec<String> = own.chain(row.bytes.peak_memory.map(bytes)).collect();
        let mut line = vec![row.name.clone(), parameters.unwrap_or_else(|| "-".to_owned()), own.join(", ")];
        line.extend(systems.iter().map(|system| {
            let figures = row.published.iter().find(|figure| figure.system == *system);
            figures.map_or_else(|| "-".to_owned(), figure)
        }));
        lines.push(line);
    }
    let sources: BTreeSet<String> = figures
        .map(|figure| {
            let [system, source, hardware] =
                [&figure.system, &figure.source, &figure.hardware].map(|t| plain(t));
            format!("- {system}: {source}; hardware: {hardware}\n")
        })
        .collect();
    let sources: String = sources.into_iter().collect();
    format!("Proving time and peak memory, Tacit's beside published ones:\n\n{}\n{sources}", grid(&lines))
}

/// Where and when the rows were measured.
fn machines(rows: &[&Row]) -> String {
    let describe = |row: &&Row| {
        let (machine, settings) = (&row.machine, &row.settings);
        let cpu = machine.cpu.as_deref().unwrap_or("unknown processor");
        let memory = machine.memory.map(|memory| format!(", {}", bytes(memory))).unwrap_or_default();
        let commit = machine.commit.as_deref().unwrap_or("unknown");
        let told = format!(
            "{cpu}, {} cores{memory}, {}, kernel {}, threads {}; Tacit {}, commit {commit}; medians of {} samples; {}",
            machine.cores,
            machine.system,
            machine.kernel,
            settings.threads,
            machine.version,
            settings.samples,
            row.date.split('T').next().unwrap_or_default(),
        );
        plain(&told) + "\n"
    };
    rows.iter().map(describe).collect::<BTreeSet<String>>().into_iter().collect()
}

/// Why rows were refused or failed, a line for each.
fn reasons(rows: &[&Row], bullet: &str) -> String {
    let reason = |row: &&Row| row.reason.as_ref().map(|reason| format!("{bullet}`{}`: {reason}\n", row.name));
    rows.iter().filter_map(reason).collect()
}
