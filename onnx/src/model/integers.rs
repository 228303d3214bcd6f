//! Integer and boolean inputs, computed with as float32.
//!
//! Integers that float32 has may as well be given as real numbers: such an input becomes one of float32, and every sample is
//! checked to hold such integers. What is computed from integers then stays *carried*: held as float32, up to a cast to real
//! numbers or to truth values, which is one of real numbers itself.
//!
//! - Sums, differences, products and extrema are those of real numbers. Comparisons are of differences with a half on either
//!   side of zero, as a network may hold them coarser than they are.
//! - Division by a constant, of what is half a unit further from the next quotient, is rounded towards zero or down; the
//!   remainder is what it leaves.
//! - What only moves elements moves float32.
//! - As an index of `Gather` and `OneHot` an integer is compared with every place that it may name: the rules of `rewrite`.
//!
//! What may become larger than its type, or than float32 has integers, is refused when the inputs' bounds are known: `bounds`.
//! What another operator reads is refused. So is arithmetic in types of eight and sixteen bits, which goes around at their
//! ends. Truth values are cast from the numbers zero and one for whatever reads them.

pub(crate) mod bounds;

use std::collections::BTreeMap;

use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, attribute_proto::AttributeType,
    tensor_proto::DataType, type_proto,
};

use self::bounds::{Kind, Steps};
use super::{
    declared::{DeclaredInput, SampleKind},
    file::node_name,
    rewrite::index::ONE_HOT,
};
use crate::error::Error;

/// Arithmetic of all their inputs.
const ARITHMETIC: &[&str] = &["Abs", "Add", "Div", "Max", "Min", "Mod", "Mul", "Neg", "Sub", "Sum"];
/// Questions about all their inputs, with truth values for results.
const COMPARISONS: &[&str] = &["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"];
/// What moves the elements of its first input, or takes the largest or smallest of them.
const MOVES: &[&str] = &[
    "Expand",
    "Flatten",
    "Identity",
    "ReduceMax",
    "ReduceMin",
    "Reshape",
    "Slice",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
];

/// Converts a model's integer and boolean inputs in place. Returns what is computed of them.
///
/// # Errors
/// [`Error::IntegerInput`] when something reads one that cannot.
pub(super) fn to_reals(proto: &mut ModelProto, inputs: &mut [DeclaredInput]) -> Result<Steps, Error> {
    let Some(graph) = &mut proto.graph else { return Ok(Steps::default()) };
    let mut carried = Carried::default();
    for (place, input) in inputs.iter_mut().enumerate() {
        if input.kind == SampleKind::Real {
            continue;
        }
        carried.steps.input(place, &input.name);
        if graph.output.iter().any(|output| output.name == input.name) {
            return Err(refused(input, None));
        }
        carried.values.insert(input.name.clone(), input.clone());
        input.data_type = DataType::Float as i32;
        for declared in graph.input.iter_mut().filter(|declared| declared.name == input.name) {
            let kind = declared.r#type.as_mut().and_then(|kind| kind.value.as_mut());
            if let Some(type_proto::Value::TensorType(tensor)) = kind {
                tensor.elem_type = DataType::Float as i32;
            }
        }
    }
    if carried.values.is_empty() {
        return Ok(Steps::default());
    }
    for node in std::mem::take(&mut graph.node) {
        carried.node(graph, node)?;
    }
    graph.node = carried.done;
    Ok(carried.steps)
}

/// The graph as far as its integers are carried by real numbers.
#[derive(Debug, Default)]
struct Carried {
    /// By value: the input that it comes from, with the value's own element type.
    values: BTreeMap<String, DeclaredInput>,
    steps: Steps,
    done: Vec<NodeProto>,
}

