//! Fourier vectors: rows of the Fourier matrix' multilinear extension, without evaluating the matrix.
//!
//! **Statement.** With $\omega_\ell$ a root of unity of order $2^\ell$ and a frequency point $u$ of $\ell$ coordinates,
//! $$ A(i) = \sum_{f < 2^\ell} \mathrm{eq}(u, f) \omega_\ell^{(r i + h) f}
//!    = \prod_{j < \ell} \bigl(1 - u_j + u_j \omega_\ell^{(r i + h) 2^j}\bigr) $$
//! for a step $r$, an offset $h$ and $i \in [0, 2^\ell)$, where $u_j$ belongs to the bit of weight $2^j$. The claim is
//! $\widetilde A(v) = y$. The step is 1 for inputs; strides, dilations and padding are other steps and offsets.
//!
//! **Shapes.** $u$ and $v$ have $\ell$ coordinates, most significant first. A shorter $v$ is filled up with zeros in
//! front. A longer one loses its leading coordinates, because $A$ has the period $2^\ell$.
//!
//! **Protocol.** Write $A_m$ for the vector of the last $m$ factors of the product, which has the period $2^m$ and is the
//! Fourier vector of $m$ frequency coordinates with the same step and offset. The first factor's power of a root splits
//! into one factor for each bit of $i$, so that
//! $$ \widetilde A_m(v) = \sum_{i < 2^{m-1}} \mathrm{eq}(v', i) A_{m-1}(i) F(v_1, i), \qquad
//!    F(x) = 1 - u_0 + u_0 \omega_m^h \prod_{b} \bigl(1 - x_b + x_b \omega_m^{r 2^b}\bigr), $$
//! where $v = (v_1, v')$. Level by level, from the longest vectors down to [`BASE_VARS`] variables: one
//! [sumcheck](crate::argument::sumcheck) of degree 3 over $i$ for all claims of that many variables, then the prover sends
//! $\widetilde A_{m-1}(z)$ for each, which is the claim of the next level. What is left is evaluated directly.
//!
//! **Soundness error.** [`crate::argument::soundness::fourier`].
//!
//! **Caller's duty.** The claims' frequency points, indices and values must be absorbed before the call. Nothing is left.
//!
//! **Cost.** The prover does $O(2^\ell)$ multiplications for each claim; the verifier $O(\ell^2)$, and a proof has
//! $O(\ell)$ scalars for each claim and $O(\ell^2)$ for all of them together.
//!
//! **Reference.** Liu, Xie, Zhang, "zkCNN" (CCS 2021), section 4.1: the Fourier matrix by its product structure. Arithmetic
//! progressions, claims of several lengths in one batch and the base case are Tacit's.
//!
//! **Code.** [prover](../../../tacit_prover/layers/fourier/index.html), [verifier](../../../tacit_verifier/layers/fourier/index.html).

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, FftField, Field, One};
use tacit_algebra::eq;
use tacit_transcript::Value;

use crate::{
    argument::claim::SumClaim,
    integer::{corners, count, position, signed},
};

/// Variables up to which a vector is evaluated entry by entry.
pub const BASE_VARS: usize = 3;

/// Most variables: the field has roots of unity of order $2^{28}$.
pub const MAX_FOURIER_VARS: usize = 28;

/// Degree of a level's sumcheck.
pub const LEVEL_DEGREE: usize = 3;

/// A root of unity of order $2^n$ for an $n$ of at most [`MAX_FOURIER_VARS`]. Only Tacit's own sides call it.
#[doc(hidden)]
pub fn root_of_unity(num_vars: usize) -> Fr {
    (num_vars..position(Fr::TWO_ADICITY)).fold(Fr::TWO_ADIC_ROOT_OF_UNITY, |root, _| root.square())
}

/// $\widetilde P(x)$ for $P(i) = \rho^i$: $\prod_b (1 - x_b + x_b \rho^{2^b})$.
pub fn evaluate_powers(ratio: Fr, point: &[Fr]) -> Fr {
    let (mut product, mut power) = (Fr::ONE, ratio);
    for &x in point.iter().rev() {
        product *= Fr::one() - x + x * power;
        power.square_in_place();
    }
    product
}

/// $A(i)$ for an arithmetic progression of positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FourierVector {
    /// $r$.
    step: i64,
    /// $h$.
    offset: i64,
    /// $u$, most significant first.
    frequency: Vec<Fr>,
}

