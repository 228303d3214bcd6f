//! The commands, one module each.

mod check_key;
mod commit_input;
mod compile;
mod demo;
mod evaluate;
mod inspect;
mod operators;
mod prove;
mod prove_key;
mod run;
mod verify;
mod verify_key;

use anyhow::Result;

use crate::{arguments::Command, report::Report};

/// Runs a command.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Compile(arguments) => {
            arguments.threads.start()?;
            compile::run(arguments)
        }
        Command::Run(arguments) => {
            arguments.threads.start()?;
            run::run(arguments)
        }
        Command::Evaluate(arguments) => {
            arguments.threads.start()?;
            evaluate::run(arguments)
        }
        Command::Prove(arguments) => {
            arguments.threads.start()?;
            prove::run(arguments)
        }
        Command::CommitInput(arguments) => commit_input::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::CheckKey(arguments) => {
            arguments.threads.start()?;
            check_key::run(arguments)
        }
        Command::ProveKey(arguments) => {
            arguments.threads.start()?;
            prove_key::run(arguments)
        }
        Command::VerifyKey(arguments) => verify_key::run(arguments),
        Command::Inspect(arguments) => {
            arguments.threads.start()?;
            inspect::run(arguments)
        }
        Command::Demo(arguments) => {
            arguments.threads.start()?;
            demo::run(arguments)
        }
        Command::Operators => Ok(operators::run()),
    }
}
