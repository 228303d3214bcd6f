//! What the search chose, for people.

use crate::options::CalibrationMethod;

/// The precision that a network was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    /// How activation ranges were chosen.
    pub calibration: CalibrationMethod,
    /// Every activation that a rescale gives, the input in front, in execution order.
    pub values: Vec<ValueWidth>,
    /// Signal to noise, in decibels, of the output that has least of it, on the calibration samples that were tried; none
    /// where nothing was measured, infinity where nothing differs.
    pub signal_to_noise: Option<f64>,
    /// Whether the target was met; none where there was none.
    pub is_met: Option<bool>,
    /// Networks that were tried.
    pub num_trials: usize,
    /// Rows that one proof would look up if everything had the fewest bits asked for; none where nothing was measured.
    pub narrow_lookups: Option<usize>,
    /// Share of the calibration samples' values that are outside the input's range.
    pub input_clipped: f64,
    /// Scores in front of a softmax whose range ends above what masks make of some.
    pub masked: Vec<MaskedScores>,
}

/// Scores in front of a softmax that masks push below their range.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedScores {
    /// The ONNX node's name.
    pub name: String,
    /// Where the range ends, from which on everything is the same.
    pub floor: f64,
    /// Share of the calibration samples' values that are lower.
    pub lower: f64,
    /// Share of those that are lower and that no mask moved.
    pub unmasked: f64,
}

/// The widths of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueWidth {
    /// The ONNX node's name.
    pub name: String,
    /// Bits of its integers; none for an accumulator that is an output.
    pub bits: Option<u32>,
    /// Bits of the weights of the layer that computes it, where it has weights.
    pub weight_bits: Option<u32>,
}
