//! How well a network's outputs agree with a reference's: figures that can be bad, and warnings when they are.

use anyhow::{Result, bail};
use serde::Serialize;
use tacit_layers::printable::printable;

use crate::{answer::argmax, units};

/// Below so many decibels of signal to noise there is a warning.
pub const LEAST_DECIBELS: f64 = 20.0;
/// Below this share of samples with the reference's class there is a warning.
pub const LEAST_AGREEMENT: f64 = 0.9;
/// The worst ratio that is told, where an output is nothing but noise.
const FLOOR: f64 = -300.0;

/// One output beside a reference's, over all samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutputFidelity {
    /// The output's name.
    name: String,
    /// Energy of the reference about its mean over that of the differences, in decibels; null where nothing differs. A
    /// reference that never varies counts with its own energy.
    signal_to_noise_db: Option<f64>,
    /// The largest difference.
    largest_error: f64,
    /// The same, of the range of the reference: from its smallest to its largest value.
    relative_error: f64,
    /// Share of samples with the reference's class; null where the output does not look like classes.
    agreement: Option<f64>,
    /// For an output of one number, the share of the reference's variance that it explains.
    r_squared: Option<f64>,
}

impl OutputFidelity {
    /// Compares an output of this name and shape with a reference, sample by sample.
    ///
    /// An output looks like classes when it has one axis longer than one and the reference's largest value is not at the same
    /// position in every sample.
    pub fn new(name: &str, shape: &[usize], reference: &[Vec<f32>], actual: &[&[f32]]) -> Self {
        let pairs = || {
            let values = reference.iter().flatten().zip(actual.iter().copied().flatten());
            values.map(|(&x, &y)| (f64::from(x), f64::from(y)))
        };
        let count = pairs().count().max(1) as f64;
        let mean = pairs().map(|(x, _)| x).sum::<f64>() / count;
        let energy: f64 = pairs().map(|(x, _)| x * x).sum();
        let variation: f64 = pairs().map(|(x, _)| (x - mean).powi(2)).sum();
        let noise: f64 = pairs().map(|(x, y)| (x - y).powi(2)).sum();
        let varies = variation > 1e-12 * energy;
        let signal = if varies { variation } else { energy };
        let range = |(low, high): (f64, f64), (x, _): (f64, f64)| (low.min(x), high.max(x));
        let (low, high) = pairs().fold((f64::INFINITY, f64::NEG_INFINITY), range);
        let largest_error = pairs().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        let size = if high > low { high - low } else { high.abs().max(f64::MIN_POSITIVE) };
        let decibels = 10.0 * (signal / noise).log10();
        let is_number = shape.iter().product::<usize>() == 1;
        Self {
            name: name.to_owned(),
            signal_to_noise_db: (noise != 0.0)
                .then(|| if decibels.is_finite() { decibels.max(FLOOR) } else { FLOOR }),
            largest_error,
            relative_error: if largest_error == 0.0 { 0.0 } else { largest_error / size },
            agreement: agreement_of_classes(shape, reference, actual),
            r_squared: (is_number && varies).then(|| 1.0 - noise / variation),
        }
    }

    /// The output's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Share of samples with the reference's class.
    pub const fn agreement(&self) -> Option<f64> {
        self.agreement
    }

    /// The largest difference.
    pub const fn largest_error(&self) -> f64 {
        self.largest_error
    }

    /// The figures in words.
    pub fn to_text(&self) -> String {
        let ratio =
            self.signal_to_noise_db.map_or_else(|| "exact".to_owned(), |ratio| format!("{ratio:.1} dB"));
        let mut text = format!("{ratio}, largest error {} of its range", units::share(self.relative_error));
        if let Some(share) = self.agreement {
            text.push_str(", class agreement ");
            text.push_str(&units::share(share));
        }
        if let Some(r_squared) = self.r_squared {
            text.extend([", R^2 ".to_owned(), format!("{r_squared:.4}")]);
        }
        text
    }

    /// What is wrong with the output, if something is.
    pub fn warnings(&self) -> Vec<String> {
        let name = &self.name;
        let noise = self.signal_to_noise_db.filter(|&ratio| ratio < LEAST_DECIBELS).map(|ratio| {
            format!("output `{name}` has a signal to noise of {ratio:.1} dB, below {LEAST_DECIBELS} dB")
        });
        let classes = self.agreement.filter(|&share| share < LEAST_AGREEMENT).map(|share| {
            let (share, least) = (units::share(share), units::share(LEAST_AGREEMENT));
            format!("output `{name}` has the reference's class in {share} of the samples, below {least}")
        });
        noise.into_iter().chain(classes).collect()
    }
}

