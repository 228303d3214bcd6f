//! Element types, shapes and small constants of what is computed so far: each node is analysed by itself, by the importer,
//! with the facts of what it reads.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tract_onnx::{
    Onnx,
    model::ParsingContext,
    pb::{GraphProto, ModelProto, NodeProto, TensorProto, tensor_proto::DataType},
    prelude::{
        DatumType, InferenceFact, InferenceModel, InferenceModelExt, OutletId, Tensor, ToDim, TractResult,
    },
    tract_hir::{
        infer::Factoid,
        internal::{DimLike, InletId, SpecialOps},
    },
};

use crate::model::{
    budget::bound_constants, declared::DeclaredInput, guard::attempt, integers::bounds::Known,
};

/// Elements of constants that are kept.
const MAX_ELEMENTS: usize = 1 << 20;

/// What is known of a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Fact {
    pub(super) datum_type: Option<DatumType>,
    pub(super) shape: Option<Vec<usize>>,
    /// The value itself, where it is a constant that is not large.
    pub(super) constant: Option<Arc<Tensor>>,
    /// Whether it is a constant.
    pub(super) is_constant: bool,
    /// The value that it is a function of, number by number, if it is not its own.
    root: Option<String>,
}

/// Operators that compute each number from one number of each operand.
const POINTWISE: &[&str] = &[
    "Abs",
    "Acos",
    "Acosh",
    "Add",
    "And",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Cast",
    "Ceil",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "Div",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Floor",
    "Gelu",
    "Greater",
    "GreaterOrEqual",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "Less",
    "LessOrEqual",
    "Log",
    "Max",
    "Mean",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "Not",
    "Or",
    "Pow",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Sqrt",
    "Sub",
    "Sum",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "Where",
    "Xor",
];

impl Fact {
    /// Whether it is one number, at every position.
    pub(super) fn is_uniform(&self) -> bool {
        self.constant.as_ref().is_some_and(|tensor| tensor.as_uniform().is_some())
    }
}

/// What is known of all values.
pub(super) struct Facts<'a> {
    context: ParsingContext<'a>,
    known: HashMap<String, Fact>,
    /// What nodes of the model read, and its outputs.
    read: BTreeSet<String>,
    file_bytes: usize,
}

/// What the importer wants to know around a node; the model's graph is not looked at.
pub(super) fn context<'a>(
    model: &'a ModelProto,
    importer: &'a Onnx,
    directory: Option<&'a str>,
) -> ParsingContext<'a> {
    let imports = model.opset_import.iter().find(|set| set.domain.is_empty() || set.domain == "ai.onnx");
    ParsingContext {
        onnx_operator_set_version: imports.map_or(0, |set| set.version),
        framework: importer,
        model,
        parent_graphs: vec![],
        model_dir: directory,
        template: InferenceModel::default(),
    }
}

impl<'a> Facts<'a> {
    /// Facts of a graph's constants and of its inputs, which have these shapes.
    pub(super) fn new(
        context: ParsingContext<'a>,
        graph: &GraphProto,
        inputs: &[DeclaredInput],
        file_bytes: usize,
    ) -> Self {
        let mut read: BTreeSet<String> = graph.output.iter().map(|output| output.name.clone()).collect();
        graph.node.iter().for_each(|node| collect_read(node, &mut read));
        let mut facts = Self { context, known: HashMap::new(), read, file_bytes };
        for input in inputs {
            let (datum_type, shape) = (datum_type(input.data_type), Some(input.shape.clone()));
            facts.known.insert(input.name.clone(), Fact { datum_type, shape, ..Fact::default() });
        }
        graph.initializer.iter().for_each(|constant| facts.initialise(constant));
        facts
    }

    /// The operator set.
    pub(super) const fn opset(&self) -> i64 {
        self.context.onnx_operator_set_version
    }

    /// Whether a node of the model reads a value, or it is an output.
    pub(super) fn is_read(&self, name: &str) -> bool {
        self.read.contains(name)
    }

    /// What is known of a value.
    pub(super) fn get(&self, name: &str) -> Option<&Fact> {
        self.known.get(name)
    }

    /// What there is to know of a value beside carried integers.
    pub(super) fn known(&self, name: &str) -> Option<Known> {
        let fact = self.get(name)?;
        let integers = fact.constant.as_ref().and_then(|tensor| {
            let tensor = tensor.cast_to::<i64>().ok()?;
            let integers = tensor.to_plain_array_view::<i64>().ok()?;
            Some((integers.iter().copied().min()?, integers.iter().copied().max()?))
        });
        Some(Known { datum_type: fact.datum_type, range: integers, shape: fact.shape.clone() })
    }

    /// The one value of one shape that values are functions of, number by number.
    pub(super) fn root(&self, names: &[&str]) -> Option<(&str, &[usize])> {
        let mut found: Option<(&str, &[usize])> = None;
        for name in names {
            let (name, fact) = self.known.get_key_value(*name)?;
            if fact.is_uniform() {
                continue;
            }
            let root = (fact.root.as_deref().unwrap_or(name), fact.shape.as_deref()?);
            if fact.is_constant || found.is_some_and(|found| found != root) {
                return None;
            }
            found = Some(root);
        }
        found
    }

