//! Functions on integers, as a look-up table holds them.

use serde::{Deserialize, Serialize};

use crate::integer::signed;

/// A function on integers applied after rounding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ActivationFunction {
    /// Clipping to a range that holds zero; ReLU is a clip whose minimum is zero.
    Clip {
        /// Smallest result.
        minimum: i64,
        /// Largest result.
        maximum: i64,
    },
    /// A table of results: a sigmoid, a hyperbolic tangent, whatever is smooth. Quotients before its first and behind its
    /// last row take the first and the last result.
    Table {
        /// The quotient of the first row.
        first: i64,
        /// Results, one for each quotient from there on.
        results: Vec<i32>,
    },
}

impl ActivationFunction {
    /// The function's value.
    pub fn apply(&self, q: i64) -> i64 {
        match self {
            Self::Clip { minimum, maximum } => q.max(*minimum).min(*maximum),
            Self::Table { first, results } => {
                let last = results.len().saturating_sub(1);
                let row = usize::try_from(q.saturating_sub(*first)).unwrap_or(0).min(last);
                results.get(row).copied().map_or(0, i64::from)
            }
        }
    }

    /// Smallest and largest value of the function, zero included: padding is zero.
    pub fn bounds(&self) -> (i64, i64) {
        match self {
            Self::Clip { minimum, maximum } => (*minimum, *maximum),
            Self::Table { results, .. } => {
                results.iter().map(|&y| i64::from(y)).fold((0, 0), |(low, high), y| (low.min(y), high.max(y)))
            }
        }
    }

    /// Smallest and largest quotient outside of which the function does not change, zero included and not the same.
    pub(crate) fn arguments(&self) -> (i64, i64) {
        let (first, last) = match self {
            Self::Clip { minimum, maximum } => (*minimum, *maximum),
            Self::Table { first, results } => {
                (*first, first.saturating_add(signed(results.len())).saturating_sub(1))
            }
        };
        (first.min(0), last.max(0).max(first.min(0).saturating_add(1)))
    }
}
