//! The model's input.

use tract_onnx::pb::{GraphProto, NodeProto, tensor_proto::DataType};

use crate::{
    error::Error,
    model::declared::{DeclaredInput, LoadOptions, inputs, type_name},
    quantised::view::View,
};

/// The model's one input, how it reads the network's, and whether it has a batch axis in front.
pub(super) fn input(graph: &GraphProto, options: &LoadOptions) -> Result<(String, View, bool), Error> {
    let mut inputs = inputs(graph, options)?;
    if inputs.len() != 1 {
        return Err(Error::InputCount { names: inputs.into_iter().map(|input| input.name).collect() });
    }
    let DeclaredInput { name, data_type, mut shape, is_batched, .. } = inputs.swap_remove(0);
    if data_type != DataType::Float as i32 {
        return Err(Error::InputType { name, actual: type_name(data_type) });
    }
    if is_batched {
        shape.remove(0);
    }
    if shape.is_empty() {
        return Err(Error::InputType { name, actual: "a tensor without a shape".to_owned() });
    }
    let view = input_view(graph, is_batched, shape);
    Ok((name, view, is_batched))
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
