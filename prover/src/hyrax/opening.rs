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
use tacit_algebra::kernels::backend;
use tacit_layers::argument::{
    hyrax::{Place, places},
    opening::OpeningClaim,
    sumcheck::Batch,
};
use zeroize::Zeroizing;

use super::{
    CommittedList,
    commitment::{Row, shared_row},
};
use crate::{
    integers::Integers,
    opening::{CommittedTensor, Elements},
    rows::Rows,
    sumcheck::Product,
};

/// Claims that are one product.
pub(super) struct Term {
    /// A fold of rows, as far as it is not zero.
    pub(super) vector: Vec<Fr>,
    /// The vector and its weights, for the sumcheck.
    pub(super) product: Product,
}

impl Term {
    fn new(vector: Vec<Fr>, weights: Vec<Fr>, key_vars: usize, sum: Fr) -> Self {
        let product = Product::of(
            crate::evaluation::table(vector.clone(), key_vars),
            crate::evaluation::table(weights, key_vars),
            sum,
        );
        Self { vector, product }
    }
}

/// Claims that become a term, with their coefficients.
type Group<'a> = Vec<(&'a OpeningClaim, Fr)>;

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
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    batch: &Batch,
    key_vars: usize,
) -> Vec<Term> {
    let mut tensors: Tensors = vec![];
    for (number, list) in lists.iter().enumerate() {
        let (places, _) = places(list.tensors.iter().map(|tensor| tensor.layout), list.row_vars);
        tensors.extend(list.tensors.iter().zip(places).map(|(tensor, place)| (tensor, number, place)));
    }
    let mut numbers = BTreeMap::new();
    let mut groups: Vec<Group> = vec![];
    for (claim, &gamma) in claims.iter().zip(&batch.coefficients) {
        let (_, list, place) = tensors[claim.subject];
        let key = if place.shared {
            Key::Row(list, place.row)
        } else {
            Key::Column(place.shape.split(&claim.point).1.iter().map(|x| x.0.0).collect())
        };
        let number = *numbers.entry(key).or_insert(groups.len());
        if number == groups.len() {
            groups.push(vec![]);
        }
        groups[number].push((claim, gamma));
    }
    groups.par_iter().map(|group| term(group, &tensors, key_vars)).collect()
}

/// Adds `gamma` times a point's equality table.
fn add_table(weights: &mut Vec<Fr>, first: usize, point: &[Fr], length: usize, gamma: Fr) {
    if weights.len() < first + length {
        weights.resize(first + length, Fr::zero());
    }
    backend().add_scaled(&mut weights[first..], &backend().equality_table(point, length), gamma);
}

fn term(group: &Group, tensors: &Tensors, key_vars: usize) -> Term {
    let sum = group.iter().map(|(claim, gamma)| *gamma * claim.value).sum();
    let shared = group.iter().find_map(|(claim, _)| {
        let (_, list, place) = tensors[claim.subject];
        place.shared.then_some((list, place.row))
    });
    if let Some(row) = shared {
        let mut weights = vec![];
        for (claim, gamma) in group {
            let first = tensors[claim.subject].2.first_column();
            add_table(&mut weights, first, &claim.point, 1 << claim.point.len(), *gamma);
        }
        let parts = tensors.iter().filter(|(_, list, place)| place.shared && (*list, place.row) == row);
        let parts: Vec<(&CommittedTensor, &Place)> =
            parts.map(|(tensor, _, place)| (*tensor, place)).collect();
        let vector = match shared_row(&parts) {
            Row::Integers(row) => {
                let row = Zeroizing::new(row);
                backend().fold_integers(&[Fr::one()], &[row.as_slice()], row.len())
            }
            Row::Field(row) => row,
        };
        return Term::new(vector, weights, key_vars, sum);
    }
    let mut weights: BTreeMap<usize, Vec<Fr>> = BTreeMap::new();
    let mut columns: &[Fr] = &[];
    for (claim, gamma) in group {
        let shape = tensors[claim.subject].2.shape;
        let (row, column) = shape.split(&claim.point);
        columns = column;
        add_table(weights.entry(claim.subject).or_default(), 0, row, shape.num_rows, *gamma);
    }
    let mut fold = Fold::default();
    for (subject, weights) in &weights {
        let (tensor, _, place) = &tensors[*subject];
        fold.add(tensor, &Rows::new(tensor.layout, place.shape), weights);
    }
    Term::new(fold.finish(), backend().equality_table(columns, 1 << columns.len()), key_vars, sum)
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
                let wide: Zeroizing<Vec<i64>> =
                    Zeroizing::new(values.iter().map(|&x| i64::from(x)).collect());
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
