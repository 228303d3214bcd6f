//! Misuse: tables, points and vectors of sizes that do not go together.

use std::fmt;

/// A size that is not the one needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// Of what.
    pub what: &'static str,
    /// The size needed, or the largest one.
    pub expected: usize,
    /// The size given.
    pub actual: usize,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, expected {}", self.what, self.actual, self.expected)
    }
}

impl std::error::Error for Error {}

/// Checks a size.
///
/// # Errors
/// [`Error`] when it is another one.
pub const fn check(what: &'static str, expected: usize, actual: usize) -> Result<(), Error> {
    if expected == actual { Ok(()) } else { Err(Error { what, expected, actual }) }
}
