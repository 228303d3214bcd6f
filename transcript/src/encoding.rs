//! Canonical bytes of scalars and points: one encoding for each value, everything else refused.

use ark_bn254::{Fq, Fr, G1Affine};
use ark_ff::{BigInt, MontFp, PrimeField};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use tacit_algebra::hash_to_curve::lift_all;

/// Bytes of a scalar: little-endian, reduced.
pub const SCALAR_BYTES: usize = 32;
/// Bytes of a compressed point.
pub const POINT_BYTES: usize = 32;

/// The canonical bytes of a scalar.
pub fn scalar_to_bytes(scalar: &Fr) -> [u8; SCALAR_BYTES] {
    to_bytes(scalar)
}

/// The canonical bytes of a point.
pub fn point_to_bytes(point: &G1Affine) -> [u8; POINT_BYTES] {
    to_bytes(point)
}

fn to_bytes<const N: usize>(value: &impl CanonicalSerialize) -> [u8; N] {
    let mut bytes = [0; N];
    // Writing a value of fixed size into a buffer of that size cannot fail.
    let written = value.serialize_compressed(bytes.as_mut_slice());
    debug_assert!(written.is_ok());
    bytes
}

/// The scalar with these canonical bytes.
pub fn scalar_from_bytes(bytes: &[u8]) -> Option<Fr> {
    let scalar = Fr::deserialize_compressed(bytes).ok()?;
    (scalar_to_bytes(&scalar) == bytes).then_some(scalar)
}

/// 512 bits, little-endian, modulo the field's order: uniform bits give a scalar within $2^{-258}$ of uniform.
pub fn scalar_from_wide_bytes(bytes: &[u8; 64]) -> Fr {
    // Parts of 31 bytes are below the order. The last of the three has two.
    const SHIFTS: [Fr; 2] = [
        MontFp!("452312848583266388373324160190187140051835877600158453279131187530910662656"),
        MontFp!("12512877870638116385038883101048554701812941940741553590844388391768215002658"),
    ];
    let (low, rest) = bytes.split_at(PART_BYTES);
    let (middle, high) = rest.split_at(PART_BYTES);
    let [low, middle, high] = [low, middle, high].map(part);
    low + SHIFTS[0] * middle + SHIFTS[1] * high
}

/// Bytes of an integer that is below the order whatever they are.
const PART_BYTES: usize = 31;

/// The integer with at most so many bytes.
fn part(bytes: &[u8]) -> Fr {
    let mut padded = [0; SCALAR_BYTES];
    for (to, from) in padded.iter_mut().zip(bytes) {
        *to = *from;
    }
    let (words, _) = padded.as_chunks::<8>();
    let mut limbs = [0; 4];
    for (limb, word) in limbs.iter_mut().zip(words) {
        *limb = u64::from_le_bytes(*word);
    }
    Fr::from_bigint(BigInt(limbs)).unwrap_or_default()
}

/// The point with these canonical bytes, checked to lie on the curve. The group has prime order, so every point of the
/// curve is in it.
pub fn point_from_bytes(bytes: &[u8]) -> Option<G1Affine> {
    let point = G1Affine::deserialize_compressed(bytes).ok()?;
    // Several byte strings decode to the point at infinity; only one is what encoding it gives.
    (point_to_bytes(&point) == bytes).then_some(point)
}

/// The points with these canonical bytes, one after the other, or the index of the first that is none: as
/// [`point_from_bytes`], with roots for all of them together.
///
/// # Errors
/// The index of bytes that are no point.
pub fn points_from_bytes(bytes: &[u8]) -> Result<Vec<G1Affine>, usize> {
    let (encoded, rest) = bytes.as_chunks::<POINT_BYTES>();
    if !rest.is_empty() {
        return Err(encoded.len());
    }
    // Finite points are x with a bit for the larger y; whatever else there is goes to the library.
    let xs: Vec<Option<Fq>> = encoded.iter().map(finite_x).collect();
    let lifted = lift_all(&xs.iter().map(|x| x.unwrap_or_default()).collect::<Vec<_>>());
    let mut points = Vec::with_capacity(encoded.len());
    for ((bytes, x), y) in encoded.iter().zip(xs).zip(lifted) {
        let point = match (x, y) {
            (Some(x), Some(y)) => {
                let larger = bytes[POINT_BYTES - 1] & LARGER != 0;
                Some(G1Affine::new_unchecked(x, if (y > -y) == larger { y } else { -y }))
            }
            (Some(_), None) => None,
            (None, _) => point_from_bytes(bytes),
        };
        points.push(point.ok_or(points.len())?);
    }
    Ok(points)
}

