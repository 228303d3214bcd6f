//! A proof as a file: the key's digest, the inputs or commitments to them, the outputs, and the proof's bytes.
//!
//! Eight bytes, the format version (u32, little-endian), the key's digest (32 bytes), a block with the inputs
//! and a block with the outputs in postcard, each led by its length (u64), and the proof.
//!
//! | first bytes | the inputs' block holds |
//! |---|---|
//! | `TACITPR\n` | the only input, public: shape and integers in postcard |
//! | `TACITPC\n` | the only input's [commitment](crate::proof::input), as its file |
//! | `TACITPM\n` | for each of several inputs a byte, 0 for a public one and 1 for a commitment, and a block as above |

use crate::{
    error::{Error, Result},
    proof::{
        file::{block, decode, encode, file_header, open_file, take_block},
        input::InputCommitment,
        statement::{Input, Statement},
    },
    tensor::{Layout, Tensor},
};

/// First bytes of the file of a proof about one public input.
pub const MAGIC: &[u8; 8] = b"TACITPR\n";
/// First bytes of the file of a proof about one committed input.
pub const COMMITTED_MAGIC: &[u8; 8] = b"TACITPC\n";
/// First bytes of the file of a proof about several inputs.
pub const SEVERAL_MAGIC: &[u8; 8] = b"TACITPM\n";
const WHAT: &str = "proof";

/// An input as a proof's file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatedInput {
    /// The quantised input.
    Public(Tensor<i64>),
    /// A commitment to it.
    Committed(InputCommitment),
}

/// A proof with the statement it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// Digest of the verifying key.
    pub key_digest: [u8; 32],
    /// The inputs, in the architecture's order.
    pub inputs: Vec<StatedInput>,
    /// The public outputs.
    pub outputs: Vec<Tensor<i64>>,
    /// The proof.
    pub proof: Vec<u8>,
}

/// Whether bytes begin as those of a proof's file do.
pub fn is_proof(bytes: &[u8]) -> bool {
    [MAGIC, COMMITTED_MAGIC, SEVERAL_MAGIC].into_iter().any(|magic| bytes.starts_with(magic))
}

fn parts(tensor: &Tensor<i64>) -> (&Layout, &[i64]) {
    (tensor.layout(), tensor.data())
}

impl From<Input<'_>> for StatedInput {
    fn from(input: Input) -> Self {
        match input {
            Input::Public(input) => Self::Public(input.clone()),
            Input::Committed(commitment) => Self::Committed(commitment.clone()),
        }
    }
}

impl StatedInput {
    /// What a statement says of it.
    pub const fn input(&self) -> Input<'_> {
        match self {
            Self::Public(input) => Input::Public(input),
            Self::Committed(commitment) => Input::Committed(commitment),
        }
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::Public(input) => encode(&parts(input), WHAT).map(|bytes| bytes.to_vec()),
            Self::Committed(commitment) => commitment.to_bytes(),
        }
    }

    fn public(bytes: &[u8]) -> Result<Self> {
        let (layout, data): (Layout, Vec<i64>) = decode(bytes, WHAT)?;
        Ok(Self::Public(Tensor::new(layout, data)?))
    }

    fn committed(bytes: &[u8]) -> Result<Self> {
        let damaged = |_| Error::Damaged { what: WHAT, reason: "it holds no commitment to an input" };
        InputCommitment::from_bytes(bytes).map(Self::Committed).map_err(damaged)
    }

    /// One of several inputs, and the bytes behind it.
    fn take(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let damaged = |reason| Error::Damaged { what: WHAT, reason };
        let (kind, rest) = bytes.split_first().ok_or_else(|| damaged("it ends early"))?;
        let (content, rest) = take_block(rest, WHAT)?;
        let input = match kind {
            0 => Self::public(content)?,
            1 => Self::committed(content)?,
            _ => return Err(damaged("an input is neither public nor committed")),
        };
        Ok((input, rest))
    }
}

impl ProofFile {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a tensor does not serialise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let (magic, inputs) = match self.inputs.as_slice() {
            [input @ StatedInput::Public(_)] => (MAGIC, input.to_bytes()?),
            [input @ StatedInput::Committed(_)] => (COMMITTED_MAGIC, input.to_bytes()?),
            inputs => (SEVERAL_MAGIC, several(inputs)?),
        };
        let outputs: Vec<_> = self.outputs.iter().map(parts).collect();
        let mut bytes = file_header(magic);
        bytes.extend(self.key_digest);
        bytes.extend(block(&inputs));
        bytes.extend(block(&encode(&outputs, WHAT)?));
        bytes.extend(&self.proof);
        Ok(bytes)
    }

    /// Reads a file's bytes. The proof itself is not looked at.
    ///
    /// # Errors
    /// [`Error::Format`] when it is no proof, [`Error::Version`], or [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let magic = [COMMITTED_MAGIC, SEVERAL_MAGIC].into_iter().find(|magic| bytes.starts_with(*magic));
        let magic = magic.unwrap_or(MAGIC);
        let rest = open_file(bytes, magic, WHAT)?;
        let damaged = Error::Damaged { what: WHAT, reason: "it ends early" };
        let (key_digest, rest) = rest.split_first_chunk::<32>().ok_or(damaged)?;
        let (inputs, rest) = take_block(rest, WHAT)?;
        let (outputs, proof) = take_block(rest, WHAT)?;
        let inputs = match magic {
            COMMITTED_MAGIC => vec![StatedInput::committed(inputs)?],
            SEVERAL_MAGIC => read_several(inputs)?,
            _ => vec![StatedInput::public(inputs)?],
        };
        let outputs: Vec<(Layout, Vec<i64>)> = decode(outputs, WHAT)?;
        let outputs = outputs.into_iter().map(|(layout, data)| Tensor::new(layout, data));
        let outputs = outputs.collect::<Result<Vec<_>>>()?;
        Ok(Self { key_digest: *key_digest, inputs, outputs, proof: proof.to_vec() })
    }

    /// What the proof says.
    pub fn statement(&self) -> Statement<'_> {
        let inputs = self.inputs.iter().map(StatedInput::input).collect();
        Statement { inputs, outputs: &self.outputs }
    }
}

