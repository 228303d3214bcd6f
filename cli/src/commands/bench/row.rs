//! A model's row of the table.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::units;

/// How a model fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// Every proof was accepted.
    Proved,
    /// Tacit does not take the model, and says why.
    Refused,
    /// Something went wrong.
    Failed,
}

/// What was measured; what was not reached is unknown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) model: String,
    pub(super) status: Status,
    /// Why it was refused or failed.
    pub(super) reason: Option<String>,
    pub(super) parameters: Option<usize>,
    pub(super) macs: Option<u64>,
    pub(super) lookups: Option<usize>,
    /// Layers by argument, convolutions and matrix products together.
    pub(super) arguments: BTreeMap<String, usize>,
    pub(super) samples: Option<usize>,
    pub(super) accuracy_float: Option<f64>,
    pub(super) accuracy_quantised: Option<f64>,
    pub(super) agreement: Option<f64>,
    /// Median over the proved samples.
    pub(super) prove_seconds: Option<f64>,
    /// Median over the proved samples.
    pub(super) verify_seconds: Option<f64>,
    pub(super) proof_bytes: Option<usize>,
    pub(super) peak_memory_bytes: Option<u64>,
}

/// The table's columns.
pub(super) const HEADER: [&str; 12] = [
    "model",
    "parameters",
    "multiplications",
    "look-ups",
    "arguments",
    "float",
    "quantised",
    "agreement",
    "prove",
    "verify",
    "proof",
    "memory",
];

impl Row {
    /// A row of which only the outcome is known.
    pub(super) const fn new(model: String, status: Status, reason: Option<String>) -> Self {
        Self {
            model,
            status,
            reason,
            parameters: None,
            macs: None,
            lookups: None,
            arguments: BTreeMap::new(),
            samples: None,
            accuracy_float: None,
            accuracy_quantised: None,
            agreement: None,
            prove_seconds: None,
            verify_seconds: None,
            proof_bytes: None,
            peak_memory_bytes: None,
        }
    }

    /// The row's cells; the verdict takes the place of what was not measured.
    pub(super) fn cells(&self) -> Vec<String> {
        match self.status {
            Status::Proved => {}
            Status::Refused => return vec![self.model.clone(), "refused".to_owned()],
            Status::Failed => return vec![self.model.clone(), "failed".to_owned()],
        }
        let time = |seconds: Option<f64>| seconds.map(Duration::from_secs_f64).map(units::time);
        let arguments = self.arguments.iter().map(|(name, count)| format!("{name} {count}"));
        let cells = [
            self.parameters.map(|count| units::count(count as u64)),
            self.macs.map(units::count),
            self.lookups.map(|count| units::count(count as u64)),
            Some(arguments.collect::<Vec<_>>().join(", ")),
            self.accuracy_float.map(units::share),
            self.accuracy_quantised.map(units::share),
            self.agreement.map(units::share),
            time(self.prove_seconds),
            time(self.verify_seconds),
            self.proof_bytes.map(units::bytes),
            self.peak_memory_bytes.map(|bytes| units::bytes(bytes as usize)),
        ];
        let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
        std::iter::once(self.model.clone()).chain(cells).collect()
    }
}

/// The rows as a table in Markdown, with a list of reasons below.
pub(super) fn markdown(all: &[Row]) -> String {
    let line = |cells: &[String]| {
        let escaped = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        format!("| {} |\n", escaped.collect::<Vec<_>>().join(" | "))
    };
    let header = HEADER.map(str::to_owned);
    let rule: String =
        HEADER.iter().enumerate().map(|(i, _)| if i == 0 { "|---" } else { "|---:" }).collect();
    let rows = all.iter().map(|row| {
        let mut cells = row.cells();
        cells.resize(HEADER.len(), String::new());
        line(&cells)
    });
    line(&header) + &rule + "|\n" + &rows.collect::<String>() + "\n" + &reasons(all, "- ")
}

/// Why models were refused or failed, a line for each.
pub(super) fn reasons(rows: &[Row], bullet: &str) -> String {
    let reason = |row: &Row| row.reason.as_ref().map(|reason| format!("{bullet}`{}`: {reason}\n", row.model));
    rows.iter().filter_map(reason).collect()
}
