//! The `tacit-bench` command: networks measured, proved and verified, each in a process of its own; tables, figures and a
//! page of what was measured.

mod arguments;
mod chart;
mod child;
mod compare;
mod csv;
mod figures;
mod folder;
mod markup;
mod model;
mod page;
mod palette;
mod provenance;
mod publication;
mod row;
mod shapes;
mod store;
mod suite;
mod tables;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tacit_benches::{shape::Kind, suites};
use tacit_cli::report;

use crate::arguments::{Arguments, BenchCommand};
use crate::folder::ModelFolder;
use tacit_cli::report::Report;

fn run(command: &BenchCommand) -> Result<Report> {
    match command {
        BenchCommand::Modulus(options) => suite::run(suites::modulus(), options),
        BenchCommand::Conv(arguments) => shapes::conv(arguments),
        BenchCommand::Matmul(arguments) => {
            shapes::run(Kind::Matmul, &arguments.shapes, &arguments.arguments, &arguments.threads)
        }
        BenchCommand::Lookup(arguments) => shapes::alone(Kind::Lookup, arguments),
        BenchCommand::Opening(arguments) => shapes::alone(Kind::Opening, arguments),
        BenchCommand::Gates(arguments) => shapes::alone(Kind::Gates, arguments),
        BenchCommand::Scaling(options) => suite::run(suites::scaling(), options),
        BenchCommand::Zoo(arguments) if arguments.folders.is_empty() => {
            suite::run(suites::published_networks(), &arguments.options)
        }
        BenchCommand::Zoo(arguments) => {
            suite::run(ModelFolder::cases(&arguments.folders)?, &arguments.options)
        }
        BenchCommand::All(arguments) => {
            let mut cases = [suites::modulus(), suites::published_networks()].concat();
            cases.extend(ModelFolder::cases(&arguments.folders)?);
            cases.extend([suites::conv(), suites::scaling()].concat());
            suite::run(cases, &arguments.options)
        }
        BenchCommand::Model(arguments) => suite::model(arguments),
        BenchCommand::Report(arguments) => publication::run(arguments),
        BenchCommand::Row(arguments) => {
            arguments.options.threads.start()?;
            row::run(arguments)
        }
        BenchCommand::Compare(arguments) => compare::run(arguments),
    }
}

fn main() -> ExitCode {
    match Arguments::try_parse() {
        Ok(arguments) => tacit_cli::guarded("tacit-bench", || run(&arguments.command)).print(arguments.json),
        Err(error) => report::usage(&error),
    }
}
