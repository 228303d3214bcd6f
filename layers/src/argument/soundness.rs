//! Soundness errors as code: how many challenges out of the field's size let a false claim pass, for each sub-protocol.
//!
//! Every function returns a bound on the probability, over uniform challenges, that the sub-protocol's verifier accepts a
//! false claim. Fiat-Shamir multiplies the sum by the number of hashes a cheating prover computes; the discrete logarithm
//! in BN254 G1 is assumed on top, at about 100 bits.

use std::iter::Sum;

use ark_bn254::Fr;
use ark_ff::PrimeField;

use crate::{
    argument::{
        fourier::{BASE_VARS, LEVEL_DEGREE, MAX_FOURIER_VARS},
        gates::Circuit,
    },
    integer::widest,
    tensor::Layout,
};

/// A probability: bad challenges over the size of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoundnessError {
    bad_challenges: u128,
}

impl SoundnessError {
    /// This many bad challenges.
    pub const fn new(bad_challenges: u128) -> Self {
        Self { bad_challenges }
    }

    /// The number of bad challenges.
    pub const fn bad_challenges(self) -> u128 {
        self.bad_challenges
    }

    /// That, or so many challenges more.
    fn or(self, more: usize) -> Self {
        Self::new(self.bad_challenges.saturating_add(widest(more)))
    }

    /// $-\log_2$ of the probability.
    #[expect(clippy::as_conversions, reason = "a logarithm for people, of which two digits are read")]
    pub fn bits(self) -> f64 {
        // The order is 0.756 times 2^254.
        f64::from(Fr::MODULUS_BIT_SIZE) - 0.404 - (self.bad_challenges.max(1) as f64).log2()
    }
}

impl Sum for SoundnessError {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self::new(iter.fold(0, |sum, error| sum.saturating_add(error.bad_challenges)))
    }
}

/// Batched sumcheck: $(J - 1)$ for the combination and $d$ for each round.
pub fn sumcheck(num_vars: usize, degree: usize, instances: usize) -> SoundnessError {
    SoundnessError::new(
        widest(num_vars.saturating_mul(degree)).saturating_add(widest(instances.saturating_sub(1))),
    )
}

/// LogUp-GKR over $2^n$ leaves, rows having two columns, as those of a network have.
pub fn logup(num_vars: usize) -> SoundnessError {
    lookups(num_vars, 2)
}

/// LogUp-GKR over $2^n$ leaves. The sum of fractions, cleared of denominators, is a polynomial of degree below $2^n$ in
/// $\alpha$ and, because a fingerprint of a row of $k$ columns has degree $k$ in $\beta$, below $k 2^n$ in both; a level
/// takes one batching, one sumcheck of degree 2 and one interpolation.
pub fn lookups(num_vars: usize, num_columns: usize) -> SoundnessError {
    // The sum of 2 k + 2 over all levels but the root's.
    let levels = widest(num_vars.saturating_sub(1)).saturating_mul(widest(num_vars).saturating_add(2));
    let fractions = widest(num_columns.max(1)).saturating_mul(1_u128 << num_vars.min(64));
    SoundnessError::new(fractions.saturating_add(levels).saturating_add(1))
}

/// Removing per-channel multipliers: one batched sumcheck of degree 2 over the channels.
pub fn rescale(channel_vars: usize, instances: usize) -> SoundnessError {
    sumcheck(channel_vars, 2, instances)
}

/// Max-pools: a zero check at a random point of $n$ variables, its sumcheck of degree $K$, and the combination of the
/// window's offsets at a random point of so many variables.
pub fn max_pool(num_vars: usize, offsets: usize, offset_vars: usize, instances: usize) -> SoundnessError {
    let combinations = instances.saturating_mul(offset_vars);
    sumcheck(num_vars, offsets, instances).or(num_vars).or(combinations)
}

/// Contractions (dense, convolution): one batched sumcheck of degree 2, or 3 where convolutions have groups.
pub fn contraction(num_vars: usize, instances: usize) -> SoundnessError {
    sumcheck(num_vars, 3, instances)
}

/// Products of activations: one batched sumcheck of degree 3.
pub fn products(num_vars: usize, instances: usize) -> SoundnessError {
    sumcheck(num_vars, 3, instances)
}

/// Convolutions as products of polynomials: `degree` bounds the degrees of what is compared along both axes of all layers, for
/// the random point; then one batched sumcheck of degree 3 over channels and, for the crop, over the product's positions, two instances
/// for each layer.
pub fn polynomial_convolution(degree: usize, num_vars: usize, layers: usize) -> SoundnessError {
    sumcheck(num_vars, 3, layers.saturating_mul(2)).or(degree)
}

