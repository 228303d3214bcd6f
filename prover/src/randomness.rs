//! Streams of random scalars.

use ark_bn254::Fr;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use tacit_transcript::encoding::scalar_from_wide_bytes;
use zeroize::Zeroize;

/// A stream of uniform scalars. Its state is overwritten when it is dropped.
pub(crate) struct Randomness(ChaCha20Rng);

impl Randomness {
    /// The stream of a secret.
    pub(crate) fn new(mut secret: [u8; 32]) -> Self {
        let stream = Self(ChaCha20Rng::from_seed(secret));
        secret.zeroize();
        stream
    }

    /// The next scalar.
    pub(crate) fn scalar(&mut self) -> Fr {
        let mut bytes = [0; 64];
        self.0.fill_bytes(&mut bytes);
        let scalar = scalar_from_wide_bytes(&bytes);
        bytes.zeroize();
        scalar
    }

    /// The next `count` scalars.
    pub(crate) fn scalars(&mut self, count: usize) -> Vec<Fr> {
        let mut scalars = Vec::with_capacity(count);
        scalars.extend((0..count).map(|_| self.scalar()));
        scalars
    }

    /// A stream of its own for something else.
    pub(crate) fn fork(&mut self) -> Self {
        let mut secret = [0; 32];
        self.0.fill_bytes(&mut secret);
        Self::new(secret)
    }
}

impl Drop for Randomness {
    fn drop(&mut self) {
        self.0 = ChaCha20Rng::from_seed([0; 32]);
        // As if it were read, so that it is written.
        std::hint::black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_are_streams_of_their_own() {
        let mut parent = Randomness::new([1; 32]);
        let drawn = [parent.fork().scalars(3), parent.fork().scalars(3), parent.scalars(3)].concat();
        let again = Randomness::new([1; 32]).fork().scalars(3);
        assert_eq!(drawn[..3], again);
        for (i, scalar) in drawn.iter().enumerate() {
            assert!(!drawn[..i].contains(scalar));
        }
    }
}
