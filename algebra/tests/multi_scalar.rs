//! Multi-scalar multiplications of points that an adversary would choose. Every point is a known multiple of the generator,
//! so that the curve library finds each sum by one multiplication.

use ark_bn254::{Fq, Fr, G1Affine, G1Projective, g1::Config as G1Config};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, scalar_mul::glv::GLVConfig};
use ark_ff::{AdditiveGroup, BigInt, Field, One, UniformRand, Zero};
use ark_std::rand::{Rng, RngCore};
use tacit_algebra::{
    kernels::{affine::ROOT, available},
    msm::{combine_generators_with, multi_scalar_with},
};

/// Points by their discrete logarithms.
struct Points {
    logarithms: Vec<Fr>,
    points: Vec<G1Affine>,
}

impl Points {
    fn new(logarithms: Vec<Fr>) -> Self {
        let points: Vec<G1Projective> = logarithms.iter().map(|x| G1Projective::generator() * x).collect();
        Self { logarithms, points: G1Projective::normalize_batch(&points) }
    }

    /// Some of these, repeated and in any order.
    fn choose(&self, indices: impl Iterator<Item = usize>) -> Self {
        let (logarithms, points) = indices.map(|i| (self.logarithms[i], self.points[i])).unzip();
        Self { logarithms, points }
    }

    fn check(&self, scalars: &[Fr], what: &str) {
        let n = self.points.len().min(scalars.len());
        let logarithm: Fr = self.logarithms.iter().zip(scalars).map(|(x, s)| *x * s).sum();
        let expected = G1Projective::generator() * logarithm;
        for backend in available() {
            let name = backend.name();
            assert_eq!(multi_scalar_with(backend, &self.points, scalars), expected, "{name}, {n}: {what}");
            let all = combine_generators_with(backend, &self.points, scalars);
            assert_eq!(all, expected, "{name} on all cores, {n}: {what}");
        }
    }
}

/// Multiples of a few points that meet each other in every way: equal, opposite, doubled, sums of others, images under the
/// endomorphism and its square, infinity.
fn related(rng: &mut impl RngCore) -> Points {
    let lambda = G1Config::LAMBDA;
    let mut logarithms = vec![Fr::zero()];
    for base in [Fr::one(), Fr::rand(rng)] {
        for multiple in 1..=4_u64 {
            let x = base * Fr::from(multiple);
            logarithms.extend([x, -x, lambda * x, -lambda * x, lambda * lambda * x, -lambda * lambda * x]);
        }
    }
    Points::new(logarithms)
}

/// Scalars whose digits, halves or both are extreme, for digits of up to 14 bits.
fn extreme() -> Vec<Fr> {
    let (lambda, two) = (G1Config::LAMBDA, Fr::from(2_u64));
    let half = two.inverse().unwrap_or_default();
    let mut scalars = vec![Fr::zero(), Fr::one(), two, half, half - Fr::one(), half + Fr::one(), lambda];
    for bits in [1, 2, 7, 8, 13, 14, 62, 63, 64, 65, 124, 125, 126, 127, 128, 192, 253] {
        let power = two.pow([bits]);
        scalars.extend([power, power - Fr::one(), power + Fr::one(), power * (lambda + Fr::one())]);
    }
    for bits in 2..=14 {
        // Every digit as large as it may be, one more than that, and all ones.
        let base = two.pow([bits]);
        let ones = (0..120 / bits).fold(Fr::zero(), |sum, _| sum * base + Fr::one());
        let most = ones * two.pow([bits - 1]);
        scalars.extend([
            most,
            most + ones,
            ones * (base - Fr::one()),
            most + lambda * most,
            ones - lambda * most,
        ]);
    }
    // A sum over the three images of a point is zero where the halves are equal.
    scalars.extend((1..9_u64).map(|h| Fr::from(h) * (Fr::one() + lambda)));
    let negatives: Vec<Fr> = scalars.iter().map(|s| -*s).collect();
    [scalars, negatives].concat()
}

#[test]
fn related_points_in_any_order_are_summed_exactly() {
    let mut rng = ark_std::test_rng();
    let (pool, extreme) = (related(&mut rng), extreme());
    let size = pool.points.len();
    for n in [1, 2, 3, 5, 8, 9, 16, 33, 100, 257, 600, 2500] {
        for few in [1, 2, 3, size] {
            let first = rng.gen_range(0..size);
            let points = pool.choose(
                (0..n).map(|_| (first + rng.gen_range(0..few)) % size).collect::<Vec<_>>().into_iter(),
            );
            let mut scalars: Vec<Fr> = (0..n).map(|_| extreme[rng.gen_range(0..extreme.len())]).collect();
            points.check(&scalars, "extreme scalars");
            for scalar in scalars.iter_mut().step_by(3) {
                *scalar = Fr::rand(&mut rng);
            }
            points.check(&scalars, "mixed scalars");
            points.check(&vec![Fr::rand(&mut rng); n], "one random scalar");
            points.check(&vec![extreme[rng.gen_range(0..extreme.len())]; n], "one extreme scalar");
        }
    }
}

#[test]
fn every_extreme_scalar_is_exact() {
    let mut rng = ark_std::test_rng();
    let pool = related(&mut rng);
    for scalar in extreme() {
        for (n, points) in [(1, pool.choose(1..2)), (49, pool.choose(0..49))] {
            points.check(&vec![scalar; n], &format!("{scalar}"));
        }
    }
}

