//! Generators for vector commitments, derived by hashing: no trusted set-up, no relation known to anybody.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{PrimeField, Zero};

use crate::{
    hash_to_curve::CurveHasher,
    kernels::{affine::PackedPoint, fastest_affine},
    parallel,
};

/// Domain separation tag: another tag gives unrelated generators.
pub const DOMAIN: &[u8] = b"TACIT-V1-GENERATORS-BN254G1_XMD:SHA-256_SVDW_RO_";

/// Bits of a scalar that the hiding generator's table holds all multiples for.
const WINDOW: usize = 6;
/// Windows of a scalar.
const WINDOWS: usize = (Fr::MODULUS_BIT_SIZE as usize).div_ceil(WINDOW);
/// Multiples that are computed together.
const TOGETHER: usize = 64;

/// $d 2^{wi} P$ for every window $i$ and every $d < 2^w$.
fn windows(point: G1Affine) -> Vec<G1Affine> {
    let mut base = G1Projective::from(point);
    let mut multiples = Vec::with_capacity(WINDOWS << WINDOW);
    for _ in 0..WINDOWS {
        let mut multiple = G1Projective::zero();
        for _ in 0..1 << WINDOW {
            multiples.push(multiple);
            multiple += base;
        }
        base = multiple;
    }
    G1Projective::normalize_batch(&multiples)
}

/// Each window's multiple by a scalar's digit.
fn chosen<'t>(table: &'t [PackedPoint], scalar: &Fr) -> impl Iterator<Item = PackedPoint> + 't {
    let limbs = scalar.into_bigint().0;
    (0..WINDOWS).map(move |window| {
        let (limb, shift) = (window * WINDOW / 64, window * WINDOW % 64);
        let above = limbs.get(limb + 1).map_or(0, |&next| next.checked_shl(64 - shift as u32).unwrap_or(0));
        let digit = (limbs[limb] >> shift | above) as usize & ((1 << WINDOW) - 1);
        table[(window << WINDOW) + digit]
    })
}

/// Generators of a vector commitment and the ones that carry inner products and blinding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generators {
    vector: Vec<G1Affine>,
    inner_product: G1Affine,
    hiding: G1Affine,
}

impl Generators {
    /// $2^{\text{num\_vars}}$ generators, computed once per process and number of variables.
    pub fn new(num_vars: usize) -> Arc<Self> {
        static CACHE: Mutex<Vec<(usize, Arc<Generators>)>> = Mutex::new(vec![]);
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = cache.iter().find(|(n, _)| *n == num_vars) {
            return Arc::clone(known);
        }
        let derived = Arc::new(Self::derive(num_vars));
        cache.push((num_vars, Arc::clone(&derived)));
        derived
    }

    fn derive(num_vars: usize) -> Self {
        let hasher = CurveHasher::new(DOMAIN);
        let messages: Vec<Vec<u8>> =
            (0_u64..1 << num_vars).map(|i| [b"vector".as_slice(), &i.to_le_bytes()].concat()).collect();
        let vector = hasher.hash_all(messages.iter().map(Vec::as_slice));
        Self { vector, inner_product: hasher.hash(b"inner product"), hiding: hasher.hash(b"hiding") }
    }

    /// The generators of the vector's entries.
    pub fn vector(&self) -> &[G1Affine] {
        &self.vector
    }

    /// The generator that carries the inner product's value.
    pub const fn inner_product(&self) -> G1Affine {
        self.inner_product
    }

    /// The generator that blinds commitments.
    pub const fn hiding(&self) -> G1Affine {
        self.hiding
    }

    /// Multiples of the generator that blinds commitments, from a table made once per process: one addition for each window of
    /// the scalar's bits, those of all multiples in batches that share an inversion.
    pub fn blinds(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        static TABLE: OnceLock<Vec<PackedPoint>> = OnceLock::new();
        let kernel = fastest_affine();
        let table = TABLE.get_or_init(|| kernel.pack(&windows(self.hiding)));
        let sum = |scalars: &[Fr]| {
            let mut points: Vec<PackedPoint> =
                scalars.iter().flat_map(|scalar| chosen(table, scalar)).collect();
            let mut length = WINDOWS;
            while length > 1 {
                let half = length / 2;
                // Of an odd number the first stays alone.
                let pairs = (0..scalars.len()).flat_map(|i| {
                    let first = i * WINDOWS + length % 2;
                    (first..first + half).map(move |at| [at as u32, (at + half) as u32])
                });
                kernel.add_pairs(&mut points, &pairs.collect::<Vec<_>>());
                length -= half;
            }
            let sums: Vec<G1Affine> = points.iter().step_by(WINDOWS).map(|sum| kernel.unpack(sum)).collect();
            // They tell the scalars. As if they were read, so that they are written.
            points.fill(PackedPoint::INFINITY);
            std::hint::black_box(&points);
            sums
        };
        parallel::flat_map(scalars.chunks(TOGETHER), sum)
    }

    /// $\log_2$ of the number of generators.
    pub const fn num_vars(&self) -> usize {
        self.vector.len().trailing_zeros() as usize
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    use super::*;

    #[test]
    fn a_longer_list_begins_with_a_shorter_one() {
        let (short, long) = (Generators::new(3), Generators::new(5));
        assert_eq!(short.vector(), &long.vector()[..8]);
        assert_eq!(short.inner_product(), long.inner_product());
        assert_eq!(short.hiding(), long.hiding());
        assert!(long.vector().iter().all(ark_bn254::G1Affine::is_on_curve));
    }

    #[test]
    fn blinds_are_multiples_of_the_hiding_generator() {
        let generators = Generators::new(0);
        let mut rng = ark_std::test_rng();
        let mut scalars = vec![Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(0x1234_5678_9abc_u64), -Fr::from(7_u64)];
        scalars.extend((0..200).map(|_| Fr::rand(&mut rng)));
        // Every bit by itself.
        scalars.extend((0..254).map(|bit| Fr::from(2_u64).pow([bit])));
        let expected: Vec<G1Affine> =
            scalars.iter().map(|scalar| (generators.hiding() * scalar).into_affine()).collect();
        assert_eq!(generators.blinds(&scalars), expected);
        assert!(generators.blinds(&[]).is_empty());
    }
}
