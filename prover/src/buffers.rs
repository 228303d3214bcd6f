//! Vectors kept for use again: what a large vector costs most is the operating system's first use of its memory.

use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;

/// Elements below which a vector is not kept.
const SMALLEST: usize = 1 << 10;

/// Vectors that were used before, shared by all clones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<Fr>>>>);

impl Buffers {
    /// A vector of this length; what is in it is not specified.
    pub(crate) fn take(&self, length: usize) -> Vec<Fr> {
        if length < SMALLEST {
            return vec![Fr::zero(); length];
        }
        let kept = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |vector: &Vec<Fr>| (length..=2 * length).contains(&vector.capacity());
            let fitting = kept.iter().enumerate().filter(|(_, vector)| fits(vector));
            let tightest = fitting.min_by_key(|(_, vector)| vector.capacity()).map(|(index, _)| index);
            tightest.map(|index| kept.swap_remove(index))
        };
        if let Some(mut kept) = kept {
            kept.resize(length, Fr::zero());
            return kept;
        }
        // All cores write to new memory.
        (0..length).into_par_iter().with_min_len(SMALLEST).map(|_| Fr::zero()).collect()
    }

    /// Keeps a vector.
    pub(crate) fn put(&self, vector: Vec<Fr>) {
        if vector.len() >= SMALLEST {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(vector);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_vector_is_given_again() {
        let buffers = Buffers::default();
        let vector = buffers.take(SMALLEST);
        let address = vector.as_ptr();
        buffers.put(vector);
        let (other, same) = (buffers.take(2 * SMALLEST), buffers.clone().take(SMALLEST));
        assert_ne!(other.as_ptr(), address);
        assert_eq!(same.as_ptr(), address);
    }
}
