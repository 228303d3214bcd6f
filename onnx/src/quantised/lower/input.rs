//! The model's input.

use tract_onnx::pb::{
    GraphProto, NodeProto, ValueInfoProto, tensor_proto::DataType, tensor_shape_proto::dimension, type_proto,
};

use crate::{error::Error, quantised::view::View};

/// The model's one input, how it reads the network's, and whether it has a batch axis in front.
pub(super) fn input(graph: &GraphProto) -> Result<(&str, View, bool), Error> {
    let is_constant =
        |input: &&ValueInfoProto| graph.initializer.iter().any(|tensor| tensor.name == input.name);
    let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(|input| !is_constant(input)).collect();
    let [input] = inputs[..] else {
        let names = inputs.iter().map(|input| input.name.clone()).collect();
        return Err(Error::InputCount { names });
    };
    let type_proto::Value::TensorType(tensor) = input
        .r#type
        .as_ref()
        .and_then(|r#type| r#type.value.as_ref())
        .ok_or_else(|| Error::InputType { name: input.name.clone(), actual: "unknown".to_owned() })?;
    if tensor.elem_type != DataType::Float as i32 {
        let actual = DataType::try_from(tensor.elem_type);
        let actual = actual.map_or_else(|_| "unknown".to_owned(), |actual| format!("{actual:?}"));
        return Err(Error::InputType { name: input.name.clone(), actual });
    }
    let dims = tensor.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    let is_batched = dims.len() > 1;
    let mut lengths = vec![];
    for (axis, dim) in dims.iter().enumerate().skip(usize::from(is_batched)) {
        let length = match &dim.value {
            Some(dimension::Value::DimValue(length)) => usize::try_from(*length).ok().filter(|&n| n > 0),
            _ => None,
        };
        let Some(length) = length else {
            let actual = format!("{:?}", dim.value);
            return Err(Error::SymbolicAxis { name: input.name.clone(), axis, actual });
        };
        lengths.push(length);
    }
    if lengths.is_empty() {
        return Err(Error::InputType {
            name: input.name.clone(),
            actual: "a tensor without a shape".to_owned(),
        });
    }
    Ok((&input.name, input_view(graph, is_batched, lengths), is_batched))
}

fn input_view(graph: &GraphProto, is_batched: bool, lengths: Vec<usize>) -> View {
    let rank = |name: &String| graph.initializer.iter().find(|t| t.name == *name).map_or(0, |t| t.dims.len());
    let reads_kernel =
        |node: &NodeProto| node.op_type.contains("Conv") && node.input.iter().any(|name| rank(name) == 3);
    let has_one_dimension =
        graph.node.iter().any(|node| reads_kernel(node) || dequantises_kernel(graph, node, &rank));
    match lengths[..] {
        // Convolutions of one dimension read maps of height one.
        [channels, length] if is_batched && has_one_dimension => {
            View { lengths: vec![channels, 1, length], axes: vec![vec![], vec![0], vec![2]] }
                .without_unit_axes()
        }
        _ => View::behind(usize::from(is_batched), lengths),
    }
}

/// Whether a node dequantises the kernel of a convolution of one dimension.
fn dequantises_kernel(graph: &GraphProto, node: &NodeProto, rank: &impl Fn(&String) -> usize) -> bool {
    node.op_type == "DequantizeLinear"
        && node.input.first().is_some_and(|name| rank(name) == 3)
        && graph.node.iter().any(|reader| {
            reader.op_type == "Conv" && reader.input.get(1).is_some_and(|name| node.output.contains(name))
        })
}
