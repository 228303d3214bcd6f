//! Every message of a proof against every mutation, every byte of every file against a flip: rejected, by the check that
//! the change must fail.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/oracle.rs"]
mod oracle;
#[path = "support/several.rs"]
mod several;
#[path = "support/tiny.rs"]
mod tiny;

use std::collections::{BTreeMap, BTreeSet};

use ark_bn254::Fr;
use ark_ff::{BigInteger, One, PrimeField};
use oracle::{Message, Oracle};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tacit_algebra::generators::Generators;
use tacit_layers::{
    Error as LayersError, Network, ProofFile, StatedInput, Tensor, VerifyingKey,
    proof::{file::FORMAT_VERSION, statement::Statement},
};
use tacit_prover::{
    InputOpening, Proven, ProvenParameters, ProvingKey, RunInput, Seed, prove, prove_inputs,
    prove_parameters, prove_with_seed,
};
use tacit_transcript::{
    Error as Malformed, Event, Label,
    encoding::{point_to_bytes, scalar_from_bytes, scalar_to_bytes},
    labels,
};
use tacit_verifier::{Error, verify_parameters, verify_statement};

/// An honest proof with its statement.
struct Honest {
    key: VerifyingKey,
    inputs: Vec<StatedInput>,
    outputs: Vec<Tensor<i64>>,
    /// Whether it is about the key instead of a run.
    is_about_key: bool,
    events: Vec<Event>,
    oracle: Oracle,
}

impl Honest {
    fn new(network: Network) -> Self {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove(&key, &input).unwrap();
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        Self::of(key.verifying_key().clone(), vec![StatedInput::Public(input)], proven, oracle)
    }

    /// A proof about a private model.
    fn private(network: Network) -> Self {
        let (input, seed) = (tiny::sample(&network), Seed::new([5; 32]));
        let key = ProvingKey::setup_private(network, &seed).unwrap();
        let proven = prove_with_seed(&key, &input, &seed).unwrap();
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        Self::of(key.verifying_key().clone(), vec![StatedInput::Public(input)], proven, oracle)
    }

    /// A proof about inputs of which these are committed.
    fn mixed(network: Network, is_committed: &[bool]) -> Self {
        let (inputs, seed) = (several::samples(&network), Seed::new([5; 32]));
        let key = ProvingKey::setup(network).unwrap();
        let openings = inputs.iter().map(|input| InputOpening::new(input.clone(), &seed).unwrap());
        let openings: Vec<InputOpening> = openings.collect();
        let runs = inputs.iter().zip(&openings).zip(is_committed);
        let runs = runs.map(|((input, opening), is_committed)| match is_committed {
            true => RunInput::Committed(opening),
            false => RunInput::Public(input),
        });
        let runs: Vec<RunInput> = runs.collect();
        let proven = prove_inputs(&key, &runs, &seed).unwrap();
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        let inputs = runs.iter().map(|input| input.stated().into()).collect();
        Self::of(key.verifying_key().clone(), inputs, proven, oracle)
    }

    /// A proof about a private model's key.
    fn about_key(network: Network) -> Self {
        let (input, seed) = (tiny::sample(&network), Seed::new([5; 32]));
        let key = ProvingKey::setup_private(network, &seed).unwrap();
        let ProvenParameters { proof, messages, events } = prove_parameters(&key, &seed).unwrap();
        let run = prove_with_seed(&key, &input, &seed).unwrap();
        let proven = Proven { proof, messages, events, outputs: vec![], ..run };
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        let honest = Self::of(key.verifying_key().clone(), vec![], proven, oracle);
        Self { is_about_key: true, ..honest }
    }

    fn of(key: VerifyingKey, inputs: Vec<StatedInput>, proven: Proven, oracle: Oracle) -> Self {
        let Proven { outputs, events, .. } = proven;
        Self { key, inputs, outputs, is_about_key: false, events, oracle }
    }

