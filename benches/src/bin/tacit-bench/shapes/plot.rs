//! Rows as a figure: for each text that asked for shapes and each quantity a chart, a series for each argument, against the
//! first number that varies.

use tacit_benches::{
    alone::{Measured, Seconds},
    statistics::Spread,
};

use super::{Facts, Row};
use crate::{
    arguments::Quantity,
    chart::{self, Chart, Point, Series, System},
    figures::{bytes, count, machine_in_words, seconds},
};

/// Charts beside each other.
const COLUMNS: usize = 3;

pub(super) fn figure(facts: &Facts, texts: &[&str], series: &[Quantity]) -> String {
    let charts: Vec<Chart> = texts
        .iter()
        .enumerate()
        .flat_map(|(index, text)| series.iter().map(move |&quantity| (index, text, quantity)))
        .map(|(index, text, quantity)| chart(facts, index, text, quantity))
        .filter(|chart| !chart.is_empty())
        .collect();
    chart::document(&charts, series.len().min(COLUMNS))
}

fn chart(facts: &Facts, index: usize, text: &str, quantity: Quantity) -> Chart {
    let rows: Vec<&Row> = facts.rows.iter().filter(|row| row.text == index).collect();
    let axes = axes(&rows);
    let hardware = machine_in_words(&facts.machine, Some(facts.threads));
    let mut series: Vec<Series> = vec![];
    for row in rows.iter().filter(|row| row.refused.is_none()) {
        let value = |axis: usize| row.numbers[axis].1.unwrap_or(0);
        let parts = axes.iter().skip(1).map(|&axis| format!("{} {}", row.numbers[axis].0, value(axis)));
        let name = std::iter::once(row.argument.to_owned()).chain(parts).collect::<Vec<_>>().join(", ");
        let Some((y, range)) = measured(&row.measured, quantity) else { continue };
        let x = axes.first().map_or(1.0, |&axis| value(axis) as f64);
        let point = Point { x, y, range, name: row.shape.clone(), named: false };
        if let Some(series) = series.iter_mut().find(|series| series.system.name == name) {
            series.points.push(point);
        } else {
            let look = series.len();
            let system = System { name, hardware: hardware.clone(), own: true, look, joined: true };
            series.push(Series { system, points: vec![point] });
        }
    }
    let name = axes.first().and_then(|&axis| rows.first().map(|row| row.numbers[axis].0)).unwrap_or("shape");
    let horizontal = chart::Quantity { name, format: count, exact: true };
    let (title, vertical) = vertical(quantity);
    Chart { title: title.to_owned(), part: text.to_owned(), horizontal, vertical, series }
}

/// The numbers that vary: the first, then those that it does not tell.
fn axes(rows: &[&Row]) -> Vec<usize> {
    let numbers = rows.first().map_or(0, |row| row.numbers.len());
    let value = |row: &Row, axis: usize| row.numbers[axis].1;
    let varies = |&axis: &usize| rows.iter().any(|row| value(row, axis) != value(rows[0], axis));
    let mut axes: Vec<usize> = (0..numbers).filter(varies).collect();
    let Some(&first) = axes.first() else { return axes };
    let follows = |axis: usize| {
        rows.iter().all(|row| {
            let same = rows.iter().filter(|other| value(other, first) == value(row, first));
            same.into_iter().all(|other| value(other, axis) == value(row, axis))
        })
    };
    axes.retain(|&axis| axis == first || !follows(axis));
    // Of several that vary together one will do.
    let mut kept: Vec<usize> = vec![];
    for axis in axes {
        let alike = |&other: &usize| rows.iter().all(|row| value(row, axis) == value(row, other));
        if !kept.iter().skip(1).any(alike) {
            kept.push(axis);
        }
    }
    kept
}

/// A quantity, with the range of its samples.
fn measured(measured: &Measured, quantity: Quantity) -> Option<(f64, Option<(f64, f64)>)> {
    let time = |times: fn(&Seconds) -> &Vec<f64>| {
        Spread::of(times(&measured.seconds)).map(|spread| (spread.median, Some((spread.min, spread.max))))
    };
    let exact = |count: usize| Some((count as f64, None));
    match quantity {
        Quantity::Commit => time(|seconds| &seconds.commit),
        Quantity::Prove => time(|seconds| &seconds.prove),
        Quantity::Open => time(|seconds| &seconds.open),
        Quantity::Read => time(|seconds| &seconds.read),
        Quantity::Verify => time(|seconds| &seconds.verify),
        Quantity::Check => time(|seconds| &seconds.check),
        Quantity::Bytes => exact(measured.sent.argument.bytes),
        Quantity::OpeningBytes => exact(measured.sent.opening.bytes),
        Quantity::CommitmentBytes => exact(measured.sent.commitment.bytes),
        Quantity::Rounds => exact(measured.sent.argument.rounds),
    }
}

const fn vertical(quantity: Quantity) -> (&'static str, chart::Quantity) {
    let time = chart::Quantity { name: "time", format: seconds, exact: false };
    let size = chart::Quantity { name: "bytes", format: bytes, exact: false };
    match quantity {
        Quantity::Commit => ("Commitment", time),
        Quantity::Prove => ("Prover's argument", time),
        Quantity::Open => ("Prover's opening", time),
        Quantity::Read => ("Reading commitments", time),
        Quantity::Verify => ("Verifier's argument", time),
        Quantity::Check => ("Verifier's opening", time),
        Quantity::Bytes => ("Argument's size", size),
        Quantity::OpeningBytes => ("Opening's size", size),
        Quantity::CommitmentBytes => ("Commitment's size", size),
        Quantity::Rounds => ("Rounds", chart::Quantity { name: "rounds", format: count, exact: false }),
    }
}
