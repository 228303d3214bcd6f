//! Frozen challenges: what the verifier would accept if its challenges did not depend on the messages.
//!
//! Each message is changed and the next ones are mended so that every check holds at the challenges of the honest run. A
//! verifier whose challenges are frozen accepts that; the real one rejects it, as nothing but absorption tells it from an
//! honest proof. Where a change enters a sumcheck's claims, its first round polynomial makes up for it.
//!
//! Proofs that hide are in [`hiding`].

mod hiding;

use std::collections::BTreeSet;

use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, One};
use rayon::prelude::*;
use tacit_algebra::msm::multi_scalar;
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, Layout, MatmulArgument, Multiplier,
    Network, Parameter, Tensor, VerifyingKey, Window2d,
    argument::{
        claim::Column,
        hyrax::{OpeningClaim, folded_coefficients, folded_point},
        matmul::polynomial::{CrossPowers, combination},
    },
    tensor::evaluation::evaluate,
};
use tacit_prover::{ProvingKey, prove};
use tacit_transcript::{
    Label, ProofReader,
    encoding::{point_from_bytes, point_to_bytes, scalar_from_bytes, scalar_to_bytes},
    labels,
    replay::{Step, record, replay},
};
use tacit_verifier::{
    Error,
    hyrax::{self, Commitment},
    verify,
};

use super::{
    layout,
    network::output,
    oracle::{Message, Oracle},
    tiny,
};

/// A round of a sumcheck: $t_0 = \kappa c - w \sum_k t_k$.
#[derive(Debug, Clone, Copy)]
struct Round {
    /// Its message.
    message: usize,
    /// $r$.
    challenge: Fr,
    /// $w$.
    weight: Fr,
    /// $\kappa$.
    share: Fr,
}

/// A batched sumcheck.
#[derive(Debug, Clone)]
struct Batch {
    /// The combined claim.
    claim: Fr,
    rounds: Vec<Round>,
}

/// What an honest verification consists of.
struct Frozen {
    key: VerifyingKey,
    network: Network,
    input: Tensor<i64>,
    outputs: Vec<Tensor<i64>>,
    proof: Vec<u8>,
    steps: Vec<Step>,
    batches: Vec<Batch>,
    oracle: Oracle,
}

fn scalars(bytes: &[u8]) -> Vec<Fr> {
    bytes.chunks_exact(32).map(|bytes| scalar_from_bytes(bytes).unwrap()).collect()
}

/// Every sumcheck in the order of the transcript.
fn batches(steps: &[Step]) -> Vec<Batch> {
    let half = Fr::from(2_u64).inverse().unwrap();
    let mut batches: Vec<Batch> = vec![];
    let (mut messages, mut point) = (0, vec![]);
    // The point of an equality weight, until a sumcheck takes it.
    let mut pending: Option<Vec<Fr>> = None;
    let mut weights: Option<Vec<Fr>> = None;
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Message(..) => messages += 1,
            Step::Squeeze(labels::FRACTION_BATCH, _) => pending = Some(point.clone()),
            Step::Squeeze(labels::FRACTION_CHILD, mu) => {
                let rounds = batches.last().map_or(&[][..], |batch| &batch.rounds);
                point = std::iter::once(*mu).chain(rounds.iter().map(|round| round.challenge)).collect();
            }
            Step::Squeeze(labels::POOL_POINT, tau) => pending.get_or_insert_default().push(*tau),
            Step::Squeeze(labels::SUMCHECK_BATCH, gamma) => {
                let Step::Absorb(labels::CLAIM, bytes) = &steps[index - 1] else { panic!("no claims") };
                let claims = scalars(bytes);
                weights = pending.take();
                let vars = |claim: &[Fr]| (0..64_u64).find(|n| Fr::from(*n) == claim[0]).unwrap();
                let most = claims.chunks_exact(3).map(vars).max().unwrap();
                let mut power = Fr::one();
                let mut sum = Fr::ZERO;
                for claim in claims.chunks_exact(3) {
                    let doubled = if weights.is_some() { 0 } else { most - vars(claim) };
                    sum += power * claim[2] * Fr::from(1_u64 << doubled);
                    power *= gamma;
                }
                batches.push(Batch { claim: sum, rounds: vec![] });
            }
            Step::Squeeze(labels::ROUND_CHALLENGE, challenge) => {
                let rounds = &mut batches.last_mut().unwrap().rounds;
                let tau = weights.as_ref().map(|tau| tau[rounds.len()]);
                let (weight, share) = (tau.unwrap_or(half), tau.map_or(half, |_| Fr::one()));
                rounds.push(Round { message: messages - 1, challenge: *challenge, weight, share });
            }
            Step::Absorb(..) | Step::Squeeze(..) => {}
        }
    }
    batches
}

