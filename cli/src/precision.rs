//! How precisely a float model is quantised, on the command line.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use tacit_onnx::{CalibrationMethod, DEFAULT_TARGET, QuantiseOptions};

/// Widths and ranges.
#[derive(Debug, Clone, Copy, Args)]
pub struct Precision {
    /// Bits of activations: 8 or 16 for all, with weights of 8, or as many for each, and for weights, as the output needs
    #[arg(long, value_name = "N", value_enum, default_value_t = Bits::Auto)]
    bits: Bits,
    /// Signal to noise that every output is to have on the samples, in decibels; with --bits auto [default: 30]
    #[arg(long, value_name = "DB")]
    target_snr: Option<f64>,
    /// How activation ranges are chosen from the samples
    #[arg(long, value_name = "METHOD", value_enum, default_value_t = Calibration::Auto)]
    calibration: Calibration,
    /// Share of an activation's magnitudes, in percent, that its range holds; with --calibration percentile [default: 99.9]
    #[arg(long, value_name = "P")]
    percentile: Option<f64>,
}

/// How many bits there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bits {
    /// 8, 12 or 16 for each activation, 8 or 16 for each layer's weights, by the output's error on the samples
    Auto,
    /// 8 for all
    #[value(name = "8")]
    Eight,
    /// 16 for all activations
    #[value(name = "16")]
    Sixteen,
}

impl Bits {
    /// As its flag.
    const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Eight => "8",
            Self::Sixteen => "16",
        }
    }
}

/// How activation ranges are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Calibration {
    /// Whichever of the others gives the output the smallest error on the samples
    Auto,
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
            Self::Auto => "auto",
            Self::Minmax => "minmax",
            Self::Percentile => "percentile",
            Self::Mse => "mse",
        }
    }
}

/// The percentile unless another is given.
const PERCENTILE: f64 = 99.9;

impl Precision {
    /// Whether nothing but the default is asked for.
    pub fn is_default(self) -> bool {
        let Self { bits, target_snr, calibration, percentile } = self;
        (bits, target_snr, calibration, percentile) == (Bits::Auto, None, Calibration::Auto, None)
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
        if self.target_snr.is_some() && self.bits != Bits::Auto {
            bail!("--target-snr goes with --bits auto: give no other --bits, or leave --target-snr out");
        }
        let target = self.target_snr.unwrap_or(DEFAULT_TARGET);
        if !(0.0..=120.0).contains(&target) {
            bail!("--target-snr is {target}: give a number of decibels between 0 and 120");
        }
        let calibration = match self.calibration {
            Calibration::Auto => CalibrationMethod::Best,
            Calibration::Minmax => CalibrationMethod::Maximum,
            Calibration::Percentile => CalibrationMethod::Percentile(percentile / 100.0),
            Calibration::Mse => CalibrationMethod::MeanSquaredError,
        };
        Ok(match self.bits {
            Bits::Auto => QuantiseOptions { calibration, ..QuantiseOptions::with_target(target) },
            Bits::Eight => QuantiseOptions { calibration, ..QuantiseOptions::with_bits(8) },
            Bits::Sixteen => QuantiseOptions { calibration, ..QuantiseOptions::with_bits(16) },
        })
    }

    /// In a few words: `8 bits, mse`.
    pub fn summary(self) -> String {
        let percentile = match (self.calibration, self.percentile.unwrap_or(PERCENTILE)) {
            (Calibration::Percentile, percentile) => format!(" {percentile}"),
            _ => String::new(),
        };
        let target = self.target_snr.map_or_else(String::new, |target| format!(" for {target} dB"));
        format!("{} bits{target}, {}{percentile}", self.bits.name(), self.calibration.name())
    }

    /// As flags.
    pub fn flags(self) -> Vec<String> {
        let mut flags = ["--bits", self.bits.name(), "--calibration", self.calibration.name()]
            .map(str::to_owned)
            .to_vec();
        flags.extend(self.target_snr.into_iter().flat_map(|db| ["--target-snr".to_owned(), db.to_string()]));
        flags.extend(self.percentile.into_iter().flat_map(|p| ["--percentile".to_owned(), p.to_string()]));
        flags
    }
}
