//! The float model: an ONNX file, loaded and run in float32.
//!
//! | module | concept |
//! |---|---|
//! | `names` | names that messages can hold |
//! | `file` | ONNX files, their nodes' names and operators |
//! | `functions` | functions of the model, put in place of their calls |
//! | `schema` | the gate: nodes are what their operators' schemas say, and nothing is left unread |
//! | `tabular` | linear operators of the domain `ai.onnx.ml` |
//! | `notation` | notation that the importer does not know |
//! | `external` | tensors whose elements are in other files |
//! | `reals` | other real numbers than float32, converted |
//! | `declared` | the inputs that a model declares, and their batch axis |
//! | `batch` | whether an open first axis is a batch axis |
//! | `guard` | the importer's panics as errors |
//! | `blame` | the importer's failures in the user's terms |
//! | `integers` | integer and boolean inputs, computed with as float32 |
//! | `input` | the model's inputs, and samples that fit them |
//! | `budget` | what a model may make the importer compute |
//! | `tensor` | elements of tensors |
//! | `grid` | rounding to a grid, as quantised models do it |
//! | `rewrite` | operators that tract lacks or misreads, in operators that it reads right |
//! | `unfuse` | operators that tract fuses, in pieces again |
//! | `upsample` | an operator that tract lacks |
//! | `recurrent` | LSTM, GRU and RNN, unrolled |

mod batch;
mod blame;
mod budget;
pub(crate) mod declared;
pub(crate) mod external;
pub(crate) mod file;
pub(crate) mod functions;
pub(crate) mod grid;
pub(crate) mod guard;
pub(crate) mod input;
pub(crate) mod integers;
mod names;
pub(crate) mod notation;
pub(crate) mod reals;
mod recurrent;
pub(crate) mod rewrite;
pub(crate) mod schema;
mod tabular;
pub(crate) mod tensor;
mod unfuse;
mod upsample;

use std::{collections::BTreeMap, path::Path, sync::Arc};

pub use self::{
    declared::{LoadOptions, SampleKind},
    input::ModelInput,
};

use tract_onnx::{
    Onnx,
    model::ParseResult,
    pb::ModelProto,
    prelude::{
        Datum, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, TValue, TVec, Tensor, ToDim,
        TractResult, TypedModel, TypedSimplePlan,
    },
};

use self::{
    batch::mixed_output,
    blame::Blame,
    declared::DeclaredInput,
    external::read_external_data,
    file::{missing_output, node_name, operators, read, read_model, unread_constant},
    functions::inline,
    guard::attempt,
    input::{bounds_of, check_integers, check_sample, size},
    integers::bounds::Steps,
    notation::unify,
    reals::to_float32,
    tensor::floats,
};
use crate::error::Error;

/// A float32 model: tract's decluttered graph of one sample, and what is needed to speak of it in ONNX terms.
#[derive(Debug, Clone)]
pub struct FloatModel {
    name: String,
    inputs: Vec<ModelInput>,
    /// Of a sample: the only input's, or the number of elements of all inputs behind each other.
    sample_shape: Vec<usize>,
    batched: bool,
    pub(crate) converted: Vec<&'static str>,
    pub(crate) graph: TypedModel,
    pub(crate) operators: BTreeMap<String, String>,
    pub(crate) output_names: Vec<String>,
    /// For layers whose weights are integers in the file, by node: the real value of one unit, or of one unit for each output.
    pub(crate) weight_units: BTreeMap<String, Vec<f32>>,
    /// Nodes of the file that compute a scale from each input, in place of which calibrated scales are taken.
    pub(crate) dynamic: Vec<String>,
    /// What is computed of inputs of integers and truth values.
    steps: Steps,
    plan: Arc<TypedSimplePlan>,
}

