//! What proofs reveal, as a distribution: uniform, the same for every witness, nothing twice.
//!
//! Challenges make everything look random that they enter, even messages that nothing masks. So most samples here are taken
//! with challenges frozen to those of one run: without masks such proofs are constants of their witness, and with them
//! every message is still uniform. Seeds are fixed, hence so is every outcome.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/statistics.rs"]
mod statistics;
#[expect(dead_code, reason = "other tests use other networks")]
#[path = "support/tiny.rs"]
mod tiny;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField};
use statistics::{Words, accepts, two_sample_tail, uniform_tail};
use tacit_inference::execute;
use tacit_layers::{
    Network, Parameter, Tensor,
    proof::statement::{Input, Statement},
};
use tacit_prover::{
    InputOpening, PhaseCosts, Phases, Proven, ProvenParameters, ProvingKey, Seed, prove, prove_committed,
    prove_parameters, prove_with_seed,
};
use tacit_transcript::{
    encoding::scalar_from_bytes,
    labels,
    replay::{Step, record, replay},
};
use tacit_verifier::{verify_parameters, verify_statement};

/// Messages of points; all others are of scalars.
const POINTS: [&str; 5] = [
    labels::WITNESS_COMMITMENT.name(),
    labels::DEFERRED_COMMITMENT.name(),
    labels::MASK_COMMITMENT.name(),
    labels::ANNOUNCEMENT.name(),
    labels::INNER_PRODUCT_HALVES.name(),
];

/// What a proof is about, and what of it is hidden.
struct Witness {
    key: ProvingKey,
    input: Tensor<i64>,
    opening: Option<InputOpening>,
    /// Whether proofs are about the key alone.
    is_about_key: bool,
}

/// Two witnesses for statements that are the same but for commitments.
struct Setting {
    name: &'static str,
    witnesses: [Witness; 2],
}

/// One element of a proof.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    label: String,
    is_point: bool,
    /// Before the masking's announcement: behind a mask, if it is a scalar.
    is_early: bool,
}

/// Proofs, element by element.
struct Sample {
    places: Vec<Place>,
    /// For each place its value in every proof.
    values: Vec<Vec<Words>>,
}

fn seed(number: usize) -> Seed {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(number as u64).to_le_bytes());
    Seed::new(bytes)
}

