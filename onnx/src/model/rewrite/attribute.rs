//! Attributes of emitted nodes.

use tract_onnx::pb::{AttributeProto, attribute_proto::AttributeType};

/// An attribute's value.
#[derive(Debug, Clone)]
pub(super) enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
    Float(f32),
    Floats(Vec<f32>),
}

impl From<i64> for Attribute {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Attribute {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<Vec<i64>> for Attribute {
    fn from(values: Vec<i64>) -> Self {
        Self::Ints(values)
    }
}

impl From<f32> for Attribute {
    fn from(value: f32) -> Self {
        Self::Float(value)
    }
}

impl From<Vec<f32>> for Attribute {
    fn from(values: Vec<f32>) -> Self {
        Self::Floats(values)
    }
}

impl Attribute {
    /// As the file has it.
    pub(super) fn proto(self, name: &str) -> AttributeProto {
        let mut proto = AttributeProto { name: name.to_owned(), ..AttributeProto::default() };
        let kind = match self {
            Self::Int(value) => {
                proto.i = value;
                AttributeType::Int
            }
            Self::Ints(values) => {
                proto.ints = values;
                AttributeType::Ints
            }
            Self::Float(value) => {
                proto.f = value;
                AttributeType::Float
            }
            Self::Floats(values) => {
                proto.floats = values;
                AttributeType::Floats
            }
        };
        proto.r#type = kind.into();
        proto
    }
}
