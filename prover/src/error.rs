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
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    Randomness,
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