impl Carried {
    fn node(&mut self, graph: &GraphProto, mut node: NodeProto) -> Result<(), Error> {
        let read = |(place, name): (usize, &String)| Some((place, self.values.get(name)?.clone()));
        let read: Vec<(usize, DeclaredInput)> = node.input.iter().enumerate().filter_map(read).collect();
        if let ("Cast", Some((_, source))) = (&*node.op_type, read.first()) {
            return self.cast(node, source.clone());
        }
        let (truths, places): (Vec<_>, Vec<_>) =
            read.into_iter().partition(|(_, source)| source.kind == SampleKind::Boolean);
        for &(index, _) in &truths {
            node.input[index] = self.cast_to(&node, index, DataType::Bool);
        }
        let Some((_, source)) = places.first().cloned() else {
            if let Some(source) = self.values.values().find(|source| reads_inside(&node, &source.name)) {
                return Err(refused(source, Some(&node)));
            }
            self.record_foreign(&node);
            self.done.push(node);
            return Ok(());
        };
        let first_only = places.iter().all(|(place, _)| *place == 0);
        let operator = node.op_type.clone();
        if let Some((kind, first)) = kind(&node) {
            self.steps.record(&node, kind, first, source.data_type);
        }
        let is_wide = places.iter().all(|(_, source)| has_32_bits(source.data_type));
        match &*operator {
            _ if COMPARISONS.contains(&&*operator) => {
                self.take_reals(&mut node);
                self.compare(&mut node);
            }
            "Where" if places.iter().all(|(place, _)| *place > 0) => {
                self.take_reals_from(&mut node, 1);
                self.carry(&node, &source);
            }
            "Concat" => {
                self.take_reals(&mut node);
                self.carry(&node, &source);
            }
            "Div" | "Mod" if is_wide && first_only && is_constant(graph, &self.done, &node.input[1]) => {
                self.take_reals(&mut node);
                self.carry(&node, &source);
                self.divide(node);
                return Ok(());
            }
            "Div" | "Mod" => return Err(refused(&source, Some(&node))),
            _ if ARITHMETIC.contains(&&*operator) && is_wide => {
                self.take_reals(&mut node);
                self.carry(&node, &source);
            }
            "Gather" if first_only => self.carry(&node, &source),
            _ if MOVES.contains(&&*operator) && first_only => self.carry(&node, &source),
            "Gather" if places.iter().all(|(place, _)| *place == 1) => {}
            "OneHot" if first_only => ONE_HOT.clone_into(&mut node.op_type),
            "ArgMax" | "ArgMin" if first_only => {}
            "ReduceSum" if first_only && is_wide => self.carry(&node, &source),
            _ => return Err(refused(&source, Some(&node))),
        }
        self.done.push(node);
        Ok(())
    }

    /// Records what may be known of integers that are not carried.
    fn record_foreign(&mut self, node: &NodeProto) {
        match &*node.op_type {
            "Cast" => self.steps.record(node, Kind::Foreign, 0, element_type(node)),
            "ArgMax" | "ArgMin" => self.steps.record(node, Kind::Position, 0, DataType::Int64.into()),
            _ => {}
        }
    }

    /// A node's outputs are carried too.
    fn carry(&mut self, node: &NodeProto, source: &DeclaredInput) {
        for output in node.output.iter().filter(|name| !name.is_empty()) {
            self.values.insert(output.clone(), source.clone());
        }
    }

    fn cast(&mut self, mut node: NodeProto, source: DeclaredInput) -> Result<(), Error> {
        let to = element_type(&node);
        if to == DataType::Bool as i32 {
            self.done.push(node);
            return Ok(());
        }
        if to != DataType::Float as i32 {
            // A wider type has all values of a narrower one; so have types of 32 bits those that float32 has.
            if to != source.data_type && !has_32_bits(to) {
                return Err(refused(&source, Some(&node)));
            }
            self.steps.record(&node, Kind::Same, 0, to);
            let kind = SampleKind::Integer;
            self.carry(&node, &DeclaredInput { data_type: to, kind, ..source });
        }
        // What is cast to float32 has these values already.
        "Identity".clone_into(&mut node.op_type);
        node.attribute.clear();
        self.done.push(node);
        Ok(())
    }

    /// Casts those inputs of a node that are not carried, from one on.
    fn take_reals_from(&mut self, node: &mut NodeProto, first: usize) {
        for index in first..node.input.len() {
            if !self.values.contains_key(&node.input[index]) {
                node.input[index] = self.cast_to(node, index, DataType::Float);
            }
        }
    }

    fn take_reals(&mut self, node: &mut NodeProto) {
        self.take_reals_from(node, 0);
    }

    /// The name of an input of a node after a cast.
    fn cast_to(&mut self, node: &NodeProto, index: usize, data_type: DataType) -> String {
        self.emit(node, "Cast", vec![node.input[index].clone()], vec![to(data_type)])
    }

    /// Adds a node in the name of another; returns its output.
    fn emit(
        &mut self,
        node: &NodeProto,
        operator: &str,
        input: Vec<String>,
        attribute: Vec<AttributeProto>,
    ) -> String {
        let name = format!("{}.real.{}", node_name(node), self.done.len());
        self.done.push(NodeProto {
            name: name.clone(),
            op_type: operator.to_owned(),
            input,
            output: vec![name.clone()],
            attribute,
            ..NodeProto::default()
        });
        name
    }

    /// A constant.
    fn number(&mut self, node: &NodeProto, value: f32) -> String {
        let tensor = TensorProto {
            data_type: DataType::Float.into(),
            float_data: vec![value],
            ..TensorProto::default()
        };
        let value = AttributeProto {
            name: "value".to_owned(),
            r#type: AttributeType::Tensor.into(),
            t: Some(tensor),
            ..AttributeProto::default()
        };
        self.emit(node, "Constant", vec![], vec![value])
    }