fn words(bytes: &[u8]) -> Words {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

fn scalar(words: &Words) -> Fr {
    Fr::from_bigint(BigInt(*words)).unwrap()
}

impl Witness {
    fn prove(&self, seed: &Seed) -> Proven {
        if self.is_about_key {
            let ProvenParameters { proof, messages, events } = prove_parameters(&self.key, seed).unwrap();
            let (phases, costs) = (Phases::default(), PhaseCosts::default());
            return Proven { proof, outputs: vec![], phases, costs, layers: vec![], messages, events };
        }
        match &self.opening {
            Some(opening) => prove_committed(&self.key, opening, seed).unwrap(),
            None => prove_with_seed(&self.key, &self.input, seed).unwrap(),
        }
    }

    /// The same run with nothing hidden.
    fn prove_in_the_clear(&self) -> Proven {
        let key = ProvingKey::setup(self.key.network().clone()).unwrap();
        prove(&key, &self.input).unwrap()
    }

    fn verify(&self, proven: &Proven) {
        if self.is_about_key {
            verify_parameters(self.key.verifying_key(), &proven.proof).unwrap();
            return;
        }
        let input = match &self.opening {
            Some(opening) => Input::Committed(opening.commitment()),
            None => Input::Public(&self.input),
        };
        let statement = Statement { inputs: vec![input], outputs: &proven.outputs };
        verify_statement(self.key.verifying_key(), &statement, &proven.proof).unwrap();
    }
}

fn outputs(key: &ProvingKey, input: &Tensor<i64>) -> Vec<Tensor<i64>> {
    let specs = key.network().infer().unwrap();
    execute(key.network(), &specs, input).unwrap().outputs(key.network()).cloned().collect()
}

/// A network of the same architecture with other weights that has the same outputs: two weights exchanged.
fn twin(network: &Network, input: &Tensor<i64>) -> Option<Network> {
    let key = ProvingKey::setup(network.clone()).unwrap();
    let expected = outputs(&key, input);
    for parameter in 0..network.parameters.len() {
        let Parameter::Int8(weights) = &network.parameters[parameter] else { continue };
        for (i, j) in (0..weights.len()).flat_map(|j| (0..j).map(move |i| (i, j))) {
            if weights[i] == weights[j] {
                continue;
            }
            let mut other = network.clone();
            let Parameter::Int8(exchanged) = &mut other.parameters[parameter] else { unreachable!() };
            exchanged.swap(i, j);
            if let Ok(other) = ProvingKey::setup(other)
                && other.network().architecture == key.network().architecture
                && outputs(&other, input) == expected
            {
                return Some(other.network().clone());
            }
        }
    }
    None
}

/// Another input with the same outputs.
fn other_input(key: &ProvingKey, input: &Tensor<i64>) -> Option<Tensor<i64>> {
    let expected = outputs(key, input);
    let (low, high) = key.network().architecture.input().unwrap().bounds;
    let count = (high - low + 1) as usize;
    for i in (0..count.pow(input.data().len() as u32)).rev() {
        let digit = |place: usize| low + (i / count.pow(place as u32) % count) as i64;
        let data: Vec<i64> = (0..input.data().len()).map(digit).collect();
        let other = Tensor::new(input.layout().clone(), data).unwrap();
        if other != *input && outputs(key, &other) == expected {
            return Some(other);
        }
    }
    None
}

fn private(network: Network, input: &Tensor<i64>, number: usize) -> Witness {
    let key = ProvingKey::setup_private(network, &seed(number)).unwrap();
    Witness { key, input: input.clone(), opening: None, is_about_key: false }
}

fn committed(key: ProvingKey, input: &Tensor<i64>, number: usize) -> Witness {
    let opening = InputOpening::new(input.clone(), &seed(number)).unwrap();
    Witness { key, input: input.clone(), opening: Some(opening), is_about_key: false }
}

fn settings() -> Vec<Setting> {
    let mlp = tiny::mlp();
    let input = tiny::sample(&mlp);
    let public = || ProvingKey::setup(mlp.clone()).unwrap();
    let other = other_input(&public(), &input).unwrap();
    let models = |network: &Network, input: &Tensor<i64>| {
        [private(network.clone(), input, 1), private(twin(network, input).unwrap(), input, 2)]
    };
    let both = models(&mlp, &input);
    let [first, second] = both.map(|witness| witness.key);
    // The exchanged weights are those of inputs that are zero.
    let exchanged = other_input(&second, &input).unwrap();
    let (frequencies, polynomial) = (tiny::frequencies(), tiny::polynomial());
    // Where an input is zero, weights may be any.
    let partly_zero = |network: &Network, kept: usize| {
        let sample = tiny::sample(network);
        let data = sample.data().iter().enumerate().map(|(i, &x)| if i < kept { x } else { 0 }).collect();
        Tensor::new(sample.layout().clone(), data).unwrap()
    };
    let keys = models(&mlp, &input).map(|witness| Witness { is_about_key: true, ..witness });
    vec![
        Setting { name: "private model", witnesses: models(&mlp, &input) },
        Setting { name: "private model's key", witnesses: keys },
        Setting {
            name: "private input",
            witnesses: [committed(public(), &input, 3), committed(public(), &other, 4)],
        },
        Setting {
            name: "private model and input",
            witnesses: [committed(first, &input, 5), committed(second, &exchanged, 6)],
        },
        Setting {
            name: "private model with frequencies",
            witnesses: models(&frequencies, &partly_zero(&frequencies, 0)),
        },
        Setting {
            name: "private model with polynomials",
            witnesses: models(&polynomial, &partly_zero(&polynomial, 12)),
        },
    ]
}

fn squeezed(steps: &[Step]) -> Vec<&Step> {
    steps.iter().filter(|step| matches!(step, Step::Squeeze(..))).collect()
}

impl Sample {
    /// The witness' proofs with these seeds, at the challenges of recorded steps if there are any.
    fn collect(witness: &Witness, seeds: usize, recorded: &[Step]) -> Self {
        let threads = 2;
        let prove = |number: usize| {
            let (proven, steps) = replay(recorded, || witness.prove(&seed(number)));
            assert!(recorded.is_empty() || squeezed(&steps) == squeezed(recorded));
            proven
        };
        let share = |thread: usize| {
            // Threads of a pool work on each other's tasks; one that replays must not wait for those of another proof.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            pool.install(|| (thread..seeds).step_by(threads).map(prove).collect::<Vec<_>>())
        };
        let shares: Vec<Vec<Proven>> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || share(thread))).collect();
            running.into_iter().map(|share| share.join().unwrap()).collect()
        });
        Self::of(&(0..seeds).map(|number| &shares[number % threads][number / threads]).collect::<Vec<_>>())
    }

    fn of(proofs: &[&Proven]) -> Self {
        let mut places = vec![];
        let mut is_early = true;
        for (label, bytes) in &proofs[0].messages {
            is_early &= label != labels::ANNOUNCEMENT.name();
            let place = Place { label: label.clone(), is_point: POINTS.contains(&label.as_str()), is_early };
            places.extend(std::iter::repeat_n(place, bytes / 32));
        }
        let mut values = vec![Vec::with_capacity(proofs.len()); places.len()];
        for proven in proofs {
            assert_eq!(proven.messages, proofs[0].messages);
            for ((place, values), bytes) in places.iter().zip(&mut values).zip(proven.proof.chunks_exact(32))
            {
                let mut element = words(bytes);
                if place.is_point {
                    // Two bits tell the larger y and infinity.
                    element[3] &= u64::MAX >> 2;
                } else {
                    assert!(scalar_from_bytes(bytes).is_some());
                }
                values.push(element);
            }
        }
        Self { places, values }
    }

    /// Places with their values in every proof.
    fn iter(&self) -> impl Iterator<Item = (&Place, &[Words])> {
        self.places.iter().zip(self.values.iter().map(Vec::as_slice))
    }

    /// The values of each label, those of points by themselves.
    fn by_label(&self) -> BTreeMap<&str, Vec<Words>> {
        let mut labels: BTreeMap<&str, Vec<Words>> = BTreeMap::new();
        for (place, values) in self.iter() {
            labels.entry(&place.label).or_default().extend(values);
        }
        labels
    }

    /// How many of the scalars are independent: the rank of how the proofs differ from the first, and their number.
    fn rank(&self) -> (usize, usize) {
        let scalars: Vec<Vec<Fr>> =
            self.iter().filter(|(place, _)| !place.is_point).map(|(_, values)| differences(values)).collect();
        let number = scalars.len();
        (rank(scalars), number)
    }
}

