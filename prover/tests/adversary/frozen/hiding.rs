//! The same for proofs that hide: with frozen challenges, a proof of masked messages binds to next to nothing.
//!
//! Every message has a change that is made up for by public means alone: no mend takes a mask, a blinding or the witness.
//!
//! | changed | made up for by |
//! |---|---|
//! | a masked scalar, an output, a public input | the first round of the sumcheck over products, halves of the opening |
//! | a row of witness, deferred column, model or committed input | the fresh vector's commitment, or halves |
//! | a row of masks | the fresh row's commitment, or halves |
//! | the fresh vector, a fresh row | halves |
//! | the announced error | the cross term, and the other way round |
//! | the announced value, the response's linear part and opened value | the first round over products, halves |
//! | the response's error or blinding | the announced error |
//! | a round polynomial | itself, its value at the challenge kept |
//! | the factors | each other, or the last round over products; halves |
//! | the blinding, any halves, the last element | halves |
//!
//! Halves stand for the opening as a whole: one of its points solves its only equation, so that nothing which enters it
//! is bound once its challenges are known. One change is tied to an earlier message: the response's error and blinding
//! open the announced commitments' combination, of which there is one opening unless discrete logarithms between both
//! generators are known. They change with the announcement or not at all, which is asserted.
//!
//! A prover that knows the challenges needs no proof to begin with: one drawn at random is mended in three places and
//! accepted, whatever it is said to prove. The [`simulator`] of zero knowledge makes one with nothing to mend,
//! and needs $\rho$ alone for it.

mod simulator;

use std::sync::Arc;

use ark_bn254::G1Projective;
use ark_ff::{UniformRand, Zero};
use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use tacit_algebra::{eq, generators::Generators};
use tacit_layers::{
    InputCommitment,
    argument::{
        claim::SumClaim,
        masking::{Relation, Response, evaluate_spread, mask_vars, masks_per_row},
        sumcheck::{RoundWeights, instance_point},
    },
    proof::statement::{Input, Statement},
};
use tacit_prover::{InputOpening, Seed, prove_committed, prove_with_seed};
use tacit_transcript::Transcript;
use tacit_verifier::{masking::Unproved, network::unproved, sumcheck, verify_statement};

use super::*;

/// The first check that depends on a challenge.
const ERROR: Error = Error::MaskedChecks { part: "error" };

/// What a verifier is given.
#[derive(Clone)]
struct Given {
    key: VerifyingKey,
    input: Tensor<i64>,
    /// The commitment to the input, where it is not shown.
    commitment: Option<InputCommitment>,
    outputs: Vec<Tensor<i64>>,
    proof: Vec<u8>,
}

impl Given {
    fn statement(&self) -> Statement<'_> {
        let input = self.commitment.as_ref().map_or(Input::Public(&self.input), Input::Committed);
        Statement { inputs: vec![input], outputs: &self.outputs }
    }

    fn verify(&self) -> Result<(), Error> {
        verify_statement(&self.key, &self.statement(), &self.proof).map(|_| ())
    }
}

/// What the verifier's last steps come to at the frozen challenges.
struct Last {
    rho: Fr,
    /// What the sumcheck over products ends in.
    products: Fr,
    /// Coefficients of the rows of model, witness, deferred columns and input in the opened combination of vectors.
    rows: Vec<Fr>,
    /// What the opening's equation has instead of zero.
    opening: G1Projective,
}

/// A hiding proof and its challenges.
struct Hiding {
    name: String,
    frozen: Frozen,
    given: Given,
    generators: Arc<Generators>,
}

fn seed(seed: u8) -> Seed {
    Seed::new([seed; 32])
}

