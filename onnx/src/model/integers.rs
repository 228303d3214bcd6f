//! Integer and boolean inputs, and integers computed from real numbers, computed with as float32.
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
//! Casts of real numbers to int32 and int64, and positions that ArgMax, ArgMin and TopK find, are carried too. Nothing bounds them but
//! samples, so that they and what is computed from them are watched: `watch`. Whatever else reads them reads integers again.
//!
//! | module | concept |
//! |---|---|
//! | `interval` | integers from one to another |
//! | `bounds` | how large the integers of a model may become |
//! | `types` | element types, and what depends on the inputs |
//! | `from_reals` | integers that come from real numbers |
//! | `watch` | the same, while the float model runs |
//! | `emit` | nodes in the name of others |
//!
//! What another operator reads is refused. So is arithmetic in types of eight and sixteen bits, which goes around at their
//! ends. Truth values are cast from the numbers zero and one for whatever reads them.

pub(crate) mod bounds;
mod emit;
mod from_reals;
mod interval;
mod types;
pub(crate) mod watch;

use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, ValueInfoProto, tensor_proto::DataType, type_proto};

use self::{
    bounds::{Kind, Steps},
    types::Types,
};
use super::{
    declared::{DeclaredInput, SampleKind},
    file::node_name,
    rewrite::index::ONE_HOT,
};
use crate::error::Error;

/// Arithmetic of all their inputs.
const ARITHMETIC: &[&str] = &["Abs", "Add", "Clip", "Div", "Max", "Min", "Mod", "Mul", "Neg", "Sign", "Sub"];
/// Float32 has all integers and what is half a unit beside them up to here.
const LIMIT: i64 = 1 << 23;
/// Questions about all their inputs, with truth values for results.
const COMPARISONS: &[&str] = &["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"];
/// What is computed of float32 alone.
const OF_FLOATS: &[&str] = &[
    "BitShift",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "Gemm",
    "MatMul",
    "PRelu",
    "Pad",
    "Pow",
    "ReduceMean",
    "ReduceProd",
    "Relu",
    "TopK",
    "Trilu",
];
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
    let mut carried = Carried { types: Types::new(graph), read: read_in(graph), ..Carried::default() };
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
            set_real(declared);
        }
    }
    for node in std::mem::take(&mut graph.node) {
        carried.node(graph, node)?;
    }
    graph.node = carried.done;
    for output in graph.output.iter_mut().filter(|output| carried.values.contains_key(&output.name)) {
        set_real(output);
    }
    Ok(carried.steps)
}

/// Declares a value to hold real numbers.
fn set_real(declared: &mut ValueInfoProto) {
    let kind = declared.r#type.as_mut().and_then(|kind| kind.value.as_mut());
    if let Some(type_proto::Value::TensorType(tensor)) = kind {
        tensor.elem_type = DataType::Float as i32;
    }
}

/// The graph as far as its integers are carried by real numbers.
#[derive(Debug, Default)]
struct Carried {
    /// By value: the input that it comes from, with the value's own element type.
    values: BTreeMap<String, DeclaredInput>,
    /// Those that come from real numbers.
    watched: BTreeSet<String>,
    types: Types,
    /// What nodes of the model read, and its outputs.
    read: BTreeSet<String>,
    steps: Steps,
    done: Vec<NodeProto>,
}

