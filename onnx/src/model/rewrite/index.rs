//! Computed indices, compared with every place that they may name.
//!
//! Integers are carried by real numbers here (`integers`): one that is negative counts from the end of its axis, and one that
//! names no place gives nothing.

use super::rewriting::{Rewriting, Rewritten};
use crate::error::Error;

/// `OneHot` of integers that are carried: those of real numbers would be cut to integers first.
pub(crate) const ONE_HOT: &str = "tacit.OneHotOfCarried";
/// Places that an index may name at most: each is compared with every index.
const MAX_PLACES: usize = 256;

impl Rewriting<'_> {
    /// For each index and each of `count` places, along a new axis, whether the index names the place, as a number.
    fn named_places(&mut self, index: &str, axis: usize, count: usize) -> Result<String, Error> {
        if count > MAX_PLACES {
            return Err(self.refuse(
                format!("a computed index of {count} places"),
                "an index of at most 256 places, or a Gemm over a one-hot input",
            ));
        }
        let shape = self.shape(index)?.to_vec();
        let is_below = self.with_number("Less", index, -0.5);
        let is_below = self.as_float(&is_below);
        let turn = self.with_number("Mul", &is_below, count as f32);
        let counted = self.binary("Add", index, &turn);
        let mut column = shape.clone();
        column.insert(axis, 1);
        let column = self.reshape(&counted, &column);
        let numbers: Vec<f32> = (0..count).map(|place| place as f32).collect();
        let mut places = vec![count];
        places.resize(1 + shape.len() - axis, 1);
        let places = self.tensor(&places, &numbers);
        // Integers are told apart at halves: what holds them may be coarser than they are.
        let distance = self.binary("Sub", &column, &places);
        let distance = self.unary("Abs", &distance);
        let is_named = self.with_number("Less", &distance, 0.5);
        Ok(self.as_float(&is_named))
    }
}

/// `Gather` of constant slices by computed indices: a product with the places that are named.
pub(super) fn rows(r: &mut Rewriting<'_>, x: &str, index: &str, axis: usize) -> Rewritten {
    let (shape, indices) = (r.shape(x)?.to_vec(), r.shape(index)?.to_vec());
    let named = r.named_places(index, indices.len(), shape[axis])?;
    let others: Vec<usize> = (0..shape.len()).filter(|&other| other != axis).collect();
    let order: Vec<usize> = [axis].into_iter().chain(others.iter().copied()).collect();
    let table = r.transpose(x, &order);
    let size = others.iter().map(|&other| shape[other]).product();
    let table = r.reshape(&table, &[shape[axis], size]);
    let slices = r.binary("MatMul", &named, &table);
    let lengths: Vec<usize> =
        indices.iter().copied().chain(others.iter().map(|&other| shape[other])).collect();
    let slices = r.reshape(&slices, &lengths);
    if axis == 0 {
        return Ok(Some(vec![slices]));
    }
    let count = indices.len();
    let order: Vec<usize> =
        (count..count + axis).chain(0..count).chain(count + axis..lengths.len()).collect();
    Ok(Some(vec![r.transpose(&slices, &order)]))
}

/// [`ONE_HOT`].
pub(super) fn one_hot(r: &mut Rewriting<'_>) -> Rewritten {
    let index = r.input(0)?;
    let depth = r.integers(r.input(1)?).and_then(|depth| usize::try_from(*depth.first()?).ok());
    let values = r.numbers(r.input(2)?);
    let (Some(depth), Some(&[off, on])) = (depth, values.as_deref()) else {
        return Err(
            r.refuse("a computed depth or computed values", "a constant depth and two constant values")
        );
    };
    let axis = r.axis(-1, r.shape(index)?.len() + 1)?;
    let named = r.named_places(index, axis, depth)?;
    let scaled = r.with_number("Mul", &named, on - off);
    Ok(Some(vec![r.with_number("Add", &scaled, off)]))
}
