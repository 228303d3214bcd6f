//! A proof as a file: the key's digest, the public input and outputs, and the proof's bytes.
//!
//! Eight bytes `TACITPR\n`, the format version (u32, little-endian), the key's digest (32 bytes), a block with the input
//! and a block with the outputs in postcard, each led by its length (u64), and the proof.

use crate::{
    error::{Error, Result},
    key::{block, decode, encode, file_header, open_file, take_block},
    tensor::{Layout, Tensor},
};

/// First bytes of a proof file.
pub const MAGIC: &[u8; 8] = b"TACITPR\n";
const WHAT: &str = "proof";

/// A proof with the statement it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// Digest of the verifying key.
    pub key_digest: [u8; 32],
    /// The public input, quantised.
    pub input: Tensor<i64>,
    /// The public outputs.
    pub outputs: Vec<Tensor<i64>>,
    /// The proof.
    pub proof: Vec<u8>,
}

fn parts(tensor: &Tensor<i64>) -> (&Layout, &[i64]) {
    (tensor.layout(), tensor.data())
}

impl ProofFile {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a tensor does not serialise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = file_header(MAGIC);
        bytes.extend(self.key_digest);
        bytes.extend(block(&encode(&parts(&self.input), WHAT)?));
        bytes.extend(block(&encode(&self.outputs.iter().map(parts).collect::<Vec<_>>(), WHAT)?));
        bytes.extend(&self.proof);
        Ok(bytes)
    }

    /// Reads a file's bytes. The proof itself is not looked at.
    ///
    /// # Errors
    /// [`Error::Format`] when it is no proof, [`Error::Version`], or [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let rest = open_file(bytes, MAGIC, WHAT)?;
        let damaged = Error::Damaged { what: WHAT, reason: "it ends early" };
        let (key_digest, rest) = rest.split_first_chunk::<32>().ok_or(damaged)?;
        let (input, rest) = take_block(rest, WHAT)?;
        let (outputs, proof) = take_block(rest, WHAT)?;
        let (layout, data): (Layout, Vec<i64>) = decode(input, WHAT)?;
        let outputs: Vec<(Layout, Vec<i64>)> = decode(outputs, WHAT)?;
        Ok(Self {
            key_digest: *key_digest,
            input: Tensor::new(layout, data)?,
            outputs: outputs
                .into_iter()
                .map(|(layout, data)| Tensor::new(layout, data))
                .collect::<Result<_>>()?,
            proof: proof.to_vec(),
        })
    }
}
