//! Files that Tacit reads: models, keys and proofs, with errors that name the file and the remedy.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::Path,
};

use anyhow::{Context, Result, bail};
use tacit_layers::{
    Architecture, InputCommitment, KeyProofFile, ProofFile,
    proof::{
        input,
        key::{self, VerifyingKey},
    },
};
use tacit_prover::{InputOpening, ProvingKey};
use zeroize::Zeroizing;

/// What is wrong with a file that begins as it should.
pub type Unreadable = tacit_layers::Error;

/// Reads a whole file, which may hold a private model or input: it is overwritten when it is dropped.
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let name = path.display();
    if path.is_dir() {
        bail!("cannot read `{name}`: it is a directory; give a file");
    }
    read_wiping(path).with_context(|| {
        format!("cannot read `{name}`; check {}", {
            match fs::metadata(path).map_err(|error| error.kind()) {
                Err(ErrorKind::NotFound) => "the path",
                _ => "its permissions",
            }
        })
    })
}

/// Bytes that a file is read into before its length is known.
const CHUNK: usize = 1 << 16;

/// Reads a whole file into memory of its length. One that is longer than it says, such as a pipe, outgrows it, and what it
/// outgrows is overwritten.
fn read_wiping(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    let length = file.metadata().map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(0));
    let mut bytes = Zeroizing::new(vec![0; length.saturating_add(1).max(CHUNK)]);
    let mut filled = 0;
    loop {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled == bytes.len() {
            let mut longer = Zeroizing::new(vec![0; 2 * filled]);
            longer[..filled].copy_from_slice(&bytes);
            bytes = longer;
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads a proving key.
pub fn proving_key(path: &Path) -> Result<ProvingKey> {
    ProvingKey::from_bytes(&read(path)?).with_context(|| {
        format!("cannot use `{}` as a model; give a .tacit file that `tacit compile` wrote", path.display())
    })
}

/// Reads a verifying key.
pub fn verifying_key(path: &Path) -> Result<VerifyingKey> {
    VerifyingKey::from_bytes(&read(path)?).with_context(|| not_a_key(path))
}

/// Reads the verifying key that a proof is checked with. Nothing verifies under a damaged key.
pub fn trusted_key(path: &Path) -> Result<Result<VerifyingKey, Unreadable>> {
    match VerifyingKey::from_bytes(&read(path)?) {
        Err(error @ (Unreadable::Format { .. } | Unreadable::Version { .. })) => {
            Err(error).with_context(|| not_a_key(path))
        }
        result => Ok(result),
    }
}

/// Reads the architecture of a verifying key or a proving key.
pub fn architecture(path: &Path) -> Result<Architecture> {
    if read(path)?.starts_with(key::MAGIC) {
        Ok(verifying_key(path)?.architecture().clone())
    } else {
        Ok(proving_key(path)?.network().architecture.clone())
    }
}

/// Reads the commitment to an input.
pub fn input_commitment(path: &Path) -> Result<InputCommitment> {
    InputCommitment::from_bytes(&read(path)?).with_context(|| {
        format!(
            "cannot use `{}` as an input's commitment; give one that `tacit commit-input` wrote",
            path.display()
        )
    })
}

/// Reads what opens the commitment to an input.
pub fn input_opening(path: &Path) -> Result<InputOpening> {
    InputOpening::from_bytes(&read(path)?).with_context(|| {
        format!(
            "cannot use `{}` as an input's opening; give one that `tacit commit-input` wrote",
            path.display()
        )
    })
}

/// Whether a file begins as a commitment to an input or its opening.
pub fn is_about_input(bytes: &[u8]) -> bool {
    bytes.starts_with(input::MAGIC) || bytes.starts_with(input::OPENING_MAGIC)
}

fn not_a_key(path: &Path) -> String {
    format!("cannot use `{}` as a verifying key; give a .vk file that `tacit compile` wrote", path.display())
}

/// Reads a proof. A file that begins as a proof and is not one is for the verifier to reject; any other file is a
/// mistake.
pub fn proof(path: &Path) -> Result<Result<ProofFile, Unreadable>> {
    match ProofFile::from_bytes(&read(path)?) {
        Err(error @ Unreadable::Format { .. }) => Err(error).with_context(|| {
            format!("cannot use `{}` as a proof; give a file that `tacit prove` wrote", path.display())
        }),
        result => Ok(result),
    }
}

/// Reads a proof about a key. A file that begins as one and is not is for the verifier to reject; any other file is a
/// mistake.
pub fn key_proof(path: &Path) -> Result<Result<KeyProofFile, Unreadable>> {
    match KeyProofFile::from_bytes(&read(path)?) {
        Err(error @ Unreadable::Format { .. }) => Err(error).with_context(|| {
            format!(
                "cannot use `{}` as a proof about a key; give a file that `tacit prove-key` wrote",
                path.display()
            )
        }),
        result => Ok(result),
    }
}
