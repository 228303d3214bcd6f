//! Multi-scalar multiplications: commitments to small integers, full-width products, folded generators.
//!
//! Where the kernel has curve arithmetic of its own, scalars are cut into signed digits of $w$ bits, one *job* for each
//! digit position of each sum; eight jobs run together, each adding points to its own $2^{w-1}$ buckets. Points must then
//! be generators: unrelated and finite.

use std::collections::BTreeMap;

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::VariableBaseMSM;
use ark_ff::{AdditiveGroup, Zero};

mod buckets;
mod fold;
mod halves;

use self::buckets::Threads;
use crate::{
    kernels::{Backend, CurveKernel, JOBS, PreparedPoint, backend, fastest_affine},
    parallel,
};

/// $\sum_i x_i G_i$ for each row of small integers, at the cost of their width; zeros cost nearly nothing.
///
/// # Panics
/// When a row is longer than the list of generators.
pub fn commit_rows(generators: &[G1Affine], rows: &[Vec<i64>]) -> Vec<G1Projective> {
    commit_rows_with(backend(), generators, rows)
}

/// As [`commit_rows`], on a backend of one's choice.
pub fn commit_rows_with(backend: Backend, generators: &[G1Affine], rows: &[Vec<i64>]) -> Vec<G1Projective> {
    assert!(rows.iter().all(|row| row.len() <= generators.len()), "a row is longer than its generators");
    let Some(curve) = backend.curve() else {
        return parallel::map(rows, |row| commit_small(generators, row.iter().copied().enumerate()));
    };
    let widths: Vec<Width> = rows.iter().map(|row| Width::of_integers(row)).collect();
    let digits = |row: usize, position: u32| -> Vec<i16> {
        rows[row].iter().map(|&x| widths[row].integer_digit(x, position)).collect()
    };
    let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
    sums(curve, &curve.prepare(&generators[..longest]), &widths, digits)
}

/// $\sum_i s_i G_i$ over the shorter of the two lists, on all cores.
pub fn combine_generators(generators: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    combine_generators_with(backend(), generators, scalars)
}

/// As [`combine_generators`], on a backend of one's choice.
pub fn combine_generators_with(backend: Backend, generators: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    buckets::multi_scalar(backend.affine(), generators, scalars, Threads::All)
}

/// $\sum_u c_u G_{u L + j}$ for every $j < L$, with $L$ the number of generators for each coefficient, on all cores.
pub fn fold_generators(generators: &[G1Affine], coefficients: &[Fr]) -> Vec<G1Affine> {
    fold_generators_with(backend(), generators, coefficients)
}