impl Hiding {
    fn new(name: &str, network: &Network, [model, committed]: [bool; 2]) -> Self {
        let input = tiny::sample(network);
        let key = if model {
            ProvingKey::setup_private(network.clone(), &seed(1)).unwrap()
        } else {
            ProvingKey::setup(network.clone()).unwrap()
        };
        let opening = committed.then(|| InputOpening::new(input.clone(), &seed(2)).unwrap());
        let proven = match &opening {
            Some(opening) => prove_committed(&key, opening, &seed(3)).unwrap(),
            None => prove_with_seed(&key, &input, &seed(3)).unwrap(),
        };
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        let (network, key) = (network.clone(), key.verifying_key().clone());
        let commitment = opening.map(|opening| opening.commitment().clone());
        let (outputs, proof) = (proven.outputs, proven.proof);
        let given = Given { key, input, commitment, outputs, proof };
        let (verdict, steps) = record(|| given.verify());
        assert_eq!(verdict, Ok(()), "{name}");
        let plan = given.statement().plan(&given.key).unwrap();
        let generators = Generators::new(plan.opening_vars()).unwrap();
        let batches = batches(&steps);
        let Given { key, input, outputs, proof, .. } = given.clone();
        let frozen = Frozen { key, network, input, outputs, proof, steps, batches, oracle };
        let hidden = [(model, "model"), (committed, "input")].into_iter().filter(|(hidden, _)| *hidden);
        let hidden: Vec<&str> = hidden.map(|(_, what)| what).collect();
        let hiding =
            Self { name: format!("{name}, hidden {}", hidden.join(" and ")), frozen, given, generators };
        assert!(hiding.last(&hiding.given).opening.is_zero(), "{}", hiding.name);
        hiding
    }

    /// Verifies with frozen challenges.
    fn frozen(&self, given: &Given) -> Result<(), Error> {
        replay(&self.frozen.steps, || given.verify()).0
    }

    fn label(&self, message: usize) -> Label {
        self.frozen.oracle.messages[message].label
    }

    fn count(&self, label: Label) -> usize {
        self.frozen.oracle.messages.iter().filter(|message| message.label == label).count()
    }

    /// The verifier's last steps.
    fn last(&self, given: &Given) -> Last {
        let (masks, key_vars) = (self.count(labels::MASK_COMMITMENT), self.generators.num_vars());
        let mine = || merlin::Transcript::new(b"frozen");
        let start = self.frozen.oracle.messages[self.frozen.first(labels::ANNOUNCEMENT)].start;
        let run = || {
            let Unproved { constraints, combination } =
                unproved(&given.key, &given.statement(), (&given.proof, mine())).unwrap();
            let mut reader = ProofReader::from_merlin(mine(), &given.proof[start..]);
            let relation = Relation::combine(&mut reader, constraints, combination.value);
            let mut points = reader.read_points(labels::ANNOUNCEMENT, masks + 3).unwrap();
            let cross = reader.read_scalar(labels::ANNOUNCED_VALUE).unwrap();
            let rho = reader.squeeze(labels::MASKING_CHALLENGE);
            let response = reader.read_scalars(labels::MASKING_RESPONSE, 4).unwrap();
            let response = Response::from_message(response.try_into().unwrap());
            let sum = relation.sum(rho, &response);
            let claim = SumClaim { num_vars: relation.num_vars(), degree: 2, sum };
            let products = sumcheck::verify(&mut reader, &[claim], RoundWeights::Uniform).unwrap();
            let factors = reader.read_scalars(labels::MASKING_FACTORS, 2).unwrap().try_into().unwrap();
            let finals = (products.point.as_slice(), factors);
            let per_row = masks_per_row(key_vars);
            let form = relation.linear_form(&mut reader, [rho, cross], &response, finals, masks * per_row);
            let claims = [(key_vars, response.opened), (mask_vars(masks, key_vars), form.value)]
                .map(|(num_vars, sum)| SumClaim { num_vars, degree: 2, sum });
            let reduced = sumcheck::verify(&mut reader, &claims, RoundWeights::Uniform).unwrap();
            let z = instance_point(&reduced.point, key_vars);
            let of_vector = reduced.coefficients[0] * eq::evaluate(&combination.point, z).unwrap();
            let of_masks =
                reduced.coefficients[1] * evaluate_spread(&form.coefficients, &reduced.point, key_vars);
            let (row_point, _) = reduced.point.split_at(reduced.point.len() - key_vars);
            let of_rows: Vec<Fr> =
                eq::table(row_point, masks).iter().map(|weight| of_masks * weight).collect();
            // Rows, masks; fresh masks, the fresh vector.
            let rows = combination.coefficients;
            points.truncate(masks + 1);
            points.extend(self.rows(given));
            let mut scalars = [of_rows.as_slice(), &[of_vector]].concat();
            scalars.extend(rows.iter().map(|c| *c * of_vector * rho));
            scalars.extend(of_rows.iter().map(|weight| *weight * rho));
            points.push(self.generators.hiding());
            scalars.push(-reader.read_scalar(labels::OPENING_BLINDING).unwrap());
            let xi = reader.squeeze(labels::INNER_PRODUCT_GENERATOR);
            let mut inverses = vec![];
            for _ in 0..key_vars {
                points.extend(reader.read_points(labels::INNER_PRODUCT_HALVES, 2).unwrap());
                let x = reader.squeeze(labels::INNER_PRODUCT_CHALLENGE);
                inverses.push(x.inverse().unwrap());
                scalars.extend([inverses[inverses.len() - 1], x]);
            }
            let last = reader.read_scalar(labels::INNER_PRODUCT_SCALAR).unwrap();
            points.push(self.generators.inner_product());
            scalars.push(xi * (reduced.value - last * folded_point(z, &inverses)));
            points.extend(self.generators.vector());
            scalars.extend(folded_coefficients(&inverses).into_iter().map(|s| -(last * s)));
            Last { rho, products: products.value, rows, opening: multi_scalar(&points, &scalars) }
        };
        replay(&self.frozen.steps, run).0
    }

