//! Generators for vector commitments, derived by hashing: no trusted set-up, no relation known to anybody.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::scalar_mul::BatchMulPreprocessing;

use crate::hash_to_curve::CurveHasher;

/// Domain separation tag: another tag gives unrelated generators.
pub const DOMAIN: &[u8] = b"TACIT-V1-GENERATORS-BN254G1_XMD:SHA-256_SVDW_RO_";

/// Multiples of the hiding generator that its table is laid out for: some 50 additions for each.
const BLINDS: usize = 256;

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

    /// Multiples of the generator that blinds commitments, from a table made once per process.
    pub fn blinds(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        static TABLE: OnceLock<BatchMulPreprocessing<G1Projective>> = OnceLock::new();
        let table = TABLE.get_or_init(|| BatchMulPreprocessing::new(self.hiding.into(), BLINDS));
        table.batch_mul(scalars)
    }

    /// $\log_2$ of the number of generators.
    pub const fn num_vars(&self) -> usize {
        self.vector.len().trailing_zeros() as usize
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field};

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
        let scalars = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(0x1234_5678_9abc_u64), -Fr::from(7_u64)];
        let expected = scalars.map(|scalar| G1Affine::from(generators.hiding() * scalar));
        assert_eq!(generators.blinds(&scalars), expected);
        assert!(generators.blinds(&[]).is_empty());
    }
}
