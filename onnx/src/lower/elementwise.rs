//! Additions, products, maxima and minima: folded into the layer before them wherever that is exact.

use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        binary::TypedBinOp,
        element_wise::ElementWiseOp,
        math::{Add, Div, Max, Min, Mul, Neg, Sub},
    },
};

use super::{Constant, Lowering, TypedNode};
use crate::{
    error::Error,
    graph::{Clip, Operation, View},
};

/// A constant operand: one number, or one for each position of a value axis.
enum Operand {
    Scalar(f64),
    PerPosition(usize, Vec<f64>),
}

impl Lowering<'_> {
    pub(super) fn element_wise(&mut self, node: &TypedNode, op: &ElementWiseOp) -> Result<View, Error> {
        let view = self.reading(node, 0)?;
        if op.0.is::<Neg>() && view.function.is_none() && view.is_whole() {
            return self.scale(node, view, &Operand::Scalar(-1.0));
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
            } else {
                let expected = "one constant operand, or two functions of one value";
                Err(self.refuse(node, "two computed operands", expected))
            };
        };
        let folds = [op.is::<Add>(), op.is::<Sub>(), op.is::<Mul>(), op.is::<Div>() && x == 0];
        let folds = folds.contains(&true) || op.is::<Max>() || op.is::<Min>();
        if (!folds || self.reading(node, x)?.function.is_some())
            && let Some(view) = self.pointwise(node)?
        {
            return Ok(view);
        }
        let view = self.whole_view(node, x)?;
        if self.input_shape(node, x)? != self.output_shape(node)? {
            return Err(self.refuse(
                node,
                "a constant that enlarges its input",
                "a constant of the input's shape",
            ));
        }
        if op.is::<Max>() || op.is::<Min>() {
            return self.clip(node, view, &constant, op.is::<Max>());
        }
        if !constant.values.iter().all(|value| value.is_finite()) {
            self.finite_constant(node, 1 - x)?;
        }
        let operand = self.operand(node, &view, constant)?;
        let map = |f: &dyn Fn(f64) -> f64| match &operand {
            Operand::Scalar(c) => Operand::Scalar(f(*c)),
            Operand::PerPosition(axis, values) => {
                Operand::PerPosition(*axis, values.iter().map(|&c| f(c)).collect())
            }
        };
        if op.is::<Add>() {
            self.shift(node, view, &operand)
        } else if op.is::<Sub>() && x == 0 {
            self.shift(node, view, &map(&|c| -c))
        } else if op.is::<Sub>() {
            let view = self.scale(node, view, &Operand::Scalar(-1.0))?;
            self.shift(node, view, &operand)
        } else if op.is::<Mul>() {
            self.scale(node, view, &operand)
        } else if op.is::<Div>() && x == 0 {
            self.scale(node, view, &map(&|c| 1.0 / c))
        } else {
            Err(self.unsupported(node))
        }
    }

    /// Reads a constant as one number or as one for each position of a value axis.
    fn operand(&self, node: &TypedNode, view: &View, constant: Constant) -> Result<Operand, Error> {
        let first = constant.values.first().copied().unwrap_or(0.0);
        if constant.values.iter().all(|value| value.total_cmp(&first).is_eq()) {
            return Ok(Operand::Scalar(first));
        }
        let long: Vec<usize> = (0..constant.shape.len()).filter(|&axis| constant.shape[axis] > 1).collect();
        let offset = view.axes.len().saturating_sub(constant.shape.len());
        match long[..] {
            [axis] if view.axes.get(axis + offset).is_some_and(|axes| axes.len() == 1) => {
                Ok(Operand::PerPosition(view.axes[axis + offset][0], constant.values))
            }
            _ => {
                let actual = format!("a constant of shape {:?}", constant.shape);
                Err(self.refuse(node, actual, "one number, or one number for each channel"))
            }
        }
    }

    /// One factor for each output channel, if the operand can be folded into the layer's weights.
    fn per_channel(&self, view: &View, operand: &Operand) -> Option<Vec<f64>> {
        let value = &self.values[view.value];
        if self.shared[view.value] || value.clip != Clip::NONE {
            return None;
        }
        let (Operation::Dense { weights, .. } | Operation::Conv2d { weights, .. }) = &value.operation else {
            return None;
        };
        match operand {
            Operand::Scalar(c) => Some(vec![*c; weights.num_outputs()]),
            Operand::PerPosition(axis, values) => (*axis == value.channel_axis()).then(|| values.clone()),
        }
    }

    fn shift(&mut self, node: &TypedNode, view: View, operand: &Operand) -> Result<View, Error> {
        if matches!(operand, Operand::Scalar(0.0)) {
            return Ok(view);
        }
        let channels = self.per_channel(&view, operand);
        let value = &mut self.values[view.value];
        value.outlet = if channels.is_some() { OutletId::new(node.id, 0) } else { value.outlet };
        match (channels, value.weights_mut()) {
            (Some(shifts), Some(weights)) => {
                weights.bias.iter_mut().zip(shifts).for_each(|(bias, shift)| *bias += shift);
                Ok(view)
            }
            _ => self.pointwise(node)?.ok_or_else(|| {
                self.refuse(
                    node,
                    "a constant that cannot be folded into a layer before it",
                    "one number, or one for each channel right after Conv, Gemm or MatMul",
                )
            }),
        }
    }

    fn scale(&mut self, node: &TypedNode, view: View, operand: &Operand) -> Result<View, Error> {
        let outlet = OutletId::new(node.id, 0);
        let channels = self.per_channel(&view, operand);
        let value = &mut self.values[view.value];
        if let (Some(factors), Some(weights)) = (channels, value.weights_mut()) {
            weights.scale(&factors);
            value.outlet = outlet;
            return Ok(view);
        }
        match operand {
            Operand::Scalar(factor) if *factor > 0.0 && factor.is_finite() => {
                let (name, axes) = (self.name(node), self.lengths(&view).to_vec());
                let operation = Operation::Scale { input: view.value, factor: *factor };
                Ok(self.push(&name, axes, operation, outlet, view.axes))
            }
            _ => self.pointwise(node)?.ok_or_else(|| {
                self.refuse(
                    node,
                    "a factor that cannot be folded into a layer before it",
                    "one factor, or one for each channel right after Conv, Gemm or MatMul",
                )
            }),
        }
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
        // Clipping commutes with a maximum over a window and with a positive factor.
        let (mut at, mut fused) = (view.value, clip);
        while !self.shared[at] {
            match self.values[at].operation {
                Operation::MaxPool { input, .. } => at = input,
                Operation::Scale { input, factor } => {
                    fused = Clip { minimum: fused.minimum / factor, maximum: fused.maximum / factor };
                    at = input;
                }
                Operation::Input => break,
                _ => {
                    self.values[at].clip = self.values[at].clip.then(fused);
                    return Ok(view);
                }
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

    fn add(&mut self, node: &TypedNode, sign: f64) -> Result<View, Error> {
        let (left, right) = (self.whole_view(node, 0)?, self.whole_view(node, 1)?);
        if left.axes != right.axes || self.lengths(&left) != self.lengths(&right) {
            let actual =
                format!("addends of shapes {:?} and {:?}", self.lengths(&left), self.lengths(&right));
            return Err(self.refuse(node, actual, "addends of one shape and order of axes"));
        }
        let (name, axes) = (self.name(node), self.lengths(&left).to_vec());
        let addends = vec![(left.value, 1.0), (right.value, sign)];
        Ok(self.push(&name, axes, Operation::Add { addends }, OutletId::new(node.id, 0), left.axes))
    }
}
