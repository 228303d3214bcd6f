//! Normalisations: centred, squared, averaged, and times a table of one over the square root.
//!
//! $$ y = \frac{x - \bar{x}}{\sqrt{\overline{(x - \bar{x})^2} + \epsilon}} $$
//! is computed in this order: the square of what is centred has no more digits than it needs.

use super::rewriting::{Rewriting, Rewritten};
use crate::error::Error;

/// A value less its mean over some axes, and one over its standard deviation.
struct Standardised {
    mean: String,
    centred: String,
    inverse: String,
}

impl Rewriting<'_> {
    fn mean_of_squares(&mut self, value: &str, axes: &[i64]) -> String {
        let square = self.binary("Mul", value, value);
        self.reduce("ReduceMean", &square, axes)
    }

    /// One over the square root of a value and a small number.
    fn inverse_root(&mut self, value: &str, epsilon: f32) -> String {
        let value = self.with_number("Add", value, epsilon);
        let root = self.unary("Sqrt", &value);
        self.unary("Reciprocal", &root)
    }

    fn standardise(&mut self, value: &str, axes: &[i64], epsilon: f32) -> Standardised {
        let mean = self.reduce("ReduceMean", value, axes);
        let centred = self.binary("Sub", value, &mean);
        let variance = self.mean_of_squares(&centred, axes);
        let inverse = self.inverse_root(&variance, epsilon);
        Standardised { mean, centred, inverse }
    }

    /// A value times a factor and plus a shift, of which there may be neither.
    fn affine(&mut self, value: String, factor: Option<&str>, shift: Option<&str>) -> String {
        let scaled = match factor {
            Some(factor) => self.binary("Mul", &value, factor),
            None => value,
        };
        match shift {
            Some(shift) => self.binary("Add", &scaled, shift),
            None => scaled,
        }
    }

    /// Axes from the attribute `axis` on.
    fn axes_from(&self, rank: usize) -> Result<Vec<i64>, Error> {
        let first = self.axis(-1, rank)?;
        Ok((first..rank).map(|axis| axis as i64).collect())
    }
}

/// `LayerNormalization`: over the axes from `axis` on.
pub(super) fn layer(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let axes = r.axes_from(shape.len())?;
    let Standardised { mean, centred, inverse } = r.standardise(x, &axes, r.float("epsilon", 1e-5));
    let normalised = r.binary("Mul", &centred, &inverse);
    let (factor, shift) = (r.optional_input(1), r.optional_input(2));
    Ok(Some(vec![r.affine(normalised, factor, shift), mean, inverse]))
}

/// `RMSNormalization`: by the root of the mean of squares, nothing centred.
pub(super) fn root_mean_square(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let axes = r.axes_from(shape.len())?;
    let squares = r.mean_of_squares(x, &axes);
    let inverse = r.inverse_root(&squares, r.float("epsilon", 1e-5));
    let normalised = r.binary("Mul", x, &inverse);
    let factor = r.optional_input(1);
    Ok(Some(vec![r.affine(normalised, factor, None)]))
}

/// `InstanceNormalization`: over the axes behind the channels.
pub(super) fn instance(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let axes: Vec<i64> = (2..shape.len() as i64).collect();
    let Standardised { centred, inverse, .. } = r.standardise(x, &axes, r.float("epsilon", 1e-5));
    let normalised = r.binary("Mul", &centred, &inverse);
    let [factor, shift] = [r.input(1)?, r.input(2)?].map(|name| per_channel(r, name, shape));
    Ok(Some(vec![r.affine(normalised, Some(&factor), Some(&shift))]))
}

