//! Masks: large negative numbers added to leave elements out, which are no numbers to compute with.
//!
//! In the range of a sum with such a number all other elements are one and the same integer. A constant of at most [`MASK`] is
//! therefore refused, unless the sum is multiplied or divided by a constant next, as features are that are centred and scaled.

use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        binary::{BinMiniOp, TypedBinOp},
        math::{Add, Div, Mul, Sub},
    },
};

use super::{
    lowering::{Lowering, TypedNode},
    reading::Constant,
};
use crate::{error::Error, model::rewrite::logic::MASK};

/// What centres features is larger than this; masks of 32 bits are smaller.
const DATA: f64 = -1e8;

impl Lowering<'_> {
    /// Refuses a sum or difference of the computed operand `x` and a constant that masks elements.
    pub(super) fn refuse_mask(
        &self,
        node: &TypedNode,
        op: &dyn BinMiniOp,
        x: usize,
        constant: &Constant,
    ) -> Result<(), Error> {
        let sign = if op.is::<Add>() || (op.is::<Sub>() && x == 1) {
            1.0
        } else if op.is::<Sub>() {
            -1.0
        } else {
            return Ok(());
        };
        let smallest = constant.values.iter().map(|value| sign * value).fold(f64::INFINITY, f64::min);
        if smallest > f64::from(MASK) || (smallest > DATA && self.is_scaled(node)) {
            return Ok(());
        }
        let actual = format!("a constant that adds {smallest:e}, which masks elements,");
        Err(self.refuse(
            node,
            actual,
            "constants above -1e4: leave the mask out, or multiply by zeros and ones",
        ))
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
