//! The importer's panics as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tract_onnx::prelude::TractResult;

/// Runs `body`; a panic inside becomes an error message.
pub(crate) fn guarded<T>(body: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    // tract indexes shapes and attributes of the file unchecked in places: a hostile file must not end the process.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result.map_err(|error| one_line(&format!("{error:#}"))),
        Err(_) => Err("the importer gave up on it".to_owned()),
    }
}

pub(super) fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(400).collect()
}
