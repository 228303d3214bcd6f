//! What an opening's sumcheck runs over: claims that share a column point are one product.
//!
//! With $\gamma$ known, claims $j$ with the same column part $c$ of their points add up to
//! $\langle \sum_j \gamma^j u_j, \mathrm{eq}(c) \rangle$, and their folds to one pass over all rows they speak about. A
//! round's polynomial is the same sum, so that no message depends on how claims are put together.

use std::{collections::BTreeMap, ops::Range};

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{Mle, kernels::backend};
use tacit_layers::{
    hyrax::{OpeningClaim, RowShape, column_weight},
    sumcheck::Batch,
};

use super::{CommittedTensor, Elements, Integers};
use crate::{rows::Rows, sumcheck::Product};

/// Claims with one column point.
pub(super) struct Term<'a> {
    /// The column point.
    column: &'a [Fr],
    /// The claims' combined sum.
    sum: Fr,
    /// $\sum_j \gamma^j u_j$, as far as it is not zero.
    vector: Vec<Fr>,
}

impl Term<'_> {
    /// The sumcheck's instance.
    pub(super) fn instance(&self, key_vars: usize) -> Product {
        let weights = backend().equality_table(self.column, 1 << self.column.len());
        Product::new(Mle::new(self.vector.clone(), key_vars), Mle::new(weights, key_vars), self.sum)
    }

    /// Adds $e(z) \sum_j \gamma^j u_j$.
    pub(super) fn add_to(&self, combined: &mut [Fr], z: &[Fr]) {
        backend().add_scaled(combined, &self.vector, column_weight(self.column, z));
    }
}

/// Claims that become a term.
struct Group<'a> {
    column: &'a [Fr],
    sum: Fr,
    /// Weight of every row, by tensor.
    weights: BTreeMap<usize, Vec<Fr>>,
}

/// Puts claims together; `batch` holds their coefficients.
pub(super) fn terms<'a>(
    tensors: &[CommittedTensor],
    claims: &'a [OpeningClaim],
    batch: &Batch,
    key_vars: usize,
) -> Vec<Term<'a>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Group> = vec![];
    for (claim, &gamma) in claims.iter().zip(&batch.coefficients) {
        let shape = RowShape::new(tensors[claim.subject].layout, key_vars);
        let (row, column) = shape.split(&claim.point);
        let key: Vec<[u64; 4]> = column.iter().map(|x| x.0.0).collect();
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group { column, sum: Fr::zero(), weights: BTreeMap::new() });
        }
        let Group { sum, weights, .. } = &mut groups[place];
        *sum += gamma * claim.value;
        let weights = weights.entry(claim.subject).or_insert_with(|| vec![Fr::zero(); shape.num_rows]);
        backend().add_scaled(weights, &backend().equality_table(row, shape.num_rows), gamma);
    }
    let term = |Group { column, sum, weights }: Group<'a>| {
        let mut fold = Fold::default();
        for (subject, weights) in &weights {
            let tensor = &tensors[*subject];
            fold.add(tensor, &Rows::new(tensor.layout, RowShape::new(tensor.layout, key_vars)), weights);
        }
        Term { column, sum, vector: fold.finish() }
    };
    groups.into_par_iter().map(term).collect()
}

/// $\sum_i w_i T[i, \cdot]$ over rows of several tensors.
#[derive(Default)]
struct Fold<'a> {
    bytes: Vec<Matrix<'a, i8>>,
    integers: Vec<Matrix<'a, i64>>,
    sum: Vec<Fr>,
}

/// Rows whose elements belong to the same generators.
struct Matrix<'a, T> {
    columns: Vec<usize>,
    weights: Vec<Fr>,
    rows: Vec<&'a [T]>,
}

/// Whether one row's generators are the first ones of the other.
fn agree(a: &[usize], b: &[usize]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}

fn add_rows<'a, T>(matrices: &mut Vec<Matrix<'a, T>>, values: &'a [T], rows: &Rows, weights: &[Fr]) {
    let place = matrices.iter().position(|matrix| agree(&matrix.columns, &rows.columns));
    let place = place.unwrap_or_else(|| {
        matrices.push(Matrix { columns: vec![], weights: vec![], rows: vec![] });
        matrices.len() - 1
    });
    let matrix = &mut matrices[place];
    if matrix.columns.len() < rows.columns.len() {
        matrix.columns.clone_from(&rows.columns);
    }
    matrix.weights.extend(rows.runs.iter().map(|(row, _)| weights[*row]));
    matrix.rows.extend(rows.runs.iter().map(|(_, run): &(usize, Range<usize>)| &values[run.clone()]));
}

impl<'a> Fold<'a> {
    fn add(&mut self, tensor: &CommittedTensor<'a>, rows: &Rows, weights: &[Fr]) {
        match tensor.values {
            Elements::Integers(Integers::Int8(values)) => add_rows(&mut self.bytes, values, rows, weights),
            Elements::Integers(Integers::Int64(values)) => {
                add_rows(&mut self.integers, values, rows, weights);
            }
            Elements::Integers(Integers::Int32(values)) => {
                let wide: Vec<i64> = values.iter().map(|&x| i64::from(x)).collect();
                let mut matrix = vec![];
                add_rows(&mut matrix, &wide, rows, weights);
                for Matrix { columns, weights, rows } in matrix {
                    self.spread(&columns, &backend().fold_integers(&weights, &rows, columns.len()));
                }
            }
            Elements::Field(values) => {
                let mut sums = vec![Fr::zero(); rows.columns.len()];
                for (row, run) in &rows.runs {
                    backend().add_scaled(&mut sums, &values[run.clone()], weights[*row]);
                }
                self.spread(&rows.columns, &sums);
            }
        }
    }

    /// Adds values at their generators' places.
    fn spread(&mut self, columns: &[usize], values: &[Fr]) {
        let length = columns.last().map_or(0, |last| last + 1);
        if self.sum.len() < length {
            self.sum.resize(length, Fr::zero());
        }
        for (&column, value) in columns.iter().zip(values) {
            self.sum[column] += value;
        }
    }

    fn finish(mut self) -> Vec<Fr> {
        for Matrix { columns, weights, rows } in std::mem::take(&mut self.bytes) {
            self.spread(&columns, &backend().fold_bytes(&weights, &rows, columns.len()));
        }
        for Matrix { columns, weights, rows } in std::mem::take(&mut self.integers) {
            self.spread(&columns, &backend().fold_integers(&weights, &rows, columns.len()));
        }
        self.sum
    }
}
