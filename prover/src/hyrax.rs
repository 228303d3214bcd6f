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

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{One, Zero};
use rayon::prelude::*;
use tacit_algebra::{
    eq,
    generators::Generators,
    kernels::backend,
    msm::{combine_generators, commit_rows, fold_generators},
};
use tacit_layers::{
    Layout, Parameter,
    claim::SumClaim,
    hyrax::{OpeningClaim, RowShape, absorb_claims, invert},
    sumcheck::{Batch, RoundWeights},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::{
    rows::Rows,
    sumcheck::{self, Product, SumcheckInstance},
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

impl CommittedTensor<'_> {
    fn shape(&self, generators: &Generators) -> RowShape {
        RowShape::new(self.layout, generators.num_vars())
    }
}

/// Elements of small integers whose rows are committed to together.
const COMMITTED_TOGETHER: usize = 1 << 21;

/// Row commitments of every tensor.
pub fn commit(tensors: &[CommittedTensor], generators: &Generators) -> Vec<Vec<G1Affine>> {
    commit_timed(tensors, generators).0
}

/// As [`commit`]; returns each tensor's time too: of tensors that are committed to together, a part by its size.
pub(crate) fn commit_timed(
    tensors: &[CommittedTensor],
    generators: &Generators,
) -> (Vec<Vec<G1Affine>>, Vec<Duration>) {
    let (mut points, mut times) = (vec![], vec![]);
    let mut left = tensors;
    while !left.is_empty() {
        let mut size = 0;
        let fits = |tensor: &&CommittedTensor| {
            size += tensor.layout.num_elements();
            size <= COMMITTED_TOGETHER
        };
        let (group, rest) = left.split_at(left.iter().take_while(fits).count().max(1));
        let clock = Instant::now();
        points.extend(commit_together(group, generators));
        let (elapsed, total) =
            (clock.elapsed(), group.iter().map(|t| t.layout.num_elements()).sum::<usize>());
        times.extend(group.iter().map(|t| elapsed.mul_f64(t.layout.num_elements() as f64 / total as f64)));
        left = rest;
    }
    (points, times)
}

fn commit_together(tensors: &[CommittedTensor], generators: &Generators) -> Vec<Vec<G1Affine>> {
    let bases = generators.vector();
    // Small integers of all tensors in one call, field elements row by row.
    let (mut small, mut field) = (vec![], vec![]);
    for tensor in tensors {
        let rows = Rows::new(tensor.layout, tensor.shape(generators));
        match tensor.values {
            Elements::Integers(values) => small.extend(rows.spread(|i| values.get(i))),
            Elements::Field(values) => field.extend(rows.spread(|i| values[i])),
        }
    }
    let (small, field): (Vec<G1Projective>, Vec<G1Projective>) = rayon::join(
        || commit_rows(bases, &small),
        || field.par_iter().map(|row| combine_generators(bases, row)).collect(),
    );
    let [mut small, mut field] = [small, field].map(|rows| G1Projective::normalize_batch(&rows).into_iter());
    let commitments = tensors.iter().map(|tensor| {
        let shape = tensor.shape(generators);
        let source = if matches!(tensor.values, Elements::Field(_)) { &mut field } else { &mut small };
        let mut rows = vec![G1Affine::zero(); shape.num_rows];
        for ((row, _), point) in Rows::new(tensor.layout, shape).runs.iter().zip(source) {
            rows[*row] = point;
        }
        rows
    });
    commitments.collect()
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
    let sums: Vec<SumClaim> =
        claims.iter().map(|claim| SumClaim { num_vars: key_vars, degree: 2, sum: claim.value }).collect();
    let batch = Batch::begin(writer, &sums, RoundWeights::Uniform);
    let terms = opening::terms(tensors, claims, &batch, key_vars);
    let mut instances: Vec<Product> = terms.par_iter().map(|term| term.instance(key_vars)).collect();
    let mut borrowed: Vec<&mut dyn SumcheckInstance> = instances.iter_mut().map(|i| i as _).collect();
    let ones = vec![Fr::one(); terms.len()];
    let z = sumcheck::prove_rounds(
        writer,
        &mut borrowed,
        RoundWeights::Uniform,
        &Batch { coefficients: ones, ..batch },
    );
    let mut combined = vec![Fr::zero(); 1 << key_vars];
    for term in &terms {
        term.add_to(&mut combined, &z);
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
        let cross = |w: &[Fr], g: &[G1Affine], b: &[Fr]| {
            combine_generators(g, w) + carrier * backend().inner_product(w, b)
        };
        let (left, right) = rayon::join(|| cross(w0, g1, b1), || cross(w1, g0, b0));
        writer.write_points(labels::INNER_PRODUCT_HALVES, &G1Projective::normalize_batch(&[left, right]));
        let x = writer.squeeze(labels::INNER_PRODUCT_CHALLENGE);
        let inverse = invert(x).unwrap_or_else(Fr::one);
        let fold = |low: &[Fr], high: &[Fr], scale: Fr| -> Vec<Fr> {
            let mut folded = low.to_vec();
            backend().add_scaled(&mut folded, high, scale);
            folded
        };
        (vector, public) = (fold(w0, w1, x), fold(b0, b1, inverse));
        bases = G1Projective::normalize_batch(&fold_generators(g0, g1, inverse));
    }
    writer.write_scalars(labels::INNER_PRODUCT_SCALAR, &vector);
}
