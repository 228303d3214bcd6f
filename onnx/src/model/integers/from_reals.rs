//! Integers that come from real numbers.

use tract_onnx::pb::{AttributeProto, NodeProto, attribute_proto::AttributeType, tensor_proto::DataType};

use super::{Carried, LIMIT, bounds::Kind, element_type, emit::to, has_32_bits, refused, watch::WATCH};
use crate::{
    error::Error,
    model::{
        declared::{DeclaredInput, SampleKind},
        file::node_name,
    },
};

impl Carried {
    /// A node that reads no carried integers: from some of its results on integers may be carried.
    pub(super) fn first_integers(&mut self, mut node: NodeProto) {
        let data_type = element_type(&node);
        let first = node.input.first().cloned().unwrap_or_default();
        match &*node.op_type {
            "Cast" if has_32_bits(data_type) && self.types.is_computed_real(&first) => {
                self.begin(&node.output[0], &node, data_type);
                let real = self.cast_to(&node, 0, DataType::Float);
                if self.types.is_truth(&first) {
                    "Identity".clone_into(&mut node.op_type);
                    self.done.push(NodeProto { input: vec![real], attribute: vec![], ..node });
                    return;
                }
                let whole = self.watch(&node, real, None);
                let integer = self.emit(&node, "Cast", vec![whole], vec![to(DataType::Int32)]);
                self.done.push(NodeProto {
                    input: vec![integer],
                    attribute: vec![to(DataType::Float)],
                    ..node
                });
            }
            "ArgMax" | "ArgMin" if self.types.is_computed(&first) => self.positions(node, 0),
            "TopK" if self.types.is_computed(&first) => self.positions(node, 1),
            _ => {
                self.record_foreign(&node);
                self.done.push(node);
            }
        }
    }

    /// A node that finds positions: they are carried from here on.
    pub(super) fn positions(&mut self, mut node: NodeProto, output: usize) {
        let Some(name) = node.output.get(output).filter(|name| self.read.contains(*name)).cloned() else {
            self.done.push(node);
            return;
        };
        let found = format!("{}.position.{}", node.name, self.done.len());
        node.output[output].clone_from(&found);
        self.done.push(node.clone());
        self.begin(&name, &node, DataType::Int64.into());
        self.done.push(NodeProto {
            name: found.clone(),
            op_type: "Cast".to_owned(),
            input: vec![found],
            output: vec![name],
            attribute: vec![to(DataType::Float)],
            ..NodeProto::default()
        });
    }

    /// Refuses what reads carried integers and cannot.
    pub(super) fn refused(&self, source: &DeclaredInput, node: &NodeProto) -> Error {
        if !node.input.iter().any(|name| self.watched.contains(name)) {
            return refused(source, Some(node));
        }
        Error::UnsupportedUse {
            node: node_name(node).to_owned(),
            operator: node.op_type.clone(),
            actual: format!("reading the integers that `{}` makes of real numbers", source.name),
            expected: "a Cast to float32 in front of it",
        }
    }

    /// Carries what comes from real numbers.
    pub(super) fn begin(&mut self, value: &str, node: &NodeProto, data_type: i32) {
        let source = DeclaredInput {
            name: node_name(node).to_owned(),
            data_type,
            kind: SampleKind::Integer,
            shape: vec![],
            is_batched: false,
            open: None,
        };
        self.steps.found(value, node, data_type);
        self.values.insert(value.to_owned(), source);
        self.watched.insert(value.to_owned());
    }

    /// A value that is watched up to a limit.
    pub(super) fn watch(&mut self, node: &NodeProto, value: String, output: Option<String>) -> String {
        let text = |name: &str, text: &str| AttributeProto {
            name: name.to_owned(),
            r#type: AttributeType::String.into(),
            s: text.as_bytes().to_vec(),
            ..AttributeProto::default()
        };
        let limit = AttributeProto {
            name: "limit".to_owned(),
            r#type: AttributeType::Int.into(),
            i: LIMIT,
            ..AttributeProto::default()
        };
        let attributes = vec![text("node", node_name(node)), text("operator", &node.op_type), limit];
        let emitted = self.emit(node, WATCH, vec![value], attributes);
        let Some(output) = output else { return emitted };
        if let Some(last) = self.done.last_mut() {
            last.output = vec![output.clone()];
        }
        output
    }

    /// Records what may be known of integers that are not carried.
    pub(super) fn record_foreign(&mut self, node: &NodeProto) {
        if node.op_type == "Cast" {
            self.steps.record(node, Kind::Foreign, 0, element_type(node));
        }
    }
}
