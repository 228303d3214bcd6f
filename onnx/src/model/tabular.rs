//! Linear operators of the domain `ai.onnx.ml`, as exporters of tabular models write them, in ONNX's own operators.
//!
//! A Scaler is $(x - o) s$ with numbers for each feature or for all, a LinearRegressor $x C^\mathsf T + b$. Other operators of
//! the domain are left as they are, for the gate to refuse.

use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, attribute_proto::AttributeType,
    tensor_proto::DataType,
};

use super::file::node_name;
use crate::error::Error;

/// The domain of operators of machine learning before networks.
const DOMAIN: &str = "ai.onnx.ml";

/// Rewrites the nodes of the graph.
///
/// # Errors
/// [`Error::Schema`] when a node has an attribute that is not read, or no numbers where it needs them.
pub(crate) fn rewrite(proto: &mut ModelProto) -> Result<(), Error> {
    let Some(graph) = &mut proto.graph else { return Ok(()) };
    for node in std::mem::take(&mut graph.node) {
        match (&*node.domain, &*node.op_type) {
            (DOMAIN, "Scaler") => scaler(graph, &node)?,
            (DOMAIN, "LinearRegressor") => linear_regressor(graph, &node)?,
            _ => graph.node.push(node),
        }
    }
    Ok(())
}

fn refuse(node: &NodeProto, actual: String, expected: &str) -> Error {
    let (name, operator) = (node_name(node).to_owned(), node.op_type.clone());
    Error::Schema { node: name, operator, actual, expected: expected.to_owned() }
}

/// Checks that a node has one input and one output, and no attributes but these.
fn check(node: &NodeProto, attributes: &[&str]) -> Result<(), Error> {
    if node.input.len() != 1 || node.output.len() != 1 {
        return Err(refuse(node, "another number of inputs and outputs".to_owned(), "one of each"));
    }
    match node.attribute.iter().find(|attribute| !attributes.contains(&&*attribute.name)) {
        Some(other) => {
            let expected = attributes.join(", ");
            Err(refuse(node, format!("the attribute `{}`", other.name), &expected))
        }
        None => Ok(()),
    }
}

fn floats<'a>(node: &'a NodeProto, name: &str) -> &'a [f32] {
    let attribute = node.attribute.iter().find(|attribute| attribute.name == name);
    attribute.map_or(&[], |attribute| &attribute.floats)
}

/// Adds a constant and returns its name.
fn constant(graph: &mut GraphProto, node: &NodeProto, name: &str, dims: &[usize], values: &[f32]) -> String {
    let name = format!("{}.{name}", node.output[0]);
    graph.initializer.push(TensorProto {
        name: name.clone(),
        data_type: DataType::Float as i32,
        dims: dims.iter().map(|&length| length as i64).collect(),
        float_data: values.to_vec(),
        ..TensorProto::default()
    });
    name
}

fn push(graph: &mut GraphProto, name: &str, operator: &str, inputs: &[&str], output: &str) {
    graph.node.push(NodeProto {
        name: name.to_owned(),
        op_type: operator.to_owned(),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    });
}

fn scaler(graph: &mut GraphProto, node: &NodeProto) -> Result<(), Error> {
    check(node, &["offset", "scale"])?;
    let (offset, scale) = (floats(node, "offset"), floats(node, "scale"));
    if offset.is_empty() || scale.is_empty() {
        return Err(refuse(node, "a node without `offset` or `scale`".to_owned(), "both"));
    }
    let (name, output) = (node_name(node), &*node.output[0]);
    let inner = format!("{output}.difference");
    let offset = constant(graph, node, "offset", &[offset.len()], offset);
    let scale = constant(graph, node, "scale", &[scale.len()], scale);
    push(graph, &format!("{name}.difference"), "Sub", &[&node.input[0], &offset], &inner);
    push(graph, name, "Mul", &[&inner, &scale], output);
    Ok(())
}

fn linear_regressor(graph: &mut GraphProto, node: &NodeProto) -> Result<(), Error> {
    check(node, &["coefficients", "intercepts", "post_transform", "targets"])?;
    let find = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
    if find("post_transform").is_some_and(|transform| transform.s != b"NONE") {
        return Err(refuse(node, "a `post_transform`".to_owned(), "NONE"));
    }
    let targets = find("targets").map_or(Some(1), |targets| usize::try_from(targets.i).ok()).unwrap_or(0);
    let (coefficients, intercepts) = (floats(node, "coefficients"), floats(node, "intercepts"));
    if targets == 0 || coefficients.is_empty() || !coefficients.len().is_multiple_of(targets) {
        let actual = format!("{} coefficients for {targets} targets", coefficients.len());
        return Err(refuse(node, actual, "as many for each target"));
    }
    if !intercepts.is_empty() && intercepts.len() != targets {
        return Err(refuse(node, format!("{} intercepts", intercepts.len()), "one for each target"));
    }
    let dims = [targets, coefficients.len() / targets];
    let coefficients = constant(graph, node, "coefficients", &dims, coefficients);
    // Before operator set 11 a Gemm has three inputs.
    let zeros = vec![0.0; targets];
    let intercepts = if intercepts.is_empty() { &zeros } else { intercepts };
    let intercepts = constant(graph, node, "intercepts", &[targets], intercepts);
    push(graph, node_name(node), "Gemm", &[&node.input[0], &coefficients, &intercepts], &node.output[0]);
    if let Some(gemm) = graph.node.last_mut() {
        gemm.attribute.push(AttributeProto {
            name: "transB".to_owned(),
            r#type: AttributeType::Int as i32,
            i: 1,
            ..AttributeProto::default()
        });
    }
    Ok(())
}
