//! Ranges of a key's parameters: that what is behind a verifying key's commitments are weights and biases of their declared
//! widths.
//!
//! **Statement.** Public is a verifying key. The prover knows for every parameter of its architecture a tensor that opens the
//! key's rows, every element an integer of the declared [width](ParameterWidth), and zero in the padding.
//!
//! **What it is for.** A private model's key cannot be made again from the model by those who hold it, and its rows alone
//! could be commitments to any field elements. One such proof, made once for a key, closes that: whoever has accepted it
//! knows that every proof under the key is about exact integer inference by *some* int8 network of the architecture. It
//! serves a public model's key as well, for those who do not have the model.
//!
//! **Shapes.** An element $x$ of $k$ bytes is its balanced digits $d_0, \dots, d_{k-1} \in [-128, 127]$,
//! $$ x = c_k + \sum_i 256^i d_i, \qquad c_k = 128 \sum_{i < k - 1} 256^i, $$
//! in exactly one way, and every integer of $[-2^{8k-1}, 2^{8k-1})$ has them. An int8 weight is its own digit. All digits but
//! the last of each element are columns of the parameter's shape and committed; the last is what they leave.
//!
//! **Protocol.** Messages are [masked](crate::argument::masking), whether the key is a private model's or not.
//! 1. Absorb protocol version, architecture digest and the key's digest.
//! 2. The prover commits to the digits' columns and to the multiplicities of the one table, [`LookupTable::Range`] of
//!    $[-128, 127]$.
//! 3. [Look-ups](crate::argument::logup) of every digit of every element. At the look-ups' point $\rho$ the prover sends for each
//!    block of a committed digit its column's value, and for each parameter's last block the parameter's, which gives the
//!    last digit's:
//!    $$ \widetilde d_{k-1}(\rho) = 256^{1-k} \Big( \widetilde x(\rho) - c_k (1 - p(\rho)) - \sum_{i < k-1} 256^i \widetilde d_i(\rho) \Big). $$
//!    Padding, whose share is $p(\rho)$, looks up the table's row for it as that of a [committed input](crate::proof::input) does, so
//!    that every digit there is zero, hence $x$.
//! 4. All values are opened: the parameters' against the key, the others' against this proof's commitments.
//!
//! **No value wraps around.** Where parameters are of their widths, every layer's accumulators are integers far below the
//! field's order, whatever weights are: a sum of at most $2^{34}$ products of an activation, at most $2^{16}$, and a weight
//! or another activation; an addition of at most 64 of them multiplies each by at most $2^{24}$, and is itself read by no other
//! addition; a rescale multiplies either by at most $2^{24}$. That is $2^{120}$. Circuits of gates may multiply more often. A key
//! with one whose values, times a rescale's multiplier, could be larger than $2^{252}$, which is counted from its numbers of gates
//! and their coefficients, has no such proof. So the equations that a run's proof shows in the field hold for integers.
//!
//! **Soundness error.** [`ParameterPlan::soundness`]: the look-ups', the opening's and the masking's. The look-ups' table has
//! fewer rows than the field elements by far, and digits are fixed by what they recompose to: nothing is added.
//!
//! **Cost.** One look-up for each byte of the parameters, padding for nothing; three committed columns for each bias. The tree
//! over the look-ups takes 64 bytes of memory for every two weights. The verifier's cost is that of an opening and of
//! $O(n^2)$ rounds for $2^n$ look-ups.
//!
//! **Nothing is absorbed in proportion to the look-ups**, other than in [`statement`](crate::proof::statement): the relation is
//! this one, and no network that could compute the transcript's hash is part of it.
//!
//! **As a file** ([`KeyProofFile`]). Eight bytes `TACITKP\n`, the format version (u32, little-endian), the key's digest
//! (32 bytes), and the proof.
//!
//! **Code.** [prover](../../../tacit_prover/parameters/index.html), [verifier](../../../tacit_verifier/parameters/index.html).

use std::cmp::Ordering;

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use tacit_algebra::small::from_i64;
use tacit_transcript::{Transcript, Value, labels};

