//! Fuzz targets: each is a function of bytes that panics when something does not hold.
//!
//! | module | holds |
//! |---|---|
//! | `targets` | the parsers' targets, and all targets by name |
//! | `proofs` | proofs and keys, mutated message by message and field by field |
//! | `hiding` | proofs that hide, mutated likewise, and by what would cancel |
//! | `lookups` | drawn look-ups by themselves, mutated likewise |
//! | `differential` | drawn networks: three executors and a proof |
//! | `script` | numbers read from a target's bytes |
//! | `memory` | an allocator that counts |
//!
//! `cli/tests/corpora` includes the same files and replays the committed corpora.

use tacit_cli::npy;

mod differential;
mod hiding;
mod lookups;
mod memory;
#[path = "../../prover/tests/support/naive.rs"]
mod naive;
#[path = "source.rs"]
mod networks;
mod proofs;
#[path = "../../prover/tests/support/random.rs"]
#[expect(dead_code, reason = "networks are drawn from bytes, not from a seed")]
mod random;
mod script;
mod targets;
#[path = "../../prover/tests/support/tiny.rs"]
mod tiny;

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Runs the target of this name.
///
/// # Panics
/// When the target finds something, or takes more memory than its bytes may ask for.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = targets::ALL.iter().find(|(known, _)| *known == name).expect("a target's name");
    targets::bounded(name, *target, data);
}