    /// A comparison of integers as one of their difference.
    fn compare(&mut self, node: &mut NodeProto) {
        let mut difference = self.emit(node, "Sub", node.input.clone(), vec![]);
        let (operator, threshold) = match &*node.op_type {
            "Less" => ("Less", -0.5),
            "LessOrEqual" => ("Less", 0.5),
            "Greater" => ("Greater", 0.5),
            "GreaterOrEqual" => ("Greater", -0.5),
            _ => {
                difference = self.emit(node, "Abs", vec![difference], vec![]);
                ("Less", 0.5)
            }
        };
        let threshold = self.number(node, threshold);
        operator.clone_into(&mut node.op_type);
        node.input = vec![difference, threshold];
    }

    /// A quotient of reals rounded towards zero, or what a quotient that is rounded leaves: towards zero for `fmod`, else down.
    fn divide(&mut self, mut node: NodeProto) {
        let [left, right] = [node.input[0].clone(), node.input[1].clone()];
        let goes_down = node.op_type == "Mod" && !node.attribute.iter().any(|a| a.name == "fmod" && a.i == 1);
        let is_quotient = node.op_type == "Div";
        node.attribute.clear();
        let half = self.number(&node, 0.5);
        let side =
            self.emit(&node, "Sign", vec![if goes_down { right.clone() } else { left.clone() }], vec![]);
        let further = self.emit(&node, "Mul", vec![side, half], vec![]);
        let further = self.emit(&node, "Add", vec![left.clone(), further], vec![]);
        let quotient = self.emit(&node, "Div", vec![further, right.clone()], vec![]);
        let rounded = if goes_down {
            self.emit(&node, "Floor", vec![quotient], vec![])
        } else {
            let integer = self.emit(&node, "Cast", vec![quotient], vec![to(DataType::Int32)]);
            self.emit(&node, "Cast", vec![integer], vec![to(DataType::Float)])
        };
        if is_quotient {
            "Identity".clone_into(&mut node.op_type);
            node.input = vec![rounded];
        } else {
            let part = self.emit(&node, "Mul", vec![rounded, right], vec![]);
            "Sub".clone_into(&mut node.op_type);
            node.input = vec![left, part];
        }
        self.done.push(node);
    }
}

/// What a node computes of carried integers, and the first of its inputs that are some.
fn kind(node: &NodeProto) -> Option<(Kind, usize)> {
    let kind = match &*node.op_type {
        "Add" | "Sum" => Kind::Sum,
        "Sub" => Kind::Difference,
        "Mul" => Kind::Product,
        "Neg" => Kind::Negative,
        "Abs" => Kind::Magnitude,
        "Div" => Kind::Quotient,
        "Mod" => Kind::Remainder { fmod: node.attribute.iter().any(|a| a.name == "fmod" && a.i == 1) },
        "Max" | "Min" => Kind::Choice,
        "Where" => return Some((Kind::Choice, 1)),
        "ReduceSum" => Kind::Total,
        "Concat" => Kind::Same,
        "Gather" => Kind::First,
        "ArgMax" | "ArgMin" => Kind::Question,
        operator if COMPARISONS.contains(&operator) => Kind::Question,
        operator if MOVES.contains(&operator) => Kind::First,
        _ => return None,
    };
    Some((kind, 0))
}

/// The element type that a cast casts to.
fn element_type(node: &NodeProto) -> i32 {
    node.attribute.iter().find(|attribute| attribute.name == "to").map_or(0, |to| to.i as i32)
}

/// The element type that a cast gives.
fn to(data_type: DataType) -> AttributeProto {
    AttributeProto {
        name: "to".to_owned(),
        r#type: AttributeType::Int.into(),
        i: data_type as i64,
        ..AttributeProto::default()
    }
}

/// Whether integers of a type do not go around for what float32 has.
fn has_32_bits(data_type: i32) -> bool {
    matches!(DataType::try_from(data_type), Ok(DataType::Int32 | DataType::Int64))
}

fn is_constant(graph: &GraphProto, nodes: &[NodeProto], name: &String) -> bool {
    graph.initializer.iter().any(|tensor| tensor.name == *name)
        || nodes.iter().any(|node| node.op_type == "Constant" && node.output.contains(name))
}

/// Whether a graph that a node holds reads a value.
fn reads_inside(node: &NodeProto, name: &String) -> bool {
    let graphs = node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs));
    graphs.flat_map(|graph| &graph.node).any(|inner| inner.input.contains(name) || reads_inside(inner, name))
}

fn refused(input: &DeclaredInput, node: Option<&NodeProto>) -> Error {
    Error::IntegerInput {
        input: input.name.clone(),
        kind: input.kind.name(),
        reader: node.map_or_else(
            || "the model gives it as an output".to_owned(),
            |node| format!("node `{}` ({}) reads it", node_name(node), node.op_type),
        ),
    }
}
