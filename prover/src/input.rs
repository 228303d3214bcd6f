//! The prover's side of [committed inputs](tacit_layers::proof::input): what opens a commitment.
//!
//! ```
//! use tacit_layers::{Layout, Tensor};
//! use tacit_prover::{InputOpening, Seed};
//!
//! let picture = Tensor::new(Layout::new(vec![2, 3])?, vec![0, 17, 255, 3, 0, 1])?;
//! let opening = InputOpening::new(picture, &Seed::from_os()?)?;
//! // The commitment is for everybody, the opening for whoever proves.
//! let (public, secret) = (opening.commitment().to_bytes()?, opening.to_bytes()?);
//! assert_eq!(InputOpening::from_bytes(&secret)?.commitment().to_bytes()?, public);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! As a file: eight bytes `TACITIO\n`, the format version (u32, little-endian), a block with shape and integers in postcard,
//! and each row's blinding, 32 bytes each. Whoever has the file knows the input.

use ark_bn254::{Fr, G1Affine};
use tacit_algebra::generators::Generators;
use tacit_layers::{
    InputCommitment, Layout, Tensor,
    proof::{
        file::{block_length, decode, encode, file_header, join, open_file, take_block},
        input::{OPENING_MAGIC, num_rows, row_vars},
        statement::{Input, Statement},
    },
    secret::SecretList,
    tensor::value::MAX_ACTIVATION,
};
use tacit_transcript::encoding::{SCALAR_BYTES, scalar_to_bytes};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    error::Result,
    hyrax,
    integers::Integers,
    opening::CommittedTensor,
    seed::{Seed, scalars_from_bytes, scalars_to_bytes},
};

const WHAT: &str = "opening of an input commitment";

/// An input with its commitment and the blinding of the commitment's rows. The secrets are overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct InputOpening {
    pub(crate) commitment: InputCommitment,
    pub(crate) input: Tensor<i64>,
    pub(crate) blinding: Vec<Fr>,
}

impl InputOpening {
    /// Commits to an input of quantised integers.
    ///
    /// # Errors
    /// [`tacit_layers::Error::CommittedRange`] for an integer that no model reads.
    pub fn new(input: Tensor<i64>, seed: &Seed) -> Result<Self> {
        let axes = input.layout().axes();
        let mut bytes = Zeroizing::new(Vec::with_capacity(8 * (axes.len() + input.data().len())));
        bytes.extend(axes.iter().flat_map(|&n| (n as u64).to_le_bytes()));
        bytes.extend(input.data().iter().flat_map(|x| x.to_le_bytes()));
        let blinding = seed.scalars(b"input", std::iter::once(bytes.as_slice()), num_rows(input.layout()));
        Self::with_blinding(input, blinding)
    }

    /// Commits to an input with this blinding of its rows, which hides it if it is uniform and used once.
    ///
    /// # Errors
    /// As [`Self::new`], and [`tacit_layers::Error::Damaged`] for another number of rows.
    pub fn with_blinding(mut input: Tensor<i64>, blinding: Vec<Fr>) -> Result<Self> {
        let mut blinding = Zeroizing::new(blinding);
        match commitment(&input, &blinding) {
            Ok(commitment) => Ok(Self { commitment, input, blinding: std::mem::take(&mut *blinding) }),
            Err(error) => {
                input.data_mut().zeroize();
                Err(error)
            }
        }
    }

    /// The commitment, for everybody to know.
    pub const fn commitment(&self) -> &InputCommitment {
        &self.commitment
    }

    /// The input.
    pub const fn input(&self) -> &Tensor<i64> {
        &self.input
    }

    /// The blinding of each row of the commitment.
    pub fn blinding(&self) -> &[Fr] {
        &self.blinding
    }

    /// The opening as a file, to be kept like the input itself, overwritten when it is dropped.
    ///
    /// # Errors
    /// When the input does not serialise.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>> {
        let input = encode(&(self.input.layout(), self.input.data()), WHAT)?;
        let blinding = scalars_to_bytes(&self.blinding);
        Ok(join(&[&file_header(OPENING_MAGIC), &block_length(&input), &input, &blinding]))
    }

    /// The opening in a file; the commitment is computed again.
    ///
    /// # Errors
    /// When the file is another one or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (encoded, blinding) = take_block(open_file(bytes, OPENING_MAGIC, WHAT)?, WHAT)?;
        let (layout, SecretList(mut data)): (Layout, SecretList<i64>) = decode(encoded, WHAT)?;
        let (encoded, rest) = blinding.as_chunks::<SCALAR_BYTES>();
        let damaged = |reason| tacit_layers::Error::Damaged { what: WHAT, reason };
        if encoded.len() != num_rows(&layout) || !rest.is_empty() {
            return Err(damaged("it has another number of rows").into());
        }
        if data.len() != layout.num_elements() {
            return Err(damaged("it has not as many integers as its shape").into());
        }
        let blinding = scalars_from_bytes(encoded.as_flattened());
        let blinding = blinding.map(|mut blinding| std::mem::take(&mut *blinding));
        let input = Tensor::new(layout, std::mem::take(&mut *data))?;
        Self::with_blinding(input, blinding.ok_or_else(|| damaged("a blinding is not a reduced number"))?)
    }
}

