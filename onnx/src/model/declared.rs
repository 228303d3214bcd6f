//! The inputs that a model declares: their shapes, and whether they have a batch axis.
//!
//! A length that the file gives is a fact. What is left open gets a length from [`LoadOptions`], except that an open first
//! axis is the **batch axis**: it holds any number of samples, one of which is proved. So is a first axis of length one, which
//! makes no difference to the elements of a sample. A first axis of another length, or one whose length is given, is an axis
//! of the sample like the others; an input of one axis has no batch axis, as there would be nothing of the sample behind it.
//! An open length with one name is the same everywhere, so that an open first axis with the name of another axis is none.

use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::pb::{
    GraphProto, ValueInfoProto, tensor_proto::DataType, tensor_shape_proto::dimension, type_proto,
};

use crate::error::Error;

/// Lengths of axes that a model leaves open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Lengths by the name that the model has for them.
    pub shapes: BTreeMap<String, usize>,
    /// The whole shape of the model's one input, the first axis included.
    pub input_shape: Option<Vec<usize>>,
}

/// An input of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeclaredInput {
    pub(crate) name: String,
    /// The ONNX element type.
    pub(crate) data_type: i32,
    /// What a sample holds for it.
    pub(crate) kind: SampleKind,
    /// Its shape, that of one sample if there is a batch axis in front: then the first length is 1.
    pub(crate) shape: Vec<usize>,
    pub(crate) is_batched: bool,
    /// The name of an open first axis that is taken for the batch axis; nothing when the file says that it is of length one.
    pub(crate) open: Option<String>,
}

/// What a sample holds for an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleKind {
    /// Real numbers.
    Real,
    /// Integers.
    Integer,
    /// Truth values, as 0 and 1.
    Boolean,
}

impl SampleKind {
    /// The kind of an ONNX element type, of real numbers float32 alone; none for what is no number.
    fn of(data_type: i32) -> Option<Self> {
        match DataType::try_from(data_type).ok()? {
            DataType::Float => Some(Self::Real),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Uint8
            | DataType::Uint16
            | DataType::Uint32
            | DataType::Uint64 => Some(Self::Integer),
            DataType::Bool => Some(Self::Boolean),
            _ => None,
        }
    }

    /// The kind in a word, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }
}

/// An input with its element type and axes; no axes when it is declared without a shape.
type Declared<'a> = (&'a ValueInfoProto, (i32, Option<Vec<Axis>>));

/// An axis as it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Axis {
    Length(usize),
    /// Open, under a name if the model has one.
    Open(Option<String>),
}

/// The model's inputs that are not constants.
///
/// # Errors
/// [`Error::InputType`], [`Error::SymbolicAxis`] and [`Error::Shape`].
pub(crate) fn inputs(graph: &GraphProto, options: &LoadOptions) -> Result<Vec<DeclaredInput>, Error> {
    let is_constant = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
    let inputs: Vec<&ValueInfoProto> = graph.input.iter().filter(|input| !is_constant(&input.name)).collect();
    let declared =
        inputs.iter().map(|input| Ok((*input, tensor(input)?))).collect::<Result<Vec<_>, Error>>()?;
    check_names(&declared, options)?;
    let whole = options.input_shape.as_deref();
    if let (Some(shape), true) = (whole, inputs.len() != 1) {
        let reason = format!("the model has {} inputs: give lengths by name with --shape", inputs.len());
        return Err(Error::Shape { option: input_shape_option(shape), reason });
    }
    declared
        .into_iter()
        .map(|(input, (data_type, axes))| {
            let first = axes.as_ref().and_then(|axes| axes.first()).cloned();
            let (shape, is_batched) = resolve(&input.name, axes, options)?;
            let is_given = options.input_shape.is_some()
                || matches!(&first, Some(Axis::Open(Some(name))) if options.shapes.contains_key(name));
            let open = match first {
                Some(Axis::Open(name)) if is_batched && !is_given => Some(name.unwrap_or_default()),
                _ => None,
            };
            let unusable = || Error::InputType { name: input.name.clone(), actual: type_name(data_type) };
            let kind = SampleKind::of(data_type).ok_or_else(unusable)?;
            Ok(DeclaredInput { name: input.name.clone(), data_type, kind, shape, is_batched, open })
        })
        .collect()
}