    /// All committed rows in the order of their coefficients, then the masks'.
    fn rows(&self, given: &Given) -> Vec<G1Affine> {
        let read = |label: Label| -> Vec<G1Affine> {
            let messages = self.frozen.oracle.messages.iter().filter(|message| message.label == label);
            messages.flat_map(|message| points(&given.proof[message.start..message.end()])).collect()
        };
        let input = given.commitment.as_ref().map_or(&[][..], InputCommitment::rows);
        let [witness, deferred, masks] =
            [labels::WITNESS_COMMITMENT, labels::DEFERRED_COMMITMENT, labels::MASK_COMMITMENT].map(read);
        [given.key.commitments(), &witness, &deferred, input, &masks].concat()
    }

    /// Mends the sumcheck over products, if it has to be, then the opening.
    fn mend(&self, mut given: Given) -> Given {
        let at = self.frozen.batches.len() - 2;
        let (_, steps) = replay(&self.frozen.steps, || given.verify());
        if let Some(now) = batches(&steps).get(at) {
            let honest = &self.frozen.batches[at];
            self.frozen.move_round(&mut given.proof, honest.rounds[0], Fr::ZERO, now.claim - honest.claim);
        }
        self.mend_opening(given)
    }

    /// Mends other rows of the statement by the fresh vector's commitment.
    fn mend_rows(&self, mut given: Given) -> Given {
        let announcement = self.frozen.first(labels::ANNOUNCEMENT);
        let Last { rho, rows: coefficients, .. } = self.last(&self.given);
        let (honest, now) = (self.rows(&self.given), self.rows(&given));
        let moved: G1Projective =
            honest.iter().zip(&now).zip(&coefficients).map(|((a, b), c)| (*a - b) * (rho * c)).sum();
        self.move_point(&mut given.proof, announcement, self.count(labels::MASK_COMMITMENT), moved);
        given
    }

    /// The honest proof with another statement.
    fn restated(&self, change: impl FnOnce(&mut Given)) -> Given {
        let mut given = self.given.clone();
        change(&mut given);
        given
    }

    /// The honest proof under the key of another network, blinded otherwise.
    fn remodelled(&self, change: impl FnOnce(&mut Network)) -> Given {
        let mut network = self.frozen.network.clone();
        change(&mut network);
        let key = if self.given.key.is_private() {
            ProvingKey::setup_private(network, &seed(6)).unwrap()
        } else {
            ProvingKey::setup(network).unwrap()
        };
        self.restated(|given| given.key = key.verifying_key().clone())
    }

    /// The first left half made what the opening's equation says.
    fn mend_opening(&self, mut given: Given) -> Given {
        let first = self.frozen.first(labels::INNER_PRODUCT_HALVES);
        let x = self.frozen.challenge(first, labels::INNER_PRODUCT_CHALLENGE);
        let moved = self.last(&given).opening * x;
        self.move_point(&mut given.proof, first, 0, -moved);
        given
    }

    /// Adds to a message's point.
    fn move_point(&self, proof: &mut [u8], message: usize, index: usize, by: G1Projective) {
        let place = self.frozen.oracle.messages[message].start + 32 * index;
        let place = &mut proof[place..place + 32];
        place.copy_from_slice(&point_to_bytes(&(points(place)[0] + by).into_affine()));
    }