impl FloatModel {
    /// Loads an ONNX file, with the batch axis fixed to one sample.
    ///
    /// # Errors
    /// When the file cannot be read or is no ONNX model, when a node is not what its operator's schema says or has something
    /// that is not read, when an input is not of fixed shape, when one of integers is read by something else than casts to
    /// real numbers, and when the model holds an operator that cannot be imported even as a float model.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::load_with(path, &LoadOptions::default())
    }

    /// [`Self::load`] with lengths for axes that the model leaves open.
    ///
    /// # Errors
    /// As [`Self::load`], and [`Error::Shape`] when a length does not fit the model.
    pub fn load_with(path: &Path, options: &LoadOptions) -> Result<Self, Error> {
        Self::from_bytes_with(&read(path)?, path, options)
    }

    /// [`Self::load`] of bytes that are not read from `path`, which names the model and where its external data is.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        Self::from_bytes_with(bytes, path, &LoadOptions::default())
    }

    /// [`Self::from_bytes`] with lengths for axes that the model leaves open.
    ///
    /// # Errors
    /// As [`Self::load_with`].
    pub fn from_bytes_with(bytes: &[u8], path: &Path, options: &LoadOptions) -> Result<Self, Error> {
        let mut proto = read_model(bytes, path)?;
        inline(&mut proto)?;
        tabular::rewrite(&mut proto)?;
        schema::check(&proto)?;
        unify(&mut proto)?;
        let file_bytes = bytes.len() + read_external_data(&mut proto, path)?;
        let converted = to_float32(&mut proto)?;
        let model = Self::from_proto(proto, file_bytes, path, options)?;
        Ok(Self { converted, ..model })
    }

    /// The model of a graph that passed the gate and comes from a file of so many bytes; `path` names it.
    pub(crate) fn from_proto(
        mut proto: ModelProto,
        file_bytes: usize,
        path: &Path,
        options: &LoadOptions,
    ) -> Result<Self, Error> {
        let mut onnx = tract_onnx::onnx().with_ignore_output_shapes(true).with_ignore_value_info(true);
        upsample::register(&mut onnx);
        grid::register(&mut onnx);
        rewrite::register(&mut onnx);
        recurrent::register(&mut onnx);
        integers::watch::register(&mut onnx);
        let operators = operators(&proto);
        let output_names: Vec<String> =
            proto.graph.iter().flat_map(|graph| &graph.output).map(|output| output.name.clone()).collect();
        if let Some(name) = missing_output(&proto) {
            let detail = format!("nothing computes the output `{name}`");
            return Err(Error::Malformed { path: path.to_owned(), detail });
        }
        if let Some(detail) = unread_constant(&proto) {
            return Err(Error::Malformed { path: path.to_owned(), detail });
        }
        let mut inputs = proto.graph.as_ref().map_or(Ok(vec![]), |graph| declared::inputs(graph, options))?;
        if inputs.is_empty() {
            return Err(Error::InputCount { names: vec![] });
        }
        let mut steps = integers::to_reals(&mut proto, &mut inputs)?;
        let directory = path.parent().and_then(Path::to_str);
        let two_samples = of_two_samples(&proto, &onnx, directory, &inputs, file_bytes);
        rewrite::rewrite(&mut proto, &onnx, directory, &inputs, file_bytes, &mut steps)?;
        for node in proto.graph.iter().flat_map(|graph| &graph.node) {
            if !onnx.op_register.0.contains_key(&node.op_type) {
                let node_name = node_name(node).to_owned();
                return Err(Error::UnsupportedOperator { node: node_name, operator: node.op_type.clone() });
            }
        }
        for node in proto.graph.iter().flat_map(|graph| &graph.node) {
            recurrent::check(node)?;
        }
        let malformed = |detail| Error::Malformed { path: path.to_owned(), detail };
        let batched = inputs.iter().any(|input| input.is_batched);
        let blame = Blame { path, operators: &operators, is_batched: batched };
        let ParseResult { mut model, unresolved_inputs, .. } =
            attempt(|| onnx.parse(&proto, directory)).map_err(|failure| blame.error(&failure, None))?;
        if let Some(name) = unresolved_inputs.first() {
            return Err(malformed(format!("nothing computes `{name}`")));
        }
        if let Some((input, symbol)) = inputs.iter().find_map(|input| Some((input, input.open.as_ref()?)))
            && let Some(two_samples) = &two_samples
            && let Some(index) = mixed_output([&model, two_samples], &inputs, file_bytes)
        {
            let output = output_names.get(index).cloned().unwrap_or_default();
            return Err(Error::MixedSamples { name: input.name.clone(), symbol: symbol.clone(), output });
        }
        let elements = inputs.iter().map(|input| size(&input.shape)).fold(0, usize::saturating_add);
        let analysed = attempt(|| {
            for (index, input) in inputs.iter().enumerate() {
                let dims: Vec<_> = input.shape.iter().map(ToDim::to_dim).collect();
                model.set_input_fact(index, InferenceFact::dt_shape(f32::datum_type(), &*dims))?;
            }
            budget::bound_constants(&mut model, file_bytes);
            model.analyse(false)
        });
        analysed.map_err(|failure| blame.error(&failure, Some(&model)))?;
        let graph = attempt(|| {
            let model = model.into_typed()?;
            budget::check_values(&model, file_bytes, &[elements])?;
            unfuse::unfuse(model.into_decluttered()?)
        });
        let graph = graph.map_err(|failure| blame.error(&failure, None))?;
        let plan =
            attempt(|| graph.clone().into_runnable()).map_err(|failure| blame.error(&failure, None))?;
        for (&outlet, name) in graph.outputs.iter().zip(&output_names) {
            let shape = graph.outlet_fact(outlet).ok().and_then(|fact| fact.shape.as_concrete());
            let reason = match shape {
                None => "has a shape that depends on what is computed: export it with fixed shapes",
                Some(shape) if shape.contains(&0) => "has no elements: remove it from the model's outputs",
                Some(_) => continue,
            };
            return Err(malformed(format!("the output `{name}` {reason}")));
        }
        if graph.outputs.is_empty() {
            return Err(malformed("it has no output".to_owned()));
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let inputs: Vec<ModelInput> = inputs.into_iter().map(ModelInput::from).collect();
        let sample_shape = match inputs.as_slice() {
            [input] => input.shape.clone(),
            inputs => vec![inputs.iter().map(ModelInput::size).fold(0, usize::saturating_add)],
        };
        let name = stem.unwrap_or_default();
        Ok(Self {
            name,
            inputs,
            sample_shape,
            batched,
            converted: vec![],
            graph,
            operators,
            output_names,
            weight_units: BTreeMap::new(),
            dynamic: vec![],
            steps,
            plan,
        })
    }

    /// The file's stem.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was changed in reading the file, in sentences for the user.
    pub fn notes(&self) -> Vec<String> {
        let note = |name: &&str| format!("its {name} numbers are computed with as float32");
        self.converted.iter().map(note).collect()
    }

    /// The inputs, in the model's order.
    pub fn inputs(&self) -> &[ModelInput] {
        &self.inputs
    }

    /// Shape of one sample, without the batch axis: of a model with several inputs, whose arrays are behind each other in
    /// a sample, the number of all elements.
    pub fn input_shape(&self) -> &[usize] {
        &self.sample_shape
    }

    /// What a sample holds for each input, in order.
    pub(crate) fn parts<'s>(&self, sample: &'s [f32]) -> Vec<&'s [f32]> {
        let mut rest = sample;
        let part = |input: &ModelInput| {
            let (part, behind) = rest.split_at(input.size().min(rest.len()));
            rest = behind;
            part
        };
        self.inputs.iter().map(part).collect()
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

    /// Nodes of a quantised model that compute a scale from each input; calibrated scales are taken in their place.
    pub fn dynamic_nodes(&self) -> &[String] {
        &self.dynamic
    }

    /// Runs the float model on one sample and returns its first output, flattened.
    ///
    /// # Errors
    /// [`Error::SampleSize`] or [`Error::SampleValue`] when the sample does not fit, [`Error::Run`] when the engine
    /// fails.
    pub fn run(&self, sample: &[f32]) -> Result<Vec<f32>, Error> {
        self.check(sample)?;
        let mut outputs = self.run_plan(&self.plan, sample)?;
        Ok(outputs.swap_remove(0))
    }

    /// Runs the float model on one sample and returns every output, flattened.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_all(&self, sample: &[f32]) -> Result<Vec<Vec<f32>>, Error> {
        self.check(sample)?;
        self.run_plan(&self.plan, sample)
    }

    /// Checks that a sample fits the model, and that none of its integers leaves its type on the way.
    fn check(&self, sample: &[f32]) -> Result<(), Error> {
        check_sample(&self.sample_shape, sample)?;
        let parts = self.parts(sample);
        check_integers(&self.inputs, &parts)?;
        self.check_integers_within(&parts.into_iter().map(bounds_of).collect::<Vec<_>>())
    }

    /// Whether integers come from real numbers, so that nothing but samples says how large they are.
    pub(crate) fn watches_integers(&self) -> bool {
        self.steps.are_watched()
    }

    /// Checks that no integer leaves its type, and that float32 holds them well enough, for inputs of these smallest and largest
    /// values.
    pub(crate) fn check_integers_within(&self, bounds: &[(i64, i64)]) -> Result<(), Error> {
        self.steps.check(bounds)
    }

    /// All outputs of a plan over this model's inputs.
    pub(crate) fn run_plan(
        &self,
        plan: &Arc<TypedSimplePlan>,
        sample: &[f32],
    ) -> Result<Vec<Vec<f32>>, Error> {
        let values = attempt(|| {
            let tensor = |(input, part): (&ModelInput, &[f32])| -> TractResult<TValue> {
                let mut shape = input.shape.clone();
                if input.is_batched {
                    shape.insert(0, 1);
                }
                Ok(Tensor::from_shape(&shape, part)?.into())
            };
            let parts = self.inputs.iter().zip(self.parts(sample));
            let tensors: TVec<TValue> = parts.map(tensor).collect::<TractResult<_>>()?;
            let outputs: TVec<TValue> = plan.run(tensors)?;
            outputs.iter().map(|output| floats(output)).collect::<TractResult<Vec<_>>>()
        });
        let values = values.map_err(|failure| Error::Run {
            detail: failure.refusal.unwrap_or_else(|| self.stumble(&failure.text)),
        })?;
        if values.is_empty() { Err(Error::Run { detail: "no output".to_owned() }) } else { Ok(values) }
    }

    /// The node that the engine stumbled over, from what it says.
    fn stumble(&self, text: &str) -> String {
        let named = self.operators.iter().filter(|(node, _)| text.contains(&format!("\"{node}")));
        match named.max_by_key(|(node, _)| node.len()) {
            Some((node, operator)) => format!("node `{node}` ({operator}) does not take what it is given"),
            None => "an operator does not take what it is given".to_owned(),
        }
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

/// The graph rewritten for two samples of open first axes, if it has any and can be.
fn of_two_samples(
    proto: &ModelProto,
    importer: &Onnx,
    directory: Option<&str>,
    inputs: &[DeclaredInput],
    file_bytes: usize,
) -> Option<InferenceModel> {
    inputs.iter().find(|input| input.open.is_some())?;
    let mut inputs = inputs.to_vec();
    for input in inputs.iter_mut().filter(|input| input.open.is_some()) {
        *input.shape.first_mut()? = 2;
    }
    let mut proto = proto.clone();
    rewrite::rewrite(&mut proto, importer, directory, &inputs, file_bytes, &mut Steps::default()).ok()?;
    attempt(|| importer.parse(&proto, directory)).ok().map(|parsed| parsed.model)
}