/// An ONNX element type's name.
pub(crate) fn type_name(data_type: i32) -> String {
    DataType::try_from(data_type)
        .map_or_else(|_| "unknown".to_owned(), |kind| format!("{kind:?}").to_lowercase())
}

/// Element type and axes of an input; no axes when it is declared without a shape.
fn tensor(input: &ValueInfoProto) -> Result<(i32, Option<Vec<Axis>>), Error> {
    let Some(type_proto::Value::TensorType(tensor)) =
        input.r#type.as_ref().and_then(|kind| kind.value.as_ref())
    else {
        return Err(Error::InputType { name: input.name.clone(), actual: "unknown".to_owned() });
    };
    let axis = |dim: &tract_onnx::pb::tensor_shape_proto::Dimension| match &dim.value {
        Some(dimension::Value::DimValue(length)) => {
            let length = usize::try_from(*length).ok().filter(|&length| length > 0);
            length.map_or(Axis::Open(None), Axis::Length)
        }
        Some(dimension::Value::DimParam(name)) if !name.is_empty() => Axis::Open(Some(name.clone())),
        _ => Axis::Open(None),
    };
    Ok((tensor.elem_type, tensor.shape.as_ref().map(|shape| shape.dim.iter().map(axis).collect())))
}

/// Every name that a length is given for is one of the model's.
fn check_names(declared: &[Declared<'_>], options: &LoadOptions) -> Result<(), Error> {
    let axes = declared.iter().flat_map(|(_, (_, axes))| axes.iter().flatten());
    let names: BTreeSet<&str> = axes
        .filter_map(|axis| match axis {
            Axis::Open(Some(name)) => Some(&**name),
            Axis::Open(None) | Axis::Length(_) => None,
        })
        .collect();
    for (name, length) in &options.shapes {
        let option = format!("--shape {name}={length}");
        if !names.contains(&**name) {
            let reason = if names.is_empty() {
                "no axis of the model's inputs has a name".to_owned()
            } else {
                let names: Vec<&str> = names.iter().copied().collect();
                format!("no axis of the model's inputs is `{name}`: they have {}", names.join(", "))
            };
            return Err(Error::Shape { option, reason });
        }
        if *length == 0 {
            return Err(Error::Shape { option, reason: "a length must be at least 1".to_owned() });
        }
    }
    Ok(())
}

/// The shape of an input, and whether its first axis is a batch axis.
fn resolve(name: &str, axes: Option<Vec<Axis>>, options: &LoadOptions) -> Result<(Vec<usize>, bool), Error> {
    let axes = match (&options.input_shape, axes) {
        (Some(shape), axes) => given(name, shape, axes.as_deref())?,
        (None, Some(axes)) => axes,
        (None, None) => {
            let reason = format!("the model's input `{name}` has no shape: give it");
            return Err(Error::Shape { option: "--input-shape".to_owned(), reason });
        }
    };
    let length = |axis: &Axis| match axis {
        Axis::Length(length) => Some(*length),
        Axis::Open(name) => name.as_ref().and_then(|name| options.shapes.get(name).copied()),
    };
    let mut shape = vec![];
    let mut is_batched = false;
    for (index, axis) in axes.iter().enumerate() {
        let is_alone =
            || !matches!(axis, Axis::Open(Some(_))) || axes.iter().skip(1).all(|other| other != axis);
        match length(axis) {
            Some(length) => {
                is_batched |= index == 0 && length == 1 && axes.len() > 1;
                shape.push(length);
            }
            None if index == 0 && axes.len() > 1 && is_alone() => {
                is_batched = true;
                shape.push(1);
            }
            None => {
                let symbol = match axis {
                    Axis::Open(symbol) => symbol.clone(),
                    Axis::Length(_) => None,
                };
                return Err(Error::SymbolicAxis { name: name.to_owned(), axis: index, symbol });
            }
        }
    }
    Ok((shape, is_batched))
}

fn input_shape_option(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("--input-shape {}", lengths.join(","))
}

/// A whole shape that is given, held against what the model declares.
fn given(name: &str, shape: &[usize], axes: Option<&[Axis]>) -> Result<Vec<Axis>, Error> {
    let refuse = |reason| Err(Error::Shape { option: input_shape_option(shape), reason });
    if shape.contains(&0) || shape.is_empty() {
        return refuse("a shape has at least one axis, and every length is at least 1".to_owned());
    }
    if let Some(axes) = axes {
        if axes.len() != shape.len() {
            return refuse(format!("the model's input `{name}` has {} axes", axes.len()));
        }
        let differs = axes
            .iter()
            .zip(shape)
            .position(|(axis, length)| matches!(axis, Axis::Length(declared) if declared != length));
        if let Some(index) = differs {
            return refuse(format!("axis {index} of the model's input `{name}` has another fixed length"));
        }
        for (index, axis) in axes.iter().enumerate().filter(|(_, axis)| matches!(axis, Axis::Open(Some(_)))) {
            if axes.iter().zip(shape).any(|(other, length)| other == axis && *length != shape[index]) {
                return refuse(format!("axes of the input `{name}` with one name have different lengths"));
            }
        }
    }
    Ok(shape.iter().copied().map(Axis::Length).collect())
}

#[cfg(test)]
mod tests {
    use super::{Axis, LoadOptions, resolve};
    use crate::error::Error;

    fn open(name: &str) -> Axis {
        Axis::Open(Some(name.to_owned()))
    }

    fn resolved(axes: &[Axis], shapes: &[(&str, usize)]) -> Option<(Vec<usize>, bool)> {
        let shapes = shapes.iter().map(|&(name, length)| (name.to_owned(), length)).collect();
        resolve("x", Some(axes.to_vec()), &LoadOptions { shapes, input_shape: None }).ok()
    }

    #[test]
    fn a_first_axis_is_a_batch_axis_if_it_is_open_or_of_length_one() {
        use Axis::Length;
        assert_eq!(resolved(&[open("N"), Length(3)], &[]), Some((vec![1, 3], true)));
        assert_eq!(resolved(&[Axis::Open(None), Length(3)], &[]), Some((vec![1, 3], true)));
        assert_eq!(resolved(&[Length(1), Length(3)], &[]), Some((vec![1, 3], true)));
        assert_eq!(resolved(&[Length(5), Length(3)], &[]), Some((vec![5, 3], false)));
        assert_eq!(resolved(&[Length(5)], &[]), Some((vec![5], false)));
        assert_eq!(resolved(&[Length(1)], &[]), Some((vec![1], false)));
    }

    #[test]
    fn open_axes_take_the_lengths_given() {
        use Axis::Length;
        let axes = [open("N"), Length(3), open("H"), open("H")];
        assert_eq!(resolved(&axes, &[]), None);
        assert_eq!(resolved(&axes, &[("H", 8)]), Some((vec![1, 3, 8, 8], true)));
        assert_eq!(resolved(&axes, &[("H", 8), ("N", 4)]), Some((vec![4, 3, 8, 8], false)));
        assert_eq!(resolved(&[open("N"), open("N")], &[]), None);
        assert_eq!(resolved(&[open("N"), open("N")], &[("N", 6)]), Some((vec![6, 6], false)));
        assert_eq!(resolved(&[open("N")], &[]), None);
    }

    #[test]
    fn a_whole_shape_agrees_with_the_model() {
        let resolve = |axes: &[Axis], shape: &[usize]| {
            let options = LoadOptions { input_shape: Some(shape.to_vec()), ..LoadOptions::default() };
            resolve("x", Some(axes.to_vec()), &options)
        };
        let axes = [open("N"), Axis::Length(3), open("H"), open("H")];
        assert_eq!(resolve(&axes, &[1, 3, 8, 8]).ok(), Some((vec![1, 3, 8, 8], true)));
        assert_eq!(resolve(&axes, &[2, 3, 8, 8]).ok(), Some((vec![2, 3, 8, 8], false)));
        for wrong in [&[1, 4, 8, 8][..], &[1, 3, 8, 9], &[1, 3, 8], &[1, 3, 0, 0]] {
            assert!(matches!(resolve(&axes, wrong), Err(Error::Shape { .. })), "{wrong:?}");
        }
    }
}
