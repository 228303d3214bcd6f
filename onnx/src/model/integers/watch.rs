//! Integers that come from real numbers, watched while the float model runs.
//!
//! What a cast from real numbers gives has no bound but what samples show. A watch lets numbers pass as they are and refuses to go on
//! at one of larger magnitude than its limit, up to which float32 computes with integers exactly and no type of 32 bits goes around.

use tract_onnx::{
    Onnx,
    model::ParsingContext,
    pb::NodeProto,
    prelude::{Datum, OutletId, TValue, TVec, TractResult, TypedFact, TypedModel, TypedOp, tvec},
    tract_hir::{
        internal::{
            DatumTypeExt, EvalContext, EvalOp, Expansion, InferenceOp, InferenceResult, Op, Solver,
            SpecialOps, StaticName, TensorProxy, as_op, check_input_arity, check_output_arity, ensure,
            format_err, op_as_typed_op, op_out_of_plan,
        },
        ops::expandable::expand,
    },
};

use crate::model::guard::Refusal;

/// The operator's name in a rewritten graph; no ONNX operator has it.
pub(crate) const WATCH: &str = "tacit.Watch";

/// The operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watch {
    node: String,
    operator: String,
    limit: i64,
}

impl Op for Watch {
    fn name(&self) -> StaticName {
        WATCH.into()
    }

    op_as_typed_op!();
}

impl EvalOp for Watch {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] =
            <[TValue; 1]>::try_from(inputs.into_vec()).map_err(|_| format_err!("a watch takes one input"))?;
        let limit = self.limit as f32;
        let farthest =
            input.to_plain_array_view::<f32>()?.iter().copied().find(|x| x.is_nan() || x.abs() >= limit);
        if let Some(value) = farthest {
            let Self { node, operator, limit } = self;
            return Err(Refusal(format!(
                "node `{node}` ({operator}) computes with the integer {value} on a sample, and from {limit} on integers are not computed \
                 with exactly: cast what it reads to float32 first, or scale it down"
            ))
            .into());
        }
        Ok(tvec!(input))
    }
}

impl TypedOp for Watch {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1, "a watch takes one input");
        Ok(tvec!(inputs[0].datum_type.fact(inputs[0].shape.clone())))
    }

    as_op!();
}

impl Expansion for Watch {
    fn name(&self) -> StaticName {
        WATCH.into()
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
pub(in crate::model) fn register(onnx: &mut Onnx) {
    onnx.op_register.insert(WATCH, watch);
}

fn watch(_: &ParsingContext<'_>, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let text = |name: &str| node.get_attr::<&str>(name).map(str::to_owned);
    let watch = Watch { node: text("node")?, operator: text("operator")?, limit: node.get_attr("limit")? };
    Ok((expand(watch), vec![]))
}
