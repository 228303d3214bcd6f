//! Notation that the importer does not know, in notation that it does.

use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, attribute_proto::AttributeType};

use super::schema::operator_set;
use crate::error::Error;

/// Rewrites every node's notation, subgraphs included.
///
/// # Errors
/// [`Error::OperatorSet`].
pub(crate) fn unify(proto: &mut ModelProto) -> Result<(), Error> {
    let opset = operator_set(proto)?;
    if let Some(graph) = &mut proto.graph {
        unify_graph(graph, opset);
    }
    Ok(())
}

fn unify_graph(graph: &mut GraphProto, opset: i64) {
    for node in &mut graph.node {
        unify_node(node, opset);
        for attribute in &mut node.attribute {
            attribute.g.iter_mut().chain(&mut attribute.graphs).for_each(|graph| unify_graph(graph, opset));
        }
    }
}

fn unify_node(node: &mut NodeProto, opset: i64) {
    // Optional parameters at the end that are left out may be written as empty names; the importer counts names.
    for names in [&mut node.input, &mut node.output] {
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
    }
    // Operator set 10 rounds places down; the importer takes the later default, which rounds to the nearest.
    if node.op_type == "Resize" && opset < 11 {
        node.attribute.push(AttributeProto {
            name: "nearest_mode".to_owned(),
            r#type: AttributeType::String as i32,
            s: b"floor".to_vec(),
            ..AttributeProto::default()
        });
    }
}
