//! The float model: an ONNX file, loaded and run in float32.
//!
//! | module | concept |
//! |---|---|
//! | `file` | ONNX files, their nodes' names and operators |
//! | `guard` | the importer's panics as errors |
//! | `input` | samples that fit the model's input |
//! | `budget` | what a model may make the importer compute |
//! | `tensor` | elements of tensors |
//! | `upsample` | an operator that tract lacks |

mod budget;
pub(crate) mod file;
pub(crate) mod guard;
pub(crate) mod input;
pub(crate) mod tensor;
mod upsample;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use tract_onnx::{
    model::ParseResult,
    prelude::{
        Datum, InferenceFact, InferenceModelExt, IntoRunnable, TValue, Tensor, ToDim, TractResult,
        TypedModel, TypedSimplePlan, tvec,
    },
    tract_hir::{infer::Factoid, internal::DimLike},
};

use self::{
    file::{missing_output, node_name, operators, read, read_model},
    guard::{guarded, one_line},
    input::check_sample,
    tensor::floats,
};
use crate::error::Error;

/// A float32 model: tract's decluttered graph of one sample, and what is needed to speak of it in ONNX terms.
#[derive(Debug, Clone)]
pub struct FloatModel {
    name: String,
    input_shape: Vec<usize>,
    batched: bool,
    pub(crate) graph: TypedModel,
    pub(crate) operators: BTreeMap<String, String>,
    pub(crate) output_names: Vec<String>,
    plan: Arc<TypedSimplePlan>,
}

