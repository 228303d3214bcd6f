//! `tacit bench`: networks measured, proved and verified, each in a process of its own.

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
mod publication;
mod row;
mod store;
mod suite;
mod tables;

use anyhow::Result;
use tacit_benches::suites;

use self::folder::ModelFolder;
use crate::{arguments::BenchCommand, report::Report};

pub(super) fn run(command: &BenchCommand) -> Result<Report> {
    match command {
        BenchCommand::Modulus(options) => suite::run(suites::modulus(), options),
        BenchCommand::Conv(options) => suite::run(suites::conv(), options),
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
        BenchCommand::Row(arguments) => row::run(arguments),
        BenchCommand::Compare(arguments) => compare::run(arguments),
    }
}
