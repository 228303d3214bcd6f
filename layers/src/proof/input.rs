//! Committed inputs: a tensor of integers that a proof is about without showing it.
//!
//! **Statement.** A commitment names one integer tensor: its shape and Pedersen commitments to the rows of its padded table.
//! A proof with a committed input says that *some* tensor that opens the commitment, every integer in the range of the
//! model's input, is mapped to the outputs.
//!
//! **What a commitment fixes.** The shape and the integers, nothing else:
//! - Rows have a length that the shape alone decides ([`row_vars`]), so that one commitment serves every model of that input
//!   shape. Generators are a list of which every model uses a prefix.
//! - *Integers, not residues.* Every proof looks every element up in its model's range, at most $2^{17} + 1$ values around
//!   zero, and shows that padding is zero. A residue of the field stands for at most one integer of such a range.
//! - *The same data.* Whoever opens one commitment to two tensors knows a relation between generators. So two accepted proofs
//!   over one commitment, whatever their models, are about the same integers: one opening passes both.
//! - *Meaning is the model's.* Range, scale and type of the input are in the architecture, hence in the verifying key, and
//!   never in a commitment: no range is believed that no proof has shown, and a commitment to integers in $[0, 15]$ serves a
//!   model that reads $[0, 255]$. A model whose scale is another reads the same integers as other reals; who compares
//!   answers of two models compares what `tacit inspect` prints of their inputs.
//!
//! **Look-up.** The plan of a proof with a committed input has one block of look-ups more. Its table's row $i$ is
//! $(v, \max(0, v - u))$ with $v = \ell + i$ for the model's range $[\ell, u]$. A stored element $x$ looks up $(x, 0)$,
//! hence lies in $[\ell, u]$, whatever rows fill the table up; padding looks up $(x + u + 1, 1)$, which only the row of
//! $v = u + 1$ is, so that $x = 0$. Both offsets are public:
//! $$ (\widetilde x(\rho) + (u + 1) p(\rho),\ p(\rho)), \qquad p = 1 - \sum_{j \text{ stored}} \mathrm{eq}(\rho, j). $$
//!
//! **Soundness error.** None of its own: the look-ups' and the opening's.
//!
//! **Caller's duty.** The claim on $\widetilde x$ at $\rho$, like all other claims on the input, goes to the opening, in
//! which the commitment is a list of its own.
//!
//! **As a file.** Eight bytes `TACITIC\n`, the format version (u32, little-endian), a block with the shape in postcard, and the
//! row commitments, 32 bytes each; the shape decides how many there are.

use ark_bn254::{Fr, G1Affine};
use ark_ff::One;
use sha2::{Digest, Sha256};
use tacit_algebra::small::from_i64;
use tacit_transcript::encoding::{POINT_BYTES, point_to_bytes, points_from_bytes};

use crate::{
    argument::hyrax::RowShape,
    error::{Error, Result},
    proof::file::{block, decode, encode, file_header, open_file, take_block},
    tensor::{
        Layout,
        evaluation::{split_point, stored_share},
    },
};

/// First bytes of a commitment.
pub const MAGIC: &[u8; 8] = b"TACITIC\n";
/// First bytes of a commitment's opening.
pub const OPENING_MAGIC: &[u8; 8] = b"TACITIO\n";
const WHAT: &str = "input commitment";

/// Variables of the longest row.
const MAX_ROW_VARS: usize = 16;
/// How much longer than there are of them rows are: a row costs the verifier a decoding, an element nothing of its own.
const LONGER_VARS: usize = 2;

/// $\log_2$ of the length of a committed input's rows: $\min(n, \lceil n / 2 \rceil + 2, 16)$ for $n$ variables.
pub fn row_vars(layout: &Layout) -> usize {
    let num_vars = layout.num_vars();
    num_vars.div_ceil(2).saturating_add(LONGER_VARS).min(num_vars).min(MAX_ROW_VARS)
}

