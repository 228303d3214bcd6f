//! Every kernel this processor can run gives what the reference gives, at edge values and at every length.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::scalar_mul::glv::GLVConfig;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInt, Field, One, PrimeField, UniformRand, Zero};
use ark_std::rand::Rng;
use tacit_algebra::{
    eq,
    kernels::{
        Backend, CHUNK, Kernel, available,
        rows::{EntryForm, FractionForm, LinearRows, MOST_BOUND},
    },
    small::from_i64,
};

/// Lengths around a register, a block between carries, and a chunk.
const LENGTHS: [usize; 9] = [0, 1, 7, 8, 15, 17, 24, 2051, CHUNK];

/// The element that memory holds as the integer one.
fn raw_one() -> Fr {
    Fr::from(2_u64).pow([256]).inverse().unwrap_or_default()
}

/// The largest representation in every entry: the worst case of every lazy sum.
fn largest(length: usize) -> Vec<Fr> {
    vec![-raw_one(); length]
}

/// The element that memory holds as these words.
const fn raw(words: [u64; 4]) -> Fr {
    Fr::new_unchecked(BigInt(words))
}

/// Zero, one, values whose representation is small, nearly the modulus, or all ones in some limbs, and random ones.
fn element(rng: &mut impl Rng, i: usize) -> Fr {
    const TOP: u64 = Fr::MODULUS.0[3] - 1;
    let edges = [
        Fr::zero(),
        Fr::one(),
        -Fr::one(),
        raw_one(),
        -raw_one(),
        -raw_one().double(),
        Fr::from(16_u64),
        raw([u64::MAX, u64::MAX, u64::MAX, TOP]),
        raw([0, u64::MAX, 0, TOP]),
        raw([u64::MAX, 0, u64::MAX, 0]),
        raw([0, 0, 0, TOP + 1]),
        raw([(1 << 52) - 1, 0, 0, 0]),
        raw([1 << 52, 0, 0, 1 << 60]),
    ];
    if i.is_multiple_of(3) { edges[i / 3 % edges.len()] } else { Fr::rand(rng) }
}

fn vector(rng: &mut impl Rng, length: usize) -> Vec<Fr> {
    (0..length).map(|i| element(rng, i + length)).collect()
}

fn portable() -> &'static dyn Kernel {
    available()[0].kernel()
}

fn fast() -> impl Iterator<Item = &'static dyn Kernel> {
    kernels().skip(1)
}

fn kernels() -> impl Iterator<Item = &'static dyn Kernel> {
    available().into_iter().map(Backend::kernel)
}

#[test]
fn the_reference_comes_first_and_names_are_distinct() {
    let mut names: Vec<_> = available().iter().map(|kernel| kernel.name()).collect();
    assert_eq!(names[0], "portable");
    names.dedup();
    assert_eq!(names.len(), available().len());
}

#[test]
fn element_by_element_kernels_agree_with_the_reference() {
    let mut rng = ark_std::test_rng();
    for kernel in fast() {
        for n in LENGTHS {
            for edge in 0..7 {
                let (a, b) = (vector(&mut rng, n), vector(&mut rng, n));
                let r = element(&mut rng, 3 * edge);
                let run = |kernel: &dyn Kernel| {
                    let mut bound = a.clone();
                    kernel.bind(&mut bound, &b, r);
                    let (mut zero, mut one) = (a.clone(), vec![Fr::zero(); n.min(n / 2 + 1)]);
                    kernel.split(&mut zero, &mut one, r);
                    let mut sum = a.clone();
                    kernel.add_scaled(&mut sum, &b, r);
                    let mut halved = vec![Fr::zero(); n / 2];
                    kernel.bind_pairs(&a[..n / 2 * 2], &mut halved, r);
                    let mut product = a.clone();
                    kernel.multiply(&mut product, &b);
                    [bound, zero, one, sum, halved, product]
                };
                assert_eq!(run(kernel), run(portable()), "{} over {n}", kernel.name());
            }
            let (mut product, mut expected) = (largest(n), largest(n));
            kernel.multiply(&mut product, &largest(n));
            portable().multiply(&mut expected, &largest(n));
            assert_eq!(product, expected, "{} over {n}", kernel.name());
        }
    }
}

