//! Lowering: from tract's decluttered graph to the float graph, node by node.

mod affine;
mod arithmetic;
mod convolution;
mod deconvolution;
mod dense;
mod pointwise;
mod pool;
mod product;
mod reduce;
mod views;

use std::collections::BTreeMap;

use tract_onnx::{
    prelude::{OutletId, TypedFact, TypedOp},
    tract_core::{
        model::Node,
        ops::{
            array::{MultiBroadcastTo, Pad, Slice, TypedConcat},
            binary::TypedBinOp,
            change_axes::AxisOp,
            cnn::{Conv, Deconv, MaxPool, PoolSpec, SumPool},
            downsample::Downsample,
            einsum::EinSum,
            element_wise::ElementWiseOp,
            identity::Identity,
            logic::Iff,
            nn::{DataFormat, NearestUpsample, Reduce, Softmax},
            source::TypedSource,
        },
    },
};

use crate::{
    error::Error,
    float_graph::{
        Graph,
        clip::Clip,
        value::{Operation, Value},
        view::View,
    },
    model::{FloatModel, tensor::floats},
};

pub(crate) type TypedNode = Node<TypedFact, Box<dyn TypedOp>>;

/// A constant tensor.
struct Constant {
    shape: Vec<usize>,
    values: Vec<f64>,
}

struct Lowering<'a> {
    model: &'a FloatModel,
    values: Vec<Value>,
    /// Whether something else than the next node reads a value, so that nothing may be folded into it.
    shared: Vec<bool>,
    /// View of each node's first output.
    views: Vec<Option<View>>,
    /// The same, for functions that became a value.
    settled: Vec<Option<View>>,
}

/// Lowers a model.
pub(crate) fn lower(model: &FloatModel) -> Result<Graph, Error> {
    let graph = &model.graph;
    let order = graph.eval_order().map_err(|error| Error::Run { detail: error.to_string() })?;
    let views = vec![None; graph.nodes().len()];
    let settled = views.clone();
    let mut lowering = Lowering { model, values: vec![], shared: vec![], views, settled };
    for outlet in &graph.inputs {
        lowering.source(graph.node(outlet.node))?;
    }
    for id in order {
        let node = graph.node(id);
        let constant = graph.outlet_fact(OutletId::new(id, 0)).is_ok_and(|fact| fact.konst.is_some());
        if !constant && lowering.views[id].is_none() {
            let view = lowering.node(node)?;
            lowering.register(node, view);
        }
    }
    lowering.finish()
}

