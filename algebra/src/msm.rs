//! Multi-scalar multiplications: full-width products of any points, which verifiers take; commitments to small integers and
//! folded generators, which provers take.

use ark_bn254::{Fr, G1Affine, G1Projective};

mod buckets;
mod commit;
mod fold;
mod halves;

use self::buckets::Threads;
pub use self::commit::{commit_rows, commit_rows_with};
use crate::kernels::{Backend, affine, backend};

/// $\sum_i s_i P_i$ over the shorter of the two lists, for any points of the curve, on one core.
pub fn multi_scalar(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    buckets::multi_scalar(affine::kernel(), points, scalars, Threads::One)
}

/// As [`multi_scalar`], on a backend of one's choice.
pub fn multi_scalar_with(backend: Backend, points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    buckets::multi_scalar(backend.affine(), points, scalars, Threads::One)
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

#[cfg(test)]
mod tests {
    use ark_bn254::g1::Config as G1Config;
    use ark_ec::scalar_mul::glv::GLVConfig;
    use ark_ff::{Field, One, UniformRand, Zero};

    use super::*;
    use crate::{generators::Generators, kernels::available, small::from_i64};

    #[test]
    fn small_commitments_match_full_width_products_for_every_width() {
        let generators = Generators::new(6).unwrap();
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
            let rows = commit_rows_with(kernel, &generators, &rows).unwrap();
            assert_eq!(rows, expected, "{}", kernel.name());
        }
    }

    #[test]
    fn generators_are_combined_and_folded_alike_by_every_kernel() {
        let mut rng = ark_std::test_rng();
        let generators = Generators::new(8).unwrap();
        let points = generators.vector();
        for n in [0, 1, 15, 16, 17, 100, 256] {
            let mut scalars: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
            for (scalar, edge) in
                scalars.iter_mut().zip([Fr::zero(), Fr::one(), -Fr::one(), Fr::from(2_u64).pow([253])])
            {
                *scalar = edge;
            }
            for kernel in available() {
                let sum = combine_generators_with(kernel, points, &scalars);
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
                    let folded = fold_generators_with(kernel, &points[..n], &coefficients);
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
        let (points, random) =
            (Generators::new(8).unwrap(), (0..300).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>());
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
                    let sum = multi_scalar_with(kernel, &points[..n], scalars);
                    assert_eq!(sum, expected, "{}, list {index}, {n} points", kernel.name());
                }
            }
        }
        // A combination that cancels, as the verifier's does.
        let [a, b] = [random[0], random[1]];
        let sum = (points[0] * a + points[1] * b).into();
        for kernel in available() {
            let points = [points[0], points[1], sum, points[0], points[0]];
            let zero = multi_scalar_with(kernel, &points, &[a, b, -one, one, -one]);
            assert!(zero.is_zero(), "{}", kernel.name());
            assert!(multi_scalar_with(kernel, &[], &[]).is_zero());
        }
    }
}
