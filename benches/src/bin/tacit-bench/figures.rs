//! Which charts show a suite: proving time and memory against parameters, or against what the suite varies.

use std::collections::BTreeSet;

use tacit_benches::{
    machine::Machine,
    row::{Row, Status},
    suites::CONV,
};

use super::chart::{Chart, Point, Quantity, Series, System};
use tacit_cli::units;

/// What the vertical axis shows.
#[derive(Debug, Clone, Copy)]
enum Measure {
    Time,
    Memory,
}

/// The charts of a suite, in pairs of time and memory.
pub(super) fn charts(rows: &[&Row]) -> Vec<Chart> {
    let peers: BTreeSet<&str> =
        rows.iter().flat_map(|row| &row.published).map(|figure| figure.system.as_str()).collect();
    let peers: Vec<&str> = peers.into_iter().collect();
    let mut groups: Vec<(&str, Vec<&Row>)> = vec![];
    for &row in rows {
        // Groups that are no series make one chart.
        let name = if row.varied.is_some() { row.group.as_str() } else { "" };
        match groups.iter_mut().find(|(group, _)| *group == name) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((name, vec![row])),
        }
    }
    let charts = groups.iter().flat_map(|(group, rows)| {
        [Measure::Time, Measure::Memory].map(|measure| chart(measure, group, rows, &peers))
    });
    charts.filter(|chart| !chart.is_empty()).collect()
}

fn chart(measure: Measure, group: &str, rows: &[&Row], peers: &[&str]) -> Chart {
    let (horizontal, across) = horizontal(rows);
    let joined = !group.is_empty();
    let named = !joined && rows.iter().all(|row| row.suite != CONV);
    let mut series: Vec<Series> = vec![];
    for row in rows.iter().filter(|row| row.status == Status::Proved) {
        let (Some(x), Some((y, range))) = (across(row), own(measure, row)) else { continue };
        let (name, hardware) = identity(row);
        let known = series
            .iter()
            .position(|series| (&series.system.name, &series.system.hardware) == (&name, &hardware));
        let system = System { name, hardware, own: true, look: known.unwrap_or(series.len()), joined };
        add(&mut series, system, Point { x, y, range, name: row.name.clone(), named });
    }
    for (look, &peer) in peers.iter().enumerate() {
        for row in rows {
            for figure in row.published.iter().filter(|figure| figure.system == peer) {
                let y = match measure {
                    Measure::Time => figure.prove_seconds,
                    Measure::Memory => figure.peak_memory_bytes.map(|bytes| bytes as f64),
                };
                let (Some(x), Some(y)) = (across(row), y) else { continue };
                let (name, hardware) = (system_name(peer).to_owned(), published_hardware(&figure.hardware));
                let system = System { name, hardware, own: false, look, joined };
                add(&mut series, system, Point { x, y, range: None, name: row.name.clone(), named: false });
            }
        }
    }
    let (title, vertical) = match measure {
        Measure::Time => ("Proving time", Quantity { name: "time", format: seconds, exact: false }),
        Measure::Memory => ("Peak memory", Quantity { name: "memory", format: bytes, exact: false }),
    };
    Chart { title: title.to_owned(), part: group.to_owned(), horizontal, vertical, series }
}

/// Adds a point to its system's series.
fn add(series: &mut Vec<Series>, system: System, point: Point) {
    if let Some(series) = series.iter_mut().find(|series| series.system == system) {
        series.points.push(point);
    } else {
        series.push(Series { system, points: vec![point] });
    }
}

/// What the horizontal axis shows, and a row's place on it.
fn horizontal(rows: &[&Row]) -> (Quantity, fn(&Row) -> Option<f64>) {
    let varied = rows.first().and_then(|row| row.varied.as_ref());
    let value: fn(&Row) -> Option<f64> = |row| Some(row.varied.as_ref()?.value as f64);
    let by = |name, exact| (Quantity { name, format: count, exact }, value);
    match varied.map(|varied| varied.what.as_str()) {
        Some("activations") => by("activations", false),
        Some("batch") => by("inputs at once", true),
        Some("threads") => by("threads", true),
        _ if rows.iter().all(|row| row.suite == CONV) => {
            (Quantity { name: "multiplications", format: count, exact: false }, |row| {
                Some(row.network.as_ref()?.multiplications as f64)
            })
        }
        _ => (Quantity { name: "parameters", format: count, exact: false }, parameters),
    }
}

