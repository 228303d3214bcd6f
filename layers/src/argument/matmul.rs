//! Matrix products by sumcheck over the inner axis; [`polynomial`] holds another argument.
//!
//! **Statement.** For $A$ over (rows, inner) and $B$ over (columns, inner),
//! $$ \widetilde C(r_i, r_j) = \sum_k \widetilde A(r_i, k)\, \widetilde B(r_j, k). $$
//!
//! **Shapes.** $C$ over (rows, columns). Both factors have the inner axis last, as weights do; every axis is padded by
//! itself.
//!
//! **Protocol.** Squeeze $(r_i, r_j)$; the prover sends $\widetilde C(r_i, r_j)$; a [sumcheck](crate::argument::sumcheck) of degree
//! 2 over $k$; the prover sends $\widetilde A(r_i, z)$ and $\widetilde B(r_j, z)$, whose product is the final value. Inside
//! a network, the value comes from the layer behind, and the sumchecks of all dense layers and convolutions are batched.
//!
//! **Soundness error.** $(\log_2 |C| + 2 \log_2 |k|) / |\mathbb F|$: comparing at a random point, then
//! [`crate::argument::soundness::contraction`].
//!
//! **Caller's duty.** Both matrices and the product must be fixed (committed or public, and absorbed) before the call;
//! the three claims returned must be discharged.
//!
//! **Cost.** The prover folds each factor once, $O(|A| + |B|)$, instead of multiplying.
//!
//! **Reference.** Thaler, "Time-optimal interactive proofs for circuit evaluation" (2013), section 5.

use ark_bn254::Fr;

use crate::{argument::claim::EvaluationClaim, tensor::bits_of};

pub mod polynomial;

/// Shape of a stand-alone matrix product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatmulLayer {
    /// Rows of $A$ and of the product.
    pub num_rows: usize,
    /// Length of the inner axis.
    pub num_inner: usize,
    /// Rows of the transposed $B$, columns of the product.
    pub num_columns: usize,
}

/// A matrix of a stand-alone product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// $A$.
    Left,
    /// $B$, transposed.
    Right,
    /// $C$.
    Product,
}

/// The claims a stand-alone product leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "all three claims must be discharged"]
pub struct MatmulClaims {
    /// On $\widetilde A$.
    pub left: EvaluationClaim<Matrix>,
    /// On $\widetilde B$.
    pub right: EvaluationClaim<Matrix>,
    /// On $\widetilde C$.
    pub product: EvaluationClaim<Matrix>,
}

impl MatmulLayer {
    /// Variables of the row axis.
    pub const fn row_vars(&self) -> usize {
        bits_of(self.num_rows)
    }

    /// Variables of the product.
    pub const fn product_vars(&self) -> usize {
        bits_of(self.num_rows).saturating_add(bits_of(self.num_columns))
    }

    /// Variables of the inner axis.
    pub const fn inner_vars(&self) -> usize {
        bits_of(self.num_inner)
    }

    /// The claims left after the sumcheck ended at `inner`.
    pub fn claims(
        &self,
        product_point: &[Fr],
        inner: &[Fr],
        product: Fr,
        left: Fr,
        right: Fr,
    ) -> MatmulClaims {
        let (row, column) = product_point.split_at(self.row_vars().min(product_point.len()));
        MatmulClaims {
            left: EvaluationClaim::new(Matrix::Left, [row, inner].concat(), left),
            right: EvaluationClaim::new(Matrix::Right, [column, inner].concat(), right),
            product: EvaluationClaim::new(Matrix::Product, product_point.to_vec(), product),
        }
    }
}
