//! Look-up tables: which pairs of integers a looked-up row may be.
//!
//! Every table has one or two columns. All but tables of results have a closed form: the verifier evaluates the columns'
//! multilinear extensions in time linear in the table's variables, whatever its size; a table of results it reads row by
//! row. Row $i$ of each table:
//!
//! | table | first column | second column |
//! |---|---|---|
//! | remainder, or its high part | $i - 2^{s-1}$ | 0 |
//! | difference, or a remainder's low part | $i$ | 0 |
//! | clip | $q = q_0 + i$ | $\mathrm{clip}(q)$ |
//! | results | $q = q_0 + i$ | $f(q)$ |
//! | saturation | $v = v_0 + i$ | $\mathrm{clip}(v)$, see [`crate::layer::rescale::saturation`] |
//! | range | $v = \ell + i$ | $\max(0, v - u)$, see [`crate::proof::input`] |
//!
//! **Code.** [prover](../../../tacit_prover/layers/lookups/index.html), [verifier](../../../tacit_verifier/layers/lookups/index.html).

pub mod saturation;

use ark_bn254::Fr;
use tacit_algebra::{
    eq,
    small::{self, from_i64},
};

use tacit_transcript::Value;

use crate::{
    argument::{function::ActivationFunction, lookup_table::saturation::SaturationTable},
    integer::{corners, position, scalar, signed},
};

/// A table that rows are looked up in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookupTable {
    /// Centred remainders of a division by $2^s$, or the high parts of those of a larger one.
    Remainder {
        /// $s$.
        shift: u32,
    },
    /// Differences between a maximum and what it was taken over, or the low parts of remainders.
    Difference {
        /// Variables of the table.
        num_vars: u32,
    },
    /// Quotients with their activations.
    Activation {
        /// The function.
        function: ActivationFunction,
        /// Smallest quotient, $q_0$.
        first: i64,
        /// Variables of the table.
        num_vars: u32,
    },
    /// Both limbs of what clipping takes off wide quotients.
    Saturation(SaturationTable),
    /// Integers of a range, which need not begin at zero nor have a power of two of them, and padding.
    Range {
        /// $\ell$.
        minimum: i64,
        /// $u$.
        maximum: i64,
        /// Variables of the table.
        num_vars: u32,
    },
}

impl LookupTable {
    /// $\log_2$ of the number of rows.
    pub const fn num_vars(&self) -> usize {
        match self {
            Self::Remainder { shift } => position(*shift),
            Self::Difference { num_vars }
            | Self::Activation { num_vars, .. }
            | Self::Range { num_vars, .. } => position(*num_vars),
            Self::Saturation(table) => table.num_vars(),
        }
    }

    /// The smallest first column.
    const fn first(&self) -> i64 {
        match self {
            Self::Remainder { shift } => (-1_i64).unbounded_shl(shift.saturating_sub(1)),
            Self::Difference { .. } => 0,
            Self::Activation { first, .. } => *first,
            Self::Saturation(table) => table.first(),
            Self::Range { minimum, .. } => *minimum,
        }
    }

    /// The row with this index.
    pub fn row(&self, index: usize) -> (i64, i64) {
        let key = self.first().saturating_add(signed(index));
        match self {
            Self::Activation { function, .. } => (key, function.apply(key)),
            Self::Saturation(table) => (key, table.second(key)),
            Self::Range { maximum, .. } => (key, key.saturating_sub(*maximum).max(0)),
            Self::Remainder { .. } | Self::Difference { .. } => (key, 0),
        }
    }

    /// Index of the row whose first column is `key`, if there is one.
    pub fn position(&self, key: i64) -> Option<usize> {
        usize::try_from(key.checked_sub(self.first())?).ok().filter(|i| *i < corners(self.num_vars()))
    }

