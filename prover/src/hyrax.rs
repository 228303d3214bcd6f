//! The prover's side of [Hyrax](tacit_layers::argument::hyrax).
//!
//! By itself: commit to a small tensor and open it at a point.
//!
//! ```
//! use tacit_algebra::generators::Generators;
//! use tacit_layers::{Layout, argument::claim::EvaluationClaim, tensor::evaluation};
//! use tacit_prover::hyrax::{self, CommittedList, CommittedTensor, Integers};
//! use tacit_transcript::{Label, ProofReader, ProofWriter, Transcript, labels};
//! use tacit_verifier::hyrax::Commitment;
//!
//! const POINT: Label = Label::new("point");
//! let layout = Layout::new(vec![6, 5])?;
//! let data: Vec<i64> = (-15..15).collect();
//! let generators = Generators::new(3);
//! let tensor = CommittedTensor { layout: &layout, values: Integers::Int64(&data).into() };
//!
//! let mut writer = ProofWriter::new(b"example");
//! let rows = hyrax::commit(&[tensor], &generators);
//! writer.write_points(labels::COMMITMENT, &rows);
//! let point = writer.squeeze_many(POINT, layout.num_vars());
//! let value = evaluation::evaluate(&layout, &data, &point);
//! let claim = EvaluationClaim::new(0, point, value);
//! let list = CommittedList { tensors: &[tensor], row_vars: 3 };
//! hyrax::open(&mut writer, &[list], &[claim.clone()], &generators);
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let rows = reader.read_points(labels::COMMITMENT, rows.len())?;
//! assert_eq!(reader.squeeze_many(POINT, layout.num_vars()), claim.point);
//! let commitment = Commitment { layouts: vec![&layout], rows: &rows, row_vars: 3 };
//! tacit_verifier::hyrax::verify(&mut reader, &[commitment], &[claim], &generators)?;
//! reader.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{One, Zero};
use rayon::prelude::*;
use tacit_algebra::{
    eq,
    generators::Generators,
    kernels::backend,
    msm::{combine_generators, commit_rows, fold_generators},
    small::from_i64,
};
use tacit_layers::{
    Layout, Parameter,
    argument::{
        claim::SumClaim,
        hyrax::{OpeningClaim, Place, absorb_claims, invert, places},
        sumcheck::{Batch, RoundWeights},
    },
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::{
    observer::Shares,
    rows::Rows,
    sumcheck::{self, SumcheckInstance},
};

mod opening;

/// Integers of a committed tensor in storage order, at the width they have.
#[derive(Debug, Clone, Copy)]
pub enum Integers<'a> {
    /// Witness columns.
    Int64(&'a [i64]),
    /// Weights.
    Int8(&'a [i8]),
    /// Biases.
    Int32(&'a [i32]),
}

impl<'a> Integers<'a> {
    /// Every integer, in storage order.
    pub(crate) fn iter(self) -> impl Iterator<Item = i64> + 'a {
        (0..self.len()).map(move |i| self.get(i))
    }

    fn len(self) -> usize {
        match self {
            Self::Int64(values) => values.len(),
            Self::Int8(values) => values.len(),
            Self::Int32(values) => values.len(),
        }
    }

    pub(crate) fn get(self, index: usize) -> i64 {
        match self {
            Self::Int64(values) => values[index],
            Self::Int8(values) => i64::from(values[index]),
            Self::Int32(values) => i64::from(values[index]),
        }
    }
}

impl Integers<'_> {
    /// The integers at these positions of storage.
    pub(crate) fn slice(self, range: std::ops::Range<usize>) -> Self {
        match self {
            Self::Int64(values) => Self::Int64(&values[range]),
            Self::Int8(values) => Self::Int8(&values[range]),
            Self::Int32(values) => Self::Int32(&values[range]),
        }
    }
}

impl<'a> From<&'a Parameter> for Integers<'a> {
    fn from(parameter: &'a Parameter) -> Self {
        match parameter {
            Parameter::Int8(values) => Self::Int8(values),
            Parameter::Int32(values) => Self::Int32(values),
        }
    }
}