    fn proof(&self) -> &[u8] {
        &self.oracle.proof
    }

    fn statement(&self) -> Statement<'_> {
        Statement { inputs: self.inputs.iter().map(StatedInput::input).collect(), outputs: &self.outputs }
    }

    fn verify(&self, proof: &[u8]) -> Result<(), Error> {
        if self.is_about_key {
            return verify_parameters(&self.key, proof).map(|_| ());
        }
        verify_statement(&self.key, &self.statement(), proof).map(|_| ())
    }

    /// Asserts that these bytes are rejected by the check they must fail.
    fn rejects(&self, proof: &[u8], what: impl Fn() -> String) -> Error {
        let expected = self.oracle.error(proof).unwrap_or_else(|| panic!("{}: nothing changed", what()));
        let actual = self.verify(proof);
        assert_eq!(actual, Err(expected.clone()), "{}", what());
        expected
    }
}

/// For every message of the protocol: the errors that mutations of it may meet when the proof's length and every element
/// stay well-formed, by name.
const MANIFEST: &[(Label, &[&str])] = &[
    (labels::WITNESS_COMMITMENT, &["FractionLevel"]),
    (labels::FRACTIONS, &["FractionSum", "ZeroDenominator", "FractionLevel"]),
    (labels::COLUMN_VALUES, &["LookupColumns"]),
    (labels::ROUND_POLYNOMIAL, &["FractionLevel", "FinalValue", "Opening"]),
    (labels::POOL_DIFFERENCES, &["FinalValue"]),
    (labels::POOL_VALUES, &["FinalValue"]),
    (labels::ACCUMULATOR_VALUES, &["FinalValue"]),
    (labels::BIAS_VALUES, &["FinalValue"]),
    (labels::ADDEND_VALUES, &["Addends"]),
    (labels::CONTRACTION_VALUES, &["FinalValue", "PublicInput"]),
    (labels::PRODUCT_VALUES, &["FinalValue"]),
    (labels::SPECTRUM_VALUES, &["FinalValue"]),
    (labels::TRANSFORM_VALUES, &["FinalValue"]),
    (labels::FOURIER_VALUES, &["FinalValue"]),
    (labels::WINDOW_VALUES, &["FinalValue"]),
    (labels::DEFERRED_COMMITMENT, &["FinalValue", "ProductPolynomials"]),
    (labels::CONVOLUTION_POWERS, &["FinalValue"]),
    (labels::CONVOLUTION_VALUES, &["FinalValue"]),
    (labels::CROSS_VALUES, &["ProductPolynomials"]),
    (labels::FACTOR_VALUES, &["FinalValue"]),
    (labels::GATE_SHARES, &["FinalValue"]),
    (labels::GATE_LEFT_VALUES, &["FinalValue"]),
    (labels::GATE_RIGHT_VALUES, &["FinalValue"]),
    (labels::VIEW_SHARES, &["Shares", "FinalValue"]),
    (labels::VIEW_VALUES, &["FinalValue"]),
    (labels::INNER_PRODUCT_HALVES, &["Opening"]),
    (labels::INNER_PRODUCT_SCALAR, &["Opening"]),
];

/// Labels that no network's proof carries as a message: absorbed, squeezed, or of stand-alone arguments.
const NO_MESSAGES: &[Label] = &[
    labels::PROTOCOL_VERSION,
    labels::ARCHITECTURE,
    labels::MODEL_COMMITMENT,
    labels::INPUT,
    labels::INPUT_COMMITMENT,
    labels::OUTPUT,
    labels::HARDENING,
    labels::OUTPUT_POINT,
    labels::FINGERPRINT,
    labels::FRACTION_BATCH,
    labels::FRACTION_CHILD,
    labels::ROUND_CHALLENGE,
    labels::SUMCHECK_BATCH,
    labels::POOL_POINT,
    labels::POOL_OFFSET,
    labels::MATMUL_POINT,
    labels::CONVOLUTION_POINT,
    labels::CROSS_BATCH,
    labels::CROSS_POWER,
    labels::GATE_CLAIM_BATCH,
    labels::INNER_PRODUCT_CHALLENGE,
    labels::INNER_PRODUCT_GENERATOR,
    labels::COMMITMENT,
    labels::CLAIM,
];

