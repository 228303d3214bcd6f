//! Proofs mutated message by message, keys and networks mutated field by field.

use std::{ops::Range, sync::OnceLock};

use ark_bn254::{Fr, G1Affine};
use tacit_inference::analyse;
use tacit_layers::{
    Network, Tensor, VerifyingKey,
    proof::{
        file::{block, decode, encode, file_header},
        plan::Plan,
    },
};
use tacit_prover::{ProvingKey, prove};
use tacit_transcript::encoding::{point_to_bytes, scalar_from_bytes, scalar_to_bytes};
use tacit_verifier::verify;

use crate::{differential, hiding, script::Script, tiny};

/// An honest proof, its statement, and where its messages are.
struct Honest {
    key: ProvingKey,
    input: Tensor<i64>,
    outputs: Vec<Tensor<i64>>,
    proof: Vec<u8>,
    messages: Vec<Range<usize>>,
}

/// An honest proof for each tiny network.
fn honest() -> &'static [Honest] {
    static HONEST: OnceLock<Vec<Honest>> = OnceLock::new();
    HONEST.get_or_init(|| tiny::all().into_iter().map(|(_, network)| Honest::new(network)).collect())
}

/// Makes the proofs, so that no target is charged for them.
pub(crate) fn prepare() {
    honest();
    hiding::prepare();
}

impl Honest {
    fn new(network: Network) -> Self {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove(&key, &input).unwrap();
        let mut end = 0;
        let messages = proven.messages.iter().map(|(_, bytes)| {
            end += bytes;
            end - bytes..end
        });
        let messages = messages.collect();
        assert_eq!(end, proven.proof.len());
        Self { key, input, outputs: proven.outputs, proof: proven.proof, messages }
    }
}

/// Bytes of every element of a message.
pub(crate) const ELEMENT: usize = 32;

/// Changes one element, or the elements' order or number.
pub(crate) fn mutate(
    script: &mut Script,
    messages: &[Range<usize>],
    generators: &[G1Affine],
    proof: &mut Vec<u8>,
) {
    let operation = script.byte() % 16;
    let message = messages[script.index(messages.len())].clone();
    let at = message.start + ELEMENT * script.index(message.len() / ELEMENT);
    let place = at..at + ELEMENT;
    let Some(old) = proof.get(place.clone()).map(<[u8]>::to_vec) else { return };
    let elsewhere = ELEMENT * script.index(proof.len() / ELEMENT);
    let Some(other) = proof.get(elsewhere..elsewhere + ELEMENT).map(<[u8]>::to_vec) else { return };
    let scalars = (scalar_from_bytes(&old), scalar_from_bytes(&other));
    let mut write = |place: Range<usize>, bytes: &[u8]| proof[place].copy_from_slice(bytes);
    match (operation, scalars) {
        // Sums, differences and products of elements where they are scalars.
        (0, (Some(old), _)) => write(place, &scalar_to_bytes(&(old + word(script)))),
        (1, (Some(old), _)) => write(place, &scalar_to_bytes(&-old)),
        (2, (Some(old), Some(other))) => write(place, &scalar_to_bytes(&(old + other))),
        (3, (Some(old), Some(other))) => write(place, &scalar_to_bytes(&(old * other))),
        // What one gains, the other loses: sums stay.
        (4, (Some(old), Some(other))) => {
            let change = word(script);
            write(place, &scalar_to_bytes(&(old + change)));
            write(elsewhere..elsewhere + ELEMENT, &scalar_to_bytes(&(other - change)));
        }
        (5, _) => write(place, &[0; ELEMENT]),
        (6, _) => write(place, &other),
        (7, _) => {
            write(place, &other);
            write(elsewhere..elsewhere + ELEMENT, &old);
        }
        // A point's sign, the point at infinity, a generator.
        (8, _) => proof[at + ELEMENT - 1] ^= 0x80,
        (9, _) => write(place, &point_to_bytes(&G1Affine::default())),
        (10, _) => {
            write(place, &point_to_bytes(&generators[script.index(generators.len())]));
        }
        (11, _) => proof[at + script.index(ELEMENT)] ^= 1 << (script.byte() % 8),
        (12, _) => write(place, &word_bytes(script)),
        (13, _) => {
            proof.splice(at..at, old);
        }
        (14, _) => {
            proof.drain(place);
        }
        (15, _) => proof.truncate(at + script.index(ELEMENT)),
        _ => write(place, &[0xff; ELEMENT]),
    }
}

fn word_bytes(script: &mut Script) -> [u8; 32] {
    script.word()
}

pub(crate) fn word(script: &mut Script) -> Fr {
    scalar_from_bytes(&script.word()).unwrap_or_default()
}

/// A statement's tensor with one element changed.
pub(crate) fn nudged(script: &mut Script, tensor: &Tensor<i64>) -> Tensor<i64> {
    let mut data = tensor.data().to_vec();
    let at = script.index(data.len());
    data[at] = match script.byte() % 4 {
        0 => data[at].wrapping_add(1),
        1 => data[at].wrapping_sub(1),
        2 => script.number() as i64,
        _ => data[at].wrapping_neg(),
    };
    Tensor::new(tensor.layout().clone(), data).unwrap()
}

