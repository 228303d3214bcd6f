//! Hyrax: row-wise Pedersen commitments, opened by one inner-product argument for all claims.
//!
//! **Statement.** Given row commitments of tensors $T_1, T_2, \dots$ and claims $\widetilde T_{t_j}(r_j) = v_j$, all
//! claims hold.
//!
//! **Shapes.** A tensor of $n$ variables is a matrix: the last $c = \min(n, W)$ variables run along a row, the others over
//! rows, with $W$ common to a key. Row $i$ is committed as $C_i = \sum_k T[i, k]\, G_k$; a row shorter than $2^W$ uses the
//! first generators. Rows behind the last stored element are neither committed nor sent.
//!
//! **Protocol.**
//! 1. Both sides absorb the claims and squeeze $\gamma$ (inside the sumcheck). With $u_j = \mathrm{eq}(r_j^{row})^T T_{t_j}$
//!    each claim is the inner product $\langle u_j, \mathrm{eq}(r_j^{col}) \rangle = v_j$.
//! 2. One [sumcheck](crate::sumcheck) over $W$ variables reduces them to
//!    $\sum_j \gamma^j\, \widetilde u_j(z)\, e_j(z) = v$, with $e_j$ the equality polynomial of $(0, \dots, 0, r_j^{col})$.
//! 3. The verifier knows $\delta_j = \gamma^j e_j(z)$, so that what is left is $\langle w, \mathrm{eq}(z) \rangle = v$ for
//!    $w = \sum_j \delta_j u_j$, whose commitment is a combination of committed rows.
//! 4. An inner-product argument: squeeze $\xi$, let $U' = \xi U$ and $P = \mathrm{Com}(w) + v U'$. In each of $W$ rounds,
//!    halves of $w$, of the generators and of $b = \mathrm{eq}(z)$ give $L = \langle w_0, G_1 \rangle + \langle w_0, b_1
//!    \rangle U'$ and $R = \langle w_1, G_0 \rangle + \langle w_1, b_0 \rangle U'$; squeeze $x$; fold
//!    $w \leftarrow w_0 + x w_1$, $G \leftarrow G_0 + x^{-1} G_1$, $b \leftarrow b_0 + x^{-1} b_1$, so that
//!    $P \leftarrow P + x^{-1} L + x R$. At last the prover sends the only element left of $w$.
//!
//! Without claims there is nothing to open and nothing is sent.
//!
//! **Soundness error.** [`crate::soundness::hyrax`], and the discrete logarithm assumption in BN254 G1.
//!
//! **Caller's duty.** To have absorbed every commitment before the claims' points were squeezed.
//!
//! **Cost.** $2 W$ scalars, $2 W$ points and one scalar; the verifier does one multi-scalar multiplication over all rows
//! and generators.
//!
//! **Reference.** Hyrax (Wahby et al., S&P 2018, section 6); the inner-product argument is Bulletproofs' (Buenz et al.,
//! S&P 2018, section 3), one-sided because $b$ is public.

use ark_bn254::Fr;
use ark_ff::{Field, One};
use tacit_algebra::eq;
use tacit_transcript::{Transcript, labels};

use crate::{claim::EvaluationClaim, tensor::Layout};

/// How a tensor is cut into rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowShape {
    /// $\log_2$ of the length of a row.
    pub column_vars: usize,
    /// Variables that choose the row.
    pub row_vars: usize,
    /// Rows up to the last stored element.
    pub num_rows: usize,
}

impl RowShape {
    /// The rows of a tensor under a key with $2^{\text{key\_vars}}$ generators.
    pub fn new(layout: &Layout, key_vars: usize) -> Self {
        let column_vars = layout.num_vars().min(key_vars);
        let num_rows = ((layout.padded_extent() - 1) >> column_vars) + 1;
        Self { column_vars, row_vars: layout.num_vars() - column_vars, num_rows }
    }

    /// A point's part that chooses rows and its part along a row.
    pub fn split<'a>(&self, point: &'a [Fr]) -> (&'a [Fr], &'a [Fr]) {
        point.split_at(self.row_vars.min(point.len()))
    }
}

/// A claim about the tensor with this index in the list of commitments.
pub type OpeningClaim = EvaluationClaim<usize>;

/// Absorbs the claims before they are combined.
pub fn absorb_claims(transcript: &mut impl Transcript, claims: &[OpeningClaim]) {
    let scalars: Vec<Fr> = claims
        .iter()
        .flat_map(|claim| {
            let shape = [Fr::from(claim.subject as u64), Fr::from(claim.point.len() as u64), claim.value];
            shape.into_iter().chain(claim.point.iter().copied())
        })
        .collect();
    transcript.absorb_scalars(labels::CLAIM, &scalars);
}

/// $e(z)$: the equality polynomial of a row part of a point, led by zeros up to the length of `z`.
pub fn column_weight(column: &[Fr], z: &[Fr]) -> Fr {
    let (high, low) = z.split_at(z.len().saturating_sub(column.len()));
    eq::evaluate_zero(high) * eq::evaluate(column, low)
}

/// The generators' coefficients after folding: $s_k = \prod_i x_i^{-\mathrm{bit}_i(k)}$, first challenge most significant.
pub fn folded_coefficients(inverses: &[Fr]) -> Vec<Fr> {
    inverses
        .iter()
        .fold(vec![Fr::one()], |known, &inverse| known.iter().flat_map(|&s| [s, s * inverse]).collect())
}

/// The public vector's last element: $\prod_i \bigl((1 - z_i) + x_i^{-1} z_i\bigr)$.
pub fn folded_point(z: &[Fr], inverses: &[Fr]) -> Fr {
    z.iter().zip(inverses).map(|(&z, inverse)| Fr::one() - z + z * inverse).product()
}

/// The inverse of a challenge; none for zero, which both sides treat as a failed run.
pub fn invert(challenge: Fr) -> Option<Fr> {
    challenge.inverse()
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;

    #[test]
    fn folding_an_equality_vector_gives_the_closed_form() {
        let mut rng = ark_std::test_rng();
        let z: Vec<Fr> = (0..5).map(|_| Fr::rand(&mut rng)).collect();
        let inverses: Vec<Fr> = (0..5).map(|_| Fr::rand(&mut rng)).collect();
        let folded: Fr =
            eq::table(&z, 32).iter().zip(folded_coefficients(&inverses)).map(|(b, s)| *b * s).sum();
        assert_eq!(folded, folded_point(&z, &inverses));
    }

    #[test]
    fn a_short_rows_weight_is_the_padded_equality_polynomial() {
        let mut rng = ark_std::test_rng();
        let column: Vec<Fr> = (0..3).map(|_| Fr::rand(&mut rng)).collect();
        let z: Vec<Fr> = (0..5).map(|_| Fr::rand(&mut rng)).collect();
        let padded: Fr = eq::table(&column, 8).iter().zip(eq::table(&z, 8)).map(|(a, b)| *a * b).sum();
        assert_eq!(column_weight(&column, &z), padded);
    }
}
