//! Masks: large negative numbers added to leave elements out, which are no numbers to compute with.
//!
//! In the range of a sum with such a number all other elements are one and the same integer. A sum with a constant of zeros
//! and of numbers up to [`MASK`] is therefore the other operand as it is, if nothing but a softmax reads it, through other axes
//! and positive factors at most; the softmax then leaves the masked elements out. Other sums with such numbers are refused,
//! unless they are multiplied or divided by a constant next, as features are that are centred and scaled.

use tract_onnx::{
    prelude::{OutletId, Tensor},
    tract_core::ops::{
        binary::{BinMiniOp, TypedBinOp},
        change_axes::AxisOp,
        math::{Add, Div, Mul, Sub},
        nn::Softmax,
    },
};

use super::{
    lowering::{Lowering, TypedNode},
    reading::Constant,
};
use crate::{
    error::Error,
    float_graph::value::Mask,
    model::rewrite::logic::{MASK, broadcast},
};

/// What centres features is larger than this; masks of 32 bits are smaller.
const DATA: f64 = -1e8;
/// Longest way from a mask to its softmax, in nodes.
const MAX_STEPS: usize = 64;

/// A mask in the axes of an outlet.
struct Masked {
    shape: Vec<usize>,
    mask: Mask,
}

/// What is added to the computed operand, if an operation adds constants to it: the sign of the constants.
fn sign(op: &dyn BinMiniOp, x: usize) -> Option<f64> {
    if op.is::<Add>() {
        Some(1.0)
    } else if op.is::<Sub>() && x == 0 {
        Some(-1.0)
    } else {
        None
    }
}

