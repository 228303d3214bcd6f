//! Every message of a proof against every mutation, every byte of every file against a flip: rejected, by the check that
//! the change must fail.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/oracle.rs"]
mod oracle;
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
use tacit_layers::{Error as LayersError, Network, ProofFile, Tensor, VerifyingKey, key::FORMAT_VERSION};
use tacit_prover::{ProvingKey, prove};
use tacit_transcript::{
    Error as Malformed, Event, Label,
    encoding::{point_to_bytes, scalar_from_bytes, scalar_to_bytes},
    labels,
};
use tacit_verifier::{Error, verify};

/// An honest proof with its statement.
struct Honest {
    key: VerifyingKey,
    input: Tensor<i64>,
    outputs: Vec<Tensor<i64>>,
    events: Vec<Event>,
    oracle: Oracle,
}

impl Honest {
    fn new(network: Network) -> Self {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove(&key, &input).unwrap();
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        let key = key.verifying_key().clone();
        Self { key, input, outputs: proven.outputs, events: proven.events, oracle }
    }

    fn proof(&self) -> &[u8] {
        &self.oracle.proof
    }

    fn verify(&self, proof: &[u8]) -> Result<(), Error> {
        verify(&self.key, &self.input, &self.outputs, proof).map(|_| ())
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
    (labels::CONTRACTION_VALUES, &["FinalValue"]),
    (labels::PRODUCT_VALUES, &["FinalValue"]),
    (labels::SPECTRUM_VALUES, &["FinalValue"]),
    (labels::TRANSFORM_VALUES, &["FinalValue"]),
    (labels::FOURIER_VALUES, &["FinalValue"]),
    (labels::WINDOW_VALUES, &["FinalValue"]),
    (labels::LATE_COMMITMENT, &["FinalValue", "ProductPolynomials"]),
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

/// Labels of proofs of masked messages, which `hiding.rs` mutates.
const MASKED: &[Label] = &[
    labels::MASK_COMMITMENT,
    labels::ROOT_INVERSES,
    labels::PARTIAL_PRODUCTS,
    labels::CONSTRAINT_BATCH,
    labels::ANNOUNCEMENT,
    labels::ANNOUNCED_VALUE,
    labels::MASKING_CHALLENGE,
    labels::MASKING_RESPONSE,
    labels::MASKING_FACTORS,
    labels::FORM_BATCH,
    labels::OPENING_BLINDING,
];

fn name(error: &Error) -> String {
    let debug = format!("{error:?}");
    debug.split([' ', '(']).next().unwrap().to_owned()
}

#[test]
fn every_label_is_in_the_manifest_or_known_to_be_no_message() {
    let manifest: Vec<Label> = MANIFEST.iter().map(|row| row.0).collect();
    for label in labels::ALL {
        let rows = manifest.iter().chain(NO_MESSAGES).chain(MASKED).filter(|known| *known == label).count();
        assert_eq!(rows, 1, "`{label}` occurs in {rows} rows");
    }
    let sent: BTreeSet<Label> = tiny::all()
        .into_iter()
        .flat_map(|(_, network)| Honest::new(network).events)
        .filter_map(|event| match event {
            Event::Message(label, _) => Some(label),
            Event::Absorb(..) | Event::Squeeze(_) => None,
        })
        .collect();
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
        return point_to_bytes(&Generators::new(6).vector()[63]);
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

#[test]
fn every_message_under_every_mutation_is_rejected_by_the_check_it_must_fail() {
    let manifest: BTreeMap<Label, &[&str]> = MANIFEST.iter().copied().collect();
    let mut applied: BTreeSet<(Label, &str)> = BTreeSet::new();
    for (_, network) in tiny::all() {
        let honest = Honest::new(network);
        assert_eq!(honest.verify(honest.proof()), Ok(()));
        let cases: Vec<(usize, Mutation)> = (0..honest.oracle.messages.len())
            .flat_map(|i| Mutation::all(&honest.oracle.messages[i]).into_iter().map(move |m| (i, m)))
            .collect();
        let met: Vec<(Label, Error)> = cases
            .into_par_iter()
            .filter_map(|(index, mutation)| {
                let message = honest.oracle.messages[index];
                let proof = mutation.apply(&honest.oracle, index)?;
                let error =
                    honest.rejects(&proof, || format!("{mutation:?} of message {index}, {message:?}"));
                if mutation == Mutation::Truncate {
                    let (label, needed) = (message.label, message.length);
                    let truncated = Malformed::Truncated { label, needed, left: 0 };
                    assert_eq!(error, Error::Malformed(truncated));
                }
                mutation.keeps_form().then_some((message.label, error))
            })
            .collect();
        for (label, error) in met {
            let allowed = manifest.get(&label).unwrap_or_else(|| panic!("`{label}` is in no row"));
            let row = allowed.iter().find(|name_| **name_ == name(&error));
            applied.insert((label, row.unwrap_or_else(|| panic!("`{label}` met {error:?}"))));
        }
    }
    let labels: BTreeSet<Label> = applied.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, manifest.into_keys().collect(), "labels that some mutation was applied to");
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
                    let verdict = verify(&key, &honest.input, &honest.outputs, honest.proof());
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
    let honest = Honest::new(tiny::mlp());
    let file = ProofFile {
        key_digest: *honest.key.digest(),
        input: honest.input.clone(),
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
            let verdict = verify(&honest.key, &read.input, &read.outputs, &read.proof);
            assert!(verdict.is_err(), "byte {at} flipped by {flip:#x} is accepted");
            if at >= statement {
                assert_eq!(verdict.map(|_| ()), Err(honest.oracle.error(&read.proof).unwrap()));
            }
        }
    });
}