    /// Adds to a message's scalar.
    fn move_scalar(&self, proof: &mut [u8], message: usize, index: usize, by: Fr) {
        let place = self.frozen.oracle.messages[message].start + 32 * index;
        let place = &mut proof[place..place + 32];
        place.copy_from_slice(&scalar_to_bytes(&(scalars(place)[0] + by)));
    }

    /// A proof with one change.
    fn changed(&self, change: impl FnOnce(&mut Vec<u8>)) -> Given {
        let mut given = self.given.clone();
        change(&mut given.proof);
        given
    }

    /// Lies that differ from the honest proof in this message and in what makes up for it.
    fn lies(&self, message: usize) -> Vec<Given> {
        let masked = message < self.frozen.first(labels::ANNOUNCEMENT);
        match self.label(message) {
            labels::WITNESS_COMMITMENT | labels::DEFERRED_COMMITMENT | labels::MASK_COMMITMENT => {
                self.moved_row(message)
            }
            labels::ANNOUNCEMENT => self.announced(message),
            labels::MASKING_RESPONSE => self.responses(message),
            labels::MASKING_FACTORS => self.factors(message),
            labels::ROUND_POLYNOMIAL if !masked => self
                .frozen
                .rounds(message)
                .into_iter()
                .map(|moved| self.changed(|proof| *proof = moved))
                .collect(),
            labels::INNER_PRODUCT_HALVES => vec![
                self.changed(|proof| *proof = self.frozen.halves(message)),
                self.mend(self.changed(|proof| self.move_point(proof, message, 1, generator()))),
            ],
            _ => {
                let count = self.frozen.oracle.messages[message].length / 32;
                let moved = |proof: &mut Vec<u8>| {
                    for index in 0..count {
                        self.move_scalar(proof, message, index, Fr::from(1 + index as u64));
                    }
                };
                vec![self.mend(self.changed(moved))]
            }
        }
    }

    /// A row moved, with what is announced in its stead or the opening.
    fn moved_row(&self, message: usize) -> Vec<Given> {
        let announcement = self.frozen.first(labels::ANNOUNCEMENT);
        let earlier = |labels: &[Label]| -> usize {
            let earlier = self.frozen.oracle.messages[..message].iter();
            earlier.filter(|earlier| labels.contains(&earlier.label)).map(|earlier| earlier.length / 32).sum()
        };
        let Last { rho, rows, .. } = self.last(&self.given);
        let (index, weight) = if self.label(message) == labels::MASK_COMMITMENT {
            (earlier(&[labels::MASK_COMMITMENT]), rho)
        } else {
            let before = earlier(&[labels::WITNESS_COMMITMENT, labels::DEFERRED_COMMITMENT]);
            let coefficient = rows[self.given.key.commitments().len() + before];
            (self.count(labels::MASK_COMMITMENT), rho * coefficient)
        };
        let moved = self.changed(|proof| self.move_point(proof, message, 0, generator()));
        let mut announced = moved.clone();
        self.move_point(&mut announced.proof, announcement, index, generator() * -weight);
        vec![announced, self.mend_opening(moved)]
    }

    /// Each announced point moved.
    fn announced(&self, message: usize) -> Vec<Given> {
        let rows = self.count(labels::MASK_COMMITMENT) + 1;
        let rho = self.last(&self.given).rho;
        let moved = |index: usize| self.changed(|proof| self.move_point(proof, message, index, generator()));
        let mut lies: Vec<Given> = (0..rows).map(|index| self.mend_opening(moved(index))).collect();
        for (index, other, weight) in [(rows, rows + 1, rho.inverse().unwrap()), (rows + 1, rows, rho)] {
            let mut moved = moved(index);
            self.move_point(&mut moved.proof, message, other, generator() * -weight);
            lies.push(moved);
        }
        lies
    }

    /// Each element of the response moved, the first two with the announced error.
    fn responses(&self, message: usize) -> Vec<Given> {
        let (announcement, error) =
            (self.frozen.first(labels::ANNOUNCEMENT), self.count(labels::MASK_COMMITMENT) + 1);
        let carriers = [self.generators.inner_product(), self.generators.hiding()];
        let moved = |index: usize| {
            self.mend(self.changed(|proof| {
                if let Some(carrier) = carriers.get(index) {
                    self.move_point(proof, announcement, error, carrier.into_group());
                }
                self.move_scalar(proof, message, index, Fr::one());
            }))
        };
        (0..4).map(moved).collect()
    }