/// The bit of the last byte that tells the larger $y$ from the smaller.
const LARGER: u8 = 0x80;
/// The bit of the last byte that tells infinity.
const INFINITE: u8 = 0x40;

/// A finite point's $x$, reduced.
fn finite_x(bytes: &[u8; POINT_BYTES]) -> Option<Fq> {
    if bytes[POINT_BYTES - 1] & INFINITE != 0 {
        return None;
    }
    let mut words = [0_u64; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words[3] &= u64::MAX >> 2;
    Fq::from_bigint(BigInt(words))
}

#[cfg(test)]
mod tests {
    use ark_ec::AffineRepr;
    use ark_ff::{BigInteger, PrimeField};

    use super::*;

    #[test]
    fn wide_bytes_are_reduced() {
        let mut state = 1_u64;
        let mut random = [0; 64];
        for round in 0..200 {
            for (i, byte) in (0_u64..).zip(&mut random) {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i + 1);
                // Runs of ones and of zeros, too.
                *byte = match round % 4 {
                    0 if i > round / 3 => 0,
                    1 if i > round / 3 => 0xff,
                    _ => state.to_be_bytes()[0],
                };
            }
            assert_eq!(scalar_from_wide_bytes(&random), Fr::from_le_bytes_mod_order(&random));
        }
        for bytes in [[0; 64], [0xff; 64]] {
            assert_eq!(scalar_from_wide_bytes(&bytes), Fr::from_le_bytes_mod_order(&bytes));
        }
    }

    #[test]
    fn refuses_an_unreduced_scalar() {
        let modulus = Fr::MODULUS.to_bytes_le();
        assert_eq!(scalar_from_bytes(&modulus), None);
        assert_eq!(scalar_from_bytes(&[0xff; 32]), None);
        assert_eq!(scalar_from_bytes(&[0; 31]), None);
        assert_eq!(scalar_from_bytes(&[0; 32]), Some(Fr::from(0_u64)));
    }

    #[test]
    fn accepts_only_one_encoding_of_infinity() {
        let infinity = point_to_bytes(&G1Affine::zero());
        assert_eq!(point_from_bytes(&infinity), Some(G1Affine::zero()));
        let mut accepted = 0;
        for byte in 0..32 {
            for bit in 0..8 {
                let mut other = infinity;
                other[byte] ^= 1 << bit;
                accepted += usize::from(point_from_bytes(&other) == Some(G1Affine::zero()));
            }
        }
        assert_eq!(accepted, 0);
    }

    #[test]
    fn refuses_points_off_the_curve_and_unreduced_coordinates() {
        let generator = point_to_bytes(&G1Affine::generator());
        assert_eq!(point_from_bytes(&generator), Some(G1Affine::generator()));
        let refused = (0..=255_u8)
            .filter(|&b| {
                let mut bytes = [0; 32];
                bytes[0] = b;
                point_from_bytes(&bytes).is_none()
            })
            .count();
        assert!(refused > 64, "about half of all x are on no point, got {refused} of 256");
        let mut unreduced = ark_bn254::Fq::MODULUS.to_bytes_le();
        unreduced[0] += 1;
        assert_eq!(point_from_bytes(&unreduced), None);
    }

    #[test]
    fn points_together_are_those_one_by_one() {
        let generator = G1Affine::generator();
        let mut encoded: Vec<[u8; 32]> =
            (1..40_u64).map(|k| point_to_bytes(&(generator * Fr::from(k)).into())).collect();
        encoded.extend((1..40_u64).map(|k| point_to_bytes(&(generator * -Fr::from(k)).into())));
        encoded.push(point_to_bytes(&G1Affine::zero()));
        let points = points_from_bytes(encoded.as_flattened()).unwrap();
        let single: Vec<G1Affine> = encoded.iter().filter_map(|bytes| point_from_bytes(bytes)).collect();
        assert_eq!(points, single);
        // Every last byte with every flag, on a point, off the curve, unreduced and zero.
        let mut modulus = [0; 32];
        modulus.copy_from_slice(&Fq::MODULUS.to_bytes_le());
        for base in [encoded[0], encoded[7], modulus, [0; 32], [0xff; 32]] {
            for first in 0..8 {
                for last in 0..=255 {
                    let mut bytes = base;
                    bytes[0] ^= first;
                    bytes[31] = last;
                    let expected = point_from_bytes(&bytes).map(|point| vec![point]).ok_or(0);
                    assert_eq!(points_from_bytes(&bytes), expected, "{bytes:?}");
                }
            }
        }
        assert_eq!(points_from_bytes(&[encoded[0], [0xff; 32]].concat()), Err(1));
        assert_eq!(points_from_bytes(&encoded[0][..31]), Err(0));
        assert_eq!(points_from_bytes(&[]), Ok(vec![]));
    }
}
