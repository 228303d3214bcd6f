//! How real input values became the integers that are proved: what was clipped, and how much was rounded.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use tacit_layers::{Architecture, InputLayer};

/// What quantisation did to the values of some samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputReading {
    /// Number of values.
    values: usize,
    /// How many of them are outside the range that the model was calibrated for, and are read as its nearest end.
    clipped: usize,
    /// The first of those.
    first_clipped: Option<ClippedValue>,
    /// Smallest and largest real number that is not clipped; none where channels have ranges of their own.
    range: Option<(f64, f64)>,
    /// Real value of one integer step; the largest where channels have steps of their own.
    step: f64,
    /// Largest difference between a value that is not clipped and what its integer stands for.
    largest_rounding: f64,
    /// Whether that is more than float32 numbers are apart.
    is_rounded: bool,
}

/// A value that was clipped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ClippedValue {
    sample: usize,
    position: usize,
    value: f32,
    /// Smallest and largest real number that is not clipped at its position, where channels have ranges of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<(f64, f64)>,
}

impl InputReading {
    /// What quantisation does to these samples of an input, of which `first` is the index of the first.
    pub fn new<'a>(input: &InputLayer, first: usize, samples: impl IntoIterator<Item = &'a [f32]>) -> Self {
        let input = tacit_onnx::samples::InputRange::new(input);
        let mut reading = Self {
            values: 0,
            clipped: 0,
            first_clipped: None,
            range: input.is_one().then(|| input.at(0)),
            step: if input.is_one() { input.step(0) } else { 0.0 },
            largest_rounding: 0.0,
            is_rounded: false,
        };
        for (sample, values) in (first..).zip(samples) {
            for (position, &value) in values.iter().enumerate() {
                reading.step = reading.step.max(input.step(position));
                if let Some(rounding) = input.rounding(position, value) {
                    reading.largest_rounding = reading.largest_rounding.max(rounding.abs());
                    reading.is_rounded |=
                        rounding.abs() > 4.0 * f64::from(f32::EPSILON) * f64::from(value.abs());
                } else {
                    reading.clipped += 1;
                    reading.first_clipped.get_or_insert(ClippedValue {
                        sample,
                        position,
                        value,
                        range: (!input.is_one()).then(|| input.at(position)),
                    });
                }
            }
            reading.values += values.len();
        }
        reading
    }

    /// Whether something was clipped.
    pub const fn is_clipped(&self) -> bool {
        self.clipped > 0
    }

    /// What was clipped, in words.
    pub fn clipping(&self) -> Option<String> {
        let ClippedValue { sample, position, value, range } = self.first_clipped?;
        if let Some((low, high)) = range {
            return Some(format!(
                "{} of {} input values are outside the ranges that the model's input channels were calibrated for, and are read as \
                 the nearest end; the first is {value} at position {position} of sample {sample}, whose range is {low:.6}..={high:.6}",
                self.clipped, self.values
            ));
        }
        let (low, high) = self.range?;
        Some(format!(
            "{} of {} input values are outside {low:.6}..={high:.6}, the range that the model was calibrated for, and are \
             read as its nearest end; the first is {value} at position {position} of sample {sample}",
            self.clipped, self.values
        ))
    }

    /// What was rounded, in words.
    pub fn rounding(&self) -> Option<String> {
        self.is_rounded.then(|| {
            let most = if self.range.is_some() { "" } else { " at most, by channel" };
            format!(
                "as quantised, values rounded by {:.3e} at most, in steps of {:.3e}{most}",
                self.largest_rounding, self.step
            )
        })
    }
}

/// What quantisation did to real numbers that were given for a model's inputs; in JSON the only input's, or each one's by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum InputReadings {
    /// Of the only input.
    One(InputReading),
    /// Of those of several inputs that were given.
    Many(BTreeMap<String, InputReading>),
}

impl InputReadings {
    /// What quantisation does to samples that hold an array for each input; `first` is the index of the first.
    pub fn new(architecture: &Architecture, first: usize, samples: &[Vec<&[f32]>]) -> Result<Self> {
        let reading = |(index, (name, layer)): (usize, (&str, &InputLayer))| {
            let values = samples.iter().filter_map(|sample| sample.get(index).copied());
            (name.to_owned(), InputReading::new(layer, first, values))
        };
        let readings = architecture.input_layers().enumerate().map(reading).collect();
        Self::of(readings).ok_or_else(|| anyhow::anyhow!("the model has no input"))
    }

    /// These readings, each with its input's name; none where there are none.
    pub fn of(mut readings: Vec<(String, InputReading)>) -> Option<Self> {
        match readings.len() {
            0 => None,
            1 => readings.pop().map(|(_, reading)| Self::One(reading)),
            _ => Some(Self::Many(readings.into_iter().collect())),
        }
    }

    /// What was clipped, in words.
    pub fn clipping(&self) -> Option<String> {
        self.join(InputReading::clipping)
    }

    fn join(&self, words: impl Fn(&InputReading) -> Option<String>) -> Option<String> {
        match self {
            Self::One(reading) => words(reading),
            Self::Many(readings) => {
                let named = |(name, reading)| words(reading).map(|words| format!("input `{name}`: {words}"));
                let texts: Vec<String> = readings.iter().filter_map(named).collect();
                (!texts.is_empty()).then(|| texts.join("; "))
            }
        }
    }
}
