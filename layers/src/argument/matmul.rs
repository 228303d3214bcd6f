//! Matrix products by sumcheck over the inner axis; [`polynomial`] holds another argument.
//!
//! **Statement.** For $A$ over (rows, inner) and $B$ over (columns, inner),
//! $$ \widetilde C(r_i, r_j) = \sum_k \widetilde A(r_i, k) \widetilde B(r_j, k). $$
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
//!
//! **Code.** [prover](../../../tacit_prover/layers/matmul/index.html), [verifier](../../../tacit_verifier/layers/matmul/index.html).

pub mod polynomial;

/// Shape of a matrix product [by itself](crate::proof::alone).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatmulLayer {
    /// Rows of $A$ and of the product.
    pub num_rows: usize,
    /// Length of the inner axis.
    pub num_inner: usize,
    /// Rows of the transposed $B$, columns of the product.
    pub num_columns: usize,
}
