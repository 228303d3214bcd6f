//! ONNX's Upsample of operator sets 7 to 9, which tract lacks: nearest neighbours, by whole factors.

use tract_onnx::{
    model::{Onnx, ParsingContext},
    pb::NodeProto,
    prelude::{OutletId, TypedModel},
    tract_core::ops::nn::NearestUpsample,
    tract_hir::{
        internal::{
            InferenceOp, InferenceResult, Solver, SpecialOps, StaticName, TDim, TVec, Tensor, TensorProxy,
            TractErrorContext, TractResult, check_input_arity, check_output_arity, ensure,
        },
        ops::expandable::{Expansion, expand},
    },
};

use super::{guard::Refusal, tensor::floats};

#[derive(Debug, Clone)]
struct Upsample {
    /// Operator set 7 has the factors as an attribute, later ones as an input.
    factors: Option<Vec<f32>>,
}

/// Teaches tract the operator.
pub(crate) fn register(onnx: &mut Onnx) {
    onnx.op_register.insert("Upsample", upsample);
}

fn upsample(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let mode = node.get_attr_opt::<&str>("mode")?.unwrap_or("nearest");
    if mode != "nearest" {
        return Err(Refusal(format!("Upsample of mode {mode} is not supported: expected nearest")).into());
    }
    Ok((expand(Upsample { factors: node.get_attr_opt_vec("scales")? }), vec![]))
}

/// The factors as integers.
fn whole(factors: &[f32]) -> TractResult<TVec<usize>> {
    let whole = |&factor: &f32| {
        if factor >= 1.0 && factor.fract() == 0.0 {
            Ok(factor as usize)
        } else {
            Err(Refusal(format!("Upsample by {factor} is not supported: expected a whole factor")).into())
        }
    };
    factors.iter().map(whole).collect()
}

fn numbers(factors: &Tensor) -> TractResult<TVec<usize>> {
    whole(&floats(factors)?)
}

impl Expansion for Upsample {
    fn name(&self) -> StaticName {
        "Upsample".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_output_arity(outputs, 1)?;
        check_input_arity(inputs, 1 + usize::from(self.factors.is_none()))?;
        s.equals(&inputs[0].datum_type, &outputs[0].datum_type)?;
        s.equals(&inputs[0].rank, &outputs[0].rank)?;
        let enlarge = move |s: &mut Solver<'r>, shape: TVec<TDim>, factors: TVec<usize>| {
            ensure!(shape.len() == factors.len(), "Upsample has another number of factors than axes");
            for (axis, (length, factor)) in shape.into_iter().zip(factors).enumerate() {
                s.equals(&outputs[0].shape[axis], length * factor)?;
            }
            Ok(())
        };
        match &self.factors {
            Some(factors) => s.given(&inputs[0].shape, move |s, shape| enlarge(s, shape, whole(factors)?)),
            None => s.given_2(&inputs[0].shape, &inputs[1].value, move |s, shape, factors| {
                enlarge(s, shape, numbers(&factors)?)
            }),
        }
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let scales = if let Some(factors) = &self.factors {
            whole(factors)?
        } else {
            let factors = model.outlet_fact(inputs[1])?.konst.clone();
            numbers(&*factors.context("Upsample needs constant factors")?)?
        };
        model.wire_node(name, NearestUpsample { scales }, &inputs[..1])
    }
}
