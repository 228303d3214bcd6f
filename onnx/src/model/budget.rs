//! What a model may make the importer compute: a few bytes of a file may not ask for gigabytes.
//!
//! tract evaluates whatever depends on constants only, and looks at the size of the result afterwards. Here every operator is
//! asked for the shapes of its results before it may evaluate them.

use std::sync::Arc;

use tract_onnx::{
    prelude::{InferenceFact, InferenceModel, OutletId, TVec, Tensor, TractResult, TypedModel},
    tract_hir::{
        infer::Factoid,
        internal::{
            EvalContext, EvalOp, HashMap, InferenceModelPatch, InferenceNode, InferenceOp, Op, OpState,
            SessionId, StaticName, TValue, TypedOp, Validation,
        },
    },
};

use super::guard::Refusal;

/// Elements of a computed constant that any model may have.
const FREE_CONSTANT: u128 = 1 << 20;
/// The same for each byte of the file.
const CONSTANT: u128 = 16;
/// Elements of all values together that any model may have.
const FREE_VALUES: u128 = 1 << 21;
/// The same for each byte of the file and each element of the input.
const VALUES: u128 = 1 << 10;

/// An operator that refuses to compute large constants.
#[derive(Debug, Clone)]
struct Bounded {
    operator: Box<dyn InferenceOp>,
    limit: u128,
}

/// Lets no operator of a model compute constants out of proportion to the file.
pub(crate) fn bound_constants(model: &mut InferenceModel, file_bytes: usize) {
    let limit = FREE_CONSTANT + CONSTANT * file_bytes as u128;
    for node in model.nodes_mut() {
        if !node.inputs.is_empty() {
            node.op = Box::new(Bounded { operator: node.op.clone(), limit });
        }
    }
}

/// Refuses a model whose values are out of proportion to its file and its input.
pub(crate) fn check_values(model: &TypedModel, file_bytes: usize, input: &[usize]) -> TractResult<()> {
    let mut total = 0_u128;
    for fact in model.nodes().iter().flat_map(|node| &node.outputs).map(|output| &output.fact) {
        total = total.saturating_add(fact.shape.as_concrete().map_or(0, elements));
    }
    let known = elements(input).saturating_add(file_bytes as u128);
    let limit = known.saturating_mul(VALUES).saturating_add(FREE_VALUES);
    if total > limit {
        let reason = format!("its values have {total} elements, too many for a file of {file_bytes} bytes");
        return Err(Refusal(reason).into());
    }
    Ok(())
}

/// An empty axis counts as one position: what runs along the others takes as long as they are.
fn elements(shape: &[usize]) -> u128 {
    shape.iter().fold(1, |product, &axis| product.saturating_mul(axis.max(1) as u128))
}

fn product(numbers: impl Iterator<Item = i64>) -> u128 {
    numbers.fold(1, |product, n| product.saturating_mul(n.unsigned_abs().max(1).into()))
}

fn number(tensor: &Tensor) -> TractResult<f64> {
    Ok(*tensor.cast_to::<f64>()?.try_as_plain_ram()?.to_scalar::<f64>()?)
}

/// Longest list of numbers that may say how large a result is.
const LONGEST_SHAPE: usize = 64;

/// The most elements that a result may be asked to have where no shape tells: numbers among the constants are lengths of
/// axes, or are added to them.
fn asked_for(operator: &str, constants: &[Arc<Tensor>]) -> TractResult<u128> {
    if let ("Range", [start, end, step]) = (operator, constants) {
        let count = ((number(end)? - number(start)?) / number(step)?).abs().ceil();
        return Ok(if count.is_nan() { u128::MAX } else { count as u128 });
    }
    let mut total = constants.iter().map(|tensor| tensor.len() as u128).fold(1, u128::max);
    for numbers in numbers(constants)? {
        total = total.saturating_mul(product(numbers.into_iter().map(|n| n.saturating_abs().max(1))));
    }
    Ok(total)
}

/// The largest number among the constants.
fn longest(constants: &[Arc<Tensor>]) -> TractResult<u128> {
    Ok(numbers(constants)?.into_iter().flatten().map(|n| n.unsigned_abs().into()).max().unwrap_or(0))
}

/// Short lists of integers among the constants.
fn numbers(constants: &[Arc<Tensor>]) -> TractResult<Vec<Vec<i64>>> {
    let short = constants.iter().filter(|tensor| {
        let kind = tensor.datum_type();
        tensor.len() <= LONGEST_SHAPE && (kind.is_integer() || kind.is_tdim())
    });
    short.map(|list| Ok(list.cast_to::<i64>()?.try_as_plain_ram()?.as_slice::<i64>()?.to_vec())).collect()
}

