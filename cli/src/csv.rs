//! CSV files of numbers: a sample a line, with or without a line of names in front.

use anyhow::{Context, Result, bail};

use crate::{array_file::Number, npy::Array};

/// What separates the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Character(char),
    /// Any white space, as `numpy.savetxt` writes unless told otherwise.
    Space,
}

impl Separator {
    /// The same for all lines of a text.
    fn of(text: &str) -> Self {
        ['\t', ';', ','].into_iter().find(|&c| text.contains(c)).map_or(Self::Space, Self::Character)
    }

    fn fields(self, line: &str) -> Vec<&str> {
        match self {
            Self::Character(separator) => {
                line.split(separator).map(|field| field.trim().trim_matches('"')).collect()
            }
            Self::Space => line.split_whitespace().collect(),
        }
    }
}

/// At least so many columns are taken for numbered ones.
const MIN_NUMBERED: usize = 4;

/// Whether this is text with a number in one of its first two lines.
pub fn looks_like(bytes: &[u8]) -> bool {
    let Ok(text) = text(bytes) else { return false };
    let is_plain = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
    let has_number =
        |line: &str| Separator::of(line).fields(line).into_iter().any(|field| number(field).is_some());
    text.chars().all(is_plain) && text.lines().take(2).any(has_number)
}

fn text(bytes: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(bytes).context("it is not text")?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn number(field: &str) -> Option<Number> {
    let integer = field.parse().ok().map(Number::Integer);
    integer.or_else(|| field.parse().ok().map(Number::Real))
}

/// The numbers of a file, lines by columns.
pub fn parse(bytes: &[u8]) -> Result<Array<Number>> {
    let text = text(bytes)?.trim_end();
    let lines: Vec<&str> = text.lines().collect();
    let separator = Separator::of(text);
    let first = lines.first().map(|line| separator.fields(line)).unwrap_or_default();
    let has_names = lines.first().is_some_and(|line| line.starts_with('#'))
        || first.iter().all(|field| number(field).is_none());
    if first.first() == Some(&"") {
        bail!("its first line begins with an empty field, as numbered rows do: write it without row numbers");
    }
    let is_numbered = first.iter().enumerate().all(|(index, field)| field.parse() == Ok(index));
    if is_numbered && first.len() >= MIN_NUMBERED && lines.len() > 1 {
        bail!("its first line counts its columns, 0, 1, 2, ...: write it without column numbers");
    }
    let skipped = usize::from(has_names);
    let mut values = vec![];
    let mut columns = None;
    for (index, line) in lines.iter().enumerate().skip(skipped) {
        let fields = separator.fields(line);
        let expected = *columns.get_or_insert(fields.len());
        if fields.len() != expected {
            bail!("line {} has {} fields, the lines above it {expected}", index + 1, fields.len());
        }
        for (column, field) in fields.into_iter().enumerate() {
            let number = number(field).with_context(|| {
                format!(
                    "field {} of line {}, `{}`, is not a number",
                    column + 1,
                    index + 1,
                    field.escape_debug()
                )
            })?;
            values.push(number);
        }
    }
    Ok(Array { shape: vec![lines.len() - skipped, columns.unwrap_or(0)], values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<usize>, Vec<f32>) {
        let array = parse(text.as_bytes()).unwrap();
        (array.shape, array.values.into_iter().map(Number::real).collect())
    }

    fn error(text: &str) -> String {
        format!("{:#}", parse(text.as_bytes()).unwrap_err())
    }

    #[test]
    fn reads_lines_of_numbers_with_and_without_names() {
        let expected = (vec![2, 3], vec![1.0, -2.5, 3e4, 4.0, 5.0, 6.0]);
        for text in [
            "1,-2.5,3e4\n4,5,6",
            "\u{feff}1, -2.5, 3e4\r\n4, 5, 6\r\n",
            "x,y,z\n1,-2.5,3e4\n4,5,6\n\n",
            "# x y z\n1 -2.5 3e4\n4 5 6\n",
            "\"x\";\"y\";\"z\"\n\"1\";\"-2.5\";\"3e4\"\n4;5;6",
            "1\t-2.5\t3e4\n4\t5\t6",
            "1.000e+00   -2.5e+00 3.0e+04\n4.0 5.0 6.0",
        ] {
            assert!(looks_like(text.as_bytes()));
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert_eq!(read("0,1,2,3"), (vec![1, 4], vec![0.0, 1.0, 2.0, 3.0]));
        assert!(read("nan,1\n2,3").1[0].is_nan());
    }

    #[test]
    fn refuses_what_it_would_have_to_guess() {
        for (text, expected) in [
            ("1,2\n3", "line 2 has 1 fields"),
            ("1,2\n\n3,4", "line 2 has 1 fields"),
            ("1,2\n3,x", "field 2 of line 2, `x`"),
            ("x,1\n2,3", "field 1 of line 1, `x`"),
            ("1;2,5\n3;4", "`2,5`"),
            ("1,,3\n4,5,6", "field 2 of line 1"),
            (",a,b\n0,1,2\n1,3,4", "without row numbers"),
            ("0,1,2,3\n0.5,0.25,0.5,0.5", "without column numbers"),
        ] {
            assert!(error(text).contains(expected), "{text:?}: {}", error(text));
        }
    }
}
