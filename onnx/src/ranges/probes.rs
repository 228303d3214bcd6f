//! Probes: what the float model computes on the way to its outputs.

use std::sync::Arc;

use tract_onnx::prelude::{IntoRunnable, TypedSimplePlan};

use crate::{error::Error, float_graph::Graph, model::FloatModel};

/// Takes a value's index and what the float model computes before clip and function.
type Visit<'a> = dyn FnMut(usize, &[f32]) -> Result<(), Error> + 'a;

/// The float model, run with a probe at every outlet that computes one of some values.
pub(crate) struct Probes<'a> {
    model: &'a FloatModel,
    /// The values and, but for the inputs, the place of each one's outlet among the plan's outputs.
    values: Vec<(usize, Option<usize>)>,
    plan: Option<Arc<TypedSimplePlan>>,
}

impl<'a> Probes<'a> {
    /// Probes at these values.
    pub(crate) fn new(model: &'a FloatModel, graph: &Graph, values: &[usize]) -> Result<Self, Error> {
        let inputs = model.inputs().len();
        let outlet = |value: usize| graph.values[value].outlet;
        let mut outlets: Vec<_> =
            values.iter().filter(|&&value| value >= inputs).map(|&v| outlet(v)).collect();
        outlets.sort_unstable();
        outlets.dedup();
        let plan = if outlets.is_empty() {
            None
        } else {
            let plan =
                model.graph.clone().with_output_outlets(&outlets).and_then(IntoRunnable::into_runnable);
            let detail = || "the values between its nodes cannot be looked at".to_owned();
            Some(plan.map_err(|_| Error::Run { detail: detail() })?)
        };
        let place = |value: usize| outlets.binary_search(&outlet(value)).ok().filter(|_| value >= inputs);
        let values = values.iter().map(|&value| (value, place(value))).collect();
        Ok(Self { model, values, plan })
    }

    /// Runs one sample and hands on what the float model computes for each value before clip and function.
    pub(crate) fn visit(&self, sample: &[f32], visit: &mut Visit<'_>) -> Result<(), Error> {
        let outputs = self.plan.as_ref().map(|plan| self.model.run_plan(plan, sample)).transpose()?;
        let inputs = self.model.parts(sample);
        for &(value, place) in &self.values {
            match (place, &outputs) {
                (Some(place), Some(outputs)) => visit(value, &outputs[place])?,
                _ => visit(value, inputs[value])?,
            }
        }
        Ok(())
    }
}
