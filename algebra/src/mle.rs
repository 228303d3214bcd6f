//! Multilinear extensions of tables.
//!
//! $\widetilde f(r) = \sum_x \mathrm{eq}(r, x) f(x)$ over the hypercube.

use ark_bn254::Fr;
use ark_ff::Zero;

use crate::kernels::backend;

/// A table of $2^n$ values of which only a prefix is stored; the rest is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mle {
    values: Vec<Fr>,
    num_vars: usize,
}

impl Mle {
    /// The extension of `values` over `num_vars` variables.
    ///
    /// # Panics
    /// When there are more values than hypercube points.
    pub fn new(values: Vec<Fr>, num_vars: usize) -> Self {
        assert!(values.len() <= 1 << num_vars, "{} values over {num_vars} variables", values.len());
        Self { values, num_vars }
    }

    /// The stored prefix.
    pub fn values(&self) -> &[Fr] {
        &self.values
    }

    /// Number of variables left.
    pub const fn num_vars(&self) -> usize {
        self.num_vars
    }

    /// Zero side and one side of the first variable, each a prefix of $2^{n-1}$ values.
    pub fn halves(&self) -> (&[Fr], &[Fr]) {
        self.values.split_at(self.values.len().min(1 << self.num_vars >> 1))
    }

    /// Fixes the first variable to `r`.
    ///
    /// # Panics
    /// When no variable is left.
    pub fn bind(&mut self, r: Fr) {
        assert!(self.num_vars > 0, "no variable left to bind");
        self.num_vars = self.num_vars.saturating_sub(1);
        backend().bind(&mut self.values, 1 << self.num_vars, r);
    }

    /// The only value left when every variable is bound.
    ///
    /// # Panics
    /// When a variable is left.
    pub fn final_value(&self) -> Fr {
        assert_eq!(self.num_vars, 0, "{} variables are not bound", self.num_vars);
        self.values.first().copied().unwrap_or_else(Fr::zero)
    }

    /// The extension's value at a point.
    ///
    /// # Panics
    /// When the point has another number of variables.
    pub fn evaluate(&self, point: &[Fr]) -> Fr {
        assert_eq!(point.len(), self.num_vars);
        backend().inner_product(&backend().equality_table(point, self.values.len()), &self.values)
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;

    #[test]
    fn binding_every_variable_evaluates() {
        let mut rng = ark_std::test_rng();
        for (n, length) in [(0, 1), (3, 8), (4, 11), (5, 1), (5, 0), (6, 33)] {
            let mle = Mle::new((0..length).map(|_| Fr::rand(&mut rng)).collect(), n);
            let point: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
            let mut bound = mle.clone();
            for &r in &point {
                bound.bind(r);
            }
            assert_eq!(bound.final_value(), mle.evaluate(&point));
        }
    }
}
