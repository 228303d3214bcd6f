//! The gate: every node is what an operator's schema says, and nothing of it is left unread.
//!
//! The importer looks up the attributes that it knows and never at the others, and takes an operator's name for the operator,
//! whatever its domain and version. Here each node of the graph and of its subgraphs is held against the schema of its
//! operator in the model's operator set before the importer sees it:
//!
//! - the model names one ai.onnx operator set, from [`table::OLDEST`] to [`table::NEWEST`];
//! - the operator is of that set, and is not drawn at random;
//! - the attributes are those of the schema, with its types, and the required ones are there;
//! - attributes that [`readings`] does not list as read have their default;
//! - `auto_pad` comes without other wishes for the padding, and other attributes fit each other and the number of outputs;
//! - required inputs are there, and no more inputs and outputs than the operator has or the importer knows.
//!
//! | module | concept |
//! |---|---|
//! | `table` | the schemas of all operators |
//! | `attribute` | values of attributes as text |
//! | `readings` | what is read of each operator |
//! | `together` | what attributes must be together |

mod attribute;
pub(crate) mod readings;
pub(crate) mod table;
mod together;

use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

use self::{
    attribute::{is_value, kind, kind_in_words, text},
    readings::{RANDOM, Reading, UNKNOWN_INPUTS, UNKNOWN_OUTPUTS, reading},
    table::{NEWEST, OLDEST, Parameter, Schema, schema, versions},
};
use super::file::node_name;
use crate::error::Error;

/// Checks every node of a model.
///
/// # Errors
/// [`Error::OperatorSet`], [`Error::Domain`], [`Error::OperatorVersion`], [`Error::UnsupportedOperator`] and
/// [`Error::Schema`].
pub(crate) fn check(proto: &ModelProto) -> Result<(), Error> {
    let opset = operator_set(proto)?;
    proto.graph.as_ref().map_or(Ok(()), |graph| check_graph(graph, opset))
}

/// The model's one ai.onnx operator set.
pub(crate) fn operator_set(proto: &ModelProto) -> Result<i64, Error> {
    let sets = proto.opset_import.iter().filter(|import| is_onnx(&import.domain));
    let versions: Vec<i64> = sets.map(|import| import.version).collect();
    // Some exporters write the same set down twice.
    match versions[..] {
        [version, ref others @ ..]
            if others.iter().all(|&other| other == version) && (OLDEST..=NEWEST).contains(&version) =>
        {
            Ok(version)
        }
        _ => Err(Error::OperatorSet { versions, oldest: OLDEST, newest: NEWEST }),
    }
}

