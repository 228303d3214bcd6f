//! Two measurements of the same networks, row by row: what changed, and what of it is more than noise.
//!
//! A list of times changed when the samples of both sides do not overlap, medians and least samples both differ by more than a
//! threshold, and medians by more than [`LEAST_SECONDS`]. Where a side has fewer than [`ENOUGH_SAMPLES`], nothing is known of
//! its spread, and the threshold is at least [`FEW_SAMPLES_NOISE`]. Sizes of proofs and keys have no noise.

use serde::Serialize;

use crate::{
    row::{Row, Status},
    statistics::Spread,
};

/// Differences of times below this are noise: the clock's and the scheduler's.
pub const LEAST_SECONDS: f64 = 1e-4;
/// Samples from which a spread tells something.
pub const ENOUGH_SAMPLES: usize = 3;
/// The threshold for fewer samples: twice as long, or half.
pub const FEW_SAMPLES_NOISE: f64 = 1.0;

/// Two measurements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Rows of both.
    pub rows: Vec<RowComparison>,
    /// Rows of the first only.
    pub only_before: Vec<String>,
    /// Rows of the second only.
    pub only_after: Vec<String>,
    /// What makes the comparison unfair: other machines, other models.
    pub warnings: Vec<String>,
}

/// A row of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowComparison {
    /// Its suite.
    pub suite: String,
    /// Its name.
    pub name: String,
    /// How it ended before.
    pub before: Status,
    /// How it ended after.
    pub after: Status,
    /// What both sides measured.
    pub changes: Vec<Change>,
}

/// A figure of both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Change {
    /// The figure: `prove`, `verify`, `proof`, ...
    pub figure: &'static str,
    /// Seconds or bytes.
    pub unit: Unit,
    /// Median before.
    pub before: f64,
    /// Median after.
    pub after: f64,
    /// After over before, by medians.
    pub ratio: f64,
    /// The least ratio that the samples allow.
    pub ratio_min: f64,
    /// The largest.
    pub ratio_max: f64,
    /// What it says.
    pub verdict: Verdict,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Time.
    Seconds,
    /// Size.
    Bytes,
}

/// What a change says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No more than noise.
    Same,
    /// Less than before, beyond noise.
    Better,
    /// More than before, beyond noise.
    Worse,
}

impl Comparison {
    /// Compares rows of the same suite, name and settings, the number of samples aside; the last of equals. Changes of medians up
    /// to the share `noise` are none.
    pub fn new(before: &[Row], after: &[Row], noise: f64) -> Self {
        let last =
            |rows: &'_ [Row], row: &Row| rows.iter().rev().find(|other| comparable(row, other)).cloned();
        let label = |row: &&Row| format!("{} {}", row.suite, row.name);
        let mut comparison = Self {
            rows: vec![],
            only_before: before
                .iter()
                .filter(|row| last(after, row).is_none())
                .map(|row| label(&row))
                .collect(),
            only_after: after
                .iter()
                .filter(|row| last(before, row).is_none())
                .map(|row| label(&row))
                .collect(),
            warnings: vec![],
        };
        for (index, old) in before.iter().enumerate() {
            let is_last = !before[index + 1..].iter().any(|later| comparable(old, later));
            let Some(new) = last(after, old).filter(|_| is_last) else { continue };
            comparison.warn(old, &new);
            comparison.rows.push(RowComparison {
                suite: old.suite.clone(),
                name: old.name.clone(),
                before: old.status,
                after: new.status,
                changes: changes(old, &new, noise),
            });
        }
        comparison
    }

    fn warn(&mut self, old: &Row, new: &Row) {
        let machine = |row: &Row| {
            let machine = &row.machine;
            let cpu = machine.cpu.as_deref().unwrap_or("unknown processor");
            format!("{cpu}, {} cores, {}, kernel {}", machine.cores, machine.system, machine.kernel)
        };
        let (one, other) = (machine(old), machine(new));
        let mut warnings = vec![];
        if one != other {
            warnings.push(format!("the machines differ: {one}; {other}"));
        }
        if old.source != new.source {
            warnings.push(format!("{} {} is another model or has other samples", old.suite, old.name));
        }
        warnings.retain(|warning| !self.warnings.contains(warning));
        self.warnings.extend(warnings);
    }
}

impl RowComparison {
    /// Figures that changed beyond noise.
    pub fn changed(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.verdict != Verdict::Same)
    }

    /// A figure, where both sides have it.
    pub fn figure(&self, figure: &str) -> Option<&Change> {
        self.changes.iter().find(|change| change.figure == figure)
    }
}

/// Whether two rows measure the same thing alike.
fn comparable(one: &Row, other: &Row) -> bool {
    let key = |row: &Row| {
        let settings = &row.settings;
        let arguments = (settings.convolution.clone(), settings.matmul.clone());
        (row.suite.clone(), row.name.clone(), settings.threads, arguments, settings.quantisation.clone())
    };
    key(one) == key(other)
}

type Times = fn(&Row) -> Vec<f64>;
type Size = fn(&Row) -> Option<u64>;