impl Frozen {
    fn new(network: Network) -> Self {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove(&key, &input).unwrap();
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        let (network, key) = (key.network().clone(), key.verifying_key().clone());
        let (outputs, proof) = (proven.outputs, proven.proof);
        let (verdict, steps) = record(|| verify(&key, &input, &outputs, &proof).map(|_| ()));
        assert_eq!(verdict, Ok(()));
        let batches = batches(&steps);
        Self { key, network, input, outputs, proof, steps, batches, oracle }
    }

    fn real(&self, proof: &[u8]) -> Result<(), Error> {
        verify(&self.key, &self.input, &self.outputs, proof).map(|_| ())
    }

    /// The first check behind a change that the checks of the changed message itself do not see: the first one that depends
    /// on a challenge squeezed after it.
    fn first_check(&self, proof: &[u8]) -> Error {
        let messages = &self.oracle.messages;
        let changed = |m: &Message| proof[m.start..m.end()] != self.proof[m.start..m.end()];
        let first = messages.iter().position(changed).unwrap();
        let label = messages[first].label;
        // No challenge lies between the values of several columns or pools.
        let together = [labels::COLUMN_VALUES, labels::POOL_DIFFERENCES].contains(&label);
        let next = (first + 1..messages.len()).find(|&i| !together || messages[i].label != label);
        match next {
            None => Error::Opening,
            Some(next) if messages[next].label == labels::COLUMN_VALUES => {
                Error::LookupColumns { part: "numerator" }
            }
            Some(next) if messages[next].label == labels::POOL_DIFFERENCES => {
                Error::FinalValue { argument: "max-pools", message: labels::POOL_DIFFERENCES }
            }
            Some(next) => self.oracle.check(next, &self.proof).1,
        }
    }

    fn values(&self, message: usize) -> Vec<Fr> {
        let message = self.oracle.messages[message];
        scalars(&self.proof[message.start..message.end()])
    }

    fn points(&self, message: usize) -> Vec<G1Affine> {
        let message = self.oracle.messages[message];
        let bytes = &self.proof[message.start..message.end()];
        bytes.chunks_exact(32).map(|bytes| point_from_bytes(bytes).unwrap()).collect()
    }

    fn write(&self, proof: &mut [u8], message: usize, values: &[Fr]) {
        let bytes: Vec<u8> = values.iter().flat_map(scalar_to_bytes).collect();
        let message = self.oracle.messages[message];
        proof[message.start..message.end()].copy_from_slice(&bytes);
    }

    fn write_points(&self, proof: &mut [u8], message: usize, points: &[G1Affine]) {
        let bytes: Vec<u8> = points.iter().flat_map(point_to_bytes).collect();
        let message = self.oracle.messages[message];
        proof[message.start..message.end()].copy_from_slice(&bytes);
    }

    /// Changes a round's polynomial so that its value at the challenge moves by `difference` while its claim moves by `claim`.
    fn move_round(&self, proof: &mut [u8], round: Round, difference: Fr, claim: Fr) {
        let message = self.oracle.messages[round.message];
        let mut sent = scalars(&proof[message.start..message.end()]);
        let slope = (round.challenge - round.weight).inverse().unwrap();
        sent[0] += (difference - round.share * claim) * slope;
        self.write(proof, round.message, &sent);
    }