/// Elements of a committed tensor in storage order.
#[derive(Debug, Clone, Copy)]
pub enum Elements<'a> {
    /// What a run or a model consists of.
    Integers(Integers<'a>),
    /// Columns that depend on challenges.
    Field(&'a [Fr]),
}

impl<'a> From<Integers<'a>> for Elements<'a> {
    fn from(integers: Integers<'a>) -> Self {
        Self::Integers(integers)
    }
}

impl<'a> From<&'a Parameter> for Elements<'a> {
    fn from(parameter: &'a Parameter) -> Self {
        Self::Integers(parameter.into())
    }
}

/// A tensor to commit to and open.
#[derive(Debug, Clone, Copy)]
pub struct CommittedTensor<'a> {
    /// Shape.
    pub layout: &'a Layout,
    /// Elements.
    pub values: Elements<'a>,
}

/// Tensors that are committed to together.
#[derive(Debug, Clone, Copy)]
pub struct CommittedList<'a> {
    /// The tensors.
    pub tensors: &'a [CommittedTensor<'a>],
    /// $\log_2$ of the length of their rows, at most that of the generators' number.
    pub row_vars: usize,
}

/// Elements of small integers whose rows are committed to together.
const COMMITTED_TOGETHER: usize = 1 << 21;

/// Commitments of the rows of tensors that are committed to together.
pub fn commit(tensors: &[CommittedTensor], generators: &Generators) -> Vec<G1Affine> {
    commit_observed(tensors, generators, &mut Shares::new(tensors.len()))
}

/// [`commit`] with each tensor's time.
pub(crate) fn commit_observed(
    tensors: &[CommittedTensor],
    generators: &Generators,
    shares: &mut Shares,
) -> Vec<G1Affine> {
    let key_vars = generators.num_vars();
    let (places, num_rows) = places(tensors.iter().map(|tensor| tensor.layout), key_vars);
    let mut points = vec![G1Affine::zero(); num_rows];
    // Tensors with rows of their own in order, shared rows behind them.
    let size = |i: usize| tensors[i].layout.num_elements();
    let (shared, own): (Vec<usize>, Vec<usize>) = (0..tensors.len()).partition(|&i| places[i].shared);
    let mut left = own.as_slice();
    let mut groups = vec![];
    while !left.is_empty() {
        let mut total = 0;
        let fits = |i: &&usize| {
            total += size(**i);
            total <= COMMITTED_TOGETHER
        };
        let (group, rest) = left.split_at(left.iter().take_while(fits).count().max(1));
        groups.push(group);
        left = rest;
    }
    groups.extend(shared.chunks(shared.len().max(1)));
    for group in groups {
        shares.span(group, size, || {
            let rows: Vec<(usize, Row)> = if group.iter().any(|&i| places[i].shared) {
                shared_rows(tensors, &places)
            } else {
                group.iter().flat_map(|&i| own_rows(&tensors[i], &places[i])).collect()
            };
            for (row, point) in commit_rows_of(rows, generators.vector()) {
                points[row] = point;
            }
        });
    }
    points
}

/// A row's elements at their generators' places, as far as there are any.
enum Row {
    Integers(Vec<i64>),
    Field(Vec<Fr>),
}

/// The rows of a tensor that has rows of its own, by their numbers.
fn own_rows(tensor: &CommittedTensor, place: &Place) -> Vec<(usize, Row)> {
    let rows = Rows::new(tensor.layout, place.shape);
    let numbers = rows.runs.iter().map(|(row, _)| place.row + row);
    match tensor.values {
        Elements::Integers(values) => {
            numbers.zip(rows.spread(|i| values.get(i)).into_iter().map(Row::Integers)).collect()
        }
        Elements::Field(values) => {
            numbers.zip(rows.spread(|i| values[i]).into_iter().map(Row::Field)).collect()
        }
    }
}

