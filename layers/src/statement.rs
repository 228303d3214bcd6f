//! The statement: everything public, absorbed before anything else.
//!
//! In order: protocol version, architecture digest, model commitment (digest of the verifying key), input, outputs; then
//! as many zero bytes as the proof has look-up rows and the network products of activations. The zeros answer Khovratovich, Rothblum and Soukhanov (ePrint
//! 2025/118): a network cannot itself compute a hash whose cost exceeds its own non-linear capacity. A Keccak-f
//! permutation takes 24 rounds of 1600 AND gates for the 166 bytes it absorbs, over 200 for each byte, and a network has
//! one non-linear step for each of them. A row of a table of results may stand for a dozen or so gates, which leaves a
//! margin of ten.

use tacit_transcript::{Transcript, labels};

use crate::{key::VerifyingKey, tensor::Tensor};

/// Version of the protocol and of the proof's bytes.
pub const PROTOCOL_VERSION: u32 = 1;
/// The transcript's domain.
pub const DOMAIN: &[u8] = b"tacit network inference";

/// Absorbs the whole statement.
pub fn absorb(
    transcript: &mut impl Transcript,
    key: &VerifyingKey,
    input: &Tensor<i64>,
    outputs: &[Tensor<i64>],
) {
    transcript.absorb_bytes(labels::PROTOCOL_VERSION, &PROTOCOL_VERSION.to_le_bytes());
    transcript.absorb_bytes(labels::ARCHITECTURE, key.architecture_digest());
    transcript.absorb_bytes(labels::MODEL_COMMITMENT, key.digest());
    transcript.absorb_bytes(labels::INPUT, &tensor_bytes(input));
    for output in outputs {
        transcript.absorb_bytes(labels::OUTPUT, &tensor_bytes(output));
    }
    let (mut left, zeros) = (hardening_bytes(key), vec![0; HARDENING_CHUNK.min(hardening_bytes(key))]);
    while left > 0 {
        let chunk = left.min(HARDENING_CHUNK);
        transcript.absorb_bytes(labels::HARDENING, zeros.split_at(chunk).0);
        left -= chunk;
    }
}

/// Zero bytes absorbed at once.
const HARDENING_CHUNK: usize = 1 << 20;

/// Number of zero bytes absorbed.
pub fn hardening_bytes(key: &VerifyingKey) -> usize {
    key.plan().num_lookups() + key.plan().num_products
}

fn tensor_bytes(tensor: &Tensor<i64>) -> Vec<u8> {
    let axes = tensor.layout().axes();
    let shape =
        std::iter::once(axes.len() as u64).chain(axes.iter().map(|&n| n as u64)).flat_map(u64::to_le_bytes);
    shape.chain(tensor.data().iter().flat_map(|x| x.to_le_bytes())).collect()
}
