//! Randomness of what is hidden: a seed of 32 bytes, from the operating system unless it is given.

use ark_bn254::Fr;
use sha2::{Digest, Sha256};
use tacit_transcript::encoding::{SCALAR_BYTES, scalar_from_bytes, scalar_to_bytes};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    error::{Error, Result},
    randomness::Randomness,
};

/// A secret that randomness is derived from. It is overwritten when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of the caller's: what it hides is hidden as well as the seed is kept.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A seed from the operating system.
    ///
    /// # Errors
    /// [`Error::Randomness`] when it has none to give.
    pub fn from_os() -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::Randomness)?;
        Ok(Self(bytes))
    }

    /// `count` uniform scalars for one purpose. They depend on what they hide too, so that a seed used twice does not blind
    /// two secrets alike.
    pub fn scalars<'a>(
        &self,
        purpose: &[u8],
        secret: impl Iterator<Item = &'a [u8]>,
        count: usize,
    ) -> Vec<Fr> {
        self.randomness(purpose, secret).scalars(count)
    }

    /// What hides a proof. It depends on the whole statement, that of a transcript, and on the secrets behind it: masks that
    /// serve two statements, whose challenges differ, show what they hide.
    pub(crate) fn of_statement(&self, mut statement: merlin::Transcript, secret: &[u8]) -> Randomness {
        let mut public = [0; 32];
        statement.challenge_bytes(b"randomness", &mut public);
        self.randomness(b"proof", [public.as_slice(), secret].into_iter())
    }

    /// A stream for one purpose that depends on what it hides, too.
    pub(crate) fn randomness<'a>(
        &self,
        purpose: &[u8],
        secret: impl Iterator<Item = &'a [u8]>,
    ) -> Randomness {
        let mut hash = Sha256::new();
        hash.update((purpose.len() as u64).to_le_bytes());
        hash.update(purpose);
        hash.update(self.0);
        for part in secret {
            hash.update(part);
        }
        Randomness::new(hash.finalize().into())
    }
}

/// Secret scalars as they are written.
pub(crate) fn scalars_to_bytes(scalars: &[Fr]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(scalars.len() * SCALAR_BYTES));
    bytes.extend(scalars.iter().flat_map(scalar_to_bytes));
    bytes
}

/// Secret scalars that were written; none when one is not reduced.
pub(crate) fn scalars_from_bytes(bytes: &[u8]) -> Option<Zeroizing<Vec<Fr>>> {
    let mut scalars = Zeroizing::new(Vec::with_capacity(bytes.len().div_ceil(SCALAR_BYTES)));
    for bytes in bytes.chunks(SCALAR_BYTES) {
        scalars.push(scalar_from_bytes(bytes)?);
    }
    Some(scalars)
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(seed: u8, purpose: &[u8], secret: &[u8]) -> Vec<Fr> {
        Seed::new([seed; 32]).scalars(purpose, [secret].into_iter(), 3)
    }

    #[test]
    fn scalars_depend_on_seed_purpose_and_secret() {
        let first = scalars(1, b"one", b"x");
        assert_eq!(first, scalars(1, b"one", b"x"));
        assert!(first[0] != first[1] && first[1] != first[2]);
        for other in [scalars(2, b"one", b"x"), scalars(1, b"two", b"x"), scalars(1, b"one", b"y")] {
            assert!(first.iter().all(|scalar| !other.contains(scalar)));
        }
    }

    #[test]
    fn the_operating_system_gives_other_seeds() {
        let [a, b] = [(); 2].map(|()| Seed::from_os().unwrap().scalars(b"", std::iter::empty(), 1));
        assert_ne!(a, b);
    }

    #[test]
    fn a_seed_is_not_printed() {
        assert_eq!(format!("{:?}", Seed::new([7; 32])), "Seed(..)");
    }
}