/// The rows that several tensors share, by their numbers.
fn shared_rows(tensors: &[CommittedTensor], places: &[Place]) -> Vec<(usize, Row)> {
    let mut parts: BTreeMap<usize, Vec<(&CommittedTensor, &Place)>> = BTreeMap::new();
    for (tensor, place) in tensors.iter().zip(places).filter(|(_, place)| place.shared) {
        parts.entry(place.row).or_default().push((tensor, place));
    }
    parts.into_iter().map(|(row, parts)| (row, shared_row(&parts))).collect()
}

fn shared_row(parts: &[(&CommittedTensor, &Place)]) -> Row {
    let end = |place: &Place| place.first_column() + (1 << place.shape.column_vars);
    let length = parts.iter().map(|(_, place)| end(place)).max().unwrap_or(0);
    let (mut small, mut field) = (vec![0; length], None::<Vec<Fr>>);
    for (tensor, place) in parts {
        for (at, padded, run) in tensor.layout.runs() {
            let to = place.first_column() + padded;
            match tensor.values {
                Elements::Integers(values) => {
                    for (i, x) in small[to..to + run].iter_mut().enumerate() {
                        *x = values.get(at + i);
                    }
                }
                Elements::Field(values) => {
                    let field = field.get_or_insert_with(|| vec![Fr::zero(); length]);
                    field[to..to + run].copy_from_slice(&values[at..at + run]);
                }
            }
        }
    }
    let Some(mut field) = field else { return Row::Integers(small) };
    for (x, &integer) in field.iter_mut().zip(&small) {
        *x += from_i64(integer);
    }
    Row::Field(field)
}

/// Commitments of rows: small integers in one call, field elements row by row.
fn commit_rows_of(rows: Vec<(usize, Row)>, bases: &[G1Affine]) -> Vec<(usize, G1Affine)> {
    let (mut numbers, mut small, mut field) = ([vec![], vec![]], vec![], vec![]);
    for (number, row) in rows {
        match row {
            Row::Integers(row) => {
                numbers[0].push(number);
                small.push(row);
            }
            Row::Field(row) => {
                numbers[1].push(number);
                field.push(row);
            }
        }
    }
    let (small, field): (Vec<G1Projective>, Vec<G1Projective>) = rayon::join(
        || commit_rows(bases, &small),
        || field.par_iter().map(|row| combine_generators(bases, row)).collect(),
    );
    let [small, field] = [small, field].map(|rows| G1Projective::normalize_batch(&rows));
    numbers.into_iter().flatten().zip(small.into_iter().chain(field)).collect()
}

/// Blinds rows' commitments: `blinding` holds a multiple of the hiding generator for each.
///
/// # Panics
/// When there are not as many of them as rows.
pub fn blind_rows(rows: &mut [G1Affine], blinding: &[Fr], generators: &Generators) {
    assert_eq!(rows.len(), blinding.len(), "a blinding for every row");
    add_blinds(rows, &generators.blinds(blinding));
}

/// Adds multiples of the hiding generator to rows' commitments.
pub(crate) fn add_blinds(rows: &mut [G1Affine], blinds: &[G1Affine]) {
    let sums: Vec<G1Projective> = rows.iter().zip(blinds).map(|(row, blind)| *row + *blind).collect();
    rows.copy_from_slice(&G1Projective::normalize_batch(&sums));
}

/// Proves all claims on lists of tensors that were committed to together. A claim's subject is its tensor's index among
/// those of all lists.
pub fn open(
    writer: &mut ProofWriter,
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    generators: &Generators,
) {
    absorb_claims(writer, claims);
    if !claims.is_empty() {
        open_absorbed(writer, lists, claims, generators);
    }
}

/// Reduces all claims to one on a combination of rows: its vector, and the point.
pub(crate) fn combine(
    writer: &mut ProofWriter,
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    key_vars: usize,
) -> (Vec<Fr>, Vec<Fr>) {
    absorb_claims(writer, claims);
    if claims.is_empty() {
        return (vec![Fr::zero(); 1 << key_vars], vec![Fr::zero(); key_vars]);
    }
    combine_absorbed(writer, lists, claims, key_vars)
}

