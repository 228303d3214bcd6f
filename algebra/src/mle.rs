//! Multilinear extensions of tables.
//!
//! $\widetilde f(r) = \sum_x \mathrm{eq}(r, x) f(x)$ over the hypercube.

use ark_bn254::Fr;
use ark_ff::Zero;

use crate::{
    error::{Error, check},
    kernels::backend,
};

/// Most variables of a table: what it would hold in full can be counted.
pub const MAX_VARS: usize = 62;

/// A table of $2^n$ values of which only a prefix is stored; the rest is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mle {
    values: Vec<Fr>,
    num_vars: usize,
}

impl Mle {
    /// The extension of `values` over `num_vars` variables.
    ///
    /// # Errors
    /// When there are more values than hypercube points, or more variables than [`MAX_VARS`].
    pub fn new(values: Vec<Fr>, num_vars: usize) -> Result<Self, Error> {
        if num_vars > MAX_VARS {
            let what = "the number of a table's variables";
            return Err(Error { what, expected: MAX_VARS, actual: num_vars });
        }
        let expected = 1 << num_vars;
        if values.len() > expected {
            return Err(Error { what: "the number of a table's values", expected, actual: values.len() });
        }
        Ok(Self { values, num_vars })
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
    /// # Errors
    /// When no variable is left; the table stays as it is.
    pub fn bind(&mut self, r: Fr) -> Result<(), Error> {
        let what = "the number of variables left to bind";
        let left = self.num_vars.checked_sub(1).ok_or(Error { what, expected: 1, actual: 0 })?;
        self.num_vars = left;
        backend().bind(&mut self.values, 1 << left, r);
        Ok(())
    }

    /// The only value left when every variable is bound.
    ///
    /// # Errors
    /// When a variable is left.
    pub fn final_value(&self) -> Result<Fr, Error> {
        check("the number of variables that are not bound", 0, self.num_vars)?;
        Ok(self.values.first().copied().unwrap_or_else(Fr::zero))
    }

    /// The extension's value at a point.
    ///
    /// # Errors
    /// When the point has another number of variables.
    pub fn evaluate(&self, point: &[Fr]) -> Result<Fr, Error> {
        check("the number of a point's coordinates", self.num_vars, point.len())?;
        Ok(backend().inner_product(&backend().equality_table(point, self.values.len()), &self.values))
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;

    fn mle(values: Vec<Fr>, num_vars: usize) -> Mle {
        Mle::new(values, num_vars).unwrap()
    }

    #[test]
    fn binding_every_variable_evaluates() {
        let mut rng = ark_std::test_rng();
        for (n, length) in [(0, 1), (3, 8), (4, 11), (5, 1), (5, 0), (6, 33)] {
            let mle = mle((0..length).map(|_| Fr::rand(&mut rng)).collect(), n);
            let point: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
            let mut bound = mle.clone();
            for &r in &point {
                bound.bind(r).unwrap();
            }
            assert_eq!(bound.final_value(), mle.evaluate(&point));
        }
    }

    #[test]
    fn sizes_that_do_not_go_together_are_errors() {
        let error = |what, expected, actual| Error { what, expected, actual };
        let values = |length| vec![Fr::zero(); length];
        assert_eq!(Mle::new(values(3), 1), Err(error("the number of a table's values", 2, 3)));
        assert!(Mle::new(values(3), MAX_VARS).is_ok());
        for n in [MAX_VARS + 1, 64, usize::MAX] {
            assert_eq!(Mle::new(values(3), n), Err(error("the number of a table's variables", MAX_VARS, n)));
        }
        let mut table = mle(values(2), 1);
        let point = "the number of a point's coordinates";
        assert_eq!(table.evaluate(&[]), Err(error(point, 1, 0)));
        assert_eq!(table.evaluate(&values(2)), Err(error(point, 1, 2)));
        assert_eq!(table.final_value(), Err(error("the number of variables that are not bound", 0, 1)));
        assert_eq!(table.bind(Fr::zero()), Ok(()));
        assert_eq!(table.bind(Fr::zero()), Err(error("the number of variables left to bind", 1, 0)));
        assert_eq!(table.final_value(), Ok(Fr::zero()));
    }
}
