//! Nodes that do not fit the shapes of what they read, and results without elements: ONNX Runtime refuses them, or computes
//! something else than the importer does.

use tract_onnx::pb::NodeProto;

use super::{facts::Facts, rewriting::Rewriting};
use crate::error::Error;

/// Checks a node of the file before anything is made of it.
pub(super) fn check(r: &Rewriting<'_>) -> Result<(), Error> {
    match r.operator() {
        "AveragePool" | "Conv" | "LpPool" | "MaxPool" => check_window(r),
        "Gather" => check_indices(r),
        "Split" => check_parts(r),
        "Tile" => check_repeats(r),
        "Transpose" => check_order(r),
        _ => Ok(()),
    }
}

/// Refuses results that have no elements; a part of a Split may be put together with others again.
pub(super) fn check_results(
    node: &NodeProto,
    facts: &Facts<'_>,
    origin: &str,
    operator: &str,
) -> Result<(), Error> {
    if node.op_type == "Split" {
        return Ok(());
    }
    let empty = node.output.iter().find_map(|name| {
        let fact = facts.get(name).filter(|fact| !fact.is_constant)?;
        fact.shape.as_ref().filter(|shape| shape.contains(&0))
    });
    match empty {
        Some(shape) => Err(Error::UnsupportedUse {
            node: origin.to_owned(),
            operator: operator.to_owned(),
            actual: format!("a result without elements, of shape {shape:?},"),
            expected: "results with elements: remove the node and what reads it",
        }),
        None => Ok(()),
    }
}

/// A window, with the gaps that dilations leave in it, fits the padded input.
fn check_window(r: &Rewriting<'_>) -> Result<(), Error> {
    let Some(shape) = r.known_shape(r.input(0)?) else { return Ok(()) };
    if r.text("auto_pad", "").starts_with("SAME") {
        return Ok(());
    }
    let weights = if r.operator() == "Conv" { r.known_shape(r.input(1)?) } else { None };
    let of_weights = weights.and_then(|shape| shape.get(2..)).map(|shape| shape.iter().map(|&n| n as i64));
    let kernel: Vec<i64> = match (r.ints("kernel_shape"), of_weights) {
        (Some(kernel), _) => kernel.to_vec(),
        (None, Some(kernel)) => kernel.collect(),
        (None, None) => return Ok(()),
    };
    let lengths = shape.get(2..).unwrap_or(&[]);
    let at = |name: &str, axis: usize, default: i64| {
        r.ints(name).and_then(|list| list.get(axis)).copied().unwrap_or(default)
    };
    for (axis, (&kernel, &length)) in kernel.iter().zip(lengths).enumerate() {
        let extent = i128::from(kernel - 1) * i128::from(at("dilations", axis, 1)) + 1;
        let pads = i128::from(at("pads", axis, 0)) + i128::from(at("pads", axis + lengths.len(), 0));
        let padded = length as i128 + pads;
        if extent > padded {
            let actual = format!("a window of {extent} places on an axis of {padded}, padding included,");
            return Err(r.refuse(actual, "windows that fit their input: larger `pads`, or a smaller kernel"));
        }
    }
    Ok(())
}

fn check_indices(r: &Rewriting<'_>) -> Result<(), Error> {
    let (x, index) = (r.input(0)?, r.input(1)?);
    if r.is_constant(x) && !r.is_constant(index) && (r.is_integer(x) || r.is_truth(x)) {
        let kind = if r.is_truth(x) { "truth values" } else { "integers" };
        let actual = format!("a computed index into a table of {kind}");
        return Err(r.refuse(actual, "a table of float32: cast it in front of the Gather, not behind"));
    }
    let is_empty = r.known_shape(index).is_some_and(|shape| shape.contains(&0));
    if is_empty && !r.is_constant(x) {
        return Err(r.refuse("no index at all", "at least one: remove the node and what reads it"));
    }
    Ok(())
}

/// Parts of given lengths, or of one length, are the whole.
fn check_parts(r: &Rewriting<'_>) -> Result<(), Error> {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(()) };
    let (length, outputs) = (shape[r.axis(0, shape.len())?] as i64, r.num_outputs() as i64);
    let given = match (r.ints("split"), r.optional_input(1)) {
        (Some(lengths), _) => Some(lengths.to_vec()),
        (None, Some(name)) => match r.integers(name) {
            Some(lengths) => Some(lengths),
            None => return Ok(()),
        },
        (None, None) => None,
    };
    let Some(lengths) = given else {
        let is_even = length % outputs.max(1) == 0;
        let part = (length + outputs - 1) / outputs.max(1);
        let fits = if r.opset() < 18 { is_even } else { part * (outputs - 1) < length };
        return if fits && length >= outputs {
            Ok(())
        } else {
            let actual = format!("an axis of length {length} in {outputs} parts");
            Err(r.refuse(actual, "parts of one length, or `split` with the length of each"))
        };
    };
    let sum = lengths.iter().fold(0_i64, |sum, &part| sum.saturating_add(part));
    if lengths.len() as i64 != outputs || sum != length || lengths.iter().any(|&part| part < 0) {
        let actual =
            format!("parts of lengths {lengths:?} of an axis of length {length} in {outputs} outputs");
        return Err(r.refuse(actual, "a length for each output, which are the axis together"));
    }
    Ok(())
}

fn check_repeats(r: &Rewriting<'_>) -> Result<(), Error> {
    let repeats = r.integers(r.input(1)?).unwrap_or_default();
    match repeats.iter().find(|&&repeats| repeats < 1) {
        Some(repeats) => Err(r.refuse(format!("{repeats} repeats"), "each axis at least once")),
        None => Ok(()),
    }
}

fn check_order(r: &Rewriting<'_>) -> Result<(), Error> {
    let (Some(order), Some(shape)) = (r.ints("perm"), r.known_shape(r.input(0)?)) else { return Ok(()) };
    if order.len() == shape.len() {
        return Ok(());
    }
    let actual = format!("an order of {} axes for an input of {}", order.len(), shape.len());
    Err(r.refuse(actual, "each axis once"))
}
