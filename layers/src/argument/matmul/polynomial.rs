//! Matrix products as middle coefficients of products of polynomials.
//!
//! **Statement.** For every layer $l$ a claim $\sum_b \mathrm{eq}(r_b, b) \langle a_{l,b}, b_{l,b} \rangle = v_l$. For a dense
//! layer there are no batch axes $b$, and the vectors are its input at its rows' point and its weights at the output
//! channel's point, as in [`crate::argument::matmul`]; for a [product of activations](crate::layer::product) they are
//! $\widetilde x(b, r_l, \cdot)$ and $\widetilde y(b, r_r, \cdot)$.
//!
//! **Shapes.** The vectors run over the padded inner axes and have at most $n$ entries, $n$ common to all layers: the padded
//! index of several inner axes is one index, whose power vector is a tensor over all their variables. Padding is zero and
//! costs nothing.
//!
//! **Protocol.** With $\widehat a(Z) = \sum_k a_k Z^k$, an inner product is the middle coefficient of
//! $Z^P \widehat a(Z) \widehat b(Z^{-1})$, that of $Z^P$, for any $P$. Let $P \ge n - 1$ be a power of two.
//! 1. Absorb the claims; squeeze $\gamma$. Batches are combined by $\mathrm{eq}(r_b, \cdot)$ and layers by powers of $\gamma$
//!    before anything is committed, so that all of them share one product.
//! 2. The prover commits to the coefficients of
//!    $\sum_l \gamma^l \sum_b \mathrm{eq}(r_b, b) Z^P \widehat a_{l,b}(Z) \widehat b_{l,b}(Z^{-1})$ but the middle one:
//!    $H$ over one axis, first those of $1, Z, \dots, Z^{P-1}$, of which the last $n - 1$ are not zero, then those of
//!    $Z^{P+1}, \dots, Z^{P+n-1}$.
//! 3. Squeeze $u$. At the [power points](crate::argument::power) $\pi_l$ of $u$ and $\pi'_l$ of $u^{-1}$, with factors $\sigma_l$ and
//!    $\sigma'_l$, the prover sends
//!    $$ s_l = \sum_b \mathrm{eq}(r_b, b) \widetilde a_l(b, \pi_l) \widetilde b_l(b, \pi'_l) $$
//!    for every layer, and $\widetilde H$ at the power point of $u$, whose leading variable shifts the upper half by
//!    $u^{P+1}$, with factor $\sigma_H$. The verifier checks
//!    $$ u^P \sum_l \gamma^l (\sigma_l \sigma'_l s_l - v_l) = \sigma_H \widetilde H. $$
//! 4. One [sumcheck](crate::argument::sumcheck) for all $s_l$, over batch axes only: without any it has no rounds. The prover sends
//!    both factors at the final point.
//!
//! The middle coefficient has no place in $H$, not in its padding either: a commitment does not say that padding is zero, so
//! the lower half is a whole power of two, and what a prover puts behind the stored upper half counts for $Z^{P+n}$ and
//! more. A prover cannot move a part of $v$ there.
//!
//! **Why not the symmetrised product.** $\widehat a(Z) \widehat b(Z^{-1}) + \widehat a(Z^{-1}) \widehat b(Z)$ has symmetric
//! coefficients, half of which need committing, but takes claims on both factors at $u$ and at $u^{-1}$. Which one is cheaper
//! depends on the shapes: for large weight matrices or many layers this one, for a few small layers the symmetrised one. This
//! one leaves fewer claims and is simpler; figures are in the book's chapter on matrix products.
//!
//! **Soundness error.** [`crate::argument::soundness::polynomial_matmul`]: $L - 1$ for $\gamma$ with $L$ layers, $4 P$ for $u$
//! (Schwartz-Zippel: factors of at most $2 P$ padded positions, and $H$ padded), and the sumcheck over batch axes.
//!
//! **Caller's duty.** The claims on both factors of every layer and on $\widetilde H$.
//!
//! **Cost.** $3 L + 1$ scalars and the rows of $H$. The prover folds each factor once, multiplies by a number theoretic
//! transform and commits to $2 n - 2$ field elements.
//!
//! **Reference.** The middle coefficient is folklore (compare Bootle, Cerulli, Chaidos, Groth, Petit, Eurocrypt 2016);
//! comparing by Schwartz-Zippel at a random point is vCNN's (ePrint 2020/584).
//!
//! **Code.** [prover](../../../../tacit_prover/layers/matmul/polynomial/index.html), [verifier](../../../../tacit_verifier/layers/matmul/polynomial/index.html).

