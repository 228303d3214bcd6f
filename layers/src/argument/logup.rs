//! LogUp-GKR: that a sum of fractions is zero, without committing to an inverse.
//!
//! **Statement.** For multilinear $\widetilde p, \widetilde q$ over $n$ variables that the verifier can evaluate,
//! $$ \sum_{x \in \lbrace 0,1 \rbrace^n} \frac{p(x)}{q(x)} = 0 \quad\text{and no } q(x) \text{ is zero.} $$
//! With numerator 1 and denominator $\alpha - \text{row}$ for each looked-up row, and numerator $-m$ for each row of a
//! table with multiplicity $m$, the sum is zero for random $\alpha$ exactly when every looked-up row is in its table.
//!
//! **Shapes.** A binary tree of fractions; level $k$ has $2^k$ of them as two tables over $k$ variables. The children of
//! fraction $x$ at level $k$ are $(x, 0)$ and $(x, 1)$ at level $k + 1$, which lie beside each other in that level's tables:
//! variables are bound from the last one on, so that a block of leaves, which starts at a multiple of its size, and the
//! padding within it keep to themselves until one fraction is left of the block.
//!
//! **Protocol.** For $k = 0, \dots, n - 1$, with claims $\widetilde p_k(r), \widetilde q_k(r)$ at hand (for $k = 0$:
//! $p_0 = 0$), squeeze $\lambda$ and reduce
//! $$ \widetilde p_k(r) + \lambda \widetilde q_k(r)
//!    = \sum_x \mathrm{eq}(r, x) \bigl(p_{k+1}(x,0) q_{k+1}(x,1) + p_{k+1}(x,1) q_{k+1}(x,0) +
//!    \lambda q_{k+1}(x,0) q_{k+1}(x,1)\bigr) $$
//! by an equality-weighted [sumcheck](crate::argument::sumcheck) of degree 2, over the last variable first, to four values at a point
//! $r'$, which the prover sends; squeeze $\mu$ and continue at $(r', \mu)$. At the root no sumcheck is needed: the four values are the two
//! fractions of level 1, their sum must have numerator 0 and a non-zero denominator. A zero denominator anywhere makes
//! every denominator above it zero, so the root's is the only one to check.
//!
//! **Soundness error.** [`crate::argument::soundness::logup`].
//!
//! **Caller's duty.** The claims on $\widetilde p_n$ and $\widetilde q_n$ at the final point.
//!
//! **Cost.** $n (n - 1) + 4 n$ scalars; the prover's work is linear in the leaves.
//!
//! **Reference.** Papini and Haboeck (ePrint 2023/1284, section 3.1).
//!
//! **Code.** [prover](../../../tacit_prover/logup/index.html), [verifier](../../../tacit_verifier/logup/index.html).

use ark_bn254::Fr;
use tacit_transcript::Value;

/// The two children of a fraction, as claimed at one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Children<V = Fr> {
    /// Numerators of the zero and the one child.
    pub numerators: [V; 2],
    /// Denominators of the zero and the one child.
    pub denominators: [V; 2],
}

/// Claims on the leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the leaves' claims must be checked against the columns they were made from"]
pub struct LeafClaims<V = Fr> {
    /// The point.
    pub point: Vec<Fr>,
    /// $\widetilde p$ there.
    pub numerator: V,
    /// $\widetilde q$ there.
    pub denominator: V,
}

impl<V: Value> Children<V> {
    /// Their order in a message.
    pub fn to_message(self) -> [V; 4] {
        let ([p0, p1], [q0, q1]) = (self.numerators, self.denominators);
        [p0, p1, q0, q1]
    }

    /// From a message.
    pub fn from_message([p0, p1, q0, q1]: [V; 4]) -> Self {
        Self { numerators: [p0, p1], denominators: [q0, q1] }
    }

    /// Numerator and denominator of the sum of both fractions.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "a field's arithmetic, by a name that clippy.toml cannot give"
    )]
    pub fn sum(&self) -> (V::Product, V::Product) {
        let ([p0, p1], [q0, q1]) = (&self.numerators, &self.denominators);
        (p0.times(q1) + p1.times(q0), q0.times(q1))
    }

    /// Numerator and denominator interpolated between the children.
    pub fn interpolate(&self, mu: Fr) -> (V, V) {
        let between = |[zero, one]: &[V; 2]| zero.clone() + (one.clone() - zero.clone()) * mu;
        (between(&self.numerators), between(&self.denominators))
    }
}
