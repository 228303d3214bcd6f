//! Logarithmic axes.

/// What an axis shows.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Quantity {
    pub(in super::super) name: &'static str,
    /// A value beside a tick.
    pub(in super::super) format: fn(f64) -> String,
    /// Whether there is a tick at each value rather than at round numbers.
    pub(in super::super) exact: bool,
}

/// A logarithmic axis over pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

/// More values than this have no tick each.
const EXACT: usize = 8;
/// The fewest ticks that tell a scale.
const TICKS: usize = 3;
const DIGITS: [f64; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

impl Axis {
    /// An axis that shows all these positive values with some room around them, from one pixel to another.
    pub(super) fn new(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (least, most) = values.fold((f64::MAX, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
        let (least, most) = if least <= most { (least, most) } else { (1.0, 1.0) };
        // A single value stands in the middle of a decade.
        let room = if most > least { ((most / least).log10() * 0.07).max(0.06) } else { 0.5 };
        Self { low: least.log10() - room, high: most.log10() + room, from, to }
    }

    pub(super) fn pixel(&self, value: f64) -> f64 {
        self.from + (value.log10() - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Where ticks are: at the values themselves or at round numbers.
    pub(super) fn ticks(&self, values: &[f64], exact: bool) -> Vec<f64> {
        let mut distinct = values.to_vec();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        if exact && distinct.len() <= EXACT {
            return distinct;
        }
        // Powers of ten where there are some, finer steps otherwise.
        let fine = [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let steps: [&[f64]; 4] = [&[1.0], &[1.0, 2.0, 5.0], &DIGITS, &fine];
        let enough = steps.iter().map(|steps| self.within(steps)).find(|ticks| ticks.len() >= TICKS);
        enough.unwrap_or_else(|| self.within(&fine))
    }

    /// Each digit of each decade, where there are few.
    pub(super) fn minor(&self) -> Vec<f64> {
        self.within(&DIGITS)
    }

    fn within(&self, steps: &[f64]) -> Vec<f64> {
        let decades = (self.low.floor() as i32)..=(self.high.ceil() as i32);
        let ticks = decades.flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
        ticks.filter(|tick| (self.low..=self.high).contains(&tick.log10())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_in_range() {
        let axis = Axis::new([30.0, 4000.0].into_iter(), 0.0, 100.0);
        assert_eq!(axis.ticks(&[30.0, 4000.0], false), [50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0]);
        let wide = Axis::new([0.03, 400.0].into_iter(), 0.0, 100.0);
        assert_eq!(wide.ticks(&[], false).len(), 4);
        assert!(wide.pixel(0.03) > 0.0 && wide.pixel(400.0) < 100.0 && wide.pixel(1.0) < wide.pixel(2.0));
        let batch = [1.0, 2.0, 64.0, 2.0];
        assert_eq!(Axis::new(batch.into_iter(), 0.0, 1.0).ticks(&batch, true), [1.0, 2.0, 64.0]);
    }

    #[test]
    fn one_value_and_none_have_an_axis() {
        for values in [vec![7.0], vec![]] {
            let axis = Axis::new(values.iter().copied(), 0.0, 100.0);
            assert!(axis.pixel(3.0).is_finite());
            assert!(!axis.ticks(&values, false).is_empty());
        }
        assert!((Axis::new([7.0].into_iter(), 0.0, 100.0).pixel(7.0) - 50.0).abs() < 1e-9);
    }
}