/// How a place's values differ from the first.
fn differences(values: &[Words]) -> Vec<Fr> {
    values[1..].iter().map(|value| scalar(value) - scalar(&values[0])).collect()
}

/// The rank of a matrix.
fn rank(mut rows: Vec<Vec<Fr>>) -> usize {
    let columns = rows.first().map_or(0, Vec::len);
    let mut rank = 0;
    for column in 0..columns {
        let Some(pivot) = (rank..rows.len()).find(|&row| rows[row][column] != Fr::ZERO) else { continue };
        rows.swap(rank, pivot);
        let (above, below) = rows.split_at_mut(rank + 1);
        let inverse = above[rank][column].inverse().unwrap();
        for row in below {
            let factor = row[column] * inverse;
            for (x, y) in row[column..].iter_mut().zip(&above[rank][column..]) {
                *x -= factor * y;
            }
        }
        rank += 1;
    }
    rank
}

/// Proofs of a setting's witnesses.
struct Samples {
    name: &'static str,
    /// Each witness' with the same seeds, at the same challenges.
    frozen: [Sample; 2],
    /// The first witness' as they are.
    real: Sample,
    /// Each witness' without hiding, at the same challenges.
    clear: [Sample; 2],
}

/// Proofs of each witness: more than one has scalars.
const FROZEN: usize = 224;
const REAL: usize = 64;

static SAMPLES: LazyLock<Vec<Samples>> = LazyLock::new(|| settings().iter().map(Samples::new).collect());

