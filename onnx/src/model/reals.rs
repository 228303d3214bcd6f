//! Models of other real numbers than float32, converted to float32.
//!
//! Constants of float16, bfloat16 and float64 become float32, and so do the types of inputs, outputs and casts. Halves are
//! contained in float32, so that what is computed is finer than the file says; of doubles the nearest float32 is taken, and
//! one that has none is refused. Where a model that is not of halves casts what it computes to them, it means to round, which
//! is refused.

use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, tensor_proto::DataType,
    type_proto,
};

use super::file::node_name;
use crate::error::Error;

/// Attributes that hold an element type.
const TYPES: &[&str] = &["to", "dtype", "stash_type", "output_dtype", "output_datatype", "softmax_precision"];

/// Converts a model in place. Returns the names of the types that were converted, in order.
///
/// # Errors
/// [`Error::RealRange`] when a constant is too large for float32, [`Error::UnsupportedUse`] when a model that is not of halves
/// casts what it computes to them.
pub(crate) fn to_float32(proto: &mut ModelProto) -> Result<Vec<&'static str>, Error> {
    let mut converted = BTreeSet::new();
    if let Some(graph) = &mut proto.graph {
        check_casts(graph)?;
        convert_graph(graph, &mut converted)?;
    }
    Ok(converted.into_iter().collect())
}

fn name(data_type: i32) -> Option<&'static str> {
    Some(match DataType::try_from(data_type).ok()? {
        DataType::Float16 => "float16",
        DataType::Bfloat16 => "bfloat16",
        DataType::Double => "float64",
        _ => return None,
    })
}

fn is_half(data_type: i32) -> bool {
    matches!(name(data_type), Some("float16" | "bfloat16"))
}

/// Refuses casts to halves of wider numbers that are computed, unless the model is of halves: its inputs, or most of its
/// constants.
fn check_casts(graph: &GraphProto) -> Result<(), Error> {
    let mut types = BTreeMap::new();
    for input in &graph.input {
        if let Some(type_proto::Value::TensorType(tensor)) =
            input.r#type.as_ref().and_then(|kind| kind.value.as_ref())
        {
            types.insert(&*input.name, tensor.elem_type);
        }
    }
    let is_of_halves = types.values().any(|&data_type| is_half(data_type));
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let constants = graph.initializer.iter().chain(attributes.filter_map(|attribute| attribute.t.as_ref()));
    let (mut halves, mut others) = (0_i64, 0_i64);
    for constant in constants {
        let count = constant.dims.iter().fold(1_i64, |count, &length| count.saturating_mul(length));
        if is_half(constant.data_type) {
            halves = halves.saturating_add(count);
        } else if [DataType::Float as i32, DataType::Double as i32].contains(&constant.data_type) {
            others = others.saturating_add(count);
        }
    }
    if is_of_halves || (halves > 0 && halves >= others) {
        return Ok(());
    }
    types.extend(graph.initializer.iter().map(|constant| (&*constant.name, constant.data_type)));
    let mut computed = BTreeSet::new();
    let constants: BTreeSet<&str> = graph.initializer.iter().map(|constant| &*constant.name).collect();
    let is_input =
        |name: &str| graph.input.iter().any(|input| input.name == name) && !constants.contains(name);
    for node in &graph.node {
        let read = node.input.first().map_or("", |name| &**name);
        let to = node.attribute.iter().find(|attribute| attribute.name == "to");
        let to = to.filter(|_| node.op_type == "Cast").and_then(|to| i32::try_from(to.i).ok());
        let of = types.get(read).copied().filter(|_| computed.contains(read));
        if to.is_some_and(is_half)
            && of.is_some_and(|of| of == DataType::Float as i32 || name(of) == Some("float64"))
        {
            let actual = "a cast to halves of what float32 is computed with, which rounds it,".to_owned();
            let (node, operator) = (node_name(node).to_owned(), node.op_type.clone());
            let expected = "float32 throughout, or a model of halves as a whole: remove the cast";
            return Err(Error::UnsupportedUse { node, operator, actual, expected });
        }
        let depends = node.input.iter().any(|name| computed.contains(&**name) || is_input(name));
        for output in &node.output {
            if let Some(found) = result_type(node, &types) {
                types.insert(output, found);
            }
            if depends {
                computed.insert(&**output);
            }
        }
    }
    Ok(())
}

