//! The commands, one module each.

mod bench;
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

use anyhow::{Context, Result};

use crate::{
    arguments::{BenchCommand, Command, Threads},
    report::Report,
};

/// Runs a command.
pub(crate) fn run(command: &Command) -> Result<Report> {
    match command {
        Command::Compile(arguments) => {
            use_threads(&arguments.threads)?;
            compile::run(arguments)
        }
        Command::Run(arguments) => {
            use_threads(&arguments.threads)?;
            run::run(arguments)
        }
        Command::Evaluate(arguments) => {
            use_threads(&arguments.threads)?;
            evaluate::run(arguments)
        }
        Command::Prove(arguments) => {
            use_threads(&arguments.threads)?;
            prove::run(arguments)
        }
        Command::CommitInput(arguments) => commit_input::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::CheckKey(arguments) => {
            use_threads(&arguments.threads)?;
            check_key::run(arguments)
        }
        Command::ProveKey(arguments) => {
            use_threads(&arguments.threads)?;
            prove_key::run(arguments)
        }
        Command::VerifyKey(arguments) => verify_key::run(arguments),
        Command::Inspect(arguments) => {
            use_threads(&arguments.threads)?;
            inspect::run(arguments)
        }
        Command::Demo(arguments) => {
            use_threads(&arguments.threads)?;
            demo::run(arguments)
        }
        Command::Operators => Ok(operators::run()),
        Command::Bench(command) => {
            if let BenchCommand::Row(arguments) = command {
                use_threads(&arguments.options.threads)?;
            }
            bench::run(command)
        }
    }
}

fn use_threads(threads: &Threads) -> Result<()> {
    let Some(count) = threads.count else { return Ok(()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(count))
        .build_global()
        .with_context(|| format!("cannot start {count} threads: give --threads a smaller number"))
}