    /// Mends sumchecks until the frozen verifier accepts, or what it says when there is nothing to mend.
    fn mend(&self, outputs: &[Tensor<i64>], mut proof: Vec<u8>) -> Result<Vec<u8>, Error> {
        let mut mended = 0;
        loop {
            let (verdict, steps) =
                replay(&self.steps, || verify(&self.key, &self.input, outputs, &proof).map(|_| ()));
            let now = batches(&steps);
            let changed = now.iter().zip(&self.batches).skip(mended).position(|(a, b)| a.claim != b.claim);
            let Some(changed) = changed.map(|changed| changed + mended) else {
                return verdict.map(|()| proof);
            };
            mended = changed + 1;
            let Some(round) = self.batches[changed].rounds.first() else {
                return verdict.map(|()| proof);
            };
            let claim = now[changed].claim - self.batches[changed].claim;
            self.move_round(&mut proof, *round, Fr::ZERO, claim);
        }
    }

    /// The sumcheck that ended last before a message, with the value that it ended with.
    fn ended(&self, message: usize) -> Option<(Round, Fr)> {
        let batch =
            self.batches.iter().rfind(|batch| batch.rounds.last().is_some_and(|r| r.message < message))?;
        let mut claim = batch.claim;
        for round in &batch.rounds {
            let sent = self.values(round.message);
            let constant = round.share * claim - round.weight * sent.iter().sum::<Fr>();
            claim = sent.iter().rev().fold(Fr::ZERO, |sum, c| (sum + c) * round.challenge) + constant;
        }
        Some((*batch.rounds.last()?, claim))
    }

    /// The challenge with this label that is squeezed next after a message.
    fn challenge(&self, message: usize, label: Label) -> Fr {
        let place = self.place(message);
        let found = self.steps[place..].iter().find_map(|step| match step {
            Step::Squeeze(squeezed, challenge) if *squeezed == label => Some(*challenge),
            _ => None,
        });
        found.unwrap()
    }

    /// All challenges with this label before a message.
    fn challenges_before(&self, message: usize, label: Label) -> Vec<Fr> {
        let steps = self.steps[..self.place(message)].iter();
        let found = steps.filter_map(|step| match step {
            Step::Squeeze(squeezed, challenge) if *squeezed == label => Some(*challenge),
            _ => None,
        });
        found.collect()
    }

    /// Where among the steps a message is.
    fn place(&self, message: usize) -> usize {
        let mut messages = (0..self.steps.len()).filter(|&i| matches!(self.steps[i], Step::Message(..)));
        messages.nth(message).unwrap()
    }

    fn first(&self, label: Label) -> usize {
        self.oracle.messages.iter().position(|message| message.label == label).unwrap()
    }

    fn last(&self, label: Label) -> usize {
        self.oracle.messages.iter().rposition(|message| message.label == label).unwrap()
    }

    /// Changes of a message that some check or other may not see at the frozen challenges.
    fn changes(&self, message: usize) -> Vec<Vec<u8>> {
        match self.oracle.messages[message].label {
            labels::ROUND_POLYNOMIAL => self.rounds(message),
            labels::FRACTIONS => vec![self.fractions(message)],
            labels::COLUMN_VALUES => self.columns(message),
            labels::CROSS_VALUES => self.cross_terms(message),
            labels::WITNESS_COMMITMENT | labels::DEFERRED_COMMITMENT => vec![self.commitment(message)],
            labels::INNER_PRODUCT_HALVES => vec![self.halves(message)],
            labels::INNER_PRODUCT_SCALAR => vec![self.scalar(message)],
            _ => self.final_values(message),
        }
    }

    /// Two coefficients moved so that the value at the challenge stays.
    fn rounds(&self, message: usize) -> Vec<Vec<u8>> {
        let mut rounds = self.batches.iter().flat_map(|batch| &batch.rounds);
        let round = *rounds.find(|round| round.message == message).unwrap();
        let mut sent = self.values(message);
        if sent.len() < 2 {
            return vec![];
        }
        let (r, w) = (round.challenge, round.weight);
        sent[1] += Fr::one();
        sent[0] -= (r * r - w) * (r - w).inverse().unwrap();
        let mut proof = self.proof.clone();
        self.write(&mut proof, message, &sent);
        vec![proof]
    }

