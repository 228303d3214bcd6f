//! Units of columns: one for all cells, so that figures stand under each other.

use tacit_cli::units;

/// What a column of numbers holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers of things.
    Count,
    /// Seconds.
    Time,
    /// Bytes.
    Size,
    /// Parts of one.
    Share,
    /// How many times as much.
    Factor,
}

/// A unit and how many decimals are shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) unit: &'static str,
    one: f64,
    decimals: usize,
}

const TIMES: [(&str, f64); 3] = [("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)];
const SIZES: [(&str, f64); 4] = [("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1.0)];

impl Scale {
    /// The largest unit in which most values are at least one, with the decimals that the least value needs.
    pub(super) fn of(kind: Kind, values: &[f64]) -> Self {
        let units = match kind {
            Kind::Count => return Self { unit: "", one: 1.0, decimals: 0 },
            Kind::Factor => {
                return Self {
                    unit: "×", one: 1.0, decimals: usize::from(values.iter().any(|v| *v < 10.0))
                };
            }
            Kind::Share => return Self { unit: "%", one: 0.01, decimals: 1 },
            Kind::Time => &TIMES[..],
            Kind::Size => &SIZES[..],
        };
        let mut positive: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0).collect();
        positive.sort_by(f64::total_cmp);
        let (least, middle) = match (positive.first(), positive.get(positive.len() / 2)) {
            (Some(&least), Some(&middle)) => (least, middle),
            _ => (1.0, 1.0),
        };
        let last = units[units.len() - 1];
        let (unit, one) = units.iter().copied().find(|(_, one)| middle >= *one).unwrap_or(last);
        let decimals = match (least / one).log10().floor() {
            _ if unit == "B" => 0,
            magnitude => {
                // Large figures in the same column need fewer.
                let most = positive.last().map_or(0, |most| (most / one).log10().floor() as i32);
                (1.0 - magnitude).clamp(0.0, f64::from((3 - most).clamp(1, 3))) as usize
            }
        };
        Self { unit, one, decimals }
    }

    /// The same unit with the decimals that some published figures have, and no more.
    pub(super) fn published(self, values: &[f64]) -> Self {
        let whole = |decimals: &usize| {
            let power = 10_f64.powi(*decimals as i32);
            values.iter().all(|value| {
                let scaled = value / self.one * power;
                (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1.0)
            })
        };
        Self { decimals: (0..4).find(whole).unwrap_or(3), ..self }
    }

    /// The same unit with the decimals that these values need.
    pub(super) fn measured(self, values: &[f64]) -> Self {
        let least = values.iter().copied().filter(|v| *v > 0.0).min_by(f64::total_cmp);
        let decimals = match least {
            Some(least) if self.unit != "B" => (1.0 - (least / self.one).log10().floor()).clamp(0.0, 4.0),
            _ => 0.0,
        };
        Self { decimals: decimals as usize, ..self }
    }

    /// A value in this unit.
    pub(super) fn text(&self, value: f64) -> String {
        let text = format!("{:.*}", self.decimals, value / self.one);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        match whole.parse::<u64>() {
            Ok(count) if fraction.is_empty() => units::count(count),
            Ok(count) => format!("{}.{fraction}", units::count(count)),
            // Negative, or no number.
            Err(_) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_values_are_at_least_one() {
        let scale = Scale::of(Kind::Time, &[0.03, 0.4, 12.5]);
        assert_eq!([0.03, 0.4, 12.5].map(|v| scale.text(v)), ["30", "400", "12,500"]);
        assert_eq!(scale.unit, "ms");
        let scale = Scale::of(Kind::Size, &[1.6e9, 1.28e10]);
        assert_eq!((scale.text(1.28e10).as_str(), scale.unit), ("12.8", "GB"));
        assert_eq!(scale.published(&[2e9, 5.5e10]).text(5.5e10), "55");
        assert_eq!(scale.published(&[2.25e9, 5.5e10]).text(5.5e10), "55.00");
        assert_eq!(scale.measured(&[1.6e7]).text(1.6e7), "0.016");
        assert_eq!(Scale::of(Kind::Time, &[]).unit, "s");
        assert_eq!(Scale::of(Kind::Time, &[0.0]).text(0.0), "0.0");
        assert_eq!(Scale::of(Kind::Share, &[]).text(0.987), "98.7");
    }
}