impl Carried {
    fn node(&mut self, graph: &GraphProto, mut node: NodeProto) -> Result<(), Error> {
        node.name = node_name(&node).into();
        self.types.learn(&node);
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
            self.first_integers(node);
            return Ok(());
        };
        let first_only = places.iter().all(|(place, _)| *place == 0);
        let is_watched = places.iter().any(|(place, _)| self.watched.contains(&node.input[*place]));
        let operator = node.op_type.clone();
        let is_wide = places.iter().all(|(_, source)| has_32_bits(source.data_type));
        let kind = kind(&node);
        if let Some((kind, first)) = kind {
            self.steps.record(&node, kind, first, source.data_type);
            if is_watched {
                self.steps.watch_last();
            }
        }
        match &*operator {
            "Shape" | "Size" => {}
            _ if COMPARISONS.contains(&&*operator) => {
                self.take_reals(&mut node);
                self.compare(graph, &mut node);
            }
            "Where" if places.iter().all(|(place, _)| *place > 0) => {
                self.take_reals_from(&mut node, 1);
                self.carry(&node, &source, is_watched);
            }
            "Concat" => {
                self.take_reals(&mut node);
                self.carry(&node, &source, is_watched);
            }
            "Div" | "Mod" if is_wide && first_only && is_constant(graph, &self.done, &node.input[1]) => {
                self.take_reals(&mut node);
                self.carry(&node, &source, is_watched);
                self.divide(node);
                return Ok(());
            }
            "Div" | "Mod" => return Err(unfit_divisor(&node)),
            _ if is_watched && OF_FLOATS.contains(&&*operator) => return Err(self.refused(&source, &node)),
            _ if ARITHMETIC.contains(&&*operator) && is_wide => {
                self.take_reals(&mut node);
                self.carry(&node, &source, is_watched);
            }
            "CumSum" | "ReduceSum" if first_only && is_wide => self.carry(&node, &source, is_watched),
            "Gather" if first_only => self.carry(&node, &source, is_watched),
            _ if MOVES.contains(&&*operator) && first_only => self.carry(&node, &source, is_watched),
            "Gather" if places.iter().all(|(place, _)| *place == 1) => self.steps.index(&node),
            "OneHot" if first_only => ONE_HOT.clone_into(&mut node.op_type),
            "ArgMax" | "ArgMin" if first_only => {
                self.positions(node, 0);
                return Ok(());
            }
            _ if is_watched && places.iter().all(|(place, _)| self.watched.contains(&node.input[*place])) => {
                for (place, source) in places {
                    let data_type = DataType::try_from(source.data_type).unwrap_or(DataType::Int64);
                    node.input[place] = self.cast_to(&node, place, data_type);
                }
                self.first_integers(node);
                return Ok(());
            }
            _ => return Err(self.refused(&source, &node)),
        }
        let is_larger = kind.is_some_and(|(kind, _)| kind.makes_larger());
        if is_watched && is_larger && !node.output[0].is_empty() {
            let output = std::mem::take(&mut node.output[0]);
            let before = format!("{}.unwatched.{}", node.name, self.done.len());
            node.output[0].clone_from(&before);
            self.done.push(node.clone());
            self.watch(&node, before, Some(output));
        } else {
            self.done.push(node);
        }
        Ok(())
    }

    /// A node's outputs are carried too.
    fn carry(&mut self, node: &NodeProto, source: &DeclaredInput, is_watched: bool) {
        for output in node.output.iter().filter(|name| !name.is_empty()) {
            if is_watched {
                self.watched.insert(output.clone());
            }
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
            let is_watched = self.watched.contains(&node.input[0]);
            if to != source.data_type && !has_32_bits(to) {
                if !is_watched {
                    return Err(refused(&source, Some(&node)));
                }
                node.input[0] = self.cast_to(&node, 0, DataType::Int32);
                self.done.push(node);
                return Ok(());
            }
            self.steps.record(&node, Kind::Same, 0, to);
            if is_watched {
                self.steps.watch_last();
            }
            let kind = SampleKind::Integer;
            self.carry(&node, &DeclaredInput { data_type: to, kind, ..source }, is_watched);
        }
        // What is cast to float32 has these values already.
        "Identity".clone_into(&mut node.op_type);
        node.attribute.clear();
        self.done.push(node);
        Ok(())
    }
}

/// What a node computes of carried integers, and the first of its inputs that are some.
fn kind(node: &NodeProto) -> Option<(Kind, usize)> {
    let kind = match &*node.op_type {
        "Add" => Kind::Sum,
        "Sub" => Kind::Difference,
        "Mul" => Kind::Product,
        "Neg" => Kind::Negative,
        "Abs" => Kind::Magnitude,
        "Div" => Kind::Quotient,
        "Mod" => Kind::Remainder { fmod: node.attribute.iter().any(|a| a.name == "fmod" && a.i == 1) },
        "Max" | "Min" | "Clip" => Kind::Choice,
        "Where" => return Some((Kind::Choice, 1)),
        "CumSum" | "ReduceSum" => Kind::Total,
        "Concat" => Kind::Same,
        "Gather" => Kind::First,
        "ArgMax" | "ArgMin" | "Sign" => Kind::Question,
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

/// Refuses a quotient by what is computed, or in a type that goes around.
fn unfit_divisor(node: &NodeProto) -> Error {
    Error::UnsupportedUse {
        node: node_name(node).to_owned(),
        operator: node.op_type.clone(),
        actual: "a computed divisor of integers, or one of 8 or 16 bits,".to_owned(),
        expected: "a constant divisor of int32 or int64, or a Div of float32 with a Cast to int32 behind it",
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

/// What a graph's nodes read, and its outputs.
fn read_in(graph: &GraphProto) -> BTreeSet<String> {
    let inner = graph.node.iter().flat_map(|node| &node.attribute);
    let inner = inner.flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs)).flat_map(read_in);
    let outputs = graph.output.iter().map(|output| output.name.clone());
    graph.node.iter().flat_map(|node| node.input.iter().cloned()).chain(outputs).chain(inner).collect()
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
