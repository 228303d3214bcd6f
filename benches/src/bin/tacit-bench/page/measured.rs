//! The table of a suite's rows: what each network is, then what it took.

use tacit_benches::{
    row::{Row, Status},
    statistics::Spread,
};

use super::{
    grid::{Cell, Column, Grid, Line},
    scale::Kind,
};
use crate::csv::status;

/// A column of numbers: its name, what it tells, and a row's value.
struct Numbers {
    name: &'static str,
    about: &'static str,
    kind: Kind,
    value: fn(&Row) -> Option<f64>,
    /// How far samples are from the value.
    spread: Option<fn(&Row) -> Option<Spread>>,
}

const fn numbers(
    name: &'static str,
    about: &'static str,
    kind: Kind,
    value: fn(&Row) -> Option<f64>,
) -> Numbers {
    Numbers { name, about, kind, value, spread: None }
}

/// Columns that are known before anything is proved.
const KNOWN: [Numbers; 6] = [
    numbers("layers", "Layers with weights", Kind::Count, |row| Some(row.network.as_ref()?.layers as f64)),
    numbers("parameters", "Weights and biases", Kind::Count, |row| {
        Some(row.network.as_ref()?.parameters as f64)
    }),
    numbers("multiplications", "Multiplications of a weight by an activation", Kind::Count, |row| {
        Some(row.network.as_ref()?.multiplications as f64)
    }),
    numbers("look-ups", "Looked-up rows of one proof, padding included", Kind::Count, |row| {
        Some(row.network.as_ref()?.lookups as f64)
    }),
    numbers("samples", "Proofs made and verified", Kind::Count, |row| Some(f64::from(row.settings.samples))),
    numbers("threads", "Threads of the prover", Kind::Count, |row| Some(row.settings.threads as f64)),
];

const MEASURED: [Numbers; 14] = [
    Numbers {
        spread: Some(Row::prove),
        ..numbers(
            "prove",
            "Proving, inference included; median, and how far the furthest sample is from it",
            Kind::Time,
            |row| Some(row.prove()?.median),
        )
    },
    Numbers {
        spread: Some(Row::verify),
        ..numbers(
            "verify",
            "Verifying on one thread; median, and how far the furthest sample is from it",
            Kind::Time,
            |row| Some(row.verify()?.median),
        )
    },
    numbers("proof", "The largest proof", Kind::Size, |row| row.bytes.proof.map(|bytes| bytes as f64)),
    numbers("memory", "Peak resident memory of the row's own process", Kind::Size, |row| {
        row.bytes.peak_memory.map(|bytes| bytes as f64)
    }),
    numbers(
        "inference",
        "Inference alone, by the integer executor: of each sample the fastest of a few runs, and their median",
        Kind::Time,
        |row| Some(row.inference()?.median),
    ),
    numbers(
        "over inference",
        "How many times longer proving takes than inference",
        Kind::Factor,
        Row::overhead,
    ),
    numbers("float", "Accuracy of the reference", Kind::Share, |row| row.accuracy.as_ref()?.float),
    numbers("quantised", "Accuracy of the integer network", Kind::Share, |row| {
        row.accuracy.as_ref()?.quantised
    }),
    numbers("loss", "Accuracy that quantisation lost", Kind::Share, |row| row.accuracy.as_ref()?.loss()),
    numbers("agreement", "Share of outputs on which both name the same class", Kind::Share, |row| {
        row.accuracy.as_ref()?.agreement
    }),
    numbers(
        "compile",
        "From the model to the integer network with its arguments chosen",
        Kind::Time,
        |row| row.seconds.compile,
    ),
    numbers("set-up", "Committing to the weights and making both keys", Kind::Time, |row| row.seconds.setup),
    numbers("proving key", "The proving key's file, weights included", Kind::Size, |row| {
        row.bytes.proving_key.map(|bytes| bytes as f64)
    }),
    numbers("verifying key", "The verifying key's file", Kind::Size, |row| {
        row.bytes.verifying_key.map(|bytes| bytes as f64)
    }),
];

