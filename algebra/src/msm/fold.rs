//! Folding generators: one combination of many columns of points, all of which take the same steps.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "the prover's: curve arithmetic on digits and places of points"
)]

use ark_bn254::{Fr, G1Affine};

use super::halves::halves;
use crate::{
    cores::{current_num_threads, prelude::*},
    kernels::{AffineKernel, PackedPoint},
};

/// Bits of a window, and odd multiples $1, 3, 5, 7$ that it needs.
const WINDOW: u32 = 4;
const MULTIPLES: usize = 1 << (WINDOW - 2);

/// Columns below which no core gets a part of its own.
const COLUMNS: usize = 16;

/// Unfolded non-adjacent form, least significant digit first: digits are odd, with zeros in a window behind each.
fn non_adjacent(half: i128) -> Vec<i8> {
    let mut rest = half.unsigned_abs();
    let mut digits = vec![];
    while rest != 0 {
        let mut digit = 0;
        if rest & 1 == 1 {
            let low = (rest & ((1 << WINDOW) - 1)) as i8;
            digit = if low >= 1 << (WINDOW - 1) { low - (1 << WINDOW) } else { low };
            rest = rest.wrapping_sub(i128::from(digit) as u128);
        }
        digits.push(if half < 0 { -digit } else { digit });
        rest >>= 1;
    }
    digits
}

/// $\sum_u c_u G_{u L + j}$ for every column $j < L$.
pub(super) fn fold(kernel: &dyn AffineKernel, points: &[G1Affine], coefficients: &[Fr]) -> Vec<G1Affine> {
    let length = points.len() / coefficients.len().max(1);
    // First halves, then second halves, as tables of points are followed by those of their images.
    let cut: Vec<[i128; 2]> = coefficients.iter().map(halves).collect();
    let digits = |half: usize| cut.iter().map(move |halves| non_adjacent(halves[half]));
    let digits: Vec<Vec<i8>> = digits(0).chain(digits(1)).collect();
    let share = length.div_ceil(current_num_threads()).next_multiple_of(COLUMNS).max(1);
    let firsts: Vec<usize> = (0..length).step_by(share).collect();
    let part = |first: usize| {
        let columns = first..length.min(first + share);
        let points = points.chunks_exact(length).flat_map(|block| &block[columns.clone()]).copied();
        fold_columns(kernel, &points.collect::<Vec<_>>(), columns.len(), &digits)
    };
    match firsts[..] {
        [] => vec![],
        [first] => part(first),
        _ => firsts.into_par_iter().flat_map_iter(part).collect(),
    }
}

fn fold_columns(
    kernel: &dyn AffineKernel,
    points: &[G1Affine],
    columns: usize,
    digits: &[Vec<i8>],
) -> Vec<G1Affine> {
    let n = points.len() as u32;
    let range = |first: u32, second: u32, count: u32| -> Vec<[u32; 2]> {
        (0..count).map(|k| [first + k, second + k]).collect()
    };
    // Odd multiples, each by adding the double to the one before.
    let mut table = kernel.pack(points);
    let mut doubles = table.clone();
    kernel.add_pairs(&mut doubles, &range(0, 0, n));
    for multiple in 1..MULTIPLES as u32 {
        table.extend_from_within(((multiple - 1) * n) as usize..);
        let end = table.len() as u32;
        table.extend_from_slice(&doubles);
        kernel.add_pairs(&mut table, &range(multiple * n, end, n));
        table.truncate(end as usize);
    }
    table.extend(kernel.images(&table));
    let (sums, columns) = (table.len() as u32, columns as u32);
    table.resize(table.len() + columns as usize, PackedPoint::INFINITY);
    let doubling = range(sums, sums, columns);
    let blocks = digits.len() as u32 / 2;
    for position in (0..digits.iter().map(Vec::len).max().unwrap_or(0)).rev() {
        kernel.add_pairs(&mut table, &doubling);
        for (index, digits) in digits.iter().enumerate() {
            let digit = digits.get(position).copied().unwrap_or(0);
            if digit == 0 {
                continue;
            }
            let (half, block) = (index as u32 / blocks, index as u32 % blocks);
            let multiple = half * MULTIPLES as u32 + u32::from(digit.unsigned_abs() / 2);
            let pairs = range(sums, multiple * n + block * columns, columns);
            if digit > 0 {
                kernel.add_pairs(&mut table, &pairs);
            } else {
                kernel.subtract_pairs(&mut table, &pairs);
            }
        }
    }
    table[sums as usize..].iter().map(|point| kernel.unpack(point)).collect()
}
