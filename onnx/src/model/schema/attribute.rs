//! Attributes of nodes as text, to compare and to print.

use tract_onnx::pb::{AttributeProto, attribute_proto::AttributeType};

/// The type of an attribute in the table's notation; nothing when it has none that is known.
pub(super) fn kind(attribute: &AttributeProto) -> Option<&'static str> {
    Some(match AttributeType::try_from(attribute.r#type).ok()? {
        AttributeType::Int => "i",
        AttributeType::Float => "f",
        AttributeType::String => "s",
        AttributeType::Tensor => "t",
        AttributeType::Graph => "g",
        AttributeType::SparseTensor => "S",
        AttributeType::Ints => "I",
        AttributeType::Floats => "F",
        AttributeType::Strings => "Ss",
        AttributeType::Tensors => "ts",
        AttributeType::Graphs => "gs",
        AttributeType::SparseTensors => "SS",
        _ => return None,
    })
}

/// A type of the table's notation in words.
pub(super) fn kind_in_words(kind: &str) -> &'static str {
    match kind {
        "i" => "an integer",
        "f" => "a real number",
        "s" => "a string",
        "t" => "a tensor",
        "g" => "a graph",
        "I" => "a list of integers",
        "F" => "a list of real numbers",
        "Ss" => "a list of strings",
        _ => "of another type",
    }
}

/// An attribute's value; in the table's notation where it has one.
pub(super) fn text(attribute: &AttributeProto) -> String {
    match kind(attribute) {
        Some("i") => attribute.i.to_string(),
        Some("f") => real(attribute.f),
        Some("s") => quoted(&attribute.s),
        Some("I") => list(&attribute.ints, i64::to_string),
        Some("F") => list(&attribute.floats, |&value| real(value)),
        Some("Ss") => format!("[{}]", list(&attribute.strings, |text| quoted(text))),
        Some(kind) => kind_in_words(kind).to_owned(),
        None => "of unknown type".to_owned(),
    }
}

/// Whether an attribute's text is this value of the table.
pub(super) fn is_value(attribute: &AttributeProto, value: &str) -> bool {
    match kind(attribute) {
        Some("f") => value.parse() == Ok(attribute.f),
        Some("F") => {
            let values: Result<Vec<f32>, _> = value.split(',').map(str::parse).collect();
            values.as_ref() == Ok(&attribute.floats)
        }
        _ => text(attribute) == value,
    }
}

fn real(value: f32) -> String {
    format!("{value:?}")
}

fn quoted(text: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(text))
}

fn list<T>(values: &[T], text: impl Fn(&T) -> String) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(",")
}
