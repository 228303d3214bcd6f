//! ONNX files, their nodes' names and operators.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use tract_onnx::{
    pb::{ModelProto, NodeProto, tensor_proto::DataType},
    prelude::{DatumType, Framework},
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
    if let Some(detail) = defined_twice(&proto) {
        return Err(Error::Malformed { path: path.to_owned(), detail });
    }
    Ok(proto)
}

/// What names of values do not say: an input, a constant that is not its default, a node's output each have a name of their
/// own, and so have the graph's outputs.
fn defined_twice(proto: &ModelProto) -> Option<String> {
    let graph = proto.graph.as_ref()?;
    let mut found: BTreeMap<&str, String> = BTreeMap::new();
    let inputs = graph.input.iter().map(|input| (&*input.name, "an input".to_owned()));
    let is_input = |name: &str| graph.input.iter().any(|input| input.name == name);
    let constants = graph.initializer.iter().filter(|constant| !is_input(&constant.name));
    let constants = constants.map(|constant| (&*constant.name, "a constant".to_owned()));
    let outputs = graph.node.iter().flat_map(|node| {
        let definer = format!("the node `{}`", node_name(node));
        node.output.iter().map(move |output| (&**output, definer.clone()))
    });
    for (name, definer) in inputs.chain(constants).chain(outputs).filter(|(name, _)| !name.is_empty()) {
        if let Some(first) = found.insert(name, definer.clone()) {
            return Some(format!("the value `{name}` is defined twice, by {first} and by {definer}"));
        }
    }
    let mut names = BTreeSet::new();
    let twice = graph.output.iter().find(|output| !names.insert(&output.name))?;
    Some(format!("two of its outputs have the name `{}`", twice.name))
}

/// A node's name, or its output's.
pub(crate) fn node_name(node: &NodeProto) -> &str {
    match (&*node.name, node.output.first()) {
        ("", Some(output)) => output,
        ("", None) => &node.op_type,
        (name, _) => name,
    }
}

/// What is wrong with a constant whose elements are of a type that is not read.
pub(super) fn unread_constant(proto: &ModelProto) -> Option<String> {
    let graph = proto.graph.as_ref()?;
    let of_nodes = graph.node.iter().flat_map(|node| {
        let tensors = node.attribute.iter().filter_map(|attribute| attribute.t.as_ref());
        tensors.map(|tensor| (node_name(node), tensor))
    });
    let constants = graph.initializer.iter().map(|tensor| (&*tensor.name, tensor)).chain(of_nodes);
    let mut unread = constants.filter_map(|(name, tensor)| {
        let known = DataType::try_from(tensor.data_type).ok()?;
        let is_read = DatumType::try_from(known).is_ok();
        (!is_read).then(|| {
            let data_type = known.as_str_name();
            format!("the constant `{name}` has elements of type {data_type}, which are not read: store it as float32")
        })
    });
    unread.next()
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
