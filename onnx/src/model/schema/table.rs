//! The operators' schemas: what attributes, inputs and outputs an operator has in an operator set.
//!
//! `table.txt` holds every ai.onnx operator in every version that operator sets [`OLDEST`] to [`NEWEST`] use. `generate.py`
//! writes it from the `onnx` package and documents the notation.

use std::{collections::BTreeMap, sync::LazyLock};

/// The oldest operator set that is read.
pub(crate) const OLDEST: i64 = 7;
/// The newest operator set that is read.
pub(crate) const NEWEST: i64 = 28;

static TABLE: LazyLock<BTreeMap<&'static str, Vec<Schema>>> = LazyLock::new(|| {
    let mut table: BTreeMap<_, Vec<Schema>> = BTreeMap::new();
    for line in include_str!("table.txt").lines() {
        if let Some((operator, schema)) = parse(line) {
            table.entry(operator).or_default().push(schema);
        }
    }
    table
});

/// One version of an operator.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The operator set that brought it.
    pub(crate) since: i64,
    /// Whether the operator is gone from this version on.
    pub(crate) is_deprecated: bool,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) inputs: Vec<Parameter>,
    pub(crate) outputs: Vec<Parameter>,
}

/// An attribute of an operator.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// The type in the table's notation.
    pub(crate) kind: &'static str,
    /// The value when it is absent, as [`super::attribute::text`] writes it.
    pub(crate) default: Option<&'static str>,
    pub(crate) is_required: bool,
}

/// An input or an output of an operator.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) is_optional: bool,
    /// Whether it stands for any number of them.
    pub(crate) repeats: bool,
}

/// Every version of an operator that is in use since operator set [`OLDEST`], oldest first; empty when ONNX has none.
pub(crate) fn versions(operator: &str) -> &'static [Schema] {
    TABLE.get(operator).map_or(&[], Vec::as_slice)
}

/// The version of an operator in an operator set.
pub(crate) fn schema(operator: &str, opset: i64) -> Option<&'static Schema> {
    versions(operator).iter().rfind(|schema| schema.since <= opset)
}

/// Every operator's name.
#[cfg(test)]
pub(crate) fn operators() -> impl Iterator<Item = &'static str> {
    TABLE.keys().copied()
}

fn parse(line: &'static str) -> Option<(&'static str, Schema)> {
    let mut fields = line.split(" ;").map(str::trim);
    let (operator, since) = fields.next().filter(|head| !head.starts_with('#'))?.split_once(' ')?;
    let attributes = fields.next()?;
    let is_deprecated = attributes == "deprecated";
    let attributes =
        if is_deprecated { vec![] } else { attributes.split(' ').filter_map(attribute).collect() };
    let mut parameters = || fields.next().unwrap_or("").split(' ').filter_map(parameter).collect();
    let (inputs, outputs) = (parameters(), parameters());
    Some((operator, Schema { since: since.parse().ok()?, is_deprecated, attributes, inputs, outputs }))
}

fn attribute(text: &'static str) -> Option<Attribute> {
    let (name, rest) = text.split_once(':')?;
    let (rest, is_required) = rest.strip_suffix('!').map_or((rest, false), |rest| (rest, true));
    let (kind, default) = rest.split_once('=').map_or((rest, None), |(kind, default)| (kind, Some(default)));
    Some(Attribute { name, kind, default, is_required })
}

fn parameter(text: &'static str) -> Option<Parameter> {
    let name = text.trim_end_matches(['?', '*']);
    let (is_optional, repeats) = (text.ends_with('?'), text.ends_with('*'));
    (!name.is_empty()).then_some(Parameter { name, is_optional, repeats })
}

#[cfg(test)]
mod tests {
    use super::{NEWEST, operators, schema, versions};

    #[test]
    fn has_every_operator_in_every_version() {
        assert_eq!(operators().count(), 203);
        let count: usize = operators().map(|operator| versions(operator).len()).sum();
        assert_eq!(count, 571);
        assert!(operators().all(|operator| versions(operator).iter().all(|schema| schema.since <= NEWEST)));
    }

    #[test]
    fn finds_the_version_that_an_operator_set_uses() {
        let pool = |opset| schema("AveragePool", opset).map(|schema| (schema.since, schema.attributes.len()));
        assert_eq!(pool(9), Some((7, 5)));
        assert_eq!(pool(10), Some((10, 6)));
        assert_eq!(pool(21), Some((19, 7)));
        assert!(schema("Gelu", 19).is_none());
        assert!(schema("Upsample", 13).is_some_and(|schema| schema.is_deprecated));
    }

    #[test]
    fn reads_attributes_inputs_and_outputs() {
        let conv = schema("Conv", 11).expect("a schema");
        let names: Vec<_> =
            conv.attributes.iter().map(|attribute| (attribute.name, attribute.default)).collect();
        assert_eq!(names[0], ("auto_pad", Some("\"NOTSET\"")));
        assert_eq!(names[2], ("group", Some("1")));
        let inputs: Vec<_> = conv.inputs.iter().map(|input| (input.name, input.is_optional)).collect();
        assert_eq!(inputs, [("X", false), ("W", false), ("B", true)]);
        let concat = schema("Concat", 13).expect("a schema");
        assert!(concat.attributes[0].is_required && concat.inputs[0].repeats);
    }
}
