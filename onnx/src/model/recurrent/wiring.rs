//! A node's graph in the making: constants, slices, sums and products under names that begin with the node's.

use std::sync::Arc;

use tract_onnx::{
    prelude::{
        IntoTValue, OutletId, SpecialOps, Tensor, TractError, TractResult, TypedModel, TypedOp, tensor0, tvec,
    },
    tract_core::ops::{
        array::{MultiBroadcastTo, Slice, TypedConcat},
        einsum::EinSum,
        math::{add, mul, sub},
    },
    tract_hir::{
        internal::{AxisOp, IntoArcTensor},
        ops::expandable::Expansion,
    },
};

use crate::model::{guard::Refusal, tensor::floats};

/// Most elements of a view of a constant that is looked at: initial states are views of zeros where exporters expand them.
const MAX_VIEWED: usize = 1 << 20;

/// The graph that a node's operators are added to.
pub(super) struct Wiring<'a> {
    name: &'a str,
    model: &'a mut TypedModel,
    count: usize,
}

impl<'a> Wiring<'a> {
    /// Nothing added yet.
    pub(super) const fn new(name: &'a str, model: &'a mut TypedModel) -> Self {
        Self { name, model, count: 0 }
    }

    /// A name that no operator has.
    fn next_name(&mut self) -> String {
        self.count += 1;
        format!("{}.{}", self.name, self.count)
    }

    /// Shape of a value, which must be fixed.
    pub(super) fn shape(&self, outlet: OutletId) -> TractResult<Vec<usize>> {
        let shape = self.model.outlet_fact(outlet)?.shape.as_concrete().map(<[usize]>::to_vec);
        shape.ok_or_else(|| self.refusal("a symbolic shape", "fixed shapes"))
    }

    /// Why the node is refused.
    pub(super) fn refusal(&self, actual: &str, expected: &str) -> TractError {
        let name = self.name;
        Refusal(format!("node `{name}`: {actual} is not supported; expected {expected}")).into()
    }

    /// A value that is the same for every input, views of constants included.
    fn constant(&self, outlet: OutletId) -> TractResult<Option<Arc<Tensor>>> {
        let fact = self.model.outlet_fact(outlet)?;
        if fact.konst.is_some() {
            return Ok(fact.konst.clone());
        }
        let node = self.model.node(outlet.node);
        let is_view = node.op_is::<Slice>() || node.op_is::<AxisOp>() || node.op_is::<MultiBroadcastTo>();
        let is_small =
            fact.shape.as_concrete().is_some_and(|shape| shape.iter().product::<usize>() <= MAX_VIEWED);
        let [input] = node.inputs[..] else { return Ok(None) };
        if !is_view || !is_small {
            return Ok(None);
        }
        let Some(constant) = self.constant(input)? else { return Ok(None) };
        let results = node.op.eval_out_of_plan(tvec![constant.into_tvalue()])?;
        Ok(results.and_then(|results| results.into_iter().next()).map(IntoArcTensor::into_arc_tensor))
    }

    /// Whether a value is the same for every input.
    pub(super) fn is_constant(&self, outlet: OutletId) -> TractResult<bool> {
        Ok(self.constant(outlet)?.is_some())
    }

    /// Whether a value is zero whatever the input is.
    pub(super) fn is_zero(&self, outlet: OutletId) -> TractResult<bool> {
        let Some(constant) = self.constant(outlet)? else { return Ok(false) };
        Ok(floats(&constant)?.iter().all(|&x| x == 0.0))
    }

    /// A constant's integers.
    pub(super) fn integers(&self, outlet: OutletId) -> TractResult<Option<Vec<i64>>> {
        let Some(constant) = self.constant(outlet)? else { return Ok(None) };
        let integers = constant.cast_to::<i64>()?;
        Ok(Some(integers.try_as_plain_ram()?.as_slice::<i64>()?.to_vec()))
    }

    /// Adds an operator with one result. Of constants alone the result is a constant.
    pub(super) fn node(
        &mut self,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
    ) -> TractResult<OutletId> {
        let name = self.next_name();
        Ok(self.model.wire_node(name, op, inputs)?[0])
    }