use crate::{
    argument::{
        hyrax::{Place, places},
        lookup_block::{Segment, arrange},
        lookup_table::LookupTable,
        soundness::{self, SoundnessError},
    },
    error::{Error, Result},
    proof::{
        file::{file_header, open_file},
        key::VerifyingKey,
        plan::MAX_TREE_VARS,
        statement::PROTOCOL_VERSION,
    },
    tensor::{
        Layout,
        evaluation::{split_point, stored_share},
        value::{ParameterId, ParameterWidth},
    },
};

/// The transcript's domain.
pub const DOMAIN: &[u8] = b"tacit parameter ranges";
/// First bytes of the file.
pub const MAGIC: &[u8; 8] = b"TACITKP\n";
const WHAT: &str = "proof about a key";

/// $\log_2$ of the number of values of a digit.
const DIGIT_BITS: u32 = 8;
/// The smallest and the largest digit.
pub const DIGITS: (i64, i64) = (-128, 127);

/// What a block of leaves holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// A digit of every element of a parameter, the lowest being 0.
    Digit(ParameterId, usize),
    /// The table's own rows.
    Table,
}

/// The plan of a proof about a key's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterPlan {
    /// Shape and number of digits of every parameter.
    pub parameters: Vec<(Layout, usize)>,
    /// Shapes of the committed columns: of every parameter all digits but the last, then the multiplicities.
    pub witness: Vec<Layout>,
    /// The table of digits and padding.
    pub table: LookupTable,
    /// Blocks of the look-up tree, largest first; those of a parameter together, its lowest digit first.
    pub segments: Vec<Segment<Digits>>,
    /// $\log_2$ of the number of leaves of the look-up tree.
    pub tree_vars: usize,
    /// $\log_2$ of the length of a row.
    pub key_vars: usize,
    /// Of every parameter the index of its lowest digit's column among those committed to here.
    firsts: Vec<usize>,
}

/// The number of bytes of an element, and of its digits.
pub const fn num_digits(width: ParameterWidth) -> usize {
    match width {
        ParameterWidth::Int8 => 1,
        ParameterWidth::Int32 => 4,
    }
}

/// One of so many digits of an integer, the lowest being 0; none if the integer has more.
pub fn digit(x: i64, count: usize, position: usize) -> Option<i64> {
    let bits = |count: usize| DIGIT_BITS.checked_mul(u32::try_from(count).ok()?);
    let half = 1_i64.checked_shl(bits(count)?.checked_sub(1)?)?;
    let shifted = x.checked_add(half).filter(|shifted| (0..half.saturating_mul(2)).contains(shifted))?;
    (shifted.checked_shr(bits(position)?)? & 255).checked_add(DIGITS.0)
}

/// $c_k$.
fn offset(count: usize) -> Fr {
    (1..count)
        .fold(Fr::zero(), |sum, _| sum * Fr::from(1_u64 << DIGIT_BITS) + from_i64(DIGITS.0.saturating_neg()))
}

/// The last digits' multilinear extension at a point from the elements' and the other digits', the lowest first.
pub fn last_digit<V: Value>(layout: &Layout, point: &[Fr], element: V, lower: &[V]) -> V {
    let base = Fr::from(1_u64 << DIGIT_BITS);
    let stored = stored_share(split_point(layout, point));
    let mut rest = element - V::from(offset(lower.len().saturating_add(1)) * stored);
    let mut power = Fr::from(1_u64);
    for digit in lower {
        rest -= digit.clone() * power;
        power *= base;
    }
    rest * power.inverse().unwrap_or_else(Fr::zero)
}

