//! Wide quotients: clipping what no single table holds.
//!
//! A rescale's quotients are looked up with their activations in one table as long as they take at most $2^{16}$ values.
//! Beyond that they are clipped first, in two limbs, and the table of both limbs is short.
//!
//! **Statement.** $c = \mathrm{clip}(q)$ to $[\ell, u]$, for every quotient $q$ with $|q - c| < 2^{2k}$, where
//! $\ell \le 0 \le u$ and $\ell < u$.
//!
//! **Shapes.** All columns have the rescale's axes. One table of $u - \ell + 2^{k+1} - 1$ rows, filled up to a power of two:
//! row $i$ stands for $v = \ell - (2^k - 1) + i$ and is
//! $$ \bigl(v,\ \mathrm{clip}(v) + \max(0, v - (u + 2^k - 1))\bigr). $$
//! The maximum is not zero only in rows that fill the table up.
//!
//! **Protocol.** The saturation $q - c$ is written as $2^k h + l$, both limbs with its sign. $c$ and $l$ are committed; $h$ is
//! not, because
//! $$ q = c + 2^k h + l. $$
//! The look-ups put two rows into the table:
//! $$ (c + l,\ c) \quad\text{and}\quad (\ell + u - c - h,\ \ell + u - c). $$
//! The second columns say $c \ge \ell$ and $\ell + u - c \ge \ell$: a row that fills the table up, whose second column is
//! above $u$, would need a second column below $\ell$ in the other look-up. So $c$ lies in $[\ell, u]$. Strictly between,
//! both limbs are zero, hence $q = c$. At $c = u$ both lie in $[0, 2^k)$, hence $q \ge u$; at $c = \ell$ both lie in
//! $(-2^k, 0]$, hence $q \le \ell$. For each $q$ this leaves one $c$, and with it one $l$ and one $h$.
//!
//! A rescale that clips takes $c$ for its activation $y$. One with a table of results commits to $c$ besides, and looks
//! $(c, y)$ up in that table, whose first and last results stand for all quotients outside it. In padding $q$, $c$, $l$ and
//! $h$ are zero.
//!
//! **Soundness error.** None of its own: the look-ups' and the opening's.
//!
//! **Caller's duty.** Claims on $\widetilde c$ and $\widetilde l$; the claim on $\widetilde q$ goes to the
//! [rescale](crate::layer::rescale).
//!
//! **Cost.** One more column and look-up for each activation; two more where there is a table of results. With
//! $k = 15$ the table of 16-bit activations has $2^{17}$ rows and serves quotients of 31 bits.
//!
//! **Reference.** Limbs in look-ups are common; that a value and its mirror image share one table, so that no column
//! says whether and where the value is clipped, is ours.

use ark_bn254::Fr;
use tacit_transcript::Value;

use crate::{
    argument::{
        claim::{Column, EvaluationClaim},
        function::ActivationFunction,
    },
    layer::rescale::RescaleLayer,
    tensor::value::NodeId,
};

/// Quotients that take more than $2^{16}$ values are clipped before they are looked up.
pub const MAX_WHOLE_VARS: u32 = 16;
/// Quotients take at most so many bits; the limbs of their saturation take half of them.
pub const MAX_QUOTIENT_VARS: u32 = 32;

/// How a rescale clips wide quotients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clipping {
    /// $\ell$.
    pub minimum: i64,
    /// $u$.
    pub maximum: i64,
    /// Whether the clipped quotient is a column of its own, the argument of the rescale's function.
    pub is_argument: bool,
}

/// Values, at the look-ups' point, of what is looked up for one rescale.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RescaleValues<V = Fr> {
    /// The point.
    pub point: Vec<Fr>,
    /// $\widetilde q$.
    pub quotient: V,
    /// $\widetilde r$, or its high part.
    pub remainder: V,
    /// The low part of $\widetilde r$; zero where it is one column.
    pub low_remainder: V,
    /// $\widetilde c$; zero where quotients are looked up whole.
    pub clipped: V,
    /// $\widetilde l$; zero where quotients are looked up whole.
    pub saturation: V,
    /// $\widetilde y$; zero where it is $\widetilde c$.
    pub activation: V,
}

impl<V: Value> RescaleValues<V> {
    /// $\widetilde y$ as a claim: of a rescale that clips wide quotients it is $\widetilde c$.
    pub fn claimed_activation(&self, layer: &RescaleLayer) -> V {
        let is_clipped = layer.clipping().is_some_and(|clipping| !clipping.is_argument);
        if is_clipped { self.clipped.clone() } else { self.activation.clone() }
    }

    /// Claims on the rescale's columns besides its activations.
    pub fn column_claims(&self, id: NodeId, layer: &RescaleLayer) -> Vec<EvaluationClaim<Column, V>> {
        let clipping = layer.clipping();
        [
            Some((Column::Remainder(id), &self.remainder)),
            (layer.low_digits() > 0).then_some((Column::LowRemainder(id), &self.low_remainder)),
            clipping.map(|_| (Column::Saturation(id), &self.saturation)),
            clipping.filter(|clipping| clipping.is_argument).map(|_| (Column::Argument(id), &self.clipped)),
        ]
        .into_iter()
        .flatten()
        .map(|(column, value)| EvaluationClaim::new(column, self.point.clone(), value.clone()))
        .collect()
    }
}

impl RescaleLayer {
    /// How quotients are clipped before they are looked up; nothing where they are looked up whole.
    pub fn clipping(&self) -> Option<Clipping> {
        let (low, high) = self.quotient_bounds;
        let is_wide = |low: i64, high: i64| high.saturating_sub(low) >> MAX_WHOLE_VARS > 0;
        if !is_wide(low, high) {
            return None;
        }
        match &self.function {
            ActivationFunction::Clip { minimum, maximum } if minimum < maximum => {
                Some(Clipping { minimum: *minimum, maximum: *maximum, is_argument: false })
            }
            function @ (ActivationFunction::Clip { .. } | ActivationFunction::Table { .. }) => {
                let (minimum, maximum) = function.arguments();
                let clipping = Clipping { minimum, maximum, is_argument: true };
                (!is_wide(minimum, maximum)).then_some(clipping)
            }
        }
    }
}
