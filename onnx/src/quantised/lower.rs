//! Node by node from the quantised graph to the network.
//!
//! | module | concept |
//! |---|---|
//! | `input` | the model's input |
//! | `lowering` | the network as far as it is lowered |
//! | `reading` | a node's inputs as what it needs them to be |
//! | `shape` | how a value is read |
//! | `quantisation` | rescales of linear layers, tables of functions |
//! | `pointwise` | functions of one number |
//! | `affine` | constants added and multiplied with |
//! | `pool` | windows, maxima, averages |
//! | `linear` | convolutions, matrix products, sums of activations |
//! | `output` | the model's outputs |

mod affine;
mod input;
mod linear;
mod lowering;
mod output;
mod pointwise;
mod pool;
mod quantisation;
mod reading;
mod shape;

use std::{path::Path, rc::Rc};

use tacit_layers::Network;
use tract_onnx::pb::{GraphProto, ModelProto};

use self::{input::input, lowering::Lowering};
use super::{
    attributes,
    constant::Constant,
    datum::{Base, Datum, Real},
    node::Node,
};
use crate::{error::Error, model::LoadOptions, requantise::RescaleError};

/// Lowers a model.
pub(super) fn lower(
    path: &Path,
    model: &str,
    proto: &ModelProto,
    options: &LoadOptions,
) -> Result<(Network, Vec<RescaleError>), Error> {
    let malformed = |detail| Error::Malformed { path: path.to_owned(), detail };
    let graph = proto.graph.as_ref().ok_or_else(|| malformed("it has no graph".to_owned()))?;
    let folder = path.parent().and_then(Path::to_str);
    let (name, view, is_batched) = input(graph, options)?;
    let mut lowering = Lowering::new(model, name.clone());
    for tensor in &graph.initializer {
        let constant = Constant::new(tensor, folder).map_err(malformed)?;
        lowering.data.insert(&tensor.name, Datum::Constant(Rc::new(constant)));
    }
    lowering.data.insert(&name, Datum::Real(Real { view, base: Base::Input }));
    for proto in &graph.node {
        let node = Node(proto);
        let datum = lowering.node(node, folder)?;
        if let Some(name) = proto.output.iter().skip(1).find(|name| is_read(graph, name)) {
            return Err(node.refuse(format!("its further output `{name}`"), "one output"));
        }
        let Some(output) = proto.output.first() else { continue };
        lowering.data.insert(output, datum);
    }
    lowering.finish(path, graph, is_batched)
}

/// Whether a tensor is read by a node or is an output.
fn is_read(graph: &GraphProto, name: &str) -> bool {
    !name.is_empty()
        && (graph.node.iter().any(|node| node.input.iter().any(|input| input == name))
            || graph.output.iter().any(|output| output.name == name))
}

impl<'a> Lowering<'a> {
    fn node(&mut self, node: Node<'a>, folder: Option<&str>) -> Result<Datum, Error> {
        attributes::check_for_integers(node)?;
        match node.operator() {
            "Constant" => constant_node(node, folder),
            "QuantizeLinear" => self.quantize_linear(node),
            "DequantizeLinear" => self.dequantize_linear(node),
            "QLinearConv" => self.qlinear_conv(node),
            "QLinearMatMul" => self.qlinear_matmul(node),
            "QGemm" => self.qgemm(node),
            "QLinearAdd" => self.qlinear_add(node),
            "QLinearGlobalAveragePool" | "QLinearAveragePool" => self.qlinear_average_pool(node),
            "QLinearLeakyRelu" | "QLinearSigmoid" => self.qlinear_function(node),
            "ConvInteger" => self.conv_integer(node),
            "MatMulInteger" => self.matmul_integer(node),
            "Conv" => self.conv(node),
            "Gemm" => self.gemm(node),
            "MatMul" => self.matmul(node),
            "Add" => self.add(node),
            "Mul" => self.multiply(node),
            "MaxPool" => self.max_pool(node),
            "AveragePool" | "GlobalAveragePool" => self.average_pool(node),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => self.reshape(node),
            "Transpose" => self.transpose(node),
            "Identity" | "Dropout" => self.datum(node, 0),
            "Cast" => self.cast(node),
            "DynamicQuantizeLinear" | "DynamicQuantizeMatMul" => Err(Error::DynamicQuantisation {
                node: node.name().to_owned(),
                operator: node.operator().to_owned(),
            }),
            _ => self.function(node),
        }
    }
}

impl Lowering<'_> {
    /// Sums of integers as real numbers, or real numbers as they are.
    fn cast(&self, node: Node<'_>) -> Result<Datum, Error> {
        match (self.datum(node, 0)?, node.integer("to", 0)) {
            // Type 1 is float32.
            (datum @ (Datum::Real(_) | Datum::Constant(_)), 1) => Ok(datum),
            (_, to) => Err(node.refuse(format!("a Cast to type {to} here"), "sums of integers to float32")),
        }
    }
}

/// A Constant node's tensor.
fn constant_node(node: Node<'_>, folder: Option<&str>) -> Result<Datum, Error> {
    let tensor = node
        .tensor("value")
        .ok_or_else(|| node.refuse("a constant without a tensor", "the attribute `value`"))?;
    let constant = Constant::new(tensor, folder);
    constant
        .map(|constant| Datum::Constant(Rc::new(constant)))
        .map_err(|detail| node.refuse(detail, "a tensor of numbers"))
}
