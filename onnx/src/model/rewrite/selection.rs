//! Elements taken by constant indices, repeated, padded: the same numbers in other places.

use super::{
    index,
    rewriting::{Rewriting, Rewritten},
};
use crate::error::Error;

/// Elements that a selection from a flattened tensor may have on both sides together.
const MAX_FLAT: usize = 1 << 16;

impl Rewriting<'_> {
    /// Indices counted from the front of an axis of `length`.
    fn indices(&self, numbers: &[i64], length: usize) -> Result<Vec<usize>, Error> {
        let index = |&index: &i64| {
            let counted = if index < 0 { index + length as i64 } else { index };
            let found = usize::try_from(counted).ok().filter(|&index| index < length);
            found
                .ok_or_else(|| self.refuse(format!("index {index} of {length}"), "indices inside their axis"))
        };
        numbers.iter().map(index).collect()
    }

    /// A constant input's indices; refuses those that are computed.
    fn constant_indices(&self, input: usize) -> Result<Vec<i64>, Error> {
        self.integers(self.input(input)?).ok_or_else(|| self.refuse("computed indices", "constant indices"))
    }

    /// Elements of a flattened value by their places, under a new shape.
    fn select_flat(&mut self, value: &str, places: &[usize], shape: &[usize]) -> Result<String, Error> {
        let count: usize = self.known_shape(value).map_or(0, |shape| shape.iter().product());
        let flat = self.reshape(value, &[count]);
        let selected = self.select_from_flat(&flat, count, places)?;
        Ok(self.reshape(&selected, shape))
    }

    fn select_from_flat(&mut self, flat: &str, count: usize, places: &[usize]) -> Result<String, Error> {
        if count.saturating_add(places.len()) > MAX_FLAT {
            let actual = format!("a selection of {} elements from {count}", places.len());
            return Err(self.refuse(actual, "fewer elements, or Gather along one axis"));
        }
        Ok(self.select(flat, &[count], 0, places))
    }
}

/// `Gather` with constant indices.
pub(super) fn gather(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let axis = r.axis(0, shape.len())?;
    let index = r.input(1)?;
    if r.is_constant(x) && !r.is_constant(index) && !r.is_integer(index) {
        return index::rows(r, x, index, axis);
    }
    let indices = r.constant_indices(1)?;
    let indices = r.indices(&indices, shape[axis])?;
    let selected = r.select(x, shape, axis, &indices);
    let places = r.shape(r.input(1)?)?;
    let result = [&shape[..axis], places, &shape[axis + 1..]].concat();
    Ok(Some(vec![r.reshape(&selected, &result)]))
}

/// Strides of a row-major tensor.
fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Coordinates of an element.
fn coordinates(place: usize, shape: &[usize]) -> Vec<usize> {
    strides(shape).iter().zip(shape).map(|(stride, length)| place / stride % length).collect()
}

/// `GatherElements` with constant indices.
pub(super) fn gather_elements(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let axis = r.axis(0, shape.len())?;
    let numbers = r.constant_indices(1)?;
    let indices = r.indices(&numbers, shape[axis])?;
    let result = r.shape(r.input(1)?)?.to_vec();
    let strides = strides(shape);
    let place = |(at, &index): (usize, &usize)| {
        let mut coordinates = coordinates(at, &result);
        coordinates[axis] = index;
        coordinates.iter().zip(&strides).map(|(coordinate, stride)| coordinate * stride).sum::<usize>()
    };
    let places: Vec<usize> = indices.iter().enumerate().map(place).collect();
    Ok(Some(vec![r.select_flat(x, &places, &result)?]))
}

/// Places of the slices that tuples of indices name, slice by slice.
fn tuple_places(
    r: &Rewriting<'_>,
    numbers: &[i64],
    depth: usize,
    batch: &[usize],
    shape: &[usize],
) -> Result<Vec<usize>, Error> {
    let strides = strides(shape);
    let first = batch.len();
    if depth == 0 || first + depth > shape.len() {
        return Err(r.refuse("tuples of indices that are too long", "an index for each axis at most"));
    }
    let slice: usize = shape[first + depth..].iter().product();
    let per_batch = (numbers.len() / depth) / batch.iter().product::<usize>().max(1);
    let mut places = vec![];
    for (tuple_index, tuple) in numbers.chunks_exact(depth).enumerate() {
        let mut start = 0;
        if first > 0 {
            let at = coordinates(tuple_index / per_batch.max(1), batch);
            start += at.iter().zip(&strides).map(|(coordinate, stride)| coordinate * stride).sum::<usize>();
        }
        for (offset, index) in tuple.iter().enumerate() {
            let axis = first + offset;
            start += r.indices(&[*index], shape[axis])?.iter().sum::<usize>() * strides[axis];
        }
        places.extend(start..start + slice);
    }
    Ok(places)
}

