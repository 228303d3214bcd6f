//! What an opening's sumcheck runs over: few products, however many claims.
//!
//! With $\gamma$ known, claims $j$ on rows of their tensors' own with the same column part $c$ of their points add up to
//! $\langle \sum_j \gamma^j u_j, \mathrm{eq}(c) \rangle$, and their folds to one pass over all rows they speak about. Claims
//! on tensors of a shared row $u$ add up to $\langle u, \sum_j \gamma^j e_j \rangle$. A round's polynomial is the same sum, so
//! that no message depends on how claims are put together.

use std::{collections::BTreeMap, ops::Range};

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use tacit_algebra::{Mle, kernels::backend};
use tacit_layers::{
    hyrax::{OpeningClaim, Place, places},
    sumcheck::Batch,
};

use super::{CommittedTensor, Elements, Integers, Row, shared_row};
use crate::{rows::Rows, sumcheck::Product};

/// Claims that are one product.
pub(super) struct Term {
    /// A fold of rows, as far as it is not zero.
    pub(super) vector: Vec<Fr>,
    /// The vector and its weights, for the sumcheck.
    pub(super) product: Product,
}

impl Term {
    fn new(vector: Vec<Fr>, weights: Vec<Fr>, key_vars: usize, sum: Fr) -> Self {
        let product = Product::new(Mle::new(vector.clone(), key_vars), Mle::new(weights, key_vars), sum);
        Self { vector, product }
    }
}

/// Claims that become a term.
enum Group<'a> {
    /// Those with a column point, on rows of their tensors' own: the weight of every row, by tensor.
    Column { column: &'a [Fr], weights: BTreeMap<usize, Vec<Fr>> },
    /// Those on a shared row: the weight of every column.
    Row { list: usize, row: usize, weights: Vec<Fr> },
}

/// Tensors of all lists, each with its list's number and its place.
type Tensors<'a> = Vec<(&'a CommittedTensor<'a>, usize, Place)>;

/// What tells groups apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Column(Vec<[u64; 4]>),
    Row(usize, usize),
}

/// Puts claims together; `batch` holds their coefficients.
pub(super) fn terms(
    lists: &[&[CommittedTensor]],
    claims: &[OpeningClaim],
    batch: &Batch,
    key_vars: usize,
) -> Vec<Term> {
    let list = |(number, list): (usize, &'_ &[CommittedTensor])| -> Vec<(usize, Place)> {
        let (places, _) = places(list.iter().map(|tensor| tensor.layout), key_vars);
        places.into_iter().map(|place| (number, place)).collect()
    };
    let placed = lists.iter().enumerate().flat_map(list);
    let tensors: Tensors = lists
        .iter()
        .copied()
        .flatten()
        .zip(placed)
        .map(|(tensor, (list, place))| (tensor, list, place))
        .collect();
    let mut numbers = BTreeMap::new();
    let mut groups: Vec<(Group, Fr)> = vec![];
    for (claim, &gamma) in claims.iter().zip(&batch.coefficients) {
        let (_, list, place) = tensors[claim.subject];
        let (row, column) = place.shape.split(&claim.point);
        let key = if place.shared {
            Key::Row(list, place.row)
        } else {
            Key::Column(column.iter().map(|x| x.0.0).collect())
        };
        let number = *numbers.entry(key).or_insert(groups.len());
        if number == groups.len() {
            let group = if place.shared {
                Group::Row { list, row: place.row, weights: vec![] }
            } else {
                Group::Column { column, weights: BTreeMap::new() }
            };
            groups.push((group, Fr::zero()));
        }
        let (group, sum) = &mut groups[number];
        *sum += gamma * claim.value;
        let (weights, part, first) = match group {
            Group::Row { weights, .. } => (weights, column, place.first_column()),
            Group::Column { weights, .. } => (weights.entry(claim.subject).or_default(), row, 0),
        };
        let length = if place.shared { 1 << column.len() } else { place.shape.num_rows };
        if weights.len() < first + length {
            weights.resize(first + length, Fr::zero());
        }
        let table = backend().equality_table(part, length);
        backend().add_scaled(&mut weights[first..first + length], &table, gamma);
    }
    groups.into_par_iter().map(|(group, sum)| term(group, sum, &tensors, key_vars)).collect()
}

fn term(group: Group, sum: Fr, tensors: &Tensors, key_vars: usize) -> Term {
    match group {
        Group::Column { column, weights } => {
            let mut fold = Fold::default();
            for (subject, weights) in &weights {
                let (tensor, _, place) = &tensors[*subject];
                fold.add(tensor, &Rows::new(tensor.layout, place.shape), weights);
            }
            let weights = backend().equality_table(column, 1 << column.len());
            Term::new(fold.finish(), weights, key_vars, sum)
        }
        Group::Row { list, row, weights } => {
            let parts = tensors
                .iter()
                .filter(|(_, number, place)| place.shared && (*number, place.row) == (list, row));
            let parts: Vec<(&CommittedTensor, &Place)> =
                parts.map(|(tensor, _, place)| (*tensor, place)).collect();
            let vector = match shared_row(&parts) {
                Row::Integers(row) => backend().fold_integers(&[Fr::one()], &[&row], row.len()),
                Row::Field(row) => row,
            };
            Term::new(vector, weights, key_vars, sum)
        }
    }
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
