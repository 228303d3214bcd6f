//! The table of both limbs of what [clipping](crate::layer::rescale::saturation) takes off wide quotients.

use ark_bn254::Fr;
use ark_ff::Field;
use tacit_algebra::{eq, small::from_i64};
use tacit_transcript::Value;

use crate::{integer::count, tensor::bits_of};

/// The table of both limbs of a saturation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SaturationTable {
    /// $\ell$.
    pub minimum: i64,
    /// $u$.
    pub maximum: i64,
    /// $k$.
    pub limb_bits: u32,
}

/// A wide quotient in parts; $q = c + 2^k h + l$.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// $c$.
    pub clipped: i64,
    /// $h$.
    pub high: i64,
    /// $l$.
    pub low: i64,
}

impl SaturationTable {
    /// The table for quotients in a range.
    pub const fn new(minimum: i64, maximum: i64, (low, high): (i64, i64)) -> Self {
        let (below, above) = (minimum.saturating_sub(low), high.saturating_sub(maximum));
        let saturation = if below > above { below } else { above };
        let saturation_bits = if saturation > 1 { saturation.ilog2().saturating_add(1) } else { 1 };
        Self { minimum, maximum, limb_bits: saturation_bits.div_ceil(2) }
    }

    /// Largest magnitude of a limb.
    const fn largest_limb(&self) -> i64 {
        (1_i64 << self.limb_bits).saturating_sub(1)
    }

    /// $\log_2$ of the number of rows.
    pub const fn num_vars(&self) -> usize {
        let range = self.maximum.saturating_sub(self.minimum).saturating_add(1);
        let rows = range.saturating_add(self.largest_limb().saturating_mul(2));
        bits_of(count(rows))
    }

    /// First column of the first row.
    pub const fn first(&self) -> i64 {
        self.minimum.saturating_sub(self.largest_limb())
    }

    /// The second column of the row with this first column.
    pub fn second(&self, first: i64) -> i64 {
        let filled_up = first.saturating_sub(self.maximum.saturating_add(self.largest_limb()));
        first.max(self.minimum).min(self.maximum).saturating_add(filled_up.max(0))
    }

    /// The second column's multilinear extension: $\ell$, and a ramp where it begins to rise, where it stops and where the
    /// filling begins.
    pub fn evaluate_second(&self, point: &[Fr]) -> Fr {
        let ramp = |from: i64| eq::evaluate_ramp(point, from.abs_diff(self.first()));
        from_i64(self.minimum) + ramp(self.minimum) - ramp(self.maximum)
            + ramp(self.maximum.saturating_add(self.largest_limb()))
    }

    /// A quotient in parts.
    pub fn split(&self, quotient: i64) -> Parts {
        let clipped = quotient.max(self.minimum).min(self.maximum);
        // Division towards zero gives both limbs the saturation's sign.
        let saturation = quotient.saturating_sub(clipped);
        let high = saturation.unsigned_abs() >> self.limb_bits;
        let high = i64::try_from(high).unwrap_or(i64::MAX).saturating_mul(saturation.signum());
        Parts { clipped, high, low: saturation.saturating_sub(high << self.limb_bits) }
    }

    /// $\ell + u$.
    const fn ends(&self) -> i64 {
        self.minimum.saturating_add(self.maximum)
    }

    /// First columns of the low and the high limb's rows.
    pub const fn keys(&self, parts: Parts) -> [i64; 2] {
        let mirrored = self.ends().saturating_sub(parts.clipped);
        [parts.clipped.saturating_add(parts.low), mirrored.saturating_sub(parts.high)]
    }

    /// The low limb's row from $\widetilde c$ and $\widetilde l$.
    pub fn low_row<V: Value>(&self, clipped: V, low: V) -> (V, V) {
        (clipped.clone() + low, clipped)
    }

    /// The high limb's row from $\widetilde q$, $\widetilde c$ and $\widetilde l$.
    pub fn high_row<V: Value>(&self, quotient: V, clipped: V, low: V) -> (V, V) {
        let high = (quotient - clipped.clone() - low) * inverse_power(self.limb_bits);
        let mirrored = V::from(from_i64(self.ends())) - clipped;
        (mirrored.clone() - high, mirrored)
    }
}

