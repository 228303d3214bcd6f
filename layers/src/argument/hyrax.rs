//! Hyrax: row-wise Pedersen commitments, opened by one inner-product argument for all claims.
//!
//! **Statement.** Given row commitments of tensors $T_1, T_2, \dots$ and claims $\widetilde T_{t_j}(r_j) = v_j$, all
//! claims hold.
//!
//! **Shapes.** A tensor of $n$ variables is a matrix: the last $c = \min(n, W)$ variables run along a row, the others over
//! rows, with $W$ common to a key. Row $i$ is committed as $C_i = \sum_k T[i, k] G_k$. Rows behind the last stored element
//! are neither committed nor sent.
//!
//! **Shared rows.** Tensors are committed to in lists: a model's parameters, a run's witness, each deferred column by itself.
//! Tensors of a list with $n < W$ share rows ([`places`]): largest first, each takes the next $2^n$ places, so that it begins
//! at a multiple of its size, $b 2^n$, of one row. The rule depends on shapes alone; nothing about it is in a proof. A
//! claim on such a tensor at $r$ is a claim on its row at the bits of $b$ followed by $r$. What a row holds elsewhere has no
//! weight in it: other tensors have claims of their own, and behind the last tensor any value does no harm. What a tensor
//! holds in its own padding is as much its own as in a row of its own, so that [look-ups](crate::argument::logup) see all of it.
//!
//! **Shorter rows.** A list may have rows shorter than the generators are many: they lie at the first ones, and its tensors
//! at block $b$ of its own row length. So what was committed to once, for several keys, can be opened together with what
//! each key commits to.
//!
//! **Protocol.**
//! 1. Both sides absorb the claims and squeeze $\gamma$ (inside the sumcheck). With $u_j = \mathrm{eq}(r_j^{row})^T T_{t_j}$
//!    each claim is the inner product $\langle u_j, \mathrm{eq}(r_j^{col}) \rangle = v_j$.
//! 2. One [sumcheck](crate::argument::sumcheck) over $W$ variables reduces them to
//!    $\sum_j \gamma^j \widetilde u_j(z) e_j(z) = v$, with $u_j$ a whole row's length and $e_j$ the equality polynomial of the
//!    bits of $b_j$ and $r_j^{col}$.
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
//! **Soundness error.** [`crate::argument::soundness::hyrax`], and the discrete logarithm assumption in BN254 G1.
//!
//! **Caller's duty.** To have absorbed every commitment before the claims' points were squeezed.
//!
//! **Cost.** $2 W$ scalars, $2 W$ points and one scalar; the verifier does one multi-scalar multiplication over all rows
//! and generators.
//!
//! **Reference.** Hyrax (Wahby et al., S&P 2018, section 6); the inner-product argument is Bulletproofs' (Buenz et al.,
//! S&P 2018, section 3), one-sided because $b$ is public.
//!
//! **Code.** [prover](../../../tacit_prover/hyrax/index.html), [verifier](../../../tacit_verifier/hyrax/index.html).

use std::sync::Arc;

use ark_bn254::{Fr, G1Affine};
use ark_ff::{Field, One};
use tacit_algebra::{eq, generators::Generators};
use tacit_transcript::encoding::{POINT_BYTES, point_to_bytes};

pub use crate::argument::opening::{OpeningClaim, absorb_claims};
use crate::{
    argument::{
        opening::CommitmentScheme,
        soundness::{self, SoundnessError},
    },
    error::Result,
    integer::{corners, short},
    tensor::Layout,
};

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
    /// The rows of a tensor under a key with `2^key_vars` generators.
    pub fn new(layout: &Layout, key_vars: usize) -> Self {
        let column_vars = layout.num_vars().min(key_vars);
        let num_rows = (layout.padded_extent().saturating_sub(1) >> column_vars).saturating_add(1);
        Self { column_vars, row_vars: layout.num_vars().saturating_sub(column_vars), num_rows }
    }

    /// The part of `whole`, an amount for each row, that is the tensor's: its part of a row that it shares, or all of its own.
    pub const fn share(&self, whole: usize, key_vars: usize) -> usize {
        if self.column_vars < key_vars {
            whole.unbounded_shl(short(self.column_vars)).unbounded_shr(short(key_vars))
        } else {
            whole.saturating_mul(self.num_rows)
        }
    }

    /// A point's part that chooses rows and its part along a row.
    pub fn split<'a>(&self, point: &'a [Fr]) -> (&'a [Fr], &'a [Fr]) {
        point.split_at(self.row_vars.min(point.len()))
    }
}

/// Where a tensor lies among the rows of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// How it is cut into rows.
    pub shape: RowShape,
    /// Its first row.
    pub row: usize,
    /// Where in a row it begins, in multiples of its size there.
    pub block: usize,
    /// Whether other tensors may lie in its row.
    pub shared: bool,
}

impl Place {
    /// $e(z)$: the equality polynomial of the tensor's block and the column part of a point.
    ///
    /// # Errors
    /// When `z` has fewer coordinates than `column`.
    pub fn column_weight(&self, column: &[Fr], z: &[Fr]) -> std::result::Result<Fr, tacit_algebra::Error> {
        let (high, low) = z.split_at(z.len().saturating_sub(column.len()));
        Ok(eq::evaluate_index(high, self.block) * eq::evaluate(column, low)?)
    }

