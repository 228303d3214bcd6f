//! The `tacit-bench` command as its users see it: rows measured, compared and published.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod command;
mod comparison;
#[path = "../../../cli/tests/cli/files.rs"]
mod files;
mod markup;
mod report;
mod shapes;
mod suites;