/// `GroupNormalization`: over the channels of a group and the axes behind.
pub(super) fn group(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let (Some(shape), Ok(groups)) = (r.known_shape(x), usize::try_from(r.int("num_groups", 0))) else {
        return Ok(None);
    };
    let &[batch, channels, ..] = shape else {
        return Err(r.refuse("an input without channels", "channels on its second axis"));
    };
    if groups == 0 || channels % groups != 0 {
        return Err(r.refuse(format!("{channels} channels in {groups} groups"), "groups of one size"));
    }
    let flat = shape.iter().skip(1).product::<usize>() / groups;
    let grouped = r.reshape(x, &[batch, groups, flat]);
    let Standardised { centred, inverse, .. } = r.standardise(&grouped, &[2], r.float("epsilon", 1e-5));
    let normalised = r.binary("Mul", &centred, &inverse);
    let normalised = r.reshape(&normalised, shape);
    let mut numbers = vec![];
    for input in 1..=2 {
        let mut name = r.input(input)?.to_owned();
        // Operator sets 18 to 20 have a factor for each group.
        if r.opset() < 21 {
            let split = r.reshape(&name, &[groups, 1]);
            let repeated = r.expand(&split, &[groups, channels / groups]);
            name = r.reshape(&repeated, &[channels]);
        }
        numbers.push(per_channel(r, &name, shape));
    }
    Ok(Some(vec![r.affine(normalised, numbers.first().map(|s| &**s), numbers.get(1).map(|s| &**s))]))
}

/// A number for each channel, in the axes of a value whose second axis is the channels.
fn per_channel(r: &mut Rewriting<'_>, name: &str, shape: &[usize]) -> String {
    let mut axes = vec![1; shape.len().saturating_sub(1)];
    if let (Some(channels), Some(&length)) = (axes.first_mut(), shape.get(1)) {
        *channels = length;
    }
    r.reshape(name, &axes)
}

/// `MeanVarianceNormalization`: a small number is added to the deviation, not to the variance.
pub(super) fn mean_variance(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let axes = r.ints("axes").unwrap_or(&[0, 2, 3]).to_vec();
    r.check_axes(&axes, shape.len())?;
    let mean = r.reduce("ReduceMean", x, &axes);
    let centred = r.binary("Sub", x, &mean);
    let variance = r.mean_of_squares(&centred, &axes);
    let deviation = r.unary("Sqrt", &variance);
    let deviation = r.with_number("Add", &deviation, 1e-9);
    let inverse = r.unary("Reciprocal", &deviation);
    Ok(Some(vec![r.binary("Mul", &centred, &inverse)]))
}

/// `LpNormalization`: by the sum of magnitudes, or by the root of the sum of squares.
pub(super) fn lp(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let axis = r.axis(-1, shape.len())? as i64;
    let norm = match r.int("p", 2) {
        1 => r.reduce("ReduceL1", x, &[axis]),
        2 => r.reduce("ReduceL2", x, &[axis]),
        p => return Err(r.refuse(format!("p = {p}"), "p = 1 or 2")),
    };
    let inverse = r.unary("Reciprocal", &norm);
    Ok(Some(vec![r.binary("Mul", x, &inverse)]))
}

/// `LRN`: squares, their sum over neighbouring channels, a power.
pub(super) fn local_response(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let (Some(&channels), Ok(size)) = (shape.get(1), usize::try_from(r.int("size", 1))) else {
        return Ok(None);
    };
    if size == 0 {
        return Err(r.refuse("size = 0", "a positive size"));
    }
    let factor = r.float("alpha", 1e-4) / size as f32;
    let (before, behind) = ((size - 1) / 2, size / 2);
    let row = |channel: usize| {
        let near = |&other: &usize| other + before >= channel && other <= channel + behind;
        (0..channels).map(|other| if near(&other) { 1.0 } else { 0.0 }).collect()
    };
    let matrix: Vec<Vec<f32>> = (0..channels).map(row).collect();
    let squares = r.binary("Mul", x, x);
    let sums = r.map_along(&squares, shape, 1, &matrix);
    // A sum of squares is its own magnitude; said so, what follows is one function, and no small factor meets the weights.
    let sums = r.unary("Abs", &sums);
    let sums = r.with_number("Mul", &sums, factor);
    let base = r.with_number("Add", &sums, r.float("bias", 1.0));
    let power = r.with_number("Pow", &base, -r.float("beta", 0.75));
    Ok(Some(vec![r.binary("Mul", x, &power)]))
}
