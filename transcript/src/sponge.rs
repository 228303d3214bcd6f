//! Absorbing and squeezing, on top of merlin's STROBE transcript.

use ark_bn254::Fr;

#[cfg(feature = "replay")]
use crate::replay::challenge;
use crate::{
    encoding::{scalar_from_wide_bytes, scalar_to_bytes},
    labels::Label,
    value::Value,
};

/// One step of the transcript, for inventories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// A message both sides already know.
    Absorb(Label, usize),
    /// A message of the proof: label and number of elements.
    Message(Label, usize),
    /// A challenge.
    Squeeze(Label),
}

/// What both sides of a protocol do alike: absorb what both know, squeeze challenges.
pub trait Transcript {
    /// What this side knows of a message's value.
    type Value: Value;

    /// What of a value that follows from messages is absorbed with it: nothing when they are masked. Neither side gains
    /// by it, as every message it follows from has been absorbed.
    fn absorbed(&self, value: &Self::Value) -> Fr;

    /// Absorbs bytes both sides know.
    fn absorb_bytes(&mut self, label: Label, bytes: &[u8]);

    /// Absorbs scalars both sides know.
    fn absorb_scalars(&mut self, label: Label, scalars: &[Fr]) {
        let bytes: Vec<u8> = scalars.iter().flat_map(scalar_to_bytes).collect();
        self.absorb_bytes(label, &bytes);
    }

    /// A uniform challenge that depends on everything absorbed so far.
    fn squeeze(&mut self, label: Label) -> Fr;

    /// `count` challenges, one after the other.
    fn squeeze_many(&mut self, label: Label, count: usize) -> Vec<Fr> {
        (0..count).map(|_| self.squeeze(label)).collect()
    }
}

/// A merlin transcript that logs what it is fed.
pub(crate) struct Sponge {
    merlin: merlin::Transcript,
    events: Vec<Event>,
}

impl Sponge {
    pub(crate) fn new(domain: &'static [u8]) -> Self {
        Self::from_merlin(merlin::Transcript::new(domain))
    }

    pub(crate) fn from_merlin(merlin: merlin::Transcript) -> Self {
        Self { merlin, events: vec![] }
    }

    pub(crate) fn merlin(&self) -> merlin::Transcript {
        self.merlin.clone()
    }

    pub(crate) fn into_merlin(self) -> merlin::Transcript {
        self.merlin
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    fn feed(&mut self, label: Label, count: usize, bytes: &[u8]) {
        self.merlin.append_u64(b"count", u64::try_from(count).unwrap_or(u64::MAX));
        self.merlin.append_message(label.name().as_bytes(), bytes);
    }

    pub(crate) fn absorb(&mut self, label: Label, bytes: &[u8]) {
        self.events.push(Event::Absorb(label, bytes.len()));
        #[cfg(feature = "replay")]
        crate::replay::step(|| crate::replay::Step::Absorb(label, bytes.to_vec()));
        self.feed(label, bytes.len(), bytes);
    }

    pub(crate) fn message(&mut self, label: Label, count: usize, bytes: &[u8]) {
        self.events.push(Event::Message(label, count));
        #[cfg(feature = "replay")]
        crate::replay::step(|| crate::replay::Step::Message(label, bytes.to_vec()));
        self.feed(label, count, bytes);
    }

    pub(crate) fn squeeze(&mut self, label: Label) -> Fr {
        self.events.push(Event::Squeeze(label));
        let mut bytes = [0; 64];
        self.merlin.challenge_bytes(label.name().as_bytes(), &mut bytes);
        challenge(label, scalar_from_wide_bytes(&bytes))
    }
}

/// The challenge that is given out.
#[cfg(not(feature = "replay"))]
const fn challenge(_: Label, own: Fr) -> Fr {
    own
}
