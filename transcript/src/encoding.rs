//! Canonical bytes of scalars and points: one encoding for each value, everything else refused.

use ark_bn254::{Fr, G1Affine};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

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

/// The point with these canonical bytes, checked to lie on the curve. The group has prime order, so every point of the
/// curve is in it.
pub fn point_from_bytes(bytes: &[u8]) -> Option<G1Affine> {
    let point = G1Affine::deserialize_compressed(bytes).ok()?;
    // Several byte strings decode to the point at infinity; only one is what encoding it gives.
    (point_to_bytes(&point) == bytes).then_some(point)
}

#[cfg(test)]
mod tests {
    use ark_ec::AffineRepr;
    use ark_ff::{BigInteger, PrimeField};

    use super::*;

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
}
