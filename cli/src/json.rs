//! JSON files of numbers: nested lists, or EZKL's `{"input_data": [[...]]}`, in which each inner list is one input, flattened.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{array_file::Number, npy::Array};

/// What EZKL's examples write. Any other key is refused: it could change what the numbers mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EzklFile {
    input_data: Value,
    #[serde(default)]
    input_shapes: Option<Vec<Vec<usize>>>,
    /// What the model answered, which is no input.
    #[serde(default)]
    #[expect(dead_code, reason = "read so that it is known, and of no use here")]
    output_data: Option<IgnoredAny>,
}

/// The numbers of a file. One list of EZKL's has one axis, or the axes that `input_shapes` says.
pub fn parse(bytes: &[u8]) -> Result<Array<Number>> {
    let damaged = || "its JSON cannot be read; it holds lists of numbers, without NaN and Infinity";
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return array(&serde_json::from_slice(bytes).with_context(damaged)?);
    }
    let file: EzklFile = serde_json::from_slice(bytes)
        .context("it is not the JSON that EZKL writes, `{\"input_data\": [[...]]}`")?;
    let array = array(&file.input_data).context("its `input_data` cannot be read")?;
    let shape = match (array.shape.as_slice(), file.input_shapes.as_deref()) {
        (&[1, length], None) => vec![length],
        (_, None) => array.shape,
        (&[1, length], Some([shape]))
            if shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis)) == Some(length) =>
        {
            shape.clone()
        }
        (_, Some(shapes)) => bail!(
            "its `input_data` of shape {:?} does not fill its `input_shapes` {shapes:?}: give one list for one input",
            array.shape
        ),
    };
    Ok(Array { shape, values: array.values })
}

/// Nested lists as an array.
fn array(value: &Value) -> Result<Array<Number>> {
    let mut shape = vec![];
    let mut at = value;
    while let Value::Array(items) = at {
        shape.push(items.len());
        let Some(first) = items.first() else { break };
        at = first;
    }
    if shape.is_empty() {
        bail!("it is not a list of numbers");
    }
    let mut values = vec![];
    fill(value, &shape, &mut values)?;
    Ok(Array { shape, values })
}

/// Appends the numbers of nested lists of this shape.
fn fill(value: &Value, shape: &[usize], values: &mut Vec<Number>) -> Result<()> {
    match (value, shape.split_first()) {
        (Value::Array(items), Some((&length, rest))) if items.len() == length => {
            items.iter().try_for_each(|item| fill(item, rest, values))
        }
        (Value::Array(_), _) | (_, Some(_)) => bail!(
            "its lists differ in length or depth behind {} numbers: every list must be as long as its neighbours",
            values.len()
        ),
        (_, None) => {
            values.push(number(value).with_context(|| format!("at flat position {}", values.len()))?);
            Ok(())
        }
    }
}

fn number(value: &Value) -> Result<Number> {
    match value {
        Value::Bool(truth) => Ok(Number::Integer(i64::from(*truth))),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Ok(Number::Integer(integer)),
            (None, Some(real)) => Ok(Number::Real(real)),
            (None, None) => bail!("{number} is too large"),
        },
        Value::String(_) => bail!("there is a text; field elements of EZKL are not read, give the numbers"),
        Value::Null | Value::Array(_) | Value::Object(_) => bail!("there is no number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<usize> {
        parse(text.as_bytes()).unwrap().shape
    }

    fn error(text: &str) -> String {
        format!("{:#}", parse(text.as_bytes()).unwrap_err())
    }

    #[test]
    fn reads_what_ezkl_writes() {
        let text =
            r#"{"input_shapes": [[1, 2, 2]], "input_data": [[1, 2.5, -3e-1, true]], "output_data": [[0.5]]}"#;
        let array = parse(text.as_bytes()).unwrap();
        let expected = [Number::Integer(1), Number::Real(2.5), Number::Real(-0.3), Number::Integer(1)];
        assert_eq!((array.shape, array.values), (vec![1, 2, 2], expected.to_vec()));
        assert_eq!(shape(r#"{"input_data": [[1, 2, 3]]}"#), [3]);
        assert_eq!(shape(r#"{"input_data": [[1, 2, 3], [4, 5, 6]]}"#), [2, 3]);
        assert_eq!(shape(" [[[1], [2]], [[3], [4]], [[5], [6]]]"), [3, 2, 1]);
    }

    #[test]
    fn refuses_what_it_would_have_to_guess() {
        for (text, expected) in [
            (r#"{"input_data": [[1, 2], [3]]}"#, "behind 2 numbers"),
            ("[1, [2]]", "behind 1 numbers"),
            ("[[1], 2]", "behind 1 numbers"),
            (r#"{"input_data": [["0x1f"]]}"#, "field elements"),
            (r#"{"input_data": [[null]]}"#, "no number"),
            (r#"{"input_data": [[NaN]]}"#, "line 1"),
            (r#"{"input_data": [[1]], "scale": 7}"#, "unknown field `scale`"),
            (r#"{"input_data": [[1]], "input_data": [[2]]}"#, "duplicate field"),
            (r#"{"input_data": [[1, 2, 3]], "input_shapes": [[2, 2]]}"#, "input_shapes"),
            (r#"{"output_data": [[1]]}"#, "missing field `input_data`"),
            (r#"{"input_data": 3}"#, "not a list"),
            ("[1, 2", "line 1"),
        ] {
            assert!(error(text).contains(expected), "{text}: {}", error(text));
        }
    }
}
