//! Samples for a model: one or many tensors of its input shape.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use zeroize::Zeroizing;

use crate::{
    array_file::{self, Reals},
    artifact::read,
    npy::Array,
};

/// Samples read from a file and checked against the model's input shape.
#[derive(Debug)]
pub struct Samples {
    path: PathBuf,
    /// Overwritten when they are dropped: they may be a private input.
    values: Zeroizing<Vec<f32>>,
    count: usize,
}

impl Samples {
    /// Reads samples of `shape`, with or without a batch axis in front.
    pub fn read(path: &Path, shape: &[usize]) -> Result<Self> {
        Self::parse(path, &read(path)?, shape)
    }

    /// The same of a file's bytes.
    pub fn parse(path: &Path, bytes: &[u8], shape: &[usize]) -> Result<Self> {
        let reals = array_file::parse_reals(bytes);
        let Reals { array: Array { shape: actual, values }, is_flat } =
            reals.with_context(|| format!("cannot read `{}`", path.display()))?;
        let flat = || if is_flat { num_flat_samples(&actual, shape) } else { None };
        let Some(count) = num_samples(&actual, shape).or_else(flat) else {
            bail!(
                "`{}` has shape {actual:?}, the model takes samples of shape {shape:?}: reshape it to {shape:?}, or \
                 with the number of samples as an axis in front",
                path.display()
            );
        };
        if count == 0 {
            bail!("`{}` has shape {actual:?}, which holds no sample: give at least one", path.display());
        }
        Ok(Self { path: path.to_owned(), values: Zeroizing::new(values), count })
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no sample, which no file that is read gives.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One sample, checked to hold only finite numbers.
    pub fn get(&self, index: usize) -> Result<&[f32]> {
        let path = self.path.display();
        if index >= self.count {
            bail!("`{path}` has {} samples: --index must be at most {}", self.count, self.count - 1);
        }
        let size = self.values.len() / self.count;
        let sample = &self.values[index * size..][..size];
        if let Some(position) = sample.iter().position(|x| !x.is_finite()) {
            let value = sample[position];
            bail!(
                "`{path}`: sample {index} holds {value} at flat position {position}: replace it by a finite number"
            );
        }
        Ok(sample)
    }

    /// Every sample, checked to hold only finite numbers.
    pub fn all(&self) -> Result<Vec<Vec<f32>>> {
        (0..self.count).map(|index| Ok(self.get(index)?.to_vec())).collect()
    }

    /// Reads labels for these samples.
    pub fn labels(&self, path: &Path) -> Result<Vec<usize>> {
        let labels = array_file::read_classes(path)?;
        if labels.len() != self.count {
            bail!(
                "`{}` has {} labels for the {} samples of `{}`: give one label for each sample",
                path.display(),
                labels.len(),
                self.count,
                self.path.display()
            );
        }
        Ok(labels)
    }
}

/// Number of samples of shape `expected` in an array of shape `actual`. Axes of length one do not change the order of
/// the elements, so they are ignored where the shapes differ otherwise.
fn num_samples(actual: &[usize], expected: &[usize]) -> Option<usize> {
    let wide = |axes: &[usize]| axes.iter().copied().filter(|&axis| axis != 1).collect::<Vec<_>>();
    let batch = actual.split_first();
    if actual == expected {
        return Some(1);
    }
    match batch {
        Some((&count, rest)) if rest == expected => Some(count),
        _ if wide(actual) == wide(expected) => Some(1),
        Some((&count, rest)) if wide(rest) == wide(expected) => Some(count),
        _ => None,
    }
}

/// The same of an array read from text, which has two axes at most: each row is a sample, flattened, or the only list is all
/// samples behind each other, or the only column is one sample.
fn num_flat_samples(actual: &[usize], expected: &[usize]) -> Option<usize> {
    let size: usize = expected.iter().product();
    match *actual {
        [length] if size > 0 && length.is_multiple_of(size) => Some(length / size),
        [count, length] if length == size => Some(count),
        [length, 1] if length == size => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{num_flat_samples, num_samples};

    #[test]
    fn takes_flattened_samples_from_text() {
        let count = |actual: &[usize]| num_flat_samples(actual, &[1, 28, 28]);
        for (shape, expected) in [
            (&[784][..], Some(1)),
            (&[2352], Some(3)),
            (&[7, 784], Some(7)),
            (&[784, 1], Some(1)),
            (&[0], Some(0)),
        ] {
            assert_eq!(count(shape), expected, "{shape:?}");
        }
        for shape in [&[785][..], &[7, 1568], &[28, 56], &[1568, 1], &[7, 1, 784]] {
            assert_eq!(count(shape), None, "{shape:?}");
        }
    }

    #[test]
    fn takes_samples_with_and_without_batch_axis() {
        let count = |actual: &[usize]| num_samples(actual, &[1, 28, 28]);
        assert_eq!(count(&[1, 28, 28]), Some(1));
        assert_eq!(count(&[28, 28]), Some(1));
        assert_eq!(count(&[7, 1, 28, 28]), Some(7));
        assert_eq!(count(&[1, 1, 28, 28]), Some(1));
        assert_eq!(count(&[7, 28, 28]), Some(7));
        assert_eq!(count(&[28, 28, 28]), Some(28));
        assert_eq!(count(&[0, 1, 28, 28]), Some(0));
    }

    #[test]
    fn refuses_samples_whose_elements_could_be_in_another_order() {
        for actual in [&[784][..], &[7, 784], &[28, 56], &[3, 28, 29], &[2, 3, 28, 28], &[]] {
            assert_eq!(num_samples(actual, &[1, 28, 28]), None, "{actual:?}");
        }
        assert_eq!(num_samples(&[7, 28, 28, 3], &[3, 28, 28]), None);
    }
}