    /// Both children moved so that neither the parent nor what is between them at the challenge moves.
    fn fractions(&self, message: usize) -> Vec<u8> {
        let mu = self.challenge(message, labels::FRACTION_CHILD);
        let lambda = self.challenges_before(message, labels::FRACTION_BATCH).last().copied();
        let [p0, p1, q0, q1] = self.values(message).try_into().unwrap();
        let k = (Fr::one() - mu) * mu.inverse().unwrap();
        // p moves by (a, -k a), q by (c, -k c); at the root only the sum's numerator is compared.
        let (c, lambda) = (Fr::from(5_u64), lambda.unwrap_or_default());
        let numerator = lambda * c * c * k - c * (p1 - k * p0 + lambda * (q1 - k * q0));
        let a = numerator * (q1 - k * q0 - (c * k).double()).inverse().unwrap();
        let mut proof = self.proof.clone();
        self.write(&mut proof, message, &[p0 + a, p1 - k * a, q0 + c, q1 - k * c]);
        proof
    }

    /// A quotient moved to its activation in the fingerprint.
    fn columns(&self, message: usize) -> Vec<Vec<u8>> {
        let beta = self.challenges_before(message, labels::FINGERPRINT)[1];
        let [quotient, activation] = *self.values(message).as_slice() else { return vec![] };
        let mut proof = self.proof.clone();
        self.write(&mut proof, message, &[quotient + beta, activation - Fr::one()]);
        vec![proof]
    }

    /// A layer's sum, and the cross terms that make up for it, for any number of inner variables.
    fn cross_terms(&self, message: usize) -> Vec<Vec<u8>> {
        let layout = self.key.plan().deferred_layout(Column::CrossTerms).unwrap();
        let u = self.challenges_before(message, labels::CROSS_POWER)[0];
        let gamma = self.challenges_before(message, labels::CROSS_BATCH)[0];
        let powers = CrossPowers::new(layout, u).unwrap();
        let change = |inner_vars: usize| {
            let mut sent = self.values(message);
            let count = sent.len() - 1;
            let [a, b] = powers.factors(inner_vars).unwrap();
            let weight = combination(gamma, count)[count - 1] * a.scale * b.scale;
            sent[count - 1] += Fr::one();
            sent[count] += powers.middle * weight * powers.cross.scale.inverse().unwrap();
            let mut proof = self.proof.clone();
            self.write(&mut proof, message, &sent);
            proof
        };
        (0..8).map(change).collect()
    }