/// The same for the messages that only proofs of masked messages have. Every other message of theirs but those of
/// sumchecks and of the inner product is masked, and meets the check that the first of these rows does.
const MASKED: &[(Label, &[&str])] = &[
    (labels::MASK_COMMITMENT, &["error"]),
    (labels::ROOT_INVERSES, &["error"]),
    (labels::PARTIAL_PRODUCTS, &["error"]),
    (labels::ANNOUNCEMENT, &["error"]),
    (labels::ANNOUNCED_VALUE, &["error"]),
    (labels::MASKING_RESPONSE, &["error", "products"]),
    // Exchanged, factors have the same product.
    (labels::MASKING_FACTORS, &["products", "Opening"]),
    (labels::OPENING_BLINDING, &["Opening"]),
    // Before the masks are proved, of the products, of the opening.
    (labels::ROUND_POLYNOMIAL, &["error", "products", "Opening"]),
    (labels::INNER_PRODUCT_HALVES, &["Opening"]),
    (labels::INNER_PRODUCT_SCALAR, &["Opening"]),
];

/// Challenges of proofs of masked messages.
const MASKED_CHALLENGES: &[Label] =
    &[labels::CONSTRAINT_BATCH, labels::MASKING_CHALLENGE, labels::FORM_BATCH];

/// Networks whose hiding proofs are put to every mutation: with deferred columns, products of several values, few
/// rows, several committed inputs beside a public one.
fn hiding() -> [Honest; 4] {
    [
        Honest::private(tiny::mlp()),
        Honest::mixed(tiny::frequencies(), &[true]),
        Honest::mixed(several::network(), &[true, false, true]),
        Honest::private(tiny::polynomial()),
    ]
}

fn name(error: &Error) -> String {
    let debug = format!("{error:?}");
    match error {
        Error::MaskedChecks { part } => (*part).to_owned(),
        _ => debug.split([' ', '(']).next().unwrap().to_owned(),
    }
}

fn sent(honest: impl Iterator<Item = Honest>) -> BTreeSet<Label> {
    let messages = honest.flat_map(|honest| honest.events).filter_map(|event| match event {
        Event::Message(label, _) => Some(label),
        Event::Absorb(..) | Event::Squeeze(_) => None,
    });
    messages.collect()
}

#[test]
fn every_label_is_in_the_manifest_or_known_to_be_no_message() {
    let manifest: Vec<Label> = MANIFEST.iter().map(|row| row.0).collect();
    let shared = |label: &Label| manifest.contains(label);
    let masked: Vec<Label> = MASKED.iter().map(|row| row.0).collect();
    let masked_only = masked.iter().filter(|label| !shared(label));
    for label in labels::ALL {
        let known = manifest.iter().chain(NO_MESSAGES).chain(masked_only.clone()).chain(MASKED_CHALLENGES);
        let rows = known.filter(|known| *known == label).count();
        assert_eq!(rows, 1, "`{label}` occurs in {rows} rows");
    }
    let behind_masks = sent(tiny::all().into_iter().map(|(_, network)| Honest::private(network)));
    assert_eq!(behind_masks, masked.iter().chain(&manifest).copied().collect(), "messages behind masks");
    let sent = sent(tiny::all().into_iter().map(|(_, network)| Honest::new(network)));
    assert_eq!(sent, manifest.into_iter().collect(), "messages sent and messages in the manifest");
}

