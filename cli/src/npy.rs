//! `.npy` files: arrays of real numbers or of class numbers.

use anyhow::{Context, Result, bail};
use ndarray::{ArrayD, ArrayView, IxDyn, ShapeBuilder};
use ndarray_npy::{ReadableElement, WriteNpyExt, npy::header::Header};
use zeroize::{Zeroize, Zeroizing};

/// An array, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array<T> {
    /// Axis lengths.
    pub shape: Vec<usize>,
    /// Elements.
    pub values: Vec<T>,
}

/// Real numbers from the bytes of a file.
pub fn parse_reals(bytes: &[u8]) -> Result<Array<f32>> {
    let file = File::open(bytes)?;
    match file.element.as_str() {
        "<f4" | ">f4" => file.elements::<f32, _>(|x| x),
        "<f8" | ">f8" => file.elements::<f64, _>(|x| x as f32),
        "|u1" => file.elements::<u8, _>(f32::from),
        "|i1" => file.elements::<i8, _>(f32::from),
        "|b1" => file.elements::<bool, _>(|x| f32::from(u8::from(x))),
        "<i4" | ">i4" => file.elements::<i32, _>(|x| x as f32),
        "<i8" | ">i8" => file.elements::<i64, _>(|x| x as f32),
        other => bail!("its elements are of type `{other}`: save it as float32"),
    }
}

/// Integers from the bytes of a file.
pub fn parse_integers(bytes: &[u8]) -> Result<Array<i64>> {
    let file = File::open(bytes)?;
    match file.element.as_str() {
        "|u1" => file.elements::<u8, _>(i64::from),
        "|i1" => file.elements::<i8, _>(i64::from),
        "|b1" => file.elements::<bool, _>(i64::from),
        "<i4" | ">i4" => file.elements::<i32, _>(i64::from),
        "<i8" | ">i8" => file.elements::<i64, _>(|x| x),
        other if other.contains('f') => bail!(
            "its elements are real numbers (`{other}`), which a model's scale turns into integers: name the model with \
             --model MODEL.vk"
        ),
        other => bail!("its elements are of type `{other}`: save them as int64"),
    }
}

/// Class numbers from the bytes of a file.
pub fn parse_classes(bytes: &[u8]) -> Result<Vec<usize>> {
    let file = File::open(bytes)?;
    let array = match file.element.as_str() {
        "|u1" => file.elements::<u8, _>(i64::from),
        "|i1" => file.elements::<i8, _>(i64::from),
        "<i4" | ">i4" => file.elements::<i32, _>(i64::from),
        "<i8" | ">i8" => file.elements::<i64, _>(|x| x),
        other => bail!("its elements are of type `{other}`: save them as int64"),
    }?;
    if array.shape.len() != 1 {
        bail!("its shape is {:?}: give one class number for each sample", array.shape);
    }
    let class = |(position, &value): (usize, &i64)| {
        usize::try_from(value).with_context(|| format!("class {value} at position {position} is negative"))
    };
    array.values.iter().enumerate().map(class).collect()
}

/// The bytes of a `.npy` file with these elements.
pub fn to_bytes(array: Array<f32>) -> Result<Vec<u8>> {
    let array = ArrayD::from_shape_vec(IxDyn(&array.shape), array.values)?;
    let mut bytes = vec![];
    array.write_npy(&mut bytes)?;
    Ok(bytes)
}

/// A file whose header is read and whose elements are not.
struct File<'a> {
    header: Header,
    element: String,
    data: &'a [u8],
}

/// Refuses a header that is longer than the file, which the library below takes memory for before it reads, and one with
/// nested brackets, which it takes exponential time for.
fn check_header(bytes: &[u8]) -> Result<()> {
    // Magic and version take eight bytes. The length takes two in version 1, four in later ones.
    let (first, length) = match (bytes.get(6), bytes.get(8..)) {
        (Some(1), Some(&[a, b, ..])) => (10, usize::from(u16::from_le_bytes([a, b]))),
        (Some(_), Some(&[a, b, c, d, ..])) => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        _ => return Ok(()),
    };
    if length > bytes.len() {
        bail!("it ends inside its header: the file is damaged, write it again");
    }
    // A dictionary with a shape has one pair of braces and one of parentheses.
    let end = bytes.len().min(length.saturating_add(first));
    let header = bytes.get(first..end).unwrap_or_default();
    let nested = |bracket| header.split(|&byte| byte == bracket).nth(2).is_some();
    if [b'{', b'(', b'['].into_iter().any(nested) {
        bail!("its header is not that of a simple array: save numbers of one type");
    }
    Ok(())
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self> {
        check_header(bytes)?;
        let mut data = bytes;
        let header = Header::from_reader(&mut data)
            .context("it is not a `.npy` file: write it with `numpy.save(path, array)`")?;
        let element = header.type_descriptor.to_string().trim_matches('\'').to_owned();
        Ok(Self { header, element, data })
    }

    /// The elements, whatever order they are stored in. Memory is taken only for data that is there.
    fn elements<T: ReadableElement + Copy + Zeroize, U>(self, convert: impl Fn(T) -> U) -> Result<Array<U>> {
        let Self { header, data, .. } = self;
        let count = header.shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis));
        let expected = count.and_then(|count| count.checked_mul(size_of::<T>()));
        if expected != Some(data.len()) {
            bail!(
                "it holds {} bytes of elements, which do not fill its shape {:?}: the file is damaged, write it again",
                data.len(),
                header.shape
            );
        }
        let count = data.len() / size_of::<T>().max(1);
        let elements = T::read_to_end_exact_vec(data, &header.type_descriptor, count)?;
        let order = IxDyn(&header.shape).set_f(header.layout.is_fortran());
        // They may be those of a private input.
        let elements = Zeroizing::new(elements);
        let array = ArrayView::from_shape(order, elements.as_slice())?;
        let mut values = Vec::with_capacity(count);
        values.extend(array.iter().copied().map(convert));
        Ok(Array { values, shape: header.shape })
    }
}

#[cfg(test)]
#[path = "npy/tests.rs"]
mod tests;
