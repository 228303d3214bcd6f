//! Arguments by themselves on shapes of the user's: a row for each shape and argument.

mod csv;
mod plot;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_benches::{
    alone::{Argument, Measured, Phases, Prepared, Refusal, Seconds},
    machine::{self, Machine},
    shape::{Kind, Shape},
    statistics::Spread,
    suites,
};
use tacit_cli::{
    destination::{self, Destination},
    options::Threads,
    progress::Progress,
    report::Report,
    units,
};

use super::{provenance, suite, tables};
use crate::arguments::{AloneArguments, ConvArguments, Quantity, ShapeOptions};

const REPEAT: u16 = 3;
const LIMIT: f64 = 60.0;
const SERIES: [Quantity; 3] = [Quantity::Prove, Quantity::Verify, Quantity::Bytes];

/// A shape by an argument.
#[derive(Debug, Serialize)]
struct Row {
    /// As it is written on the command line.
    shape: String,
    argument: &'static str,
    /// Why it was not measured.
    refused: Option<String>,
    predicted_seconds: Option<f64>,
    #[serde(flatten)]
    measured: Measured,
    #[serde(skip)]
    numbers: Vec<(&'static str, Option<usize>)>,
    /// The index of the text that asked for it.
    #[serde(skip)]
    text: usize,
}

#[derive(Debug, Serialize)]
struct Facts {
    kind: &'static str,
    repeat: u16,
    threads: usize,
    machine: Machine,
    date: String,
    rows: Vec<Row>,
}

/// `tacit-bench conv`: the suite, or shapes.
pub(super) fn conv(arguments: &ConvArguments) -> Result<Report> {
    let ConvArguments { shapes, arguments: names, suite } = arguments;
    if shapes.shapes.is_empty() {
        let lonely = shapes.needs_shape().or((!names.is_empty()).then_some("--argument"));
        if let Some(option) = lonely {
            bail!("{option} needs --shape: {}", Kind::Convolution.form());
        }
        return suite::run(suites::conv(), suite);
    }
    if let Some(option) = suite.needs_suite() {
        bail!("{option} is for the suite of networks: give either it or --shape");
    }
    run(Kind::Convolution, shapes, names, &suite.options.threads)
}

/// A kind that one argument proves.
pub(super) fn alone(kind: Kind, arguments: &AloneArguments) -> Result<Report> {
    run(kind, &arguments.shapes, &[], &arguments.threads)
}

/// Measures every shape by every argument.
pub(super) fn run(
    kind: Kind,
    options: &ShapeOptions,
    arguments: &[String],
    threads: &Threads,
) -> Result<Report> {
    let texts: Vec<&str> = match options.shapes.as_slice() {
        [] => kind.default_shapes().to_vec(),
        shapes => shapes.iter().map(String::as_str).collect(),
    };
    let arguments = chosen(kind, arguments)?;
    let mut shapes: Vec<(usize, Shape)> = vec![];
    for (index, text) in texts.iter().enumerate() {
        let parsed = kind.parse(text).map_err(|error| anyhow::anyhow!("--shape {error}"))?;
        shapes.extend(parsed.into_iter().map(|shape| (index, shape)));
    }
    let destination = |path: &Option<_>| {
        path.as_ref().map(|path: &std::path::PathBuf| Destination::new(path, &[])).transpose()
    };
    let (csv, plot) = (destination(&options.csv)?, destination(&options.plot)?);
    destination::check_distinct(&csv.iter().chain(&plot).collect::<Vec<_>>())?;
    threads.start()?;
    let (repeat, limit) = (options.repeat.unwrap_or(REPEAT), options.limit.unwrap_or(LIMIT));
    let progress = Progress::new("Measuring");
    progress.count("Measuring", shapes.len() * arguments.len());
    let mut rows = vec![];
    for &(text, shape) in &shapes {
        for &argument in &arguments {
            rows.push(measure(text, &shape, argument, repeat, limit)?);
            progress.advance();
        }
    }
    drop(progress);
    let machine = provenance::machine();
    let threads = threads.count.map_or(machine.cores, usize::from);
    let facts = Facts { kind: name(kind), repeat, threads, machine, date: machine::now(), rows };
    if let Some(csv) = csv {
        csv.write(csv::table(&facts).as_bytes())?;
    }
    if let Some(plot) = plot {
        let series = if options.series.is_empty() { &SERIES[..] } else { &options.series };
        plot.write(plot::figure(&facts, &texts, series).as_bytes())?;
    }
    let text = text(&facts.rows);
    Ok(Report::done(&facts, &text))
}

fn measure(text: usize, shape: &Shape, argument: Argument, repeat: u16, limit: f64) -> Result<Row> {
    let mut row = Row {
        shape: shape.to_string(),
        argument: argument.name(),
        refused: None,
        predicted_seconds: None,
        measured: Measured::default(),
        numbers: shape.numbers(),
        text,
    };
    match Prepared::new(shape, argument, limit) {
        Err(refusal) => {
            row.predicted_seconds = match refusal {
                Refusal::Limit { predicted, .. } => Some(predicted),
                Refusal::Shape(_) => None,
            };
            row.refused = Some(refusal.to_string());
        }
        Ok(prepared) => {
            row.predicted_seconds = prepared.predicted;
            row.measured = prepared
                .measure(usize::from(repeat))
                .map_err(|error| anyhow::anyhow!("{error}"))
                .with_context(|| format!("`{shape}` by {}", argument.name()))?;
        }
    }
    Ok(row)
}

/// The arguments of these names, or all.
fn chosen(kind: Kind, names: &[String]) -> Result<Vec<Argument>> {
    let all = Argument::all(kind);
    for name in names {
        if !all.iter().any(|argument| argument.name() == name) {
            let names: Vec<&str> = all.iter().map(|argument| argument.name()).collect();
            bail!("--argument: there is no `{name}`; the arguments are {}", names.join(", "));
        }
    }
    let wanted = |argument: &Argument| names.is_empty() || names.iter().any(|name| name == argument.name());
    Ok(all.into_iter().filter(wanted).collect())
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Convolution => "conv",
        Kind::Matmul => "matmul",
        Kind::Lookup => "lookup",
        Kind::Opening => "opening",
        Kind::Gates => "gates",
    }
}