/// What is done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mutation {
    FlipFirstByte,
    FlipLastByte,
    FlipTopBit,
    Zero(usize),
    OtherValue(usize),
    NonCanonical(usize),
    SwapElements,
    SwapWithNext,
    Drop,
    Duplicate,
    Truncate,
}

impl Mutation {
    fn all(message: &Message) -> Vec<Self> {
        let mut all = vec![
            Self::FlipFirstByte,
            Self::FlipLastByte,
            Self::FlipTopBit,
            Self::SwapElements,
            Self::SwapWithNext,
            Self::Drop,
            Self::Duplicate,
            Self::Truncate,
        ];
        let elements = 0..message.length / 32;
        all.extend(elements.flat_map(|i| [Self::Zero(i), Self::OtherValue(i), Self::NonCanonical(i)]));
        all
    }

    /// Whether lengths stay and every element stays a canonical encoding, whatever the bytes were.
    fn keeps_form(self) -> bool {
        matches!(self, Self::OtherValue(_) | Self::SwapElements)
    }

    /// The mutated proof; nothing where the mutation does not apply.
    fn apply(self, honest: &Oracle, index: usize) -> Option<Vec<u8>> {
        let message = honest.messages[index];
        let mut proof = honest.proof.clone();
        let bytes = message.start..message.end();
        match self {
            Self::FlipFirstByte => proof[message.start] ^= 1,
            Self::FlipLastByte => proof[message.end() - 1] ^= 1,
            Self::FlipTopBit => proof[message.end() - 1] ^= 0x80,
            Self::Zero(element) => proof[message.start + 32 * element..][..32].fill(0),
            Self::OtherValue(element) => {
                let element = &mut proof[message.start + 32 * element..][..32];
                element.copy_from_slice(&other_value(&message, element));
            }
            Self::NonCanonical(element) => {
                let element = &mut proof[message.start + 32 * element..][..32];
                let other = non_canonical(&message, element);
                assert!(!message.decodes(&other), "{message:?}");
                element.copy_from_slice(&other);
            }
            Self::SwapElements => {
                if message.length < 64 {
                    return None;
                }
                let (first, rest) = proof[bytes].split_at_mut(32);
                let last = rest.len() - 32;
                first.swap_with_slice(&mut rest[last..]);
            }
            Self::SwapWithNext => {
                let next = honest.messages.get(index + 1).filter(|next| next.length == message.length)?;
                let (first, rest) = proof[message.start..next.end()].split_at_mut(message.length);
                first.swap_with_slice(rest);
            }
            Self::Drop => drop(proof.drain(bytes)),
            Self::Duplicate => {
                let copy = proof[bytes].to_vec();
                proof.splice(message.end()..message.end(), copy);
            }
            Self::Truncate => proof.truncate(message.start),
        }
        (proof != honest.proof).then_some(proof)
    }
}

/// Scalar plus one, or a point that is none of the proof's.
fn other_value(message: &Message, element: &[u8]) -> [u8; 32] {
    if message.holds_points() {
        return point_to_bytes(&Generators::new(6).unwrap().vector()[63]);
    }
    scalar_to_bytes(&(scalar_from_bytes(element).unwrap() + Fr::one()))
}

/// Scalar plus modulus; a point with both flags set.
fn non_canonical(message: &Message, element: &[u8]) -> [u8; 32] {
    let mut bytes: [u8; 32] = element.try_into().unwrap();
    if message.holds_points() {
        bytes[31] |= 0xc0;
        return bytes;
    }
    let mut value = scalar_from_bytes(element).unwrap().into_bigint();
    assert!(!value.add_with_carry(&Fr::MODULUS), "twice the modulus takes less than 32 bytes");
    bytes.copy_from_slice(&value.to_bytes_le());
    bytes
}

