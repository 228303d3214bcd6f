//! Arithmetic element by element: additions, products, maxima and minima, folded into the layer before them wherever that is
//! exact.

use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        binary::TypedBinOp,
        element_wise::ElementWiseOp,
        math::{Add, Div, Max, Min, Mul, Neg, Sub},
    },
};

use super::{
    affine::Coefficients,
    lowering::{Lowering, TypedNode},
    reading::Constant,
};
use crate::{
    error::Error,
    float_graph::{clip::Clip, value::Operation, view::View},
};

impl Lowering<'_> {
    pub(super) fn element_wise(&mut self, node: &TypedNode, op: &ElementWiseOp) -> Result<View, Error> {
        let view = self.reading(node, 0)?;
        if op.0.is::<Neg>() && view.function.is_none() && view.is_whole() {
            return self.scale(node, view, &Coefficients::Scalar(-1.0));
        }
        self.pointwise(node)?.ok_or_else(|| self.not_pointwise(node))
    }

    pub(super) fn binary(&mut self, node: &TypedNode, op: &TypedBinOp) -> Result<View, Error> {
        let op = &op.0;
        // The operation as it applies to the computed operand `x`, with the constant `c`.
        let constant = match (self.constant(node, 0)?, self.constant(node, 1)?) {
            (None, None) => None,
            (None, Some(constant)) => Some((0, constant)),
            (Some(constant), _) => Some((1, constant)),
        };
        let Some((x, constant)) = constant else {
            let linear = op.is::<Add>() || op.is::<Sub>();
            let has_function = self.reading(node, 0)?.function.or(self.reading(node, 1)?.function).is_some();
            if (has_function || !linear)
                && let Some(view) = self.pointwise(node)?
            {
                return Ok(view);
            }
            return if op.is::<Add>() {
                self.add(node, 1.0)
            } else if op.is::<Sub>() {
                self.add(node, -1.0)
            } else if op.is::<Mul>() {
                self.elementwise_product(node)
            } else {
                let expected = "one constant operand, or two functions of one value";
                Err(self.refuse(node, "two computed operands", expected))
            };
        };
        if self.masks(node, &**op, x, &constant)? {
            let view = self.whole_view(node, x)?;
            // Nothing may be folded into what is masked: it would be observed behind the mask.
            self.shared[view.value] = true;
            return self.broadcast(node, view, &self.output_shape(node)?);
        }
        let folds = [op.is::<Add>(), op.is::<Sub>(), op.is::<Mul>(), op.is::<Div>() && x == 0];
        let folds = folds.contains(&true) || op.is::<Max>() || op.is::<Min>();
        if (!folds || self.reading(node, x)?.function.is_some())
            && let Some(view) = self.pointwise(node)?
        {
            return Ok(view);
        }
        let view = self.whole_view(node, x)?;
        let view = self.broadcast(node, view, &self.output_shape(node)?)?;
        if op.is::<Max>() || op.is::<Min>() {
            return self.clip(node, view, &constant, op.is::<Max>());
        }
        if !constant.values.iter().all(|value| value.is_finite()) {
            self.finite_constant(node, 1 - x)?;
        }
        let coefficients = self.coefficients(&view, &constant);
        if op.is::<Add>() {
            self.shift(node, view, &coefficients)
        } else if op.is::<Sub>() && x == 0 {
            self.shift(node, view, &coefficients.map(|c| -c))
        } else if op.is::<Sub>() {
            self.subtract_from(node, view, &coefficients)
        } else if op.is::<Mul>() {
            self.scale(node, view, &coefficients)
        } else if op.is::<Div>() && x == 0 {
            self.scale(node, view, &coefficients.map(|c| 1.0 / c))
        } else {
            Err(self.unsupported(node))
        }
    }

    /// Constants less a value: folded into the layer before it, else one table, or one layer of factors and shifts.
    fn subtract_from(
        &mut self,
        node: &TypedNode,
        view: View,
        constants: &Coefficients,
    ) -> Result<View, Error> {
        let negative = Coefficients::Scalar(-1.0);
        if matches!(constants, Coefficients::Elements(_)) && !self.folds(&view, &[&negative, constants]) {
            return Ok(self.affine(node, &view, &negative, constants));
        }
        let view = self.scale(node, view, &negative)?;
        self.shift(node, view, constants)
    }

    fn clip(
        &mut self,
        node: &TypedNode,
        view: View,
        constant: &Constant,
        is_max: bool,
    ) -> Result<View, Error> {
        let bound = constant.values.first().copied().unwrap_or(0.0);
        let contains_zero = if is_max { bound <= 0.0 } else { bound >= 0.0 };
        if constant.values.iter().any(|value| value.total_cmp(&bound).is_ne()) {
            return Err(self.refuse(node, "several bounds", "one bound for the whole tensor"));
        }
        if !contains_zero {
            return self.pointwise(node)?.ok_or_else(|| self.not_pointwise(node));
        }
        let clip = if is_max {
            Clip { minimum: bound, maximum: f64::INFINITY }
        } else {
            Clip { minimum: f64::NEG_INFINITY, maximum: bound }
        };
        // Clipping commutes with a maximum over a window, with a positive factor and with other places.
        let (mut at, mut fused) = (view.value, clip);
        while !self.shared[at] && self.values[at].spacing.is_none() {
            match self.values[at].operation {
                Operation::MaxPool { input, .. } | Operation::Rearrange { input, .. } => at = input,
                Operation::Scale { input, factor } => {
                    fused = Clip { minimum: fused.minimum / factor, maximum: fused.maximum / factor };
                    at = input;
                }
                Operation::Dense { .. }
                | Operation::Conv2d { .. }
                | Operation::SumPool { .. }
                | Operation::ReduceSum { .. }
                | Operation::Add { .. }
                | Operation::Product { .. } => {
                    self.values[at].clip = self.values[at].clip.then(fused);
                    return Ok(view);
                }
                Operation::Input
                | Operation::Softmax { .. }
                | Operation::ArgMax { .. }
                | Operation::Concat { .. } => break,
            }
        }
        if self.values[view.value].clip.then(clip) == self.values[view.value].clip
            && self.values[view.value].clip != Clip::NONE
        {
            return Ok(view);
        }
        let (name, axes) = (self.name(node), self.lengths(&view).to_vec());
        let operation = Operation::Add { addends: vec![(view.value, 1.0)] };
        let view = self.push(&name, axes, operation, node.inputs[0], view.axes);
        self.values[view.value].outlet = OutletId::new(node.id, 0);
        self.values[view.value].clip = clip;
        Ok(view)
    }

    /// Both operands as views with the same axes of values, repeated where they are shorter than the result.
    fn operands(&mut self, node: &TypedNode) -> Result<[View; 2], Error> {
        let shape = self.output_shape(node)?;
        let mut views = vec![];
        for input in 0..2 {
            let view = self.view(node, input)?;
            views.push(self.broadcast(node, view, &shape)?);
        }
        let [left, right] = <[View; 2]>::try_from(views).map_err(|_| self.unsupported(node))?;
        if left.axes == right.axes && self.lengths(&left) == self.lengths(&right) {
            return Ok([left, right]);
        }
        Ok([self.in_order(node, left), self.in_order(node, right)])
    }

    fn add(&mut self, node: &TypedNode, sign: f64) -> Result<View, Error> {
        let [left, right] = self.operands(node)?;
        let (name, axes) = (self.name(node), self.lengths(&left).to_vec());
        let addends = vec![(left.value, 1.0), (right.value, sign)];
        Ok(self.push(&name, axes, Operation::Add { addends }, OutletId::new(node.id, 0), left.axes))
    }
}
