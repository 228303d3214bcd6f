//! Why a proof is not accepted.

use tacit_transcript::Label;
use thiserror::Error;

/// Why a proof is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The proof's bytes are malformed.
    #[error("malformed proof: {0}")]
    Malformed(#[from] tacit_transcript::Error),
    /// The proof's file names another verifying key.
    #[error(
        "the proof is about another key ({}...) than the verifying key ({}...)",
        hexadecimal(actual),
        hexadecimal(expected)
    )]
    OtherKey {
        /// Digest of the key that is verified under.
        expected: [u8; 32],
        /// The digest that the file names.
        actual: [u8; 32],
    },
    /// No proof of the network is so short.
    #[error("the proof has {actual} bytes, one of this network has at least {least}")]
    TooShort {
        /// Bytes of any proof.
        least: usize,
        /// Bytes given.
        actual: usize,
    },
    /// The input does not fit the key: the caller's mistake, or a statement that cannot be true.
    #[error("the statement does not fit the key: {0}")]
    Statement(#[from] tacit_layers::Error),
    /// The statement has another number of outputs than the network.
    #[error("the network has {expected} outputs, the statement {actual}")]
    OutputCount {
        /// Outputs of the network.
        expected: usize,
        /// Outputs given.
        actual: usize,
    },
    /// An output has another shape than the network gives it.
    #[error("output {index} has shape {actual:?}, the network's is {expected:?}")]
    OutputShape {
        /// Which output.
        index: usize,
        /// Its shape in the network.
        expected: Vec<usize>,
        /// The shape given.
        actual: Vec<usize>,
    },
    /// The look-ups' fractions do not sum to zero: some row is in no table.
    #[error("look-ups: the fractions do not sum to zero, a looked-up row is not in its table")]
    FractionSum,
    /// A fraction's denominator is zero.
    #[error("look-ups: a denominator is zero")]
    ZeroDenominator,
    /// A level of the look-up tree does not follow from the one above.
    #[error("look-ups: the fractions of level {level} do not add up to those above")]
    FractionLevel {
        /// The level, the root's children being 1.
        level: usize,
    },
    /// The columns do not give the leaves the look-up tree ended with.
    #[error("look-ups: the columns do not give the {part} of the leaves")]
    LookupColumns {
        /// Numerator or denominator.
        part: &'static str,
    },
    /// A batched sumcheck's final value does not follow from the values sent.
    #[error("{argument}: the values in `{message}` do not give the sumcheck's final value")]
    FinalValue {
        /// Which argument.
        argument: &'static str,
        /// The message with the values.
        message: Label,
    },
    /// The addends do not sum to their accumulator.
    #[error("layer `{layer}`: the addends do not sum to the accumulator")]
    Addends {
        /// The layer.
        layer: String,
    },
    /// The products of the factors' polynomials and their claimed coefficients differ at the random point.
    #[error("matrix products: the polynomials differ at the random point")]
    ProductPolynomials,
    /// The shares of a concatenation's inputs do not sum to its value.
    #[error("layer `{layer}`: the inputs' shares do not sum to the concatenation")]
    Shares {
        /// The layer.
        layer: String,
    },
    /// A Fourier vector does not have the value that its claim ended with.
    #[error("Fourier vectors: claim {claim} ended with a value that is not the vector's")]
    FourierVector {
        /// Which claim, in the order of convolutions.
        claim: usize,
    },
    /// The public input does not have the value that a layer reads.
    #[error("the public input is not the one the proof is about")]
    PublicInput,
    /// A claim speaks of no column of the commitments that it is opened against, or does not fit the column: the caller's
    /// mistake.
    #[error("a claim to open fits no column of the commitments: check column, point and number of rows")]
    UnfitClaim,
    /// The plan of a checked key contradicts itself, which no proof can bring about: a fault of this library's.
    #[error("the plan of a checked key contradicts itself: a fault of the verifier's, please report it")]
    BrokenInvariant,
    /// A challenge is one of the few that an argument cannot divide by; the chance is negligible.
    #[error("a challenge is zero, or another one that the argument cannot divide by")]
    DegenerateChallenge,
    /// The opening does not hold: a claimed value is not the committed polynomial's.
    #[error("opening: a claimed value is not that of the committed columns")]
    Opening,
    /// The caller's commitment scheme does not accept a commitment.
    #[error("commitment: {reason}")]
    Commitment {
        /// Why not, and what to do.
        reason: String,
    },
    /// The checks on masked messages do not hold.
    #[error("the checks on masked messages fail: {part}")]
    MaskedChecks {
        /// What of them.
        part: &'static str,
    },
}

/// Sizes come from a checked plan, never from a proof.
impl From<tacit_algebra::Error> for Error {
    fn from(_: tacit_algebra::Error) -> Self {
        Self::BrokenInvariant
    }
}

/// The first bytes of a digest, for people.
fn hexadecimal(digest: &[u8; 32]) -> String {
    let first = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    format!("{first:016x}")
}

/// Result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;
