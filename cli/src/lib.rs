//! The `tacit` command: compiles, runs, proves and verifies quantised neural networks. As a library, what it shares with
//! other commands: options, files of samples, progress, reports.

#![expect(clippy::missing_errors_doc, reason = "every error is a message to a user that says what to do")]

pub mod answer;
mod arguments;
pub mod arrangement;
pub mod array_file;
pub mod artifact;
mod commands;
mod costs;
pub mod csv;
mod description;
pub mod destination;
mod digit;
pub mod fidelity;
mod import;
pub mod inference;
pub mod inputs;
pub mod json;
pub mod memory;
pub mod npy;
pub mod npz;
pub mod options;
pub mod precision;
mod profile;
pub mod progress;
pub mod reading;
pub mod report;
pub mod samples;
mod shapes;
pub mod units;

use std::{panic, process::ExitCode};

use anyhow::{Result, anyhow};
use clap::Parser;

use crate::{arguments::Arguments, report::Report};

/// Runs the command line of this process as `tacit` and reports.
pub fn main() -> ExitCode {
    report::escape_panics();
    match Arguments::try_parse() {
        Ok(arguments) => guarded("tacit", || commands::run(&arguments.command)).print(arguments.json),
        Err(error) => report::usage(&error),
    }
}

/// The report of a command, whatever becomes of it. A panic is a bug of ours; whoever reads the report or the exit code
/// learns of it all the same.
pub fn guarded(program: &str, run: impl FnOnce() -> Result<Report> + panic::UnwindSafe) -> Report {
    panic::catch_unwind(run)
        .unwrap_or_else(|_| {
            Err(anyhow!("internal error in {program}; please report it with the command line"))
        })
        .unwrap_or_else(|error| Report::failed(&error))
}
