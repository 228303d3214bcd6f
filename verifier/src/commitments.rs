//! What an argument by itself asks of its caller's commitment scheme; the prover's file of this name says more.

use tacit_layers::Layout;
use tacit_transcript::{Label, ProofReader, Value};

use crate::error::{Error, Result};

/// Reads commitments to columns while an argument is verified.
pub trait Commitments<V: Value> {
    /// Reads the commitment to tensors of these shapes, after everything that was committed to before them, as messages.
    ///
    /// # Errors
    /// The scheme's: [`Error::Malformed`] or [`Error::Commitment`].
    fn read(&mut self, reader: &mut ProofReader<V>, label: Label, layouts: &[&Layout]) -> Result<()>;
}

/// The commitments of an argument that commits to nothing.
impl<V: Value> Commitments<V> for () {
    fn read(&mut self, _: &mut ProofReader<V>, _: Label, layouts: &[&Layout]) -> Result<()> {
        if layouts.is_empty() {
            return Ok(());
        }
        let reason = "the argument commits to columns: give it a scheme, such as `hyrax::Columns`";
        Err(Error::Commitment { reason: reason.to_owned() })
    }
}
