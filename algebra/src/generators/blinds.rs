//! Multiples of the generator that blinds commitments, which only provers need.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "the prover's: curve arithmetic on digits of whole scalars"
)]

use std::sync::OnceLock;

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{PrimeField, Zero};

use super::Generators;
use crate::{
    cores::prelude::*,
    kernels::{affine::PackedPoint, backend},
};

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

impl Generators {
    /// Multiples of the generator that blinds commitments, from a table made once per process: one addition for each window of
    /// the scalar's bits, those of all multiples in batches that share an inversion.
    pub fn blinds(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        static TABLE: OnceLock<Vec<PackedPoint>> = OnceLock::new();
        let kernel = backend().affine();
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
        scalars.par_chunks(TOGETHER).flat_map_iter(sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{AdditiveGroup, Field, UniformRand};

    use super::*;

    #[test]
    fn blinds_are_multiples_of_the_hiding_generator() {
        let generators = Generators::new(0).unwrap();
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
