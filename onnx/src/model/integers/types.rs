//! Element types of a graph's values, and whether they depend on what its inputs hold: as far as a walk over the nodes tells.

use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::pb::{GraphProto, NodeProto, tensor_proto::DataType, type_proto};

/// Operators with truth values for results.
const QUESTIONS: &[&str] = &[
    "And",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "IsInf",
    "IsNaN",
    "Less",
    "LessOrEqual",
    "Not",
    "Or",
    "Xor",
];
/// Operators with lengths or positions for results.
const POSITIONS: &[&str] = &["ArgMax", "ArgMin", "NonZero", "Shape", "Size"];

/// What is known of the values so far.
#[derive(Debug, Default)]
pub(super) struct Types {
    /// ONNX element types.
    known: BTreeMap<String, i32>,
    /// Values that depend on elements of the inputs.
    computed: BTreeSet<String>,
}

impl Types {
    /// Of a graph's inputs and constants.
    pub(super) fn new(graph: &GraphProto) -> Self {
        let mut types = Self::default();
        for input in &graph.input {
            let kind = input.r#type.as_ref().and_then(|kind| kind.value.as_ref());
            if let Some(type_proto::Value::TensorType(tensor)) = kind {
                types.known.insert(input.name.clone(), tensor.elem_type);
                types.computed.insert(input.name.clone());
            }
        }
        for constant in &graph.initializer {
            types.known.insert(constant.name.clone(), constant.data_type);
            types.computed.remove(&constant.name);
        }
        types
    }

    /// Learns what a node computes.
    pub(super) fn learn(&mut self, node: &NodeProto) {
        let is_computed = node.input.iter().any(|name| self.computed.contains(name));
        for (place, output) in node.output.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(data_type) = self.output(node, place) {
                self.known.insert(output.clone(), data_type);
            }
            if is_computed && !matches!(&*node.op_type, "Shape" | "Size") {
                self.computed.insert(output.clone());
            }
        }
    }

    fn output(&self, node: &NodeProto, place: usize) -> Option<i32> {
        let attribute = |name: &str| node.attribute.iter().find(|attribute| attribute.name == name);
        let input = |place: usize| node.input.get(place).and_then(|name| self.known.get(name)).copied();
        let operator = &*node.op_type;
        if QUESTIONS.contains(&operator) {
            return Some(DataType::Bool.into());
        }
        if POSITIONS.contains(&operator) || (matches!(operator, "TopK" | "MaxPool") && place == 1) {
            return Some(DataType::Int64.into());
        }
        match operator {
            "Cast" => attribute("to").and_then(|to| i32::try_from(to.i).ok()),
            "Constant" | "ConstantOfShape" => {
                let value = attribute("value").and_then(|value| value.t.as_ref());
                value.map(|tensor| tensor.data_type)
            }
            "Where" => input(1),
            "OneHot" => input(2),
            // Other results than real numbers have a type of their own.
            "DequantizeLinear" | "QuantizeLinear" | "Dropout" | "EyeLike" | "CastLike" | "If" | "Loop"
            | "Scan" => None,
            _ => input(0),
        }
    }

    /// Whether a value is computed from the inputs' elements and holds real numbers or truth values.
    pub(super) fn is_computed_real(&self, name: &str) -> bool {
        let data_type = self.known.get(name).and_then(|&known| DataType::try_from(known).ok());
        let is_real = matches!(data_type, Some(DataType::Float | DataType::Bool));
        is_real && self.is_computed(name)
    }

    /// Whether a value holds truth values.
    pub(super) fn is_truth(&self, name: &str) -> bool {
        self.known.get(name) == Some(&DataType::Bool.into())
    }

    /// Whether a value is computed from the inputs' elements.
    pub(super) fn is_computed(&self, name: &str) -> bool {
        self.computed.contains(name)
    }
}
