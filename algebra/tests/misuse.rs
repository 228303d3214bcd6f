//! Sizes that do not go together: an error that names them, or the value that a definition gives; no panic.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::AffineRepr;
use ark_ff::{One, UniformRand, Zero};
use tacit_algebra::{
    Error, eq,
    generators::Generators,
    kernels::{
        CHUNK, available,
        bytes::{self, ByteProduct},
    },
    msm::{combine_generators_with, commit_rows_with, fold_generators_with, multi_scalar_with},
    small,
};

const COORDINATES: &str = "the number of a point's coordinates";

fn point(n: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    (0..n).map(|_| Fr::rand(&mut rng)).collect()
}

#[test]
fn points_of_different_lengths_have_no_equality_polynomial() {
    for (left, right) in [(0, 1), (1, 0), (3, 5), (5, 3), (70, 1)] {
        let error = Err(Error { what: COORDINATES, expected: left, actual: right });
        assert_eq!(eq::evaluate(&point(left), &point(right)), error);
        for length in [0, 1, 9, usize::MAX] {
            assert_eq!(eq::evaluate_prefix(&point(left), &point(right), length), error);
            assert_eq!(eq::evaluate_diagonal(&[&point(left), &point(left), &point(right)], length), error);
        }
    }
    assert_eq!(eq::evaluate_diagonal(&[], 0), Ok(Fr::zero()));
    assert_eq!(eq::evaluate_diagonal(&[], 1), Ok(Fr::one()));
}

#[test]
fn no_point_of_the_hypercube_has_an_index_beyond_it() {
    for n in [0, 1, 3] {
        let r = point(n);
        let full = eq::table(&r, 1 << n);
        for index in [1 << n, (1 << n) + 1, 5 << n, usize::MAX] {
            assert_eq!(eq::evaluate_index(&r, index), Fr::zero());
            assert_eq!(eq::evaluate_range(&r, index), Fr::one());
        }
        for length in [1 << n, (1 << n) + 1, 100, 2 * CHUNK + 1] {
            let mut expected = full.clone();
            expected.resize(length, Fr::zero());
            assert_eq!(eq::table(&r, length), expected);
            for kernel in available() {
                assert_eq!(kernel.equality_table(&r, length), expected, "{}", kernel.name());
            }
        }
    }
    // More coordinates than an index has bits.
    let long = point(70);
    let zero = long.iter().map(|r| Fr::one() - r).product::<Fr>();
    assert_eq!(eq::table(&long, 1), [zero]);
    assert_eq!(eq::evaluate_index(&long, 0), zero);
    for kernel in available() {
        assert_eq!(kernel.equality_table(&long, 3), eq::table(&long, 3));
    }
}

#[test]
fn rows_longer_than_their_generators_are_not_committed_to() {
    let generators = Generators::new(2).unwrap();
    for kernel in available() {
        let commit = |rows: &[Vec<i64>]| commit_rows_with(kernel, &generators, rows);
        let error = Error { what: "the length of a row to commit to", expected: 4, actual: 6 };
        assert_eq!(commit(&[vec![1; 3], vec![0; 6], vec![2; 5]]), Err(error), "{}", kernel.name());
        assert_eq!(commit(&[]), Ok(vec![]));
        assert!(commit(&[vec![], vec![1; 4]]).is_ok());
    }
}

#[test]
fn vectors_of_different_lengths_are_taken_over_the_shortest() {
    for backend in available() {
        for (n, m) in [(0, 5), (5, 0), (17, 40), (40, 17), (CHUNK + 9, 3 * CHUNK), (3 * CHUNK, CHUNK + 9)] {
            let (a, b) = (point(n), point(m));
            let k = n.min(m);
            let products: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
            assert_eq!(backend.inner_product(&a, &b), products.iter().sum());
            let mut target = a.clone();
            backend.multiply(&mut target, &b);
            assert_eq!((&target[..k], &target[k..]), (&products[..], &a[k..]), "{}", backend.name());
            let mut target = a.clone();
            backend.add_products(&mut target, &b, &a);
            assert!(
                target[..k].iter().zip(&a).zip(&products).all(|((sum, a), product)| *sum == *a + product)
            );
            assert_eq!(target[k..], a[k..]);
            let mut target = a.clone();
            backend.add_scaled(&mut target, &b, Fr::one());
            assert_eq!(target[k..], a[k..]);
            // More entries than both sides have.
            let mut values = a.clone();
            backend.bind(&mut values, m / 3, Fr::from(5_u64));
            assert_eq!(values.len(), n.min(m / 3));
            let _ = backend.product_round((&a, &b), (&b, &a));
            let _ = backend.product_round((&a, &[]), (&b, &a));
        }
    }
}

