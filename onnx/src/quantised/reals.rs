//! A quantised model as a float model, for what has no exact integer form: integers become the real numbers that they stand
//! for.
//!
//! 1. Constants that a DequantizeLinear or a quantised operator reads become float constants. Weights stay integers times a
//!    unit that the importer is told of.
//! 2. A QuantizeLinear becomes a rounding to its grid ([`crate::model::grid`]), and the DequantizeLinear behind it nothing.
//! 3. A quantised operator becomes the float operator with a rounding behind it; sums of integer products are reals whose
//!    unit is one.
//! 4. A DynamicQuantizeLinear becomes nothing: its scale, one, is calibrated like that of any other value.
//!
//! | module | concept |
//! |---|---|
//! | `rewriting` | the graph as far as it is rewritten |
//! | `operators` | quantised operators |

mod operators;
mod rewriting;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use tract_onnx::pb::{GraphProto, ModelProto};

use self::rewriting::Rewriting;
use super::{attributes, node::Node};
use crate::error::Error;

/// A quantised model in real numbers.
pub(super) struct Reals {
    pub(super) proto: ModelProto,
    /// By layer: the unit of its weights, or of those of each output.
    pub(super) weight_units: BTreeMap<String, Vec<f32>>,
    /// Nodes whose scales depend on the input, in place of which calibrated ones are taken.
    pub(super) dynamic: Vec<String>,
}

/// Operators that give the integers they read, in other places or the largest of them.
const KEEPING: &[&str] = &[
    "DepthToSpace",
    "Dropout",
    "Expand",
    "Flatten",
    "Gather",
    "GlobalMaxPool",
    "Identity",
    "MaxPool",
    "Reshape",
    "Resize",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
];

/// Rewrites a model.
///
/// # Errors
/// When scales or zero points are of no kind that can be taken over, when integers are used as something else than
/// quantised numbers, and when the float constants would be out of proportion to the file.
pub(super) fn in_real_numbers(path: &Path, mut proto: ModelProto, file_bytes: usize) -> Result<Reals, Error> {
    let malformed = |detail| Error::Malformed { path: path.to_owned(), detail };
    let graph = proto.graph.take().ok_or_else(|| malformed("it has no graph".to_owned()))?;
    let mut rewriting =
        Rewriting::new(&graph, path.parent().and_then(Path::to_str), opset(&proto), file_bytes);
    for node in &graph.node {
        rewriting.node(Node(node))?;
    }
    let Rewriting { nodes, constants, weight_units, dynamic, integers, .. } = rewriting;
    if let Some(output) = graph.output.iter().find(|output| integers.contains_key(&output.name)) {
        let writer = graph.node.iter().find(|node| node.output.contains(&output.name));
        return Err(writer.map_or_else(
            || malformed(format!("nothing computes the output `{}`", output.name)),
            |node| {
                let expected = "a DequantizeLinear behind them";
                Node(node).refuse("integers with a zero point as an output", expected)
            },
        ));
    }
    let mut initializer = graph.initializer.clone();
    initializer.retain(|tensor| constants.iter().all(|constant| constant.name != tensor.name));
    initializer.extend(constants);
    // What only quantised operators read is of types that float models do not have.
    let outputs = graph.output.iter().map(|output| &output.name);
    let read: BTreeSet<&String> = nodes.iter().flat_map(|node| &node.input).chain(outputs).collect();
    initializer.retain(|tensor| read.contains(&tensor.name));
    proto.graph = Some(GraphProto { node: nodes, initializer, value_info: vec![], ..graph });
    Ok(Reals { proto, weight_units, dynamic })
}

/// ONNX's operator set.
fn opset(proto: &ModelProto) -> i64 {
    let own = proto.opset_import.iter().find(|set| set.domain.is_empty() || set.domain == "ai.onnx");
    own.map_or(0, |set| set.version)
}

impl Rewriting<'_> {
    fn node(&mut self, node: Node<'_>) -> Result<(), Error> {
        attributes::check(node)?;
        match node.operator() {
            "QuantizeLinear" => self.quantize_linear(node),
            "DequantizeLinear" => self.dequantize_linear(node),
            "DynamicQuantizeLinear" => self.dynamic_quantize_linear(node),
            "DynamicQuantizeMatMul" => self.dynamic_quantize_matmul(node),
            "MatMulIntegerToFloat" => self.matmul_integer_to_float(node),
            "MatMulInteger" => self.matmul_integer(node),
            "ConvInteger" => self.conv_integer(node),
            "QLinearConv" => self.qlinear_conv(node),
            "QLinearMatMul" => self.qlinear_matmul(node),
            "QGemm" => self.qgemm(node),
            "QLinearAdd" => self.qlinear_binary(node, "Add"),
            "QLinearMul" => self.qlinear_binary(node, "Mul"),
            "QLinearSigmoid" => self.qlinear_unary(node, "Sigmoid"),
            "QLinearLeakyRelu" => self.qlinear_unary(node, "LeakyRelu"),
            "QLinearAveragePool" => {
                // ONNX Runtime divides by the whole kernel, places behind the padding included.
                if node.integer("ceil_mode", 0) != 0 && node.integer("count_include_pad", 0) != 0 {
                    let expected = "one of the two, or windows that fit the input";
                    return Err(node.refuse("ceil_mode=1 together with count_include_pad=1", expected));
                }
                self.qlinear_unary(node, "AveragePool")
            }
            "QLinearGlobalAveragePool" => self.qlinear_unary(node, "GlobalAveragePool"),
            "QLinearSoftmax" => self.qlinear_softmax(node),
            "QLinearConcat" => self.qlinear_concat(node),
            _ => self.float(node),
        }
    }

    /// An operator that float models have too.
    fn float(&mut self, node: Node<'_>) -> Result<(), Error> {
        let known = node.0.input.first().and_then(|name| self.integers.get(name)).copied();
        if let Some(integer) = known {
            return self.keeping(node, integer);
        }
        if node.0.input.iter().any(|name| self.integers.contains_key(name)) {
            return Err(node.refuse("quantised integers", "a DequantizeLinear in front of it"));
        }
        let reads_sum = node.0.input.iter().any(|name| self.sums.contains(name));
        if reads_sum && node.operator() == "Cast" {
            // Type 1 is float32.
            if node.integer("to", 0) != 1 {
                let actual = format!("sums of integers as type {}", node.integer("to", 0));
                return Err(node.refuse(actual, "float32"));
            }
            self.emit(node, "Identity", &[node.input(0).unwrap_or_default()], node.output()?, vec![]);
            return Ok(());
        }
        if reads_sum {
            return Err(node.refuse("sums of integers", "a Cast to float32 in front of it"));
        }
        self.weights_of(node);
        self.nodes.push(node.0.clone());
        Ok(())
    }
}
