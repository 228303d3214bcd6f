//! Shared rows: what a prover opens lies in the rows, but is not cut out of them as the verifier cuts.

use ark_bn254::{Fr, G1Affine};
use ark_ff::{One, Zero};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_algebra::{eq, generators::Generators, small::from_i64};
use tacit_layers::{
    Layout,
    argument::{
        claim::EvaluationClaim,
        hyrax::{OpeningClaim, Place, places},
    },
    tensor::evaluation::evaluate,
};
use tacit_prover::{
    ProvingKey,
    cheating::{Run, open_instead},
    hyrax::{self, CommittedList},
    integers::Integers,
    opening::{CommittedTensor, Elements},
};
use tacit_transcript::{ProofReader, ProofWriter};
use tacit_verifier::{
    Error,
    hyrax::{self as verifier, Commitment},
};

use super::{DOMAIN, layout, network::verdict, tiny};

/// Shapes around a row of $2^n$ places: one element, powers of two and others, one short of a row, a row, one more, several.
fn shapes(key_vars: usize) -> Vec<Vec<usize>> {
    let row = 1_usize << key_vars;
    vec![
        vec![1],
        vec![1, 1, 1],
        vec![2],
        vec![3],
        vec![row],
        vec![row.max(2) - 1],
        vec![row + 1],
        vec![2 * row],
        vec![3, row],
        vec![2, (row / 2).max(1)],
        vec![3, 5],
        vec![1, 3, 1],
        vec![5, 1, 3],
        vec![(row / 2).max(1)],
        vec![row / 2 + 1],
    ]
}

/// A list of tensors that are committed to together, of small integers or of field elements, in rows of its own length.
struct List {
    row_vars: usize,
    layouts: Vec<Layout>,
    integers: Vec<Vec<i64>>,
    elements: Option<Vec<Vec<Fr>>>,
}

impl List {
    fn random(rng: &mut ChaCha8Rng, row_vars: usize, count: usize, field: bool) -> Self {
        let shapes = shapes(row_vars);
        let layouts: Vec<Layout> =
            (0..count).map(|_| layout(&shapes[rng.random_range(0..shapes.len())])).collect();
        let integers: Vec<Vec<i64>> = layouts
            .iter()
            .map(|layout| (0..layout.num_elements()).map(|_| rng.random_range(-300..300)).collect())
            .collect();
        let wide = |x: &i64| from_i64(*x) * Fr::from(1_u128 << 100);
        let elements = field.then(|| integers.iter().map(|data| data.iter().map(wide).collect()).collect());
        Self { row_vars, layouts, integers, elements }
    }

    fn tensors(&self) -> Vec<CommittedTensor<'_>> {
        let values = |i: usize| match &self.elements {
            Some(elements) => Elements::Field(&elements[i]),
            None => Integers::Int64(&self.integers[i]).into(),
        };
        self.layouts
            .iter()
            .zip(0..)
            .map(|(layout, i)| CommittedTensor { layout, values: values(i) })
            .collect()
    }

    fn evaluate(&self, index: usize, point: &[Fr]) -> Fr {
        let value = evaluate(&self.layouts[index], &self.integers[index], point).unwrap();
        if self.elements.is_some() { value * Fr::from(1_u128 << 100) } else { value }
    }
}

fn random_scalars(rng: &mut ChaCha8Rng, count: usize) -> Vec<Fr> {
    (0..count).map(|_| Fr::from(rng.random::<u128>()) * Fr::from(rng.random::<u128>())).collect()
}

/// As many lists as a network has: parameters, witness, deferred columns by themselves, and one of shorter rows.
struct Lists {
    lists: Vec<List>,
    generators: std::sync::Arc<Generators>,
}

impl Lists {
    fn random(rng: &mut ChaCha8Rng, key_vars: usize) -> Self {
        let counts = [rng.random_range(0..6), rng.random_range(1..9), 1, 1];
        let mut lists: Vec<List> =
            counts.into_iter().zip(0..).map(|(count, i)| List::random(rng, key_vars, count, i > 1)).collect();
        let (shorter, count) = (rng.random_range(0..=key_vars), rng.random_range(0..3));
        lists.push(List::random(rng, shorter, count, false));
        Self { lists, generators: Generators::new(key_vars).unwrap() }
    }