impl Lowering<'_> {
    /// Whether a node adds a mask that a softmax reads; refuses sums and differences of the computed operand `x` and a constant
    /// that holds other masks.
    pub(super) fn masks(
        &mut self,
        node: &TypedNode,
        op: &dyn BinMiniOp,
        x: usize,
        constant: &Constant,
    ) -> Result<bool, Error> {
        let from = op.is::<Sub>() && x == 1;
        let Some(sign) = sign(op, x).or(from.then_some(1.0)) else { return Ok(false) };
        let added = constant.values.iter().map(|value| sign * value);
        let is_mask = |value: f64| value <= f64::from(MASK);
        if !added.clone().any(is_mask) {
            // Large positive numbers beside zeros leave elements out of a minimum.
            let largest = added.clone().fold(0.0, f64::max);
            let raises = added.clone().all(|value| value == 0.0 || value >= -f64::from(MASK));
            if raises && largest > 0.0 && added.clone().any(|value| value == 0.0) && !self.is_scaled(node) {
                let actual = format!("a constant that adds {largest:e} to some elements, which masks them,");
                return Err(self.refuse(node, actual, "constants below 1e4, or of that size everywhere"));
            }
            return Ok(false);
        }
        let alone = !from && added.clone().all(|value| value == 0.0 || is_mask(value));
        if alone && let Some(behind) = self.until_softmax(node, MAX_STEPS) {
            self.masking.push(node.id);
            self.behind_masks.extend(behind);
            return Ok(true);
        }
        let smallest = added.fold(f64::INFINITY, f64::min);
        if smallest > DATA && self.is_scaled(node) {
            return Ok(false);
        }
        let actual = format!("a constant that adds {smallest:e}, which masks elements,");
        Err(self.refuse(node, actual, "constants above -1e4, or zeros and masks that only a softmax reads"))
    }

    /// What the masks in front of a softmax leave of its input.
    pub(super) fn mask_of(&self, node: &TypedNode) -> Result<Option<(Constant, f64)>, Error> {
        let Some(Masked { shape, mask }) = self.masked(node, node.inputs[0], MAX_STEPS)? else {
            return Ok(None);
        };
        let values = mask.kept.iter().map(|&kept| f64::from(u8::from(kept))).collect();
        Ok(Some((Constant { shape, values }, mask.depth)))
    }

    fn masked(&self, reader: &TypedNode, outlet: OutletId, steps: usize) -> Result<Option<Masked>, Error> {
        let Some(steps) = steps.checked_sub(1).filter(|_| !self.masking.is_empty()) else { return Ok(None) };
        let node = self.model.graph.node(outlet.node);
        if let Some(op) = node.op_as::<AxisOp>() {
            let Some(before) = self.masked(node, node.inputs[0], steps)? else { return Ok(None) };
            return self.moved(reader, op, &before).map(Some);
        }
        let Some(op) = node.op_as::<TypedBinOp>() else { return Ok(None) };
        let Some((x, constant)) = self.only_constant(node)? else { return Ok(None) };
        let before = self.masked(node, node.inputs[x], steps)?;
        if let Some(factor) = positive_factor(&*op.0, x, &constant) {
            return Ok(before.map(|Masked { shape, mask }| Masked {
                shape,
                mask: Mask { depth: mask.depth * factor, ..mask },
            }));
        }
        if !self.masking.contains(&node.id) {
            return Ok(None);
        }
        let shape = self.output_shape(node)?;
        let own = self.repeated(node, &constant.values, &constant.shape, &shape)?;
        let depth =
            own.iter().filter(|&&value| value != 0.0).fold(f64::INFINITY, |d, value| d.min(value.abs()));
        let mut mask = Mask { kept: own.iter().map(|&value| value == 0.0).collect(), depth };
        if let Some(before) = before {
            let kept = self.repeated(node, &before.mask.kept, &before.shape, &shape)?;
            mask.kept.iter_mut().zip(kept).for_each(|(own, kept)| *own &= kept);
            mask.depth = mask.depth.min(before.mask.depth);
        }
        Ok(Some(Masked { shape, mask }))
    }

    fn repeated<T: Copy>(
        &self,
        node: &TypedNode,
        values: &[T],
        shape: &[usize],
        to: &[usize],
    ) -> Result<Vec<T>, Error> {
        broadcast(values, shape, to).ok_or_else(|| self.unsupported(node))
    }

    /// A mask in other axes.
    fn moved(&self, node: &TypedNode, op: &AxisOp, before: &Masked) -> Result<Masked, Error> {
        let numbers: Vec<u8> = before.mask.kept.iter().map(|&kept| u8::from(kept)).collect();
        let moved = || {
            let mut tensor = Tensor::from_shape(&before.shape, &numbers)?;
            op.change_tensor(&mut tensor, false)?;
            let kept = tensor.to_plain_array_view::<u8>()?.iter().map(|&number| number == 1).collect();
            Ok::<_, tract_onnx::prelude::TractError>((tensor.shape().to_vec(), kept))
        };
        let (shape, kept) = moved().map_err(|_| self.unsupported(node))?;
        Ok(Masked { shape, mask: Mask { kept, depth: before.mask.depth } })
    }

    /// The computed operand of a node and its constant one, if it has one of each.
    fn only_constant(&self, node: &TypedNode) -> Result<Option<(usize, Constant)>, Error> {
        Ok(match (self.constant(node, 0)?, self.constant(node, 1)?) {
            (None, Some(constant)) => Some((0, constant)),
            (Some(constant), None) => Some((1, constant)),
            (None, None) | (Some(_), Some(_)) => None,
        })
    }

    /// A node and those behind it up to a softmax, if nothing else reads them, through other axes, positive factors and further
    /// masks at most.
    fn until_softmax(&self, node: &TypedNode, steps: usize) -> Option<Vec<usize>> {
        let graph = &self.model.graph;
        let steps = steps.checked_sub(1)?;
        let mut behind = vec![node.id];
        let mut successors = node.outputs.iter().flat_map(|output| output.successors.iter()).peekable();
        if successors.peek().is_none() || graph.outputs.iter().any(|outlet| outlet.node == node.id) {
            return None;
        }
        for inlet in successors {
            let reader = graph.node(inlet.node);
            if !reader.op_is::<Softmax>() {
                behind.extend(self.until_softmax(reader, steps).filter(|_| self.keeps_order(reader))?);
            }
        }
        Some(behind)
    }

    /// Whether a node moves axes, multiplies by a positive number or masks.
    fn keeps_order(&self, node: &TypedNode) -> bool {
        if node.op_is::<AxisOp>() {
            return true;
        }
        let Some(op) = node.op_as::<TypedBinOp>() else { return false };
        let Ok(Some((x, constant))) = self.only_constant(node) else { return false };
        let is_mask =
            |sign: f64| constant.values.iter().all(|value| *value == 0.0 || sign * value <= f64::from(MASK));
        positive_factor(&*op.0, x, &constant).is_some() || sign(&*op.0, x).is_some_and(is_mask)
    }

    /// Whether all that reads a node multiplies or divides it by a constant.
    fn is_scaled(&self, node: &TypedNode) -> bool {
        let graph = &self.model.graph;
        let is_constant = |outlet: OutletId| graph.outlet_fact(outlet).is_ok_and(|fact| fact.konst.is_some());
        let successors: Vec<_> = node.outputs.iter().flat_map(|output| output.successors.iter()).collect();
        !successors.is_empty()
            && successors.iter().all(|inlet| {
                let reader = graph.node(inlet.node);
                let scales = reader
                    .op_as::<TypedBinOp>()
                    .is_some_and(|op| op.0.is::<Mul>() || (op.0.is::<Div>() && inlet.slot == 0));
                scales && reader.inputs.iter().any(|&outlet| is_constant(outlet))
            })
    }
}

/// The one positive number that an operation multiplies its computed operand by.
fn positive_factor(op: &dyn BinMiniOp, x: usize, constant: &Constant) -> Option<f64> {
    let &first = constant.values.first()?;
    let is_positive = first > 0.0 && first.is_finite();
    let is_one = is_positive && constant.values.iter().all(|value| value.total_cmp(&first).is_eq());
    if op.is::<Mul>() {
        is_one.then_some(first)
    } else if op.is::<Div>() && x == 0 {
        is_one.then_some(1.0 / first)
    } else {
        None
    }
}
