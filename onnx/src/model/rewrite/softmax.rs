//! Softmax and its kin: over one axis, or over all axes from one on, as old operator sets have it.

use super::rewriting::{Rewriting, Rewritten};

/// The importer's softmax over one axis, in any operator set; no ONNX operator is called so.
pub(in crate::model) const SOFTMAX: &str = "tacit.SoftmaxOverAxis";

/// Operator sets before this one flatten the input to a matrix.
const FIRST_OF_ONE_AXIS: i64 = 13;

/// A value in which the function goes over one axis.
struct Lines {
    value: String,
    axis: i64,
    /// Shape of the result, where it is not that of `value`.
    shape: Option<Vec<usize>>,
}

fn lines(r: &mut Rewriting<'_>) -> Result<Option<Lines>, crate::Error> {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let is_old = r.opset() < FIRST_OF_ONE_AXIS;
    let axis = r.axis(if is_old { 1 } else { -1 }, shape.len())?;
    if !is_old || axis + 1 == shape.len() {
        return Ok(Some(Lines { value: x.to_owned(), axis: axis as i64, shape: None }));
    }
    let matrix = [shape[..axis].iter().product(), shape[axis..].iter().product()];
    let value = r.reshape(x, &matrix);
    Ok(Some(Lines { value, axis: 1, shape: Some(shape.to_vec()) }))
}

fn unflatten(r: &mut Rewriting<'_>, value: String, shape: Option<Vec<usize>>) -> String {
    match shape {
        Some(shape) => r.reshape(&value, &shape),
        None => value,
    }
}

/// `Softmax` of old operator sets.
pub(super) fn softmax(r: &mut Rewriting<'_>) -> Rewritten {
    if r.opset() >= FIRST_OF_ONE_AXIS {
        return Ok(None);
    }
    let Some(Lines { value, axis, shape }) = lines(r)? else { return Ok(None) };
    let result = r.emit(SOFTMAX, &[&value], &[("axis", axis.into())]);
    Ok(Some(vec![unflatten(r, result, shape)]))
}

/// `LogSoftmax`: $x - m - \log \sum e^{x - m}$ with the largest element $m$.
pub(super) fn log_softmax(r: &mut Rewriting<'_>) -> Rewritten {
    let Some(Lines { value, axis, shape }) = lines(r)? else { return Ok(None) };
    let (_, below, logarithm) = r.log_sum(&value, &[axis]);
    let result = r.binary("Sub", &below, &logarithm);
    Ok(Some(vec![unflatten(r, result, shape)]))
}

/// `ReduceLogSumExp`: $m + \log \sum e^{x - m}$.
pub(super) fn log_sum_exp(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some((axes, kept)) = r.reduced_axes(x)? else { return Ok(None) };
    let (largest, _, logarithm) = r.log_sum(x, &axes);
    let result = r.binary("Add", &largest, &logarithm);
    Ok(Some(vec![r.reshape(&result, &kept)]))
}

/// `Hardmax`: $\max(0, 1 - |a - i|)$ at place $i$ of an axis, $a$ being the index of its largest element.
pub(super) fn hardmax(r: &mut Rewriting<'_>) -> Rewritten {
    let Some(Lines { value, axis, shape }) = lines(r)? else { return Ok(None) };
    let x = r.input(0)?;
    let lengths = match &shape {
        Some(shape) => {
            let first = r.axis(1, shape.len())?;
            vec![shape[..first].iter().product(), shape[first..].iter().product()]
        }
        None => r.shape(x)?.to_vec(),
    };
    let index = r.emit("ArgMax", &[&value], &[("axis", axis.into()), ("keepdims", true.into())]);
    let index = r.as_float(&index);
    let mut places = vec![1; lengths.len()];
    let length = lengths[axis as usize];
    places[axis as usize] = length;
    let numbers: Vec<f32> = (0..length).map(|place| place as f32).collect();
    let places = r.tensor(&places, &numbers);
    let distance = r.binary("Sub", &index, &places);
    let distance = r.unary("Abs", &distance);
    let one = r.scalar(1.0);
    let near = r.binary("Sub", &one, &distance);
    let result = r.unary("Relu", &near);
    Ok(Some(vec![unflatten(r, result, shape)]))
}

impl Rewriting<'_> {
    /// The largest element over some axes, what is below it, and the logarithm of the sum of exponentials of that.
    fn log_sum(&mut self, value: &str, axes: &[i64]) -> (String, String, String) {
        let largest = self.reduce("ReduceMax", value, axes);
        let below = self.binary("Sub", value, &largest);
        let exponentials = self.unary("Exp", &below);
        let sum = self.reduce("ReduceSum", &exponentials, axes);
        let logarithm = self.unary("Log", &sum);
        (largest, below, logarithm)
    }
}