#[test]
fn matrices_are_folded_over_the_columns_and_weights_there_are() {
    let (weights, rows) = (point(3), [&[1_i64, -2, 3, 4][..], &[5, 6], &[], &[i64::MIN]]);
    let narrow = [&[1_i8, -2, 3, 4][..], &[5, 6], &[], &[i8::MIN]];
    let at = |row: &[i64], j: usize| row.get(j).copied().map_or(Fr::zero(), small::from_i64);
    for backend in available() {
        for (columns, count) in [(0, 3), (1, 2), (3, 3), (3, 1), (5000, 3), (2, 0)] {
            let weights = &weights[..count];
            let fold =
                |j: usize| weights.iter().zip(&rows).map(|(weight, row)| *weight * at(row, j)).sum::<Fr>();
            let expected: Vec<Fr> = (0..columns).map(fold).collect();
            assert_eq!(backend.fold_integers(weights, &rows, columns), expected, "{}", backend.name());
            assert_eq!(backend.fold_bytes(weights, &narrow, columns), expected, "{}", backend.name());
        }
    }
}

#[test]
fn products_of_bytes_need_room_for_all_their_sums() {
    let (left, right) = ([1_i8; 7], [2_u8; 11]);
    for backend in bytes::available() {
        // Two rows by three rows, and what is left over.
        let product = |inner, stride| ByteProduct { left: &left, right: &right, inner, scale: 1, stride };
        for actual in [0, 1, 6, 7] {
            let error = Error { what: "the number of sums of a product", expected: 8, actual };
            let mut sums = vec![9; actual];
            assert_eq!(backend.add_product(&product(3, 5), &mut sums), Err(error), "{}", backend.name());
            assert_eq!(sums, vec![9; actual]);
        }
        let mut sums = [0; 8];
        backend.add_product(&product(3, 5), &mut sums).unwrap();
        assert_eq!(sums, [6, 6, 6, 0, 0, 6, 6, 6]);
        assert!(backend.add_product(&product(3, usize::MAX), &mut sums).is_err());
        // Rows without entries, and none at all.
        for inner in [0, 8, usize::MAX] {
            backend.add_product(&product(inner, 0), &mut []).unwrap();
        }
    }
}

#[test]
fn multiples_are_summed_over_the_shorter_list() {
    let generators = Generators::new(4).unwrap();
    let points = generators.vector();
    for backend in available() {
        for (n, m) in [(0, 3), (3, 0), (16, 5), (5, 40)] {
            let (points, scalars) = (&points[..n], point(m));
            let k = n.min(m);
            let sum: G1Projective =
                points[..k].iter().zip(&scalars).map(|(point, scalar)| *point * scalar).sum();
            assert_eq!(multi_scalar_with(backend, points, &scalars), sum);
            assert_eq!(combine_generators_with(backend, points, &scalars), sum);
            let folded = fold_generators_with(backend, points, &scalars);
            assert_eq!(folded.len(), n / m.max(1));
        }
        let nothing = fold_generators_with(backend, points, &[]);
        assert!(nothing.iter().all(G1Affine::is_zero), "an empty sum");
    }
}

#[test]
fn sums_over_integers_stop_with_the_shorter_list_and_take_every_integer() {
    let scalars = point(3);
    let integers = [i64::MIN, i64::MAX];
    let expected = scalars.iter().zip(integers).map(|(scalar, x)| *scalar * small::from_i64(x)).sum();
    assert_eq!(small::inner_product(&scalars, integers), expected);
    assert_eq!(small::inner_product(&scalars, [0; 9]), Fr::zero());
    assert_eq!(small::inner_product(&[], integers), Fr::zero());
}

#[test]
fn generators_that_no_machine_holds_are_refused() {
    use tacit_algebra::generators::{Generators, MAX_GENERATOR_VARS};
    for actual in [MAX_GENERATOR_VARS + 1, 64, usize::MAX] {
        let error =
            Error { what: "the logarithm of the number of generators", expected: MAX_GENERATOR_VARS, actual };
        assert_eq!(Generators::new(actual), Err(error));
    }
}