    /// One or two true claims on every tensor; tensors of one size share column points.
    fn claims(&self, rng: &mut ChaCha8Rng) -> Vec<OpeningClaim> {
        let common = random_scalars(rng, 16);
        let tensors = self.lists.iter().flat_map(|list| (0..list.layouts.len()).map(move |i| (list, i)));
        let mut claims = vec![];
        for (subject, (list, i)) in tensors.enumerate() {
            let n = list.layouts[i].num_vars();
            for shared in [true, false].into_iter().take(rng.random_range(1..3)) {
                let point = if shared { common[..n].to_vec() } else { random_scalars(rng, n) };
                let value = list.evaluate(i, &point);
                claims.push(EvaluationClaim::new(subject, point, value));
            }
        }
        claims
    }

    fn verify(&self, rows: &[Vec<G1Affine>], claims: &[OpeningClaim], proof: &[u8]) -> Result<(), Error> {
        let commitments: Vec<Commitment> = self
            .lists
            .iter()
            .zip(rows)
            .map(|(list, rows)| Commitment {
                layouts: list.layouts.iter().collect(),
                rows,
                row_vars: list.row_vars,
            })
            .collect();
        let mut reader = ProofReader::new(DOMAIN, proof);
        verifier::verify(&mut reader, &commitments, claims, &self.generators)?;
        Ok(reader.finish()?)
    }

    fn check(&self, claims: &[OpeningClaim]) -> Result<(), Error> {
        let tensors: Vec<Vec<CommittedTensor>> = self.lists.iter().map(List::tensors).collect();
        let lists: Vec<CommittedList> = tensors
            .iter()
            .zip(&self.lists)
            .map(|(tensors, list)| CommittedList { tensors, row_vars: list.row_vars })
            .collect();
        let commit =
            |list: &CommittedList| hyrax::commit(list.tensors, &Generators::new(list.row_vars).unwrap());
        let rows: Vec<Vec<G1Affine>> = lists.iter().map(commit).collect();
        let mut writer = ProofWriter::new(DOMAIN);
        hyrax::open(&mut writer, &lists, claims, &self.generators);
        self.verify(&rows, claims, &writer.finish())
    }
}

#[test]
fn accepts_true_claims_on_lists_of_any_shapes_and_no_other_values() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for round in 0..120 {
        let key_vars = round % 6;
        let lists = Lists::random(&mut rng, key_vars);
        let claims = lists.claims(&mut rng);
        assert_eq!(lists.check(&claims), Ok(()), "round {round}");
        // The values of two claims, exchanged.
        let (i, j) = (rng.random_range(0..claims.len()), rng.random_range(0..claims.len()));
        let mut exchanged = claims.clone();
        (exchanged[i].value, exchanged[j].value) = (claims[j].value, claims[i].value);
        let expected = if claims[i].value == claims[j].value { Ok(()) } else { Err(Error::Opening) };
        assert_eq!(lists.check(&exchanged), expected, "round {round}: claims {i} and {j}");
    }
}

const KEY_VARS: usize = 4;

/// One list in shared rows of sixteen, and the rows themselves as tensors of a row each.
struct Packed {
    layouts: Vec<Layout>,
    places: Vec<Place>,
    row_layout: Layout,
    rows: Vec<Vec<i64>>,
}

impl Packed {
    /// Rows that hold these values, whatever they are.
    fn new(axes: &[&[usize]], rows: Vec<Vec<i64>>) -> Self {
        let layouts: Vec<Layout> = axes.iter().map(|axes| layout(axes)).collect();
        let (places, num_rows) = places(layouts.iter(), KEY_VARS);
        assert!(num_rows == rows.len() && places.iter().all(|place| place.shared));
        Self { layouts, places, row_layout: layout(&[1 << KEY_VARS]), rows }
    }

    /// A prover's claim that reads tensor `subject` at `point` behind these selector coordinates of its row.
    fn read(&self, subject: usize, selector: &[Fr], point: &[Fr]) -> OpeningClaim {
        let row = self.places[subject].row;
        let point = [selector, point].concat();
        let value = evaluate(&self.row_layout, &self.rows[row], &point).unwrap();
        EvaluationClaim::new(row, point, value)
    }