    /// Adds what several operators compute from a value.
    pub(super) fn expansion(&mut self, op: &impl Expansion, x: OutletId) -> TractResult<OutletId> {
        let name = self.next_name();
        Ok(op.wire(&name, self.model, &[x])?[0])
    }

    /// Adds, removes or moves an axis.
    pub(super) fn axis(&mut self, op: AxisOp, x: OutletId) -> TractResult<OutletId> {
        self.node(op, &[x])
    }

    /// The part of a value with this index along its first axis, without that axis.
    pub(super) fn part(&mut self, x: OutletId, index: usize) -> TractResult<OutletId> {
        let part = self.node(Slice::new(0, index, index + 1), &[x])?;
        self.axis(AxisOp::Rm(0), part)
    }

    /// Some positions along an axis.
    pub(super) fn slice(
        &mut self,
        x: OutletId,
        axis: usize,
        (from, to): (usize, usize),
    ) -> TractResult<OutletId> {
        self.node(Slice::new(axis, from, to), &[x])
    }

    /// Values behind each other.
    pub(super) fn concat(&mut self, axis: usize, parts: &[OutletId]) -> TractResult<OutletId> {
        match parts {
            [part] => Ok(*part),
            parts => self.node(TypedConcat::new(axis), parts),
        }
    }

    /// Values behind each other along an axis of their own, the first.
    pub(super) fn stack(&mut self, parts: &[OutletId]) -> TractResult<OutletId> {
        let parts = parts.iter().map(|&part| self.axis(AxisOp::Add(0), part));
        let parts = parts.collect::<TractResult<Vec<_>>>()?;
        self.concat(0, &parts)
    }

    /// A product over the axes that the result lacks.
    pub(super) fn product(&mut self, axes: &str, left: OutletId, right: OutletId) -> TractResult<OutletId> {
        let datum_type = self.model.outlet_fact(left)?.datum_type;
        self.node(EinSum::new(axes.parse()?, datum_type), &[left, right])
    }

    /// Gives a value leading axes of length one until it has this rank.
    fn raised(&mut self, mut x: OutletId, rank: usize) -> TractResult<OutletId> {
        while self.model.outlet_fact(x)?.rank() < rank {
            x = self.axis(AxisOp::Add(0), x)?;
        }
        Ok(x)
    }

    fn binary(
        &mut self,
        op: impl Into<Box<dyn TypedOp>>,
        left: OutletId,
        right: OutletId,
    ) -> TractResult<OutletId> {
        let rank = |wiring: &Self, x| Ok(wiring.model.outlet_fact(x)?.rank());
        let rank: TractResult<usize> = rank(self, left).and_then(|l| Ok(l.max(rank(self, right)?)));
        let rank = rank?;
        let (left, right) = (self.raised(left, rank)?, self.raised(right, rank)?);
        self.node(op, &[left, right])
    }

    /// A sum, broadcast over leading axes.
    pub(super) fn sum(&mut self, left: OutletId, right: OutletId) -> TractResult<OutletId> {
        self.binary(add(), left, right)
    }

    /// A difference.
    pub(super) fn difference(&mut self, left: OutletId, right: OutletId) -> TractResult<OutletId> {
        self.binary(sub(), left, right)
    }

    /// A product element by element, broadcast over leading axes.
    pub(super) fn times(&mut self, left: OutletId, right: OutletId) -> TractResult<OutletId> {
        self.binary(mul(), left, right)
    }

    fn number(&mut self, number: f32) -> TractResult<OutletId> {
        let name = self.next_name();
        self.model.add_const(name, tensor0(number).into_arc_tensor())
    }

    /// A value times a number.
    pub(super) fn scaled(&mut self, x: OutletId, factor: f32) -> TractResult<OutletId> {
        let factor = self.number(factor)?;
        self.times(x, factor)
    }

    /// A value plus a number.
    pub(super) fn shifted(&mut self, x: OutletId, number: f32) -> TractResult<OutletId> {
        let number = self.number(number)?;
        self.sum(x, number)
    }

    /// A number minus a value.
    pub(super) fn complement(&mut self, number: f32, x: OutletId) -> TractResult<OutletId> {
        let number = self.number(number)?;
        self.difference(number, x)
    }
}