/// In one bucket, sums of a tree's level meet each other: the same, opposite, or infinity, in the middle of a batch.
#[test]
fn sums_that_cancel_at_any_level_of_a_bucket_are_exact() {
    let mut rng = ark_std::test_rng();
    let scalars = [Fr::one(), -Fr::one(), Fr::rand(&mut rng), Fr::from(1_u64 << 20)];
    // 1, 2, ..., 1500 and their negatives: sums of neighbours are equal or opposite at every level.
    let consecutive: Vec<Fr> = (1..=1500_u64).map(Fr::from).collect();
    let opposite: Vec<Fr> = consecutive.iter().map(|x| -*x).collect();
    let all = Points::new([consecutive, opposite].concat());
    let n = 1500;
    let orders: [(&str, Vec<usize>); 6] = [
        ("a progression", (0..n).collect()),
        ("pairs that cancel", (0..2 * n).map(|i| i / 2 + i % 2 * n).collect()),
        ("halves that cancel", (0..2 * n).collect()),
        ("halves that cancel, reversed", (0..n).chain((n..2 * n).rev()).collect()),
        (
            "blocks that cancel",
            (0..2 * n).map(|i| i / 16 * 8 + i % 8 + i / 8 % 2 * n).take(2 * n - 16).collect(),
        ),
        ("runs of one point", (0..2 * n).map(|i| i / 100 * 7 % n + i / 50 % 2 * n).collect()),
    ];
    for (what, order) in orders {
        let points = all.choose(order.into_iter());
        let length = points.points.len();
        for scalar in scalars {
            points.check(&vec![scalar; length], what);
        }
        let alternating: Vec<Fr> = (0..length).map(|i| scalars[i % 2]).collect();
        points.check(&alternating, what);
    }
}

#[test]
fn thousands_of_equal_points_are_exact() {
    let mut rng = ark_std::test_rng();
    let pool = related(&mut rng);
    let n = 20_000;
    let random: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
    for (what, period) in [("one point", 1), ("a point and its negative", 2), ("its six images", 6)] {
        let points = pool.choose((0..n).map(|i| 1 + i % period));
        points.check(&random, what);
        points.check(&vec![-Fr::one(); n], what);
    }
}

/// Exceptions anywhere in a batch, pairs of any indices in any order.
#[test]
fn pairs_of_any_indices_are_added_completely() {
    let mut rng = ark_std::test_rng();
    let pool = related(&mut rng);
    let size = pool.points.len();
    for kernel in available() {
        let affine = kernel.kernel().affine();
        for round in 0..20 {
            let n = 2 * rng.gen_range(1..2100_usize);
            // Some rounds have few exceptions among many chords.
            let points: Vec<G1Affine> = (0..n)
                .map(|_| {
                    let rare = round % 2 == 0 && rng.gen_range(0..64) > 0;
                    if rare {
                        (G1Affine::generator() * Fr::from(rng.gen_range(1..u64::MAX))).into_affine()
                    } else {
                        pool.points[rng.gen_range(0..size)]
                    }
                })
                .collect();
            let mut order: Vec<u32> = (0..n as u32).collect();
            for i in (1..n).rev() {
                order.swap(i, rng.gen_range(0..=i));
            }
            // First points are in no other pair, second ones in several; a few points meet themselves.
            let (firsts, seconds) = order.split_at(n / 2);
            let pairs: Vec<[u32; 2]> = firsts
                .iter()
                .map(|&first| match rng.gen_range(0..20) {
                    0 => [first; 2],
                    1..=5 => [first, seconds[0]],
                    _ => [first, seconds[rng.gen_range(0..seconds.len())]],
                })
                .collect();
            for negative in [false, true] {
                let mut packed = affine.pack(&points);
                if negative {
                    affine.subtract_pairs(&mut packed, &pairs);
                } else {
                    affine.add_pairs(&mut packed, &pairs);
                }
                let mut expected = points.clone();
                for [first, second] in pairs.iter().map(|pair| pair.map(|i| i as usize)) {
                    let second = if negative { -points[second] } else { points[second] };
                    expected[first] = (points[first] + second).into_affine();
                }
                for (i, expected) in expected.iter().enumerate() {
                    let name = kernel.name();
                    assert_eq!(
                        affine.unpack(&packed[i]),
                        *expected,
                        "{name}, round {round}: point {i} of {n}"
                    );
                }
            }
        }
    }
}

/// Values at the edges of every limb, as memory holds them: roots are exact powers.
#[test]
fn roots_of_extreme_values_are_powers() {
    let mut values: Vec<Fq> = vec![Fq::zero(), Fq::one(), -Fq::one()];
    for pattern in 0..1 << 4 {
        let words: [u64; 4] = std::array::from_fn(|k| if pattern >> k & 1 == 1 { u64::MAX } else { 0 });
        for top in [words[3] >> 3, 0x3064_4e72_e131_a028] {
            values.push(Fq::new_unchecked(BigInt([words[0], words[1], words[2], top])));
        }
    }
    for bits in (0..254).step_by(13) {
        let power = Fq::from(2_u64).pow([bits]);
        values.extend([power, -power, power - Fq::one()]);
    }
    let expected: Vec<Fq> = values.iter().map(|value| value.pow(ROOT)).collect();
    for kernel in available() {
        for length in [1, 7, 8, 9, 16, 17, values.len()] {
            let mut roots = values[..length].to_vec();
            kernel.kernel().affine().raise_to_root(&mut roots);
            assert_eq!(roots, expected[..length], "{}", kernel.name());
        }
    }
}

#[test]
fn no_points_and_no_scalars_give_infinity() {
    let points = Points::new(vec![Fr::one(), Fr::one().double()]);
    points.check(&[], "no scalars");
    Points::new(vec![]).check(&[Fr::one()], "no points");
    points.check(&[Fr::one()], "fewer scalars");
    points.check(&[Fr::one(); 3], "more scalars");
}