    /// Both factors moved against each other, and one of them with the last round.
    fn factors(&self, message: usize) -> Vec<Given> {
        let [left, right] = self.frozen.values(message).try_into().unwrap();
        let (two, half) = (Fr::from(2_u64), Fr::from(2_u64).inverse().unwrap());
        let against = self.changed(|proof| self.frozen.write(proof, message, &[left * two, right * half]));
        let products = &self.frozen.batches[self.frozen.batches.len() - 2];
        let round = *products.rounds.last().unwrap();
        let alone = self.changed(|proof| {
            self.move_scalar(proof, message, 0, Fr::one());
            self.frozen.move_round(proof, round, right, Fr::ZERO);
        });
        vec![self.mend_opening(against), self.mend_opening(alone)]
    }

    /// Asserts that frozen challenges accept a lie and the real ones do not.
    fn assert_stopped(&self, lie: &Given, error: &Error, what: &str) {
        let name = &self.name;
        assert_eq!(self.frozen(lie), Ok(()), "{name}, {what}: frozen");
        assert_eq!(lie.verify().as_ref(), Err(error), "{name}, {what}");
    }
}

fn points(bytes: &[u8]) -> Vec<G1Affine> {
    bytes.chunks_exact(32).map(|bytes| point_from_bytes(bytes).unwrap()).collect()
}

fn generator() -> G1Projective {
    G1Affine::generator().into_group()
}

/// A private model, a committed input, both.
const SETTINGS: [[bool; 2]; 3] = [[true, false], [false, true], [true, true]];

/// Every tiny network with a private model, some in the other settings.
fn hiding() -> impl ParallelIterator<Item = Hiding> {
    let all = tiny::all().into_iter().enumerate().flat_map(|(index, (name, network))| {
        let settings = SETTINGS.into_iter().take(if index < 3 { 3 } else { 1 });
        settings.map(move |setting| (name, network.clone(), setting)).collect::<Vec<_>>()
    });
    all.collect::<Vec<_>>()
        .into_par_iter()
        .map(|(name, network, setting)| Hiding::new(name, &network, setting))
}

/// Every message of a hiding proof: each of its changes is accepted with frozen challenges, and rejected with the real ones.
#[test]
fn absorption_stops_a_change_of_every_message() {
    let met = hiding().map(|hiding| {
        let messages = &hiding.frozen.oracle.messages;
        let mut accepted: BTreeSet<Label> = BTreeSet::new();
        for (index, message) in messages.iter().enumerate() {
            let lies = hiding.lies(index);
            assert!(!lies.is_empty(), "{}: {message:?}", hiding.name);
            for lie in lies {
                let differs = lie.proof[message.start..message.end()]
                    != hiding.given.proof[message.start..message.end()];
                assert!(differs, "{}: {message:?}", hiding.name);
                let expected = hiding.frozen.oracle.error(&lie.proof).unwrap();
                hiding.assert_stopped(&lie, &expected, &format!("{message:?}"));
            }
            accepted.insert(message.label);
        }
        accepted
    });
    let met = met.reduce(BTreeSet::new, |a, b| &a | &b);
    for label in [
        labels::MASK_COMMITMENT,
        labels::ROOT_INVERSES,
        labels::PARTIAL_PRODUCTS,
        labels::DEFERRED_COMMITMENT,
        labels::ANNOUNCEMENT,
    ] {
        assert!(met.contains(&label), "no message {label}");
    }
}

/// What the response opens was announced: no error, and no blinding, is found for it afterwards.
#[test]
fn only_the_announcement_makes_up_for_another_error() {
    hiding().for_each(|hiding| {
        let message = hiding.frozen.first(labels::MASKING_RESPONSE);
        for index in 0..2 {
            let moved = hiding.changed(|proof| hiding.move_scalar(proof, message, index, Fr::one()));
            let mended = hiding.mend(moved);
            assert_eq!(hiding.frozen(&mended), Err(ERROR), "{}", hiding.name);
            assert_eq!(mended.verify(), Err(ERROR), "{}", hiding.name);
        }
    });
}

