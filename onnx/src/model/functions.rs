//! Functions of the model, put in place of the nodes that call them.
//!
//! A function is a graph with parameters: a node of its domain and name stands for its nodes, with the call's values and
//! attributes. Every value inside gets a name of its own, behind that of the calling node, and a function may call others.

use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::pb::{AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto};

use super::{
    file::node_name,
    schema::{is_onnx, table::versions},
};
use crate::error::Error;

/// How deep functions may call functions.
const MAX_DEPTH: usize = 32;
/// How many nodes a model may have after all calls are replaced.
const MAX_NODES: usize = 1 << 18;

/// Replaces every node that calls a function of the model.
///
/// # Errors
/// [`Error::Function`] when a function is not unique, needs another operator set than the model, calls itself, or refers to
/// an attribute that nothing gives.
pub(crate) fn inline(proto: &mut ModelProto) -> Result<(), Error> {
    if proto.functions.is_empty() {
        return Ok(());
    }
    let functions = std::mem::take(&mut proto.functions);
    let sets = proto.opset_import.iter().map(|set| (domain(&set.domain).to_owned(), set.version)).collect();
    let mut inlining = Inlining { functions: &functions, sets, num_nodes: 0, num_calls: 0 };
    if let Some(graph) = &mut proto.graph {
        inlining.graph(graph, 0)?;
    }
    Ok(())
}

/// A domain's one name.
fn domain(name: &str) -> &str {
    if is_onnx(name) { "" } else { name }
}

struct Inlining<'a> {
    functions: &'a [FunctionProto],
    /// The model's operator sets, by domain.
    sets: BTreeMap<String, i64>,
    num_nodes: usize,
    num_calls: usize,
}

impl<'a> Inlining<'a> {
    fn graph(&mut self, graph: &mut GraphProto, depth: usize) -> Result<(), Error> {
        let nodes = std::mem::take(&mut graph.node);
        graph.node = self.nodes(nodes, depth)?;
        Ok(())
    }

    fn nodes(&mut self, nodes: Vec<NodeProto>, depth: usize) -> Result<Vec<NodeProto>, Error> {
        let mut result = vec![];
        for mut node in nodes {
            for attribute in &mut node.attribute {
                for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                    self.graph(graph, depth)?;
                }
            }
            if let Some(function) = self.called(&node)? {
                let body = self.body(&node, function, depth)?;
                result.extend(self.nodes(body, depth + 1)?);
            } else {
                self.num_nodes += 1;
                result.push(node);
            }
        }
        Ok(result)
    }

    /// The function that a node calls.
    fn called(&self, node: &NodeProto) -> Result<Option<&'a FunctionProto>, Error> {
        let is_called = |function: &&FunctionProto| {
            function.name() == node.op_type && domain(function.domain()) == domain(&node.domain)
        };
        let mut found = self.functions.iter().filter(is_called);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(refuse(node, "is defined more than once")),
            (Some(_), None) if is_onnx(&node.domain) && !versions(&node.op_type).is_empty() => Err(refuse(
                node,
                "has the name of an operator of ONNX, which is computed in its place elsewhere",
            )),
            (function, _) => Ok(function),
        }
    }

    /// The nodes of a call, with the call's names and attributes.
    fn body(
        &mut self,
        call: &NodeProto,
        function: &FunctionProto,
        depth: usize,
    ) -> Result<Vec<NodeProto>, Error> {
        if depth >= MAX_DEPTH {
            return Err(refuse(call, "calls itself, or others too deeply"));
        }
        self.num_nodes += function.node.len();
        if self.num_nodes > MAX_NODES {
            return Err(refuse(call, "makes the model too large"));
        }
        for set in &function.opset_import {
            let model = self.sets.get(domain(&set.domain));
            let is_needed = function.node.iter().any(|node| domain(&node.domain) == domain(&set.domain));
            if is_needed && model.is_some_and(|&version| version != set.version) {
                let (version, model) = (set.version, model.copied().unwrap_or(0));
                let domain = if set.domain.is_empty() { "ai.onnx" } else { &set.domain };
                let reason = format!("is of operator set {version} of {domain}, the model of {model}");
                return Err(refuse(call, reason));
            }
        }
        if call.input.len() > function.input.len() || call.output.len() > function.output.len() {
            return Err(refuse(call, "is called with more inputs or outputs than it has"));
        }
        self.num_calls += 1;
        let names = self.names(call, function);
        let mut body = function.node.clone();
        for node in &mut body {
            rename_node(node, &names);
            resolve(node, call, function)?;
        }
        Ok(body)
    }

    /// What every name of a function is called in this call.
    fn names(&self, call: &NodeProto, function: &FunctionProto) -> BTreeMap<String, String> {
        let mut inner = BTreeSet::new();
        function.node.iter().for_each(|node| collect_names(node, &mut inner));
        let prefix = format!("{}.{}", node_name(call), self.num_calls);
        let mut names: BTreeMap<String, String> =
            inner.into_iter().map(|name| (name.to_owned(), format!("{prefix}.{name}"))).collect();
        let parameters =
            function.input.iter().zip(call.input.iter().map(Some).chain(std::iter::repeat(None)));
        for (parameter, value) in parameters {
            names.insert(parameter.clone(), value.cloned().unwrap_or_default());
        }
        for (parameter, value) in function.output.iter().zip(&call.output) {
            if !value.is_empty() {
                names.insert(parameter.clone(), value.clone());
            }
        }
        names
    }
}