    /// The selector coordinates of a block.
    fn selector(&self, subject: usize, block: usize) -> Vec<Fr> {
        let vars = KEY_VARS - self.layouts[subject].num_vars();
        (0..vars).map(|i| Fr::from((block >> (vars - 1 - i) & 1) as u64)).collect()
    }

    /// States that the tensors have the values that were read, and opens what was read.
    fn check(&self, stated: &[OpeningClaim], opened: &[OpeningClaim]) -> Result<(), Error> {
        let generators = Generators::new(KEY_VARS).unwrap();
        let tensors: Vec<CommittedTensor> = self
            .rows
            .iter()
            .map(|row| CommittedTensor { layout: &self.row_layout, values: Integers::Int64(row).into() })
            .collect();
        let rows = hyrax::commit(&tensors, &generators);
        let mut writer = ProofWriter::new(DOMAIN);
        let list = CommittedList { tensors: &tensors, row_vars: KEY_VARS };
        open_instead(&mut writer, stated, &[list], opened, &generators);
        let proof = writer.finish();
        let commitment =
            Commitment { layouts: self.layouts.iter().collect(), rows: &rows, row_vars: KEY_VARS };
        let mut reader = ProofReader::new(DOMAIN, &proof);
        verifier::verify(&mut reader, &[commitment], stated, &generators)?;
        Ok(reader.finish()?)
    }

    /// The same for one tensor that is read behind these coordinates.
    fn check_read(&self, subject: usize, selector: &[Fr], seed: usize) -> Result<(), Error> {
        let point = super::scalars(seed, self.layouts[subject].num_vars());
        let opened = self.read(subject, selector, &point);
        let stated = EvaluationClaim::new(subject, point, opened.value);
        self.check(&[stated], &[opened])
    }
}

/// Tensors of 8, 4, 2 and 1 places, and a row that is full of different values.
fn full() -> Packed {
    Packed::new(&[&[2], &[1], &[5], &[3], &[1, 1]], vec![(1..=16).map(|x| x * x).collect()])
}

#[test]
fn a_tensor_is_read_at_its_own_block_only() {
    let packed = full();
    for (subject, place) in packed.places.iter().enumerate() {
        let blocks = 1 << (KEY_VARS - packed.layouts[subject].num_vars());
        for block in 0..blocks {
            let verdict = packed.check_read(subject, &packed.selector(subject, block), 7);
            let expected = if block == place.block { Ok(()) } else { Err(Error::Opening) };
            assert_eq!(verdict, expected, "tensor {subject}, block {block}");
        }
    }
}

#[test]
fn a_tensor_is_not_read_between_blocks() {
    let packed = full();
    for subject in 0..5 {
        let mut selector = packed.selector(subject, packed.places[subject].block);
        for coordinate in 0..selector.len() {
            let bit = selector[coordinate];
            for other in [Fr::one() - bit, bit + Fr::from(2_u64), -Fr::one(), super::scalars(9, 1)[0]] {
                selector[coordinate] = other;
                let verdict = packed.check_read(subject, &selector, 11);
                assert_eq!(
                    verdict,
                    Err(Error::Opening),
                    "tensor {subject}, coordinate {coordinate}: {other}"
                );
            }
            selector[coordinate] = bit;
        }
    }
}

/// A claim on two neighbours, read as one tensor of twice the size, and one on half a tensor.
#[test]
fn a_tensor_is_not_read_at_another_size() {
    let packed = full();
    let (stated, opened) = (1, 0);
    for (claimed, read) in [(stated, opened), (opened, stated)] {
        let place = packed.places[read];
        let point = super::scalars(3, KEY_VARS);
        let (selector, inner) = point.split_at(KEY_VARS - packed.layouts[read].num_vars());
        let selector: Vec<Fr> = selector.iter().map(|_| Fr::zero()).collect();
        let value = packed.read(read, &packed.selector(read, place.block), inner).value;
        let claimed_point = super::scalars(5, packed.layouts[claimed].num_vars());
        let opened = packed.read(read, &selector, inner);
        let statement = EvaluationClaim::new(claimed, claimed_point, value);
        assert_eq!(packed.check(&[statement], &[opened]), Err(Error::Opening));
    }
}