#[test]
fn sums_agree_with_the_reference() {
    let mut rng = ark_std::test_rng();
    for kernel in fast() {
        for n in LENGTHS {
            let alternating = (0..9).map(|i| if i % 2 == 0 { largest(n) } else { vec![Fr::zero(); n] });
            let alternating: Vec<Vec<Fr>> = alternating.collect();
            let worst: Vec<Vec<Fr>> = (0..9).map(|_| largest(n)).collect();
            let random: Vec<Vec<Fr>> = (0..9).map(|_| vector(&mut rng, n)).collect();
            for v in [random, alternating, worst] {
                let pairs: Vec<Vec<Fr>> = v[..8]
                    .chunks(2)
                    .map(|pair| pair[0].iter().zip(&pair[1]).flat_map(|(a, b)| [*a, *b]).collect())
                    .collect();
                let run = |kernel: &dyn Kernel| {
                    let [constant, leading] = kernel.product_round((&v[0], &v[1]), (&v[2], &v[3]));
                    let pairs = |i: usize| &pairs[i][..];
                    let [first, second] =
                        kernel.fraction_round([pairs(0), pairs(1), pairs(2), pairs(3)], &v[8]);
                    let [zero, two] = kernel.weighted_round(pairs(0), pairs(1), &v[8]);
                    [kernel.inner_product(&v[0], &v[1]), constant, leading, first, second, zero, two]
                };
                assert_eq!(run(kernel), run(portable()), "{} over {n}", kernel.name());
                let fractions = |kernel: &dyn Kernel| {
                    let all = |i: usize| &pairs[i][..];
                    let mut sums = [(); 4].map(|()| vec![Fr::zero(); n]);
                    let [p0, p1, q0, q1] = &mut sums;
                    kernel.add_fractions([all(0), all(1)], [all(2), all(3)], [[p0, p1], [q0, q1]]);
                    let mut reciprocals = [(); 4].map(|()| vec![Fr::zero(); n]);
                    let [p0, p1, q0, q1] = &mut reciprocals;
                    kernel.add_reciprocals([all(2), all(3)], [[p0, p1], [q0, q1]]);
                    let mut products = v[4].clone();
                    kernel.add_products(&mut products, &v[5], &v[6]);
                    (sums, reciprocals, products)
                };
                assert_eq!(fractions(kernel), fractions(portable()), "{} over {n}", kernel.name());
            }
        }
    }
}

/// What a round over integers sums, multiplied out; without bounds nothing is clipped.
fn integer_sums(integers: &[[u32; 4]], weights: &[Fr], [lower, upper]: [u32; 2]) -> [Fr; 9] {
    let mut sums = [Fr::zero(); 9];
    for (weight, row) in weights.iter().zip(integers) {
        let row = row.map(i128::from);
        let clipped = row.map(|x| x.max(lower.into()).min(upper.into()) - i128::from(lower));
        let ([a, b, a1, b1], [c, d, c1, d1]) = (row, clipped);
        let (da, db, dc, dd) = (a1 - a, b1 - b, c1 - c, d1 - d);
        let terms = [1, a + b, a * b, da * db, c + d, a * d + c * b, c * d, da * dd + dc * db, dc * dd];
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += *weight * from_i64(term as i64);
        }
    }
    sums
}

