//! Files of numbers, told apart by how they begin and not by their names.
//!
//! | begins with | format | module |
//! |---|---|---|
//! | `\x93NUMPY` | `.npy` | [`npy`] |
//! | `{` or `[` | JSON, as EZKL writes it or lists of numbers | [`json`] |
//! | text with a number in its first two lines | CSV | [`csv`] |

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{
    artifact::read,
    csv, json,
    npy::{self, Array},
};

/// A number in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Written without a decimal point.
    Integer(i64),
    /// Any other.
    Real(f64),
}

impl Number {
    /// Rounded to float32.
    pub const fn real(self) -> f32 {
        match self {
            Self::Integer(value) => value as f32,
            Self::Real(value) => value as f32,
        }
    }
}

/// Real numbers of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Reals {
    /// Their shape and values.
    pub array: Array<f32>,
    /// Whether a row may be a whole sample, flattened: text has two axes at most.
    pub is_flat: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Npy,
    Json,
    Csv,
}

impl Format {
    fn of(bytes: &[u8]) -> Result<Self> {
        if bytes.is_empty() {
            bail!("it is empty: give a .npy, JSON or CSV file");
        }
        if bytes.starts_with(b"\x93NUMPY") {
            return Ok(Self::Npy);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            bail!("it is an .npz or other archive: save its one array with `numpy.save(path, array)`");
        }
        let text = bytes.trim_ascii_start();
        if text.starts_with(b"{") || text.starts_with(b"[") {
            return Ok(Self::Json);
        }
        if csv::looks_like(bytes) {
            return Ok(Self::Csv);
        }
        let begin: String =
            String::from_utf8_lossy(bytes).chars().take(16).flat_map(char::escape_default).collect();
        bail!("it is not a .npy, .npz, JSON or CSV file: it begins with `{begin}`")
    }
}

/// Reads real numbers; integers are converted.
pub fn read_reals(path: &Path) -> Result<Reals> {
    parse_reals(&read(path)?).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Reads integers as they are; real numbers are refused.
pub fn read_integers(path: &Path) -> Result<Array<i64>> {
    parse_integers(&read(path)?).with_context(|| format!("cannot read integers from `{}`", path.display()))
}

/// Reads class numbers, one for each sample.
pub fn read_classes(path: &Path) -> Result<Vec<usize>> {
    parse_classes(&read(path)?).with_context(|| format!("cannot read labels from `{}`", path.display()))
}

/// Numbers of a text.
fn parse_text(bytes: &[u8], format: Format) -> Result<Array<Number>> {
    if format == Format::Json { json::parse(bytes) } else { csv::parse(bytes) }
}

/// Real numbers from the bytes of a file.
pub fn parse_reals(bytes: &[u8]) -> Result<Reals> {
    match Format::of(bytes)? {
        Format::Npy => Ok(Reals { array: npy::parse_reals(bytes)?, is_flat: false }),
        format @ (Format::Json | Format::Csv) => {
            let Array { shape, values } = parse_text(bytes, format)?;
            let values = values.into_iter().map(Number::real).collect();
            let is_flat = shape.len() <= 2;
            Ok(Reals { array: Array { shape, values }, is_flat })
        }
    }
}

/// Integers from the bytes of a file.
pub fn parse_integers(bytes: &[u8]) -> Result<Array<i64>> {
    match Format::of(bytes)? {
        Format::Npy => npy::parse_integers(bytes),
        format @ (Format::Json | Format::Csv) => {
            let Array { shape, values } = parse_text(bytes, format)?;
            let integer = |(position, value)| match value {
                Number::Integer(value) => Ok(value),
                Number::Real(value) => bail!(
                    "it holds the real number {value} at flat position {position}, which a model's scale turns into an \
                     integer: name the model with --model MODEL.vk"
                ),
            };
            Ok(Array { shape, values: values.into_iter().enumerate().map(integer).collect::<Result<_>>()? })
        }
    }
}

/// Class numbers from the bytes of a file: one line, one column or one list of them.
pub fn parse_classes(bytes: &[u8]) -> Result<Vec<usize>> {
    let format = Format::of(bytes)?;
    if format == Format::Npy {
        return npy::parse_classes(bytes);
    }
    let Array { shape, values } = parse_text(bytes, format)?;
    if shape.iter().filter(|&&axis| axis != 1).count() > 1 {
        bail!("its shape is {shape:?}: give one class number for each sample");
    }
    let class = |(position, value)| match value {
        Number::Integer(value) => usize::try_from(value)
            .with_context(|| format!("class {value} at position {position} is negative")),
        Number::Real(value) => bail!("class {value} at position {position} is not an integer"),
    };
    values.into_iter().enumerate().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        format!("{:#}", parse_reals(bytes).unwrap_err())
    }

    #[test]
    fn another_kind_of_file_is_told_from_a_damaged_one() {
        for other in
            [&b"not npy"[..], b"\x7fELF\x02\x01", b"%PDF-1.7\n%\xe2\xe3", b"\x89PNG\r\n\x1a\n", b"GIF89a;"]
        {
            assert!(error(other).starts_with("it is not a .npy, .npz, JSON or CSV file: it begins with `"));
        }
        assert!(
            error(b"\x7fELF\x02\x01").ends_with("`\\u{7f}ELF\\u{2}\\u{1}`"),
            "{}",
            error(b"\x7fELF\x02\x01")
        );
        assert!(error(b"\x93NUMPY\x01\x00\xff\xff").contains("damaged"));
        assert!(error(b"PK\x03\x04 archive").contains(".npz"));
        assert!(error(b"").contains("empty"));
    }

    #[test]
    fn the_same_numbers_are_read_from_every_format() {
        let npy = npy::to_bytes(Array { shape: vec![2, 2], values: vec![1.0, -2.5, 3.0, 4.0] }).unwrap();
        let expected = parse_reals(&npy).unwrap();
        for text in [
            "[[1, -2.5], [3, 4.0]]",
            "{\"input_data\": [[1.0, -2.5], [3.0, 4]]}",
            "1,-2.5\n3,4\n",
            "a;b\n1;-2.5\n3;4",
        ] {
            let read = parse_reals(text.as_bytes()).unwrap();
            assert_eq!(
                (&read.array, read.is_flat, expected.is_flat),
                (&expected.array, true, false),
                "{text}"
            );
        }
    }

    #[test]
    fn classes_and_integers_are_integers() {
        for text in ["[7, 0, 2]", "{\"input_data\": [[7, 0, 2]]}", "7\n0\n2\n", "7,0,2", "label\n7\n0\n2"] {
            assert_eq!(parse_classes(text.as_bytes()).unwrap(), [7, 0, 2], "{text}");
            assert_eq!(parse_integers(text.as_bytes()).unwrap().values, [7, 0, 2], "{text}");
        }
        let classes = |text: &str| format!("{:#}", parse_classes(text.as_bytes()).unwrap_err());
        assert!(classes("[1, -1]").contains("position 1 is negative"));
        assert!(classes("1\n1.5").contains("class 1.5 at position 1"));
        assert!(classes("1,2\n3,4").contains("[2, 2]"));
        let integers = |text: &str| format!("{:#}", parse_integers(text.as_bytes()).unwrap_err());
        assert!(integers("[1, 1e3]").contains("position 1") && integers("1,0.5").contains("--model"));
        assert_eq!(parse_integers(b"[9007199254740993]").unwrap().values, [9_007_199_254_740_993]);
    }
}