/// Opens claims that have been absorbed.
pub(crate) fn open_absorbed(
    writer: &mut ProofWriter,
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    generators: &Generators,
) {
    let (combined, z) = combine_absorbed(writer, lists, claims, generators.num_vars());
    prove_inner_product(writer, combined, &z, generators);
}

fn combine_absorbed(
    writer: &mut ProofWriter,
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    key_vars: usize,
) -> (Vec<Fr>, Vec<Fr>) {
    let sums: Vec<SumClaim> =
        claims.iter().map(|claim| SumClaim { num_vars: key_vars, degree: 2, sum: claim.value }).collect();
    let batch = Batch::begin(writer, &sums, RoundWeights::Uniform);
    let mut terms = opening::terms(lists, claims, &batch, key_vars);
    let mut borrowed: Vec<&mut dyn SumcheckInstance> =
        terms.iter_mut().map(|term| &mut term.product as _).collect();
    let batch = Batch { coefficients: vec![Fr::one(); borrowed.len()], ..batch };
    let z = sumcheck::prove_rounds(writer, &mut borrowed, RoundWeights::Uniform, &batch);
    let mut combined = vec![Fr::zero(); 1 << key_vars];
    for term in &terms {
        let [_, weight] = term.product.final_values();
        backend().add_scaled(&mut combined, &term.vector, weight);
    }
    (combined, z)
}

/// Generators that rounds are worth folding for: fewer cost less as they are.
const FEW: usize = 128;
/// Coefficients that generators are folded with at a time, after as many rounds as that takes.
const FOLDED_TOGETHER: usize = 4;

/// Proves $\langle w, \mathrm{eq}(z) \rangle$ of a committed vector.
pub(crate) fn prove_inner_product(
    writer: &mut ProofWriter,
    mut vector: Vec<Fr>,
    z: &[Fr],
    generators: &Generators,
) {
    let xi = writer.squeeze(labels::INNER_PRODUCT_GENERATOR);
    let carrier = (generators.inner_product() * xi).into_affine();
    let mut public = eq::table(z, vector.len());
    // The folded generators are combinations of blocks of these with these coefficients.
    let mut bases = generators.vector().to_vec();
    let mut coefficients = vec![Fr::one()];
    while vector.len() > 1 {
        let half = vector.len() / 2;
        let (w0, w1) = vector.split_at(half);
        let (b0, b1) = public.split_at(half);
        let cross = |w: &[Fr], side: usize, b: &[Fr]| {
            let blocks = bases.chunks_exact(2 * half).map(|block| &block[side * half..][..half]);
            let points: Vec<G1Affine> = blocks.flatten().copied().chain([carrier]).collect();
            let terms = coefficients.iter().flat_map(|c| w.iter().map(move |w| *c * w));
            let scalars: Vec<Fr> = terms.chain([backend().inner_product(w, b)]).collect();
            combine_generators(&points, &scalars)
        };
        let (left, right) = rayon::join(|| cross(w0, 1, b1), || cross(w1, 0, b0));
        writer.write_points(labels::INNER_PRODUCT_HALVES, &G1Projective::normalize_batch(&[left, right]));
        let x = writer.squeeze(labels::INNER_PRODUCT_CHALLENGE);
        let inverse = invert(x).unwrap_or_else(Fr::one);
        let fold = |low: &[Fr], high: &[Fr], scale: Fr| -> Vec<Fr> {
            let mut folded = low.to_vec();
            backend().add_scaled(&mut folded, high, scale);
            folded
        };
        (vector, public) = (fold(w0, w1, x), fold(b0, b1, inverse));
        coefficients = coefficients.into_iter().flat_map(|c| [c, c * inverse]).collect();
        if coefficients.len() == FOLDED_TOGETHER && bases.len() > FEW {
            bases = fold_generators(&bases, &coefficients);
            coefficients = vec![Fr::one()];
        }
    }
    writer.write_scalars(labels::INNER_PRODUCT_SCALAR, &vector);
}
