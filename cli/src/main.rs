//! The `tacit` command: compiles, runs, proves and verifies quantised neural networks.

mod answer;
mod arguments;
mod arrangement;
mod artifact;
mod bench_arguments;
mod commands;
mod costs;
mod description;
mod destination;
mod digit;
mod inference;
mod memory;
mod npy;
mod precision;
mod profile;
mod progress;
mod provenance;
mod report;
mod samples;
mod units;

use std::{panic, process::ExitCode};

use anyhow::anyhow;
use clap::Parser;

use crate::{arguments::Arguments, report::Report};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return report::usage(&error),
    };
    // A panic is a bug of ours; whoever reads the report or the exit code learns of it all the same.
    panic::catch_unwind(|| commands::run(&arguments.command))
        .unwrap_or_else(|_| Err(anyhow!("internal error in tacit; please report it with the command line")))
        .unwrap_or_else(|error| Report::failed(&error))
        .print(arguments.json)
}
