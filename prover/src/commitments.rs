//! What an argument by itself asks of its caller's commitment scheme.
//!
//! Some arguments commit to columns of their own while they run: multiplicities of tables, remainders, maxima, cross terms of
//! products of polynomials. The caller's scheme commits to them among the argument's messages, and the caller opens them
//! with everything else: the argument leaves claims on them, by their number in the order in which they were committed to.
//!
//! [`crate::hyrax::Columns`] is the scheme that ships. An argument that commits to nothing takes `()`.

use tacit_transcript::{Label, ProofWriter};

use crate::{
    error::{Error, Result},
    opening::CommittedTensor,
};

/// Commits to columns while an argument runs.
pub trait Commitments: Send + Sync {
    /// Commits to tensors, after everything that was committed to before them, and writes the commitment as messages: what is
    /// not written binds no challenge.
    ///
    /// # Errors
    /// The scheme's: [`Error::Commitment`].
    fn commit(&mut self, writer: &mut ProofWriter, label: Label, tensors: &[CommittedTensor]) -> Result<()>;
}

/// The commitments of an argument that commits to nothing.
impl Commitments for () {
    fn commit(&mut self, _: &mut ProofWriter, _: Label, tensors: &[CommittedTensor]) -> Result<()> {
        if tensors.is_empty() {
            return Ok(());
        }
        let reason = "the argument commits to columns: give it a scheme, such as `hyrax::Columns`";
        Err(Error::Commitment { reason: reason.to_owned() })
    }
}
