//! A proof as a file: the key's digest, the public input and outputs, and the proof's bytes.
//!
//! Eight bytes `TACITPR\n`, the format version (u32, little-endian), the key's digest (32 bytes), a block with the input
//! and a block with the outputs in postcard, each led by its length (u64), and the proof.
//!
//! The file of a proof about a committed input begins with `TACITPC\n`; in place of the input it has a block with the
//! [commitment](crate::proof::input)'s file.

use crate::{
    error::{Error, Result},
    proof::{
        file::{block, decode, encode, file_header, open_file, take_block},
        input::InputCommitment,
        statement::{Input, Statement},
    },
    tensor::{Layout, Tensor},
};

/// First bytes of a proof file.
pub const MAGIC: &[u8; 8] = b"TACITPR\n";
/// First bytes of the file of a proof about a committed input.
pub const COMMITTED_MAGIC: &[u8; 8] = b"TACITPC\n";
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

/// A proof with the statement it is about, whose input is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedProofFile {
    /// Digest of the verifying key.
    pub key_digest: [u8; 32],
    /// The commitment to the input.
    pub input: InputCommitment,
    /// The public outputs.
    pub outputs: Vec<Tensor<i64>>,
    /// The proof.
    pub proof: Vec<u8>,
}

/// A proof file of either setting, which its first bytes tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyProofFile {
    /// The input is public.
    Public(ProofFile),
    /// The input is committed.
    Committed(CommittedProofFile),
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
        bytes.extend(outputs_block(&self.outputs)?);
        bytes.extend(&self.proof);
        Ok(bytes)
    }

    /// Reads a file's bytes. The proof itself is not looked at.
    ///
    /// # Errors
    /// [`Error::Format`] when it is no proof, [`Error::Version`], or [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let Parts { key_digest, input, outputs, proof } = split(bytes, *MAGIC)?;
        let (layout, data): (Layout, Vec<i64>) = decode(input, WHAT)?;
        Ok(Self { key_digest, input: Tensor::new(layout, data)?, outputs, proof })
    }
}

/// What both kinds of files consist of, the input not decoded.
struct Parts<'a> {
    key_digest: [u8; 32],
    input: &'a [u8],
    outputs: Vec<Tensor<i64>>,
    proof: Vec<u8>,
}

fn split(bytes: &[u8], magic: [u8; 8]) -> Result<Parts<'_>> {
    let rest = open_file(bytes, &magic, WHAT)?;
    let damaged = Error::Damaged { what: WHAT, reason: "it ends early" };
    let (key_digest, rest) = rest.split_first_chunk::<32>().ok_or(damaged)?;
    let (input, rest) = take_block(rest, WHAT)?;
    let (outputs, proof) = take_block(rest, WHAT)?;
    Ok(Parts { key_digest: *key_digest, input, outputs: read_outputs(outputs)?, proof: proof.to_vec() })
}

impl CommittedProofFile {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a tensor does not serialise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = file_header(COMMITTED_MAGIC);
        bytes.extend(self.key_digest);
        bytes.extend(block(&self.input.to_bytes()?));
        bytes.extend(outputs_block(&self.outputs)?);
        bytes.extend(&self.proof);
        Ok(bytes)
    }

    /// Reads a file's bytes. The proof itself is not looked at.
    ///
    /// # Errors
    /// [`Error::Format`] when it is no proof about a committed input, [`Error::Version`], or [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let Parts { key_digest, input, outputs, proof } = split(bytes, *COMMITTED_MAGIC)?;
        let damaged = |_| Error::Damaged { what: WHAT, reason: "it holds no commitment to an input" };
        let input = InputCommitment::from_bytes(input).map_err(damaged)?;
        Ok(Self { key_digest, input, outputs, proof })
    }
}

