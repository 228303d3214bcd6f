//! Nodes in the name of others: casts, constants, comparisons and quotients of carried integers.

use tract_onnx::pb::{
    AttributeProto, GraphProto, NodeProto, TensorProto, attribute_proto::AttributeType,
    tensor_proto::DataType,
};

use super::{Carried, is_constant};
use crate::model::file::node_name;

impl Carried {
    /// Casts those inputs of a node that are not carried, from one on.
    pub(super) fn take_reals_from(&mut self, node: &mut NodeProto, first: usize) {
        for index in first..node.input.len() {
            if !node.input[index].is_empty() && !self.values.contains_key(&node.input[index]) {
                node.input[index] = self.cast_to(node, index, DataType::Float);
            }
        }
    }

    pub(super) fn take_reals(&mut self, node: &mut NodeProto) {
        self.take_reals_from(node, 0);
    }

    /// The name of an input of a node after a cast.
    pub(super) fn cast_to(&mut self, node: &NodeProto, index: usize, data_type: DataType) -> String {
        self.emit(node, "Cast", vec![node.input[index].clone()], vec![to(data_type)])
    }

    /// Adds a node in the name of another; returns its output.
    pub(super) fn emit(
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
    pub(super) fn number(&mut self, node: &NodeProto, value: f32) -> String {
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

    /// A comparison of integers as one of their difference, or with a constant half a unit off.
    pub(super) fn compare(&mut self, graph: &GraphProto, node: &mut NodeProto) {
        let [left, right] = [node.input[0].clone(), node.input[1].clone()];
        if is_constant(graph, &self.done, &right) || self.is_cast_constant(graph, &right) {
            let beside = |carried: &mut Self, operator: &str, offset: f32| {
                let offset = carried.number(node, offset);
                let threshold = carried.emit(node, "Add", vec![right.clone(), offset], vec![]);
                carried.emit(node, operator, vec![left.clone(), threshold], vec![])
            };
            let answers = match &*node.op_type {
                "Less" => vec![beside(self, "Less", -0.5)],
                "LessOrEqual" => vec![beside(self, "Less", 0.5)],
                "Greater" => vec![beside(self, "Greater", 0.5)],
                "GreaterOrEqual" => vec![beside(self, "Greater", -0.5)],
                _ => vec![beside(self, "Greater", -0.5), beside(self, "Less", 0.5)],
            };
            if answers.len() == 1 { "Identity" } else { "And" }.clone_into(&mut node.op_type);
            node.input = answers;
            return;
        }
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

    /// Whether a value is a cast of a constant.
    pub(super) fn is_cast_constant(&self, graph: &GraphProto, name: &String) -> bool {
        let cast = self.done.iter().find(|node| node.op_type == "Cast" && node.output.contains(name));
        cast.is_some_and(|cast| is_constant(graph, &self.done, &cast.input[0]))
    }

    /// A quotient of reals rounded towards zero, or what a quotient that is rounded leaves: towards zero for `fmod`, else down.
    pub(super) fn divide(&mut self, mut node: NodeProto) {
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

/// The element type that a cast gives.
pub(super) fn to(data_type: DataType) -> AttributeProto {
    AttributeProto {
        name: "to".to_owned(),
        r#type: AttributeType::Int.into(),
        i: data_type as i64,
        ..AttributeProto::default()
    }
}