/// Share of samples with the reference's class, if the output looks like classes.
fn agreement_of_classes(shape: &[usize], reference: &[Vec<f32>], actual: &[&[f32]]) -> Option<f64> {
    if shape.iter().filter(|&&axis| axis > 1).count() != 1 {
        return None;
    }
    let expected: Vec<usize> = reference.iter().map(|values| argmax(values)).collect();
    let first = expected.first()?;
    let met = expected.iter().zip(actual).filter(|(class, values)| argmax(values) == **class).count();
    expected.iter().any(|class| class != first).then(|| met as f64 / expected.len() as f64)
}

/// Checks that a reference holds numbers only.
///
/// # Errors
/// The first sample and position that does not.
pub fn check_finite(what: &str, samples: &[Vec<f32>]) -> Result<()> {
    for (index, sample) in samples.iter().enumerate() {
        if let Some(position) = sample.iter().position(|x| !x.is_finite()) {
            bail!(
                "{what}: sample {index} holds {} at flat position {position}, which nothing can be compared with",
                sample[position]
            );
        }
    }
    Ok(())
}

/// A warning if classes agree with labels hardly more often than they would by chance: within two standard deviations of what
/// labels give that have nothing to do with the samples, but are as frequent.
pub fn doubt_about_labels(labels: &[usize], classes: &[usize], whose: &str) -> Option<String> {
    let count = labels.len().max(1) as f64;
    let share =
        |list: &[usize], class: usize| list.iter().filter(|&&other| other == class).count() as f64 / count;
    let mut known: Vec<usize> = labels.to_vec();
    known.sort_unstable();
    known.dedup();
    let chance: f64 = known.iter().map(|&class| share(labels, class) * share(classes, class)).sum();
    let accuracy = labels.iter().zip(classes).filter(|(a, b)| a == b).count() as f64 / count;
    let margin = 2.0 * (chance * (1.0 - chance) / count).sqrt();
    // Too few samples to tell good labels from others.
    let margin = if chance + margin < 1.0 { margin } else { 0.0 };
    (accuracy < 1.0 && accuracy <= chance + margin).then(|| {
        format!(
            "{whose} meets {} of the labels, and labels of other samples would give about {}: do the labels belong to these \
             samples?",
            units::share(accuracy),
            units::share(chance)
        )
    })
}

/// Checks that labels are classes of an output.
///
/// # Errors
/// When the output has one value, or too few for a label.
pub fn check_labels(labels: &[usize], name: &str, shape: &[usize]) -> Result<()> {
    let size: usize = shape.iter().product();
    if size == 1 {
        bail!(
            "--labels are compared with the position of the largest value, output `{name}` has one value: leave --labels out"
        );
    }
    if let Some(position) = labels.iter().position(|&label| label >= size) {
        bail!(
            "label {} of sample {position} is no position in output `{name}` of {size} values",
            labels[position]
        );
    }
    Ok(())
}

