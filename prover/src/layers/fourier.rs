//! Fourier vectors, reduced level by level (see [`tacit_layers::argument::fourier`]).

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One};
use rayon::prelude::*;
use tacit_algebra::{Mle, eq};
use tacit_layers::argument::{
    claim::SumClaim,
    fourier::{BASE_VARS, FourierClaim, LEVEL_DEGREE, root_of_unity},
    sumcheck::{RoundPolynomial, RoundWeights},
};
use tacit_transcript::{ProofWriter, labels};

use crate::sumcheck::{self, SumcheckInstance};

/// A claim with what proving it takes.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct FourierProver {
    /// The claim.
    pub claim: FourierClaim,
    /// For each number of variables $m$ the entries of the vector with step one and offset zero: periods of the vector
    /// with the last $m$ factors.
    pub levels: Vec<Vec<Fr>>,
}

/// Entries of the Fourier vectors with step one and offset zero at the first $m$ coordinates of a frequency point, for
/// every $m$.
pub(crate) fn levels(frequency: &[Fr]) -> Vec<Vec<Fr>> {
    let mut levels = vec![vec![Fr::one()]];
    for (m, &u) in frequency.iter().enumerate() {
        let (half, root) = (&levels[m], root_of_unity(m + 1));
        let (mut next, mut power) = (Vec::with_capacity(2 << m), Fr::one());
        for i in 0..2_usize << m {
            next.push(half[i % (1 << m)] * (Fr::one() - u + u * power));
            power *= root;
        }
        levels.push(next);
    }
    levels
}

impl FourierProver {
    /// The prover of a claim.
    pub fn new(claim: FourierClaim) -> Self {
        let levels = levels(claim.vector.frequency());
        Self { claim, levels }
    }

    /// The sum of the claim's level.
    fn instance(&self) -> Level {
        let half_vars = self.claim.num_vars() - 1;
        let halved = self.claim.vector.halved();
        let half = &self.levels[half_vars];
        let entries = (0..1 << half_vars).map(|i| half[halved.position(i)]).collect();
        let (first, rest) = self.claim.split_index();
        // The factor at (first, i): its power of the root grows by the ratio from one i to the next.
        let vector = &self.claim.vector;
        let at_zero = [&[first], vec![Fr::ZERO; half_vars].as_slice()].concat();
        let u = vector.frequency().last().copied().unwrap_or(Fr::ZERO);
        let (ratio, mut power) = (vector.ratio(), vector.factor(&at_zero) - (Fr::one() - u));
        let factor = |_| {
            let factor = Fr::one() - u + power;
            power *= ratio;
            factor
        };
        let factors = (0..1 << half_vars).map(factor).collect();
        let tables = [eq::table(rest, 1 << half_vars), entries, factors];
        Level {
            tables: tables.map(|table| crate::evaluation::table(table, half_vars)),
            claim: self.claim.sum_claim(),
        }
    }
}

/// Rounds of all levels of a vector of so many variables.
pub(crate) fn num_rounds(num_vars: usize) -> usize {
    (BASE_VARS..num_vars).sum()
}

/// Proves all claims; nothing is left of them.
#[doc(hidden)]
pub fn prove(writer: &mut ProofWriter, mut claims: Vec<FourierProver>) {
    let longest = claims.iter().map(|prover| prover.claim.num_vars()).max().unwrap_or(0);
    for level in (BASE_VARS + 1..=longest).rev() {
        // Step 1: one sumcheck for all vectors of this many variables.
        let mut active: Vec<&mut FourierProver> =
            claims.iter_mut().filter(|prover| prover.claim.num_vars() == level).collect();
        let mut instances: Vec<Level> = active.par_iter().map(|prover| prover.instance()).collect();
        let mut borrowed: Vec<&mut dyn SumcheckInstance> = instances.iter_mut().map(|i| i as _).collect();
        let point = sumcheck::prove_checked(writer, &mut borrowed, RoundWeights::Uniform);
        // Step 2: every vector of half the length at the final point.
        let values: Vec<Fr> =
            instances.iter().map(|instance| crate::evaluation::final_value(&instance.tables[1])).collect();
        writer.write_scalars(labels::FOURIER_VALUES, &values);
        for (prover, value) in active.iter_mut().zip(values) {
            prover.claim = prover.claim.halved(&point, value);
        }
    }
    // Step 3: short vectors take no message: the verifier evaluates them entry by entry.
}

/// $\sum_i \mathrm{eq}(v', i) A_{m-1}(i) F(v_1, i)$.
struct Level {
    tables: [Mle; 3],
    claim: SumClaim,
}

impl SumcheckInstance for Level {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, _: Fr, _: Option<Fr>) -> RoundPolynomial {
        let [a, b, c] = self.tables.each_ref().map(Mle::halves);
        let mut sum = [Fr::ZERO; LEVEL_DEGREE + 1];
        for i in 0..a.0.len() {
            let line = |(low, high): (&[Fr], &[Fr])| (low[i], high[i] - low[i]);
            let ((a0, a1), (b0, b1), (c0, c1)) = (line(a), line(b), line(c));
            // The product of two lines by three multiplications, then by the third line.
            let (p0, p2) = (a0 * b0, a1 * b1);
            let p1 = (a0 + a1) * (b0 + b1) - p0 - p2;
            let terms = [p0 * c0, p0 * c1 + p1 * c0, p1 * c1 + p2 * c0, p2 * c1];
            sum.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
        }
        RoundPolynomial::new(sum.to_vec())
    }

    fn bind(&mut self, r: Fr) {
        self.tables.iter_mut().for_each(|table| crate::evaluation::bind(table, r));
    }
}
