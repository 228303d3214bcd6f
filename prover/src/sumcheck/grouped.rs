//! The sum of a product of two tables, weighted group by group:
//! $\sum_{g, x} \mathrm{eq}(r, g) f(g, x) h(g, x)$.
//!
//! As the weights are those of equality, a round's polynomial is $c \mathrm{eq}(r_i, X) t(X)$ with $c$ the equality of
//! the variables bound so far and $t$ a sum over later groups, weighted by their equality: quadratic, and a plain sum of
//! products once one factor carries the weights.

use ark_bn254::Fr;
use ark_ff::One;
use tacit_algebra::{Mle, eq, error::check, kernels::backend};
use tacit_layers::argument::{claim::SumClaim, sumcheck::RoundPolynomial};

use super::SumcheckInstance;
use crate::error::Result;

/// $\sum_{g, x} \mathrm{eq}(r, g) f(g, x) h(g, x)$, groups in the leading variables.
#[derive(Debug, Clone)]
pub struct Grouped {
    /// Coordinates of $r$ that are left.
    group: Vec<Fr>,
    /// Equality of the bound coordinates.
    bound: Fr,
    /// Equality table of the coordinates behind the current one.
    weights: Vec<Fr>,
    left: Mle,
    right: Mle,
    claim: SumClaim,
}

/// Groups of fewer entries are weighted entry by entry, larger ones once their products are summed.
const SMALL_GROUP: usize = 16;

impl Grouped {
    /// The claim that the weighted product of two tables over the same variables sums to `sum`; `group` is $r$.
    ///
    /// # Errors
    /// When the tables have different numbers of variables, or fewer than `group`.
    pub fn new(group: &[Fr], left: Mle, right: Mle, sum: Fr) -> Result<Self> {
        check("the number of the second table's variables", left.num_vars(), right.num_vars())?;
        check("the number of the group's variables", group.len().min(left.num_vars()), group.len())?;
        Ok(Self::of(group, left, right, sum))
    }

    /// The same, of tables and a group that are known to go together.
    pub(crate) fn of(group: &[Fr], left: Mle, right: Mle, sum: Fr) -> Self {
        debug_assert!(left.num_vars() == right.num_vars() && group.len() <= left.num_vars());
        // Without groups the only weight is one.
        let degree = if group.is_empty() { 2 } else { 3 };
        let claim = SumClaim { num_vars: left.num_vars(), degree, sum };
        let behind = group.get(1..).unwrap_or_default();
        let weights = eq::table(behind, 1 << behind.len());
        Self { group: group.to_vec(), bound: Fr::one(), weights, left, right, claim }
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

    /// Coefficients of $t$.
    fn weighted_product(&self, block: usize) -> [Fr; 3] {
        let (left, right) = (self.left.halves(), self.right.halves());
        if block < SMALL_GROUP {
            let weigh = |side: &[Fr]| -> Vec<Fr> {
                let groups = side.chunks(block).zip(&self.weights);
                groups.flat_map(|(group, weight)| group.iter().map(move |x| *x * weight)).collect()
            };
            return product(&weigh(left.0), &weigh(left.1), right);
        }
        let part = |side: &'_ [Fr], g: usize| -> std::ops::Range<usize> {
            (g * block).min(side.len())..((g + 1) * block).min(side.len())
        };
        let mut sum = [Fr::from(0_u64); 3];
        for (g, weight) in self.weights.iter().enumerate() {
            let cut = |(low, high): (&'_ [Fr], &'_ [Fr])| (part(low, g), part(high, g));
            let ((l0, l1), (r0, r1)) = (cut(left), cut(right));
            let terms = product(&left.0[l0], &left.1[l1], (&right.0[r0], &right.1[r1]));
            for (sum, term) in sum.iter_mut().zip(terms) {
                *sum += *weight * term;
            }
        }
        sum
    }
}

/// Coefficients of a sum of products of linear polynomials, each given by its values at zero and one.
fn product(zero: &[Fr], one: &[Fr], right: (&[Fr], &[Fr])) -> [Fr; 3] {
    let [constant, leading] = backend().product_round((zero, one), right);
    [constant, backend().inner_product(one, right.1) - constant - leading, leading]
}

impl SumcheckInstance for Grouped {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, _: Option<Fr>) -> RoundPolynomial {
        let Some(&coordinate) = self.group.first() else {
            let [constant, leading] = backend().product_round(self.left.halves(), self.right.halves());
            let [constant, leading] = [self.bound * constant, self.bound * leading];
            return RoundPolynomial::new(vec![constant, claim - constant - constant - leading, leading]);
        };
        let [c0, c1, c2] = self.weighted_product(1 << (self.left.num_vars() - self.group.len()));
        // c eq(r_i, X) = zero + slope X.
        let zero = self.bound * (Fr::one() - coordinate);
        let slope = self.bound * coordinate - zero;
        RoundPolynomial::new(vec![zero * c0, zero * c1 + slope * c0, zero * c2 + slope * c1, slope * c2])
    }

    fn bind(&mut self, r: Fr) {
        if !self.group.is_empty() {
            let coordinate = self.group.remove(0);
            self.bound *= coordinate * r + (Fr::one() - coordinate) * (Fr::one() - r);
            let half = self.weights.len() / 2;
            if half > 0 {
                // Both sides of a variable's equality sum to one.
                let high = self.weights.split_off(half);
                for (low, high) in self.weights.iter_mut().zip(&high) {
                    *low += high;
                }
            }
        }
        crate::evaluation::bind(&mut self.left, r);
        crate::evaluation::bind(&mut self.right, r);
    }
}
