//! Proofs in the wrong form: cut, joined and spliced ones, and elements that are encoded in another way.

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInteger, PrimeField};
use tacit_layers::{Network, Tensor};
use tacit_prover::{Proven, ProvingKey, prove};
use tacit_transcript::Error as Malformed;
use tacit_verifier::{Error, verify};

use super::{oracle::Oracle, tiny};

struct Honest {
    key: ProvingKey,
    input: Tensor<i64>,
    proven: Proven,
    oracle: Oracle,
}

impl Honest {
    fn new(network: Network) -> Self {
        let input = tiny::sample(&network);
        Self::on(ProvingKey::setup(network).unwrap(), input)
    }

    fn on(key: ProvingKey, input: Tensor<i64>) -> Self {
        let proven = prove(&key, &input).unwrap();
        let oracle = Oracle::new(key.network(), key.verifying_key(), &proven);
        Self { key, input, proven, oracle }
    }

    /// The same key's proof for the input in reverse.
    fn reversed(&self) -> Self {
        let data = self.input.data().iter().rev().copied().collect();
        Self::on(self.key.clone(), Tensor::new(self.input.layout().clone(), data).unwrap())
    }

    fn verify(&self, proof: &[u8]) -> Result<(), Error> {
        verify(self.key.verifying_key(), &self.input, &self.proven.outputs, proof).map(|_| ())
    }
}

#[test]
fn rejects_proofs_joined_to_each_other() {
    let other = Honest::new(tiny::mlp()).proven.proof;
    for (name, network) in tiny::all() {
        let honest = Honest::new(network);
        let proof = &honest.proven.proof;
        for (what, next) in [("itself", proof), ("another network's", &other)] {
            let count = next.len();
            let error = Error::Malformed(Malformed::TrailingBytes { count });
            let joined = [proof.as_slice(), next].concat();
            assert_eq!(honest.verify(&joined), Err(error), "{name} joined to {what}");
        }
    }
}

#[test]
fn rejects_proofs_cut_at_and_within_every_message() {
    for (name, network) in tiny::all() {
        let honest = Honest::new(network);
        for message in &honest.oracle.messages {
            let (label, needed) = (message.label, message.length);
            for left in [0, 1, needed / 2, needed - 1] {
                let error = Error::Malformed(Malformed::Truncated { label, needed, left });
                let cut = &honest.proven.proof[..message.start + left];
                assert_eq!(honest.verify(cut), Err(error), "{name}: {left} bytes of {label}");
            }
        }
    }
}

/// The first messages of one proof, the others of another proof with the same key, at every place.
#[test]
fn rejects_proofs_spliced_at_every_message() {
    for (name, network) in tiny::all() {
        let honest = Honest::new(network);
        let other = honest.reversed();
        assert_eq!(honest.oracle.messages.len(), other.oracle.messages.len());
        for (place, message) in honest.oracle.messages.iter().enumerate() {
            for [first, second] in [[&honest, &other], [&other, &honest]] {
                let (head, tail) =
                    (&first.proven.proof[..message.end()], &second.proven.proof[message.end()..]);
                let spliced = [head, tail].concat();
                let expected = honest.oracle.error(&spliced).map_or(Ok(()), Err);
                assert_eq!(honest.verify(&spliced), expected, "{name}: behind message {place}");
            }
        }
    }
}

/// Every scalar that leaves room in 256 bits for a multiple of the modulus.
#[test]
fn rejects_scalars_that_are_not_reduced() {
    for (name, network) in [("mlp", tiny::mlp()), ("cnn", tiny::cnn())] {
        let honest = Honest::new(network);
        for message in honest.oracle.messages.iter().filter(|message| !message.holds_points()) {
            for index in 0..message.length / 32 {
                let at = message.start + 32 * index;
                let mut proof = honest.proven.proof.clone();
                let mut value = Fr::from_le_bytes_mod_order(&proof[at..at + 32]).into_bigint();
                let mut multiples = 0;
                while !value.add_with_carry(&Fr::MODULUS) {
                    proof[at..at + 32].copy_from_slice(&value.to_bytes_le());
                    assert_eq!(honest.verify(&proof), Err(message.malformed(index)), "{name}: {message:?}");
                    multiples += 1;
                }
                assert!(multiples >= 4);
            }
        }
    }
}

/// Second encodings of the same point, of infinity, coordinates off the curve, and flags that mean nothing.
#[test]
fn rejects_points_that_are_not_canonical() {
    for (name, network) in [("mlp", tiny::mlp()), ("polynomial", tiny::polynomial())] {
        let honest = Honest::new(network);
        for message in honest.oracle.messages.iter().filter(|message| message.holds_points()) {
            for index in 0..message.length / 32 {
                let at = message.start + 32 * index;
                let mut bytes: [u8; 32] = honest.proven.proof[at..at + 32].try_into().unwrap();
                let flags = bytes[31] & 0xc0;
                bytes[31] &= 0x3f;
                let x = Fq::from_le_bytes_mod_order(&bytes);
                let with_flags = |x: Fq, flags: u8| -> Vec<u8> {
                    let mut bytes = x.into_bigint().to_bytes_le();
                    bytes[31] |= flags;
                    bytes
                };
                let mut refused = vec![with_flags(x, 0x40), with_flags(x, 0xc0), vec![0xff; 32]];
                // Infinity has one encoding.
                refused.extend([with_flags(Fq::from(1_u64), 0x40), with_flags(Fq::from(0_u64), 0xc0)]);
                // On BN254 x = 0 gives y^2 = 3 and x = 4 gives 67, neither of which is a square.
                refused.extend([0_u64, 4].map(|x| with_flags(Fq::from(x), flags)));
                let mut unreduced = x.into_bigint();
                if !unreduced.add_with_carry(&Fq::MODULUS) && unreduced.num_bits() <= 254 {
                    let mut bytes = unreduced.to_bytes_le();
                    bytes[31] |= flags;
                    refused.push(bytes);
                }
                // A row of zeros has infinity for its commitment.
                refused.retain(|other| other != &honest.proven.proof[at..at + 32]);
                for bytes in refused {
                    let mut proof = honest.proven.proof.clone();
                    proof[at..at + 32].copy_from_slice(&bytes);
                    let error = message.malformed(index);
                    assert_eq!(honest.verify(&proof), Err(error), "{name}: {message:?}, {bytes:?}");
                }
            }
        }
    }
}
