//! The first round of the lowest level over integers, after Bagad, Dao, Domb and Thaler (ePrint 2025/1117).
//!
//! In most tables the entry of row $k$ is $\gamma + \delta k + \epsilon \bar k$ with $\bar k$ the row clipped to an interval,
//! and with $\gamma$, $\delta$ and $\epsilon$ the same for all rows. The round is a weighted sum of products of two entries.
//! Multiplied out, such a product is a quadratic form in the rows and clipped rows of both entries, which are small integers.
//! So it is enough to sum these integers and their products with the weights, which takes no reduction modulo the field's
//! order before the end, and to multiply what comes out by the coefficients.

use ark_bn254::Fr;
use ark_ff::Field;
use tacit_algebra::{
    kernels::{backend, rows::LinearRows},
    small::from_i64,
};
use tacit_layers::argument::{
    function::ActivationFunction,
    lookup_table::{Fingerprint, LookupTable},
};

/// Variables of the largest table whose rows are integers to the kernels.
pub(super) const MOST_VARIABLES: usize = 19;

/// A table whose entries are linear in the row and in the row clipped.
#[derive(Debug, Clone, Copy)]
pub struct LinearTable {
    /// Entry of row zero, $\gamma$.
    pub first: Fr,
    /// $\delta$.
    pub slope: Fr,
    /// Bounds $\ell$ and $u$ with $\epsilon$: a row clipped is $\bar k = \min(\max(k, \ell), u) - \ell$.
    pub clipped: Option<([u32; 2], Fr)>,
}

impl LinearTable {
    /// The fingerprints of a table with this index, if they are linear.
    pub(crate) fn new(fingerprint: &Fingerprint, index: usize, table: &LookupTable) -> Option<Self> {
        let [lower, upper] = bounds(table)?;
        let (first, second) = table.row(0);
        let slope = -fingerprint.beta;
        Some(Self {
            first: fingerprint.of(index, from_i64(first), from_i64(second)),
            slope,
            clipped: (lower < upper).then(|| ([lower, upper], slope * fingerprint.beta)),
        })
    }

    /// The entries plus a constant as kernels take them, where this one is faster by it.
    pub(super) fn rows(&self, added: Fr) -> Option<LinearRows> {
        let rows = LinearRows { first: self.first + added, slope: self.slope, clipped: self.clipped };
        backend().kernel().prefers_rows().then_some(rows)
    }

    /// Whether rows are clipped from and to one of so many.
    pub(super) fn bounds_are_rows(&self, rows: usize) -> bool {
        self.clipped.is_none_or(|(bounds, _)| bounds.iter().all(|&bound| (bound as usize) < rows))
    }
}

/// The rows between which the second column grows with the first, if it is constant elsewhere.
pub(super) fn bounds(table: &LookupTable) -> Option<[u32; 2]> {
    if table.num_vars() > MOST_VARIABLES {
        return None;
    }
    let (first, last) = (table.row(0).0, (1_i64 << table.num_vars()) - 1);
    let row = |key: i64| key.saturating_sub(first).clamp(0, last) as u32;
    match table {
        LookupTable::Remainder { .. } | LookupTable::Difference { .. } => Some([0; 2]),
        LookupTable::Activation { function: ActivationFunction::Clip { minimum, maximum }, .. } => {
            Some([row(*minimum), row(*maximum)])
        }
        LookupTable::Range { maximum, .. } => Some([row(*maximum), last as u32]),
        LookupTable::Activation { function: ActivationFunction::Table { .. }, .. }
        | LookupTable::Saturation(_) => None,
    }
}

/// A table's products, ready for sums of weighted integers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Products {
    bounds: [u32; 2],
    /// Coefficients of what [`integer_round`](tacit_algebra::kernels::Kernel::integer_round) sums: $\gamma^2$,
    /// $\gamma \delta$, $\delta^2$.
    plain: [Fr; 3],
    /// Those of what clipping adds: $\gamma \epsilon$, $\delta \epsilon$, $\epsilon^2$.
    clipped: Option<[Fr; 3]>,
}

impl Products {
    /// Of a table's entries plus a constant.
    pub(super) fn new(table: &LinearTable, added: Fr) -> Self {
        let LinearTable { slope, clipped, .. } = *table;
        let first = table.first + added;
        Self {
            bounds: clipped.map_or([0; 2], |(bounds, _)| bounds),
            plain: [first.square(), first * slope, slope.square()],
            clipped: clipped.map(|(_, second)| [first * second, slope * second, second.square()]),
        }
    }

    /// As [`weighted_round`](tacit_algebra::kernels::Kernel::weighted_round) of the entries of rows, two pairs for each
    /// weight.
    pub(super) fn round(&self, rows: &[[u32; 4]], weights: &[Fr]) -> [Fr; 2] {
        let kernel = backend().kernel();
        let Some(clipped) = self.clipped else {
            let [weight, sum, product, slopes] = kernel.integer_round(rows, weights);
            let constant = Fr::sum_of_products(&self.plain, &[weight, sum, product]);
            return [constant, self.plain[2] * slopes];
        };
        let [weight, sum, product, slopes, rest @ ..] = kernel.clipped_round(rows, weights, self.bounds);
        let [clipped_sum, mixed, clipped_product, mixed_slopes, clipped_slopes] = rest;
        let ([a, b, c], [d, e, f]) = (self.plain, clipped);
        let sums = [weight, sum, product, clipped_sum, mixed, clipped_product];
        let constant = Fr::sum_of_products(&[a, b, c, d, e, f], &sums);
        [constant, Fr::sum_of_products(&[c, e, f], &[slopes, mixed_slopes, clipped_slopes])]
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{UniformRand, Zero};

    use super::*;

    #[test]
    fn linear_tables_have_the_entries_of_the_fingerprints() {
        let mut rng = ark_std::test_rng();
        let fingerprint = Fingerprint { alpha: Fr::rand(&mut rng), beta: Fr::rand(&mut rng) };
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
            clip(-100, -50, 0, 3),
            clip(50, 100, 0, 3),
            clip(0, 0, 0, 0),
            clip(0, 255, -1000, 11),
            LookupTable::Range { minimum: 0, maximum: 7, num_vars: 3 },
            LookupTable::Range { minimum: -3, maximum: 2, num_vars: 5 },
            LookupTable::Range { minimum: 0, maximum: 0, num_vars: 1 },
        ] {
            let linear = LinearTable::new(&fingerprint, 3, &table).expect("a linear table");
            for (row, expected) in fingerprint.table(3, &table).into_iter().enumerate() {
                let clipped = linear.clipped.map_or_else(Fr::zero, |([lower, upper], slope)| {
                    slope * from_i64((row as i64).max(lower.into()).min(upper.into()) - i64::from(lower))
                });
                assert_eq!(
                    linear.first + linear.slope * from_i64(row as i64) + clipped,
                    expected,
                    "{table:?}"
                );
            }
        }
        for table in [
            LookupTable::Remainder { shift: 20 },
            LookupTable::Activation {
                function: ActivationFunction::Table { first: 0, results: vec![0, 1] },
                first: 0,
                num_vars: 1,
            },
        ] {
            assert!(LinearTable::new(&fingerprint, 0, &table).is_none(), "{table:?}");
        }
    }
}