fn several(inputs: &[StatedInput]) -> Result<Vec<u8>> {
    let mut bytes = vec![];
    for input in inputs {
        bytes.push(u8::from(matches!(input, StatedInput::Committed(_))));
        bytes.extend(block(&input.to_bytes()?));
    }
    Ok(bytes)
}

/// One input has a file of its own: what is said has one spelling.
fn read_several(mut bytes: &[u8]) -> Result<Vec<StatedInput>> {
    let mut inputs = vec![];
    while !bytes.is_empty() {
        let (input, rest) = StatedInput::take(bytes)?;
        inputs.push(input);
        bytes = rest;
    }
    if inputs.len() < 2 {
        return Err(Error::Damaged {
            what: WHAT,
            reason: "it holds fewer than the several inputs it speaks of",
        });
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use ark_bn254::G1Affine;
    use ark_ec::AffineRepr;

    use super::*;

    fn layout(axes: &[usize]) -> Layout {
        Layout::new(axes.to_vec()).unwrap()
    }

    fn public() -> StatedInput {
        StatedInput::Public(Tensor::new(layout(&[3]), vec![1, 2, 3]).unwrap())
    }

    fn committed() -> StatedInput {
        let rows = vec![G1Affine::generator()];
        StatedInput::Committed(InputCommitment::new(layout(&[3]), rows).unwrap())
    }

    fn file(inputs: Vec<StatedInput>) -> ProofFile {
        let outputs = vec![Tensor::new(layout(&[2]), vec![-5, 1 << 40]).unwrap()];
        ProofFile { key_digest: [7; 32], inputs, outputs, proof: vec![1, 2, 3] }
    }

    fn damaged(reason: &'static str) -> Result<ProofFile> {
        Err(Error::Damaged { what: WHAT, reason })
    }

    #[test]
    fn files_of_every_mixture_read_back_as_what_they_are() {
        for (inputs, magic) in [
            (vec![public()], MAGIC),
            (vec![committed()], COMMITTED_MAGIC),
            (vec![public(), public()], SEVERAL_MAGIC),
            (vec![committed(), public(), committed()], SEVERAL_MAGIC),
        ] {
            let file = file(inputs);
            let bytes = file.to_bytes().unwrap();
            assert!(bytes.starts_with(magic) && is_proof(&bytes));
            assert_eq!(ProofFile::from_bytes(&bytes), Ok(file.clone()));
            let inputs: Vec<StatedInput> = file.statement().inputs.into_iter().map(Into::into).collect();
            assert_eq!(inputs, file.inputs);
        }
        let reason = "it is an input commitment";
        let StatedInput::Committed(commitment) = committed() else { unreachable!() };
        let other = ProofFile::from_bytes(&commitment.to_bytes().unwrap());
        assert_eq!(other, Err(Error::Format { expected: WHAT, reason }));
    }

    #[test]
    fn damaged_statements_are_refused() {
        for inputs in [vec![committed()], vec![public(), committed()]] {
            let whole = file(inputs).to_bytes().unwrap();
            // All of the file but the proof, whose length nothing tells.
            for length in 8..whole.len() - 3 {
                assert_eq!(
                    ProofFile::from_bytes(&whole[..length]),
                    damaged("it ends early"),
                    "{length} bytes"
                );
            }
        }
        let mut point = file(vec![committed()]).to_bytes().unwrap();
        let at = 12 + 32 + 8 + 22;
        point[at..at + 32].fill(0xff);
        assert_eq!(ProofFile::from_bytes(&point), damaged("it holds no commitment to an input"));
    }

    #[test]
    fn one_input_has_one_spelling() {
        let fewer = "it holds fewer than the several inputs it speaks of";
        for inputs in [vec![], vec![public()], vec![committed()]] {
            let mut bytes = file_header(SEVERAL_MAGIC);
            bytes.extend([7; 32]);
            bytes.extend(block(&several(&inputs).unwrap()));
            bytes.extend(block(&encode(&Vec::<(Layout, Vec<i64>)>::new(), WHAT).unwrap()));
            assert_eq!(ProofFile::from_bytes(&bytes), damaged(fewer));
        }
    }

    #[test]
    fn an_input_is_public_or_committed() {
        let mut bytes = file(vec![public(), committed()]).to_bytes().unwrap();
        bytes[12 + 32 + 8] = 2;
        assert_eq!(ProofFile::from_bytes(&bytes), damaged("an input is neither public nor committed"));
        // A public input is no commitment.
        bytes[12 + 32 + 8] = 1;
        assert_eq!(ProofFile::from_bytes(&bytes), damaged("it holds no commitment to an input"));
    }
}
