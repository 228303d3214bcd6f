//! Proofs' files under a verifying key.

use tacit_layers::{KeyProofFile, ProofFile, VerifyingKey};

use crate::{
    error::{Error, Result},
    network::{Accepted, verify_statement},
    parameters::verify_parameters,
};

/// What a verifying key checks.
pub trait Verify {
    /// Checks that a file's proof is one of this key's network, and that it shows what the file states. Whether that statement, its
    /// inputs and outputs, is the one that is asked about is the caller's to compare.
    ///
    /// # Errors
    /// [`Error::OtherKey`], or the first check that fails; whatever the file's bytes are.
    fn verify(&self, file: &ProofFile) -> Result<Accepted>;

    /// Checks a file's proof that this key commits to parameters of their declared widths.
    ///
    /// # Errors
    /// [`Error::OtherKey`], or the first check that fails; whatever the file's bytes are.
    fn verify_parameters(&self, file: &KeyProofFile) -> Result<Accepted>;
}

impl Verify for VerifyingKey {
    fn verify(&self, file: &ProofFile) -> Result<Accepted> {
        check_key(self, &file.key_digest)?;
        verify_statement(self, &file.statement(), &file.proof)
    }

    fn verify_parameters(&self, file: &KeyProofFile) -> Result<Accepted> {
        check_key(self, &file.key_digest)?;
        verify_parameters(self, &file.proof)
    }
}

/// Checks that a file names this key.
///
/// # Errors
/// [`Error::OtherKey`].
pub fn check_key(key: &VerifyingKey, named: &[u8; 32]) -> Result<()> {
    if named == key.digest() {
        return Ok(());
    }
    Err(Error::OtherKey { expected: *key.digest(), actual: *named })
}