/// Nothing but the honest proof of the honest statement is accepted, in the clear or behind masks.
pub(crate) fn verifier(data: &[u8]) {
    let mut script = Script::new(data);
    let index = script.index(honest().len() + hiding::count());
    let Some(honest) = honest().get(index) else {
        return hiding::verifier(&mut script, index - honest().len());
    };
    let (mut input, mut outputs, mut proof) =
        (honest.input.clone(), honest.outputs.clone(), honest.proof.clone());
    for _ in 0..8 {
        if script.is_empty() {
            break;
        }
        match script.byte() % 8 {
            0 => input = nudged(&mut script, &input),
            1 => {
                let at = script.index(outputs.len());
                outputs[at] = nudged(&mut script, &outputs[at]);
            }
            _ => mutate(&mut script, &honest.messages, honest.key.generators().vector(), &mut proof),
        }
    }
    let same = (&input, &outputs, &proof) == (&honest.input, &honest.outputs, &honest.proof);
    let verdict = verify(honest.key.verifying_key(), &input, &outputs, &proof);
    assert_eq!(verdict.is_ok(), same, "{verdict:?}");
}

/// Changes bytes of an encoding in postcard, of which nearly every field is one byte, to other fields.
fn edit(script: &mut Script, bytes: &mut Vec<u8>) {
    for _ in 0..6 {
        if script.is_empty() || bytes.is_empty() {
            return;
        }
        let at = script.index(bytes.len());
        match script.byte() % 6 {
            0 => bytes[at] = script.byte(),
            1 => bytes[at] = bytes[at].wrapping_add(1),
            2 => bytes[at] = bytes[at].wrapping_sub(1),
            3 => {
                let mut number = script.number();
                let mut varint = vec![];
                while number >= 0x80 {
                    varint.push(number as u8 | 0x80);
                    number >>= 7;
                }
                varint.push(number as u8);
                bytes.splice(at..=at, varint);
            }
            4 => {
                let end = (at + 1 + script.index(16)).min(bytes.len());
                let copied = bytes[at..end].to_vec();
                bytes.splice(at..at, copied);
            }
            _ => {
                let end = (at + 1 + script.index(16)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

/// A key of an edited architecture, with as many commitments as it asks for: read or refused, and no honest proof of another
/// key verifies.
pub(crate) fn hostile_key(data: &[u8]) {
    const MAX_ROWS: usize = 256;
    let mut script = Script::new(data);
    let honest = &honest()[script.index(honest().len())];
    let key = honest.key.verifying_key();
    let mut encoded = encode(key.architecture(), "key").unwrap();
    edit(&mut script, &mut encoded);
    let mut file = file_header(tacit_layers::proof::key::MAGIC);
    file.extend(block(&encoded));
    file.push(u8::from(key.is_private()));
    let rows = decode(&encoded, "key").and_then(|architecture| Plan::new(&architecture));
    let rows = rows.map_or(0, |plan| plan.rows(&plan.parameters).1);
    if rows <= MAX_ROWS {
        for row in 0..rows {
            let known = key.commitments().get(row).copied().unwrap_or_default();
            file.extend(point_to_bytes(&known));
        }
    }
    if let Ok(read) = VerifyingKey::from_bytes(&file) {
        assert_eq!(read.to_bytes().unwrap(), file);
        let same = read == *key;
        let verdict = verify(&read, &honest.input, &honest.outputs, &honest.proof);
        assert_eq!(verdict.is_ok(), same, "{verdict:?}");
        // A statement of the key's own shapes, so that the proof is read.
        let plan = read.plan();
        let layout = &plan.specs[0].layout;
        let outputs: Vec<_> =
            read.architecture().outputs.iter().map(|output| &plan.specs[output.node.index()]).collect();
        let elements = |layout: &tacit_layers::Layout| layout.num_elements();
        let total =
            outputs.iter().map(|spec| elements(&spec.layout)).fold(elements(layout), usize::saturating_add);
        if total <= 1 << 12 {
            let zeros = |layout: &tacit_layers::Layout| {
                Tensor::new(layout.clone(), vec![0; layout.num_elements()]).unwrap()
            };
            let outputs: Vec<_> = outputs.iter().map(|spec| zeros(&spec.layout)).collect();
            // Whether a network of no non-linear layer maps zeros to zeros is none of this target's questions.
            let _ = verify(&read, &zeros(layout), &outputs, &honest.proof);
        }
    }
}

/// An edited network: refused, or run, proved and verified.
pub(crate) fn hostile_network(data: &[u8]) {
    let mut script = Script::new(data);
    let honest = &honest()[script.index(honest().len())];
    let mut encoded = encode(honest.key.network(), "network").unwrap();
    edit(&mut script, &mut encoded);
    let Ok(mut network) = decode::<Network>(&encoded, "network") else { return };
    if analyse(&mut network).is_err() || network.infer().is_err() || !differential::is_small(&network) {
        return;
    }
    let layer = network.architecture.input().unwrap();
    let (low, high) = layer.bounds;
    let data = (0..layer.layout.num_elements()).map(|_| {
        let span = (high - low) as u64 + 1;
        low + (script.number() % span) as i64
    });
    let input = Tensor::new(layer.layout.clone(), data.collect()).unwrap();
    differential::agrees(network, &input);
}
