//! The prover's side of [Hyrax](tacit_layers::hyrax).
//!
//! By itself: commit to a small tensor and open it at a point.
//!
//! ```
//! use tacit_algebra::generators::Generators;
//! use tacit_layers::{Layout, claim::EvaluationClaim, evaluation};
//! use tacit_prover::hyrax::{self, CommittedTensor, Integers};
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
//! writer.write_points(labels::COMMITMENT, &rows[0]);
//! let point = writer.squeeze_many(POINT, layout.num_vars());
//! let value = evaluation::evaluate(&layout, &data, &point);
//! let claim = EvaluationClaim::new(0, point, value);
//! hyrax::open(&mut writer, &[tensor], &[claim.clone()], &generators);
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let rows = reader.read_points(labels::COMMITMENT, rows[0].len())?;
//! assert_eq!(reader.squeeze_many(POINT, layout.num_vars()), claim.point);
//! let commitment = Commitment { layout: &layout, rows: &rows };
//! tacit_verifier::hyrax::verify(&mut reader, &[commitment], &[claim], &generators)?;
//! reader.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::time::{Duration, Instant};

use ark_bn254::{Fr, G1Affine, G1Projective, g1::Config as G1Config};
use ark_ec::{CurveGroup, scalar_mul::glv::GLVConfig};
use ark_ff::{One, Zero};
use rayon::prelude::*;
use tacit_algebra::{
    Mle, eq,
    generators::Generators,
    kernels::backend,
    msm::{commit_small, multi_scalar},
    small::{SmallSum, reduce_all},
};
use tacit_layers::{
    Layout, Parameter,
    hyrax::{OpeningClaim, RowShape, absorb_claims, column_weight, invert},
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::sumcheck::{self, Product, SumcheckInstance};

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

impl Integers<'_> {
    fn get(self, index: usize) -> i64 {
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

/// Part of a row: column, storage offset, length.
type Piece = (usize, usize, usize);

impl CommittedTensor<'_> {
    /// Pieces of the tensor that lie within one row: (row, column, storage offset, length), in order.
    fn pieces(&self, shape: RowShape) -> impl Iterator<Item = (usize, usize, usize, usize)> + '_ {
        let length = 1 << shape.column_vars;
        self.layout.runs().flat_map(move |(at, padded, run)| {
            let (first, last) = (padded / length, (padded + run - 1) / length);
            (first..=last).map(move |row| {
                let begin = padded.max(row * length);
                let end = (padded + run).min((row + 1) * length);
                (row, begin - row * length, at + begin - padded, end - begin)
            })
        })
    }

    /// Row commitments, not normalised.
    fn commit(&self, generators: &Generators) -> Vec<G1Projective> {
        let shape = RowShape::new(self.layout, generators.num_vars());
        let mut pieces = vec![vec![]; shape.num_rows];
        for (row, column, at, length) in self.pieces(shape) {
            pieces[row].push((column, at, length));
        }
        let commit_row = |pieces: &Vec<Piece>| match self.values {
            Elements::Integers(values) => {
                let entries = pieces.iter().flat_map(|&(column, at, length)| {
                    (0..length).map(move |i| (column + i, values.get(at + i)))
                });
                commit_small(generators.vector(), entries)
            }
            Elements::Field(values) => commit_field(generators.vector(), values, pieces),
        };
        pieces.par_iter().map(commit_row).collect()
    }

    /// $\mathrm{eq}(r^{row})^T T$, a vector of at most one row's length.
    fn fold_rows(&self, shape: RowShape, row_point: &[Fr]) -> Vec<Fr> {
        let weights = eq::table(row_point, shape.num_rows);
        match self.values {
            Elements::Integers(values) => {
                let mut sums = vec![SmallSum::default(); 1 << shape.column_vars];
                for (row, column, at, length) in self.pieces(shape) {
                    for i in 0..length {
                        let value = values.get(at + i);
                        if value != 0 {
                            sums[column + i].add(&weights[row], value);
                        }
                    }
                }
                reduce_all(&sums)
            }
            Elements::Field(values) => {
                let mut sums = vec![Fr::zero(); 1 << shape.column_vars];
                for (row, column, at, length) in self.pieces(shape) {
                    let target = &mut sums[column..column + length];
                    backend().add_scaled(target, &values[at..at + length], weights[row]);
                }
                sums
            }
        }
    }
}

/// Field elements that one thread multiplies by generators at once.
const FIELD_CHUNK: usize = 1 << 9;

/// The commitment to a row of field elements.
fn commit_field(bases: &[G1Affine], values: &[Fr], pieces: &[Piece]) -> G1Projective {
    let entries = |&(column, at, length): &Piece| {
        bases[column..].iter().copied().zip(values[at..at + length].iter().copied())
    };
    let (points, scalars): (Vec<G1Affine>, Vec<Fr>) = pieces.iter().flat_map(entries).unzip();
    let chunks = points.par_chunks(FIELD_CHUNK).zip(scalars.par_chunks(FIELD_CHUNK));
    chunks.map(|(points, scalars)| multi_scalar(points, scalars)).sum()
}