/// Applies mutations to every message; the label and the error of each that keeps the proof's form.
fn mutate(honest: &Honest, mutations: impl Fn(&Message) -> Vec<Mutation>) -> Vec<(Label, Error)> {
    assert_eq!(honest.verify(honest.proof()), Ok(()));
    let cases: Vec<(usize, Mutation)> = (0..honest.oracle.messages.len())
        .flat_map(|i| mutations(&honest.oracle.messages[i]).into_iter().map(move |m| (i, m)))
        .collect();
    let met = cases.into_par_iter().filter_map(|(index, mutation)| {
        let message = honest.oracle.messages[index];
        let proof = mutation.apply(&honest.oracle, index)?;
        let error = honest.rejects(&proof, || format!("{mutation:?} of message {index}, {message:?}"));
        if mutation == Mutation::Truncate {
            let (label, needed) = (message.label, message.length);
            let truncated = Malformed::Truncated { label, needed, left: 0 };
            assert_eq!(error, Error::Malformed(truncated));
        }
        mutation.keeps_form().then_some((message.label, error))
    });
    met.collect()
}

/// Every message has to be in the manifest, with the error that it met; returns the pairs that were met.
fn assert_manifest<'m>(
    manifest: &BTreeMap<Label, &'m [&'m str]>,
    met: Vec<(Label, Error)>,
) -> BTreeSet<(Label, &'m str)> {
    let row = |(label, error): (Label, Error)| {
        let allowed = manifest.get(&label).unwrap_or_else(|| panic!("`{label}` is in no row"));
        let row = allowed.iter().find(|name_| **name_ == name(&error));
        (label, *row.unwrap_or_else(|| panic!("`{label}` met {error:?}")))
    };
    met.into_iter().map(row).collect()
}

#[test]
fn every_message_under_every_mutation_is_rejected_by_the_check_it_must_fail() {
    let manifest: BTreeMap<Label, &[&str]> = MANIFEST.iter().copied().collect();
    let mut applied: BTreeSet<(Label, &str)> = BTreeSet::new();
    let several = Honest::mixed(several::network(), &[false; 3]);
    for honest in tiny::all().into_iter().map(|(_, network)| Honest::new(network)).chain([several]) {
        applied.extend(assert_manifest(&manifest, mutate(&honest, Mutation::all)));
    }
    let labels: BTreeSet<Label> = applied.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, manifest.into_keys().collect(), "labels that some mutation was applied to");
}

#[test]
fn every_message_of_a_hiding_proof_under_every_mutation_is_rejected_by_the_check_it_must_fail() {
    let masked = MANIFEST.iter().map(|(label, _)| (*label, &["error"][..]));
    let manifest: BTreeMap<Label, &[&str]> = masked.chain(MASKED.iter().copied()).collect();
    let mut applied: BTreeSet<(Label, &str)> = BTreeSet::new();
    for honest in hiding() {
        applied.extend(assert_manifest(&manifest, mutate(&honest, Mutation::all)));
    }
    // Every other kind of message by itself.
    for (_, network) in tiny::all() {
        let other = |_: &Message| vec![Mutation::OtherValue(0), Mutation::SwapElements];
        applied.extend(assert_manifest(&manifest, mutate(&Honest::private(network), other)));
    }
    let rows = manifest.iter().flat_map(|(label, errors)| errors.iter().map(|error| (*label, *error)));
    assert_eq!(applied, rows.collect(), "labels with the errors that mutations met");
}

#[test]
fn every_message_of_a_proof_about_a_key_under_every_mutation_is_rejected_by_the_check_it_must_fail() {
    let masked = MANIFEST.iter().map(|(label, _)| (*label, &["error"][..]));
    let manifest: BTreeMap<Label, &[&str]> = masked.chain(MASKED.iter().copied()).collect();
    let honest = Honest::about_key(tiny::mlp());
    let sent = sent(std::iter::once(Honest::about_key(tiny::mlp())));
    let met = assert_manifest(&manifest, mutate(&honest, Mutation::all));
    assert_eq!(met.into_iter().map(|(label, _)| label).collect::<BTreeSet<_>>(), sent, "messages sent");
    for (_, network) in tiny::all() {
        let other = |_: &Message| vec![Mutation::OtherValue(0)];
        let _ = assert_manifest(&manifest, mutate(&Honest::about_key(network), other));
    }
}