impl Samples {
    fn new(setting: &Setting) -> Self {
        let [first, second] = &setting.witnesses;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let (proven, steps) = pool.install(|| record(|| first.prove(&seed(1000))));
        first.verify(&proven);
        let other = second.prove(&seed(1000));
        second.verify(&other);
        assert_eq!(
            (proven.outputs, proven.messages),
            (other.outputs, other.messages),
            "the statements are one"
        );
        let frozen = [first, second].map(|witness| Sample::collect(witness, FROZEN, &steps));
        let (_, steps) = pool.install(|| record(|| first.prove_in_the_clear()));
        let clear = [first, second].map(|witness| {
            let prove = || pool.install(|| replay(&steps, || witness.prove_in_the_clear()).0);
            let proven = prove();
            assert_eq!(proven.proof, prove().proof);
            Sample::of(&vec![&proven; FROZEN])
        });
        Self { name: setting.name, frozen, real: Sample::collect(first, REAL, &[]), clear }
    }
}

/// Whether nothing is there twice.
fn are_distinct(values: impl IntoIterator<Item = Words>) -> bool {
    let mut seen = BTreeSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

/// Every point of proofs.
fn points(sample: &Sample) -> impl Iterator<Item = Words> {
    sample.iter().filter(|(place, _)| place.is_point).flat_map(|(_, values)| values).copied()
}

#[test]
fn what_proofs_reveal_is_uniform() {
    for Samples { name, frozen, real, .. } in &*SAMPLES {
        for sample in frozen {
            for (place, values) in sample.iter() {
                assert!(accepts(uniform_tail(values)), "{name}: {place:?}");
            }
        }
        for sample in frozen.iter().chain([real]) {
            for (label, values) in sample.by_label() {
                assert!(accepts(uniform_tail(&values)), "{name}: {label}");
            }
        }
    }
}

#[test]
fn commitments_to_models_and_inputs_are_uniform_points() {
    let (network, input) = (tiny::cnn(), tiny::sample(&tiny::cnn()));
    let mut rows = vec![];
    for number in 0..FROZEN {
        let seed = seed(number);
        let key = ProvingKey::setup_private(network.clone(), &seed).unwrap();
        let opening = InputOpening::new(input.clone(), &seed).unwrap();
        let points = key.verifying_key().commitments().iter().chain(opening.commitment().rows());
        rows.extend(points.map(|row| row.x.into_bigint().0));
    }
    assert!(accepts(uniform_tail(&rows)));
    assert!(are_distinct(rows));
}

#[test]
fn proofs_of_two_witnesses_have_one_distribution() {
    for Samples { name, frozen: [first, second], .. } in &*SAMPLES {
        for ((place, a), (_, b)) in first.iter().zip(second.iter()) {
            assert!(accepts(two_sample_tail([a, b])), "{name}: {place:?}");
        }
        let [a, b] = [first, second].map(Sample::by_label);
        for (label, a) in a {
            assert!(accepts(two_sample_tail([&a, &b[label]])), "{name}: {label}");
        }
    }
}

/// The same tests find what is not hidden.
#[test]
fn proofs_of_two_witnesses_in_the_clear_are_told_apart() {
    for Samples { name, clear: [first, second], .. } in &*SAMPLES {
        let mut told_apart = BTreeSet::new();
        for ((place, a), (_, b)) in first.iter().zip(second.iter()) {
            assert!(!accepts(uniform_tail(a)), "{name}: {place:?}");
            if !accepts(two_sample_tail([a, b])) {
                told_apart.insert(place.label.as_str());
            }
        }
        for label in [labels::ROUND_POLYNOMIAL, labels::INNER_PRODUCT_HALVES, labels::INNER_PRODUCT_SCALAR] {
            assert!(told_apart.contains(label.name()), "{name}: {label}");
        }
        assert_eq!(first.rank().0, 0, "{name}");
    }
}

#[test]
fn masks_that_are_short_or_shared_are_noticed() {
    let Samples { frozen: [sample, _], clear: [clear, other], .. } = &SAMPLES[0];
    let place = clear.values.iter().zip(&other.values).position(|(a, b)| a != b && a[0][3] > 0).unwrap();
    let masks = |i: usize| -> Vec<Fr> { sample.values[i].iter().map(scalar).collect() };
    let masked = |clear: &Sample, at: usize, masks: &[Fr]| -> Vec<Words> {
        masks.iter().map(|mask| (scalar(&clear.values[at][0]) + mask).into_bigint().0).collect()
    };
    let scalars: Vec<usize> = (0..sample.places.len()).filter(|&i| !sample.places[i].is_point).collect();
    // Four bits less than the field has.
    let short: Vec<Fr> = masks(scalars[0])
        .iter()
        .map(|mask| scalar(&[mask.into_bigint().0[0], 7, 7, mask.into_bigint().0[3] >> 4]))
        .collect();
    assert!(!accepts(uniform_tail(&masked(clear, place, &short))));
    let long = masks(scalars[0]);
    assert!(accepts(uniform_tail(&masked(clear, place, &long))));
    // One mask for two scalars.
    let rows = |shared: bool| {
        let second = if shared { long.clone() } else { masks(scalars[1]) };
        vec![differences(&masked(clear, place, &long)), differences(&masked(other, place, &second))]
    };
    assert_eq!((rank(rows(true)), rank(rows(false))), (1, 2));
}

/// No linear relation holds between what proofs send at given challenges, with whatever coefficients: no mask is used twice, none
/// left out, and no check of the verifier is one.
#[test]
fn all_scalars_of_a_proof_are_independent() {
    for Samples { name, frozen, .. } in &*SAMPLES {
        for sample in frozen {
            let (rank, number) = sample.rank();
            assert!(number < FROZEN);
            assert_eq!(rank, number, "{name}");
        }
    }
}

/// Nothing follows from the witness alone, nor from public data alone: every element of every message is another one in every
/// proof, even at the same challenges.
#[test]
fn fresh_randomness_changes_every_element() {
    for Samples { name, frozen, real, .. } in &*SAMPLES {
        for sample in frozen.iter().chain([real]) {
            let values = sample.values.iter().flatten().copied();
            assert!(are_distinct(values), "{name}");
        }
    }
}

/// Randomness depends on the witness too. If it did not, both witnesses' proofs would differ by the same at every seed.
#[test]
fn another_witness_changes_all_randomness_of_a_seed() {
    for Samples { name, frozen: [first, second], .. } in &*SAMPLES {
        for ((place, a), (_, b)) in first.iter().zip(second.iter()).filter(|((place, _), _)| !place.is_point)
        {
            let differences = a.iter().zip(b).map(|(a, b)| (scalar(a) - scalar(b)).into_bigint().0);
            assert!(are_distinct(differences), "{name}: {place:?}");
        }
        assert!(are_distinct(points(first).chain(points(second))), "{name}");
    }
}

/// So it does on everything else that a statement is made of: two proofs with the same masks at other challenges would show them.
#[test]
fn another_statement_changes_all_randomness_of_a_seed() {
    let network = tiny::mlp();
    let input = tiny::sample(&network);
    let (public, seeds) = (ProvingKey::setup(network.clone()).unwrap(), [seed(1), seed(2)]);
    let private = seeds.each_ref().map(|seed| ProvingKey::setup_private(network.clone(), seed).unwrap());
    let openings = seeds.each_ref().map(|seed| InputOpening::new(input.clone(), seed).unwrap());
    let mut renamed = network;
    "another name".clone_into(&mut renamed.architecture.name);
    let renamed = ProvingKey::setup(renamed).unwrap();
    let mut proofs = vec![];
    for key in &private {
        proofs.push(prove_with_seed(key, &input, &seed(3)).unwrap());
    }
    for key in private.iter().chain([&public, &renamed]) {
        proofs.extend(openings.each_ref().map(|opening| prove_committed(key, opening, &seed(3)).unwrap()));
    }
    assert!(are_distinct(proofs.iter().flat_map(|proven| Sample::of(&[proven]).values).flatten()));
}

#[test]
fn a_private_models_key_prints_no_secret() {
    let Witness { key, .. } = private(tiny::mlp(), &tiny::sample(&tiny::mlp()), 1);
    let printed = format!("{key:?}");
    assert!(printed.contains("verifying_key"));
    for secret in ["blinding", "parameters: [Int8("] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