/// Rows of a committed input.
pub fn num_rows(layout: &Layout) -> usize {
    RowShape::new(layout, row_vars(layout)).num_rows
}

/// What is added, at a point, to an input's value in the first column of its look-up, and the second column: where the
/// range ends at `maximum`.
pub fn padding_row(layout: &Layout, maximum: i64, point: &[Fr]) -> (Fr, Fr) {
    let padding = Fr::one() - stored_share(split_point(layout, point));
    (from_i64(maximum.saturating_add(1)) * padding, padding)
}

/// The commitment to an input: its shape, and its rows' commitments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputCommitment {
    layout: Layout,
    rows: Vec<G1Affine>,
}

impl InputCommitment {
    /// The commitment to an input of this shape with these rows.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the shape has another number of rows.
    pub fn new(layout: Layout, rows: Vec<G1Affine>) -> Result<Self> {
        if rows.len() == num_rows(&layout) {
            Ok(Self { layout, rows })
        } else {
            Err(Error::Damaged { what: WHAT, reason: "it has another number of rows" })
        }
    }

    /// The input's shape.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Commitments of the rows of the padded input.
    pub fn rows(&self) -> &[G1Affine] {
        &self.rows
    }

    /// $\log_2$ of the length of its rows.
    pub fn row_vars(&self) -> usize {
        row_vars(&self.layout)
    }