/// As [`fold_generators`], on a backend of one's choice.
pub fn fold_generators_with(backend: Backend, generators: &[G1Affine], coefficients: &[Fr]) -> Vec<G1Affine> {
    fold::fold(backend.affine(), generators, coefficients)
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
    let groups =
        jobs.iter().flat_map(|(&bits, jobs)| jobs.chunks(JOBS).map(move |jobs| (1 << (bits - 1), jobs)));
    let corrections: BTreeMap<u32, G1Projective> =
        jobs.keys().map(|&bits| (bits, curve.correction(1 << (bits - 1)))).collect();
    let parts: Vec<((usize, u32), G1Projective)> = parallel::flat_map(groups, |(buckets, jobs)| {
        let columns: Vec<Vec<i16>> = jobs.iter().map(|&(sum, position)| digits(sum, position)).collect();
        let length = columns.iter().map(Vec::len).max().unwrap_or(0);
        let mut rows = vec![[0; JOBS]; length];
        for (lane, column) in columns.iter().enumerate() {
            for (row, &digit) in rows.iter_mut().zip(column) {
                row[lane] = digit;
            }
        }
        jobs.iter().copied().zip(curve.digit_sums(points, &rows, buckets)).collect()
    });
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

/// $\sum_i s_i P_i$ over the shorter of the two lists, for any points of the curve, on one core.
pub fn multi_scalar(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    buckets::multi_scalar(fastest_affine(), points, scalars, Threads::One)
}

/// As [`multi_scalar`], on a backend of one's choice.
pub fn multi_scalar_with(backend: Backend, points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    buckets::multi_scalar(backend.affine(), points, scalars, Threads::One)
}

#[cfg(test)]
mod tests {
    use ark_bn254::g1::Config as G1Config;
    use ark_ec::scalar_mul::glv::GLVConfig;
    use ark_ff::{Field, One, UniformRand};

    use super::*;
    use crate::{generators::Generators, kernels::available, small::from_i64};

    #[test]
    fn small_commitments_match_full_width_products_for_every_width() {
        let generators = Generators::new(6);
        let long = |f: fn(i64) -> i64| (0..64).map(f).collect::<Vec<i64>>();
        let rows = [
            vec![0, 0, 1, -1, 1],
            vec![255, -255, 7, 0, 1],
            vec![256, -65535, 3],
            vec![1 << 16, -(1 << 31), 5, -1],
            vec![1 << 40, -1, (1 << 62) + 3],
            vec![i64::MAX, i64::MIN, i64::MIN + 1],
            vec![],
            vec![0; 9],
            long(|i| i * 4),
            long(|i| i * 97 % 256 - 128),
            long(|i| (i * 7919) % 4096 - 2048),
        ];
        let expected: Vec<G1Projective> = rows
            .iter()
            .map(|row| {
                multi_scalar(generators.vector(), &row.iter().map(|&x| from_i64(x)).collect::<Vec<_>>())
            })
            .collect();
        for kernel in available() {
            let rows = commit_rows_with(Backend::new(kernel), generators.vector(), &rows);
            assert_eq!(rows, expected, "{}", kernel.name());
        }
    }

    #[test]
    fn generators_are_combined_and_folded_alike_by_every_kernel() {
        let mut rng = ark_std::test_rng();
        let generators = Generators::new(8);
        let points = generators.vector();
        for n in [0, 1, 15, 16, 17, 100, 256] {
            let mut scalars: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
            for (scalar, edge) in
                scalars.iter_mut().zip([Fr::zero(), Fr::one(), -Fr::one(), Fr::from(2_u64).pow([253])])
            {
                *scalar = edge;
            }
            for kernel in available() {
                let sum = combine_generators_with(Backend::new(kernel), points, &scalars);
                assert_eq!(sum, plain(points, &scalars), "{} over {n}", kernel.name());
            }
        }
        let random = Fr::rand(&mut rng);
        for scale in [random, Fr::zero(), Fr::one(), -Fr::one(), Fr::from(3_u64), G1Config::LAMBDA] {
            for (coefficients, n) in [
                (vec![Fr::one(), scale], 256),
                (vec![Fr::one(), scale, random, scale * random], 256),
                (vec![scale; 3], 75),
                (vec![Fr::zero(), scale], 2),
                (vec![scale], 17),
                (vec![scale], 0),
            ] {
                let length = n / coefficients.len();
                let column = |j: usize| {
                    let terms = coefficients.iter().enumerate();
                    terms.map(|(u, c)| points[u * length + j] * c).sum::<G1Projective>()
                };
                let expected: Vec<G1Projective> = (0..length).map(column).collect();
                for kernel in available() {
                    let folded = fold_generators_with(Backend::new(kernel), &points[..n], &coefficients);
                    assert_eq!(folded, expected, "{}, {n} points", kernel.name());
                }
            }
        }
    }

    /// The curve library's sum, point by point.
    fn plain(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
        points.iter().zip(scalars).map(|(point, scalar)| *point * scalar).sum()
    }

    #[test]
    fn any_points_and_scalars_are_multiplied_by_every_kernel() {
        let mut rng = ark_std::test_rng();
        let (points, random) = (Generators::new(8), (0..300).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>());
        let points = &points.vector()[..200];
        let [zero, one] = [Fr::zero(), Fr::one()];
        let edges = [zero, one, -one, G1Config::LAMBDA, -G1Config::LAMBDA, Fr::from(2_u64).pow([253])];
        let some = |scalar: Fr| vec![scalar; 200];
        let cycle = |scalars: &[Fr]| scalars.iter().copied().cycle().take(200).collect::<Vec<Fr>>();
        let image = |point: &G1Affine| G1Config::endomorphism_affine(point);
        let lists: Vec<Vec<G1Affine>> = vec![
            points.to_vec(),
            // One point, in every bucket or many times in one; with its negative; with its images; with infinity.
            vec![points[0]; 200],
            (0..200).map(|i| if i % 2 == 0 { points[0] } else { -points[0] }).collect(),
            (0..200).map(|i| if i % 2 == 0 { points[i / 4] } else { image(&points[i / 4]) }).collect(),
            (0..200).map(|i| if i % 3 == 0 { G1Affine::default() } else { points[i % 5] }).collect(),
            vec![G1Affine::default(); 200],
        ];
        for (index, points) in lists.iter().enumerate() {
            let tables =
                [random.clone(), cycle(&edges), cycle(&random[..2]), some(one), some(-one), some(zero)];
            for (scalars, n) in tables.iter().zip([200, 199, 130, 16, 57, 200]) {
                let expected = plain(&points[..n], &scalars[..n]);
                for kernel in available() {
                    let sum = multi_scalar_with(Backend::new(kernel), &points[..n], scalars);
                    assert_eq!(sum, expected, "{}, list {index}, {n} points", kernel.name());
                }
            }
        }
        // A combination that cancels, as the verifier's does.
        let [a, b] = [random[0], random[1]];
        let sum = (points[0] * a + points[1] * b).into();
        for kernel in available() {
            let points = [points[0], points[1], sum, points[0], points[0]];
            let zero = multi_scalar_with(Backend::new(kernel), &points, &[a, b, -one, one, -one]);
            assert!(zero.is_zero(), "{}", kernel.name());
            assert!(multi_scalar_with(Backend::new(kernel), &[], &[]).is_zero());
        }
    }
}