#[test]
fn rounds_over_integers_are_sums_of_products() {
    const LAST: u32 = (1 << 19) - 1;
    let mut rng = ark_std::test_rng();
    // Slopes as negative and as positive as they can be, products of two of them, and all of them alike.
    let edges =
        [[LAST; 4], [0; 4], [0, LAST, LAST, 0], [LAST, LAST, 0, 0], [0, 0, LAST, LAST], [1, 0, 0, LAST]];
    for n in LENGTHS {
        let random: Vec<[u32; 4]> = (0..n).map(|_| [(); 4].map(|()| rng.gen_range(0..=LAST))).collect();
        let mixed: Vec<[u32; 4]> =
            (0..n).map(|i| if i % 3 == 0 { random[i] } else { edges[i % 6] }).collect();
        let constant = edges.iter().map(|&edge| vec![edge; n]);
        for integers in constant.chain([random, mixed]) {
            for weights in [largest(n), vec![Fr::zero(); n], vec![raw_one(); n], vector(&mut rng, n)] {
                for bounds in [[0, LAST], [0, 0], [LAST, LAST], [1000, 300_000], [0, 5], [LAST - 1, LAST]] {
                    let expected = integer_sums(&integers, &weights, bounds);
                    for kernel in kernels() {
                        let clipped = kernel.clipped_round(&integers, &weights, bounds);
                        assert_eq!(clipped, expected, "{} over {n}, {bounds:?}", kernel.name());
                        let plain = kernel.integer_round(&integers, &weights);
                        assert_eq!(plain, expected[..4], "{} over {n}", kernel.name());
                    }
                }
            }
        }
    }
}

/// The entries of rows, with variables bound one after the other.
fn bound(mut entries: Vec<Fr>, bound: &[Fr]) -> Vec<Fr> {
    for r in bound {
        entries = entries.as_chunks::<2>().0.iter().map(|[zero, one]| *zero + *r * (*one - zero)).collect();
    }
    entries
}

#[test]
fn entries_and_fractions_of_rows_are_those_of_their_tables() {
    const LAST: u32 = (1 << 19) - 1;
    let mut rng = ark_std::test_rng();
    for clipped in [None, Some([0, LAST]), Some([LAST, LAST]), Some([0, 0]), Some([1000, 300_000])] {
        for (case, n) in LENGTHS.into_iter().filter(|&n| n < 100).enumerate() {
            let mut element = || if case % 2 == 0 { Fr::rand(&mut rng) } else { -raw_one() };
            let [first, slope, second] = [(); 3].map(|()| element());
            let values: Vec<Fr> = (0..MOST_BOUND).map(|_| element()).collect();
            let rows = LinearRows { first, slope, clipped: clipped.map(|bounds| (bounds, second)) };
            let entry = |row: u32| {
                let second = clipped.map_or_else(Fr::zero, |[lower, upper]| {
                    second * Fr::from(row.max(lower).min(upper) - lower)
                });
                first + slope * Fr::from(row) + second
            };
            for num_bound in 0..=MOST_BOUND {
                let values = &values[..num_bound];
                let groups = n << num_bound;
                let looked_up: Vec<[u32; 4]> = (0..groups)
                    .map(|i| {
                        if case % 3 == 0 {
                            [LAST; 4]
                        } else {
                            [(); 4].map(|()| rng.gen_range(i as u32..=LAST))
                        }
                    })
                    .collect();
                let at = |place: usize| looked_up.iter().map(|row| entry(row[place])).collect::<Vec<Fr>>();
                let [a, b, c, d] = [0, 1, 2, 3].map(at);
                let fractions = |x: &[Fr], y: &[Fr]| {
                    let pairs = || x.iter().zip(y);
                    [pairs().map(|(x, y)| *x + y).collect(), pairs().map(|(x, y)| *x * y).collect()]
                        .map(|table: Vec<Fr>| bound(table, values))
                };
                let ([p0, q0], [p1, q1]) = (fractions(&a, &b), fractions(&c, &d));
                let sides = [[&a, &c], [&b, &d]]
                    .map(|[zero, one]| zero.iter().zip(one).flat_map(|(zero, one)| [*zero, *one]).collect())
                    .map(|table: Vec<Fr>| bound(table, values));
                for backend in available() {
                    let (kernel, name) = (backend.kernel(), backend.name());
                    let form = FractionForm::new(&rows, values).expect("few are bound");
                    let mut sums = [(); 4].map(|()| vec![Fr::zero(); n]);
                    let [a, b, c, d] = &mut sums;
                    kernel.row_fractions(&looked_up, &form, [[a, b], [c, d]]);
                    assert_eq!(sums, [&p0, &p1, &q0, &q1].map(Clone::clone), "{name}, {num_bound} bound");
                    let Some(form) = EntryForm::new(&rows, values) else {
                        assert_eq!(num_bound, 0);
                        continue;
                    };
                    let mut entries = [(); 2].map(|()| vec![Fr::zero(); 2 * n]);
                    let [even, odd] = &mut entries;
                    kernel.row_entries(&looked_up, &form, [even, odd]);
                    assert_eq!(entries, sides, "{name}, {num_bound} bound");
                }
            }
            let many = vec![first; MOST_BOUND + 1];
            assert!(FractionForm::new(&rows, &many).is_none() && EntryForm::new(&rows, &many).is_none());
        }
    }
}

