//! The sum of a product of two tables: $\sum_x f(x) g(x)$.

use ark_bn254::Fr;
use tacit_algebra::{Mle, error::check, kernels::backend};
use tacit_layers::argument::{claim::SumClaim, sumcheck::RoundPolynomial};

use super::SumcheckInstance;
use crate::error::Result;

/// $\sum_x f(x) g(x)$ with uniform weights.
#[derive(Debug, Clone)]
pub struct Product {
    left: Mle,
    right: Mle,
    claim: SumClaim,
}

impl Product {
    /// The claim that the product of two tables over the same variables sums to `sum`.
    ///
    /// # Errors
    /// When the tables have different numbers of variables.
    pub fn new(left: Mle, right: Mle, sum: Fr) -> Result<Self> {
        check("the number of the second table's variables", left.num_vars(), right.num_vars())?;
        Ok(Self::of(left, right, sum))
    }

    /// The same, of tables that are known to have the same variables.
    pub(crate) fn of(left: Mle, right: Mle, sum: Fr) -> Self {
        debug_assert_eq!(left.num_vars(), right.num_vars());
        let claim = SumClaim { num_vars: left.num_vars(), degree: 2, sum };
        Self { left, right, claim }
    }

    /// The same, with the sum computed.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn summed(left: Mle, right: Mle) -> Result<Self> {
        check("the number of the second table's variables", left.num_vars(), right.num_vars())?;
        Ok(Self::summed_of(left, right))
    }

    /// The same, of tables that are known to have the same variables.
    pub(crate) fn summed_of(left: Mle, right: Mle) -> Self {
        let sum = backend().inner_product(left.values(), right.values());
        Self::of(left, right, sum)
    }

    /// The same tables with another claimed sum.
    pub(crate) const fn with_sum(mut self, sum: Fr) -> Self {
        self.claim.sum = sum;
        self
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
}

impl SumcheckInstance for Product {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, _: Option<Fr>) -> RoundPolynomial {
        let [constant, leading] = backend().product_round(self.left.halves(), self.right.halves());
        RoundPolynomial::new(vec![constant, claim - constant - constant - leading, leading])
    }

    fn bind(&mut self, r: Fr) {
        crate::evaluation::bind(&mut self.left, r);
        crate::evaluation::bind(&mut self.right, r);
    }
}