impl FloatModel {
    /// Loads an ONNX file, with the batch axis fixed to one sample.
    ///
    /// # Errors
    /// When the file cannot be read or is no ONNX model, when it does not have one float32 input of fixed shape, and
    /// when it holds an operator that cannot be imported even as a float model.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(&read(path)?, path)
    }

    /// [`Self::load`] of bytes that are not read from `path`, which names the model and where its external data is.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let proto = read_model(bytes, path)?;
        let mut onnx = tract_onnx::onnx().with_ignore_output_shapes(true).with_ignore_value_info(true);
        upsample::register(&mut onnx);
        let operators = operators(&proto);
        for node in proto.graph.iter().flat_map(|graph| &graph.node) {
            if !onnx.op_register.0.contains_key(&node.op_type) {
                let node_name = node_name(node).to_owned();
                return Err(Error::UnsupportedOperator { node: node_name, operator: node.op_type.clone() });
            }
        }
        let malformed = |detail| Error::Malformed { path: path.to_owned(), detail };
        if let Some(name) = missing_output(&proto) {
            return Err(malformed(format!("nothing computes the output `{name}`")));
        }
        let directory = path.parent().and_then(Path::to_str);
        let ParseResult { mut model, unresolved_inputs, .. } =
            guarded(|| onnx.parse(&proto, directory)).map_err(malformed)?;
        if let Some(name) = unresolved_inputs.first() {
            return Err(malformed(format!("nothing computes `{name}`")));
        }
        let outlets = model.inputs.clone();
        let names: Vec<String> = outlets.iter().map(|outlet| model.node(outlet.node).name.clone()).collect();
        let [name] = &names[..] else { return Err(Error::InputCount { names }) };
        let fact = model.input_fact(0).map_err(|error| malformed(one_line(&error.to_string())))?;
        if let Some(actual) = fact.datum_type.concretize().filter(|actual| *actual != f32::datum_type()) {
            return Err(Error::InputType { name: name.clone(), actual: format!("{actual:?}") });
        }
        let mut shape = vec![];
        let batched = fact.shape.dims().count() > 1;
        for (axis, dim) in fact.shape.dims().enumerate() {
            let length = dim.concretize().and_then(|dim| dim.to_usize().ok()).filter(|&n| n > 0);
            match length {
                _ if batched && axis == 0 => shape.push(1),
                Some(length) => shape.push(length),
                None => {
                    let actual = format!("{dim:?}");
                    return Err(Error::SymbolicAxis { name: name.clone(), axis, actual });
                }
            }
        }
        let output_names: Vec<String> =
            proto.graph.iter().flat_map(|graph| &graph.output).map(|output| output.name.clone()).collect();
        let graph = guarded(|| {
            let dims: Vec<_> = shape.iter().map(ToDim::to_dim).collect();
            model.set_input_fact(0, InferenceFact::dt_shape(f32::datum_type(), &*dims))?;
            budget::bound_constants(&mut model, bytes.len());
            let model = model.into_typed()?;
            budget::check_values(&model, bytes.len(), &shape)?;
            model.into_decluttered()
        })
        .map_err(malformed)?;
        let plan = guarded(|| graph.clone().into_runnable()).map_err(malformed)?;
        for &outlet in &graph.outputs {
            let fact = graph.outlet_fact(outlet).map_err(|error| malformed(one_line(&error.to_string())))?;
            if fact.shape.as_concrete().is_none() {
                return Err(malformed(format!("an output has the unknown shape {:?}", fact.shape)));
            }
        }
        if graph.outputs.is_empty() {
            return Err(malformed("it has no output".to_owned()));
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let input_shape = if batched { shape[1..].to_vec() } else { shape };
        let name = stem.unwrap_or_default();
        Ok(Self { name, input_shape, batched, graph, operators, output_names, plan })
    }

    /// The file's stem.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shape of one sample, without the batch axis.
    pub fn input_shape(&self) -> &[usize] {
        &self.input_shape
    }

    /// Shape of the first output, without the batch axis.
    pub fn output_shape(&self) -> Vec<usize> {
        self.shape_of_output(0)
    }

    /// Shape of an output, without the batch axis.
    pub(crate) fn shape_of_output(&self, index: usize) -> Vec<usize> {
        let fact = self.graph.output_fact(index).ok();
        let shape = fact.and_then(|fact| fact.shape.as_concrete()).unwrap_or(&[]);
        match shape {
            [1, rest @ ..] if self.batched && !rest.is_empty() => rest.to_vec(),
            shape => shape.to_vec(),
        }
    }

    /// Whether the model's tensors carry a batch axis in front.
    pub(crate) const fn is_batched(&self) -> bool {
        self.batched
    }

    /// Runs the float model on one sample and returns its first output, flattened.
    ///
    /// # Errors
    /// [`Error::SampleSize`] or [`Error::SampleValue`] when the sample does not fit, [`Error::Run`] when the engine
    /// fails.
    pub fn run(&self, sample: &[f32]) -> Result<Vec<f32>, Error> {
        check_sample(&self.input_shape, sample)?;
        let mut outputs = self.run_plan(&self.plan, sample)?;
        Ok(outputs.swap_remove(0))
    }

    /// All outputs of a plan over this model's input.
    pub(crate) fn run_plan(
        &self,
        plan: &Arc<TypedSimplePlan>,
        sample: &[f32],
    ) -> Result<Vec<Vec<f32>>, Error> {
        let mut shape = self.input_shape.clone();
        if self.batched {
            shape.insert(0, 1);
        }
        let values = guarded(|| {
            let tensor = Tensor::from_shape(&shape, sample)?;
            let outputs: tract_onnx::prelude::TVec<TValue> = plan.run(tvec!(tensor.into()))?;
            outputs.iter().map(|output| floats(output)).collect::<TractResult<Vec<_>>>()
        });
        let values = values.map_err(|detail| Error::Run { detail })?;
        if values.is_empty() { Err(Error::Run { detail: "no output".to_owned() }) } else { Ok(values) }
    }

    /// The ONNX node that a node of the decluttered graph stems from, and its operator.
    pub(crate) fn origin(&self, name: &str, fallback: &str) -> (String, String) {
        // tract derives names by appending: the longest ONNX name that is a prefix is the origin.
        let origin = self
            .operators
            .iter()
            .filter(|(node, _)| {
                name.strip_prefix(node.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
            })
            .max_by_key(|(node, _)| node.len());
        match origin {
            Some((node, operator)) => (node.clone(), operator.clone()),
            None => (name.to_owned(), fallback.to_owned()),
        }
    }
}
