//! Multi-scalar multiplications: commitments to small integers, and full-width products.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::VariableBaseMSM;
use ark_ff::Zero;

/// $\sum_i x_i G_i$ for small integers, at the cost of their width: positive and negative entries are summed apart, zeros
/// are skipped.
///
/// # Panics
/// When an index is not a generator's.
pub fn commit_small(generators: &[G1Affine], entries: impl Iterator<Item = (usize, i64)>) -> G1Projective {
    let (mut plus, mut minus) = (Entries::default(), Entries::default());
    for (index, value) in entries {
        match value {
            0 => {}
            _ if value > 0 => plus.push(generators[index], value.unsigned_abs()),
            _ => minus.push(generators[index], value.unsigned_abs()),
        }
    }
    plus.sum() - minus.sum()
}

#[derive(Default)]
struct Entries {
    bases: Vec<G1Affine>,
    scalars: Vec<u64>,
    largest: u64,
}

impl Entries {
    fn push(&mut self, base: G1Affine, scalar: u64) {
        self.bases.push(base);
        self.scalars.push(scalar);
        self.largest = self.largest.max(scalar);
    }

    fn sum(&self) -> G1Projective {
        fn narrow<T: TryFrom<u64> + Default>(scalars: &[u64]) -> Vec<T> {
            scalars.iter().map(|&x| T::try_from(x).unwrap_or_default()).collect()
        }
        match self.largest {
            0 => G1Projective::zero(),
            1 => self.bases.iter().sum(),
            2..=0xff => G1Projective::msm_u8(&self.bases, &narrow(&self.scalars)),
            0x100..=0xffff => G1Projective::msm_u16(&self.bases, &narrow(&self.scalars)),
            0x1_0000..=0xffff_ffff => G1Projective::msm_u32(&self.bases, &narrow(&self.scalars)),
            _ => G1Projective::msm_u64(&self.bases, &self.scalars),
        }
    }
}

/// $\sum_i s_i P_i$ over the shorter of the two lists.
pub fn multi_scalar(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    let n = points.len().min(scalars.len());
    G1Projective::msm_unchecked(&points[..n], &scalars[..n])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{generators::Generators, small::from_i64};

    #[test]
    fn small_commitments_match_full_width_products_for_every_width() {
        let generators = Generators::new(4);
        for values in [
            vec![0, 0, 1, -1, 1],
            vec![255, -255, 7, 0, 1],
            vec![256, -65535, 3],
            vec![1 << 16, -(1 << 31), 5, -1],
            vec![1 << 40, -1, (1 << 62) + 3],
            vec![],
        ] {
            let scalars: Vec<Fr> = values.iter().map(|&x| from_i64(x)).collect();
            let expected = multi_scalar(generators.vector(), &scalars);
            assert_eq!(commit_small(generators.vector(), values.into_iter().enumerate()), expected);
        }
    }
}
