//! Tacit's figures beside published ones of the same architectures.

use std::collections::BTreeSet;

use tacit_benches::row::{Published, Row, Status};

use super::{
    grid::{Cell, Column, Grid, Line},
    measured::begins_group,
    scale::{Kind, Scale},
};
use crate::{
    csv::status,
    figures::{self, system_name},
    markup::escape,
};

/// A quantity that is published: Tacit's value and another system's.
struct Quantity {
    name: &'static str,
    kind: Kind,
    own: fn(&Row) -> Option<f64>,
    other: fn(&Published) -> Option<f64>,
}

const QUANTITIES: [Quantity; 4] = [
    Quantity {
        name: "proving time",
        kind: Kind::Time,
        own: |row| Some(row.prove()?.median),
        other: |figure| figure.prove_seconds,
    },
    Quantity {
        name: "verifying time",
        kind: Kind::Time,
        own: |row| Some(row.verify()?.median),
        other: |figure| figure.verify_seconds,
    },
    Quantity {
        name: "proof",
        kind: Kind::Size,
        own: |row| row.bytes.proof.map(|bytes| bytes as f64),
        other: |figure| figure.proof_bytes.map(|bytes| bytes as f64),
    },
    Quantity {
        name: "peak memory",
        kind: Kind::Size,
        own: |row| row.bytes.peak_memory.map(|bytes| bytes as f64),
        other: |figure| figure.peak_memory_bytes.map(|bytes| bytes as f64),
    },
];

/// A system and whether it is Tacit.
type Head = (String, bool);

/// The table and its sources; nothing where nothing is published.
pub(super) fn html(suite: &str, rows: &[&Row]) -> Option<String> {
    let rows: Vec<&Row> = rows.iter().copied().filter(|row| !row.published.is_empty()).collect();
    if rows.is_empty() {
        return None;
    }
    let mut columns =
        vec![Column { name: "network".to_owned(), unit: String::new(), about: "", text: true, main: false }];
    let mut bands = vec![(String::new(), 1)];
    let mut lines: Vec<Line> = rows
        .iter()
        .map(|row| Line { cells: vec![Cell::Name(row.name.clone(), None)], ..Line::default() })
        .collect();
    let mut band = |title: String, heads: Vec<Head>, unit: &str, values: Vec<Vec<Cell>>| {
        bands.push((title, heads.len()));
        for ((name, main), cells) in heads.into_iter().zip(values) {
            columns.push(Column { name, unit: unit.to_owned(), about: "", text: false, main });
            for (line, cell) in lines.iter_mut().zip(cells) {
                line.cells.push(cell);
            }
        }
    };
    let parameters: Vec<Option<f64>> =
        rows.iter().map(|row| row.network.as_ref().map(|network| network.parameters as f64)).collect();
    let (column, cells) = Column::numbers("parameters", "", Kind::Count, &parameters);
    band(String::new(), vec![(column.name, false)], "", vec![cells]);
    for quantity in &QUANTITIES {
        let (heads, values) = quantity.values(&rows);
        if heads.len() < 2 {
            continue;
        }
        let all: Vec<f64> = values.iter().flatten().copied().flatten().collect();
        let scale = Scale::of(quantity.kind, &all);
        let cells = values.iter().zip(&heads).map(|(column, (_, own))| {
            let known: Vec<f64> = column.iter().copied().flatten().collect();
            let scale = if *own { scale.measured(&known) } else { scale.published(&known) };
            let cell =
                |value: &Option<f64>| value.map_or(Cell::Empty, |v| Cell::Number(scale.text(v), v, None));
            column.iter().map(cell).collect()
        });
        let cells = cells.collect();
        band(quantity.name.to_owned(), heads, scale.unit, cells);
    }
    for (index, (line, row)) in lines.iter_mut().zip(&rows).enumerate() {
        line.first = begins_group(&rows, index);
        if let (false, Some(Cell::Name(name, _))) = (row.status == Status::Proved, line.cells.first_mut()) {
            *name = format!("{name} ({})", status(row.status));
        }
    }
    let grid = Grid { caption: format!("Published figures beside Tacit's, {suite}"), bands, columns, lines };
    Some(format!("{}{}", grid.html(), sources(&rows)))
}

impl Quantity {
    /// Tacit and the systems that publish this, with their values.
    fn values(&self, rows: &[&Row]) -> (Vec<Head>, Vec<Vec<Option<f64>>>) {
        let systems: BTreeSet<&str> =
            rows.iter().flat_map(|row| &row.published).map(|figure| figure.system.as_str()).collect();
        let mut heads = vec![("Tacit".to_owned(), true)];
        let proved = |row: &&Row| (row.status == Status::Proved).then(|| (self.own)(row)).flatten();
        let mut values = vec![rows.iter().map(proved).collect()];
        for system in systems {
            let value = |row: &&Row| {
                row.published
                    .iter()
                    .filter(|figure| figure.system == system)
                    .find_map(|figure| (self.other)(figure))
            };
            let column: Vec<Option<f64>> = rows.iter().map(value).collect();
            if column.iter().any(Option::is_some) {
                heads.push((system_name(system).to_owned(), false));
                values.push(column);
            }
        }
        (heads, values)
    }
}

/// Which machine each system ran on, and where its figures are published.
fn sources(rows: &[&Row]) -> String {
    let own: BTreeSet<String> =
        rows.iter().filter(|row| row.status == Status::Proved).map(|row| figures::hardware(row)).collect();
    let mut sources: Vec<(Vec<&str>, &str, &str)> = vec![];
    for figure in rows.iter().flat_map(|row| &row.published) {
        let (hardware, source) = (figure.hardware.as_str(), figure.source.as_str());
        let name = system_name(&figure.system);
        match sources.iter_mut().find(|known| (known.1, known.2) == (hardware, source)) {
            Some((names, ..)) if names.contains(&name) => {}
            Some((names, ..)) => names.push(name),
            None => sources.push((vec![name], hardware, source)),
        }
    }
    let own = own.iter().map(|hardware| {
        format!(
            "<div class=\"main\"><dt>Tacit</dt><dd>{}</dd><dd>measured here</dd></div>\n",
            escape(hardware)
        )
    });
    let others = sources.into_iter().map(|(mut names, hardware, source)| {
        names.sort_unstable();
        let [names, source] = [&names.join(", "), source].map(escape);
        let hardware = escape(&figures::published_hardware(hardware));
        format!("<div><dt>{names}</dt><dd>{hardware}</dd><dd>{source}</dd></div>\n")
    });
    format!("<dl class=\"sources\">\n{}</dl>\n", own.chain(others).collect::<String>())
}