/// The fold of a matrix given row by row, multiplied out.
fn multiplied(weights: &[Fr], rows: &[Vec<i64>], columns: usize) -> Vec<Fr> {
    let mut sums = vec![Fr::ZERO; columns];
    for (weight, row) in weights.iter().zip(rows) {
        for (sum, &x) in sums.iter_mut().zip(row) {
            *sum += *weight * from_i64(x);
        }
    }
    sums
}

#[test]
fn folds_are_sums_of_products() {
    let mut rng = ark_std::test_rng();
    for (height, columns) in [(0, 5), (1, 1), (3, 8), (5, 23), (7, 24), (9, 25), (40, 100), (5000, 30)] {
        for worst in [false, true] {
            let weights = if worst { largest(height) } else { vector(&mut rng, height) };
            let byte = |i: usize, j: usize| -> i8 {
                if worst { [i8::MIN, i8::MAX][j % 2] } else { ((i * 89 + j * 57) % 256) as u8 as i8 }
            };
            // Every other row is one column short.
            let bytes: Vec<Vec<i8>> =
                (0..height).map(|i| (0..columns - i % 2).map(|j| byte(i, j)).collect()).collect();
            let scaled = |scale: i64| -> Vec<Vec<i64>> {
                bytes.iter().map(|row| row.iter().map(|&x| i64::from(x) * scale).collect()).collect()
            };
            for backend in available() {
                let kernel = backend.kernel();
                let rows: Vec<&[i8]> = bytes.iter().map(Vec::as_slice).collect();
                let expected = multiplied(&weights, &scaled(1), columns);
                assert_eq!(kernel.fold_bytes(&weights, &rows, columns), expected, "{}", kernel.name());
                for scale in [1, 1023, 1 << 40] {
                    let integers = scaled(scale);
                    let rows: Vec<&[i64]> = integers.iter().map(Vec::as_slice).collect();
                    let expected = multiplied(&weights, &integers, columns);
                    assert_eq!(kernel.fold_integers(&weights, &rows, columns), expected);
                    assert_eq!(backend.fold_integers(&weights, &rows, columns), expected);
                }
            }
        }
    }
}

