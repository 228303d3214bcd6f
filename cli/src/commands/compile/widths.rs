//! What a compiled model was given of bits, and why.

use std::collections::BTreeMap;

use serde::Serialize;
use tacit_onnx::{CalibrationMethod, MaskedScores, Precision, ValueAgreement, ValueWidth};

use crate::units;

/// What a compiled model was given of bits.
#[derive(Debug, Serialize)]
pub(super) struct PrecisionFacts {
    /// How ranges were chosen, as the flag says it.
    calibration: &'static str,
    /// Of the output that has least of it, about its mean, on the samples that were tried; null where none were, or nothing
    /// differs.
    signal_to_noise_db: Option<f64>,
    /// Whether that is what was aimed at; null where nothing was.
    target_met: Option<bool>,
    /// Networks that were tried.
    trials: usize,
    /// Share of the samples' values that are outside the input's range.
    input_clipped: f64,
    /// The value of which the largest share is outside the range that calibration chose for it, on the samples that were
    /// looked at; null where none is.
    most_clipped: Option<ClippedFacts>,
    /// Scores in front of a softmax whose range ends above what masks make of some.
    masked: Vec<MaskedFacts>,
    /// Rows that one proof would look up if nothing had more than the fewest bits; null where there was no search.
    lookups_when_narrow: Option<usize>,
    values: Vec<WidthFacts>,
}

/// A value that clips.
#[derive(Debug, Serialize)]
struct ClippedFacts {
    name: String,
    /// Share of the float values that are outside the integers' range.
    clipped: f64,
    /// How many values clip more than is worth a word.
    others: usize,
}

/// Scores that masks push below their range.
#[derive(Debug, Serialize)]
struct MaskedFacts {
    name: String,
    /// Where the range ends.
    floor: f64,
    /// Share of the samples' values that are lower.
    lower: f64,
    /// Share of those that are lower and that no mask moved.
    unmasked: f64,
}

impl From<MaskedScores> for MaskedFacts {
    fn from(MaskedScores { name, floor, lower, unmasked }: MaskedScores) -> Self {
        Self { name, floor, lower, unmasked }
    }
}

impl MaskedFacts {
    fn to_text(&self) -> String {
        let Self { name, floor, lower, unmasked } = self;
        format!(
            "`{name}` has one integer for all scores below {floor:.1}, 12 below the largest of their line at least: {} of those on the \
             samples, {} that no mask moved",
            units::share(*lower),
            units::share(*unmasked)
        )
    }
}

/// From this share of clipped elements on a value is told.
const LEAST_CLIPPED: f64 = 1e-3;

/// The widths of a value.
#[derive(Debug, Serialize)]
struct WidthFacts {
    name: String,
    bits: Option<u32>,
    weight_bits: Option<u32>,
}

impl From<Precision> for PrecisionFacts {
    fn from(precision: Precision) -> Self {
        let width = |ValueWidth { name, bits, weight_bits }| WidthFacts { name, bits, weight_bits };
        Self {
            calibration: match precision.calibration {
                CalibrationMethod::Maximum => "minmax",
                CalibrationMethod::Percentile(_) => "percentile",
                CalibrationMethod::MeanSquaredError => "mse",
                _ => "auto",
            },
            signal_to_noise_db: precision.signal_to_noise.filter(|ratio| ratio.is_finite()),
            target_met: precision.is_met,
            trials: precision.num_trials,
            input_clipped: precision.input_clipped,
            most_clipped: None,
            masked: precision.masked.into_iter().map(MaskedFacts::from).collect(),
            lookups_when_narrow: precision.narrow_lookups,
            values: precision.values.into_iter().map(width).collect(),
        }
    }
}

/// `8 bits: 5, 16 bits: 1`.
fn counts(widths: impl Iterator<Item = u32>) -> String {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for bits in widths {
        *counts.entry(bits).or_default() += 1;
    }
    counts.iter().map(|(bits, count)| format!("{bits} bits: {count}")).collect::<Vec<_>>().join(", ")
}

impl PrecisionFacts {
    /// Notes which value clips most, inputs aside.
    pub(super) fn note_clipping(&mut self, values: &[ValueAgreement]) {
        let inner = || values.iter().filter(|value| value.operation != "Input" && value.clipped > 0.0);
        let most = inner().max_by(|a, b| a.clipped.total_cmp(&b.clipped));
        self.most_clipped = most.map(|value| ClippedFacts {
            name: value.name.clone(),
            clipped: value.clipped,
            others: inner().filter(|value| value.clipped >= LEAST_CLIPPED).count().saturating_sub(1),
        });
    }

    /// What the widths cost, in rows of look-ups, where some are wider.
    pub(super) fn cost(&self, lookups: usize) -> Option<String> {
        let narrow = self.lookups_when_narrow.filter(|&narrow| narrow != lookups)?;
        let factor = lookups as f64 / narrow.max(1) as f64;
        Some(format!("{factor:.2} times the {} rows of the fewest bits", units::count(narrow as u64)))
    }

    /// For people.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("activations", counts(self.values.iter().filter_map(|value| value.bits)))];
        let weights = counts(self.values.iter().filter_map(|value| value.weight_bits));
        if !weights.is_empty() {
            fields.push(("weights", weights));
        }
        let method = self.calibration.to_owned();
        let clipped = if self.input_clipped > 0.0 {
            format!(
                "{method}; {} of the samples' values are outside the input's range",
                units::share(self.input_clipped)
            )
        } else {
            method
        };
        fields.push(("calibration", clipped));
        if let Some(most) = self.most_clipped.as_ref().filter(|most| most.clipped >= LEAST_CLIPPED) {
            let ClippedFacts { name, clipped, others } = most;
            let others =
                if *others > 0 { format!(", the most of {} that clip", others + 1) } else { String::new() };
            let text =
                format!("`{name}` clips {} of its values on the samples{others}", units::share(*clipped));
            fields.push(("inner ranges", text));
        }
        fields.extend(self.masked.iter().map(|masked| ("masked scores", masked.to_text())));
        if let Some(is_met) = self.target_met {
            let ratio =
                self.signal_to_noise_db.map_or_else(|| "exact".to_owned(), |db| format!("{db:.1} dB"));
            let verdict = if is_met {
                "the target is met".to_owned()
            } else {
                "the target is MISSED: see --report for the layer that loses most".to_owned()
            };
            fields.push(("search", format!("{ratio} in {} trials; {verdict}", self.trials)));
        }
        fields
    }
}
