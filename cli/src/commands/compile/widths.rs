//! What a compiled model was given of bits, and why.

use std::collections::BTreeMap;

use serde::Serialize;
use tacit_onnx::{CalibrationMethod, Precision, ValueWidth};

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
    values: Vec<WidthFacts>,
}

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