use ark_bn254::Fr;
use ark_ff::{Field, One};
use tacit_transcript::{Transcript, labels};

use crate::{
    argument::{
        claim::EvaluationClaim,
        power::{PowerPoint, ratios},
    },
    error::{Error, Result},
    integer::{scalar, signed, wide},
    tensor::{Layout, bits_of, value::NodeId},
};

/// Most padded positions of an inner axis: the transform that multiplies polynomials needs a root of unity of twice the
/// order.
pub const MAX_INNER: usize = 1 << 26;

/// Padded positions of a layer's inner axes up to the last stored one, checked.
///
/// # Errors
/// [`Error::Attribute`] when there are more than [`MAX_INNER`], [`Error::Shape`] for axes that are no layout's.
pub fn inner_extent(layer: &str, inner_axes: &[usize]) -> Result<usize> {
    if inner_axes.is_empty() {
        return Ok(1);
    }
    let extent = Layout::new(inner_axes.to_vec())?.padded_extent();
    if extent <= MAX_INNER {
        return Ok(extent);
    }
    Err(Error::Attribute {
        layer: layer.to_owned(),
        what: "padded length of the inner axes",
        actual: i64::try_from(extent).unwrap_or(i64::MAX),
        minimum: 1,
        maximum: signed(MAX_INNER),
    })
}

/// Layout of $H$ for vectors of at most `extent` entries; a product of single entries gets one coefficient in each half,
/// which is zero.
///
/// # Errors
/// [`Error::Shape`] when it has too many positions.
pub fn cross_layout(extent: usize) -> Result<Layout> {
    let upper = extent.saturating_sub(1).max(1);
    let lower = upper.checked_next_power_of_two().unwrap_or(usize::MAX);
    Layout::new(vec![lower.saturating_add(upper)])
}

/// Positions of $H$ below the middle, padding in front included, and above it: $P$ and $n - 1$.
pub fn cross_halves(cross: &Layout) -> (usize, usize) {
    let length = cross.num_elements();
    let lower = length.next_power_of_two() / 2;
    (lower, length.saturating_sub(lower))
}

/// Where $H$ is evaluated, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrossPowers {
    u: Fr,
    /// The point and factor of $\widetilde H$.
    pub cross: PowerPoint,
    /// $u^P$.
    pub middle: Fr,
}

impl CrossPowers {
    /// For the layout of $H$ and a challenge; none where a factor has no inverse.
    pub fn new(cross: &Layout, u: Fr) -> Option<Self> {
        let (lower, _) = cross_halves(cross);
        let middle = u.pow([wide(lower)]);
        let ratios = [vec![middle * u], ratios(u, bits_of(lower))].concat();
        Some(Self { u, cross: PowerPoint::new(&ratios)?, middle })
    }

    /// The points of both factors, at $u$ and at $u^{-1}$, over a layer's inner variables; none where $u$ is zero or a
    /// factor has no inverse.
    pub fn factors(&self, inner_vars: usize) -> Option<[PowerPoint; 2]> {
        let left = PowerPoint::new(&ratios(self.u, inner_vars))?;
        Some([left, PowerPoint::new(&ratios(self.u.inverse()?, inner_vars))?])
    }
}

/// $1, \gamma, \gamma^2, \dots$
pub fn combination(gamma: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::one()), |c| Some(*c * gamma)).take(count).collect()
}

/// Absorbs the claims on products of activations before an argument about them begins.
pub fn absorb_products<T: Transcript>(transcript: &mut T, claims: &[EvaluationClaim<NodeId, T::Value>]) {
    let scalars: Vec<Fr> = claims
        .iter()
        .flat_map(|claim| {
            let shape = [claim.subject.index(), claim.point.len()].map(scalar);
            shape.into_iter().chain([transcript.absorbed(&claim.value)]).chain(claim.point.iter().copied())
        })
        .collect();
    transcript.absorb_scalars(labels::CLAIM, &scalars);
}
