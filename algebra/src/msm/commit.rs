//! Commitments to rows of small integers.
//!
//! Integers are cut into signed digits of $w$ bits. Each digit position of each row is one sum of points with digits, by
//! buckets whose additions share inversions; positions of several rows are worked on together.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "the prover's: digits of small integers"
)]

use std::collections::BTreeMap;

use ark_bn254::G1Projective;
use ark_ff::{AdditiveGroup, Zero};

use super::buckets::{TOGETHER, digit_sums};
use crate::{
    cores::{current_num_threads, prelude::*},
    error::Error,
    generators::Generators,
    kernels::{Backend, backend},
};

/// Parts of the work that each core gets at least, so that none waits long for another.
const PARTS: usize = 2;

/// $\sum_i x_i G_i$ for each row of small integers, at the cost of their width; zeros cost nearly nothing.
///
/// # Errors
/// [`Error`] when a row is longer than the list of generators.
pub fn commit_rows(generators: &Generators, rows: &[Vec<i64>]) -> Result<Vec<G1Projective>, Error> {
    commit_rows_with(backend(), generators, rows)
}

/// As [`commit_rows`], on a backend of one's choice.
///
/// # Errors
/// As [`commit_rows`].
pub fn commit_rows_with(
    backend: Backend,
    generators: &Generators,
    rows: &[Vec<i64>],
) -> Result<Vec<G1Projective>, Error> {
    let generators = generators.vector();
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    if longest > generators.len() {
        let what = "the length of a row to commit to";
        return Err(Error { what, expected: generators.len(), actual: longest });
    }
    let kernel = backend.affine();
    let points = kernel.pack(&generators[..longest]);
    let widths: Vec<Width> = rows.par_iter().map(|row| Width::of_integers(row)).collect();
    // Positions with as many buckets are summed together.
    let mut positions: BTreeMap<u32, Vec<(usize, u32)>> = BTreeMap::new();
    for (row, width) in widths.iter().enumerate() {
        positions.entry(width.bits).or_default().extend((0..width.count).map(|position| (row, position)));
    }
    let share = positions.values().map(Vec::len).sum::<usize>().div_ceil(PARTS * current_num_threads());
    let together = (TOGETHER / longest.max(1)).min(share).max(1);
    let groups: Vec<(u32, &[(usize, u32)])> = positions
        .iter()
        .flat_map(|(&bits, positions)| positions.chunks(together).map(move |group| (bits, group)))
        .collect();
    let sums: Vec<((usize, u32), G1Projective)> = groups
        .into_par_iter()
        .flat_map_iter(|(bits, group)| {
            let digits = |&(row, position): &(usize, u32)| -> Vec<i16> {
                rows[row].iter().map(|&x| widths[row].integer_digit(x, position)).collect()
            };
            let digits: Vec<Vec<i16>> = group.iter().map(digits).collect();
            group.iter().copied().zip(digit_sums(kernel, &points, &digits, bits)).collect::<Vec<_>>()
        })
        .collect();
    // From the highest position down; within a width they are in order of rows and positions.
    let mut totals = vec![G1Projective::zero(); rows.len()];
    for ((row, _), sum) in sums.into_iter().rev() {
        let total = &mut totals[row];
        for _ in 0..widths[row].bits {
            total.double_in_place();
        }
        *total += sum;
    }
    Ok(totals)
}

/// Digits that integers are cut into: so many, of so many bits, each at most $2^{w-1}$ in magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Width {
    bits: u32,
    count: u32,
}

impl Width {
    /// The width that costs least for $n$ integers; `count` gives the digits of a width.
    fn cheapest(n: usize, count: impl Fn(u32) -> u32) -> Self {
        // A bucket is added to two others, and a bit's sum takes as long as a dozen additions that share an inversion.
        let cost = |width: &Self| {
            u64::from(width.count) * (n as u64 + (1 << width.bits) + 12 * u64::from(width.bits))
        };
        let widths = (2..=13).map(|bits| Self { bits, count: count(bits) });
        widths.min_by_key(cost).unwrap_or(Self { bits: 8, count: count(8) })
    }

    fn of_integers(row: &[i64]) -> Self {
        let (low, high) = row.iter().fold((0, 0), |(low, high), &x| (x.min(low), x.max(high)));
        let used = row.iter().filter(|&&x| x != 0).count();
        let count = |bits: u32| {
            let digits = |x: i64| {
                let mut rest = i128::from(x);
                let mut count = 0;
                while rest != 0 {
                    rest = (rest - Self { bits, count }.low_digit(rest)) >> bits;
                    count += 1;
                }
                count
            };
            digits(low).max(digits(high))
        };
        Self::cheapest(used, count)
    }

    /// The digit that leaves a multiple of $2^w$.
    const fn low_digit(self, x: i128) -> i128 {
        let low = x & ((1 << self.bits) - 1);
        if low > 1 << (self.bits - 1) { low - (1 << self.bits) } else { low }
    }

    fn integer_digit(self, x: i64, position: u32) -> i16 {
        let mut rest = i128::from(x);
        for _ in 0..position {
            rest = (rest - self.low_digit(rest)) >> self.bits;
        }
        self.low_digit(rest) as i16
    }
}