#[test]
fn long_vectors_are_split_without_a_seam() {
    let mut rng = ark_std::test_rng();
    let n = 4 * CHUNK + 5;
    let (a, b, point) = (vector(&mut rng, n), vector(&mut rng, n), vector(&mut rng, 15));
    let reference = available()[0];
    for backend in available() {
        assert_eq!(backend.inner_product(&a, &b), a.iter().zip(&b).map(|(a, b)| *a * b).sum());
        // Upper sides of every relation of lengths: a missing entry is zero.
        let lower = 2 * CHUNK + 100;
        for (p, q) in [(0, 0), (0, CHUNK), (CHUNK + 7, 5), (n - lower, n - lower), (n - lower, 0)] {
            let (a, b) = ((&a[..lower], &a[lower..][..p]), (&b[..lower], &b[lower..][..q]));
            let at = |side: &[Fr], i: usize| side.get(i).copied().unwrap_or_default();
            let expected = (0..lower).fold([Fr::zero(); 2], |sums, i| {
                let slopes = [at(a.1, i) - a.0[i], at(b.1, i) - b.0[i]];
                [sums[0] + a.0[i] * b.0[i], sums[1] + slopes[0] * slopes[1]]
            });
            assert_eq!(backend.product_round(a, b), expected);
        }
        for length in [1, 2, 4097, 20000, 1 << 15] {
            let table = backend.equality_table(&point, length);
            assert_eq!(table.len(), length);
            for index in [0, length / 3, length - 1] {
                assert_eq!(table[index], eq::evaluate_index(&point, index));
            }
            assert_eq!(table, reference.equality_table(&point, length));
        }
        let half = 2 * CHUNK + 1;
        let mut bound = a.clone();
        backend.bind(&mut bound, half, b[0]);
        let expected: Vec<Fr> =
            (0..half).map(|i| a[i] + b[0] * (a.get(i + half).copied().unwrap_or_default() - a[i])).collect();
        assert_eq!(bound, expected);
        let [mut sums, mut expected] = [(); 2].map(|()| a[..b.len().min(a.len())].to_vec());
        let n = sums.len();
        backend.add_products(&mut sums, &b[..n], &a[..n]);
        reference.add_products(&mut expected, &b[..n], &a[..n]);
        assert_eq!(sums, expected);
    }
}

#[test]
fn points_are_added_completely_by_every_kernel() {
    let mut rng = ark_std::test_rng();
    let few: Vec<G1Affine> = (0..4).map(|_| G1Projective::rand(&mut rng).into_affine()).collect();
    // Every pair of these occurs: equal points, negatives, infinity on either side or both, and points of equal y.
    let beta = |point: &G1Affine| point.mul_bigint(ark_bn254::g1::Config::LAMBDA.into_bigint()).into_affine();
    let edges: Vec<G1Affine> =
        few.iter().flat_map(|point| [*point, -*point, beta(point), G1Affine::zero()]).collect();
    let pairs = |n: usize| (0..n * n).map(move |i| (i / n, i % n));
    for kernel in kernels() {
        let affine = kernel.affine();
        let lists: [Vec<(usize, usize)>; 3] = [
            pairs(edges.len()).collect(),
            pairs(4).collect(),
            // One exception among many chords, at every lane.
            (0..200).map(|i| (i % 3 * 4, if i % 9 == 8 { i % 3 * 4 } else { 12 })).collect(),
        ];
        for list in lists {
            for n in [0, 1, 7, 8, 9, 16, list.len()] {
                let list = &list[..n.min(list.len())];
                let points: Vec<G1Affine> = list.iter().flat_map(|&(a, b)| [edges[a], edges[b]]).collect();
                let mut packed = affine.pack(&points);
                let indices: Vec<[u32; 2]> = (0..list.len() as u32).map(|k| [2 * k, 2 * k + 1]).collect();
                affine.add_pairs(&mut packed, &indices);
                for (k, &(a, b)) in list.iter().enumerate() {
                    let expected = (edges[a] + edges[b]).into_affine();
                    let name = kernel.name();
                    assert_eq!(affine.unpack(&packed[2 * k]), expected, "{name}, {k} of {n}: {a} + {b}");
                    assert_eq!(affine.unpack(&packed[2 * k + 1]), edges[b], "{name}: the second stays");
                }
            }
        }
        // Beyond a batch of shared inversions, and points added to themselves in place.
        let points: Vec<G1Affine> = (0..5000).map(|i| edges[i % edges.len()]).collect();
        let mut packed = affine.pack(&points);
        for (image, point) in packed[5000..].iter().zip(&points) {
            assert_eq!(affine.unpack(image), beta(point));
        }
        affine.add_pairs(&mut packed, &(0..5000).map(|k| [k, k]).collect::<Vec<_>>());
        for (double, point) in packed.iter().zip(&points) {
            assert_eq!(affine.unpack(double), (*point + *point).into_affine());
        }
    }
}