impl FourierVector {
    /// The vector with step $r$ and offset $h$ at a frequency point.
    ///
    /// # Errors
    /// When the point has more coordinates than [`MAX_FOURIER_VARS`].
    pub fn new(step: i64, offset: i64, frequency: Vec<Fr>) -> Result<Self, tacit_algebra::Error> {
        if frequency.len() > MAX_FOURIER_VARS {
            let what = "the number of a frequency's coordinates";
            return Err(tacit_algebra::Error { what, expected: MAX_FOURIER_VARS, actual: frequency.len() });
        }
        Ok(Self { step, offset, frequency })
    }

    /// $\ell$.
    pub const fn num_vars(&self) -> usize {
        self.frequency.len()
    }

    /// $u$.
    pub fn frequency(&self) -> &[Fr] {
        &self.frequency
    }

    /// $\omega_\ell^{e}$.
    fn root_power(&self, exponent: i64) -> Fr {
        let order = 1_i64 << self.num_vars();
        root_of_unity(self.num_vars()).pow([exponent.rem_euclid(order).unsigned_abs()])
    }

    /// $\omega_\ell^r$.
    pub fn ratio(&self) -> Fr {
        self.root_power(self.step)
    }

    /// $\omega_\ell^h$.
    pub fn phase(&self) -> Fr {
        self.root_power(self.offset)
    }

    /// $(r i + h) \bmod 2^\ell$.
    pub fn position(&self, index: usize) -> usize {
        let order = 1_i64 << self.num_vars();
        // Both factors are below 2^28.
        let position = self.step.rem_euclid(order).wrapping_mul(signed(index).rem_euclid(order));
        let position = position.wrapping_add(self.offset).rem_euclid(order);
        count(position)
    }

    /// The first `length` entries, factor by factor.
    pub fn entries(&self, length: usize) -> Vec<Fr> {
        let (ratio, mut power) = (self.ratio(), self.phase());
        let entry = |_| {
            let (mut product, mut factor) = (Fr::ONE, power);
            for &u in self.frequency.iter().rev() {
                product *= Fr::one() - u + u * factor;
                factor.square_in_place();
            }
            power *= ratio;
            product
        };
        (0..length).map(entry).collect()
    }

    /// $\sum_{i < n} \mathrm{eq}(v, i) A(i)$, entry by entry, over the indices $i$ below $n$ that $v$ has coordinates for.
    pub fn evaluate(&self, index: &[Fr], length: usize) -> Fr {
        let length = length.min(corners(index.len()));
        eq::table(index, length).iter().zip(self.entries(length)).map(|(e, a)| *e * a).sum()
    }

    /// $F(x)$: the factor of the least significant frequency coordinate at a point of $\ell$ coordinates.
    pub fn factor(&self, point: &[Fr]) -> Fr {
        let u = self.frequency.last().copied().unwrap_or(Fr::ZERO);
        Fr::one() - u + u * self.phase() * evaluate_powers(self.ratio(), point)
    }

    /// The vector of the other factors, half as long.
    #[must_use]
    pub fn halved(&self) -> Self {
        let frequency = self.frequency.split_last().map_or(&[][..], |(_, rest)| rest);
        Self { frequency: frequency.to_vec(), ..*self }
    }
}

/// The claim $\widetilde A(v) = y$.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a claim on a Fourier vector must be reduced"]
pub struct FourierClaim<V = Fr> {
    /// $A$.
    pub vector: FourierVector,
    /// $v$, as many coordinates as the vector has variables.
    pub index: Vec<Fr>,
    /// $y$.
    pub value: V,
}

impl<V: Value> FourierClaim<V> {
    /// The claim on a vector's entries at a point of any number of coordinates.
    pub fn new(vector: FourierVector, index: &[Fr], value: V) -> Self {
        let num_vars = vector.num_vars();
        let missing = num_vars.saturating_sub(index.len());
        let (_, kept) = index.split_at(index.len().saturating_sub(num_vars));
        let index = [&vec![Fr::ZERO; missing], kept].concat();
        Self { vector, index, value }
    }

    /// Variables left.
    pub const fn num_vars(&self) -> usize {
        self.vector.num_vars()
    }

    /// The sum over the other coordinates of the index.
    pub fn sum_claim(&self) -> SumClaim<V> {
        SumClaim {
            num_vars: self.num_vars().saturating_sub(1),
            degree: LEVEL_DEGREE,
            sum: self.value.clone(),
        }
    }

    /// The first coordinate of the index and the others.
    pub fn split_index(&self) -> (Fr, &[Fr]) {
        self.index.split_first().map_or((Fr::ZERO, &[]), |(first, rest)| (*first, rest))
    }