impl Bounded {
    /// Refuses results that are too large, if all inputs are known or one that is known asks for as much by itself. Axis
    /// lengths are given where they are known.
    fn check(&self, inputs: &[Option<Arc<Tensor>>], results: &[Option<Vec<i64>>]) -> TractResult<()> {
        let name = self.operator.name();
        let known: Vec<Arc<Tensor>> = inputs.iter().flatten().cloned().collect();
        let refuse =
            |total| Err(Refusal(format!("{name} computes {total} elements, too many for this file")).into());
        // tract counts what these add to an axis in 32 bits.
        let longest = if name == "Pad" { longest(&known)? } else { 0 };
        if longest > self.limit {
            return refuse(longest);
        }
        for axes in results.iter().filter(|_| known.len() == inputs.len()) {
            let total = match axes {
                Some(axes) if name != "Range" => product(axes.iter().copied()),
                _ => asked_for(&name, &known)?,
            };
            if total > self.limit {
                return refuse(total);
            }
        }
        Ok(())
    }
}

/// Axis lengths, where they are known.
fn axes(fact: &InferenceFact) -> Option<Vec<i64>> {
    fact.shape.concretize()?.iter().map(|axis| axis.to_i64().ok()).collect()
}

type Facts = TVec<InferenceFact>;

impl InferenceOp for Bounded {
    fn infer(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(Facts, Facts, Facts)> {
        let (read, results, _) =
            self.operator.infer_facts(inputs.clone(), outputs.clone(), observed.clone())?;
        let constants: Vec<Option<Arc<Tensor>>> = read.iter().map(|fact| fact.value.concretize()).collect();
        self.check(&constants, &results.iter().map(axes).collect::<Vec<_>>())?;
        self.operator.infer(inputs, outputs, observed)
    }

    fn infer_facts(
        &mut self,
        inputs: TVec<&InferenceFact>,
        outputs: TVec<&InferenceFact>,
        observed: TVec<&InferenceFact>,
    ) -> TractResult<(Facts, Facts, Facts)> {
        self.operator.infer_facts(inputs, outputs, observed)
    }

    fn observe_outlets(&self, model: &InferenceModel, node: &InferenceNode) -> TractResult<Vec<OutletId>> {
        self.operator.observe_outlets(model, node)
    }

    fn incorporate(
        &self,
        model: &InferenceModel,
        node: &InferenceNode,
    ) -> TractResult<Option<InferenceModelPatch>> {
        self.operator.incorporate(model, node)
    }

    fn nboutputs(&self) -> TractResult<usize> {
        self.operator.nboutputs()
    }

    fn to_typed(
        &self,
        source: &InferenceModel,
        node: &InferenceNode,
        target: &mut TypedModel,
        mapping: &HashMap<OutletId, OutletId>,
    ) -> TractResult<TVec<OutletId>> {
        // What was unknown before may be a constant by now.
        let constants = node.inputs.iter().map(|outlet| {
            let outlet = mapping.get(outlet).copied();
            Ok(outlet
                .map(|outlet| target.outlet_fact(outlet))
                .transpose()?
                .and_then(|fact| fact.konst.clone()))
        });
        let constants = constants.collect::<TractResult<Vec<_>>>()?;
        self.check(&constants, &node.outputs.iter().map(|output| axes(&output.fact)).collect::<Vec<_>>())?;
        self.operator.to_typed(source, node, target, mapping)
    }

    // What looks for a kind of operator finds the one inside.
    fn as_op(&self) -> &dyn Op {
        self.operator.as_op()
    }

    fn as_op_mut(&mut self) -> &mut dyn Op {
        self.operator.as_op_mut()
    }
}

impl Op for Bounded {
    fn name(&self) -> StaticName {
        self.operator.name()
    }

    fn validation(&self) -> Validation {
        self.operator.validation()
    }

    fn info(&self) -> TractResult<Vec<String>> {
        self.operator.info()
    }

    fn as_typed(&self) -> Option<&dyn TypedOp> {
        self.operator.as_typed()
    }
}

impl EvalOp for Bounded {
    fn eval(&self, context: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        self.operator.eval(context, inputs)
    }

    fn eval_out_of_plan(&self, inputs: TVec<TValue>) -> TractResult<Option<TVec<TValue>>> {
        self.operator.eval_out_of_plan(inputs)
    }

    fn state(&self, context: &EvalContext) -> TractResult<Option<Box<dyn OpState>>> {
        self.operator.state(context)
    }

    fn drop_session(&self, session: SessionId, node: usize) {
        self.operator.drop_session(session, node);
    }
}

impl PartialEq for Bounded {
    fn eq(&self, _: &Self) -> bool {
        // tract merges operators that are equal; these are not.
        false
    }
}

impl Eq for Bounded {}
