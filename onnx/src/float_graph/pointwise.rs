//! Functions of one number, as compositions of the imported graph's element-wise operators.
//!
//! Activation functions reach the importer in pieces: an exponential linear unit is an exponential, a difference, a
//! product, a comparison and a choice. Whatever reads one tensor and constants that are the same everywhere is one
//! function of one number; it is evaluated by the operators themselves and becomes one table.

use std::sync::Arc;

use tract_onnx::prelude::{IntoTValue, OutletId, TValue, TVec, Tensor, TractResult, TypedOp, tvec};

use crate::{error::Error, model::tensor::floats};

/// A function of one number.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    /// Outlet of the imported graph that holds the argument, for calibration.
    pub(crate) argument: OutletId,
    /// Operators in execution order; the last one gives the result.
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
struct Step {
    node: usize,
    operator: Box<dyn TypedOp>,
    inputs: Vec<Source>,
}

#[derive(Debug, Clone)]
enum Source {
    Argument,
    Step(usize),
    Constant(Arc<Tensor>),
}

/// An operand of an element-wise operator.
#[derive(Debug, Clone)]
pub(crate) enum Operand<'a> {
    /// The argument itself, held by this outlet.
    Argument(OutletId),
    /// A function of the argument.
    Function(&'a Function),
    /// The same number at every position, as a tensor of one element and one axis.
    Constant(Arc<Tensor>),
}

impl Function {
    /// An operator applied to operands that are functions of one argument, of which there is at least one.
    pub(crate) fn apply_operator(
        node: usize,
        operator: Box<dyn TypedOp>,
        operands: &[Operand<'_>],
    ) -> Option<Self> {
        let argument = operands.iter().find_map(|operand| match operand {
            Operand::Argument(outlet) => Some(*outlet),
            Operand::Function(function) => Some(function.argument),
            Operand::Constant(_) => None,
        })?;
        let mut steps: Vec<Step> = vec![];
        let mut inputs = vec![];
        for operand in operands {
            inputs.push(match operand {
                Operand::Argument(_) => Source::Argument,
                Operand::Constant(tensor) => Source::Constant(Arc::clone(tensor)),
                Operand::Function(function) => append(&mut steps, function),
            });
        }
        steps.push(Step { node, operator, inputs });
        Some(Self { argument, steps })
    }

    /// The function that gives its argument.
    pub(crate) const fn identity(argument: OutletId) -> Self {
        Self { argument, steps: vec![] }
    }

    /// Whether it gives its argument.
    pub(crate) const fn is_identity(&self) -> bool {
        self.steps.is_empty()
    }

    /// The function's values.
    pub(crate) fn evaluate(&self, arguments: &[f32]) -> Result<Vec<f32>, Error> {
        self.run(arguments)
            .map_err(|_| Error::Run { detail: "a function of one number has no value".to_owned() })
    }

    fn run(&self, arguments: &[f32]) -> TractResult<Vec<f32>> {
        let argument = Tensor::from_shape(&[arguments.len()], arguments)?.into_tvalue();
        let mut results: Vec<TValue> = vec![];
        for step in &self.steps {
            let inputs: TVec<TValue> = step
                .inputs
                .iter()
                .map(|source| match source {
                    Source::Argument => argument.clone(),
                    Source::Step(index) => results[*index].clone(),
                    Source::Constant(tensor) => Arc::clone(tensor).into_tvalue(),
                })
                .collect();
            let outputs = step.operator.eval_out_of_plan(inputs)?.unwrap_or_else(|| tvec![]);
            results.extend(outputs.into_iter().next());
        }
        results.last().map_or_else(|| Ok(arguments.to_vec()), |result| floats(result))
    }
}

/// Adds a function's steps to others, those of nodes that are there already left out; returns where its result is.
fn append(steps: &mut Vec<Step>, function: &Function) -> Source {
    let mut places: Vec<usize> = vec![];
    for step in &function.steps {
        let place = steps.iter().position(|other| other.node == step.node).unwrap_or_else(|| {
            let moved = |source: &Source| match source {
                Source::Step(index) => Source::Step(places[*index]),
                Source::Argument | Source::Constant(_) => source.clone(),
            };
            let inputs = step.inputs.iter().map(moved).collect();
            steps.push(Step { node: step.node, operator: step.operator.clone(), inputs });
            steps.len() - 1
        });
        places.push(place);
    }
    places.last().map_or(Source::Argument, |&place| Source::Step(place))
}