    /// The opening's combination of rows, from the claims that it absorbs.
    fn combination(&self) -> (usize, hyrax::Combination<Fr>) {
        let batch =
            self.steps.iter().rposition(|step| matches!(step, Step::Squeeze(labels::SUMCHECK_BATCH, _)));
        let opening = batch.unwrap() - 2;
        let Step::Absorb(labels::CLAIM, bytes) = &self.steps[opening] else { panic!("no claims") };
        let (mut rest, mut claims) = (scalars(bytes), vec![]);
        while !rest.is_empty() {
            let whole = |x: Fr| (0..1000_u64).find(|n| Fr::from(*n) == x).unwrap() as usize;
            let point = rest.split_off(3);
            let (subject, length, value) = (whole(rest[0]), whole(rest[1]), rest[2]);
            let (point, others) = point.split_at(length);
            claims.push(OpeningClaim::new(subject, point.to_vec(), value));
            rest = others.to_vec();
        }
        let plan = self.key.plan();
        let row_vars = plan.key_vars;
        let deferred = (0..self.oracle.messages.len())
            .filter(|&i| self.oracle.messages[i].label == labels::DEFERRED_COMMITMENT)
            .map(|i| self.points(i));
        let (witness, deferred) =
            (self.points(self.first(labels::WITNESS_COMMITMENT)), deferred.collect::<Vec<Vec<G1Affine>>>());
        let layouts = |columns: &'_ [tacit_layers::argument::claim::CommittedColumn]| -> Vec<Layout> {
            columns.iter().map(|column| column.layout.clone()).collect()
        };
        let lists: Vec<Vec<Layout>> = [layouts(&plan.parameters), layouts(&plan.witness)]
            .into_iter()
            .chain(plan.deferred.chunks(1).map(layouts))
            .collect();
        let rows = [self.key.commitments(), &witness].into_iter().chain(deferred.iter().map(Vec::as_slice));
        let commitments: Vec<Commitment> = lists
            .iter()
            .zip(rows)
            .map(|(layouts, rows)| Commitment { layouts: layouts.iter().collect(), rows, row_vars })
            .collect();
        let first = self.steps[..opening].iter().filter(|step| matches!(step, Step::Message(..))).count();
        let mut reader = ProofReader::new(b"frozen", &self.proof[self.oracle.messages[first].start..]);
        let (combined, _) =
            replay(&self.steps[opening..], || hyrax::combine(&mut reader, &commitments, &claims, row_vars));
        (self.key.commitments().len(), combined.unwrap().unwrap())
    }

    /// The first row of a commitment moved; the first left half makes up for it.
    fn commitment(&self, message: usize) -> Vec<u8> {
        let (parameters, combination) = self.combination();
        let earlier = self.oracle.messages[..message].iter().filter(|earlier| {
            [labels::WITNESS_COMMITMENT, labels::DEFERRED_COMMITMENT].contains(&earlier.label)
        });
        let row = parameters + earlier.map(|earlier| earlier.length / 32).sum::<usize>();
        let coefficient = combination.coefficients[row];
        let mut proof = self.proof.clone();
        let mut rows = self.points(message);
        rows[0] = (rows[0] + G1Affine::generator()).into_affine();
        self.write_points(&mut proof, message, &rows);
        let first = self.first(labels::INNER_PRODUCT_HALVES);
        let x = self.challenge(first, labels::INNER_PRODUCT_CHALLENGE);
        let [left, right] = self.points(first).try_into().unwrap();
        let left = (left - G1Affine::generator() * (x * coefficient)).into_affine();
        self.write_points(&mut proof, first, &[left, right]);
        proof
    }

    /// Both halves moved against each other.
    fn halves(&self, message: usize) -> Vec<u8> {
        let x = self.challenge(message, labels::INNER_PRODUCT_CHALLENGE);
        let [left, right] = self.points(message).try_into().unwrap();
        let moved = G1Affine::generator();
        let inverse = x.inverse().unwrap();
        let halves = [(left + moved).into_affine(), (right - moved * (inverse * inverse)).into_affine()];
        let mut proof = self.proof.clone();
        self.write_points(&mut proof, message, &halves);
        proof
    }

    /// The last element moved; the last left half makes up for it.
    fn scalar(&self, message: usize) -> Vec<u8> {
        let challenges = self.challenges_before(message, labels::INNER_PRODUCT_CHALLENGE);
        let xi = self.challenges_before(message, labels::INNER_PRODUCT_GENERATOR)[0];
        let inverses: Vec<Fr> = challenges.iter().map(|x| x.inverse().unwrap()).collect();
        let generators = self.key.generators();
        let z: Vec<Fr> = self.batches.last().unwrap().rounds.iter().map(|round| round.challenge).collect();
        let points = [generators.vector(), &[generators.inner_product()]].concat();
        let mut weights = folded_coefficients(&inverses);
        weights.push(xi * folded_point(&z, &inverses));
        let folded = multi_scalar(&points, &weights);
        let mut proof = self.proof.clone();
        let last = self.values(message)[0] + Fr::one();
        self.write(&mut proof, message, &[last]);
        let halves = self.last(labels::INNER_PRODUCT_HALVES);
        let [left, right] = self.points(halves).try_into().unwrap();
        let left = (folded * *challenges.last().unwrap() + left).into_affine();
        self.write_points(&mut proof, halves, &[left, right]);
        proof
    }

    /// Values that a sumcheck ended in, or that nothing checks at once.
    fn final_values(&self, message: usize) -> Vec<Vec<u8>> {
        let honest = self.values(message);
        let change = |change: &dyn Fn(usize, Fr) -> Fr| -> Vec<u8> {
            let values: Vec<Fr> = honest.iter().enumerate().map(|(i, value)| change(i, *value)).collect();
            let mut proof = self.proof.clone();
            self.write(&mut proof, message, &values);
            proof
        };
        let (two, half) = (Fr::from(2_u64), Fr::from(2_u64).inverse().unwrap());
        let mut changes = vec![];
        for at in 0..honest.len().min(6) {
            changes.push(change(&|i, x| if i == at { x + Fr::one() } else { x }));
            if at + 1 < honest.len() {
                // A factor, a share or an addend moved to the next.
                changes.push(change(&|i, x| match i {
                    i if i == at => x * two,
                    i if i == at + 1 => x * half,
                    _ => x,
                }));
                for amount in [-Fr::one(), half] {
                    changes.push(change(&|i, x| match i {
                        i if i == at => x + Fr::one(),
                        i if i == at + 1 => x + amount,
                        _ => x,
                    }));
                }
            }
        }
        // Some factor of every term doubled, and the last round's polynomial with them.
        let Some((round, value)) = self.ended(message) else { return changes };
        for size in (1..=4).filter(|size| honest.len().is_multiple_of(*size)) {
            for place in 0..size {
                let mut proof = change(&|i, x| if i % size == place { x * two } else { x });
                self.move_round(&mut proof, round, value, Fr::ZERO);
                changes.push(proof);
            }
        }
        changes
    }
}