/// A phase's times by name.
type Time = (&'static str, fn(&Seconds) -> &[f64]);

const TIMES: [Time; 6] = [
    ("commit", |seconds| &seconds.commit),
    ("prove", |seconds| &seconds.prove),
    ("open", |seconds| &seconds.open),
    ("read", |seconds| &seconds.read),
    ("verify", |seconds| &seconds.verify),
    ("check", |seconds| &seconds.check),
];

/// A table, with refusals below.
fn text(rows: &[Row]) -> String {
    let header = ["shape", "argument"].into_iter().chain(TIMES.map(|(name, _)| name));
    let header = header.chain(["bytes", "opening", "rounds"]).map(str::to_owned);
    let mut lines = vec![header.collect::<Vec<_>>()];
    for row in rows {
        let mut line = vec![row.shape.clone(), row.argument.to_owned()];
        if row.refused.is_some() {
            line.push("refused".to_owned());
        } else {
            let Measured { seconds, sent: Phases { argument, opening, .. } } = &row.measured;
            let spread = |times| Spread::of(times).map_or_else(String::new, tables::spread);
            line.extend(TIMES.iter().map(|(_, times)| spread(times(seconds))));
            line.extend([
                units::bytes(argument.bytes),
                units::bytes(opening.bytes),
                argument.rounds.to_string(),
            ]);
        }
        lines.push(line);
    }
    let refusal = |row: &Row| {
        row.refused.as_ref().map(|reason| format!("  `{}` by {}: {reason}\n", row.shape, row.argument))
    };
    format!("{}\n{}", units::table(&lines), rows.iter().filter_map(refusal).collect::<String>())
}
