//! What an operator's attributes must be together, and the values that ONNX Runtime refuses or computes with otherwise than the
//! importer: all that needs no shapes.

use tract_onnx::pb::{AttributeProto, NodeProto};

use super::{attribute::text, refuse};
use crate::error::Error;

/// Operators that move windows.
const WINDOWS: &[&str] = &["AveragePool", "Conv", "ConvTranspose", "LpPool", "MaxPool"];

fn find<'n>(node: &'n NodeProto, name: &str) -> Option<&'n AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

fn refuse_value(node: &NodeProto, attribute: &AttributeProto, expected: &str) -> Result<(), Error> {
    Err(refuse(node, format!("the attribute `{}` = {}", attribute.name, text(attribute)), expected))
}

fn refuse_together(
    node: &NodeProto,
    attribute: &AttributeProto,
    auto: &AttributeProto,
    expected: &str,
) -> Result<(), Error> {
    let (name, value) = (&attribute.name, text(attribute));
    let actual = format!("the attribute `{name}` = {value} together with `auto_pad` = {}", text(auto));
    Err(refuse(node, actual, expected))
}

/// Checks the attributes of a node beside each other.
pub(super) fn check(node: &NodeProto) -> Result<(), Error> {
    check_padding(node)?;
    match &*node.op_type {
        "LRN" => match find(node, "size").filter(|size| size.i < 1 || size.i % 2 == 0) {
            Some(size) => refuse_value(node, size, "an odd number of channels"),
            None => Ok(()),
        },
        "Split" => check_parts(node),
        "Transpose" => check_order(node),
        operator if WINDOWS.contains(&operator) => check_window(node),
        _ => Ok(()),
    }
}

/// Padding that is chosen by `auto_pad` leaves no room for other wishes.
fn check_padding(node: &NodeProto) -> Result<(), Error> {
    let Some(auto) = find(node, "auto_pad").filter(|auto| !auto.s.is_empty() && auto.s != b"NOTSET") else {
        return Ok(());
    };
    let pads = find(node, "pads").filter(|pads| pads.ints.iter().any(|&n| n != 0));
    let ceil = find(node, "ceil_mode").filter(|mode| mode.i != 0);
    if let Some(given) = pads.or(ceil) {
        let actual = format!("the attribute `{}` together with `auto_pad` = {}", given.name, text(auto));
        return Err(refuse(node, actual, "one of the two"));
    }
    // ONNX Runtime's pools choose the padding for a kernel without gaps, its convolutions refuse to.
    let dilations = find(node, "dilations").filter(|dilations| dilations.ints.iter().any(|&n| n > 1));
    match dilations.filter(|_| auto.s.starts_with(b"SAME")) {
        Some(dilations) => refuse_together(node, dilations, auto, "`pads` in place of `auto_pad`"),
        None => Ok(()),
    }
}

fn check_window(node: &NodeProto) -> Result<(), Error> {
    for name in ["kernel_shape", "strides", "dilations"] {
        if let Some(list) = find(node, name).filter(|list| list.ints.iter().any(|&n| n < 1)) {
            return refuse_value(node, list, "positive lengths");
        }
    }
    let Some(padding) = find(node, "output_padding") else { return Ok(()) };
    let at =
        |name: &str, axis: usize| find(node, name).and_then(|list| list.ints.get(axis)).copied().unwrap_or(1);
    let fits = |(axis, &n): (usize, &i64)| (0..at("strides", axis).max(at("dilations", axis))).contains(&n);
    if padding.ints.iter().enumerate().all(fits) {
        return Ok(());
    }
    refuse_value(node, padding, "on each axis less than the stride or the dilation")
}

/// As many parts are named as there are outputs.
fn check_parts(node: &NodeProto) -> Result<(), Error> {
    let outputs = node.output.len();
    let expected = format!("one for each of its {outputs} outputs");
    if let Some(count) = find(node, "num_outputs").filter(|count| usize::try_from(count.i) != Ok(outputs)) {
        return refuse_value(node, count, &expected);
    }
    match find(node, "split").filter(|split| split.ints.len() != outputs) {
        Some(split) => refuse_value(node, split, &expected),
        None => Ok(()),
    }
}

/// An order of axes names each once.
fn check_order(node: &NodeProto) -> Result<(), Error> {
    let Some(order) = find(node, "perm") else { return Ok(()) };
    let mut axes = order.ints.clone();
    axes.sort_unstable();
    if axes.iter().zip(0..).all(|(&axis, place)| axis == place) {
        return Ok(());
    }
    refuse_value(node, order, "each axis once, counted from 0")
}