/// Tensors put closer together than the rule does, in each other's padding: their claims read the row as the rule has it.
#[test]
fn neighbours_in_a_tensors_padding_are_its_own_elements() {
    // Five and three elements: the second would begin at place 5, and begins at 8.
    let (first, second) = ([7, 1, -3, 2, 9], [4, 8, -6]);
    let mut row = first.to_vec();
    row.extend(second);
    row.resize(16, 0);
    let packed = Packed::new(&[&[5], &[3]], vec![row]);
    let point = super::scalars(2, 3);
    let alone = evaluate(&layout(&[5]), &first, &point).unwrap();
    let read = packed.read(0, &[Fr::zero()], &point);
    assert_ne!(read.value, alone);
    // What the row holds at the first tensor's block is accepted, the tensor without its padding is not.
    let claim = |value| [EvaluationClaim::new(0, point.clone(), value)];
    assert_eq!(packed.check(&claim(read.value), std::slice::from_ref(&read)), Ok(()));
    let false_read = EvaluationClaim { value: alone, ..read };
    assert_eq!(packed.check(&claim(alone), &[false_read]), Err(Error::Opening));
    // The second where the prover put it: at places 5, 6 and 7, by weights of its own.
    let point = super::scalars(2, 2);
    let there: Fr = eq::table(&point, 3).iter().zip(second).map(|(weight, x)| *weight * from_i64(x)).sum();
    let own = packed.read(1, &packed.selector(1, 2), &point);
    assert_ne!(own.value, there);
    let stated = [EvaluationClaim::new(1, point.clone(), there)];
    assert_eq!(packed.check(&stated, &[EvaluationClaim { value: there, ..own }]), Err(Error::Opening));
}

#[test]
fn values_that_cancel_between_neighbours_are_false() {
    let packed = full();
    let claims = |amount: Fr| -> [Vec<OpeningClaim>; 2] {
        let reads: Vec<(usize, OpeningClaim)> = [0, 3]
            .map(|subject| {
                let point = super::scalars(13, packed.layouts[subject].num_vars());
                let selector = packed.selector(subject, packed.places[subject].block);
                (subject, packed.read(subject, &selector, &point))
            })
            .to_vec();
        let amounts = [amount, -amount];
        let values: Vec<Fr> =
            reads.iter().zip(amounts).map(|((_, read), amount)| read.value + amount).collect();
        let point = |subject: usize| super::scalars(13, packed.layouts[subject].num_vars());
        let stated = reads.iter().zip(&values).map(|((s, _), v)| EvaluationClaim::new(*s, point(*s), *v));
        let opened =
            reads.iter().zip(&values).map(|((_, read), v)| EvaluationClaim { value: *v, ..read.clone() });
        [stated.collect(), opened.collect()]
    };
    for (amount, expected) in [(Fr::zero(), Ok(())), (Fr::one(), Err(Error::Opening))] {
        let [stated, opened] = claims(amount);
        assert_eq!(packed.check(&stated, &opened), expected);
    }
}

/// Every pair of columns of one shape, in every network: those that differ cannot change places.
#[test]
fn columns_of_one_shape_do_not_change_places() {
    let mut pairs = 0;
    for (name, network) in tiny::all() {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let plan = key.verifying_key().plan();
        let same = |i: usize, j: usize| plan.witness[i].layout == plan.witness[j].layout;
        let n = plan.witness.len();
        for (i, j) in (0..n).flat_map(|j| (0..j).map(move |i| (i, j))).filter(|&(i, j)| same(i, j)) {
            let mut run = Run::honest(&key, &input).unwrap();
            let [first, second] = [i, j].map(|i| plan.witness[i].column);
            if run.column(first).clone() == *run.column(second) {
                continue;
            }
            run.exchange_columns(i, j);
            assert_eq!(verdict(&key, &input, &run), Err(Error::Opening), "{name}: {first:?}, {second:?}");
            pairs += 1;
        }
    }
    assert!(pairs > 20, "{pairs} pairs");
}
