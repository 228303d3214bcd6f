//! The attributes and domains of nodes in quantised models: each attribute is read, or refused by name.

use super::node::Node;
use crate::error::Error;

/// ONNX's number of the element type float32.
const FLOAT: i64 = 1;
/// Integer types of activations by ONNX's numbers, with their smallest and largest integers.
const TYPES: &[(i64, (i64, i64))] =
    &[(2, (0, 255)), (3, (-128, 127)), (4, (0, 65_535)), (5, (-32_768, 32_767))];

const WINDOW: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];
const POOL: &[&str] = &[
    "auto_pad",
    "ceil_mode",
    "channels_last",
    "count_include_pad",
    "dilations",
    "kernel_shape",
    "pads",
    "strides",
];

/// Where an operator is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Domain {
    /// ONNX itself.
    Onnx,
    /// The runtime's own operators, `com.microsoft`.
    Runtime,
    /// Both, with one meaning.
    Both,
}

/// Operators that only quantised models have, with their attributes.
const OPERATORS: &[(&str, Domain, &[&str])] = &[
    ("QuantizeLinear", Domain::Both, &["axis", "block_size", "output_dtype", "precision", "saturate"]),
    ("DequantizeLinear", Domain::Both, &["axis", "block_size", "output_dtype"]),
    ("DynamicQuantizeLinear", Domain::Onnx, &[]),
    ("DynamicQuantizeMatMul", Domain::Runtime, &[]),
    ("MatMulInteger", Domain::Onnx, &[]),
    ("MatMulIntegerToFloat", Domain::Runtime, &[]),
    ("ConvInteger", Domain::Onnx, WINDOW),
    ("QLinearConv", Domain::Onnx, WINDOW),
    ("QLinearMatMul", Domain::Onnx, &[]),
    ("QGemm", Domain::Runtime, &["alpha", "transA", "transB"]),
    ("QLinearAdd", Domain::Runtime, &[]),
    ("QLinearMul", Domain::Runtime, &[]),
    ("QLinearSigmoid", Domain::Runtime, &[]),
    ("QLinearLeakyRelu", Domain::Runtime, &["alpha"]),
    ("QLinearAveragePool", Domain::Runtime, POOL),
    ("QLinearGlobalAveragePool", Domain::Runtime, &["channels_last"]),
    ("QLinearConcat", Domain::Runtime, &["axis"]),
    ("QLinearSoftmax", Domain::Runtime, &["axis", "opset"]),
];

const FLOAT_WINDOW: &[&str] = &[
    "auto_pad",
    "ceil_mode",
    "count_include_pad",
    "dilations",
    "kernel_shape",
    "pads",
    "storage_order",
    "strides",
];

/// The attributes that are read of float operators where integers are taken over one by one; the others have none.
const FLOAT_OPERATORS: &[(&str, &[&str])] = &[
    ("AveragePool", FLOAT_WINDOW),
    ("Cast", &["saturate", "to"]),
    ("Clip", &["max", "min"]),
    ("Constant", &["value"]),
    ("Conv", WINDOW),
    ("Dropout", &["ratio", "seed"]),
    ("Elu", &["alpha"]),
    ("Flatten", &["axis"]),
    ("Gemm", &["alpha", "beta", "transA", "transB"]),
    ("HardSigmoid", &["alpha", "beta"]),
    ("LeakyRelu", &["alpha"]),
    ("MaxPool", FLOAT_WINDOW),
    ("Reshape", &["allowzero"]),
    ("Squeeze", &["axes"]),
    ("Transpose", &["perm"]),
    ("Unsqueeze", &["axes"]),
];

/// Refuses attributes that are not read where integers are taken over one by one, and other domains.
pub(super) fn check_for_integers(node: Node<'_>) -> Result<(), Error> {
    if is_quantised(node.operator()) {
        return check(node);
    }
    let read = FLOAT_OPERATORS.iter().find(|(name, _)| *name == node.operator());
    let Some((_, read)) = read else { return Ok(()) };
    match node.attributes().find(|name| !read.contains(name)) {
        Some(name) => Err(node.refuse(format!("the attribute `{name}`"), "attributes that are read here")),
        None => Ok(()),
    }
}

/// Whether only quantised models have this operator.
pub(super) fn is_quantised(operator: &str) -> bool {
    operator.starts_with("QLinear") || OPERATORS.iter().any(|(name, ..)| *name == operator)
}

/// Refuses attributes that are not read, and domains that define another operator of this name.
pub(super) fn check(node: Node<'_>) -> Result<(), Error> {
    let domain = node.domain();
    let known = OPERATORS.iter().find(|(name, ..)| *name == node.operator());
    let Some(&(_, home, attributes)) = known else {
        return if is_quantised(node.operator()) { Err(node.unsupported()) } else { Ok(()) };
    };
    let fits = match domain {
        "" | "ai.onnx" => home != Domain::Runtime,
        "com.microsoft" => home != Domain::Onnx,
        _ => false,
    };
    if !fits {
        return Err(node.refuse(format!("the domain `{domain}`"), "the domain that defines this operator"));
    }
    if let Some(name) = node.attributes().find(|name| !attributes.contains(name)) {
        return Err(node.refuse(format!("the attribute `{name}`"), "the attributes that this operator has"));
    }
    let refuse = |name: &str, expected| {
        let value = node.integer(name, 0);
        Err(node.refuse(format!("the attribute {name}={value}"), expected))
    };
    if node.integer("block_size", 0) != 0 {
        return refuse("block_size", "one scale for a tensor or for each position of an axis");
    }
    if ![0, FLOAT].contains(&node.integer("precision", 0)) {
        return refuse("precision", "division in float32");
    }
    if node.operator() == "DequantizeLinear" && ![0, FLOAT].contains(&node.integer("output_dtype", 0)) {
        return refuse("output_dtype", "float32 results");
    }
    if node.integer("channels_last", 0) != 0 {
        return refuse("channels_last", "channels in front");
    }
    Ok(())
}

/// Smallest and largest integer of the type that QuantizeLinear's `output_dtype` names; nothing where it names none.
pub(super) fn output_range(node: Node<'_>) -> Result<Option<(i64, i64)>, Error> {
    let named = node.integer("output_dtype", 0);
    let range = TYPES.iter().find(|(number, _)| *number == named).map(|&(_, range)| range);
    if named == 0 || range.is_some() {
        return Ok(range);
    }
    let expected = "int8, uint8, int16 or uint16 activations";
    Err(node.refuse(format!("the attribute output_dtype={named}"), expected))
}
