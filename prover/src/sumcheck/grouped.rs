//! The sum of a product of two tables, weighted group by group:
//! $\sum_{g, x} \mathrm{eq}(r, g)\, f(g, x)\, h(g, x)$.

use ark_bn254::Fr;
use tacit_algebra::{Mle, eq, kernels::backend};
use tacit_layers::{claim::SumClaim, sumcheck::RoundPolynomial};

use super::SumcheckInstance;

/// $\sum_{g, x} \mathrm{eq}(r, g)\, f(g, x)\, h(g, x)$, groups in the leading variables.
#[derive(Debug, Clone)]
pub struct Grouped {
    weights: Mle,
    left: Mle,
    right: Mle,
    claim: SumClaim,
}

impl Grouped {
    /// The claim that the weighted product of two tables over the same variables sums to `sum`; `group` is $r$.
    ///
    /// # Panics
    /// When the tables have different numbers of variables, or fewer than `group`.
    pub fn new(group: &[Fr], left: Mle, right: Mle, sum: Fr) -> Self {
        assert!(left.num_vars() == right.num_vars() && group.len() <= left.num_vars());
        // Without groups the only weight is one.
        let degree = if group.is_empty() { 2 } else { 3 };
        let claim = SumClaim { num_vars: left.num_vars(), degree, sum };
        Self { weights: Mle::new(eq::table(group, 1 << group.len()), group.len()), left, right, claim }
    }

    /// Both tables' values once every variable is bound.
    pub fn final_values(&self) -> [Fr; 2] {
        [self.left.final_value(), self.right.final_value()]
    }
}

impl SumcheckInstance for Grouped {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, _: Option<Fr>) -> RoundPolynomial {
        if self.weights.num_vars() == 0 {
            let weight = self.weights.final_value();
            let [constant, leading] = backend().product_round(self.left.halves(), self.right.halves());
            let [constant, leading] = [weight * constant, weight * leading];
            return RoundPolynomial::new(vec![constant, claim - constant - constant - leading, leading]);
        }
        // A group's polynomial is its weight's, linear, times that of its block's product, quadratic.
        let (zero, one) = self.weights.halves();
        let block = 1_usize << (self.left.num_vars() - self.weights.num_vars());
        let mut sum = RoundPolynomial::new(vec![]);
        for (g, (&zero, &one)) in zero.iter().zip(one).enumerate() {
            let part =
                |side: &[Fr]| -> Vec<Fr> { side.iter().skip(g * block).take(block).copied().collect() };
            let halves = |(low, high): (&[Fr], &[Fr])| (part(low), part(high));
            let (a, b) = (halves(self.left.halves()), halves(self.right.halves()));
            let [c0, c2] = backend().product_round((&a.0, &a.1), (&b.0, &b.1));
            let c1 = backend().inner_product(&a.1, &b.1) - c0 - c2;
            let slope = one - zero;
            let product = vec![zero * c0, zero * c1 + slope * c0, zero * c2 + slope * c1, slope * c2];
            sum.add_scaled(&RoundPolynomial::new(product), Fr::from(1_u64));
        }
        sum
    }

    fn bind(&mut self, r: Fr) {
        if self.weights.num_vars() > 0 {
            self.weights.bind(r);
        }
        self.left.bind(r);
        self.right.bind(r);
    }
}
