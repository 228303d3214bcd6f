//! Transcripts whose challenges are those of another run: what a verifier would accept if nothing were absorbed.
//!
//! Only with the feature `replay`, for tests that show what absorbing stops. A program that verifies proofs must not enable
//! it: nothing else can make a challenge independent of what it follows.

use std::{cell::RefCell, collections::VecDeque};

use ark_bn254::Fr;

use crate::labels::Label;

/// One step of a transcript, with what was absorbed or squeezed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Bytes both sides know.
    Absorb(Label, Vec<u8>),
    /// A message of the proof.
    Message(Label, Vec<u8>),
    /// A challenge.
    Squeeze(Label, Fr),
}

#[derive(Default)]
struct Running {
    steps: Vec<Step>,
    /// Challenges that are given out instead of the transcript's own.
    challenges: VecDeque<(Label, Fr)>,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// Runs on this thread and records every step of its transcripts.
pub fn record<T>(run: impl FnOnce() -> T) -> (T, Vec<Step>) {
    replay(&[], run)
}

/// The same with the challenges of a recorded run as long as their labels agree, whatever is absorbed.
pub fn replay<T>(recorded: &[Step], run: impl FnOnce() -> T) -> (T, Vec<Step>) {
    let challenges = recorded.iter().filter_map(|step| match step {
        Step::Squeeze(label, challenge) => Some((*label, *challenge)),
        Step::Absorb(..) | Step::Message(..) => None,
    });
    let running = Running { steps: vec![], challenges: challenges.collect() };
    let outer = RUNNING.replace(Some(running));
    let result = run();
    let steps = RUNNING.replace(outer).map_or_else(Vec::new, |running| running.steps);
    (result, steps)
}

/// Records a step, where steps are recorded.
pub(crate) fn step(step: impl FnOnce() -> Step) {
    RUNNING.with_borrow_mut(|running| {
        if let Some(running) = running {
            running.steps.push(step());
        }
    });
}

/// The challenge to give out where the transcript's own is this one.
pub(crate) fn challenge(label: Label, own: Fr) -> Fr {
    let recorded = RUNNING.with_borrow_mut(|running| {
        let challenges = &mut running.as_mut()?.challenges;
        challenges.front().filter(|(recorded, _)| *recorded == label)?;
        challenges.pop_front()
    });
    let challenge = recorded.map_or(own, |(_, challenge)| challenge);
    step(|| Step::Squeeze(label, challenge));
    challenge
}
