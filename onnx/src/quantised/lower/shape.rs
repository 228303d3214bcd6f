//! Nodes that change how a value is read: reshaping, transposing, unit axes.

use super::lowering::Lowering;
use crate::{
    error::Error,
    quantised::{datum::Datum, node::Node, view::View},
};

impl Lowering<'_> {
    pub(super) fn reshape(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let mut datum = self.datum(node, 0)?;
        let shape = match &datum {
            Datum::Constant(constant) => self.new_shape(node, &constant.shape)?,
            Datum::Integers(integers) => self.new_shape(node, &integers.view.shape())?,
            Datum::Real(real) => self.new_shape(node, &real.view.shape())?,
        };
        match &mut datum {
            Datum::Constant(constant) => *constant = constant.reshaped(node, shape)?.into(),
            Datum::Integers(integers) => integers.view = reshaped(node, &integers.view, &shape)?,
            Datum::Real(real) => real.view = reshaped(node, &real.view, &shape)?,
        }
        Ok(datum)
    }

    pub(super) fn transpose(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let mut datum = self.datum(node, 0)?;
        let rank = match &datum {
            Datum::Constant(constant) => constant.shape.len(),
            Datum::Integers(integers) => integers.view.axes.len(),
            Datum::Real(real) => real.view.axes.len(),
        };
        let given = node.integers("perm").map(|perm| perm.iter().map(|&axis| axis as usize).collect());
        let permutation: Vec<usize> = given.unwrap_or_else(|| (0..rank).rev().collect());
        let mut sorted = permutation.clone();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..rank) {
            return Err(node.refuse(format!("the axes {permutation:?}"), "every axis once"));
        }
        let permute = |view: &View| view.transposed(&permutation).ok_or_else(|| node.unsupported());
        match &mut datum {
            Datum::Constant(constant) => *constant = constant.transposed(&permutation).into(),
            Datum::Integers(integers) => integers.view = permute(&integers.view)?,
            Datum::Real(real) => real.view = permute(&real.view)?,
        }
        Ok(datum)
    }

    /// The shape that a node gives a tensor of this shape.
    fn new_shape(&self, node: Node<'_>, shape: &[usize]) -> Result<Vec<usize>, Error> {
        let rank = shape.len() as i64;
        let absolute = |axis: i64, rank: i64| if axis < 0 { axis + rank } else { axis };
        // Axes are an attribute in older models and an input in newer ones.
        let axes = || -> Result<Vec<i64>, Error> {
            match node.integers("axes") {
                Some(axes) => Ok(axes.to_vec()),
                None => Ok(self.optional(node, 1)?.map_or(vec![], |axes| axes.integers())),
            }
        };
        match node.operator() {
            "Flatten" => {
                let axis = usize::try_from(absolute(node.integer("axis", 1), rank)).ok();
                let parts = axis.filter(|&axis| axis <= shape.len()).map(|axis| shape.split_at(axis));
                let (before, behind) =
                    parts.ok_or_else(|| node.refuse("this axis", "an axis of the input"))?;
                Ok(vec![before.iter().product(), behind.iter().product()])
            }
            "Squeeze" => {
                let axes: Vec<i64> = axes()?.into_iter().map(|axis| absolute(axis, rank)).collect();
                let keeps = |&(axis, &length): &(usize, &usize)| {
                    if axes.is_empty() { length != 1 } else { !axes.contains(&(axis as i64)) }
                };
                Ok(shape.iter().enumerate().filter(keeps).map(|(_, &length)| length).collect())
            }
            "Unsqueeze" => {
                let axes = axes()?;
                let rank = rank + axes.len() as i64;
                let mut axes: Vec<i64> = axes.into_iter().map(|axis| absolute(axis, rank)).collect();
                axes.sort_unstable();
                let mut shape = shape.to_vec();
                for axis in axes {
                    let place = usize::try_from(axis).ok().filter(|&axis| axis <= shape.len());
                    let place = place.ok_or_else(|| node.refuse("this axis", "an axis of the output"))?;
                    shape.insert(place, 1);
                }
                Ok(shape)
            }
            _ => self.requested_shape(node, shape),
        }
    }

    fn requested_shape(&self, node: Node<'_>, shape: &[usize]) -> Result<Vec<usize>, Error> {
        let requested = self.constant(node, 1)?.integers();
        let refuse = || {
            let actual = format!("reshaping {shape:?} to {requested:?}");
            node.refuse(actual, "a shape of as many elements")
        };
        let keeps_zero = node.integer("allowzero", 0) != 0;
        let mut result = vec![];
        for (axis, &length) in requested.iter().enumerate() {
            result.push(match length {
                0 if !keeps_zero => shape.get(axis).copied().ok_or_else(refuse)?,
                -1 => 1,
                length => usize::try_from(length).map_err(|_| refuse())?,
            });
        }
        let product = |shape: &[usize]| shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
        let (total, known) = (product(shape).ok_or_else(refuse)?, product(&result).ok_or_else(refuse)?);
        if let Some(free) = requested.iter().position(|&length| length == -1) {
            result[free] = total.checked_div(known).ok_or_else(refuse)?;
        }
        if product(&result) == Some(total) { Ok(result) } else { Err(refuse()) }
    }
}

fn reshaped(node: Node<'_>, view: &View, shape: &[usize]) -> Result<View, Error> {
    view.reshaped(shape).ok_or_else(|| {
        let actual = format!("reshaping {:?} to {shape:?}", view.shape());
        node.refuse(actual, "a reshape that joins axes and splits none")
    })
}
