//! The sum of a product of two tables: $\sum_x f(x) g(x)$.

use ark_bn254::Fr;
use tacit_algebra::{Mle, kernels::backend};
use tacit_layers::argument::{claim::SumClaim, sumcheck::RoundPolynomial};

use super::SumcheckInstance;

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
    /// # Panics
    /// When the tables have different numbers of variables.
    pub fn new(left: Mle, right: Mle, sum: Fr) -> Self {
        assert_eq!(left.num_vars(), right.num_vars());
        let claim = SumClaim { num_vars: left.num_vars(), degree: 2, sum };
        Self { left, right, claim }
    }

    /// The same, with the sum computed.
    pub fn summed(left: Mle, right: Mle) -> Self {
        let sum = backend().inner_product(left.values(), right.values());
        Self::new(left, right, sum)
    }

    /// The same tables with another claimed sum.
    pub(crate) const fn with_sum(mut self, sum: Fr) -> Self {
        self.claim.sum = sum;
        self
    }

    /// Both tables' values once every variable is bound.
    pub fn final_values(&self) -> [Fr; 2] {
        [self.left.final_value(), self.right.final_value()]
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
        self.left.bind(r);
        self.right.bind(r);
    }
}