/// Row commitments of every tensor.
pub fn commit(tensors: &[CommittedTensor], generators: &Generators) -> Vec<Vec<G1Affine>> {
    commit_timed(tensors, generators).0
}

/// As [`commit`]; returns each tensor's time too.
pub(crate) fn commit_timed(
    tensors: &[CommittedTensor],
    generators: &Generators,
) -> (Vec<Vec<G1Affine>>, Vec<Duration>) {
    let timed = |tensor: &CommittedTensor| {
        let clock = Instant::now();
        (tensor.commit(generators), clock.elapsed())
    };
    let (rows, times): (Vec<Vec<G1Projective>>, Vec<Duration>) = tensors.iter().map(timed).unzip();
    let flat: Vec<G1Projective> = rows.iter().flatten().copied().collect();
    let mut points = G1Projective::normalize_batch(&flat).into_iter();
    (rows.iter().map(|rows| points.by_ref().take(rows.len()).collect()).collect(), times)
}

/// Proves all claims. A claim's subject is its tensor's index in `tensors`.
pub fn open(
    writer: &mut ProofWriter,
    tensors: &[CommittedTensor],
    claims: &[OpeningClaim],
    generators: &Generators,
) {
    absorb_claims(writer, claims);
    if claims.is_empty() {
        return;
    }
    let key_vars = generators.num_vars();
    let folded: Vec<(Vec<Fr>, &[Fr])> = claims
        .par_iter()
        .map(|claim| {
            let tensor = &tensors[claim.subject];
            let shape = RowShape::new(tensor.layout, key_vars);
            let (row, column) = shape.split(&claim.point);
            (tensor.fold_rows(shape, row), column)
        })
        .collect();
    let mut instances: Vec<Product> = folded
        .iter()
        .zip(claims)
        .map(|((vector, column), claim)| {
            let weights = eq::table(column, vector.len());
            Product::new(Mle::new(vector.clone(), key_vars), Mle::new(weights, key_vars), claim.value)
        })
        .collect();
    let mut borrowed: Vec<&mut dyn SumcheckInstance> = instances.iter_mut().map(|i| i as _).collect();
    let (z, coefficients) = sumcheck::prove_combined(writer, &mut borrowed, RoundWeights::Uniform);
    let mut combined = vec![Fr::zero(); 1 << key_vars];
    for ((vector, column), gamma) in folded.iter().zip(&coefficients) {
        backend().add_scaled(&mut combined, vector, *gamma * column_weight(column, &z));
    }
    prove_inner_product(writer, combined, &z, generators);
}

/// Proves $\langle w, \mathrm{eq}(z) \rangle$ of a committed vector.
fn prove_inner_product(writer: &mut ProofWriter, mut vector: Vec<Fr>, z: &[Fr], generators: &Generators) {
    let xi = writer.squeeze(labels::INNER_PRODUCT_GENERATOR);
    let carrier = (generators.inner_product() * xi).into_affine();
    let mut public = eq::table(z, vector.len());
    let mut bases = generators.vector().to_vec();
    while vector.len() > 1 {
        let half = vector.len() / 2;
        let (w0, w1) = vector.split_at(half);
        let (b0, b1) = public.split_at(half);
        let (g0, g1) = bases.split_at(half);
        let cross =
            |w: &[Fr], g: &[G1Affine], b: &[Fr]| multi_scalar(g, w) + carrier * backend().inner_product(w, b);
        let (left, right) = rayon::join(|| cross(w0, g1, b1), || cross(w1, g0, b0));
        writer.write_points(labels::INNER_PRODUCT_HALVES, &G1Projective::normalize_batch(&[left, right]));
        let x = writer.squeeze(labels::INNER_PRODUCT_CHALLENGE);
        let inverse = invert(x).unwrap_or_else(Fr::one);
        let fold = |low: &[Fr], high: &[Fr], scale: Fr| -> Vec<Fr> {
            low.iter().zip(high).map(|(low, high)| *low + scale * high).collect()
        };
        (vector, public) = (fold(w0, w1, x), fold(b0, b1, inverse));
        bases = fold_generators(g0, g1, inverse);
    }
    writer.write_scalars(labels::INNER_PRODUCT_SCALAR, &vector);
}

/// $G_0 + x^{-1} G_1$, element by element.
fn fold_generators(low: &[G1Affine], high: &[G1Affine], scale: Fr) -> Vec<G1Affine> {
    let folded: Vec<G1Projective> = low
        .par_iter()
        .zip(high)
        .with_min_len(8)
        // The endomorphism halves the doublings.
        .map(|(low, high)| G1Config::glv_mul_projective((*high).into(), scale) + low)
        .collect();
    G1Projective::normalize_batch(&folded)
}