fn refuse(call: &NodeProto, reason: impl Into<String>) -> Error {
    let function = match &*call.domain {
        "" => call.op_type.clone(),
        domain => format!("{domain}.{}", call.op_type),
    };
    Error::Function { node: node_name(call).to_owned(), function, reason: reason.into() }
}

/// Every name of a value in a node and its subgraphs, and the node's own.
fn collect_names<'a>(node: &'a NodeProto, names: &mut BTreeSet<&'a str>) {
    names.extend([&node.input, &node.output].into_iter().flatten().map(String::as_str));
    names.insert(&node.name);
    for graph in graphs(node) {
        names.extend(graph.initializer.iter().map(|tensor| &*tensor.name));
        names.extend(graph.input.iter().chain(&graph.output).map(|value| &*value.name));
        graph.node.iter().for_each(|node| collect_names(node, names));
    }
    names.remove("");
}

fn graphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs))
}

fn rename(name: &mut String, names: &BTreeMap<String, String>) {
    if let Some(new) = names.get(name) {
        name.clone_from(new);
    }
}

fn rename_node(node: &mut NodeProto, names: &BTreeMap<String, String>) {
    rename(&mut node.name, names);
    node.input.iter_mut().chain(&mut node.output).for_each(|name| rename(name, names));
    for attribute in &mut node.attribute {
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            graph.initializer.iter_mut().for_each(|tensor| rename(&mut tensor.name, names));
            let values = graph.input.iter_mut().chain(&mut graph.output).chain(&mut graph.value_info);
            values.for_each(|value| rename(&mut value.name, names));
            graph.node.iter_mut().for_each(|node| rename_node(node, names));
        }
    }
}

/// Puts the call's attributes in place of references to the function's. One that the call leaves out is left out inside.
fn resolve(node: &mut NodeProto, call: &NodeProto, function: &FunctionProto) -> Result<(), Error> {
    let mut resolved: Vec<AttributeProto> = vec![];
    for mut attribute in std::mem::take(&mut node.attribute) {
        let reference = std::mem::take(&mut attribute.ref_attr_name);
        if reference.is_empty() {
            for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                for node in &mut graph.node {
                    resolve(node, call, function)?;
                }
            }
            resolved.push(attribute);
        } else if let Some(value) = call.attribute.iter().find(|value| value.name == reference) {
            resolved.push(AttributeProto { name: attribute.name, ..value.clone() });
        } else if !function.attribute.contains(&reference) {
            // Defaults are in a field that the reader of files drops.
            return Err(refuse(
                call,
                format!("has a default for the attribute `{reference}`, which is not read"),
            ));
        }
    }
    node.attribute = resolved;
    Ok(())
}
