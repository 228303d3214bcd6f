//! Node by node from the quantised graph to the network.

mod constants;
mod linear;
mod pointwise;
mod pool;
mod quantisation;
mod reading;
mod shape;

use std::{collections::BTreeMap, path::Path, rc::Rc};

use tacit_layers::{InputLayer, Layout, NetworkBuilder, NodeId, Output};
use tract_onnx::pb::{GraphProto, ModelProto, ValueInfoProto, tensor_shape_proto::dimension, type_proto};

use super::{
    QuantisedModel, RescaleError,
    constant::Constant,
    proto::Node,
    value::{Activation, Base, Datum, Input, Integers, Real, View},
};
use crate::{error::Error, float_graph::clip::Clip};

struct Lowering<'a> {
    model: &'a str,
    /// How the input is quantised, once a node has said so.
    input: Option<InputLayer>,
    input_zero_point: i64,
    builder: Option<NetworkBuilder>,
    data: BTreeMap<&'a str, Datum>,
    rescales: Vec<RescaleError>,
}

/// Lowers a model.
pub(super) fn lower(path: &Path, model: &str, proto: &ModelProto) -> Result<QuantisedModel, Error> {
    let malformed = |detail| Error::Malformed { path: path.to_owned(), detail };
    let graph = proto.graph.as_ref().ok_or_else(|| malformed("it has no graph".to_owned()))?;
    let folder = path.parent().and_then(Path::to_str);
    let mut lowering = Lowering {
        model,
        input: None,
        input_zero_point: 0,
        builder: None,
        data: BTreeMap::new(),
        rescales: vec![],
    };
    for tensor in &graph.initializer {
        let constant = Constant::new(tensor, folder).map_err(malformed)?;
        lowering.data.insert(&tensor.name, Datum::Constant(Rc::new(constant)));
    }
    let (name, view, is_batched) = input(graph)?;
    lowering.data.insert(name, Datum::Real(Real { view, base: Base::Input }));
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

/// The model's one input, how it reads the network's, and whether it has a batch axis in front.
fn input(graph: &GraphProto) -> Result<(&str, View, bool), Error> {
    let is_constant =
        |input: &&ValueInfoProto| graph.initializer.iter().any(|tensor| tensor.name == input.name);
    let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(|input| !is_constant(input)).collect();
    let [input] = inputs[..] else {
        let names = inputs.iter().map(|input| input.name.clone()).collect();
        return Err(Error::InputCount { names });
    };
    let type_proto::Value::TensorType(tensor) = input
        .r#type
        .as_ref()
        .and_then(|r#type| r#type.value.as_ref())
        .ok_or_else(|| Error::InputType { name: input.name.clone(), actual: "unknown".to_owned() })?;
    if tensor.elem_type != tract_onnx::pb::tensor_proto::DataType::Float as i32 {
        let actual = tract_onnx::pb::tensor_proto::DataType::try_from(tensor.elem_type);
        let actual = actual.map_or_else(|_| "unknown".to_owned(), |actual| format!("{actual:?}"));
        return Err(Error::InputType { name: input.name.clone(), actual });
    }
    let dims = tensor.shape.as_ref().map_or(&[][..], |shape| &shape.dim);
    let is_batched = dims.len() > 1;
    let mut lengths = vec![];
    for (axis, dim) in dims.iter().enumerate().skip(usize::from(is_batched)) {
        let length = match &dim.value {
            Some(dimension::Value::DimValue(length)) => usize::try_from(*length).ok().filter(|&n| n > 0),
            _ => None,
        };
        let Some(length) = length else {
            let actual = format!("{:?}", dim.value);
            return Err(Error::SymbolicAxis { name: input.name.clone(), axis, actual });
        };
        lengths.push(length);
    }
    if lengths.is_empty() {
        return Err(Error::InputType {
            name: input.name.clone(),
            actual: "a tensor without a shape".to_owned(),
        });
    }
    Ok((&input.name, input_view(graph, is_batched, lengths), is_batched))
}

fn input_view(graph: &GraphProto, is_batched: bool, lengths: Vec<usize>) -> View {
    let rank = |name: &String| graph.initializer.iter().find(|t| t.name == *name).map_or(0, |t| t.dims.len());
    let reads_kernel = |node: &tract_onnx::pb::NodeProto| {
        node.op_type.contains("Conv") && node.input.iter().any(|name| rank(name) == 3)
    };
    let has_one_dimension =
        graph.node.iter().any(|node| reads_kernel(node) || dequantises_kernel(graph, node, &rank));
    match lengths[..] {
        // Convolutions of one dimension read maps of height one.
        [channels, length] if is_batched && has_one_dimension => {
            View { lengths: vec![channels, 1, length], axes: vec![vec![], vec![0], vec![2]] }
                .without_unit_axes()
        }
        _ => View::behind(usize::from(is_batched), lengths),
    }
}

/// Whether a node dequantises the kernel of a convolution of one dimension.
fn dequantises_kernel(
    graph: &GraphProto,
    node: &tract_onnx::pb::NodeProto,
    rank: &impl Fn(&String) -> usize,
) -> bool {
    node.op_type == "DequantizeLinear"
        && node.input.first().is_some_and(|name| rank(name) == 3)
        && graph.node.iter().any(|reader| {
            reader.op_type == "Conv" && reader.input.get(1).is_some_and(|name| node.output.contains(name))
        })
}

impl<'a> Lowering<'a> {
    fn node(&mut self, node: Node<'a>, folder: Option<&str>) -> Result<Datum, Error> {
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
            "Identity" | "Dropout" | "Cast" => self.datum(node, 0),
            "DynamicQuantizeLinear" | "DynamicQuantizeMatMul" => Err(Error::DynamicQuantisation {
                node: node.name().to_owned(),
                operator: node.operator().to_owned(),
            }),
            _ => self.function(node),
        }
    }

    /// The builder; it exists once the input is quantised, which everything that is computed depends on.
    fn builder(&mut self, node: Node<'_>) -> Result<&mut NetworkBuilder, Error> {
        self.builder.as_mut().ok_or_else(|| not_quantised(node))
    }

    /// Declares how the model's input is quantised.
    fn quantise_input(
        &mut self,
        node: Node<'_>,
        view: View,
        scale: f32,
        zero_point: i64,
        bounds: (i64, i64),
    ) -> Result<Integers, Error> {
        let layer =
            InputLayer { layout: Layout::new(view.lengths.clone())?, bounds, scale: f64::from(scale) };
        if self.input.as_ref().is_some_and(|known| *known != layer || self.input_zero_point != zero_point) {
            return Err(
                node.refuse("an input that is quantised in two ways", "one scale for the model's input")
            );
        }
        if self.builder.is_none() {
            self.builder = Some(NetworkBuilder::new(self.model, layer.clone()));
        }
        (self.input, self.input_zero_point) = (Some(layer), zero_point);
        Ok(Integers { node: NodeId(0), view, zero_point, bounds })
    }

    fn finish(mut self, path: &Path, graph: &GraphProto, is_batched: bool) -> Result<QuantisedModel, Error> {
        let malformed = |detail| Error::Malformed { path: path.to_owned(), detail };
        for output in &graph.output {
            let name = output.name.as_str();
            let producer = graph.node.iter().find(|node| node.output.first().is_some_and(|o| o == name));
            let (Some(producer), Some(datum)) = (producer, self.data.get(name).cloned()) else {
                return Err(malformed(format!("nothing computes the output `{name}`")));
            };
            let output = self.output(Node(producer), name, datum, is_batched)?;
            self.builder(Node(producer))?.output(output);
        }
        let builder = self.builder.ok_or_else(|| malformed("its input is not quantised".to_owned()))?;
        Ok(QuantisedModel { network: builder.finish()?, rescales: self.rescales })
    }

    fn output(
        &mut self,
        node: Node<'_>,
        name: &str,
        datum: Datum,
        is_batched: bool,
    ) -> Result<Output, Error> {
        let (view, id, scales, scale_axis) = match datum {
            Datum::Constant(_) => {
                return Err(node.refuse("a constant output", "an output that depends on the model's input"));
            }
            Datum::Integers(Integers { node: id, view, zero_point: 0, .. }) => (view, id, vec![1.0], 0),
            Datum::Integers(_) => {
                return Err(
                    node.refuse("integers with a zero point as an output", "a DequantizeLinear behind them")
                );
            }
            Datum::Real(Real { view, base }) => match base {
                Base::Input => return Err(not_quantised(node)),
                Base::Activation(Activation { node: id, scale, steps, .. }) if steps.is_empty() => {
                    (view, id, vec![f64::from(scale)], 0)
                }
                Base::Linear(linear) if linear.clip == Clip::NONE && linear.pools.is_empty() => {
                    let id = self.accumulator(node, &linear)?;
                    let scales = linear.units.iter().map(|&unit| f64::from(unit)).collect();
                    (view, id, scales, linear.channel_axis)
                }
                Base::Activation(_) | Base::Linear(_) => {
                    let actual = "an output behind a function that is not quantised";
                    return Err(node.refuse(actual, "QuantizeLinear and DequantizeLinear behind it"));
                }
            },
        };
        if !view.is_in_order() {
            return Err(node.refuse("an output with permuted axes", "the axes' computed order"));
        }
        let mut shape = view.shape();
        if is_batched && shape.len() > 1 && shape[0] == 1 {
            shape.remove(0);
        }
        Ok(Output { name: name.to_owned(), node: id, shape, scales, scale_axis })
    }
}

/// The error for a tensor of real numbers where integers are needed.
fn not_quantised(node: Node<'_>) -> Error {
    let expected = "QuantizeLinear and DequantizeLinear in front of it; or compile the float model instead";
    node.refuse("an input that is not quantised", expected)
}

/// The activation that a layer reads.
const fn read(activation: &Activation) -> Input {
    Input { node: activation.node, bounds: activation.bounds }
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
