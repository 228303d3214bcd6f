//! ONNX files, their nodes' names and operators.

use std::{collections::BTreeMap, path::Path};

use tract_onnx::{
    pb::{ModelProto, NodeProto},
    prelude::Framework,
};

use super::{guard::attempt, names::unprintable_name};
use crate::error::Error;

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Reads an ONNX file that has a graph.
pub(crate) fn read_model(bytes: &[u8], path: &Path) -> Result<ModelProto, Error> {
    let not_onnx = |detail| Error::NotOnnx { path: path.to_owned(), detail };
    let proto = attempt(|| tract_onnx::onnx().proto_model_for_read(&mut &*bytes))
        .map_err(|_| not_onnx("its bytes are no protobuf message of ONNX, or end too early".to_owned()))?;
    if proto.graph.as_ref().is_none_or(|graph| graph.node.is_empty()) {
        return Err(not_onnx("it has no graph".to_owned()));
    }
    if let Some(name) = unprintable_name(&proto) {
        return Err(Error::UnprintableName { path: path.to_owned(), name: name.to_owned() });
    }
    Ok(proto)
}

/// A node's name, or its output's.
pub(crate) fn node_name(node: &NodeProto) -> &str {
    match (&*node.name, node.output.first()) {
        ("", Some(output)) => output,
        ("", None) => &node.op_type,
        (name, _) => name,
    }
}

/// An output of the graph that is no node's output, no input and no constant.
pub(super) fn missing_output(proto: &ModelProto) -> Option<&str> {
    let graph = proto.graph.as_ref()?;
    let computed = |name: &str| {
        graph.node.iter().any(|node| node.output.iter().any(|output| output == name))
            || graph.input.iter().any(|input| input.name == name)
            || graph.initializer.iter().any(|constant| constant.name == name)
    };
    graph.output.iter().map(|output| &*output.name).find(|name| !computed(name))
}

/// Every node's operator, by the node's name.
pub(crate) fn operators(proto: &ModelProto) -> BTreeMap<String, String> {
    let nodes = proto.graph.iter().flat_map(|graph| &graph.node);
    nodes.map(|node| (node_name(node).to_owned(), node.op_type.clone())).collect()
}
