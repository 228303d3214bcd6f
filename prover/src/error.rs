//! Why a proof cannot be made.

use thiserror::Error;

/// Why a proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The network, the input or a file does not fit.
    #[error(transparent)]
    Network(#[from] tacit_layers::Error),
    /// A value is in no row of its look-up table. The interval analysis rules it out for networks it has checked.
    #[error("layer `{layer}`: value {value} is outside its look-up table")]
    Lookup {
        /// The layer.
        layer: String,
        /// The value.
        value: i64,
    },
    /// A row of integers that look-ups by themselves were given is not in its table.
    #[error("look-ups: input {input} holds {row:?} at position {position}, which is no row of table {table}")]
    NotInTable {
        /// The input's index.
        input: usize,
        /// Flat position in it.
        position: usize,
        /// The integers of all its tensors there.
        row: Vec<i64>,
        /// The table's index.
        table: usize,
    },
    /// Leaves of look-ups that are no tree's.
    #[error("look-ups: block {block}: {what} {expected}, got {actual}")]
    LeafBlock {
        /// The block's index.
        block: usize,
        /// What must be.
        what: &'static str,
        /// What it must be, or may be at most.
        expected: usize,
        /// What it is.
        actual: usize,
    },
    /// A table of look-ups that is said to be linear is too large for that, or has bounds that are no rows of it.
    #[error(
        "look-ups: table {table} of {num_tables} has {num_rows} rows and is said to be linear: it may have {max_rows}, and must be clipped at rows"
    )]
    LinearTable {
        /// The table's index, or how many tables were said to be linear or not where not all were.
        table: usize,
        /// Number of tables.
        num_tables: usize,
        /// Its rows.
        num_rows: usize,
        /// The most rows of one that is linear.
        max_rows: usize,
    },
    /// A look-up tree cannot leave so many levels unstored.
    #[error("look-ups: {levels} levels of the tree are said not to be stored: it must be from 1 to {most}")]
    UnstoredLevels {
        /// How many were asked for.
        levels: usize,
        /// The most that there may be.
        most: usize,
    },
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    Randomness,
    /// A table, a point or a vector has a size that does not go with the others.
    #[error(transparent)]
    Size(#[from] tacit_algebra::Error),
    /// The caller's commitment scheme does not commit.
    #[error("commitment: {reason}")]
    Commitment {
        /// Why not, and what to do.
        reason: String,
    },
    /// The proof under way does not read as the verifier reads it.
    #[error("the proof under way cannot be read back: {0}")]
    Replay(#[from] tacit_verifier::Error),
}

/// Result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;