    /// $\mathrm{eq}(v', z) F(v_1, z)$: what the half-length vector's value counts for at the sumcheck's final point.
    ///
    /// # Errors
    /// When the point has another number of coordinates than the sumcheck has rounds.
    pub fn weight(&self, point: &[Fr]) -> Result<Fr, tacit_algebra::Error> {
        let (first, rest) = self.split_index();
        Ok(eq::evaluate(rest, point)? * self.vector.factor(&[&[first], point].concat()))
    }

    /// The claim on the half-length vector.
    pub fn halved(&self, point: &[Fr], value: V) -> Self {
        Self { vector: self.vector.halved(), index: point.to_vec(), value }
    }

    /// How far the claim is off, entry by entry: zero when it holds.
    pub fn difference(&self) -> V {
        self.value.clone() - V::from(self.vector.evaluate(&self.index, 1 << self.num_vars()))
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{UniformRand, Zero};

    use super::*;

    fn point(n: usize) -> Vec<Fr> {
        let mut rng = ark_std::test_rng();
        (0..n).map(|_| Fr::rand(&mut rng)).collect()
    }

    fn vectors() -> impl Iterator<Item = FourierVector> {
        let progressions = [(1, 0), (0, 3), (2, 5), (-1, 2), (-3, 1), (-2, 0), (7, -9), (100, -1)];
        (0..6).flat_map(move |n| {
            progressions.map(move |(step, offset)| FourierVector::new(step, offset, point(n)).unwrap())
        })
    }

    #[test]
    fn entries_are_rows_of_the_fourier_matrix() {
        for vector in vectors() {
            let order = 1_usize << vector.num_vars();
            let root = root_of_unity(vector.num_vars());
            assert_eq!(root.pow([order as u64]), Fr::ONE);
            assert!(order == 1 || root.pow([order as u64 / 2]) == -Fr::ONE);
            for (i, entry) in vector.entries(order + 3).into_iter().enumerate() {
                let weights = eq::table(vector.frequency(), order);
                let power = |f: usize| root.pow([(vector.position(i) * f) as u64]);
                let expected: Fr = weights.iter().enumerate().map(|(f, e)| *e * power(f)).sum();
                assert_eq!(entry, expected, "{vector:?} at {i}");
                let order = order as i64;
                let position = (vector.step * i as i64 + vector.offset).rem_euclid(order);
                assert_eq!(vector.position(i) as i64, position);
            }
        }
    }

    #[test]
    fn a_level_takes_the_vector_to_one_of_half_its_length() {
        for vector in vectors().filter(|vector| vector.num_vars() > 0) {
            let n = vector.num_vars();
            let index = point(n);
            let value = vector.evaluate(&index, 1 << n);
            let claim = FourierClaim::new(vector, &index, value);
            assert!(claim.difference().is_zero());
            let (first, rest) = claim.split_index();
            let half = claim.vector.halved().entries(1 << (n - 1));
            let bits = |i: usize| -> Vec<Fr> {
                (0..n - 1).map(|b| Fr::from((i >> (n - 2 - b) & 1) as u64)).collect()
            };
            let term = |(i, a): (usize, &Fr)| {
                eq::evaluate_index(rest, i) * a * claim.vector.factor(&[vec![first], bits(i)].concat())
            };
            assert_eq!(half.iter().enumerate().map(term).sum::<Fr>(), value);
            // The weight is the product of both other factors' extensions.
            let z = point(n - 1);
            let table: Vec<Fr> =
                (0..1 << (n - 1)).map(|i| claim.vector.factor(&[vec![first], bits(i)].concat())).collect();
            let factor: Fr = eq::table(&z, table.len()).iter().zip(&table).map(|(e, f)| *e * f).sum();
            assert_eq!(claim.weight(&z), Ok(eq::evaluate(rest, &z).unwrap() * factor));
        }
    }

    #[test]
    fn indices_of_any_number_of_coordinates_become_the_vectors_own() {
        for vector in vectors() {
            for n in 0..8 {
                let index = point(n);
                let claim = FourierClaim::new(vector.clone(), &index, vector.evaluate(&index, 1 << n));
                assert_eq!(claim.index.len(), vector.num_vars());
                assert!(claim.difference().is_zero(), "{n} coordinates for {vector:?}");
            }
        }
    }

    #[test]
    fn powers_have_a_product_for_their_extension() {
        let (ratio, x) = (point(1)[0], point(5));
        let direct: Fr = eq::table(&x, 32).iter().zip(0..).map(|(e, i)| *e * ratio.pow([i])).sum();
        assert_eq!(evaluate_powers(ratio, &x), direct);
    }
}
