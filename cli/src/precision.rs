//! How precisely a float model is quantised, on the command line.

use anyhow::{Result, bail};
use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use tacit_onnx::{CalibrationMethod, QuantiseOptions};

/// Width and range of activations.
#[derive(Debug, Clone, Copy, Args)]
pub struct Precision {
    /// Bits of an activation; weights have 8 in any case
    #[arg(long, value_name = "N", default_value = "8", value_parser = bits())]
    bits: u32,
    /// How activation ranges are chosen from the samples
    #[arg(long, value_name = "METHOD", value_enum, default_value_t = Calibration::Mse)]
    calibration: Calibration,
    /// Share of an activation's magnitudes, in percent, that its range holds; with --calibration percentile [default: 99.9]
    #[arg(long, value_name = "P")]
    percentile: Option<f64>,
}

/// How activation ranges are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Calibration {
    /// Everything seen
    Minmax,
    /// All but the largest magnitudes seen
    Percentile,
    /// The range with the smallest mean squared error of clipping and rounding together
    Mse,
}

impl Calibration {
    /// As its flag.
    const fn name(self) -> &'static str {
        match self {
            Self::Minmax => "minmax",
            Self::Percentile => "percentile",
            Self::Mse => "mse",
        }
    }
}

/// The percentile unless another is given.
const PERCENTILE: f64 = 99.9;

fn bits() -> impl TypedValueParser<Value = u32> {
    PossibleValuesParser::new(["8", "16"]).map(|given| if given == "16" { 16 } else { 8 })
}

impl Precision {
    /// Whether nothing but the default is asked for.
    pub fn is_default(self) -> bool {
        let Self { bits, calibration, percentile } = self;
        (bits, calibration, percentile) == (8, Calibration::Mse, None)
    }

    /// As the library takes it.
    pub fn options(self) -> Result<QuantiseOptions> {
        let percentile = self.percentile.unwrap_or(PERCENTILE);
        if self.percentile.is_some() && self.calibration != Calibration::Percentile {
            bail!("--percentile goes with --calibration percentile: give both, or leave --percentile out");
        }
        if !(percentile > 0.0 && percentile <= 100.0) {
            bail!("--percentile is {percentile}: give a number above 0 and at most 100");
        }
        let calibration = match self.calibration {
            Calibration::Minmax => CalibrationMethod::Maximum,
            Calibration::Percentile => CalibrationMethod::Percentile(percentile / 100.0),
            Calibration::Mse => CalibrationMethod::MeanSquaredError,
        };
        Ok(QuantiseOptions { calibration, ..QuantiseOptions::with_bits(self.bits) })
    }

    /// In a few words: `8 bits, mse`.
    pub fn summary(self) -> String {
        let percentile = match (self.calibration, self.percentile.unwrap_or(PERCENTILE)) {
            (Calibration::Percentile, percentile) => format!(" {percentile}"),
            _ => String::new(),
        };
        format!("{} bits, {}{percentile}", self.bits, self.calibration.name())
    }

    /// As flags.
    pub fn flags(self) -> Vec<String> {
        let mut flags = ["--bits", &self.bits.to_string(), "--calibration", self.calibration.name()]
            .map(str::to_owned)
            .to_vec();
        flags.extend(self.percentile.into_iter().flat_map(|p| ["--percentile".to_owned(), p.to_string()]));
        flags
    }
}
