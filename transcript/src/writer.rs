//! The proof writer.

use ark_bn254::{Fr, G1Affine};
use ark_ff::Zero;

use crate::{
    encoding::{point_to_bytes, scalar_to_bytes},
    labels::{self, Label},
    sponge::{Event, Sponge, Transcript},
};

/// Collects a proof's bytes; every write is absorbed.
pub struct ProofWriter {
    sponge: Sponge,
    bytes: Vec<u8>,
    messages: Vec<(Label, usize)>,
    masking: Option<Masking>,
}

/// One-time masks and the commitment to them.
#[derive(Clone, PartialEq, Eq)]
pub struct MaskRow {
    /// A mask for every scalar.
    pub masks: Vec<Fr>,
    /// What the commitment is blinded by.
    pub blinding: Fr,
    /// The commitment.
    pub commitment: G1Affine,
}

/// Where masks come from, and those in use.
struct Masking {
    source: Box<dyn FnMut() -> MaskRow + Send + Sync>,
    rows: Vec<MaskRow>,
    /// Masks that are not used yet.
    left: Vec<Fr>,
}

impl ProofWriter {
    /// Starts a proof in this domain.
    pub fn new(domain: &'static [u8]) -> Self {
        Self { sponge: Sponge::new(domain), bytes: vec![], messages: vec![], masking: None }
    }

    /// Continues a transcript of the caller's.
    pub fn from_merlin(transcript: merlin::Transcript) -> Self {
        Self { sponge: Sponge::from_merlin(transcript), bytes: vec![], messages: vec![], masking: None }
    }

    /// Masks every scalar from now on: each is sent plus a mask of `source`. A row of masks is asked for, and its
    /// commitment written, when a message begins that the rows before do not last for.
    pub fn mask(&mut self, source: Box<dyn FnMut() -> MaskRow + Send + Sync>) {
        self.masking = Some(Masking { source, rows: vec![], left: vec![] });
    }

    /// Sends scalars as they are from now on, and returns the masks that were used.
    pub fn unmask(&mut self) -> Vec<MaskRow> {
        self.masking.take().map_or_else(Vec::new, |masking| masking.rows)
    }

    /// Writes scalars as one message.
    pub fn write_scalars(&mut self, label: Label, scalars: &[Fr]) {
        self.commit_masks(scalars.len());
        let bytes: Vec<u8> = match &mut self.masking {
            None => scalars.iter().flat_map(scalar_to_bytes).collect(),
            Some(masking) => {
                let masks = masking.left.drain(..scalars.len());
                scalars.iter().zip(masks).flat_map(|(x, mask)| scalar_to_bytes(&(mask + x))).collect()
            }
        };
        self.write(label, scalars.len(), &bytes);
    }

    /// Writes scalars that only a verifier of masked messages needs: others compute them from messages.
    pub fn write_hints(&mut self, label: Label, scalars: impl FnOnce() -> Vec<Fr>) {
        if self.masking.is_some() {
            self.write_scalars(label, &scalars());
        }
    }

    /// Writes what [`ProofReader::multiply`](crate::ProofReader::multiply) needs of a product of several values: each
    /// partial one but the last, behind masks only.
    pub fn write_partial_products(&mut self, factors: &[Fr]) {
        if self.masking.is_none() {
            return;
        }
        let mut factors = factors.iter();
        let Some(mut partial) = factors.next().copied() else { return };
        factors.next_back();
        for factor in factors {
            partial *= factor;
            self.write_scalars(labels::PARTIAL_PRODUCTS, &[partial]);
        }
    }

    /// Commits to masks until there are `count`.
    fn commit_masks(&mut self, count: usize) {
        while let Some(masking) = &mut self.masking
            && masking.left.len() < count
        {
            let commitment = masking.extend();
            self.write_points(labels::MASK_COMMITMENT, &[commitment]);
        }
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

    /// The transcript so far.
    pub fn transcript(&self) -> merlin::Transcript {
        self.sponge.merlin()
    }

    /// The proof so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of the proof's bytes so far.
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

impl Masking {
    fn extend(&mut self) -> G1Affine {
        let row = (self.source)();
        let commitment = row.commitment;
        self.left.extend(&row.masks);
        self.rows.push(row);
        commitment
    }
}

impl Transcript for ProofWriter {
    type Value = Fr;

    fn absorbed(&self, value: &Fr) -> Fr {
        if self.masking.is_some() { Fr::zero() } else { *value }
    }

    fn absorb_bytes(&mut self, label: Label, bytes: &[u8]) {
        self.sponge.absorb(label, bytes);
    }

    fn squeeze(&mut self, label: Label) -> Fr {
        self.sponge.squeeze(label)
    }
}
