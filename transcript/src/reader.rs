//! The proof reader.

use ark_bn254::{Fr, G1Affine};

use crate::{
    encoding::{POINT_BYTES, SCALAR_BYTES, points_from_bytes, scalar_from_bytes},
    error::Error,
    labels::Label,
    sponge::{Event, Sponge, Transcript},
};

/// Consumes a proof's bytes; every read is absorbed. Counts come from the caller, never from the proof.
pub struct ProofReader<'a> {
    sponge: Sponge,
    rest: &'a [u8],
    messages: Vec<(Label, usize)>,
}

impl<'a> ProofReader<'a> {
    /// Starts reading a proof in this domain.
    pub fn new(domain: &'static [u8], proof: &'a [u8]) -> Self {
        Self { sponge: Sponge::new(domain), rest: proof, messages: vec![] }
    }

    /// Continues a transcript of the caller's.
    pub fn from_merlin(transcript: merlin::Transcript, proof: &'a [u8]) -> Self {
        Self { sponge: Sponge::from_merlin(transcript), rest: proof, messages: vec![] }
    }

    /// Reads a message of `count` scalars.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Scalar`].
    pub fn read_scalars(&mut self, label: Label, count: usize) -> Result<Vec<Fr>, Error> {
        let bytes = self.take(label, count, SCALAR_BYTES)?;
        bytes
            .chunks_exact(SCALAR_BYTES)
            .enumerate()
            .map(|(index, bytes)| scalar_from_bytes(bytes).ok_or(Error::Scalar { label, index }))
            .collect()
    }

    /// Reads a message of one scalar.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Scalar`].
    pub fn read_scalar(&mut self, label: Label) -> Result<Fr, Error> {
        let bytes = self.take(label, 1, SCALAR_BYTES)?;
        scalar_from_bytes(bytes).ok_or(Error::Scalar { label, index: 0 })
    }

    /// Reads a message of `count` points.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Point`].
    pub fn read_points(&mut self, label: Label, count: usize) -> Result<Vec<G1Affine>, Error> {
        let bytes = self.take(label, count, POINT_BYTES)?;
        points_from_bytes(bytes).map_err(|index| Error::Point { label, index })
    }

    fn take(&mut self, label: Label, count: usize, size: usize) -> Result<&'a [u8], Error> {
        let needed = count.saturating_mul(size);
        let (bytes, rest) = self.rest.split_at_checked(needed).ok_or(Error::Truncated {
            label,
            needed,
            left: self.rest.len(),
        })?;
        self.rest = rest;
        self.sponge.message(label, count, bytes);
        self.messages.push((label, needed));
        Ok(bytes)
    }

    /// Label and bytes of every message so far.
    pub fn messages(&self) -> &[(Label, usize)] {
        &self.messages
    }

    /// Every absorb, message and squeeze so far.
    pub fn events(&self) -> &[Event] {
        self.sponge.events()
    }

    /// The bytes not read yet and the transcript so far, for a caller who goes on with both.
    pub fn into_parts(self) -> (&'a [u8], merlin::Transcript) {
        (self.rest, self.sponge.into_merlin())
    }

    /// Ends the proof.
    ///
    /// # Errors
    /// [`Error::TrailingBytes`] when bytes are left.
    pub fn finish(self) -> Result<(), Error> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(Error::TrailingBytes { count }),
        }
    }
}

impl Transcript for ProofReader<'_> {
    fn absorb_bytes(&mut self, label: Label, bytes: &[u8]) {
        self.sponge.absorb(label, bytes);
    }

    fn squeeze(&mut self, label: Label) -> Fr {
        self.sponge.squeeze(label)
    }
}