impl Drop for InputOpening {
    fn drop(&mut self) {
        self.input.data_mut().zeroize();
        self.blinding.zeroize();
    }
}

impl std::fmt::Debug for InputOpening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InputOpening").field("commitment", &self.commitment).finish_non_exhaustive()
    }
}

/// The commitment to an input.
fn commitment(input: &Tensor<i64>, blinding: &[Fr]) -> Result<InputCommitment> {
    let (minimum, maximum) = (-MAX_ACTIVATION, MAX_ACTIVATION);
    if let Some(position) = input.data().iter().position(|x| !(minimum..=maximum).contains(x)) {
        let value = input.data()[position];
        return Err(tacit_layers::Error::CommittedRange { position, value, minimum, maximum }.into());
    }
    if blinding.len() != num_rows(input.layout()) {
        let reason = "it has another number of rows";
        return Err(tacit_layers::Error::Damaged { what: WHAT, reason }.into());
    }
    Ok(InputCommitment::new(input.layout().clone(), commit(input, blinding)?)?)
}

/// Commitments of an input's rows.
fn commit(input: &Tensor<i64>, blinding: &[Fr]) -> Result<Vec<G1Affine>> {
    let generators = Generators::new(row_vars(input.layout()))?;
    let tensor = CommittedTensor { layout: input.layout(), values: Integers::Int64(input.data()).into() };
    let mut rows = hyrax::commit(&[tensor], &generators);
    hyrax::blind_rows(&mut rows, blinding, &generators);
    Ok(rows)
}

/// An opening by itself is a list of one: the inputs of a network that has one.
impl AsRef<[Self]> for InputOpening {
    fn as_ref(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

/// One of the inputs of a run.
#[derive(Debug, Clone, Copy)]
pub enum RunInput<'a> {
    /// Everybody is to know it.
    Public(&'a Tensor<i64>),
    /// Everybody is to know a commitment to it.
    Committed(&'a InputOpening),
}

impl<'a> RunInput<'a> {
    /// What everybody knows of it.
    pub const fn stated(self) -> Input<'a> {
        match self {
            Self::Public(input) => Input::Public(input),
            Self::Committed(opening) => Input::Committed(&opening.commitment),
        }
    }

    /// The opening of its commitment, if it is committed.
    pub const fn opening(self) -> Option<&'a InputOpening> {
        match self {
            Self::Public(_) => None,
            Self::Committed(opening) => Some(opening),
        }
    }

    /// Its integers.
    pub const fn values(self) -> &'a Tensor<i64> {
        match self {
            Self::Public(input) => input,
            Self::Committed(opening) => &opening.input,
        }
    }
}

/// What everybody knows of a run: its inputs and its outputs.
pub(crate) fn statement<'a>(inputs: &[RunInput<'a>], outputs: &'a [Tensor<i64>]) -> Statement<'a> {
    Statement { inputs: inputs.iter().map(|input| input.stated()).collect(), outputs }
}

