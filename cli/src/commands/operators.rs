//! `tacit operators`: the ONNX operators that can be compiled, their limits and how each is proved.

use serde::Serialize;
use tacit_onnx::operators::{OPERATORS, Operator, QUANTISED_OPERATORS, REFUSED, Refused};

use crate::report::Report;

#[derive(Debug, Serialize)]
struct Facts {
    operators: Vec<Supported>,
    quantised_operators: Vec<Supported>,
    refused: &'static [Refused],
}

#[derive(Debug, Serialize)]
struct Supported {
    #[serde(flatten)]
    operator: Operator,
    proved_by: &'static str,
}

pub(super) fn run() -> Report {
    let supported = |&operator: &Operator| Supported { operator, proved_by: operator.proof.description() };
    let facts = Facts {
        operators: OPERATORS.iter().map(supported).collect(),
        quantised_operators: QUANTISED_OPERATORS.iter().map(supported).collect(),
        refused: REFUSED,
    };
    let row = |operator: &Operator| {
        let limits = if operator.limits.is_empty() { "-" } else { operator.limits };
        [operator.name, operator.proof.description(), limits]
    };
    let refused = REFUSED.iter().map(|refused| [refused.name, refused.alternative]);
    let text = table(["operator", "proved by", "limits"], OPERATORS.iter().map(row))
        + "\n"
        + &table(["in quantised models also", "proved by", "limits"], QUANTISED_OPERATORS.iter().map(row))
        + "\n"
        + &table(["not supported", "nearest alternative"], refused);
    Report::done(&facts, &text)
}

/// Rows below a head, columns aligned.
fn table<const N: usize>(head: [&'static str; N], rows: impl Iterator<Item = [&'static str; N]>) -> String {
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[&str; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect::<Vec<_>>().concat()
}
