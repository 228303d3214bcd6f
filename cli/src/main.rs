//! The `tacit` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tacit_cli::main()
}
