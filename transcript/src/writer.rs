//! The proof writer.

use ark_bn254::{Fr, G1Affine};

use crate::{
    encoding::{point_to_bytes, scalar_to_bytes},
    labels::Label,
    sponge::{Event, Sponge, Transcript},
};

/// Collects a proof's bytes; every write is absorbed.
pub struct ProofWriter {
    sponge: Sponge,
    bytes: Vec<u8>,
    messages: Vec<(Label, usize)>,
}

impl ProofWriter {
    /// Starts a proof in this domain.
    pub fn new(domain: &'static [u8]) -> Self {
        Self { sponge: Sponge::new(domain), bytes: vec![], messages: vec![] }
    }

    /// Continues a transcript of the caller's.
    pub fn from_merlin(transcript: merlin::Transcript) -> Self {
        Self { sponge: Sponge::from_merlin(transcript), bytes: vec![], messages: vec![] }
    }

    /// Writes scalars as one message.
    pub fn write_scalars(&mut self, label: Label, scalars: &[Fr]) {
        let bytes: Vec<u8> = scalars.iter().flat_map(scalar_to_bytes).collect();
        self.write(label, scalars.len(), &bytes);
    }

    /// Writes points as one message.
    pub fn write_points(&mut self, label: Label, points: &[G1Affine]) {
        let bytes: Vec<u8> = points.iter().flat_map(point_to_bytes).collect();
        self.write(label, points.len(), &bytes);
    }

    fn write(&mut self, label: Label, count: usize, bytes: &[u8]) {
        self.sponge.message(label, count, bytes);
        self.bytes.extend_from_slice(bytes);
        self.messages.push((label, bytes.len()));
    }

    /// Label and bytes of every message so far.
    pub fn messages(&self) -> &[(Label, usize)] {
        &self.messages
    }

    /// The proof's bytes so far.
    pub const fn num_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Every absorb, message and squeeze so far.
    pub fn events(&self) -> &[Event] {
        self.sponge.events()
    }

    /// The proof's bytes and the transcript behind them, for a caller who goes on with it.
    pub fn into_parts(self) -> (Vec<u8>, merlin::Transcript) {
        (self.bytes, self.sponge.into_merlin())
    }

    /// The proof's bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

impl Transcript for ProofWriter {
    fn absorb_bytes(&mut self, label: Label, bytes: &[u8]) {
        self.sponge.absorb(label, bytes);
    }

    fn squeeze(&mut self, label: Label) -> Fr {
        self.sponge.squeeze(label)
    }
}