impl AnyProofFile {
    /// Reads a file's bytes. The proof itself is not looked at.
    ///
    /// # Errors
    /// [`Error::Format`] when it is no proof, [`Error::Version`], or [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.starts_with(COMMITTED_MAGIC) {
            Ok(Self::Committed(CommittedProofFile::from_bytes(bytes)?))
        } else {
            Ok(Self::Public(ProofFile::from_bytes(bytes)?))
        }
    }

    /// Digest of the verifying key.
    pub const fn key_digest(&self) -> &[u8; 32] {
        match self {
            Self::Public(file) => &file.key_digest,
            Self::Committed(file) => &file.key_digest,
        }
    }

    /// What the proof says.
    pub fn statement(&self) -> Statement<'_> {
        match self {
            Self::Public(file) => Statement { input: Input::Public(&file.input), outputs: &file.outputs },
            Self::Committed(file) => {
                Statement { input: Input::Committed(&file.input), outputs: &file.outputs }
            }
        }
    }

    /// The proof.
    pub fn proof(&self) -> &[u8] {
        match self {
            Self::Public(file) => &file.proof,
            Self::Committed(file) => &file.proof,
        }
    }
}

fn outputs_block(outputs: &[Tensor<i64>]) -> Result<Vec<u8>> {
    Ok(block(&encode(&outputs.iter().map(parts).collect::<Vec<_>>(), WHAT)?))
}

fn read_outputs(bytes: &[u8]) -> Result<Vec<Tensor<i64>>> {
    let outputs: Vec<(Layout, Vec<i64>)> = decode(bytes, WHAT)?;
    outputs.into_iter().map(|(layout, data)| Tensor::new(layout, data)).collect()
}

#[cfg(test)]
mod tests {
    use ark_bn254::G1Affine;
    use ark_ec::AffineRepr;

    use super::*;

    fn files() -> [AnyProofFile; 2] {
        let layout = |axes: &[usize]| Layout::new(axes.to_vec()).unwrap();
        let (key_digest, proof) = ([7; 32], vec![1, 2, 3]);
        let outputs = vec![Tensor::new(layout(&[2]), vec![-5, 1 << 40]).unwrap()];
        let input = Tensor::new(layout(&[3]), vec![1, 2, 3]).unwrap();
        let commitment = InputCommitment::new(layout(&[3]), vec![G1Affine::generator()]).unwrap();
        let public = ProofFile { key_digest, input, outputs: outputs.clone(), proof: proof.clone() };
        let committed = CommittedProofFile { key_digest, input: commitment, outputs, proof };
        [AnyProofFile::Public(public), AnyProofFile::Committed(committed)]
    }

    fn bytes(file: &AnyProofFile) -> Vec<u8> {
        match file {
            AnyProofFile::Public(file) => file.to_bytes().unwrap(),
            AnyProofFile::Committed(file) => file.to_bytes().unwrap(),
        }
    }

    #[test]
    fn files_of_both_settings_read_back_as_what_they_are() {
        let [public, committed] = files();
        for file in [&public, &committed] {
            assert_eq!(AnyProofFile::from_bytes(&bytes(file)).as_ref(), Ok(file));
            assert_eq!((file.key_digest(), file.proof()), (&[7; 32], &[1, 2, 3][..]));
        }
        assert!(matches!(public.statement().input, Input::Public(_)));
        assert!(matches!(committed.statement().input, Input::Committed(_)));
        let reason = "it is a proof about a committed input";
        assert_eq!(ProofFile::from_bytes(&bytes(&committed)), Err(Error::Format { expected: WHAT, reason }));
        let reason = "it is a proof";
        assert_eq!(
            CommittedProofFile::from_bytes(&bytes(&public)),
            Err(Error::Format { expected: WHAT, reason })
        );
    }

    #[test]
    fn damaged_statements_are_refused() {
        let [_, committed] = files();
        let whole = bytes(&committed);
        // All of the file but the proof, whose length nothing tells.
        for length in 8..whole.len() - 3 {
            let read = AnyProofFile::from_bytes(&whole[..length]);
            assert_eq!(read, Err(Error::Damaged { what: WHAT, reason: "it ends early" }), "{length} bytes");
        }
        let mut point = whole.clone();
        let at = 12 + 32 + 8 + 22;
        point[at..at + 32].fill(0xff);
        let reason = "it holds no commitment to an input";
        assert_eq!(AnyProofFile::from_bytes(&point), Err(Error::Damaged { what: WHAT, reason }));
    }
}
