//! How every file is framed: magic, version, blocks with their length in front, canonical encodings.
//!
//! What is encoded or decoded may be secret: a private model's weights, a private input. So nothing here leaves a copy in memory
//! that it gives back; encodings are written into a buffer of their length, and overwritten when they are dropped.

use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    integer::wide,
};

/// Version of the key and proof file formats.
pub const FORMAT_VERSION: u32 = 1;

/// Splits off a file's magic and version.
///
/// # Errors
/// [`Error::Format`] for other files, [`Error::Version`] for other versions.
pub fn open_file<'a>(bytes: &'a [u8], magic: &[u8; 8], what: &'static str) -> Result<&'a [u8]> {
    let reason = match bytes.first_chunk::<8>() {
        Some(b"TACITVK\n") => "it is a verifying key",
        Some(b"TACITPK\n") => "it is a compiled model (proving key)",
        Some(b"TACITPR\n") => "it is a proof",
        Some(b"TACITPC\n") => "it is a proof about a committed input",
        Some(b"TACITPM\n") => "it is a proof about several inputs",
        Some(b"TACITKP\n") => "it is a proof about a key",
        Some(b"TACITIC\n") => "it is an input commitment",
        Some(b"TACITIO\n") => "it is the opening of an input commitment",
        _ => "it does not begin as a Tacit file does",
    };
    let rest = bytes.strip_prefix(magic).ok_or(Error::Format { expected: what, reason })?;
    let (version, rest) =
        rest.split_first_chunk::<4>().ok_or(Error::Damaged { what, reason: "it ends early" })?;
    match u32::from_le_bytes(*version) {
        FORMAT_VERSION => Ok(rest),
        actual => Err(Error::Version { what, expected: FORMAT_VERSION, actual }),
    }
}

/// A file's magic and version.
pub fn file_header(magic: &[u8; 8]) -> Vec<u8> {
    [magic.as_slice(), &FORMAT_VERSION.to_le_bytes()].concat()
}

/// Splits off a block with its length in front.
///
/// # Errors
/// [`Error::Damaged`] when the block is cut short.
pub fn take_block<'a>(bytes: &'a [u8], what: &'static str) -> Result<(&'a [u8], &'a [u8])> {
    let damaged = Error::Damaged { what, reason: "it ends early" };
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged.clone())?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged.clone())?;
    rest.split_at_checked(length).ok_or(damaged)
}

/// A block with its length in front.
pub fn block(bytes: &[u8]) -> Vec<u8> {
    [block_length(bytes).as_slice(), bytes].concat()
}

/// What a block has in front.
pub fn block_length(bytes: &[u8]) -> [u8; 8] {
    wide(bytes.len()).to_le_bytes()
}

/// Encodes a value that serialises without failing.
///
/// # Errors
/// [`Error::Damaged`] if it does fail.
pub fn encode<T: serde::Serialize>(value: &T, what: &'static str) -> Result<Zeroizing<Vec<u8>>> {
    let encoded = || {
        let mut bytes = Zeroizing::new(vec![0; postcard::experimental::serialized_size(value)?]);
        postcard::to_slice(value, &mut bytes)?;
        Ok(bytes)
    };
    encoded().map_err(|_: postcard::Error| Error::Damaged { what, reason: "it cannot be serialised" })
}

/// The bytes of a file of these parts, which may be secret.
pub fn join(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(parts.concat())
}

/// Decodes a value that fills `bytes` exactly.
///
/// # Errors
/// [`Error::Damaged`] when it does not.
pub fn decode<T: serde::Serialize + serde::de::DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
) -> Result<T> {
    let value = postcard::from_bytes(bytes)
        .map_err(|_| Error::Damaged { what, reason: "its contents do not decode" })?;
    // Postcard reads some integers from more bytes than it writes: one value, one encoding.
    if encode(&value, what)?.as_slice() == bytes {
        Ok(value)
    } else {
        Err(Error::Damaged { what, reason: "its contents are not canonically encoded" })
    }
}