/// `GatherND` with constant indices.
pub(super) fn gather_nd(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let numbers = r.constant_indices(1)?;
    let indices = r.shape(r.input(1)?)?;
    let (Some((&depth, tuples)), Ok(batches)) =
        (indices.split_last(), usize::try_from(r.int("batch_dims", 0)))
    else {
        return Ok(None);
    };
    let Some(batch) = shape.get(..batches) else { return Ok(None) };
    let places = tuple_places(r, &numbers, depth, batch, shape)?;
    let result = [tuples, &shape[batches + depth..]].concat();
    Ok(Some(vec![r.select_flat(x, &places, &result)?]))
}

/// `ScatterElements` with constant indices: a selection from the data and the updates behind each other.
pub(super) fn scatter_elements(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let axis = r.axis(0, shape.len())?;
    let numbers = r.constant_indices(1)?;
    let indices = r.indices(&numbers, shape[axis])?;
    let updates = r.shape(r.input(1)?)?;
    let strides = strides(shape);
    let place = |(at, &index): (usize, &usize)| {
        let mut coordinates = coordinates(at, updates);
        coordinates[axis] = index;
        coordinates.iter().zip(&strides).map(|(coordinate, stride)| coordinate * stride).sum::<usize>()
    };
    let places: Vec<usize> = indices.iter().enumerate().map(place).collect();
    scattered(r, x, shape, &places)
}

/// `ScatterND` with constant indices.
pub(super) fn scatter_nd(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let numbers = r.constant_indices(1)?;
    let Some(&depth) = r.shape(r.input(1)?)?.last() else { return Ok(None) };
    let places = tuple_places(r, &numbers, depth, &[], shape)?;
    scattered(r, x, shape, &places)
}

/// Data of a shape, with updates in some places.
fn scattered(r: &mut Rewriting<'_>, x: &str, shape: &[usize], places: &[usize]) -> Rewritten {
    let reduction = r.text("reduction", "none");
    if reduction != "none" {
        return Err(r.refuse(format!("reduction `{reduction}`"), "reduction `none`"));
    }
    let count: usize = shape.iter().product();
    let updates = r.input(2)?;
    let flat = [r.reshape(x, &[count]), r.reshape(updates, &[places.len()])];
    let both = r.concat(&flat, 0);
    let mut taken: Vec<usize> = (0..count).collect();
    let mut is_updated = vec![false; count];
    for (update, &place) in places.iter().enumerate() {
        if std::mem::replace(&mut is_updated[place], true) {
            return Err(r.refuse("an index that is there twice", "each index once"));
        }
        taken[place] = count + update;
    }
    let selected = r.select_from_flat(&both, count + places.len(), &taken)?;
    Ok(Some(vec![r.reshape(&selected, shape)]))
}

/// `Tile`: axes of length one, repeated.
pub(super) fn tile(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let repeats = r.constant_indices(1)?;
    let repeats: Option<Vec<usize>> = repeats.iter().map(|&n| usize::try_from(n).ok()).collect();
    let Some(repeats) = repeats.filter(|repeats| repeats.len() == shape.len()) else { return Ok(None) };
    let (mut split, mut expanded, mut joined) = (vec![], vec![], vec![]);
    for (&length, &repeats) in shape.iter().zip(&repeats) {
        if repeats > 1 {
            split.push(1);
            expanded.push(repeats);
        }
        split.push(length);
        expanded.push(length);
        joined.push(repeats * length);
    }
    let value = r.reshape(x, &split);
    let value = r.expand(&value, &expanded);
    Ok(Some(vec![r.reshape(&value, &joined)]))
}

/// How an axis is padded: lengths before and behind, of either sign.
struct Padding {
    axis: usize,
    before: i64,
    behind: i64,
}