    /// Learns a constant.
    pub(super) fn initialise(&mut self, proto: &TensorProto) {
        let shape: Option<Vec<usize>> = proto.dims.iter().map(|&n| usize::try_from(n).ok()).collect();
        let is_small = shape.as_ref().is_some_and(|shape| elements(shape) <= MAX_ELEMENTS as u128);
        let constant = if is_small { attempt(|| self.context.load_tensor(proto)).ok() } else { None };
        let fact = Fact {
            datum_type: datum_type(proto.data_type),
            shape,
            constant: constant.map(Arc::new),
            is_constant: true,
            root: None,
        };
        self.known.insert(proto.name.clone(), fact);
    }

    /// Whether a node reads nothing but constants.
    pub(super) fn are_constants(&self, node: &NodeProto) -> bool {
        let is_constant = |name: &String| self.known.get(name).is_some_and(|fact| fact.is_constant);
        node.input.iter().filter(|name| !name.is_empty()).all(is_constant)
    }

    /// Learns what a node computes. Of what cannot be analysed nothing is known; the importer has its say about it later.
    pub(super) fn infer(&mut self, node: &NodeProto) {
        let facts = attempt(|| self.analyse(node)).unwrap_or_default();
        let read = node.input.iter().filter(|name| !name.is_empty());
        let is_constant = read.clone().all(|name| self.known.get(name).is_some_and(|fact| fact.is_constant));
        let read: Vec<&str> = read.map(String::as_str).collect();
        let root = if POINTWISE.contains(&&*node.op_type) { self.root(&read) } else { None };
        let root = root.map(|(name, shape)| (name.to_owned(), shape.to_vec()));
        for (output, fact) in node.output.iter().filter(|name| !name.is_empty()).zip(facts) {
            let is_constant = is_constant || fact.is_constant;
            let same_shape = |(_, shape): &&(String, Vec<usize>)| fact.shape.as_ref() == Some(shape);
            let root = root.as_ref().filter(same_shape).map(|(name, _)| name.clone());
            self.known.insert(output.clone(), Fact { is_constant, root, ..fact });
        }
    }

    fn analyse(&self, node: &NodeProto) -> TractResult<Vec<Fact>> {
        let Some(builder) = self.context.framework.op_register.0.get(&node.op_type) else {
            return Ok(vec![]);
        };
        let (operator, closures) = builder(&self.context, node)?;
        if !closures.is_empty() {
            return Ok(vec![]);
        }
        let mut model = InferenceModel::default();
        let inputs: Vec<OutletId> = node
            .input
            .iter()
            .filter(|name| !name.is_empty())
            .enumerate()
            .map(|(index, name)| self.wire_input(&mut model, index, name))
            .collect::<TractResult<_>>()?;
        let outputs: Vec<&String> = node.output.iter().filter(|name| !name.is_empty()).collect();
        let unknown = outputs.iter().map(|_| InferenceFact::default()).collect();
        let id = model.add_node("node", operator, unknown)?;
        for (index, input) in inputs.into_iter().enumerate() {
            model.add_edge(input, InletId::new(id, index))?;
        }
        let outlets: Vec<OutletId> = (0..outputs.len()).map(|slot| OutletId::new(id, slot)).collect();
        model.select_output_outlets(&outlets)?;
        bound_constants(&mut model, self.file_bytes);
        model.analyse(false)?;
        outlets.iter().map(|&outlet| Ok(learned(model.outlet_fact(outlet)?))).collect()
    }

    fn wire_input(&self, model: &mut InferenceModel, index: usize, name: &str) -> TractResult<OutletId> {
        let known = self.known.get(name).cloned().unwrap_or_default();
        if let Some(constant) = known.constant {
            return model.add_const(format!("input{index}"), constant);
        }
        let mut fact = InferenceFact::default();
        if let Some(datum_type) = known.datum_type {
            fact = fact.with_datum_type(datum_type);
        }
        if let Some(shape) = known.shape {
            let dims: Vec<_> = shape.iter().map(ToDim::to_dim).collect();
            fact = fact.with_shape(&*dims);
        }
        model.add_source(format!("input{index}"), fact)
    }
}

/// What a node and the graphs that it holds read.
fn collect_read(node: &NodeProto, read: &mut BTreeSet<String>) {
    read.extend(node.input.iter().cloned());
    for graph in node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs)) {
        read.extend(graph.output.iter().map(|output| output.name.clone()));
        graph.node.iter().for_each(|node| collect_read(node, read));
    }
}

fn learned(fact: &InferenceFact) -> Fact {
    let dims = fact.shape.concretize();
    let shape = dims.and_then(|dims| dims.iter().map(|dim| dim.to_usize().ok()).collect());
    let constant = fact.value.concretize().filter(|tensor| tensor.len() <= MAX_ELEMENTS);
    let is_constant = fact.value.concretize().is_some();
    Fact { datum_type: fact.datum_type.concretize(), shape, constant, is_constant, root: None }
}

fn datum_type(onnx: i32) -> Option<DatumType> {
    DataType::try_from(onnx).ok().and_then(|found| DatumType::try_from(found).ok())
}

fn elements(shape: &[usize]) -> u128 {
    shape.iter().map(|&length| length as u128).product()
}
