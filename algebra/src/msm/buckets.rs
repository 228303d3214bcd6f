//! Multi-scalar multiplication of any points, by Pippenger's buckets of affine points.
//!
//! Scalars are cut in two by the endomorphism, halves into signed digits of $w$ bits. At a digit's *position*, points with
//! the same digit share a *bucket*. Buckets are summed as trees, whose sums of one level are one batch of additions, and so
//! are the buckets' weighted sum's parts: with $t + 1$ the digit of bucket $t$,
//! $\sum_t (t + 1) S_t = \sum_t S_t + \sum_b 2^b \sum_{t_b = 1} S_t$.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "curve arithmetic: digits and places of points in buckets"
)]

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ff::{AdditiveGroup, Zero};

use super::halves::halves;
use crate::{
    cores::{current_num_threads, prelude::*},
    kernels::{AffineKernel, PackedPoint},
};

/// Points of several positions that are worked on at a time: as many as a core's cache holds.
pub(super) const TOGETHER: usize = 1 << 15;

/// Additions below which positions are not spread.
const SHARE: usize = 1 << 11;

/// How positions are spread over cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    One,
    All,
}

/// Digits of a half: so many, of so many bits, at most $2^{w-1}$ in magnitude.
#[derive(Debug, Clone, Copy)]
struct Digits {
    bits: u32,
    count: u32,
}

impl Digits {
    /// What costs least for `n` halves of at most so many bits.
    fn cheapest(n: usize, used: u32) -> Self {
        let cost = |digits: &Self| {
            // A bucket is added to two others, and there is a fixed cost to every batch.
            let buckets = 1_u64 << (digits.bits - 1);
            u64::from(digits.count) * (n as u64 + buckets)
        };
        let choices = (2..=14).map(|bits| Self { bits, count: (used + 1).div_ceil(bits) });
        choices.min_by_key(cost).unwrap_or(Self { bits: 8, count: (used + 1).div_ceil(8) })
    }

    /// Digits of every half, position by position.
    fn cut(self, halves: &[i128]) -> Vec<Vec<i16>> {
        let mut positions = vec![vec![0; halves.len()]; self.count as usize];
        let (mask, most) = ((1 << self.bits) - 1, 1 << (self.bits - 1));
        for (index, &half) in halves.iter().enumerate() {
            let mut rest = half.unsigned_abs();
            for digits in &mut positions {
                if rest == 0 {
                    break;
                }
                let low = (rest & mask) as i16;
                let carry = low > most;
                let digit = if carry { low - (1 << self.bits) } else { low };
                rest = (rest >> self.bits) + u128::from(carry);
                digits[index] = if half < 0 { -digit } else { digit };
            }
        }
        positions
    }
}

/// $\sum_i s_i P_i$ over the shorter of the two lists.
pub(super) fn multi_scalar(
    kernel: &dyn AffineKernel,
    points: &[G1Affine],
    scalars: &[Fr],
    threads: Threads,
) -> G1Projective {
    let n = points.len().min(scalars.len());
    let mut cut = [vec![0; n], vec![0; n]];
    let [first, second] = &mut cut;
    for ((first, second), scalar) in first.iter_mut().zip(second).zip(scalars) {
        [*first, *second] = halves(scalar);
    }
    let halves = cut.concat();
    let used = halves.iter().fold(0, |all, half| all | half.unsigned_abs());
    let digits = Digits::cheapest(halves.len(), u128::BITS - used.leading_zeros());
    let mut points = kernel.pack(&points[..n]);
    points.extend(kernel.images(&points));
    let positions = digits.cut(&halves);
    let sums = |positions: &[Vec<i16>]| position_sums(kernel, &points, positions, digits.bits);
    let sums: Vec<BitSums> = match threads {
        Threads::One => sums(&positions),
        Threads::All => {
            let share = positions.len().div_ceil(current_num_threads());
            let share = share.max(SHARE / halves.len().max(1)).max(1);
            positions.par_chunks(share).flat_map_iter(sums).collect()
        }
    };
    let mut total = G1Projective::zero();
    for sums in sums.iter().rev() {
        total.double_in_place();
        sums.add_to(kernel, &mut total);
    }
    total
}

/// $\sum_k d_k P_k$ for the digits of every position, of so many bits, two or more, at most $2^{w-1}$ in magnitude.
pub(super) fn digit_sums(
    kernel: &dyn AffineKernel,
    points: &[PackedPoint],
    positions: &[Vec<i16>],
    bits: u32,
) -> Vec<G1Projective> {
    let sum = |sums: &BitSums| {
        let mut total = G1Projective::zero();
        sums.add_to(kernel, &mut total);
        total
    };
    position_sums(kernel, points, positions, bits).iter().map(sum).collect()
}

/// A position's sums of buckets: all of them, and those with each bit of their number.
struct BitSums {
    bits: Vec<PackedPoint>,
    all: PackedPoint,
}

impl BitSums {
    /// Multiplies a total by two for each bit and adds the weighted sum of buckets.
    fn add_to(&self, kernel: &dyn AffineKernel, total: &mut G1Projective) {
        for bit in self.bits.iter().rev() {
            total.double_in_place();
            *total += kernel.unpack(bit);
        }
        *total += kernel.unpack(&self.all);
    }
}