fn paddings(r: &Rewriting<'_>, rank: usize) -> Result<Option<Vec<Padding>>, Error> {
    let pads = match (r.ints("pads"), r.optional_input(1)) {
        (Some(pads), _) => pads.to_vec(),
        (None, Some(name)) => match r.integers(name) {
            Some(pads) => pads,
            None => return Err(r.refuse("computed paddings", "constant paddings")),
        },
        (None, None) => return Ok(None),
    };
    let axes = match r.optional_input(3) {
        Some(name) => r.integers(name).ok_or_else(|| r.refuse("computed axes", "constant axes"))?,
        None => (0..rank as i64).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(r.refuse(format!("{} paddings", pads.len()), "two for each axis"));
    }
    let (before, behind) = pads.split_at(axes.len());
    let mut paddings = vec![];
    for (&axis, (&before, &behind)) in axes.iter().zip(before.iter().zip(behind)) {
        paddings.push(Padding { axis: r.normalised(axis, rank)?, before, behind });
    }
    Ok(Some(paddings))
}

/// `Pad` by anything but zeros, and negative padding: selections, and a constant added before and taken off behind.
pub(super) fn pad(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let Some(paddings) = paddings(r, shape.len())? else { return Ok(None) };
    let mode = r.text("mode", "constant");
    if mode == "constant" {
        return pad_with_constant(r, x, shape, &paddings);
    }
    for &Padding { axis, before, behind } in &paddings {
        let length = shape[axis] as i64;
        // ONNX Runtime crops first, and repeats what is left.
        if before.min(behind) < 0 && mode != "edge" {
            let actual = format!("negative padding in mode `{mode}`");
            return Err(r.refuse(actual, "mode `constant` or `edge`, or a Slice in front of the Pad"));
        }
        if before.min(0).saturating_add(behind.min(0)).saturating_add(length) < 1 {
            return Err(r.refuse("padding that leaves nothing", "a result that is not empty"));
        }
        if before.max(behind) >= length && mode == "reflect" {
            let actual = format!("reflection of {} elements of {length}", before.max(behind));
            return Err(r.refuse(actual, "fewer than the axis has"));
        }
    }
    let (mut value, mut lengths) = (x.to_owned(), shape.to_vec());
    for Padding { axis, before, behind } in paddings {
        let length = lengths[axis] as i64;
        let place = |at: i64| match mode {
            "edge" => Some(at.clamp(0, length - 1)),
            "reflect" => Some(reflected(at, length)),
            "wrap" => Some(at.rem_euclid(length)),
            _ => None,
        };
        let places: Option<Vec<usize>> =
            (-before..length + behind).map(|at| place(at).and_then(|at| usize::try_from(at).ok())).collect();
        let Some(places) = places else {
            return Err(r.refuse(format!("mode `{mode}`"), "mode `constant`, `edge`, `reflect` or `wrap`"));
        };
        value = r.select(&value, &lengths, axis, &places);
        lengths[axis] = places.len();
    }
    Ok(Some(vec![value]))
}

/// A place outside an axis, reflected at the elements at its ends.
fn reflected(at: i64, length: i64) -> i64 {
    let period = (2 * (length - 1)).max(1);
    let at = at.rem_euclid(period);
    if at < length { at } else { period - at }
}

fn pad_with_constant(r: &mut Rewriting<'_>, x: &str, shape: &[usize], paddings: &[Padding]) -> Rewritten {
    let number = match r.optional_input(2) {
        Some(name) => r.numbers(name).and_then(|numbers| numbers.first().copied()),
        None => Some(r.float("value", 0.0)),
    };
    let Some(number) = number else { return Err(r.refuse("a computed number", "a constant number")) };
    if !number.is_finite() {
        return Err(r.refuse(format!("padding with {number}"), "padding with a number"));
    }
    let is_plain = paddings.iter().all(|padding| padding.before >= 0 && padding.behind >= 0);
    if number == 0.0 && is_plain && r.num_inputs() <= 2 {
        return Ok(None);
    }
    let (mut value, mut lengths) = (x.to_owned(), shape.to_vec());
    let mut pads = vec![0; 2 * shape.len()];
    for &Padding { axis, before, behind } in paddings {
        let length = lengths[axis];
        let start = usize::try_from(-before.min(0)).unwrap_or(0);
        let cut = start + usize::try_from(-behind.min(0)).unwrap_or(0);
        if cut >= length {
            return Err(r.refuse("padding that leaves nothing", "a result that is not empty"));
        }
        value = r.slice(&value, axis, length, start, length - cut);
        lengths[axis] = length - cut;
        pads[axis] = before.max(0);
        pads[axis + shape.len()] = behind.max(0);
    }
    if number != 0.0 {
        value = r.with_number("Sub", &value, number);
    }
    let padded = if r.opset() < 11 {
        r.emit("Pad", &[&value], &[("pads", pads.into())])
    } else {
        let pads = r.vector(&pads);
        r.binary("Pad", &value, &pads)
    };
    Ok(Some(vec![if number == 0.0 { padded } else { r.with_number("Add", &padded, number) }]))
}

