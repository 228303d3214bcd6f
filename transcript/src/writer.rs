//! The proof writer.

use ark_bn254::{Fr, G1Affine};
use ark_ff::Zero;
use zeroize::{Zeroize, ZeroizeOnDrop};

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

/// One-time masks and the commitment to them. Masks and blinding are overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct MaskRow {
    /// A mask for every scalar.
    pub masks: Vec<Fr>,
    /// What the commitment is blinded by.
    pub blinding: Fr,
    /// The commitment.
    #[zeroize(skip)]
    pub commitment: G1Affine,
}

/// Where masks come from, and those in use.
struct Masking {
    source: Box<dyn FnMut() -> MaskRow + Send + Sync>,
    rows: Vec<MaskRow>,
    /// How many masks are used.
    used: usize,
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
    /// commitment written, when a message begins that the rows before do not last for. After a row without masks none is asked
    /// for: scalars that have no mask are not sent, and nobody accepts the proof. Only Tacit's own sides call it.
    #[doc(hidden)]
    pub fn mask(&mut self, source: Box<dyn FnMut() -> MaskRow + Send + Sync>) {
        self.masking = Some(Masking { source, rows: vec![], used: 0 });
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
                let masks = masking.rows.iter().flat_map(|row| &row.masks).skip(masking.used);
                masking.used = masking.used.saturating_add(scalars.len());
                scalars.iter().zip(masks).flat_map(|(x, mask)| scalar_to_bytes(&(*mask + x))).collect()
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
            && masking.left() < count
        {
            let Some(commitment) = masking.extend() else { break };
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

    /// The proof's bytes and the transcript behind them, for a caller who goes on with it; the reader's side is
    /// [`ProofReader::finish_into_merlin`](crate::ProofReader::finish_into_merlin).
    pub fn finish_into_merlin(self) -> (Vec<u8>, merlin::Transcript) {
        (self.bytes, self.sponge.into_merlin())
    }

    /// The proof's bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

impl Masking {
    /// How many masks are not used yet.
    fn left(&self) -> usize {
        let committed: usize = self.rows.iter().map(|row| row.masks.len()).sum();
        committed.saturating_sub(self.used)
    }

    /// The next row's commitment, if it has masks.
    fn extend(&mut self) -> Option<G1Affine> {
        let row = (self.source)();
        let commitment = (!row.masks.is_empty()).then_some(row.commitment);
        self.rows.extend(commitment.map(|_| row));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::scalar_from_bytes;

    fn row(first: u64) -> MaskRow {
        let masks = [0_u64, 1, 2].map(|i| Fr::from(first) + Fr::from(i)).to_vec();
        MaskRow { masks, blinding: Fr::from(7_u64), commitment: G1Affine::default() }
    }

    #[test]
    fn every_scalar_has_the_next_mask() {
        let mut writer = ProofWriter::new(b"test");
        let mut rows = [100, 200, 300].into_iter().map(row);
        writer.mask(Box::new(move || rows.next().unwrap_or_else(|| row(0))));
        for count in [2, 3, 0, 4] {
            writer.write_scalars(labels::CLAIM, &vec![Fr::zero(); count]);
        }
        let elements = writer
            .bytes()
            .chunks_exact(32)
            .zip(writer.messages().iter().flat_map(|(label, bytes)| std::iter::repeat_n(*label, bytes / 32)));
        let sent: Vec<Fr> = elements
            .filter(|(_, label)| *label == labels::CLAIM)
            .filter_map(|(bytes, _)| scalar_from_bytes(bytes))
            .collect();
        let masks = [100_u64, 101, 102, 200, 201, 202, 300, 301, 302].map(Fr::from);
        assert_eq!(sent, masks);
        assert!(writer.unmask() == [100, 200, 300].map(row));
    }

    #[test]
    fn scalars_without_masks_are_not_sent() {
        let empty = || MaskRow { masks: vec![], ..row(0) };
        for full in [0, 1] {
            let mut writer = ProofWriter::new(b"test");
            let mut rows = std::iter::repeat_n(row(100), full);
            writer.mask(Box::new(move || rows.next().unwrap_or_else(empty)));
            writer.write_scalars(labels::CLAIM, &[Fr::from(9_u64); 5]);
            let sent = |label| writer.messages().iter().filter(move |message| message.0 == label);
            assert_eq!(sent(labels::CLAIM).map(|message| message.1).sum::<usize>(), 3 * 32 * full);
            assert_eq!(sent(labels::MASK_COMMITMENT).count(), full);
            assert_eq!(writer.unmask().len(), full);
        }
    }

    #[test]
    fn overwriting_leaves_the_commitment_only() {
        let mut row = row(5);
        row.zeroize();
        assert!(row.masks.is_empty() && row.blinding.is_zero());
    }
}
