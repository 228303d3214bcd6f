//! Rounding to a grid: what a QuantizeLinear and the DequantizeLinear behind it make of a real number.
//!
//! $$ \mathrm{grid}(x) = s \cdot \mathrm{clip}(\mathrm{rne}(x / s), lo, hi) $$
//!
//! with the scale $s$, halves rounded to even, and the bounds of the integer type less the zero point. A value that is
//! rounded so brings its own scale: it is not calibrated.

use tract_onnx::{
    Onnx,
    model::ParsingContext,
    pb::{AttributeProto, NodeProto, attribute_proto::AttributeType},
    prelude::{Datum, IntoTValue, OutletId, TValue, TVec, TractResult, TypedFact, TypedModel, TypedOp, tvec},
    tract_hir::{
        internal::{
            DatumTypeExt, EvalContext, EvalOp, InferenceOp, InferenceResult, IntoTensor, Op, Solver,
            SpecialOps, StaticName, TensorProxy, as_op, check_input_arity, check_output_arity, ensure,
            format_err, op_as_typed_op, op_out_of_plan,
        },
        ops::expandable::{Expansion, expand},
    },
};

/// The operator's name in a rewritten graph; no ONNX operator has it.
pub(crate) const ROUND_TO_GRID: &str = "RoundToGrid";

/// The real numbers that integers of a quantised tensor stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grid {
    /// Real value of one unit, above zero.
    pub(crate) scale: f32,
    /// Smallest and largest integer, the zero point taken off: zero lies between them.
    pub(crate) bounds: (i64, i64),
}

impl Grid {
    /// The integer that stands for a real number; NaN is zero.
    pub(crate) fn integer(self, x: f32) -> i64 {
        ((x / self.scale).round_ties_even() as i64).clamp(self.bounds.0, self.bounds.1)
    }

    /// The grid's number that stands for a real number.
    fn round(self, x: f32) -> f32 {
        self.integer(x) as f32 * self.scale
    }

    /// The attributes of the operator.
    pub(crate) fn attributes(self) -> Vec<AttributeProto> {
        let kind = |kind: AttributeType| kind as i32;
        let scale = AttributeProto {
            name: "scale".to_owned(),
            r#type: kind(AttributeType::Float),
            f: self.scale,
            ..AttributeProto::default()
        };
        let bounds = AttributeProto {
            name: "bounds".to_owned(),
            r#type: kind(AttributeType::Ints),
            ints: vec![self.bounds.0, self.bounds.1],
            ..AttributeProto::default()
        };
        vec![scale, bounds]
    }
}

/// The operator. It is no element-wise operator to the importer, which would move slices in front of it: each slice would be
/// rounded by itself then, and the layer that computes them read unrounded by several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoundToGrid(pub(crate) Grid);

impl Eq for RoundToGrid {}

impl Op for RoundToGrid {
    fn name(&self) -> StaticName {
        ROUND_TO_GRID.into()
    }

    op_as_typed_op!();
}

impl EvalOp for RoundToGrid {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = <[TValue; 1]>::try_from(inputs.into_vec())
            .map_err(|_| format_err!("rounding to a grid takes one input"))?;
        let mut tensor = input.into_tensor();
        for x in tensor.try_as_plain_ram_mut()?.as_slice_mut::<f32>()? {
            *x = self.0.round(*x);
        }
        Ok(tvec!(tensor.into_tvalue()))
    }
}

impl TypedOp for RoundToGrid {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1, "rounding to a grid takes one input");
        Ok(tvec!(inputs[0].datum_type.fact(inputs[0].shape.clone())))
    }

    as_op!();
}

impl Expansion for RoundToGrid {
    fn name(&self) -> StaticName {
        ROUND_TO_GRID.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        s.equals(&inputs[0].datum_type, f32::datum_type())?;
        s.equals(&outputs[0].datum_type, f32::datum_type())?;
        s.equals(&inputs[0].shape, &outputs[0].shape)
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        model.wire_node(name, self.clone(), inputs)
    }
}

/// Teaches tract the operator.
pub(crate) fn register(onnx: &mut Onnx) {
    onnx.op_register.insert(ROUND_TO_GRID, round_to_grid);
}

fn round_to_grid(
    _: &ParsingContext<'_>,
    node: &NodeProto,
) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let scale: f32 = node.get_attr("scale")?;
    let bounds: Vec<i64> = node.get_attr_vec("bounds")?;
    ensure!(scale > 0.0 && bounds.len() == 2, "a grid has a positive scale and two bounds");
    Ok((expand(RoundToGrid(Grid { scale, bounds: (bounds[0], bounds[1]) })), vec![]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_even_and_clipped() {
        let grid = Grid { scale: 0.5, bounds: (-3, 4) };
        let integers = [0.2, 0.25, 0.75, -0.75, 1.3, 9.0, -9.0].map(|x| grid.integer(x));
        assert_eq!(integers, [0, 0, 2, -2, 3, 4, -3]);
        assert!((grid.round(1.3) - 1.5).abs() < f32::EPSILON);
    }
}