/// `Concat` with constant parts: zeros in their place, and the constants added.
pub(super) fn concat(r: &mut Rewriting<'_>) -> Rewritten {
    let names: Vec<&str> = (0..r.num_inputs()).map(|index| r.input(index)).collect::<Result<_, _>>()?;
    let has_constants = names.iter().any(|name| r.is_constant(name));
    let Some(shape) = names.first().and_then(|name| r.known_shape(name)).filter(|_| has_constants) else {
        return Ok(None);
    };
    if names.iter().any(|name| r.is_integer(name)) {
        return Ok(None);
    }
    let axis = r.axis(1, shape.len())?;
    let (mut parts, mut constants, mut zeros) = (vec![], vec![], 0);
    for name in names {
        let shape = r.shape(name)?.to_vec();
        if r.is_constant(name) {
            constants.push(name.to_owned());
            zeros += shape[axis];
        } else {
            let part = zeros_around(r, name, shape.len(), axis, (zeros, 0));
            let nothing = r.tensor(&vec![1; shape.len()], &[0.0]);
            constants.push(r.expand(&nothing, &shape));
            parts.push(part);
            zeros = 0;
        }
    }
    if let Some(last) = parts.pop() {
        parts.push(if zeros > 0 { zeros_around(r, &last, shape.len(), axis, (0, zeros)) } else { last });
    }
    let values = r.concat(&parts, axis);
    let constants = r.concat(&constants, axis);
    Ok(Some(vec![r.binary("Add", &values, &constants)]))
}

fn zeros_around(
    r: &mut Rewriting<'_>,
    value: &str,
    rank: usize,
    axis: usize,
    (before, behind): (usize, usize),
) -> String {
    if (before, behind) == (0, 0) {
        return value.to_owned();
    }
    let mut pads = vec![0; 2 * rank];
    pads[axis] = before as i64;
    pads[rank + axis] = behind as i64;
    if r.opset() < 11 {
        return r.emit("Pad", &[value], &[("pads", pads.into())]);
    }
    let pads = r.vector(&pads);
    r.binary("Pad", value, &pads)
}

/// `Trilu`: a triangle of ones as factors.
pub(super) fn triangle(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(&[.., rows, columns]) = r.known_shape(x).filter(|_| !r.is_integer(x)) else { return Ok(None) };
    let offset = match r.optional_input(1) {
        Some(_) => r.constant_indices(1)?.first().copied().unwrap_or(0),
        None => 0,
    };
    let is_upper = r.int("upper", 1) != 0;
    let is_kept = |row: usize, column: usize| {
        let above = column as i64 - row as i64 - offset;
        if is_upper { above >= 0 } else { above <= 0 }
    };
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let factors: Vec<f32> = places.map(|(row, column)| f32::from(u8::from(is_kept(row, column)))).collect();
    let factors = r.tensor(&[rows, columns], &factors);
    Ok(Some(vec![r.binary("Mul", x, &factors)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_outside_are_reflected_at_the_ends() {
        let places: Vec<i64> = (-3..7).map(|at| reflected(at, 4)).collect();
        assert_eq!(places, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(reflected(-1, 1), 0);
    }

    #[test]
    fn strides_and_coordinates_are_row_major() {
        assert_eq!(strides(&[2, 3, 4]), [12, 4, 1]);
        assert_eq!(coordinates(17, &[2, 3, 4]), [1, 1, 1]);
    }
}