/// The secrets behind a proof: every input's integers and what blinds them, and what blinds the model.
pub(crate) fn secret(inputs: &[RunInput], model: &[Fr]) -> Zeroizing<Vec<u8>> {
    let blinding = |input: &RunInput| input.opening().map_or(&[][..], InputOpening::blinding).len();
    let size = |input: &RunInput| 8 * input.values().data().len() + SCALAR_BYTES * blinding(input);
    let capacity = inputs.iter().map(size).sum::<usize>() + SCALAR_BYTES * model.len();
    let mut secret = Zeroizing::new(Vec::with_capacity(capacity));
    for input in inputs {
        secret.extend(input.values().data().iter().flat_map(|x| x.to_le_bytes()));
        secret.extend(input.opening().into_iter().flat_map(InputOpening::blinding).flat_map(scalar_to_bytes));
    }
    secret.extend(model.iter().flat_map(scalar_to_bytes));
    secret
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, BigInteger, PrimeField};
    use tacit_layers::Error as LayersError;

    use super::*;
    use crate::Error;

    fn picture(axes: &[usize]) -> Tensor<i64> {
        let layout = Layout::new(axes.to_vec()).unwrap();
        let data = (0..layout.num_elements() as i64).map(|i| (i * 37) % 256).collect();
        Tensor::new(layout, data).unwrap()
    }

    fn opening(axes: &[usize], seed: u8) -> InputOpening {
        InputOpening::new(picture(axes), &Seed::new([seed; 32])).unwrap()
    }

    #[test]
    fn commitments_depend_on_blinding_and_input() {
        let first = opening(&[1, 28, 28], 1);
        assert_eq!(first, opening(&[1, 28, 28], 1));
        let other = opening(&[1, 28, 28], 2);
        let rows = |opening: &InputOpening| opening.commitment().rows().to_vec();
        assert!(rows(&first).iter().all(|row| !rows(&other).contains(row)));
        // The same rows blinded alike would show what is the same in two pictures.
        let mut data = picture(&[1, 28, 28]).data().to_vec();
        data[0] += 1;
        let changed = Tensor::new(first.input().layout().clone(), data).unwrap();
        let changed = InputOpening::new(changed, &Seed::new([1; 32])).unwrap();
        assert!(rows(&first).iter().all(|row| !rows(&changed).contains(row)));
    }

    #[test]
    fn rows_are_pedersen_commitments() {
        let opening = opening(&[3, 5], 3);
        let (row_vars, generators) = (row_vars(opening.input().layout()), Generators::new(10).unwrap());
        let mut rows = vec![generators.hiding() * Fr::ZERO; opening.blinding().len()];
        for (row, blinding) in rows.iter_mut().zip(opening.blinding()) {
            *row += generators.hiding() * blinding;
        }
        for (i, &x) in opening.input().data().iter().enumerate() {
            let padded = opening.input().layout().padded_index(i);
            let generator = generators.vector()[padded & ((1 << row_vars) - 1)];
            rows[padded >> row_vars] += generator * Fr::from(x);
        }
        let rows: Vec<G1Affine> = rows.into_iter().map(G1Affine::from).collect();
        assert_eq!(opening.commitment().rows(), rows);
    }

    #[test]
    fn files_read_back() {
        for axes in [&[1][..], &[5], &[1, 28, 28], &[2, 3, 4]] {
            let opening = opening(axes, 5);
            assert_eq!(InputOpening::from_bytes(&opening.to_bytes().unwrap()), Ok(opening));
        }
    }

    #[test]
    fn refuses_other_damaged_and_longer_files() {
        let damaged = |reason| Err(Error::Network(LayersError::Damaged { what: WHAT, reason }));
        let opening = opening(&[2, 3], 6);
        let bytes = opening.to_bytes().unwrap();
        for length in 12..bytes.len() {
            let read = InputOpening::from_bytes(&bytes[..length]);
            let rows = bytes.len() - SCALAR_BYTES;
            let reason = if length < rows { "it ends early" } else { "it has another number of rows" };
            assert_eq!(read, damaged(reason), "{length} bytes");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(InputOpening::from_bytes(&longer), damaged("it has another number of rows"));
        let mut unreduced = bytes.clone();
        let start = bytes.len() - SCALAR_BYTES;
        unreduced[start..].copy_from_slice(&Fr::MODULUS.to_bytes_le());
        assert_eq!(InputOpening::from_bytes(&unreduced), damaged("a blinding is not a reduced number"));
        let reason = "it is an input commitment";
        assert_eq!(
            InputOpening::from_bytes(&opening.commitment().to_bytes().unwrap()),
            Err(Error::Network(LayersError::Format { expected: WHAT, reason }))
        );
        // An integer that no model reads.
        let mut wide = file_header(OPENING_MAGIC);
        let layout = Layout::new(vec![1]).unwrap();
        wide.extend(tacit_layers::proof::file::block(
            &encode(&(&layout, &[MAX_ACTIVATION + 1][..]), WHAT).unwrap(),
        ));
        wide.extend([0; SCALAR_BYTES]);
        assert!(matches!(
            InputOpening::from_bytes(&wide),
            Err(Error::Network(LayersError::CommittedRange { position: 0, .. }))
        ));
    }

    #[test]
    fn an_opening_prints_no_secret() {
        let text = format!("{:?}", opening(&[5], 1));
        assert!(
            text.contains("commitment") && !text.contains("blinding") && !text.contains("data"),
            "{text}"
        );
    }
}