    /// SHA-256 of the file's bytes: names the commitment.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn digest(&self) -> Result<[u8; 32]> {
        Ok(Sha256::digest(self.to_bytes()?).into())
    }

    /// The commitment as a file.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the shape does not serialise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = file_header(MAGIC);
        bytes.extend(block(&encode(&self.layout, WHAT)?));
        bytes.extend(self.rows.iter().flat_map(point_to_bytes));
        Ok(bytes)
    }

    /// The commitment in a file.
    ///
    /// # Errors
    /// [`Error::Format`], [`Error::Version`] or [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (encoded, rows) = take_block(open_file(bytes, MAGIC, WHAT)?, WHAT)?;
        let layout: Layout = decode(encoded, WHAT)?;
        if rows.len() != num_rows(&layout).saturating_mul(POINT_BYTES) {
            return Err(Error::Damaged { what: WHAT, reason: "it has another number of rows" });
        }
        let rows = points_from_bytes(rows)
            .map_err(|_| Error::Damaged { what: WHAT, reason: "a row is not a point of the curve" })?;
        Self::new(layout, rows)
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::G1Projective;
    use ark_ec::PrimeGroup;
    use ark_ff::UniformRand;
    use tacit_algebra::eq;

    use super::*;
    use crate::argument::lookup_table::LookupTable;

    fn layout(axes: &[usize]) -> Layout {
        Layout::new(axes.to_vec()).unwrap()
    }

    fn commitment(axes: &[usize]) -> InputCommitment {
        let layout = layout(axes);
        let rows = (1..=num_rows(&layout) as u64).map(|k| (G1Projective::generator() * Fr::from(k)).into());
        InputCommitment::new(layout.clone(), rows.collect()).unwrap()
    }

    #[test]
    fn rows_are_as_long_as_the_shape_says() {
        for (axes, vars, rows) in [
            (&[1][..], 0, 1),
            (&[5], 3, 1),
            (&[4, 4], 4, 1),
            (&[1, 28, 28], 7, 7),
            (&[3, 32, 32], 8, 12),
            (&[3, 224, 224], 11, 92),
            (&[1 << 17, 1 << 17], 16, 1 << 18),
        ] {
            assert_eq!((row_vars(&layout(axes)), num_rows(&layout(axes))), (vars, rows), "{axes:?}");
        }
    }

    #[test]
    fn a_padding_row_is_the_public_part_of_the_look_up() {
        let mut rng = ark_std::test_rng();
        for axes in [&[5][..], &[3, 4], &[4, 2], &[1, 3, 5], &[1]] {
            let layout = layout(axes);
            let point: Vec<Fr> = (0..layout.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
            let mut padding = vec![Fr::one(); 1 << layout.num_vars()];
            for i in 0..layout.num_elements() {
                padding[layout.padded_index(i)] = Fr::from(0_u64);
            }
            let table = eq::table(&point, padding.len());
            let second: Fr = padding.iter().zip(table).map(|(a, b)| *a * b).sum();
            assert_eq!(padding_row(&layout, 7, &point), (second * Fr::from(8_u64), second));
        }
    }

    #[test]
    fn only_integers_in_range_and_zero_padding_have_a_row() {
        for (minimum, maximum) in [(0, 3), (-4, 3), (-3, 0), (0, 0), (-5, 7)] {
            for num_vars in 0..6 {
                let table = LookupTable::Range { minimum, maximum, num_vars };
                if maximum - minimum >= 1 << num_vars {
                    continue;
                }
                let rows: Vec<(i64, i64)> = (0..1 << num_vars).map(|i| table.row(i)).collect();
                let stored: Vec<i64> = (-70..70).filter(|&x| rows.contains(&(x, 0))).collect();
                assert_eq!(stored, (minimum..=maximum).collect::<Vec<_>>());
                let padding: Vec<i64> = (-70..70).filter(|&x| rows.contains(&(x + maximum + 1, 1))).collect();
                let has_row = maximum - minimum + 1 < 1 << num_vars;
                assert_eq!(padding, if has_row { vec![0] } else { vec![] });
            }
        }
    }

    #[test]
    fn files_read_back() {
        for axes in [&[1][..], &[5], &[1, 28, 28], &[2, 3, 4]] {
            let commitment = commitment(axes);
            let bytes = commitment.to_bytes().unwrap();
            assert_eq!(InputCommitment::from_bytes(&bytes), Ok(commitment));
        }
    }

    #[test]
    fn refuses_other_damaged_and_longer_files() {
        let damaged = |reason| Err(Error::Damaged { what: WHAT, reason });
        let bytes = commitment(&[1, 28, 28]).to_bytes().unwrap();
        for length in 0..bytes.len() {
            let read = InputCommitment::from_bytes(&bytes[..length]);
            let expected = match length {
                0..8 => {
                    Err(Error::Format { expected: WHAT, reason: "it does not begin as a Tacit file does" })
                }
                8..24 => damaged("it ends early"),
                _ => damaged("it has another number of rows"),
            };
            assert_eq!(read, expected, "{length} bytes");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(InputCommitment::from_bytes(&longer), damaged("it has another number of rows"));
        let mut version = bytes.clone();
        version[8] += 1;
        assert!(matches!(InputCommitment::from_bytes(&version), Err(Error::Version { actual: 2, .. })));
        let mut other = bytes.clone();
        other[..8].copy_from_slice(crate::proof::key::MAGIC);
        let reason = "it is a verifying key";
        assert_eq!(InputCommitment::from_bytes(&other), Err(Error::Format { expected: WHAT, reason }));
        let mut point = bytes.clone();
        point[24..56].fill(0xff);
        assert_eq!(InputCommitment::from_bytes(&point), damaged("a row is not a point of the curve"));
        // An axis in two bytes where one would do, and a shape of more rows than any file has.
        let mut wide = file_header(MAGIC);
        wide.extend(block(&[1, 0x81, 0]));
        wide.extend(&bytes[24..56]);
        assert_eq!(InputCommitment::from_bytes(&wide), damaged("its contents are not canonically encoded"));
        let mut huge = file_header(MAGIC);
        huge.extend(block(&encode(&layout(&[1 << 17, 1 << 17]), WHAT).unwrap()));
        assert_eq!(InputCommitment::from_bytes(&huge), damaged("it has another number of rows"));
    }

    #[test]
    fn refuses_another_number_of_rows() {
        let InputCommitment { layout, mut rows } = commitment(&[1, 28, 28]);
        rows.pop();
        let reason = "it has another number of rows";
        assert_eq!(InputCommitment::new(layout, rows), Err(Error::Damaged { what: WHAT, reason }));
    }
}