impl ParameterPlan {
    /// The plan for a key.
    ///
    /// # Errors
    /// [`Error::Graph`] for more parameters than supported, [`Error::Circuit`] for a circuit whose values could wrap around
    /// the field.
    pub fn new(key: &VerifyingKey) -> Result<Self> {
        for (node, site) in key.architecture().sites(&key.plan().specs) {
            node.operation.layer().check_widths(&site)?;
        }
        let specs = &key.architecture().parameters;
        let parameters: Vec<(Layout, usize)> =
            specs.iter().map(|spec| (spec.layout.clone(), num_digits(spec.width))).collect();
        let blocks: Vec<Segment<Digits>> = parameters
            .iter()
            .zip(0..)
            .flat_map(|((layout, count), id)| {
                (0..*count)
                    .map(move |digit| Segment::new(Digits::Digit(ParameterId(id), digit), 0, layout.clone()))
            })
            .collect();
        let is_padded = parameters.iter().any(|(layout, _)| layout.num_elements() < 1 << layout.num_vars());
        let num_vars = DIGIT_BITS.saturating_add(u32::from(is_padded));
        let table = LookupTable::Range { minimum: DIGITS.0, maximum: DIGITS.1, num_vars };
        let rows = Layout::new(vec![1 << num_vars])?;
        let firsts = parameters.iter().scan(0_usize, |next, (_, count)| {
            let first = *next;
            *next = next.saturating_add(count.saturating_sub(1));
            Some(first)
        });
        let firsts = firsts.collect();
        let lower =
            parameters.iter().flat_map(|(layout, count)| vec![layout.clone(); count.saturating_sub(1)]);
        let witness = lower.chain([rows.clone()]).collect();
        let (segments, tree_vars) = arrange(blocks, vec![Segment::new(Digits::Table, 0, rows)]);
        if tree_vars > MAX_TREE_VARS {
            return Err(Error::Graph {
                reason: "it has more parameters than a proof about them can look up",
            });
        }
        Ok(Self { parameters, witness, table, segments, tree_vars, key_vars: key.plan().key_vars, firsts })
    }

    /// Where the committed columns lie, and how many rows they take.
    pub fn rows(&self) -> (Vec<Place>, usize) {
        places(self.witness.iter(), self.key_vars)
    }

    /// Index of the column of a parameter's digit among what is committed, the parameters first. The last digit's is the
    /// parameter itself.
    pub fn column(&self, parameter: ParameterId, digit: usize) -> Option<usize> {
        let (_, count) = self.parameters.get(parameter.index())?;
        match digit.saturating_add(1).cmp(count) {
            Ordering::Less => {}
            Ordering::Equal => return Some(parameter.index()),
            Ordering::Greater => return None,
        }
        let first = self.firsts.get(parameter.index())?;
        Some(self.parameters.len().saturating_add(*first).saturating_add(digit))
    }

    /// Index of the multiplicities.
    pub const fn multiplicities(&self) -> usize {
        self.parameters.len().saturating_add(self.witness.len()).saturating_sub(1)
    }

    /// Error of every sub-protocol.
    pub fn soundness(&self) -> Vec<(&'static str, SoundnessError)> {
        vec![
            ("look-ups", soundness::logup(self.tree_vars)),
            ("openings", soundness::hyrax(self.key_vars, self.segments.len())),
            ("masked messages", soundness::masking(self.key_vars)),
        ]
    }
}

/// Absorbs the statement: the key. Only Tacit's own sides call it.
#[doc(hidden)]
pub fn absorb(transcript: &mut impl Transcript, key: &VerifyingKey) {
    transcript.absorb_bytes(labels::PROTOCOL_VERSION, &PROTOCOL_VERSION.to_le_bytes());
    transcript.absorb_bytes(labels::ARCHITECTURE, key.architecture_digest());
    transcript.absorb_bytes(labels::MODEL_COMMITMENT, key.digest());
}

/// A proof about a key's parameters, with the key it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProofFile {
    /// Digest of the verifying key.
    pub key_digest: [u8; 32],
    /// The proof.
    pub proof: Vec<u8>,
}

