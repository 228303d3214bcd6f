//! Pointwise functions: whatever computes each number from one number of one value.

use std::sync::Arc;

use tract_onnx::{
    prelude::{Datum, OutletId, TDim},
    tract_core::ops::cast::Cast,
};

use super::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{
        pointwise::{Function, Operand},
        value::Operation,
        view::View,
    },
};

impl Lowering<'_> {
    /// The node as a function of a value, if its operands are functions of one value or the same number everywhere.
    pub(super) fn pointwise(&self, node: &TypedNode) -> Result<Option<View>, Error> {
        let view = self.pointwise_of(node, false)?;
        if view.is_some() { Ok(view) } else { self.pointwise_of(node, true) }
    }

    /// What an operand reads; `through` says whether constant factors and clips of a value count as functions of it.
    fn operand(&self, node: &TypedNode, input: usize, through: bool) -> Result<View, Error> {
        let view = self.reading(node, input)?;
        if !through || view.function.is_some() {
            return Ok(view);
        }
        let value = &self.values[view.value];
        let is_pointwise = match &value.operation {
            Operation::Scale { .. } => true,
            Operation::Add { addends } => addends.len() == 1 && value.function.is_none(),
            Operation::Input
            | Operation::Dense { .. }
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::MaxPool { .. }
            | Operation::Rearrange { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. } => false,
        };
        let before = self.model.graph.node(value.outlet.node);
        let is_itself = node.inputs.get(input) == Some(&value.outlet);
        if is_pointwise
            && is_itself
            && let Some(found) = self.pointwise_of(before, true)?
        {
            return Ok(found);
        }
        Ok(view)
    }

    fn pointwise_of(&self, node: &TypedNode, through: bool) -> Result<Option<View>, Error> {
        let mut base: Option<View> = None;
        let mut constants = vec![];
        let mut readings = vec![];
        for (input, &outlet) in node.inputs.iter().enumerate() {
            let constant = self.model.graph.outlet_fact(outlet).ok().and_then(|fact| fact.konst.clone());
            if let Some(tensor) = &constant {
                let Some(number) = tensor.as_uniform().and_then(|tensor| tensor.into_shape(&[1]).ok()) else {
                    return Ok(None);
                };
                constants.push(Some(Arc::new(number)));
                readings.push(None);
                continue;
            }
            let view = self.operand(node, input, through)?;
            if base.as_ref().is_some_and(|base| !base.is_aligned(&view)) {
                return Ok(None);
            }
            base.get_or_insert_with(|| view.clone());
            constants.push(None);
            readings.push(Some((outlet, view.function)));
        }
        let output = OutletId::new(node.id, 0);
        let datum_type = self.model.graph.outlet_fact(output).ok().map(|fact| fact.datum_type);
        let numbers = [f32::datum_type(), bool::datum_type(), i32::datum_type(), i64::datum_type()];
        let is_number = datum_type.is_some_and(|found| numbers.contains(&found));
        let Some(base) = base else { return Ok(None) };
        if !is_number {
            return Err(self.unsupported(node));
        }
        for (input, reading) in readings.iter().enumerate() {
            if reading.is_some() && self.input_shape(node, input)? != self.output_shape(node)? {
                return Ok(None);
            }
        }
        let operands: Vec<Operand<'_>> = constants
            .iter()
            .zip(&readings)
            .filter_map(|(constant, reading)| match (constant, reading) {
                (Some(number), _) => Some(Operand::Constant(Arc::clone(number))),
                (None, Some((_, Some(function)))) => Some(Operand::Function(function)),
                (None, Some((outlet, None))) => Some(Operand::Argument(*outlet)),
                (None, None) => None,
            })
            .collect();
        let function = Function::apply_operator(node.id, node.op.clone(), &operands);
        Ok(function.map(|function| View { function: Some(function), ..base }))
    }

    /// A conversion: of integers to real numbers nothing, unless they are a function's results; else a function.
    pub(super) fn cast(&self, node: &TypedNode, op: &Cast) -> Result<View, Error> {
        let is_carried =
            op.to.is_float() || [bool::datum_type(), i32::datum_type(), i64::datum_type()].contains(&op.to);
        let is_own = self.model.origin(&node.name, "").1 == "Cast";
        if is_own && !is_carried && op.to != TDim::datum_type() {
            let actual = format!("a cast to {:?}, beyond whose ends numbers go around,", op.to);
            return Err(self.refuse(node, actual, "a cast to int32 or int64, behind a Clip if it is meant"));
        }
        let from = self.model.graph.outlet_fact(node.inputs[0]).ok().map(|fact| fact.datum_type);
        let is_integer = from.is_some_and(|from| from.is_integer() || from == TDim::datum_type());
        if is_integer && op.to.is_float() {
            let view = self.reading(node, 0)?;
            if view.function.is_none() {
                return Ok(view);
            }
        }
        self.pointwise(node)?.ok_or_else(|| self.not_pointwise(node))
    }

    pub(super) fn not_pointwise(&self, node: &TypedNode) -> Error {
        let expected = "operands that are functions of one value, or the same number everywhere";
        self.refuse(node, "an element-wise operator on these operands", expected)
    }

    /// Turns a node's function of a value into a value.
    pub(super) fn settle(&mut self, node: usize, view: View) -> View {
        let Some(function) = view.function.clone() else { return view };
        if let Some(settled) = self.settled[node].clone() {
            return View { axes: view.axes, strides: view.strides, ..settled };
        }
        let graph_node = self.model.graph.node(node);
        let (name, axes) = (self.name(graph_node), self.lengths(&view).to_vec());
        let operation = Operation::Add { addends: vec![(view.value, 1.0)] };
        let new = self.push(&name, axes, operation, function.argument, view.axes);
        self.values[new.value].function = Some(function);
        self.shared[new.value] = true;
        let settled = View { strides: view.strides, ..new };
        self.settled[node] = Some(settled.clone());
        settled
    }
}
