//! Generators for vector commitments, derived by hashing: no trusted set-up, no relation known to anybody.

use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::G1Affine;

use crate::{error::Error, hash_to_curve::CurveHasher};

mod blinds;

/// Domain separation tag: another tag gives unrelated generators.
pub const DOMAIN: &[u8] = b"TACIT-V1-GENERATORS-BN254G1_XMD:SHA-256_SVDW_RO_";

/// Generators of a vector commitment and the ones that carry inner products and blinding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generators {
    num_vars: usize,
    vector: Vec<G1Affine>,
    inner_product: G1Affine,
    hiding: G1Affine,
}

/// $\log_2$ of the most generators: a list of 64 bytes each that a machine can hold.
pub const MAX_GENERATOR_VARS: usize = 26;

impl Generators {
    /// `2^num_vars` generators, computed once per process and number of variables.
    ///
    /// # Errors
    /// When they are more than [`MAX_GENERATOR_VARS`] allows.
    pub fn new(num_vars: usize) -> Result<Arc<Self>, Error> {
        static CACHE: Mutex<Vec<(usize, Arc<Generators>)>> = Mutex::new(vec![]);
        if num_vars > MAX_GENERATOR_VARS {
            let what = "the logarithm of the number of generators";
            return Err(Error { what, expected: MAX_GENERATOR_VARS, actual: num_vars });
        }
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = cache.iter().find(|(n, _)| *n == num_vars) {
            return Ok(Arc::clone(known));
        }
        let derived = Arc::new(Self::derive(num_vars));
        cache.push((num_vars, Arc::clone(&derived)));
        Ok(derived)
    }

    fn derive(num_vars: usize) -> Self {
        let hasher = CurveHasher::new(DOMAIN);
        let messages: Vec<Vec<u8>> =
            (0_u64..1 << num_vars).map(|i| [b"vector".as_slice(), &i.to_le_bytes()].concat()).collect();
        let vector = hasher.hash_all(messages.iter().map(Vec::as_slice));
        Self {
            num_vars,
            vector,
            inner_product: hasher.hash(b"inner product"),
            hiding: hasher.hash(b"hiding"),
        }
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

    /// $\log_2$ of the number of generators.
    pub const fn num_vars(&self) -> usize {
        self.num_vars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_list_begins_with_a_shorter_one() {
        let (short, long) = (Generators::new(3).unwrap(), Generators::new(5).unwrap());
        assert_eq!(short.vector(), &long.vector()[..8]);
        assert_eq!(short.inner_product(), long.inner_product());
        assert_eq!(short.hiding(), long.hiding());
        assert!(long.vector().iter().all(ark_bn254::G1Affine::is_on_curve));
    }
}