    /// The first generator of its rows.
    pub const fn first_column(&self) -> usize {
        self.block.unbounded_shl(short(self.shape.column_vars))
    }
}

/// Places a list of tensors: in order those with rows of their own, then in shared rows the others, largest first.
/// Returns the number of rows too.
pub fn places<'a>(layouts: impl Iterator<Item = &'a Layout>, key_vars: usize) -> (Vec<Place>, usize) {
    let mut rows = 0_usize;
    let mut places: Vec<Place> = vec![];
    for layout in layouts {
        let shape = RowShape::new(layout, key_vars);
        let shared = layout.num_vars() < key_vars;
        places.push(Place { shape, row: rows, block: 0, shared });
        rows = rows.saturating_add(if shared { 0 } else { shape.num_rows });
    }
    let mut shared: Vec<&mut Place> = places.iter_mut().filter(|place| place.shared).collect();
    shared.sort_by_key(|place| std::cmp::Reverse(place.shape.column_vars));
    let (mut used, row) = (0_usize, short(key_vars));
    for place in shared {
        place.row = rows.saturating_add(used.unbounded_shr(row));
        place.block = (used & !usize::MAX.unbounded_shl(row)) >> place.shape.column_vars;
        used = used.saturating_add(1 << place.shape.column_vars);
    }
    (places, rows.saturating_add(used.div_ceil(corners(key_vars))))
}

/// The scheme: rows of $2^W$ elements under as many generators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hyrax {
    generators: Arc<Generators>,
}

impl Hyrax {
    /// The scheme whose rows have `2^key_vars` elements.
    ///
    /// # Errors
    /// [`crate::Error::Size`] when rows are longer than there are generators.
    pub fn new(key_vars: usize) -> Result<Self> {
        Ok(Self { generators: Generators::new(key_vars)? })
    }

    /// The generators that rows are committed with.
    pub const fn generators(&self) -> &Arc<Generators> {
        &self.generators
    }

    /// $\log_2$ of the length of a row.
    pub fn key_vars(&self) -> usize {
        self.generators.num_vars()
    }
}

impl CommitmentScheme for Hyrax {
    const NAME: &'static [u8] = b"";

    type Commitment = Vec<G1Affine>;

    fn num_bytes(&self, layouts: &[&Layout]) -> usize {
        places(layouts.iter().copied(), self.key_vars()).1.saturating_mul(POINT_BYTES)
    }

    fn shares(&self, layouts: &[&Layout]) -> Vec<usize> {
        let (places, _) = places(layouts.iter().copied(), self.key_vars());
        places.iter().map(|place| place.shape.share(POINT_BYTES, self.key_vars())).collect()
    }

    fn to_bytes(&self, rows: &Vec<G1Affine>) -> Vec<u8> {
        rows.iter().flat_map(point_to_bytes).collect()
    }

    fn soundness(&self, num_claims: usize) -> SoundnessError {
        soundness::hyrax(self.key_vars(), num_claims)
    }
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
    fn a_short_rows_weight_is_the_equality_polynomial_of_its_block() {
        let mut rng = ark_std::test_rng();
        let column: Vec<Fr> = (0..3).map(|_| Fr::rand(&mut rng)).collect();
        let z: Vec<Fr> = (0..5).map(|_| Fr::rand(&mut rng)).collect();
        let layouts = [8, 5].map(|length| Layout::new(vec![length]).unwrap());
        for (place, first) in places(layouts.iter(), 5).0.iter().zip([0, 8]) {
            assert_eq!(place.first_column(), first);
            let weight: Fr =
                eq::table(&column, 8).iter().zip(&eq::table(&z, 32)[first..]).map(|(a, b)| *a * b).sum();
            assert_eq!(place.column_weight(&column, &z), Ok(weight));
        }
    }

    #[test]
    fn tensors_lie_apart_and_short_ones_leave_no_gap() {
        let shapes =
            [vec![3], vec![4, 6], vec![8], vec![1], vec![2, 3], vec![5, 3], vec![7], vec![2], vec![16, 2]];
        let layouts = shapes.map(|axes| Layout::new(axes).unwrap());
        for key_vars in 0..7 {
            let (places, rows) = places(layouts.iter(), key_vars);
            let mut taken = vec![false; rows << key_vars];
            for (place, layout) in places.iter().zip(&layouts) {
                assert_eq!(place.shared, layout.num_vars() < key_vars);
                assert_eq!(place.first_column() % (1 << place.shape.column_vars), 0);
                let size =
                    if place.shared { 1 << layout.num_vars() } else { place.shape.num_rows << key_vars };
                let first = (place.row << key_vars) + place.first_column();
                for place in &mut taken[first..first + size] {
                    assert!(!*place);
                    *place = true;
                }
                assert_eq!(place.shape.share(1 << key_vars, key_vars), size);
            }
            // Only the end of the last row is free.
            let used = taken.iter().take_while(|taken| **taken).count();
            assert!(taken[used..].iter().all(|taken| !taken) && taken.len() - used < 1 << key_vars);
        }
    }
}