/// Changes every hiding proof at random, this often.
fn change_at_random(count: u64) {
    for honest in hiding().into_iter().chain([Honest::about_key(tiny::cnn())]) {
        (0..count).into_par_iter().for_each(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut proof = honest.proof().to_vec();
            for _ in 0..rng.random_range(1..4) {
                let (at, length) = (rng.random_range(0..proof.len()), rng.random_range(1..65));
                let end = proof.len().min(at + length);
                match rng.random_range(0..5) {
                    0 => proof[at] ^= 1 << rng.random_range(0..8),
                    1 => rng.fill(&mut proof[at..end]),
                    2 => proof[at..end].fill(0),
                    3 => drop(proof.drain(at..end)),
                    _ => {
                        let copy = proof[at..end].to_vec();
                        proof.splice(at..at, copy);
                    }
                }
            }
            if proof != honest.proof() {
                honest.rejects(&proof, || format!("changes {seed}"));
            }
        });
    }
}

#[test]
fn random_changes_of_a_hiding_proof_are_rejected() {
    change_at_random(200);
}

#[test]
#[ignore = "takes minutes"]
fn many_random_changes_of_a_hiding_proof_are_rejected() {
    change_at_random(20_000);
}

#[test]
fn any_flipped_byte_of_a_proof_is_rejected() {
    for (_, network) in tiny::all() {
        let honest = Honest::new(network);
        (0..honest.proof().len()).into_par_iter().for_each(|at| {
            let mut proof = honest.proof().to_vec();
            proof[at] ^= 1 << (at % 8);
            honest.rejects(&proof, || format!("bit {} of byte {at}", at % 8));
        });
    }
}

#[test]
fn any_prefix_of_a_proof_and_any_longer_proof_is_rejected() {
    let honest = Honest::mixed(several::network(), &[true, false, true]);
    (0..honest.proof().len()).into_par_iter().step_by(7).for_each(|length| {
        honest.rejects(&honest.proof()[..length], || format!("prefix of {length} bytes"));
    });
    let honest = Honest::new(tiny::mlp());
    (0..honest.proof().len()).into_par_iter().for_each(|length| {
        let error = honest.rejects(&honest.proof()[..length], || format!("prefix of {length} bytes"));
        assert!(matches!(error, Error::Malformed(Malformed::Truncated { .. })), "{error:?}");
    });
    for count in [1, 31, 32, 1000] {
        let longer = [honest.proof(), &vec![0; count]].concat();
        let error = honest.rejects(&longer, || format!("{count} more bytes"));
        assert_eq!(error, Error::Malformed(Malformed::TrailingBytes { count }));
    }
}

#[test]
fn random_bytes_are_rejected() {
    let honest = Honest::new(tiny::cnn());
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for length in (0..300).chain([honest.proof().len(); 50]) {
        let mut proof: Vec<u8> = (0..length).map(|_| rng.random()).collect();
        honest.rejects(&proof, || format!("{length} random bytes"));
        // Elements small enough to be canonical scalars get further than the first message of points.
        let commitments = honest.oracle.messages.iter().take_while(|m| m.holds_points()).map(Message::end);
        let kept = commitments.max().unwrap().min(length);
        proof[..kept].copy_from_slice(&honest.proof()[..kept]);
        for element in proof[kept..].chunks_mut(32) {
            if let Some(top) = element.get_mut(31) {
                *top &= 0x1f;
            }
        }
        honest.rejects(&proof, || format!("{length} bytes, random after the commitments"));
    }
}

