//! Loading an ONNX file and running it in float32.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use tract_onnx::{
    model::ParseResult,
    pb::ModelProto,
    prelude::{
        Datum, Framework, InferenceFact, InferenceModelExt, IntoRunnable, TValue, Tensor, ToDim, TractResult,
        TypedModel, TypedSimplePlan, tvec,
    },
    tract_hir::{infer::Factoid, internal::DimLike},
};

use crate::{bounds, error::Error, upsample};

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

/// Runs `body`; a panic inside becomes an error message.
pub(crate) fn guarded<T>(body: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    // tract indexes shapes and attributes of the file unchecked in places: a hostile file must not end the process.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result.map_err(|error| one_line(&format!("{error:#}"))),
        Err(_) => Err("the importer gave up on it".to_owned()),
    }
}

fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(400).collect()
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Reads an ONNX file that has a graph.
pub(crate) fn read_model(bytes: &[u8], path: &Path) -> Result<ModelProto, Error> {
    let not_onnx = |detail| Error::NotOnnx { path: path.to_owned(), detail };
    let proto = guarded(|| tract_onnx::onnx().proto_model_for_read(&mut &*bytes)).map_err(not_onnx)?;
    if proto.graph.as_ref().is_none_or(|graph| graph.node.is_empty()) {
        return Err(not_onnx("it has no graph".to_owned()));
    }
    Ok(proto)
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
            bounds::bound_constants(&mut model, bytes.len());
            let model = model.into_typed()?;
            bounds::check_values(&model, bytes.len(), &shape)?;
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
        self.check_sample(sample)?;
        let mut outputs = self.run_plan(&self.plan, sample)?;
        Ok(outputs.swap_remove(0))
    }

    fn check_sample(&self, sample: &[f32]) -> Result<(), Error> {
        check_sample(&self.input_shape, sample)
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

/// The elements of a tensor, row-major, as float32.
pub(crate) fn floats(tensor: &Tensor) -> TractResult<Vec<f32>> {
    let tensor = tensor.cast_to::<f32>()?;
    Ok(tensor.to_plain_array_view::<f32>()?.iter().copied().collect())
}

/// Checks a sample's size and that it holds numbers.
pub(crate) fn check_sample(shape: &[usize], sample: &[f32]) -> Result<(), Error> {
    let expected = shape.iter().product();
    if sample.len() != expected {
        return Err(Error::SampleSize { shape: shape.to_vec(), expected, actual: sample.len() });
    }
    match sample.iter().position(|x| !x.is_finite()) {
        Some(position) => Err(Error::SampleValue { position, value: sample[position] }),
        None => Ok(()),
    }
}

/// A node's name, or its output's.
pub(crate) fn node_name(node: &tract_onnx::pb::NodeProto) -> &str {
    match (&*node.name, node.output.first()) {
        ("", Some(output)) => output,
        ("", None) => &node.op_type,
        (name, _) => name,
    }
}

/// An output of the graph that is no node's output, no input and no constant.
fn missing_output(proto: &ModelProto) -> Option<&str> {
    let graph = proto.graph.as_ref()?;
    let computed = |name: &str| {
        graph.node.iter().any(|node| node.output.iter().any(|output| output == name))
            || graph.input.iter().any(|input| input.name == name)
            || graph.initializer.iter().any(|constant| constant.name == name)
    };
    graph.output.iter().map(|output| &*output.name).find(|name| !computed(name))
}

fn operators(proto: &ModelProto) -> BTreeMap<String, String> {
    let nodes = proto.graph.iter().flat_map(|graph| &graph.node);
    nodes.map(|node| (node_name(node).to_owned(), node.op_type.clone())).collect()
}
