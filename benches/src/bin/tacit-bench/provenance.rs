//! Where and what this program is.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use tacit_benches::machine::Machine;

use tacit_cli::units;

/// Digits of the program's digest.
const BUILD_BYTES: usize = 8;

/// This machine and this program.
pub(crate) fn machine() -> Machine {
    static MACHINE: LazyLock<Machine> =
        LazyLock::new(|| Machine::here(env!("CARGO_PKG_VERSION"), option_env!("TACIT_COMMIT"), build()));
    MACHINE.clone()
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    machine().cores
}

/// The first digits of the SHA-256 of the program's file.
fn build() -> Option<String> {
    let program = std::fs::read(std::env::current_exe().ok()?).ok()?;
    Some(units::hexadecimal(Sha256::digest(program).get(..BUILD_BYTES)?))
}