/// Matrix products as middle coefficients: the layers' combination, and the random point, `half` being the positions below
/// the middle. Both factors have at most twice as many padded positions, so that their product has fewer than four times as
/// many coefficients, and so have the cross terms. Then one batched sumcheck of degree 3 over batch axes.
pub fn polynomial_matmul(half: usize, batch_vars: usize, layers: usize) -> SoundnessError {
    sumcheck(batch_vars, 3, layers).or(layers.saturating_sub(1)).or(half.saturating_mul(4))
}

/// Views: for each level of views of views one batched sumcheck of degree 2 over at most `num_vars` variables.
pub fn views(num_vars: usize, levels: usize, instances: usize) -> SoundnessError {
    sumcheck(levels.saturating_mul(num_vars), 2, instances)
}

/// Windows: one batched sumcheck of degree 2.
pub fn windows(num_vars: usize, instances: usize) -> SoundnessError {
    sumcheck(num_vars, 2, instances)
}

/// Claims on Fourier vectors of so many variables each: at each level one batched sumcheck of the vectors that are as long.
pub fn fourier(num_vars: &[usize]) -> SoundnessError {
    let longest = num_vars.iter().copied().max().unwrap_or(0).min(MAX_FOURIER_VARS);
    // A vector that has become as short as another joins it.
    let level = |level: usize| {
        let active = num_vars.iter().filter(|&&n| n >= level).count();
        sumcheck(level.saturating_sub(1), LEVEL_DEGREE, active)
    };
    (BASE_VARS.saturating_add(1)..=longest).map(level).sum()
}

/// Variables of a convolution in the frequency domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransformedConvolution {
    /// Of the products' sumcheck.
    pub product_vars: usize,
    /// Of the largest of the transforms' sumchecks.
    pub transform_vars: usize,
    /// Of the Fourier vectors along both axes; there are two of each.
    pub axis_vars: [usize; 2],
}

/// Convolutions in the frequency domain: products by one batched sumcheck of degree 3, transforms by one of degree 2 with
/// four sums for each convolution, then four Fourier vectors for each.
pub fn fft_convolutions(layers: &[TransformedConvolution]) -> SoundnessError {
    let products = layers.iter().map(|layer| layer.product_vars).max().unwrap_or(0);
    let transforms = layers.iter().map(|layer| layer.transform_vars).max().unwrap_or(0);
    let vectors: Vec<usize> = layers.iter().flat_map(|layer| layer.axis_vars).flat_map(|n| [n, n]).collect();
    let stages = [
        sumcheck(products, 3, layers.len()),
        sumcheck(transforms, 2, layers.len().saturating_mul(4)),
        fourier(&vectors),
    ];
    stages.into_iter().sum()
}

/// Masked messages: the combination of fewer than $2^{32}$ checks, three answers that determine the masks, a sumcheck of
/// degree 2 over fewer than $2^{32}$ products, the combination of four linear forms, and a sumcheck of degree 2 over the
/// masks' tensor.
pub fn masking(key_vars: usize) -> SoundnessError {
    let products = sumcheck(32, 2, 1);
    let opening = sumcheck(key_vars.saturating_add(32), 2, 2);
    [SoundnessError::new((1 << 32) + 2 + 3), products, opening].into_iter().sum()
}

/// Circuits of gates, going down together: for each depth the combination of every layer's claims, and both phases' batched
/// sumchecks of degree 2.
pub fn gates(circuits: &[&Circuit]) -> SoundnessError {
    let depth = circuits.iter().map(|circuit| circuit.layers.len()).max().unwrap_or(0);
    let vars = |circuit: &Circuit, operand| circuit.layout(operand).map_or(0, Layout::num_vars);
    let largest = |vars: &[usize]| vars.iter().copied().max().unwrap_or(0);
    let levels = (0..depth).map(|level| {
        let (mut combined, mut left, mut right) = (0_usize, vec![], vec![]);
        for circuit in circuits {
            let place = circuit.inputs.len().saturating_add(level);
            let claims = circuit.claim_counts().get(place).map_or(0, |count| count.saturating_sub(1));
            combined = combined.saturating_add(claims);
            for group in circuit.groups(level) {
                left.push(vars(circuit, group.left));
                right.extend(group.pairs.iter().map(|(right, _)| vars(circuit, *right)));
            }
        }
        let phases = [sumcheck(largest(&left), 2, left.len()), sumcheck(largest(&right), 2, right.len())];
        phases.into_iter().chain([SoundnessError::new(widest(combined))]).sum()
    });
    levels.sum()
}

/// Hyrax with $J$ claims and rows of $2^W$: the claims' combination and sumcheck, the generator's scale, and two bad
/// challenges for each folding round beside those that break the discrete logarithm.
pub fn hyrax(key_vars: usize, claims: usize) -> SoundnessError {
    sumcheck(key_vars, 2, claims).or(1).or(key_vars.saturating_mul(4))
}