/// The element type of what a node computes, as far as it matters to casts of real numbers.
fn result_type(node: &NodeProto, types: &BTreeMap<&str, i32>) -> Option<i32> {
    let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
    let of_input = |index: usize| node.input.get(index).and_then(|name| types.get(&**name)).copied();
    match &*node.op_type {
        "Cast" => attribute("to").and_then(|to| i32::try_from(to.i).ok()),
        "Constant" | "ConstantOfShape" => {
            let tensor = attribute("value").and_then(|value| value.t.as_ref());
            Some(tensor.map_or(DataType::Float as i32, |tensor| tensor.data_type))
        }
        "CastLike" | "DequantizeLinear" | "Where" => of_input(1),
        "OneHot" => of_input(2),
        "And" | "Equal" | "Greater" | "GreaterOrEqual" | "IsInf" | "IsNaN" | "Less" | "LessOrEqual"
        | "Not" | "Or" | "Xor" => Some(DataType::Bool as i32),
        "ArgMax" | "ArgMin" | "NonZero" | "Shape" | "Size" => Some(DataType::Int64 as i32),
        _ => of_input(0),
    }
}

type Converted = BTreeSet<&'static str>;

fn convert_graph(graph: &mut GraphProto, converted: &mut Converted) -> Result<(), Error> {
    for tensor in &mut graph.initializer {
        convert_tensor(tensor, converted)?;
    }
    let values = graph.input.iter_mut().chain(&mut graph.output).chain(&mut graph.value_info);
    values.for_each(|value| convert_value(value, converted));
    for node in &mut graph.node {
        convert_node(node, converted)?;
    }
    Ok(())
}

fn convert_value(value: &mut ValueInfoProto, converted: &mut Converted) {
    let kind = value.r#type.as_mut().and_then(|kind| kind.value.as_mut());
    if let Some(type_proto::Value::TensorType(tensor)) = kind
        && let Some(name) = name(tensor.elem_type)
    {
        converted.insert(name);
        tensor.elem_type = DataType::Float as i32;
    }
}

fn convert_node(node: &mut NodeProto, converted: &mut Converted) -> Result<(), Error> {
    for attribute in &mut node.attribute {
        convert_attribute(attribute, converted);
        for tensor in attribute.t.iter_mut().chain(&mut attribute.tensors) {
            convert_tensor(tensor, converted)?;
        }
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            convert_graph(graph, converted)?;
        }
    }
    Ok(())
}

fn convert_attribute(attribute: &mut AttributeProto, converted: &mut Converted) {
    let data_type = i32::try_from(attribute.i).ok().filter(|_| TYPES.contains(&&*attribute.name));
    if let Some(name) = data_type.and_then(name) {
        converted.insert(name);
        attribute.i = DataType::Float as i64;
    }
}

fn convert_tensor(tensor: &mut TensorProto, converted: &mut Converted) -> Result<(), Error> {
    let Some(name) = name(tensor.data_type) else { return Ok(()) };
    converted.insert(name);
    let halves = |from: fn(u16) -> f32| -> Vec<f32> {
        let raw = tensor.raw_data.chunks_exact(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
        // Without raw data halves are the lower parts of 32-bit integers.
        let listed = tensor.int32_data.iter().map(|&bits| bits as u16);
        if tensor.raw_data.is_empty() { listed.map(from).collect() } else { raw.map(from).collect() }
    };
    let values = match name {
        "float16" => halves(half),
        "bfloat16" => halves(|bits| f32::from_bits(u32::from(bits) << 16)),
        _ => singles(tensor)?,
    };
    tensor.data_type = DataType::Float as i32;
    tensor.raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor.int32_data.clear();
    tensor.double_data.clear();
    Ok(())
}

/// The float32 nearest to each double.
fn singles(tensor: &TensorProto) -> Result<Vec<f32>, Error> {
    let raw = tensor.raw_data.chunks_exact(8).map(|bytes| {
        let mut word = [0; 8];
        word.copy_from_slice(bytes);
        f64::from_le_bytes(word)
    });
    let single = |value: f64| {
        let single = value as f32;
        if value.is_finite() && single.is_infinite() {
            Err(Error::RealRange { tensor: tensor.name.clone(), value })
        } else {
            Ok(single)
        }
    };
    if tensor.raw_data.is_empty() {
        tensor.double_data.iter().copied().map(single).collect()
    } else {
        raw.map(single).collect()
    }
}

/// The float16 with these bits.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    let magnitude = match exponent {
        0 => fraction * 2.0_f32.powi(-14),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1.0 + fraction) * 2.0_f32.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn reads_halves() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x8000, -0.0),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value), "{bits:x}");
        }
        assert!(half(0x7e00).is_nan());
    }
}
