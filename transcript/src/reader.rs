//! The proof reader.

use ark_bn254::{Fr, G1Affine};

use crate::{
    encoding::{POINT_BYTES, SCALAR_BYTES, points_from_bytes, scalar_from_bytes},
    error::Error,
    labels::{self, Label},
    sponge::{Event, Sponge, Transcript},
    value::{Constraint, Masked, Value},
};

/// Consumes a proof's bytes; every read is absorbed. Counts come from the caller, never from the proof. Scalars become
/// values of type `V`.
pub struct ProofReader<'a, V: Value = Fr> {
    sponge: Sponge,
    rest: &'a [u8],
    messages: Vec<(Label, usize)>,
    /// Scalars that were read so far.
    num_scalars: usize,
    /// Checks that are left to prove.
    constraints: Vec<V::Product>,
    /// Masks of each commitment to them, and the commitments so far.
    masks: (usize, Vec<G1Affine>),
    /// Whether points are absorbed without being decoded.
    skips_points: bool,
}

impl<'a> ProofReader<'a> {
    /// Starts reading a proof in this domain.
    pub fn new(domain: &'static [u8], proof: &'a [u8]) -> Self {
        Self::over(Sponge::new(domain), proof, 0)
    }

    /// Continues a transcript of the caller's.
    pub fn from_merlin(transcript: merlin::Transcript, proof: &'a [u8]) -> Self {
        Self::over(Sponge::from_merlin(transcript), proof, 0)
    }
}

impl<'a> ProofReader<'a, Masked> {
    /// Starts reading a proof of masked messages in this domain. A commitment holds `masks` of them, at least one.
    pub fn masked(domain: &'static [u8], proof: &'a [u8], masks: usize) -> Self {
        Self::over(Sponge::new(domain), proof, masks.max(1))
    }

    /// Reads masked messages of one's own proof again, from a transcript of one's own: points are taken as they are, and
    /// come out as the point at infinity.
    pub fn replayed(transcript: merlin::Transcript, proof: &'a [u8], masks: usize) -> Self {
        let reader = Self::over(Sponge::from_merlin(transcript), proof, masks.max(1));
        Self { skips_points: true, ..reader }
    }

    /// The same proof and transcript from where messages are no longer masked; the checks that are left to prove, and the
    /// commitments to the masks.
    pub fn unmask(self) -> (ProofReader<'a>, Vec<Constraint>, Vec<G1Affine>) {
        let Self { sponge, rest, messages, constraints, masks: (_, rows), .. } = self;
        let reader = ProofReader { messages, ..ProofReader::over(sponge, rest, 0) };
        (reader, constraints, rows)
    }
}

impl<'a, V: Value> ProofReader<'a, V> {
    const fn over(sponge: Sponge, proof: &'a [u8], masks: usize) -> Self {
        Self {
            sponge,
            rest: proof,
            messages: vec![],
            num_scalars: 0,
            constraints: vec![],
            masks: (masks, vec![]),
            skips_points: false,
        }
    }

    /// Reads a message of `count` scalars.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Scalar`].
    pub fn read_scalars(&mut self, label: Label, count: usize) -> Result<Vec<V>, Error> {
        self.read_masks(count)?;
        let bytes = self.take(label, count, SCALAR_BYTES)?;
        let first = self.num_scalars;
        self.num_scalars = first.saturating_add(count);
        bytes
            .chunks_exact(SCALAR_BYTES)
            .enumerate()
            .map(|(index, bytes)| {
                let sent = scalar_from_bytes(bytes).ok_or(Error::Scalar { label, index })?;
                Ok(V::of_message(sent, first.saturating_add(index)))
            })
            .collect()
    }

    /// Reads a message of one scalar.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Scalar`].
    pub fn read_scalar(&mut self, label: Label) -> Result<V, Error> {
        let scalars = self.read_scalars(label, 1)?;
        scalars.into_iter().next().ok_or(Error::Scalar { label, index: 0 })
    }

    /// Reads commitments to masks until there are enough for `count` more scalars.
    fn read_masks(&mut self, count: usize) -> Result<(), Error> {
        if V::MASKED {
            let needed = self.num_scalars.saturating_add(count);
            while self.masks.1.len().saturating_mul(self.masks.0) < needed {
                let commitment = self.read_points(labels::MASK_COMMITMENT, 1)?;
                self.masks.1.extend(commitment);
            }
        }
        Ok(())
    }

    /// Checks that a difference is zero; when messages are masked, that is left to prove.
    #[must_use = "a check that fails must be reported"]
    pub fn check_zero(&mut self, difference: V::Product) -> bool {
        let vanishes = V::vanishes(&difference);
        if V::MASKED {
            self.constraints.push(difference);
        }
        vanishes
    }

    /// A product of several values as one. Masked, the prover sends it a factor at a time, each of which is checked.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Scalar`].
    pub fn multiply(&mut self, factors: &[V]) -> Result<V::Product, Error> {
        let one = || V::from(Fr::from(1_u64));
        let Some((last, others)) = factors.split_last() else { return Ok(one().into()) };
        let Some((first, rest)) = others.split_first() else { return Ok(last.clone().into()) };
        let mut partial = first.clone();
        for factor in rest {
            let product = partial.times(factor);
            partial = if let Some(value) = V::whole(&product) {
                value
            } else {
                let sent = self.read_scalar(labels::PARTIAL_PRODUCTS)?;
                self.constraints.push([product, (-sent.clone()).into()].into_iter().sum());
                sent
            };
        }
        Ok(partial.times(last))
    }

    /// Reads a message of `count` points.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Point`].
    pub fn read_points(&mut self, label: Label, count: usize) -> Result<Vec<G1Affine>, Error> {
        let bytes = self.take(label, count, POINT_BYTES)?;
        if self.skips_points {
            return Ok(vec![G1Affine::identity(); count]);
        }
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
}

// A masked reader ends by unmasking alone: its constraints are not proved before.
impl<'a> ProofReader<'a> {
    /// Ends the proof and gives its transcript back, for a caller who goes on with it.
    ///
    /// # Errors
    /// [`Error::TrailingBytes`] when bytes are left.
    pub fn finish_into_merlin(self) -> Result<merlin::Transcript, Error> {
        let Self { sponge, rest, .. } = self;
        match rest.len() {
            0 => Ok(sponge.into_merlin()),
            count => Err(Error::TrailingBytes { count }),
        }
    }

    /// The bytes not read yet and the transcript so far, for a caller whose own messages are behind Tacit's in one string of bytes.
    pub fn into_parts(self) -> (&'a [u8], merlin::Transcript) {
        (self.rest, self.sponge.into_merlin())
    }

    /// Ends the proof.
    ///
    /// # Errors
    /// [`Error::TrailingBytes`] when bytes are left.
    pub fn finish(self) -> Result<(), Error> {
        self.finish_into_merlin().map(drop)
    }
}

impl<V: Value> Transcript for ProofReader<'_, V> {
    type Value = V;

    fn absorbed(&self, value: &V) -> Fr {
        value.absorbed()
    }

    fn absorb_bytes(&mut self, label: Label, bytes: &[u8]) {
        self.sponge.absorb(label, bytes);
    }

    fn squeeze(&mut self, label: Label) -> Fr {
        self.sponge.squeeze(label)
    }
}