/// $2^{-k}$.
fn inverse_power(k: u32) -> Fr {
    // Two is not zero in the field.
    Fr::from(2_u64).inverse().unwrap_or_default().pow([u64::from(k)])
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use tacit_algebra::Mle;

    use super::*;
    use crate::argument::lookup_table::LookupTable;

    const TABLES: [(i64, i64, (i64, i64)); 8] = [
        (-4, 3, (-70_000, 70_000)),
        (0, 7, (-3, 1000)),
        (0, 1, (-1, 1)),
        (-1, 0, (-250, 0)),
        (-5, 9, (-5, 9)),
        (-3, 5, (-100, 20)),
        (0, 255, (-4000, 5000)),
        (-300, 300, (-40_000, 301)),
    ];

    fn rows(table: SaturationTable) -> Vec<(i64, i64)> {
        (0..1 << table.num_vars()).map(|i| LookupTable::Saturation(table).row(i)).collect()
    }

    #[test]
    fn the_closed_form_matches_the_rows() {
        let mut rng = ark_std::test_rng();
        for (minimum, maximum, bounds) in TABLES {
            let table = SaturationTable::new(minimum, maximum, bounds);
            let n = table.num_vars();
            let point: Vec<Fr> = (0..n).map(|_| Fr::rand(&mut rng)).collect();
            let second = rows(table).iter().map(|row| from_i64(row.1)).collect();
            assert_eq!(
                table.evaluate_second(&point),
                Mle::new(second, n).unwrap().evaluate(&point).unwrap(),
                "{table:?}"
            );
        }
    }

    #[test]
    fn the_parts_of_every_quotient_in_range_are_in_the_table() {
        for (minimum, maximum, (low, high)) in TABLES {
            let table = SaturationTable::new(minimum, maximum, (low, high));
            for quotient in low..=high {
                let parts = table.split(quotient);
                assert_eq!(parts.clipped, quotient.clamp(minimum, maximum));
                assert_eq!(quotient, parts.clipped + (parts.high << table.limb_bits) + parts.low);
                for (key, clipped) in
                    table.keys(parts).into_iter().zip([parts.clipped, minimum + maximum - parts.clipped])
                {
                    let position = LookupTable::Saturation(table).position(key).unwrap();
                    assert_eq!(LookupTable::Saturation(table).row(position), (key, clipped), "{quotient}");
                }
            }
        }
    }

    /// Every pair of rows that could be looked up together: none gives a quotient that another pair gives.
    #[test]
    fn no_two_pairs_of_rows_give_the_same_quotient() {
        for (minimum, maximum, bounds) in TABLES {
            let table = SaturationTable::new(minimum, maximum, bounds);
            let mut quotients = vec![];
            let rows = rows(table);
            for &(low_key, clipped) in &rows {
                for &(high_key, mirrored) in &rows {
                    if mirrored == minimum + maximum - clipped {
                        let (low, high) = (low_key - clipped, mirrored - high_key);
                        let quotient = clipped + (high << table.limb_bits) + low;
                        assert_eq!(clipped, quotient.clamp(minimum, maximum), "{table:?}");
                        assert_eq!(Parts { clipped, high, low }, table.split(quotient), "{table:?}");
                        quotients.push(quotient);
                    }
                }
            }
            let count = quotients.len();
            quotients.sort_unstable();
            quotients.dedup();
            assert_eq!(quotients.len(), count, "{table:?}");
        }
    }

    #[test]
    fn limbs_recompose_at_a_random_point() {
        let mut rng = ark_std::test_rng();
        let [quotient, clipped, low] = [(); 3].map(|()| Fr::rand(&mut rng));
        let table = SaturationTable::new(-4, 3, (-70_000, 70_000));
        let (key, mirrored) = table.high_row(quotient, clipped, low);
        let high = mirrored - key;
        assert_eq!(quotient, clipped + high * Fr::from(1_u64 << table.limb_bits) + low);
        assert_eq!(mirrored, from_i64(-1) - clipped);
        assert_eq!(table.low_row(clipped, low), (clipped + low, clipped));
    }
}
