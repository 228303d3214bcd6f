//! Hashing to BN254 G1 by the rules of RFC 9380: `expand_message_xmd` with SHA-256, two field elements, the
//! Shallue-van de Woestijne map of section 6.6.1, and the sum of the two points. The cofactor is one.
//!
//! The curve is $g(x) = x^3 + 3$ and the map's parameter is $Z = 1$, the first that the RFC's search gives.

use ark_bn254::{Fq, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::{
    AdditiveGroup, Field, One, PrimeField,
    field_hashers::{DefaultFieldHasher, HashToField},
};
use sha2::Sha256;

use crate::{
    inverse::invert_all,
    kernels::{AffineKernel, Backend, affine},
};

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

    /// The points that messages hash to, with inversions and roots for all of them together.
    pub fn hash_all<'a>(&self, messages: impl Iterator<Item = &'a [u8]>) -> Vec<G1Affine> {
        self.hash_with(affine::kernel(), messages)
    }

    /// As [`CurveHasher::hash_all`], on a backend of one's choice.
    pub fn hash_all_with<'a>(
        &self,
        backend: Backend,
        messages: impl Iterator<Item = &'a [u8]>,
    ) -> Vec<G1Affine> {
        self.hash_with(backend.affine(), messages)
    }

    fn hash_with<'a>(
        &self,
        kernel: &dyn AffineKernel,
        messages: impl Iterator<Item = &'a [u8]>,
    ) -> Vec<G1Affine> {
        let fields: Vec<Fq> = messages.flat_map(|message| self.field.hash_to_field::<2>(message)).collect();
        let mut points = kernel.pack(&self.map_all(kernel, &fields));
        let indices: Vec<u32> = (0..).take(points.len()).collect();
        kernel.add_pairs(&mut points, indices.as_chunks().0);
        points.iter().step_by(2).map(|point| kernel.unpack(point)).collect()
    }

    /// The Shallue-van de Woestijne map of every element.
    fn map_all(&self, kernel: &dyn AffineKernel, fields: &[Fq]) -> Vec<G1Affine> {
        let c1 = self.constants[0];
        // inv0: zeros are left alone.
        let mut inverses: Vec<Fq> = fields.iter().map(|u| Fq::one() - (u.square() * c1).square()).collect();
        invert_all(&mut inverses);
        let mut candidates = [const { vec![] }; 3];
        for (u, inverse) in fields.iter().zip(inverses) {
            for (all, x) in candidates.iter_mut().zip(self.candidates(*u, inverse)) {
                all.push(x);
            }
        }
        let mut points = vec![G1Affine::zero(); fields.len()];
        // One of the three is on the curve; the first that is counts.
        let mut left: Vec<usize> = (0..fields.len()).collect();
        for candidates in candidates {
            let xs: Vec<Fq> = left.iter().filter_map(|&i| candidates.get(i).copied()).collect();
            let mut lifted = lift_all_with(kernel, &xs).into_iter().zip(xs);
            left.retain(|&i| {
                let Some((Some(y), x)) = lifted.next() else { return true };
                let Some((point, &u)) = points.get_mut(i).zip(fields.get(i)) else { return false };
                *point = G1Affine::new_unchecked(x, if sign(u) == sign(y) { y } else { -y });
                false
            });
        }
        points
    }

    /// The three $x$ of which one is on the curve (RFC 9380, section 6.6.1, steps as numbered in appendix F.1), given
    /// $1 / (1 - (c_1 u^2)^2)$, or zero where that does not exist.
    fn candidates(&self, u: Fq, tv3: Fq) -> [Fq; 3] {
        let [c1, c2, c3, c4] = self.constants;
        let tv1 = u.square() * c1;
        let tv2 = Fq::one() + tv1;
        let tv1 = Fq::one() - tv1;
        let tv4 = u * tv1 * tv3 * c3;
        let x3 = (tv2.square() * tv3).square() * c4 + Fq::one();
        [c2 - tv4, c2 + tv4, x3]
    }
}

/// For each $x$ a $y$ such that $(x, y)$ lies on the curve, where there is one.
pub fn lift_all(xs: &[Fq]) -> Vec<Option<Fq>> {
    lift_all_with(affine::kernel(), xs)
}

fn lift_all_with(kernel: &dyn AffineKernel, xs: &[Fq]) -> Vec<Option<Fq>> {
    let squares: Vec<Fq> = xs.iter().map(|&x| curve(x)).collect();
    let mut roots = squares.clone();
    kernel.raise_to_root(&mut roots);
    roots.into_iter().zip(squares).map(|(root, square)| (root.square() == square).then_some(root)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::available;

    fn portable() -> &'static dyn AffineKernel {
        available()[0].affine()
    }

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
    fn roots_are_those_of_the_field_library_on_every_kernel() {
        let xs: Vec<Fq> = (0..200_u64).map(Fq::from).chain([-Fq::one(), Fq::from(16_u64)]).collect();
        for kernel in available() {
            for n in [0, 1, 15, 16, 17, xs.len()] {
                let lifted = lift_all_with(kernel.affine(), &xs[..n]);
                for (x, y) in xs.iter().zip(&lifted) {
                    assert_eq!(
                        y.map(|y| y.square()),
                        curve(*x).sqrt().map(|_| curve(*x)),
                        "{}",
                        kernel.name()
                    );
                }
                assert_eq!(lifted, lift_all_with(portable(), &xs[..n]));
            }
        }
    }

    #[test]
    fn every_mapped_point_lies_on_the_curve() {
        let hasher = CurveHasher::new(b"test");
        let fields: Vec<Fq> =
            (0..200_u64).map(Fq::from).chain([-Fq::one(), Fq::from(2_u64).inverse().unwrap()]).collect();
        for point in hasher.map_all(portable(), &fields) {
            assert!(point.is_on_curve() && !point.is_zero());
        }
    }

    #[test]
    fn every_kernel_hashes_alike() {
        let hasher = CurveHasher::new(b"test");
        let messages: Vec<[u8; 8]> = (0..100_u64).map(u64::to_le_bytes).collect();
        let hash = |kernel| hasher.hash_all_with(kernel, messages.iter().map(<[u8; 8]>::as_slice));
        let points = hash(available()[0]);
        assert!(points.iter().all(G1Affine::is_on_curve));
        for kernel in available() {
            assert_eq!(hash(kernel), points, "{}", kernel.name());
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
