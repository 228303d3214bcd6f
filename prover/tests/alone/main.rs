//! Arguments by themselves: every kind of layer and whole networks inside a proof of somebody else's, over commitments of
//! somebody else's.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/clear.rs"]
mod clear;

mod cases;
mod hostile;
mod layers;
mod misuse;
mod networks;