/// A convolution in the frequency domain that reads an activation and whose Fourier vectors take two levels.
fn long_transforms() -> Network {
    let input = InputLayer::real(layout(&[1, 20, 3]), (-4, 3), 1.0);
    let mut b = NetworkBuilder::new("long transforms", input);
    let x = b.add("copy", &[(b.input(), 2)]);
    let clip = ActivationFunction::Clip { minimum: -4, maximum: 3 };
    let x = b.rescale("copied", x, Multiplier::Uniform(1), 1, clip);
    let window = Window2d::square(AxisWindow::new(2, 1));
    let weights = Tensor::new(layout(&[1, 1, 2, 2]), vec![1, -2, 3, 2]).unwrap();
    let x = b.conv2d("conv", x, window, weights, None).unwrap();
    b.output(output("y", x, &[1, 19, 2]));
    b.finish().unwrap().with_arguments(ConvolutionArgument::Fft, MatmulArgument::default()).unwrap()
}

/// Every message of the protocol: some change of it is accepted with frozen challenges, and rejected with the real ones.
#[test]
fn absorption_stops_a_change_of_every_message() {
    let mut accepted: BTreeSet<Label> = BTreeSet::new();
    let mut sent: BTreeSet<Label> = BTreeSet::new();
    for (name, network) in tiny::all().into_iter().chain([("long transforms", long_transforms())]) {
        let frozen = Frozen::new(network);
        let messages = 0..frozen.oracle.messages.len();
        sent.extend(frozen.oracle.messages.iter().map(|message| message.label));
        let found: Vec<Option<Label>> = messages
            .into_par_iter()
            .map(|message| {
                let label = frozen.oracle.messages[message].label;
                let mut changes = frozen.changes(message).into_iter();
                let proof = changes.find_map(|proof| frozen.mend(&frozen.outputs, proof).ok());
                let proof = proof?;
                assert_ne!(proof, frozen.proof, "{name}: {label}");
                let expected = frozen.first_check(&proof);
                assert_eq!(frozen.real(&proof), Err(expected), "{name}: {label}, message {message}");
                Some(label)
            })
            .collect();
        let every = [
            labels::ROUND_POLYNOMIAL,
            labels::FRACTIONS,
            labels::WITNESS_COMMITMENT,
            labels::DEFERRED_COMMITMENT,
            labels::INNER_PRODUCT_HALVES,
            labels::INNER_PRODUCT_SCALAR,
        ];
        for (found, message) in found.iter().zip(&frozen.oracle.messages) {
            let degree = message.length / 32;
            if every.contains(&message.label) && (message.label != labels::ROUND_POLYNOMIAL || degree > 1) {
                assert!(found.is_some(), "{name}: {message:?}");
            }
        }
        accepted.extend(found.into_iter().flatten());
    }
    let missing: Vec<&Label> = sent.difference(&accepted).collect();
    assert!(missing.is_empty(), "no change is accepted of {missing:?}");
}