impl KeyProofFile {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [file_header(MAGIC).as_slice(), &self.key_digest, &self.proof].concat()
    }

    /// Reads a file's bytes. The proof itself is not looked at.
    ///
    /// # Errors
    /// [`Error::Format`] when it is another file, [`Error::Version`], or [`Error::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let rest = open_file(bytes, MAGIC, WHAT)?;
        let damaged = Error::Damaged { what: WHAT, reason: "it ends early" };
        let (key_digest, proof) = rest.split_first_chunk::<32>().ok_or(damaged)?;
        Ok(Self { key_digest: *key_digest, proof: proof.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use tacit_algebra::Mle;

    use super::*;

    fn digits(x: i64, count: usize) -> Option<Vec<i64>> {
        (0..count).map(|position| digit(x, count, position)).collect()
    }

    const WIDTHS: [ParameterWidth; 2] = [ParameterWidth::Int8, ParameterWidth::Int32];

    #[test]
    fn exactly_the_integers_of_a_width_have_digits() {
        for width in WIDTHS {
            let count = num_digits(width);
            let half = 1_i64 << (8 * count - 1);
            for x in [-half, 1 - half, -129, -128, -1, 0, 1, 127, 128, 255, 256, 65_535, half - 2, half - 1] {
                let Some(digits) = digits(x, count) else {
                    assert!(!(-half..half).contains(&x), "{x}");
                    continue;
                };
                assert_eq!(digits.len(), count);
                assert!(digits.iter().all(|digit| (DIGITS.0..=DIGITS.1).contains(digit)));
                let sum: Fr =
                    digits.iter().rev().fold(Fr::zero(), |sum, &d| sum * Fr::from(256_u64) + from_i64(d));
                assert_eq!(sum + offset(count), from_i64(x));
            }
            for x in [-half - 1, half, i64::MIN, i64::MAX] {
                assert_eq!(digits(x, count), None);
            }
        }
    }

    fn layout(axes: &[usize]) -> Layout {
        Layout::new(axes.to_vec()).unwrap()
    }

    /// The value at a point of integers in storage order, padding being zero.
    fn evaluate(layout: &Layout, values: &[i64], point: &[Fr]) -> Fr {
        let mut padded = vec![Fr::zero(); 1 << layout.num_vars()];
        for (i, &x) in values.iter().enumerate() {
            padded[layout.padded_index(i)] = from_i64(x);
        }
        Mle::new(padded, layout.num_vars()).unwrap().evaluate(point).unwrap()
    }

    #[test]
    fn the_last_digit_is_what_the_others_leave() {
        let mut rng = ark_std::test_rng();
        for axes in [&[5][..], &[3, 6], &[8], &[1]] {
            let layout = layout(axes);
            for width in WIDTHS {
                let count = num_digits(width);
                let half = 1_i64 << (8 * count - 1);
                let step = |i: usize| (i as i64 * 1_234_567_891 + 77) % half;
                let values: Vec<i64> = (0..layout.num_elements()).map(step).collect();
                let digits: Vec<Vec<i64>> = values.iter().map(|&x| digits(x, count).unwrap()).collect();
                let point: Vec<Fr> = (0..layout.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
                let column = |i: usize| {
                    let column: Vec<i64> = digits.iter().map(|digits| digits[i]).collect();
                    evaluate(&layout, &column, &point)
                };
                let lower: Vec<Fr> = (0..count - 1).map(column).collect();
                let last = last_digit(&layout, &point, evaluate(&layout, &values, &point), &lower);
                assert_eq!(last, column(count - 1), "{axes:?}");
            }
        }
    }

    #[test]
    fn files_read_back_and_others_are_refused() {
        let file = KeyProofFile { key_digest: [7; 32], proof: vec![1, 2, 3] };
        let bytes = file.to_bytes();
        assert_eq!(KeyProofFile::from_bytes(&bytes), Ok(file));
        for length in 0..bytes.len() - 3 {
            let read = KeyProofFile::from_bytes(&bytes[..length]);
            if length < 8 {
                assert!(matches!(read, Err(Error::Format { .. })), "{length} bytes");
            } else {
                assert_eq!(
                    read,
                    Err(Error::Damaged { what: WHAT, reason: "it ends early" }),
                    "{length} bytes"
                );
            }
        }
        let reason = "it is a proof about a key";
        assert_eq!(crate::ProofFile::from_bytes(&bytes), Err(Error::Format { expected: "proof", reason }));
    }
}
