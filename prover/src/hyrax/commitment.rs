//! Commitments of rows.

use std::collections::BTreeMap;

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{
    generators::Generators,
    msm::{combine_generators, commit_rows},
    small::from_i64,
};
use tacit_layers::argument::hyrax::{Place, places};
use zeroize::Zeroize;

use crate::{
    opening::{CommittedTensor, Elements, Shares},
    rows::Rows,
};

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
            for (row, point) in commit_rows_of(rows, generators) {
                points[row] = point;
            }
        });
    }
    points
}

/// A row's elements at their generators' places, as far as there are any.
pub(super) enum Row {
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

/// The row that these tensors share.
pub(super) fn shared_row(parts: &[(&CommittedTensor, &Place)]) -> Row {
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
fn commit_rows_of(rows: Vec<(usize, Row)>, generators: &Generators) -> Vec<(usize, G1Affine)> {
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
    let sums: (Vec<G1Projective>, Vec<G1Projective>) = rayon::join(
        || commit_rows(generators, &small).unwrap_or_else(|error| unreachable!("rows were cut: {error}")),
        || field.par_iter().map(|row| combine_generators(generators.vector(), row)).collect(),
    );
    // They may be copies of what is secret.
    small.iter_mut().for_each(Zeroize::zeroize);
    field.iter_mut().for_each(Zeroize::zeroize);
    let [small, field] = [sums.0, sums.1].map(|rows| G1Projective::normalize_batch(&rows));
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
