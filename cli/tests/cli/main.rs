//! The `tacit` command as its users see it: files in, one JSON object or text out, and an exit code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod bad_input;
mod check_key;
mod choice;
mod figures;
mod files;
mod formats;
mod inputs;
mod overwriting;
mod private_input;
mod private_model;
mod quantised;
mod rejection;
mod resources;
mod tacit;
mod terminal;
mod workflow;
