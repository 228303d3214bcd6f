//! `tacit bench`: models measured from file to verified proof.

mod folder;
mod model;
mod row;
mod zoo;

use anyhow::Result;

use crate::{arguments::BenchCommand, report::Report};

pub(super) fn run(command: &BenchCommand) -> Result<Report> {
    match command {
        BenchCommand::Zoo(arguments) => zoo::run(arguments),
        BenchCommand::Model(arguments) => model::run(arguments),
    }
}
