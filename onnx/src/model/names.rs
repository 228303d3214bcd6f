//! Names that messages can hold: those with control characters, or such as reorder or hide text, are refused.

use tacit_layers::printable::is_unprintable;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

/// The first name of a model, in its subgraphs and functions too, that is not printed as it is.
pub(super) fn unprintable_name(model: &ModelProto) -> Option<&str> {
    let graphs = model.graph.iter().find_map(in_graph);
    let functions = || {
        model.functions.iter().find_map(|function| {
            let names = function.name.iter().chain(&function.domain).chain(&function.input);
            let names = names.chain(&function.output).chain(&function.attribute);
            unprintable(names).or_else(|| function.node.iter().find_map(in_node))
        })
    };
    let domains = || unprintable(model.opset_import.iter().map(|opset| &opset.domain));
    graphs.or_else(functions).or_else(domains)
}

fn unprintable<'a>(mut names: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    names.find(|name| name.chars().any(is_unprintable)).map(String::as_str)
}

fn in_graph(graph: &GraphProto) -> Option<&str> {
    let values = graph.input.iter().chain(&graph.output).chain(&graph.value_info).map(|value| &value.name);
    let names = [&graph.name].into_iter().chain(values);
    unprintable(names.chain(graph.initializer.iter().map(|tensor| &tensor.name)))
        .or_else(|| graph.node.iter().find_map(in_node))
}

fn in_node(node: &NodeProto) -> Option<&str> {
    let names = [&node.name, &node.op_type, &node.domain].into_iter().chain(&node.input).chain(&node.output);
    unprintable(names).or_else(|| node.attribute.iter().find_map(in_attribute))
}

fn in_attribute(attribute: &AttributeProto) -> Option<&str> {
    let tensors = attribute.t.iter().chain(&attribute.tensors).map(|tensor| &tensor.name);
    unprintable([&attribute.name, &attribute.ref_attr_name].into_iter().chain(tensors))
        .or_else(|| attribute.g.iter().chain(&attribute.graphs).find_map(in_graph))
}