/// Whether a domain is that of ONNX's own operators.
pub(crate) fn is_onnx(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

fn check_graph(graph: &GraphProto, opset: i64) -> Result<(), Error> {
    for node in &graph.node {
        check_node(node, opset)?;
        for attribute in &node.attribute {
            for graph in attribute.g.iter().chain(&attribute.graphs) {
                check_graph(graph, opset)?;
            }
        }
    }
    Ok(())
}

fn check_node(node: &NodeProto, opset: i64) -> Result<(), Error> {
    let (name, operator) = (node_name(node).to_owned(), node.op_type.clone());
    if !is_onnx(&node.domain) {
        return Err(Error::Domain { node: name, operator, domain: node.domain.clone() });
    }
    if versions(&operator).is_empty() || RANDOM.contains(&&*operator) {
        return Err(Error::UnsupportedOperator { node: name, operator });
    }
    let Some(schema) = schema(&operator, opset).filter(|schema| !schema.is_deprecated) else {
        let known = versions(&operator);
        let since = known.first().map_or(0, |schema| schema.since);
        let until = known.iter().find(|schema| schema.is_deprecated).map(|schema| schema.since - 1);
        return Err(Error::OperatorVersion { node: name, operator, opset, since, until });
    };
    check_attributes(node, schema, opset)?;
    together::check(node)?;
    check_parameters(node, schema)
}

fn refuse(node: &NodeProto, actual: String, expected: impl Into<String>) -> Error {
    let (name, operator) = (node_name(node).to_owned(), node.op_type.clone());
    Error::Schema { node: name, operator, actual, expected: expected.into() }
}

fn check_attributes(node: &NodeProto, schema: &Schema, opset: i64) -> Result<(), Error> {
    for (index, attribute) in node.attribute.iter().enumerate() {
        let name = &attribute.name;
        if node.attribute[..index].iter().any(|other| other.name == *name) {
            return Err(refuse(node, format!("two values of the attribute `{name}`"), "one"));
        }
        check_attribute(node, attribute, schema, opset)?;
    }
    let missing = schema.attributes.iter().find(|known| {
        known.is_required && node.attribute.iter().all(|attribute| attribute.name != known.name)
    });
    match missing {
        Some(known) => {
            let actual = format!("a node without the attribute `{}`", known.name);
            Err(refuse(node, actual, kind_in_words(known.kind)))
        }
        None => Ok(()),
    }
}

fn check_attribute(
    node: &NodeProto,
    attribute: &AttributeProto,
    schema: &Schema,
    opset: i64,
) -> Result<(), Error> {
    let name = &attribute.name;
    let Some(known) = schema.attributes.iter().find(|known| known.name == name) else {
        let names: Vec<&str> = schema.attributes.iter().map(|known| known.name).collect();
        let actual = format!("the attribute `{name}` = {}", text(attribute));
        let expected = match &names[..] {
            [] => format!("none: {} has no attributes in operator set {opset}", node.op_type),
            names => format!("those of operator set {opset}: {}", names.join(", ")),
        };
        return Err(refuse(node, actual, expected));
    };
    if !attribute.ref_attr_name.is_empty() {
        let actual =
            format!("the attribute `{name}`, which refers to a function's `{}`", attribute.ref_attr_name);
        return Err(refuse(node, actual, "a value"));
    }
    if kind(attribute) != Some(known.kind) {
        let actual = format!("the attribute `{name}` = {}", text(attribute));
        return Err(refuse(node, actual, kind_in_words(known.kind)));
    }
    if known.default.is_some_and(|default| is_value(attribute, default)) {
        return Ok(());
    }
    let accepted: Vec<&str> = match reading(&node.op_type, name) {
        Some(Reading::Any) => return Ok(()),
        Some(Reading::Only(values)) => known.default.into_iter().chain(values.iter().copied()).collect(),
        None => known.default.into_iter().collect(),
    };
    if accepted.iter().any(|value| is_value(attribute, value)) {
        return Ok(());
    }
    let actual = format!("the attribute `{name}` = {}", text(attribute));
    let expected = match &accepted[..] {
        [] => "a node without it".to_owned(),
        accepted => accepted.join(" or "),
    };
    Err(refuse(node, actual, expected))
}

fn check_parameters(node: &NodeProto, schema: &Schema) -> Result<(), Error> {
    check_count(node, "inputs", &node.input, &schema.inputs)?;
    check_count(node, "outputs", &node.output, &schema.outputs)?;
    for (what, list, parameters, names) in [
        ("input", UNKNOWN_INPUTS, &schema.inputs, &node.input),
        ("output", UNKNOWN_OUTPUTS, &schema.outputs, &node.output),
    ] {
        let unknown = list.iter().find(|(operator, _)| *operator == node.op_type);
        let unknown = unknown.map_or(&[][..], |(_, unknown)| unknown);
        let named = parameters.iter().zip(names).filter(|(_, name)| !name.is_empty());
        if let Some(found) = named.map(|(known, _)| known.name).find(|name| unknown.contains(name)) {
            return Err(refuse(node, format!("the {what} {found}"), "a node without it"));
        }
    }
    Ok(())
}

/// Checks that the names fit the parameters: empty ones stand for optional parameters that are left out.
fn check_count(
    node: &NodeProto,
    what: &str,
    names: &[String],
    parameters: &[Parameter],
) -> Result<(), Error> {
    let repeats = parameters.last().is_some_and(|parameter| parameter.repeats);
    let count = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    if count > parameters.len() && !repeats {
        return Err(refuse(node, format!("{count} {what}"), format!("at most {}", parameters.len())));
    }
    let missing = parameters.iter().enumerate().find(|(index, parameter)| {
        !parameter.is_optional && !parameter.repeats && names.get(*index).is_none_or(String::is_empty)
    });
    match missing {
        Some((_, parameter)) => {
            let actual = format!("a node without {}", parameter.name);
            Err(refuse(node, actual, format!("all required {what}")))
        }
        None => Ok(()),
    }
}
