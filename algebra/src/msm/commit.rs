//! Commitments to rows of small integers.
//!
//! Where the kernel has curve arithmetic of its own, scalars are cut into signed digits of $w$ bits, one *job* for each
//! digit position of each sum; eight jobs run together, each adding points to its own $2^{w-1}$ buckets. Points must then
//! be generators: unrelated and finite.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "the prover's: curve arithmetic on digits of small integers"
)]

use std::collections::BTreeMap;

use ark_bn254::{G1Affine, G1Projective};
use ark_ec::VariableBaseMSM;
use ark_ff::{AdditiveGroup, Zero};

use crate::{
    cores::prelude::*,
    error::Error,
    generators::Generators,
    kernels::{Backend, CurveKernel, JOBS, PreparedPoint, backend},
};

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
    let Some(curve) = backend.curve() else {
        let commit = |row: &Vec<i64>| commit_small(generators, row.iter().copied().enumerate());
        return Ok(rows.par_iter().map(commit).collect());
    };
    let widths: Vec<Width> = rows.iter().map(|row| Width::of_integers(row)).collect();
    let digits = |row: usize, position: u32| -> Vec<i16> {
        rows[row].iter().map(|&x| widths[row].integer_digit(x, position)).collect()
    };
    Ok(sums(curve, &curve.prepare(&generators[..longest]), &widths, digits))
}

/// Digits that scalars are cut into: so many, of so many bits, each at most $2^{w-1}$ in magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Width {
    bits: u32,
    count: u32,
}

impl Width {
    /// The width that costs least for $n$ scalars; `count` gives the digits of a width.
    fn cheapest(n: usize, count: impl Fn(u32) -> u32) -> Self {
        // An addition to a bucket takes eleven products, two additions of sums thirty-two.
        let cost = |width: &Self| u64::from(width.count) * (11 * n as u64 + (32 << (width.bits - 1)));
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

/// The sums that jobs are cut from: `digits` gives a sum's digits at a position.
fn sums(
    curve: &dyn CurveKernel,
    points: &[PreparedPoint],
    widths: &[Width],
    digits: impl Fn(usize, u32) -> Vec<i16> + Sync,
) -> Vec<G1Projective> {
    // Jobs with as many buckets run together.
    let mut jobs: BTreeMap<u32, Vec<(usize, u32)>> = BTreeMap::new();
    for (sum, width) in widths.iter().enumerate() {
        jobs.entry(width.bits).or_default().extend((0..width.count).map(|position| (sum, position)));
    }
    let groups: Vec<(usize, &[(usize, u32)])> = jobs
        .iter()
        .flat_map(|(&bits, jobs)| jobs.chunks(JOBS).map(move |jobs| (1 << (bits - 1), jobs)))
        .collect();
    let corrections: BTreeMap<u32, G1Projective> =
        jobs.keys().map(|&bits| (bits, curve.correction(1 << (bits - 1)))).collect();
    let parts: Vec<((usize, u32), G1Projective)> = groups
        .into_par_iter()
        .flat_map_iter(|(buckets, jobs)| {
            let columns: Vec<Vec<i16>> = jobs.iter().map(|&(sum, position)| digits(sum, position)).collect();
            let length = columns.iter().map(Vec::len).max().unwrap_or(0);
            let mut rows = vec![[0; JOBS]; length];
            for (lane, column) in columns.iter().enumerate() {
                for (row, &digit) in rows.iter_mut().zip(column) {
                    row[lane] = digit;
                }
            }
            jobs.iter().copied().zip(curve.digit_sums(points, &rows, buckets)).collect::<Vec<_>>()
        })
        .collect();
    // From the highest position down; within a width jobs are in order of sums and positions.
    let mut totals = vec![G1Projective::zero(); widths.len()];
    for ((sum, _), part) in parts.into_iter().rev() {
        let total = &mut totals[sum];
        for _ in 0..widths[sum].bits {
            total.double_in_place();
        }
        *total += part;
        if let Some(correction) = corrections.get(&widths[sum].bits) {
            *total -= correction;
        }
    }
    totals
}

/// $\sum_i x_i G_i$ for small integers by the curve library: positive and negative entries are summed apart, zeros are
/// skipped.
fn commit_small(generators: &[G1Affine], entries: impl Iterator<Item = (usize, i64)>) -> G1Projective {
    let (mut plus, mut minus) = (Entries::default(), Entries::default());
    for (index, value) in entries {
        match value {
            0 => {}
            _ if value > 0 => plus.push(generators[index], value.unsigned_abs()),
            _ => minus.push(generators[index], value.unsigned_abs()),
        }
    }
    plus.sum() - minus.sum()
}

#[derive(Default)]
struct Entries {
    bases: Vec<G1Affine>,
    scalars: Vec<u64>,
    largest: u64,
}

impl Entries {
    fn push(&mut self, base: G1Affine, scalar: u64) {
        self.bases.push(base);
        self.scalars.push(scalar);
        self.largest = self.largest.max(scalar);
    }

    fn sum(&self) -> G1Projective {
        fn narrow<T: TryFrom<u64> + Default>(scalars: &[u64]) -> Vec<T> {
            scalars.iter().map(|&x| T::try_from(x).unwrap_or_default()).collect()
        }
        match self.largest {
            0 => G1Projective::zero(),
            1 => self.bases.iter().sum(),
            2..=0xff => G1Projective::msm_u8(&self.bases, &narrow(&self.scalars)),
            0x100..=0xffff => G1Projective::msm_u16(&self.bases, &narrow(&self.scalars)),
            0x1_0000..=0xffff_ffff => G1Projective::msm_u32(&self.bases, &narrow(&self.scalars)),
            _ => G1Projective::msm_u64(&self.bases, &self.scalars),
        }
    }
}