/// Any output at all: the claims on it enter sumchecks, whose first rounds make up for it.
#[test]
fn absorption_stops_a_false_output() {
    let mut accepted = 0;
    for (name, network) in tiny::all() {
        let frozen = Frozen::new(network);
        for output in 0..frozen.outputs.len() {
            for index in 0..frozen.outputs[output].data().len() {
                let mut outputs = frozen.outputs.clone();
                let mut data = outputs[output].data().to_vec();
                data[index] += 1;
                outputs[output] = Tensor::new(outputs[output].layout().clone(), data).unwrap();
                let Ok(proof) = frozen.mend(&outputs, frozen.proof.clone()) else { continue };
                let verdict = verify(&frozen.key, &frozen.input, &outputs, &proof).map(|_| ());
                assert_eq!(verdict, Err(Error::FractionLevel { level: 2 }), "{name}: output {output}");
                accepted += 1;
            }
        }
    }
    assert!(accepted > 40, "{accepted} false outputs");
}

/// Another input: the weight that it is multiplied with makes up for it, and the opening for that.
#[test]
fn absorption_stops_another_input() {
    let frozen = Frozen::new(tiny::mlp());
    let message = frozen.first(labels::CONTRACTION_VALUES);
    let contraction = frozen.batches.iter().rfind(|batch| batch.rounds.iter().all(|r| r.message < message));
    let rounds = contraction.map(|batch| batch.rounds.clone()).unwrap();
    let point: Vec<Fr> = rounds.iter().map(|round| round.challenge).collect();
    for index in 0..frozen.input.data().len() {
        let mut data = frozen.input.data().to_vec();
        data[index] ^= 1;
        let input = Tensor::new(frozen.input.layout().clone(), data).unwrap();
        let value = |input: &Tensor<i64>| evaluate(input.layout(), input.data(), &point).unwrap();
        let mut values = frozen.values(message);
        assert_eq!(values[1], value(&frozen.input));
        let other = value(&input);
        values = [&[values[0] * values[1] * other.inverse().unwrap(), other], &values[2..]].concat();
        let mut proof = frozen.proof.clone();
        frozen.write(&mut proof, message, &values);
        let lie = Frozen { input: input.clone(), ..Frozen::new(tiny::mlp()) };
        let proof = lie.mend(&lie.outputs, proof).unwrap();
        assert_eq!(lie.real(&proof), Err(Error::FractionLevel { level: 2 }), "element {index}");
    }
}

/// The rest of the statement: what the verifier's arithmetic does not look at is bound by the digests alone, the weights by
/// the opening too.
#[test]
fn absorption_stops_another_key() {
    let frozen = Frozen::new(tiny::mlp());
    let verdicts = |change: &dyn Fn(&mut Network)| {
        let mut network = frozen.network.clone();
        change(&mut network);
        let key = ProvingKey::setup(network).unwrap().verifying_key().clone();
        let check = || verify(&key, &frozen.input, &frozen.outputs, &frozen.proof).map(|_| ());
        (replay(&frozen.steps, check).0, check())
    };
    let first_check = Err(Error::FractionLevel { level: 2 });
    let renamed = verdicts(&|network| network.architecture.name.push('!'));
    assert_eq!(renamed, (Ok(()), first_check.clone()));
    let rescaled = verdicts(&|network| network.architecture.outputs[0].scales[0] *= 2.0);
    assert_eq!(rescaled, (Ok(()), first_check.clone()));
    let retrained = verdicts(&|network| {
        let Parameter::Int8(weights) = &mut network.parameters[2] else { panic!("weights") };
        weights[0] += 1;
    });
    assert_eq!(retrained, (Err(Error::Opening), first_check));
}

/// No challenge of a proof is squeezed twice, and none is zero or one.
#[test]
fn all_challenges_differ() {
    for (name, network) in tiny::all() {
        assert_challenges_differ(&Frozen::new(network).steps, name);
    }
}

fn assert_challenges_differ(steps: &[Step], name: &str) {
    let challenges = steps.iter().filter_map(|step| match step {
        Step::Squeeze(_, challenge) => Some(*challenge),
        Step::Absorb(..) | Step::Message(..) => None,
    });
    let challenges: Vec<Fr> = challenges.collect();
    let different: BTreeSet<Fr> = challenges.iter().copied().collect();
    assert_eq!(different.len(), challenges.len(), "{name}");
    assert!(!different.contains(&Fr::ZERO) && !different.contains(&Fr::one()), "{name}");
}