fn changes(old: &Row, new: &Row, noise: f64) -> Vec<Change> {
    let times: [(&'static str, Times); 9] = [
        ("prove", |row| row.seconds.prove.clone()),
        ("verify", |row| row.seconds.verify.clone()),
        ("inference", |row| row.seconds.inference.clone()),
        ("commit", |row| row.seconds.phases.commit.clone()),
        ("lookups", |row| row.seconds.phases.lookups.clone()),
        ("linear", |row| row.seconds.phases.linear.clone()),
        ("opening", |row| row.seconds.phases.opening.clone()),
        ("compile", |row| row.seconds.compile.into_iter().collect()),
        ("setup", |row| row.seconds.setup.into_iter().collect()),
    ];
    let sizes: [(&'static str, Size, f64); 5] = [
        ("proof", |row| row.bytes.proof, 0.0),
        ("proving_key", |row| row.bytes.proving_key, 0.0),
        ("verifying_key", |row| row.bytes.verifying_key, 0.0),
        ("peak_memory", |row| row.bytes.peak_memory, noise),
        ("peak_memory_proving", |row| row.bytes.peak_memory_proving, noise),
    ];
    let times = times.iter().filter_map(|(figure, of)| time(figure, &of(old), &of(new), noise));
    let sizes = sizes.iter().filter_map(|(figure, of, noise)| {
        let (old, new) = (of(old)? as f64, of(new)? as f64);
        let changed = (new - old).abs() > noise * old;
        Change::new(figure, Unit::Bytes, [old; 3], [new; 3], changed)
    });
    times.chain(sizes).collect()
}

fn time(figure: &'static str, old: &[f64], new: &[f64], noise: f64) -> Option<Change> {
    let noise = if old.len().min(new.len()) < ENOUGH_SAMPLES { noise.max(FEW_SAMPLES_NOISE) } else { noise };
    let (old, new) = (Spread::of(old)?, Spread::of(new)?);
    let apart = new.min > old.max || new.max < old.min;
    let beyond = |old: f64, new: f64| old.max(new) > (1.0 + noise) * old.min(new);
    let changed = apart
        && (new.median - old.median).abs() > LEAST_SECONDS
        && beyond(old.median, new.median)
        && beyond(old.min, new.min);
    let list = |spread: Spread| [spread.min, spread.median, spread.max];
    Change::new(figure, Unit::Seconds, list(old), list(new), changed)
}

impl Change {
    /// A change by least, median and most of both sides; none from nothing.
    fn new(
        figure: &'static str,
        unit: Unit,
        [old_min, before, old_max]: [f64; 3],
        [new_min, after, new_max]: [f64; 3],
        changed: bool,
    ) -> Option<Self> {
        let verdict = match changed {
            false => Verdict::Same,
            true if after > before => Verdict::Worse,
            true => Verdict::Better,
        };
        let (ratio, ratio_min, ratio_max) = (after / before, new_min / old_max, new_max / old_min);
        let usable = old_min > 0.0;
        usable.then_some(Self { figure, unit, before, after, ratio, ratio_min, ratio_max, verdict })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(old: &[f64], new: &[f64]) -> Verdict {
        time("prove", old, new, 0.05).unwrap().verdict
    }

    #[test]
    fn samples_that_overlap_are_noise() {
        assert_eq!(verdict(&[1.0, 1.1, 1.3], &[1.2, 1.4, 1.5]), Verdict::Same);
        assert_eq!(verdict(&[1.0, 1.1, 1.3], &[1.31, 1.4, 1.5]), Verdict::Worse);
        assert_eq!(verdict(&[1.0, 1.1, 1.3], &[0.7, 0.8, 0.9]), Verdict::Better);
    }

    #[test]
    fn small_changes_are_noise_however_far_apart() {
        assert_eq!(verdict(&[1.0, 1.0, 1.0], &[1.04, 1.04, 1.04]), Verdict::Same);
        assert_eq!(verdict(&[1.0, 1.0, 1.0], &[1.06, 1.06, 1.06]), Verdict::Worse);
        assert_eq!(verdict(&[1.0, 1.01, 1.02], &[1.03, 1.2, 1.3]), Verdict::Same);
        assert_eq!(verdict(&[1e-5, 1e-5, 1e-5], &[9e-5, 9e-5, 9e-5]), Verdict::Same);
    }

    #[test]
    fn few_samples_need_a_larger_change() {
        assert_eq!(verdict(&[1.0], &[1.9]), Verdict::Same);
        assert_eq!(verdict(&[1.0], &[2.1]), Verdict::Worse);
        assert_eq!(verdict(&[1.0, 1.0], &[0.4, 0.4]), Verdict::Better);
    }

    #[test]
    fn ratios_span_what_the_samples_allow() {
        let change = time("prove", &[1.0, 2.0, 4.0], &[2.0, 3.0, 8.0], 0.05).unwrap();
        assert_eq!((change.ratio, change.ratio_min, change.ratio_max), (1.5, 0.5, 8.0));
        assert_eq!(time("prove", &[], &[1.0], 0.05), None);
    }
}