/// The table of a suite. `costs` gives the number under which a row's costs by layer are found.
pub(super) fn grid(suite: &str, rows: &[&Row], costs: impl Fn(&Row) -> Option<usize>) -> Grid {
    let mut columns =
        vec![Column { name: "network".to_owned(), unit: String::new(), about: "", text: true, main: false }];
    let mut cells: Vec<Vec<Cell>> =
        rows.iter().map(|&row| vec![Cell::Name(row.name.clone(), costs(row))]).collect();
    let mut add = |column: Column, column_cells: Vec<Cell>| {
        columns.push(column);
        for (line, cell) in cells.iter_mut().zip(column_cells) {
            line.push(cell);
        }
    };
    for known in KNOWN.iter().filter(|known| tells(known, rows)) {
        let (column, cells) = known.column(rows);
        add(column, cells);
    }
    let proved: Vec<&Row> = rows.iter().copied().filter(|row| row.status == Status::Proved).collect();
    let known = columns.len();
    let mut measured = vec![];
    for numbers in MEASURED.iter().filter(|numbers| proved.iter().any(|row| (numbers.value)(row).is_some())) {
        let (column, cells) = numbers.column(&proved);
        columns.push(column);
        measured.push(cells.into_iter());
    }
    if let Some((column, cells)) = arguments(&proved) {
        columns.push(column);
        measured.push(cells.into_iter());
    }
    if columns.len() == known {
        // A place for the reasons.
        columns.push(Column { name: String::new(), unit: String::new(), about: "", text: true, main: false });
    }
    let mut lines = vec![];
    for (index, (row, mut cells)) in rows.iter().zip(cells).enumerate() {
        if row.network.is_none() {
            // Nothing is known but the name.
            cells.truncate(1);
        }
        let ending = if row.status == Status::Proved {
            cells.extend(measured.iter_mut().filter_map(Iterator::next));
            None
        } else {
            Some((status(row.status), row.reason.clone().unwrap_or_else(|| "no reason is known".to_owned())))
        };
        lines.push(Line { cells, first: begins_group(rows, index), ending });
    }
    Grid { caption: format!("Rows of {suite}"), bands: vec![], columns, lines }
}

/// Whether a row is of another group than the one before it.
pub(super) fn begins_group(rows: &[&Row], index: usize) -> bool {
    index > 0 && rows[index - 1].group != rows[index].group
}

/// Whether a column has values, and tells something that others do not.
fn tells(column: &Numbers, rows: &[&Row]) -> bool {
    let values: Vec<f64> = rows.iter().filter_map(|row| (column.value)(row)).collect();
    match column.name {
        "samples" | "threads" => values.windows(2).any(|pair| pair[0].to_bits() != pair[1].to_bits()),
        "multiplications" => rows
            .iter()
            .filter_map(|row| row.network.as_ref())
            .any(|network| network.multiplications != network.weights as u64),
        _ => values.iter().any(|value| *value > 0.0),
    }
}

/// Layers by argument, where there is more than one argument.
fn arguments(rows: &[&Row]) -> Option<(Column, Vec<Cell>)> {
    let networks = || rows.iter().filter_map(|row| row.network.as_ref());
    let mut names: Vec<&String> = networks().flat_map(|network| network.arguments.keys()).collect();
    names.sort();
    names.dedup();
    if names.len() < 2 {
        return None;
    }
    let cell = |row: &&Row| {
        let arguments = row.network.as_ref().map(|network| &network.arguments);
        let list = arguments.into_iter().flatten().map(|(name, count)| format!("{count} {name}"));
        let text = list.collect::<Vec<_>>().join(", ");
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    };
    let about = "Layers by the argument that proves them";
    let column = Column { name: "arguments".to_owned(), unit: String::new(), about, text: true, main: false };
    Some((column, rows.iter().map(cell).collect()))
}

impl Numbers {
    fn column(&self, rows: &[&Row]) -> (Column, Vec<Cell>) {
        let values: Vec<Option<f64>> = rows.iter().map(|row| (self.value)(row)).collect();
        let (mut column, mut cells) = Column::numbers(self.name, self.about, self.kind, &values);
        column.main = self.name == "prove";
        if let Some(spread) = self.spread {
            column.unit.push_str(" ± %");
            for (cell, row) in cells.iter_mut().zip(rows) {
                if let (Cell::Number(_, _, remark), Some(spread)) = (cell, spread(row)) {
                    // One sample has no spread, but its figure stands under the others.
                    *remark = Some(if row.settings.samples > 1 { away(spread) } else { String::new() });
                }
            }
        }
        (column, cells)
    }
}

/// How far the furthest sample is from the median, in percent.
fn away(spread: Spread) -> String {
    let away = (spread.max - spread.median).max(spread.median - spread.min);
    let percent = if spread.median > 0.0 { away / spread.median * 100.0 } else { 0.0 };
    format!("±{percent:.0}")
}
