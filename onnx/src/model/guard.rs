//! The importer's panics as errors, and its words kept from the user.

use std::{
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use tract_onnx::prelude::{TractError, TractResult};

/// Why something is refused, in words of ours: whatever else the importer says stays inside.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// What went wrong inside the importer.
#[derive(Debug)]
pub(crate) struct Failure {
    /// In words of ours, if it was refused on purpose.
    pub(crate) refusal: Option<String>,
    /// In the importer's words, to find the node in.
    pub(crate) text: String,
}

thread_local! {
    /// How many times this thread is inside [`attempt`].
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Whether a panic of this thread becomes an error, of which nobody need be told as of a panic.
pub fn is_guarded() -> bool {
    DEPTH.get() > 0
}

/// Runs `body`; a panic inside becomes a failure.
pub(crate) fn attempt<T>(body: impl FnOnce() -> TractResult<T>) -> Result<T, Failure> {
    // tract indexes shapes and attributes of the file unchecked in places: a hostile file must not end the process.
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    match result {
        Ok(result) => result.map_err(|error| failure(&error)),
        Err(_) => Err(Failure { refusal: None, text: "the importer gave up on it".to_owned() }),
    }
}

fn failure(error: &TractError) -> Failure {
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<Refusal>());
    Failure { refusal: refusal.map(|refusal| refusal.0.clone()), text: one_line(&format!("{error:#}")) }
}

pub(super) fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(400).collect()
}