/// Any output, any public input, any committed one, any model: what a statement says.
#[test]
fn absorption_stops_another_statement() {
    let models = hiding().map(|hiding| {
        let Given { input, commitment, outputs, .. } = &hiding.given;
        for (place, output) in outputs.iter().enumerate() {
            for index in 0..output.data().len() {
                let lie = hiding.restated(|given| given.outputs[place] = moved(output, index));
                hiding.assert_stopped(&hiding.mend(lie), &ERROR, "another output");
            }
        }
        let another = moved(input, 0);
        if commitment.is_some() {
            let opening = InputOpening::new(another, &seed(5)).unwrap();
            let lie = hiding.restated(|given| given.commitment = Some(opening.commitment().clone()));
            hiding.assert_stopped(&hiding.mend_rows(lie), &ERROR, "another committed input");
        } else {
            let lie = hiding.restated(|given| given.input = another);
            hiding.assert_stopped(&hiding.mend(lie), &ERROR, "another input");
        }
        // Nothing but the digest tells a name.
        let renamed = hiding.remodelled(|network| network.architecture.name.push('!'));
        hiding.assert_stopped(&hiding.mend_rows(renamed), &ERROR, "another name");
        let retrained = hiding.remodelled(|network| {
            let weights = network.parameters.iter_mut().find_map(|parameter| match parameter {
                Parameter::Int8(weights) => weights.first_mut(),
                Parameter::Int32(_) => None,
            });
            if let Some(weight) = weights {
                *weight ^= 1;
            }
        });
        // Where there are weights, and the ranges that follow from them are the same.
        let same = retrained.key.architecture() == hiding.given.key.architecture()
            && retrained.key.commitments() != hiding.given.key.commitments();
        if same {
            hiding.assert_stopped(&hiding.mend_rows(retrained), &ERROR, "another model");
        }
        usize::from(same)
    });
    let models: usize = models.sum();
    assert!(models > 8, "{models} other models");
}

/// A tensor with another element, in the same range.
fn moved(tensor: &Tensor<i64>, index: usize) -> Tensor<i64> {
    let mut data = tensor.data().to_vec();
    data[index] ^= 1;
    Tensor::new(tensor.layout().clone(), data).unwrap()
}

/// An element that a message of this kind may have.
fn random_element(message: &Message, rng: &mut impl Rng) -> [u8; 32] {
    if message.holds_points() {
        point_to_bytes(&G1Projective::rand(rng).into_affine())
    } else {
        scalar_to_bytes(&Fr::rand(rng))
    }
}

/// A proof drawn at random, of false outputs: one announced point, one factor and one half are what the checks say.
#[test]
fn absorption_stops_a_proof_drawn_at_random() {
    hiding().for_each(|hiding| {
        let mut rng = StdRng::seed_from_u64(8);
        let mut lie = hiding.given.clone();
        for output in &mut lie.outputs {
            *output = moved(output, 0);
        }
        for message in &hiding.frozen.oracle.messages {
            for at in (message.start..message.end()).step_by(32) {
                lie.proof[at..at + 32].copy_from_slice(&random_element(message, &mut rng));
            }
        }
        let message = |label: Label| hiding.frozen.oracle.messages[hiding.frozen.first(label)];
        let announced = message(labels::ANNOUNCEMENT);
        let [.., error, cross_term] = *points(&lie.proof[announced.start..announced.end()]) else {
            panic!("no announcement")
        };
        let response = message(labels::MASKING_RESPONSE);
        let response = scalars(&lie.proof[response.start..response.end()]);
        let Last { rho, products, .. } = hiding.last(&lie);
        let opened =
            hiding.generators.inner_product() * response[0] + hiding.generators.hiding() * response[1];
        let error = opened - cross_term * rho - error;
        let index = announced.length / 32 - 2;
        hiding.move_point(&mut lie.proof, hiding.frozen.first(labels::ANNOUNCEMENT), index, error);
        let factors = message(labels::MASKING_FACTORS);
        let [_, right] = scalars(&lie.proof[factors.start..factors.end()]).try_into().unwrap();
        let left = products * right.inverse().unwrap();
        hiding.frozen.write(&mut lie.proof, hiding.frozen.first(labels::MASKING_FACTORS), &[left, right]);
        hiding.assert_stopped(&hiding.mend_opening(lie), &ERROR, "a proof drawn at random");
    });
}

/// No challenge of a hiding proof is squeezed twice, and none is zero or one.
#[test]
fn all_challenges_differ() {
    hiding().for_each(|hiding| assert_challenges_differ(&hiding.frozen.steps, &hiding.name));
}
