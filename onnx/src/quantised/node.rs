//! Nodes of an ONNX file with their attributes, and what is said of those that have no counterpart.

use tract_onnx::pb::{AttributeProto, NodeProto};

use crate::{error::Error, model::file::node_name};

/// A node of the graph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a>(pub(super) &'a NodeProto);

impl<'a> Node<'a> {
    /// Its name, or its output's.
    pub(super) fn name(self) -> &'a str {
        node_name(self.0)
    }

    /// Its operator.
    pub(super) fn operator(self) -> &'a str {
        &self.0.op_type
    }

    /// Where its operator is defined.
    pub(super) fn domain(self) -> &'a str {
        &self.0.domain
    }

    /// Names of its attributes.
    pub(super) fn attributes(self) -> impl Iterator<Item = &'a str> {
        self.0.attribute.iter().map(|attribute| &*attribute.name)
    }

    /// Name of an input; nothing when it is left out.
    pub(super) fn input(self, index: usize) -> Option<&'a str> {
        self.0.input.get(index).map(String::as_str).filter(|name| !name.is_empty())
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'a AttributeProto> {
        self.0.attribute.iter().find(|attribute| attribute.name == name)
    }

    /// Name of its first output.
    pub(super) fn output(self) -> Result<&'a str, Error> {
        let name = self.0.output.first().map(String::as_str).filter(|name| !name.is_empty());
        name.ok_or_else(|| self.refuse("a missing output", "an output"))
    }

    pub(super) fn tensor(self, name: &str) -> Option<&'a tract_onnx::pb::TensorProto> {
        self.attribute(name)?.t.as_ref()
    }

    pub(super) fn integer(self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.i)
    }

    pub(super) fn float(self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.f)
    }

    pub(super) fn integers(self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name).map(|attribute| &*attribute.ints)
    }

    pub(super) fn text(self, name: &str) -> &'a str {
        self.attribute(name).and_then(|attribute| std::str::from_utf8(&attribute.s).ok()).unwrap_or("")
    }

    /// The error for a use of the operator that has no counterpart.
    pub(super) fn refuse(self, actual: impl Into<String>, expected: &'static str) -> Error {
        let (node, operator) = (self.name().to_owned(), self.operator().to_owned());
        Error::UnsupportedUse { node, operator, actual: actual.into(), expected }
    }

    /// The error for a tensor of real numbers where integers are needed.
    pub(super) fn not_quantised(self) -> Error {
        let expected =
            "QuantizeLinear and DequantizeLinear in front of it; or compile the float model instead";
        self.refuse("an input that is not quantised", expected)
    }

    /// The error for an operator that has no counterpart.
    pub(super) fn unsupported(self) -> Error {
        let (node, operator) = (self.name().to_owned(), self.operator().to_owned());
        Error::UnsupportedOperator { node, operator }
    }
}
