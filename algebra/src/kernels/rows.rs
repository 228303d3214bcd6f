//! Entries of tables that are linear in small integers, and what becomes of them in sums of fractions.
//!
//! Where the entry of row $k$ is $\gamma + \delta k + \epsilon \bar k$ with $\bar k = \min(\max(k, \ell), u) - \ell$, a weighted
//! sum of entries is a sum of weights times small integers, and so is one of products of two entries,
//!
//! $$ (\gamma + \delta a + \epsilon \bar a)(\gamma + \delta b + \epsilon \bar b)
//!    = \gamma^2 + \gamma\delta (a + b) + \delta^2 a b
//!    + \gamma\epsilon (\bar a + \bar b) + \delta\epsilon (a \bar b + \bar a b) + \epsilon^2 \bar a \bar b . $$
//!
//! Binding variables of a table is a weighted sum of its entries whose weights sum to one. So entries with any number of
//! variables bound take a product with a small integer for each entry that they are made of and one reduction, instead of a
//! product of field elements for each.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};

/// Entries $\gamma + \delta k + \epsilon \bar k$ of a table; rows and bounds are below $2^{19}$.
#[derive(Debug, Clone, Copy)]
pub struct LinearRows {
    /// $\gamma$.
    pub first: Fr,
    /// $\delta$.
    pub slope: Fr,
    /// The bounds $\ell$ and $u$ with $\epsilon$, where it is not zero.
    pub clipped: Option<([u32; 2], Fr)>,
}

/// Most variables that may be bound at once.
pub const MOST_BOUND: usize = 4;

/// Entries with variables bound: $\gamma + \sum_j w_j (\delta k_j + \epsilon \bar k_j)$.
#[derive(Debug, Clone)]
pub struct EntryForm {
    pub(crate) constant: Fr,
    pub(crate) clip: Option<[u32; 2]>,
    /// Coefficients of $k_j$ and of $\bar k_j$.
    pub(crate) weights: Vec<[Fr; 2]>,
}

/// Sums of the reciprocals of two entries $x_j$ and $y_j$ as fractions, with variables bound: numerators
/// $\sum_j w_j (x_j + y_j)$ and denominators $\sum_j w_j x_j y_j$.
#[derive(Debug, Clone)]
pub struct FractionForm {
    pub(crate) constants: [Fr; 2],
    pub(crate) clip: Option<[u32; 2]>,
    /// Coefficients of $a_j + b_j$ and $\bar a_j + \bar b_j$ in numerators.
    pub(crate) numerators: Vec<[Fr; 2]>,
    /// Coefficients of $a + b$, $a b$, $\bar a + \bar b$, $a \bar b + \bar a b$ and $\bar a \bar b$ in denominators.
    pub(crate) denominators: Vec<[Fr; 5]>,
}

/// The weights of binding variables to these values, the last variable first.
fn weights(bound: &[Fr]) -> Option<Vec<Fr>> {
    if bound.len() > MOST_BOUND {
        return None;
    }
    let mut weights = vec![Fr::one()];
    for r in bound {
        let high: Vec<Fr> = weights.iter().map(|weight| *weight * r).collect();
        for (low, high) in weights.iter_mut().zip(&high) {
            *low -= high;
        }
        weights.extend(high);
    }
    Some(weights)
}

impl EntryForm {
    /// Entries whose last variables are bound to these values, the last variable first: at least one, at most
    /// [`MOST_BOUND`].
    pub fn new(rows: &LinearRows, bound: &[Fr]) -> Option<Self> {
        let second = rows.clipped.map_or_else(Fr::default, |(_, second)| second);
        let weights = weights(bound).filter(|weights| weights.len() > 1)?.into_iter();
        Some(Self {
            constant: rows.first,
            clip: rows.clipped.map(|(bounds, _)| bounds),
            weights: weights.map(|weight| [rows.slope, second].map(|x| weight * x)).collect(),
        })
    }
}

impl FractionForm {
    /// Fractions whose last variables are bound to these values, the last variable first: at most [`MOST_BOUND`].
    pub fn new(rows: &LinearRows, bound: &[Fr]) -> Option<Self> {
        let LinearRows { first, slope, clipped } = *rows;
        let second = clipped.map_or_else(Fr::default, |(_, second)| second);
        let numerator = [slope, second];
        let denominator = [first * slope, slope.square(), first * second, slope * second, second.square()];
        let weights = weights(bound)?;
        Some(Self {
            constants: [first.double(), first.square()],
            clip: clipped.map(|(bounds, _)| bounds),
            numerators: weights.iter().map(|weight| numerator.map(|x| *weight * x)).collect(),
            denominators: weights.iter().map(|weight| denominator.map(|x| *weight * x)).collect(),
        })
    }
}