fn position_sums(
    kernel: &dyn AffineKernel,
    points: &[PackedPoint],
    positions: &[Vec<i16>],
    bits: u32,
) -> Vec<BitSums> {
    let together = (TOGETHER / points.len().max(1)).max(1);
    let buckets = positions.chunks(together).flat_map(|part| bucket_sums(kernel, points, part, bits));
    bit_sums(kernel, buckets.collect(), bits - 1)
}

/// The sums of each position's buckets.
fn bucket_sums(
    kernel: &dyn AffineKernel,
    points: &[PackedPoint],
    positions: &[Vec<i16>],
    bits: u32,
) -> Vec<PackedPoint> {
    let buckets = 1_usize << (bits - 1);
    let mut starts = vec![0_u32; positions.len() * buckets + 1];
    let place = |position: usize, digit: i16| position * buckets + usize::from(digit.unsigned_abs()) - 1;
    let entries = || {
        positions.iter().enumerate().flat_map(|(position, digits)| {
            digits.iter().zip(points).map(move |(&digit, point)| (position, digit, point))
        })
    };
    // Points by bucket: counts, then ends, which become starts as buckets are filled from their ends.
    for (position, digit, _) in entries().filter(|(_, digit, _)| *digit != 0) {
        starts[place(position, digit)] += 1;
    }
    let mut end = 0;
    for start in &mut starts {
        end += *start;
        *start = end;
    }
    let mut sorted = vec![PackedPoint::INFINITY; end as usize];
    for (position, digit, &point) in entries().filter(|(_, digit, _)| *digit != 0) {
        let start = &mut starts[place(position, digit)];
        *start -= 1;
        let negative = digit < 0 && point != PackedPoint::INFINITY;
        sorted[*start as usize] = if negative { point.negative() } else { point };
    }
    sum_runs(kernel, &mut sorted, &starts);
    let first = |run: &[u32]| if run[0] < run[1] { sorted[run[0] as usize] } else { PackedPoint::INFINITY };
    starts.windows(2).map(first).collect()
}

/// Sums each run of points into its first, as a tree.
fn sum_runs(kernel: &dyn AffineKernel, points: &mut [PackedPoint], starts: &[u32]) {
    let mut runs: Vec<[u32; 2]> =
        starts.windows(2).map(|run| [run[0], run[1]]).filter(|[start, end]| end - start > 1).collect();
    let mut pairs = vec![];
    let mut step = 1;
    while !runs.is_empty() {
        pairs.clear();
        for &[start, end] in &runs {
            let mut first = start;
            while first + step < end {
                pairs.push([first, first + step]);
                first += 2 * step;
            }
        }
        kernel.add_pairs(points, &pairs);
        step *= 2;
        runs.retain(|[start, end]| end - start > step);
    }
}

/// For each group of $2^m$ sums, the sum of all and of those with each bit of their index.
fn bit_sums(kernel: &dyn AffineKernel, mut sums: Vec<PackedPoint>, bits: u32) -> Vec<BitSums> {
    let size = 1_u32 << bits;
    let groups = sums.len() as u32 / size;
    let mut pairs: Vec<[u32; 2]> = vec![];
    if bits < 2 {
        pairs.extend((1..size).flat_map(|_| (0..groups).map(|group| [2 * group, 2 * group + 1])));
        kernel.add_pairs(&mut sums, &pairs);
        let parts = sums.chunks_exact(size as usize);
        return parts.map(|part| BitSums { bits: part[1..].to_vec(), all: part[0] }).collect();
    }
    // An index is a row's and a column's. The first copy becomes the sums of columns, the second those of rows.
    let [row_bits, column_bits] = [bits.div_ceil(2), bits / 2];
    let [rows, columns] = [1_u32 << row_bits, 1_u32 << column_bits];
    let second = sums.len() as u32;
    sums.extend_from_within(..);
    let (mut height, mut width) = (rows / 2, columns / 2);
    while height > 0 {
        pairs.clear();
        for group in 0..groups {
            let first = group * size;
            pairs.extend((first..first + height * columns).map(|place| [place, place + height * columns]));
            let rows = (0..rows).map(|row| second + group * size + row * columns);
            pairs.extend(rows.flat_map(|row| (row..row + width).map(|place| [place, place + width])));
        }
        kernel.add_pairs(&mut sums, &pairs);
        (height, width) = (height / 2, width / 2);
    }
    let of_columns = (0..groups).flat_map(|group| (0..columns).map(move |column| group * size + column));
    let of_rows =
        (0..groups).flat_map(|group| (0..rows).map(move |row| second + group * size + row * columns));
    let of_columns = of_columns.map(|place| sums[place as usize]).collect();
    let of_rows = of_rows.map(|place| sums[place as usize]).collect();
    let of_rows = bit_sums(kernel, of_rows, row_bits);
    let of_columns = bit_sums(kernel, of_columns, column_bits);
    let join = |(BitSums { mut bits, all }, rows): (_, BitSums)| {
        bits.extend(rows.bits);
        BitSums { bits, all }
    };
    of_columns.into_iter().zip(of_rows).map(join).collect()
}
