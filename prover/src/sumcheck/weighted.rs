//! The sum of a product of two tables, weighted block by block with any weights: $\sum_{g, x} \omega(g) f(g, x) h(g, x)$.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Zero};
use rayon::prelude::*;
use tacit_algebra::{Mle, error::check, kernels::backend};
use tacit_layers::argument::{claim::SumClaim, sumcheck::RoundPolynomial};

use super::SumcheckInstance;
use crate::error::Result;

/// $\sum_{g, x} \omega(g) f(g, x) h(g, x)$, blocks in the leading variables.
#[derive(Debug, Clone)]
pub struct Weighted {
    weights: Mle,
    left: Mle,
    right: Mle,
    claim: SumClaim,
}

/// Entries of a table that one task works on.
const TASK: usize = 1 << 12;

impl Weighted {
    /// The claim that the product of two tables over the same variables, weighted by a table over the leading variables,
    /// sums to `sum`.
    ///
    /// # Errors
    /// When the tables have different numbers of variables, or fewer than the weights, or the weights are not stored in
    /// full.
    pub fn new(weights: Mle, left: Mle, right: Mle, sum: Fr) -> Result<Self> {
        check("the number of the second table's variables", left.num_vars(), right.num_vars())?;
        let leading = weights.num_vars();
        check("the number of the weights' variables", leading.min(left.num_vars()), leading)?;
        check("the number of weights", 1 << leading, weights.values().len())?;
        Ok(Self::of(weights, left, right, sum))
    }

    /// The same, of tables that are known to go together.
    pub(crate) fn of(weights: Mle, left: Mle, right: Mle, sum: Fr) -> Self {
        debug_assert!(left.num_vars() == right.num_vars() && weights.num_vars() <= left.num_vars());
        // Without leading variables there is one weight, a constant.
        let degree = if weights.num_vars() == 0 { 2 } else { 3 };
        let claim = SumClaim { num_vars: left.num_vars(), degree, sum };
        Self { weights, left, right, claim }
    }

    /// Both tables' values once every variable is bound.
    ///
    /// # Errors
    /// When a variable is left.
    pub fn final_values(&self) -> Result<[Fr; 2]> {
        Ok([self.left.final_value()?, self.right.final_value()?])
    }

    /// The same, for whoever has bound every variable.
    pub(crate) fn ended(&self) -> [Fr; 2] {
        [&self.left, &self.right].map(crate::evaluation::final_value)
    }

    /// Coefficients of one block's polynomial: its weight's, linear, times that of its product, quadratic.
    fn block(&self, block: usize, g: usize) -> [Fr; 4] {
        fn part(side: &[Fr], from: usize, length: usize) -> &[Fr] {
            let from = from.min(side.len());
            &side[from..(from + length).min(side.len())]
        }
        let (zero, one) = self.weights.halves();
        let halves = |(low, high)| (part(low, g * block, block), part(high, g * block, block));
        let (a, b) = (halves(self.left.halves()), halves(self.right.halves()));
        let [c0, c2] = backend().product_round(a, b);
        let c1 = backend().inner_product(a.1, b.1) - c0 - c2;
        let (zero, slope) = (zero[g], one[g] - zero[g]);
        [zero * c0, zero * c1 + slope * c0, zero * c2 + slope * c1, slope * c2]
    }
}

impl SumcheckInstance for Weighted {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, _: Option<Fr>) -> RoundPolynomial {
        if self.weights.num_vars() == 0 {
            let weight = crate::evaluation::final_value(&self.weights);
            let [constant, leading] = backend().product_round(self.left.halves(), self.right.halves());
            let [constant, leading] = [weight * constant, weight * leading];
            return RoundPolynomial::new(vec![constant, claim - constant - constant - leading, leading]);
        }
        let block = 1_usize << (self.left.num_vars() - self.weights.num_vars());
        let blocks = self.weights.values().len() / 2;
        let add = |mut sum: [Fr; 4], term: [Fr; 4]| {
            sum.iter_mut().zip(term).for_each(|(sum, term)| *sum += term);
            sum
        };
        let sum =
            |range: std::ops::Range<usize>| range.map(|g| self.block(block, g)).fold([Fr::ZERO; 4], add);
        let step = (TASK / block).max(1);
        let total = if blocks <= step {
            sum(0..blocks)
        } else {
            let tasks = (0..blocks.div_ceil(step)).into_par_iter();
            tasks
                .map(|task| sum(task * step..((task + 1) * step).min(blocks)))
                .reduce(|| [Fr::zero(); 4], add)
        };
        RoundPolynomial::new(total.to_vec())
    }

    fn bind(&mut self, r: Fr) {
        if self.weights.num_vars() > 0 {
            crate::evaluation::bind(&mut self.weights, r);
        }
        crate::evaluation::bind(&mut self.left, r);
        crate::evaluation::bind(&mut self.right, r);
    }
}