impl Lowering<'_> {
    fn source(&mut self, node: &TypedNode) -> Result<(), Error> {
        if !node.op_is::<TypedSource>() {
            return Err(self.unsupported(node));
        }
        let axes = self.model.input_shape().to_vec();
        let mut view_axes: Vec<Vec<usize>> =
            axes.iter().enumerate().map(|(i, &n)| significant(i, n)).collect();
        if self.model.is_batched() {
            view_axes.insert(0, vec![]);
        }
        let view =
            self.push(&node.name.clone(), axes, Operation::Input, OutletId::new(node.id, 0), view_axes);
        self.register(node, view);
        Ok(())
    }

    /// Adds a value and returns a view of it.
    fn push(
        &mut self,
        name: &str,
        axes: Vec<usize>,
        operation: Operation,
        outlet: OutletId,
        view: Vec<Vec<usize>>,
    ) -> View {
        let strides = vec![1; axes.len()];
        let view =
            view.into_iter().map(|list| list.into_iter().filter(|&axis| axes[axis] > 1).collect()).collect();
        self.values.push(Value {
            name: name.to_owned(),
            axes,
            operation,
            clip: Clip::NONE,
            function: None,
            outlet,
            readers: 0,
        });
        self.shared.push(false);
        View { value: self.values.len() - 1, axes: view, strides, function: None }
    }

    fn register(&mut self, node: &TypedNode, view: View) {
        let successors: usize = node.outputs.iter().map(|output| output.successors.len()).sum();
        let is_output = self.model.graph.outputs.iter().any(|outlet| outlet.node == node.id);
        if successors != 1 || is_output {
            self.shared[view.value] = true;
        }
        self.views[node.id] = Some(view);
    }

    fn node(&mut self, node: &TypedNode) -> Result<View, Error> {
        if let Some(op) = node.op_as::<Conv>() {
            self.conv(node, op)
        } else if let Some(op) = node.op_as::<EinSum>() {
            self.einsum(node, op)
        } else if let Some(op) = node.op_as::<TypedBinOp>() {
            self.binary(node, op)
        } else if let Some(op) = node.op_as::<MaxPool>() {
            self.max_pool(node, op)
        } else if let Some(op) = node.op_as::<SumPool>() {
            self.sum_pool(node, op)
        } else if let Some(op) = node.op_as::<Reduce>() {
            self.reduce(node, op)
        } else if let Some(op) = node.op_as::<Softmax>() {
            self.softmax(node, op)
        } else if let Some(op) = node.op_as::<Pad>() {
            self.pad(node, op)
        } else if let Some(op) = node.op_as::<AxisOp>() {
            self.change_axes(node, op)
        } else if let Some(op) = node.op_as::<Downsample>() {
            self.downsample(node, op)
        } else if let Some(op) = node.op_as::<Slice>() {
            self.slice(node, op)
        } else if let Some(op) = node.op_as::<TypedConcat>() {
            self.concat(node, op)
        } else if let Some(op) = node.op_as::<NearestUpsample>() {
            self.upsample(node, op)
        } else if let Some(op) = node.op_as::<MultiBroadcastTo>() {
            self.broadcast_to(node, op)
        } else if let Some(op) = node.op_as::<Deconv>() {
            self.deconv(node, op)
        } else if node.op_is::<Identity>() {
            self.reading(node, 0)
        } else if let Some(op) = node.op_as::<ElementWiseOp>() {
            self.element_wise(node, op)
        } else if node.op_is::<Iff>() {
            self.choice(node)
        } else if node.op.name() == "Resize" {
            let expected = "mode nearest with whole factors that repeat every position";
            Err(self.refuse(node, "this interpolation", expected))
        } else {
            Err(self.unsupported(node))
        }
    }

    fn unsupported(&self, node: &TypedNode) -> Error {
        let (node, operator) = self.model.origin(&node.name, &node.op.name());
        Error::UnsupportedOperator { node, operator }
    }

    fn refuse(&self, node: &TypedNode, actual: impl Into<String>, expected: &'static str) -> Error {
        let (node, operator) = self.model.origin(&node.name, &node.op.name());
        Error::UnsupportedUse { node, operator, actual: actual.into(), expected }
    }

    /// The ONNX node's name.
    fn name(&self, node: &TypedNode) -> String {
        self.model.origin(&node.name, "").0
    }

    /// View of a node's input, which must not be a constant; a function of a value becomes a value.
    fn view(&mut self, node: &TypedNode, input: usize) -> Result<View, Error> {
        let view = self.reading(node, input)?;
        Ok(self.settle(node.inputs[input].node, view))
    }

    /// View of a node's input, which must not be a constant.
    fn reading(&self, node: &TypedNode, input: usize) -> Result<View, Error> {
        let outlet = node.inputs.get(input).copied();
        let view =
            outlet.filter(|outlet| outlet.slot == 0).and_then(|outlet| self.views[outlet.node].clone());
        view.ok_or_else(|| {
            self.refuse(node, "an input that is a constant", "an input that depends on the model's input")
        })
    }

    /// View of a node's input that reads every position of its value.
    fn whole_view(&mut self, node: &TypedNode, input: usize) -> Result<View, Error> {
        let view = self.view(node, input)?;
        Ok(self.solid(node, view))
    }

    fn lengths(&self, view: &View) -> &[usize] {
        &self.values[view.value].axes
    }

    /// Shape of an outlet.
    fn shape(&self, node: &TypedNode, outlet: OutletId) -> Result<Vec<usize>, Error> {
        let fact = self.model.graph.outlet_fact(outlet).ok();
        fact.and_then(|fact| fact.shape.as_concrete())
            .map(<[usize]>::to_vec)
            .ok_or_else(|| self.symbolic(node))
    }

    fn symbolic(&self, node: &TypedNode) -> Error {
        self.refuse(node, "a symbolic shape", "fixed shapes")
    }

    fn input_shape(&self, node: &TypedNode, input: usize) -> Result<Vec<usize>, Error> {
        self.shape(node, node.inputs[input])
    }

    fn output_shape(&self, node: &TypedNode) -> Result<Vec<usize>, Error> {
        self.shape(node, OutletId::new(node.id, 0))
    }

    /// A node's input, if it is a constant.
    fn constant(&self, node: &TypedNode, input: usize) -> Result<Option<Constant>, Error> {
        let outlet = node.inputs[input];
        let Some(tensor) = self.model.graph.outlet_fact(outlet).ok().and_then(|fact| fact.konst.clone())
        else {
            return Ok(None);
        };
        if !tensor.datum_type().is_float() {
            let actual = format!("a constant of type {:?}", tensor.datum_type());
            return Err(self.refuse(node, actual, "a float model, which is quantised here"));
        }
        let values = floats(&tensor).map_err(|error| Error::Run { detail: error.to_string() })?;
        if let Some(position) = values.iter().position(|value| value.is_nan()) {
            return Err(self.constant_value(node, outlet, position, values[position]));
        }
        let values = values.into_iter().map(f64::from).collect();
        Ok(Some(Constant { shape: tensor.shape().to_vec(), values }))
    }

    /// A constant input that holds no infinities either.
    fn finite_constant(&self, node: &TypedNode, input: usize) -> Result<Option<Constant>, Error> {
        let constant = self.constant(node, input)?;
        if let Some(constant) = &constant
            && let Some(position) = constant.values.iter().position(|value| !value.is_finite())
        {
            let value = constant.values[position] as f32;
            return Err(self.constant_value(node, node.inputs[input], position, value));
        }
        Ok(constant)
    }

    fn constant_value(&self, node: &TypedNode, outlet: OutletId, position: usize, value: f32) -> Error {
        let tensor = self.model.graph.node(outlet.node).name.trim_end_matches(".0").to_owned();
        Error::ConstantValue { node: self.name(node), tensor, position, value }
    }

    /// The value index of a feature map whose outlet has this format; without a height axis the height is one.
    fn feature_map(&mut self, node: &TypedNode, format: DataFormat) -> Result<(usize, [usize; 3]), Error> {
        let shape = self.input_shape(node, 0)?;
        let batch = usize::from(matches!(format, DataFormat::NCHW | DataFormat::NHWC));
        let view = self.view(node, 0)?;
        let rank = shape.len().saturating_sub(batch + 1);
        if !(1..=2).contains(&rank) || view.axes.len() != shape.len() {
            let actual = format!("an input of shape {shape:?}");
            return Err(self.refuse(node, actual, "a feature map of one or two dimensions"));
        }
        let (c, spatial) = match format {
            DataFormat::NCHW | DataFormat::CHW => (batch, batch + 1),
            DataFormat::NHWC | DataFormat::HWC => (batch + rank, batch),
        };
        let (h, w) = ((rank == 2).then_some(spatial), spatial + rank - 1);
        let axes = [shape[c], h.map_or(1, |h| shape[h]), shape[w]];
        let groups = [vec![c], h.into_iter().collect(), vec![w]];
        Ok((self.arrange(node, view, &groups), axes))
    }

    /// How values' outlets run over the values' axes, where an outlet holds all of its value.
    fn orders(&self) -> BTreeMap<OutletId, Vec<usize>> {
        let order = |(index, value): (usize, &Value)| {
            let views = [&self.views, &self.settled].map(|views| views[value.outlet.node].as_ref());
            let view = views.into_iter().flatten().find(|view| view.value == index && view.is_whole())?;
            Some((value.outlet, view.axes.concat()))
        };
        self.values.iter().enumerate().filter_map(order).collect()
    }

    fn finish(mut self) -> Result<Graph, Error> {
        let mut outputs = vec![];
        for outlet in &self.model.graph.outputs {
            let node = self.model.graph.node(outlet.node);
            let Some(view) = self.views[outlet.node].clone().filter(|_| outlet.slot == 0) else {
                return Err(self.refuse(
                    node,
                    "a constant output",
                    "an output that depends on the model's input",
                ));
            };
            let mut view = self.settle(outlet.node, view);
            if !view.is_in_order() {
                view = self.in_order(node, view);
            }
            outputs.push(view.value);
        }
        let orders = self.orders();
        Ok(Graph { orders, ..Graph::new(self.values, outputs) })
    }
}

/// The value axes an outlet axis runs over: none when its length is one.
fn significant(axis: usize, length: usize) -> Vec<usize> {
    if length > 1 { vec![axis] } else { vec![] }
}

/// The axes of a feature map's outlet in this format; of one dimension, it has no height.
fn feature_map_axes(spec: &PoolSpec) -> Vec<Vec<usize>> {
    let spatial = if spec.rank() == 1 { &[2][..] } else { &[1, 2] };
    let (batch, order): (_, Vec<usize>) = match spec.data_format {
        DataFormat::NCHW => (vec![vec![]], [&[0], spatial].concat()),
        DataFormat::NHWC => (vec![vec![]], [spatial, &[0]].concat()),
        DataFormat::CHW => (vec![], [&[0], spatial].concat()),
        DataFormat::HWC => (vec![], [spatial, &[0]].concat()),
    };
    batch.into_iter().chain(order.into_iter().map(|axis| vec![axis])).collect()
}
