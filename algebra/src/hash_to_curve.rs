//! Hashing to BN254 G1 by the rules of RFC 9380: `expand_message_xmd` with SHA-256, two field elements, the
//! Shallue-van de Woestijne map of section 6.6.1, and the sum of the two points. The cofactor is one.
//!
//! The curve is $g(x) = x^3 + 3$ and the map's parameter is $Z = 1$, the first that the RFC's search gives.

use ark_bn254::{Fq, G1Affine, G1Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{
    AdditiveGroup, BigInt, BigInteger, Field, One, PrimeField, batch_inversion,
    field_hashers::{DefaultFieldHasher, HashToField},
};
use sha2::Sha256;

/// A hash function onto the curve, fixed by its domain separation tag.
pub struct CurveHasher {
    field: DefaultFieldHasher<Sha256>,
    constants: [Fq; 4],
}

fn curve(x: Fq) -> Fq {
    x.square() * x + Fq::from(3_u64)
}

/// `sgn0` of RFC 9380, section 4.1: the parity of the canonical representative.
fn sign(x: Fq) -> bool {
    x.into_bigint().0[0] & 1 == 1
}

impl CurveHasher {
    /// The hash function with this tag.
    pub fn new(domain: &[u8]) -> Self {
        let z = Fq::one();
        let (gz, three_z2) = (curve(z), z.square() * Fq::from(3_u64));
        // c1 = g(Z), c2 = -Z / 2, c3 = sqrt(-g(Z) (3 Z^2 + 4 A)) with sgn0 = 0, c4 = -4 g(Z) / (3 Z^2 + 4 A).
        let c3 = (-gz * three_z2).sqrt().unwrap_or(Fq::ZERO);
        let c3 = if sign(c3) { -c3 } else { c3 };
        let inverse = |x: Fq| x.inverse().unwrap_or(Fq::ZERO);
        let constants = [gz, -z * inverse(Fq::from(2_u64)), c3, -gz.double().double() * inverse(three_z2)];
        Self { field: <DefaultFieldHasher<Sha256> as HashToField<Fq>>::new(domain), constants }
    }

    /// The point a message hashes to. Messages are public: nothing here runs in constant time.
    pub fn hash(&self, message: &[u8]) -> G1Affine {
        self.hash_all([message].into_iter()).first().copied().unwrap_or_else(G1Affine::zero)
    }

    /// The points that messages hash to, with two inversions for all of them.
    pub fn hash_all<'a>(&self, messages: impl Iterator<Item = &'a [u8]>) -> Vec<G1Affine> {
        let fields: Vec<Fq> = messages.flat_map(|message| self.field.hash_to_field::<2>(message)).collect();
        let c1 = self.constants[0];
        // inv0: a batch inversion leaves zeros alone.
        let mut inverses: Vec<Fq> = fields.iter().map(|u| Fq::one() - (u.square() * c1).square()).collect();
        batch_inversion(&mut inverses);
        let mapped: Vec<G1Affine> =
            fields.iter().zip(&inverses).map(|(u, inverse)| self.map(*u, *inverse)).collect();
        let sums: Vec<G1Projective> =
            mapped.chunks_exact(2).map(|pair| G1Projective::from(pair[0]) + pair[1]).collect();
        G1Projective::normalize_batch(&sums)
    }

    /// The Shallue-van de Woestijne map (RFC 9380, section 6.6.1, steps as numbered in appendix F.1), given
    /// $1 / (1 - (c_1 u^2)^2)$, or zero where that does not exist.
    fn map(&self, u: Fq, tv3: Fq) -> G1Affine {
        let [c1, c2, c3, c4] = self.constants;
        let tv1 = u.square() * c1;
        let tv2 = Fq::one() + tv1;
        let tv1 = Fq::one() - tv1;
        let tv4 = u * tv1 * tv3 * c3;
        let x3 = (tv2.square() * tv3).square() * c4 + Fq::one();
        // One of the three is on the curve; the first that is counts.
        let found = [c2 - tv4, c2 + tv4, x3].into_iter().find_map(|x| Some((x, square_root(curve(x))?)));
        let (x, y) = found.unwrap_or((Fq::ZERO, Fq::ZERO));
        G1Affine::new_unchecked(x, if sign(u) == sign(y) { y } else { -y })
    }
}

/// A square root where there is one: the prime is 3 modulo 4, so that $a^{(p + 1) / 4}$ is a root of $a$ or of $-a$.
fn square_root(a: Fq) -> Option<Fq> {
    let root = a.pow(quarter());
    (root.square() == a).then_some(root)
}

/// $(p + 1) / 4$.
fn quarter() -> BigInt<4> {
    let mut exponent = Fq::MODULUS;
    exponent.add_with_carry(&BigInt::from(1_u64));
    exponent >>= 2;
    exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_satisfy_the_definitions() {
        let [c1, c2, c3, c4] = CurveHasher::new(b"test").constants;
        assert_eq!(c1, Fq::from(4_u64));
        assert_eq!(c2 + c2, -Fq::one());
        assert_eq!(c3.square(), -Fq::from(12_u64));
        assert!(!sign(c3));
        assert_eq!(c4 * Fq::from(3_u64), -Fq::from(16_u64));
    }

    #[test]
    fn square_roots_are_those_of_the_field_library() {
        for a in (0..200_u64).map(Fq::from) {
            assert_eq!(square_root(a).map(|r| r.square()), a.sqrt().map(|_| a));
        }
    }

    #[test]
    fn every_mapped_point_lies_on_the_curve() {
        let hasher = CurveHasher::new(b"test");
        for u in (0..200_u64).map(Fq::from).chain([-Fq::one(), Fq::from(2_u64).inverse().unwrap()]) {
            let inverse = Fq::one() - u.square().square() * Fq::from(16_u64);
            assert!(hasher.map(u, inverse.inverse().unwrap_or(Fq::ZERO)).is_on_curve(), "u = {u}");
        }
    }

    #[test]
    fn hashes_depend_on_message_and_domain() {
        let (a, b) = (CurveHasher::new(b"a"), CurveHasher::new(b"b"));
        assert_eq!(a.hash(b"x"), CurveHasher::new(b"a").hash(b"x"));
        assert_ne!(a.hash(b"x"), a.hash(b"y"));
        assert_ne!(a.hash(b"x"), b.hash(b"x"));
        assert!(a.hash(b"").is_on_curve());
    }
}
