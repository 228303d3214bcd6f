//! Integer and boolean inputs, computed with as float32.
//!
//! What casts to real numbers alone read may as well be given as real numbers that are integers: such an input becomes one of
//! float32, its casts become identities, and every sample is checked to hold integers that float32 has. Where another
//! operator reads such an input, its integers would take part in integer arithmetic or index something: it is refused.

use tract_onnx::pb::{ModelProto, NodeProto, tensor_proto::DataType, type_proto};

use super::{
    declared::{DeclaredInput, SampleKind},
    file::node_name,
};
use crate::error::Error;

/// Converts a model's integer and boolean inputs in place.
///
/// # Errors
/// [`Error::IntegerInput`] when something else than casts to real numbers reads one.
pub(super) fn to_reals(proto: &mut ModelProto, inputs: &mut [DeclaredInput]) -> Result<(), Error> {
    let Some(graph) = &mut proto.graph else { return Ok(()) };
    for input in inputs.iter_mut().filter(|input| input.kind != SampleKind::Real) {
        if graph.output.iter().any(|output| output.name == input.name) {
            return Err(refused(input, None));
        }
        for node in &mut graph.node {
            if !reads(node, &input.name) {
                continue;
            }
            if !casts_to_float32(node) {
                return Err(refused(input, Some(node)));
            }
            // What is cast to float32 has these values already.
            "Identity".clone_into(&mut node.op_type);
            node.attribute.clear();
        }
        input.data_type = DataType::Float as i32;
        for declared in graph.input.iter_mut().filter(|declared| declared.name == input.name) {
            let kind = declared.r#type.as_mut().and_then(|kind| kind.value.as_mut());
            if let Some(type_proto::Value::TensorType(tensor)) = kind {
                tensor.elem_type = DataType::Float as i32;
            }
        }
    }
    Ok(())
}

/// Whether a node, or one of a graph that it holds, reads a value.
fn reads(node: &NodeProto, name: &str) -> bool {
    let graphs = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
    node.input.iter().any(|input| input == name)
        || graphs.flat_map(|graph| &graph.node).any(|inner| reads(inner, name))
}

fn casts_to_float32(node: &NodeProto) -> bool {
    let to = node.attribute.iter().find(|attribute| attribute.name == "to");
    node.op_type == "Cast" && to.is_some_and(|to| to.i == DataType::Float as i64)
}

fn refused(input: &DeclaredInput, node: Option<&NodeProto>) -> Error {
    Error::IntegerInput {
        input: input.name.clone(),
        kind: input.kind.name(),
        reader: node.map_or_else(
            || "the model gives it as an output".to_owned(),
            |node| format!("node `{}` ({}) reads it", node_name(node), node.op_type),
        ),
    }
}
