//! Why proof bytes are malformed.

use thiserror::Error;

use crate::labels::Label;

/// Why proof bytes are malformed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The proof ends inside a message.
    #[error("the proof ends inside `{label}`: {needed} bytes needed, {left} left")]
    Truncated {
        /// The message being read.
        label: Label,
        /// Bytes the message takes.
        needed: usize,
        /// Bytes left.
        left: usize,
    },
    /// A scalar is not reduced modulo the group order.
    #[error("`{label}`[{index}] is not a reduced field element")]
    Scalar {
        /// The message being read.
        label: Label,
        /// Position in the message.
        index: usize,
    },
    /// A point is not the canonical encoding of a point of the curve.
    #[error("`{label}`[{index}] is not the canonical encoding of a curve point")]
    Point {
        /// The message being read.
        label: Label,
        /// Position in the message.
        index: usize,
    },
    /// The proof goes on after its last message.
    #[error("{count} bytes follow the proof's last message")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}