    /// Both columns' multilinear extensions at `point`.
    pub fn evaluate(&self, point: &[Fr]) -> (Fr, Fr) {
        let key = from_i64(self.first()) + eq::evaluate_identity(point);
        match self {
            Self::Activation { function: ActivationFunction::Table { .. }, num_vars, .. } => {
                let rows = 0..corners(position(*num_vars)).min(corners(point.len()));
                let results =
                    small::inner_product(&eq::table(point, rows.len()), rows.map(|i| self.row(i).1));
                (key, results)
            }
            Self::Activation { function: ActivationFunction::Clip { minimum, maximum }, first, .. } => {
                // clip(q0 + i) = lo + ramp(i - (lo - q0)) - ramp(i - (hi - q0)), and a ramp that begins before the
                // table is linear on it.
                let ramp = |bound: i64| match u64::try_from(bound.saturating_sub(*first)) {
                    Ok(threshold) => eq::evaluate_ramp(point, threshold),
                    Err(_) => key - from_i64(bound),
                };
                (key, from_i64(*minimum) + ramp(*minimum) - ramp(*maximum))
            }
            Self::Saturation(table) => (key, table.evaluate_second(point)),
            Self::Range { minimum, maximum, .. } => {
                (key, eq::evaluate_ramp(point, maximum.abs_diff(*minimum)))
            }
            Self::Remainder { .. } | Self::Difference { .. } => (key, Fr::from(0_u64)),
        }
    }
}

/// The challenges that turn a row into one field element: $\alpha - (\text{table} + \beta c_1 + \beta^2 c_2)$.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// $\alpha$.
    pub alpha: Fr,
    /// $\beta$.
    pub beta: Fr,
}

impl Fingerprint {
    /// The fingerprint of a row of the table with this index; table 0 is no table.
    pub fn of<V: Value>(&self, table: usize, first: V, second: V) -> V {
        V::from(self.alpha - scalar(table.saturating_add(1))) - (first + second * self.beta) * self.beta
    }

    /// The same of a row of any number of columns: $\alpha - (\text{table} + \sum_i \beta^i c_i)$.
    pub fn of_row<V: Value>(&self, table: usize, columns: &[V]) -> V {
        let sum = columns.iter().rev().fold(V::default(), |sum, column| (sum + column.clone()) * self.beta);
        V::from(self.alpha - scalar(table.saturating_add(1))) - sum
    }

    /// The fingerprints of every row of a table, in order. For tables of a plan, which memory holds.
    #[doc(hidden)]
    pub fn table(&self, index: usize, table: &LookupTable) -> Vec<Fr> {
        // First columns are consecutive, and second ones often the same as the one before.
        let square = self.beta * self.beta;
        let (mut last, mut last_term) = (0, Fr::from(0_u64));
        let mut first_term = self.of(index, from_i64(table.first()), Fr::from(0_u64));
        (0..corners(table.num_vars()))
            .map(|i| {
                let (_, second) = table.row(i);
                if second != last {
                    (last, last_term) = (second, square * from_i64(second));
                }
                let fingerprint = first_term - last_term;
                first_term -= self.beta;
                fingerprint
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use tacit_algebra::Mle;

    use super::*;

    #[test]
    fn closed_forms_match_the_tables() {
        let mut rng = ark_std::test_rng();
        let clip = |minimum, maximum, first, num_vars| LookupTable::Activation {
            function: ActivationFunction::Clip { minimum, maximum },
            first,
            num_vars,
        };
        for table in [
            LookupTable::Remainder { shift: 1 },
            LookupTable::Remainder { shift: 5 },
            LookupTable::Difference { num_vars: 4 },
            LookupTable::Difference { num_vars: 0 },
            clip(0, 5, -7, 4),
            clip(-3, 3, -3, 3),
            clip(-100, 100, -3, 3),
            clip(-2, 100, -3, 3),
            clip(-100, 1, 0, 3),
            clip(0, 0, 0, 0),
            clip(0, 255, -1000, 11),
            LookupTable::Range { minimum: 0, maximum: 7, num_vars: 3 },
            LookupTable::Range { minimum: -3, maximum: 2, num_vars: 3 },
            LookupTable::Range { minimum: -3, maximum: 2, num_vars: 5 },
            LookupTable::Range { minimum: 0, maximum: 0, num_vars: 1 },
            LookupTable::Activation {
                function: ActivationFunction::Table { first: -3, results: vec![-5, 0, 7, 7, 9, -100] },
                first: -6,
                num_vars: 4,
            },
        ] {
            let n = table.num_vars();
            let point: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
            let column = |f: &dyn Fn(usize) -> i64| {
                Mle::new((0..1 << n).map(|i| from_i64(f(i))).collect(), n).unwrap().evaluate(&point).unwrap()
            };
            let expected = (column(&|i| table.row(i).0), column(&|i| table.row(i).1));
            assert_eq!(table.evaluate(&point), expected, "{table:?}");
            for i in 0..1 << n {
                assert_eq!(table.position(table.row(i).0), Some(i));
            }
            assert_eq!(table.position(table.row(0).0 - 1), None);
            assert_eq!(table.position(table.row((1 << n) - 1).0 + 1), None);
        }
    }
}