#[test]
fn any_flipped_byte_of_a_verifying_key_is_refused_or_rejects_the_proof() {
    let honest = Honest::new(tiny::cnn());
    let file = honest.key.to_bytes().unwrap();
    let architecture = usize::from_le_bytes(file[12..20].try_into().unwrap());
    (0..file.len()).into_par_iter().for_each(|at| {
        for flip in [1 << (at % 8), 0x80, 0xff] {
            let mut file = file.clone();
            file[at] ^= flip;
            let read = VerifyingKey::from_bytes(&file);
            match (at, read) {
                (0..8, read) => {
                    let reason = "it does not begin as a Tacit file does";
                    assert_eq!(read, Err(LayersError::Format { expected: "verifying key", reason }));
                }
                (8..12, read) => {
                    let actual = u32::from_le_bytes(file[8..12].try_into().unwrap());
                    let (what, expected) = ("verifying key", FORMAT_VERSION);
                    assert_eq!(read, Err(LayersError::Version { what, expected, actual }));
                }
                (12..20, read) => {
                    assert!(matches!(read, Err(LayersError::Damaged { .. })), "byte {at}: {read:?}");
                }
                (_, Ok(key)) => {
                    assert_ne!(key.digest(), honest.key.digest(), "byte {at} is not in the digest");
                    let verdict = verify_statement(&key, &honest.statement(), honest.proof());
                    assert!(verdict.is_err(), "byte {at} flipped by {flip:#x} is accepted");
                    if at > 20 + architecture {
                        assert_eq!(verdict, Err(Error::FractionLevel { level: 2 }), "byte {at}");
                    }
                }
                (_, Err(error)) if at == 20 + architecture => {
                    let reason = "it is neither a public nor a private model's";
                    assert_eq!(error, LayersError::Damaged { what: "verifying key", reason });
                }
                (_, Err(error)) if at > 20 + architecture => {
                    let reason = "a commitment is not a point of the curve";
                    assert_eq!(error, LayersError::Damaged { what: "verifying key", reason });
                }
                (_, Err(_)) => {}
            }
        }
    });
}

#[test]
fn any_prefix_of_a_verifying_key_is_refused() {
    let file = Honest::new(tiny::mlp()).key.to_bytes().unwrap();
    for length in 8..file.len() {
        let error = VerifyingKey::from_bytes(&file[..length]).unwrap_err();
        assert!(matches!(error, LayersError::Damaged { .. }), "{length}: {error:?}");
    }
}

#[test]
fn any_flipped_byte_of_a_proof_file_is_refused_or_rejected_unless_it_says_the_same() {
    for honest in [Honest::new(tiny::mlp()), Honest::mixed(several::network(), &[false, true, true])] {
        flip_every_byte(&honest);
    }
}

fn flip_every_byte(honest: &Honest) {
    let file = ProofFile {
        key_digest: *honest.key.digest(),
        inputs: honest.inputs.clone(),
        outputs: honest.outputs.clone(),
        proof: honest.proof().to_vec(),
    };
    let bytes = file.to_bytes().unwrap();
    assert_eq!(ProofFile::from_bytes(&bytes), Ok(file.clone()));
    let statement = bytes.len() - honest.proof().len();
    (0..bytes.len()).into_par_iter().for_each(|at| {
        for flip in [1 << (at % 8), 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= flip;
            let Ok(read) = ProofFile::from_bytes(&bytes) else {
                assert!(at < statement, "the proof itself is not looked at");
                continue;
            };
            assert_ne!(at / 12, 0, "magic and version are checked");
            if read == file {
                continue;
            }
            if read.key_digest != file.key_digest {
                assert!((12..44).contains(&at));
                continue;
            }
            let verdict = verify_statement(&honest.key, &read.statement(), &read.proof);
            assert!(verdict.is_err(), "byte {at} flipped by {flip:#x} is accepted");
            if at >= statement {
                assert_eq!(verdict.map(|_| ()), Err(honest.oracle.error(&read.proof).unwrap()));
            }
        }
    });
}