/// Warnings as lines that nobody overlooks.
pub fn warning_lines(warnings: &[String]) -> String {
    warnings
        .iter()
        .flat_map(|warning| ["WARNING: ".to_owned(), printable(warning), "\n".to_owned()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(shape: &[usize], reference: &[&[f32]], actual: &[&[f32]]) -> OutputFidelity {
        let reference: Vec<Vec<f32>> = reference.iter().map(|x| x.to_vec()).collect();
        OutputFidelity::new("y", shape, &reference, actual)
    }

    #[test]
    fn an_offset_that_is_large_hides_no_noise() {
        let figures = compare(&[2], &[&[1000.0, 1001.0], &[1001.0, 1000.0]], &[&[1000.5; 2][..]; 2]);
        // As much noise as there is variation.
        assert!(figures.signal_to_noise_db.unwrap().abs() < 1e-9, "{figures:?}");
        assert!((figures.relative_error - 0.5).abs() < 1e-9, "{figures:?}");
        assert_eq!(figures.agreement, Some(0.5));
        assert_eq!(figures.warnings().len(), 2);
    }

    #[test]
    fn equal_outputs_are_exact() {
        let values: [&[f32]; 2] = [&[1.0, 2.0, 0.5], &[3.0, 2.0, 0.5]];
        let figures = compare(&[1, 3, 1], &values, &values);
        assert_eq!(
            (figures.signal_to_noise_db, figures.largest_error, figures.agreement),
            (None, 0.0, Some(1.0))
        );
        assert!(figures.warnings().is_empty() && figures.to_text().starts_with("exact"));
    }

    #[test]
    fn agreement_is_told_where_classes_vary_only() {
        let same: [&[f32]; 2] = [&[1.0, 2.0], &[1.5, 2.0]];
        assert_eq!(compare(&[2], &same, &same).agreement, None);
        let other: [&[f32]; 2] = [&[1.0, 2.0, 3.0, 4.0], &[4.0, 2.0, 3.0, 1.0]];
        assert_eq!(compare(&[4], &other, &other).agreement, Some(1.0));
        assert_eq!(compare(&[2, 2], &other, &other).agreement, None);
    }

    #[test]
    fn one_number_has_an_r_squared_that_can_be_negative() {
        let figures = compare(&[1], &[&[1.0], &[2.0], &[3.0]], &[&[1.0], &[2.0], &[2.0]]);
        assert!((figures.r_squared.unwrap() - 0.5).abs() < 1e-9, "{figures:?}");
        let bad = compare(&[1], &[&[1.0], &[2.0], &[3.0]], &[&[9.0], &[2.0], &[3.0]]);
        assert!(bad.r_squared.unwrap() < -10.0 && bad.agreement.is_none(), "{bad:?}");
        assert_eq!(bad.warnings().len(), 1);
        // A reference that never varies has no variance to explain.
        assert_eq!(compare(&[1], &[&[2.0], &[2.0]], &[&[2.5], &[2.0]]).r_squared, None);
    }

    #[test]
    fn what_is_not_finite_is_the_worst_and_not_exact() {
        let figures = compare(&[1], &[&[1.0], &[2.0]], &[&[f32::INFINITY], &[2.0]]);
        assert_eq!(figures.signal_to_noise_db, Some(FLOOR));
        assert_eq!(figures.warnings().len(), 1);
        let zero = compare(&[2], &[&[0.0, 0.0]], &[&[0.1, 0.0]]);
        assert_eq!((zero.signal_to_noise_db, zero.warnings().len()), (Some(FLOOR), 1));
    }

    #[test]
    fn references_with_nan_are_refused_with_their_place() {
        let error = check_finite("`r.npy`", &[vec![0.0, 1.0], vec![0.0, f32::NAN]]).unwrap_err().to_string();
        assert!(error.contains("`r.npy`: sample 1 holds NaN at flat position 1"), "{error}");
        assert!(check_finite("r", &[vec![f32::NEG_INFINITY]]).is_err());
    }

    #[test]
    fn labels_of_other_samples_are_noticed() {
        let classes: Vec<usize> = (0..100).map(|i| i % 10).collect();
        let shifted: Vec<usize> = (0..100).map(|i| (i * 7 + i / 10) % 10).collect();
        let doubt = |labels: &[usize]| doubt_about_labels(labels, &classes, "the float model");
        assert!(doubt(&shifted).unwrap().contains("the float model meets"), "{:?}", doubt(&shifted));
        assert_eq!(doubt(&classes), None);
        // A model that is right in a third of ten classes knows something.
        let third: Vec<usize> =
            (0..100).map(|i| if i % 3 == 0 { classes[i] } else { (classes[i] + 1) % 10 }).collect();
        assert_eq!(doubt(&third), None);
        // Few samples, all right; one class, all right.
        assert_eq!(doubt_about_labels(&[1, 2], &[1, 2], "it"), None);
        assert_eq!(doubt_about_labels(&[3; 9], &[3; 9], "it"), None);
        assert!(doubt_about_labels(&[1, 2, 3], &[2, 3, 1], "it").is_some());
    }

    #[test]
    fn labels_are_positions_in_the_output() {
        assert!(check_labels(&[0, 9], "y", &[1, 10]).is_ok());
        assert!(check_labels(&[0, 10], "y", &[10]).unwrap_err().to_string().contains("label 10 of sample 1"));
        assert!(check_labels(&[0], "y", &[1, 1]).unwrap_err().to_string().contains("one value"));
    }
}