/// Parameters; of a network that was not made, those that the suite tells.
fn parameters(row: &Row) -> Option<f64> {
    let known = row.network.as_ref().map(|network| network.parameters as f64);
    known.or_else(|| {
        row.varied.as_ref().filter(|varied| varied.what == "weights").map(|varied| varied.value as f64)
    })
}

/// The series that a row is of, and its machine.
fn identity(row: &Row) -> (String, String) {
    let name =
        if row.suite == CONV { format!("Tacit, {}", row.settings.convolution) } else { "Tacit".to_owned() };
    (name, hardware(row))
}

/// The machine of a row in a few words.
pub(super) fn hardware(row: &Row) -> String {
    let varies = row.varied.as_ref().is_some_and(|varied| varied.what == "threads");
    machine_in_words(&row.machine, (!varies).then_some(row.settings.threads))
}

/// A machine in a few words, with the number of threads where it is not that of cores.
pub(super) fn machine_in_words(machine: &Machine, threads: Option<usize>) -> String {
    let cpu = machine.cpu.as_deref().unwrap_or("unknown processor");
    let mut parts = vec![cpu.to_owned(), format!("{} cores", machine.cores)];
    parts.extend(machine.memory.map(|memory| format!("{} GB", (memory as f64 / 1e9).round())));
    if let Some(threads) = threads.filter(|&threads| threads != machine.cores) {
        parts.push(format!("{threads} threads"));
    }
    parts.join(", ")
}

/// The machine of a published figure.
pub(super) fn published_hardware(hardware: &str) -> String {
    if hardware.starts_with("not ") { format!("hardware {hardware}") } else { hardware.to_owned() }
}

fn own(measure: Measure, row: &Row) -> Option<(f64, Option<(f64, f64)>)> {
    match measure {
        Measure::Time => row.prove().map(|spread| (spread.median, Some((spread.min, spread.max)))),
        Measure::Memory => row.bytes.peak_memory.map(|bytes| (bytes as f64, None)),
    }
}

/// A system's name as its authors write it.
pub(super) fn system_name(system: &str) -> &str {
    match system {
        "zkcnn" => "zkCNN",
        "plonky2" => "Plonky2",
        "groth16" => "Groth16",
        "gemini" => "Gemini",
        "halo2" => "halo2",
        "deepprove" => "DeepProve",
        "ezkl" => "EZKL",
        other => other,
    }
}

/// A number without the zeros that end its fraction.
fn short(value: f64) -> String {
    let digits = (2.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        ..0.999_999e-3 => format!("{} µs", short(seconds * 1e6)),
        ..0.999_999 => format!("{} ms", short(seconds * 1e3)),
        _ => format!("{} s", short(seconds)),
    }
}

pub(super) fn bytes(bytes: f64) -> String {
    match bytes {
        ..0.999_999e6 => format!("{} KB", short(bytes / 1e3)),
        ..0.999_999e9 => format!("{} MB", short(bytes / 1e6)),
        _ => format!("{} GB", short(bytes / 1e9)),
    }
}

pub(super) fn count(count: f64) -> String {
    match count {
        ..1e4 => units::count(count.round() as u64),
        ..0.999_999e6 => format!("{} k", short(count / 1e3)),
        ..0.999_999e9 => format!("{} M", short(count / 1e6)),
        _ => format!("{} G", short(count / 1e9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_read_with_their_unit() {
        assert_eq!(
            [2e-5, 0.001, 0.25, 1.0, 20.0, 300.0].map(seconds),
            ["20 µs", "1 ms", "250 ms", "1 s", "20 s", "300 s"]
        );
        assert_eq!([5e4, 1e6, 2.5e7, 1e9, 1.28e10].map(bytes), ["50 KB", "1 MB", "25 MB", "1 GB", "12.8 GB"]);
        assert_eq!(
            [1.0, 64.0, 2112.0, 5e4, 1e6, 1.5e10].map(count),
            ["1", "64", "2,112", "50 k", "1 M", "15 G"]
        );
    }
}
