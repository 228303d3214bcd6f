//! One node: what it reads, and what is emitted in its place.

use std::sync::Arc;

use tract_onnx::{
    pb::{AttributeProto, NodeProto, TensorProto, tensor_proto::DataType},
    prelude::{Datum, DatumType, Tensor},
};

use super::{
    Names,
    attribute::Attribute,
    facts::{Fact, Facts},
};
use crate::{error::Error, model::tensor::floats};

/// The axes of a reduction, and the shape of its result.
pub(super) type Reduction = (Vec<i64>, Vec<usize>);

/// A node being rewritten.
pub(super) struct Rewriting<'a> {
    node: &'a NodeProto,
    origin: &'a str,
    operator: &'a str,
    facts: &'a Facts<'a>,
    names: &'a mut Names,
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

/// What a rule makes of a node: the values that are its outputs, in their order, or nothing if the node stays as it is.
pub(super) type Rewritten = Result<Option<Vec<String>>, Error>;

impl<'a> Rewriting<'a> {
    /// Nothing emitted yet.
    pub(super) fn new(
        node: &'a NodeProto,
        origin: &'a str,
        operator: &'a str,
        facts: &'a Facts<'a>,
        names: &'a mut Names,
    ) -> Self {
        Self { node, origin, operator, facts, names, nodes: vec![], constants: vec![] }
    }

    /// The node's operator.
    pub(super) fn operator(&self) -> &'a str {
        &self.node.op_type
    }

    /// The operator set.
    pub(super) const fn opset(&self) -> i64 {
        self.facts.opset()
    }

    /// Number of outputs.
    pub(super) fn num_outputs(&self) -> usize {
        self.node.output.len()
    }

    /// Number of inputs, omitted ones at the end not counted.
    pub(super) fn num_inputs(&self) -> usize {
        self.node.input.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)
    }

    /// An input's name, if it is not omitted.
    pub(super) fn optional_input(&self, index: usize) -> Option<&'a str> {
        self.node.input.get(index).map(|name| &**name).filter(|name| !name.is_empty())
    }

    /// An input's name.
    pub(super) fn input(&self, index: usize) -> Result<&'a str, Error> {
        let expected = "all inputs that the operator must have";
        self.optional_input(index)
            .ok_or_else(|| self.refuse(format!("a node without its input {index}"), expected))
    }

    fn attribute(&self, name: &str) -> Option<&'a AttributeProto> {
        self.node.attribute.iter().find(|attribute| attribute.name == name)
    }

    /// An integer attribute.
    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.i)
    }

    /// A real attribute.
    pub(super) fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.f)
    }

    /// A list of integers.
    pub(super) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name).map(|attribute| &*attribute.ints)
    }

    /// A list of real numbers.
    pub(super) fn reals(&self, name: &str) -> Option<&'a [f32]> {
        self.attribute(name).map(|attribute| &*attribute.floats)
    }

    /// A string attribute.
    pub(super) fn text(&self, name: &str, default: &'a str) -> &'a str {
        self.attribute(name).map_or(default, |attribute| std::str::from_utf8(&attribute.s).unwrap_or(""))
    }

    /// What is known of a value that the node reads.
    fn fact(&self, name: &str) -> Option<&'a Fact> {
        self.facts.get(name)
    }

    /// Element type of a value that the node reads.
    pub(super) fn datum_type(&self, name: &str) -> Option<DatumType> {
        self.fact(name).and_then(|fact| fact.datum_type)
    }

    /// Shape of a value that the node reads, if it is known.
    pub(super) fn known_shape(&self, name: &str) -> Option<&'a [usize]> {
        self.fact(name).and_then(|fact| fact.shape.as_deref())
    }

    /// Shape of a value that the node reads.
    pub(super) fn shape(&self, name: &str) -> Result<&'a [usize], Error> {
        let shape = self.known_shape(name);
        shape.ok_or_else(|| self.refuse(format!("an input `{name}` of unknown shape"), "fixed shapes"))
    }

    /// Whether a value that the node reads is a constant, however large.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.fact(name).is_some_and(|fact| fact.is_constant)
    }

    /// A value that the node reads, if it is a constant that is not large.
    pub(super) fn constant(&self, name: &str) -> Option<Arc<Tensor>> {
        self.fact(name).and_then(|fact| fact.constant.clone())
    }

    /// A constant as integers.
    pub(super) fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let tensor = self.constant(name)?;
        let tensor = tensor.cast_to::<i64>().ok()?;
        Some(tensor.to_plain_array_view::<i64>().ok()?.iter().copied().collect())
    }

    /// A constant as real numbers.
    pub(super) fn numbers(&self, name: &str) -> Option<Vec<f32>> {
        floats(&*self.constant(name)?).ok()
    }

    /// Whether a value that the node reads holds integers.
    pub(super) fn is_integer(&self, name: &str) -> bool {
        let is_real = |found: DatumType| found.is_float() || found == bool::datum_type();
        self.datum_type(name).is_some_and(|found| !is_real(found))
    }

    /// Whether a value that the node reads holds truth values.
    pub(super) fn is_truth(&self, name: &str) -> bool {
        self.datum_type(name) == Some(bool::datum_type())
    }

    /// Whether a value that the node reads is one number, at every position.
    pub(super) fn is_one_number(&self, name: &str) -> bool {
        self.fact(name).is_some_and(Fact::is_uniform)
    }

    /// Whether values that the node reads are functions of one number of one value, or the same number everywhere.
    pub(super) fn is_function_of_one_value(&self, names: &[&str]) -> bool {
        self.facts.root(names).is_some()
    }

    /// An axis of a tensor of `rank` axes, counted from its front.
    pub(super) fn normalised(&self, axis: i64, rank: usize) -> Result<usize, Error> {
        let counted = if axis < 0 { axis + rank as i64 } else { axis };
        let found = usize::try_from(counted).ok().filter(|&axis| axis < rank);
        found.ok_or_else(|| self.refuse(format!("axis {axis}"), "an axis of its input"))
    }

    /// The attribute `axis`, counted from the front.
    pub(super) fn axis(&self, default: i64, rank: usize) -> Result<usize, Error> {
        self.normalised(self.int("axis", default), rank)
    }

    /// Refuses axes that a tensor does not have.
    pub(super) fn check_axes(&self, axes: &[i64], rank: usize) -> Result<(), Error> {
        axes.iter().try_for_each(|&axis| self.normalised(axis, rank).map(|_| ()))
    }

    /// Whether a reduction says that it is none.
    pub(super) fn reduces_nothing(&self) -> bool {
        let listed = self.optional_input(1).map_or_else(|| Some(vec![]), |name| self.integers(name));
        let is_empty =
            listed.is_some_and(|axes| axes.is_empty()) && self.ints("axes").is_none_or(<[i64]>::is_empty);
        is_empty && self.int("noop_with_empty_axes", 0) != 0
    }

    /// The axes of a reduction, and the shape of its result; nothing where they are not known, or none is reduced.
    pub(super) fn reduced_axes(&self, value: &str) -> Result<Option<Reduction>, Error> {
        let Some(shape) = self.known_shape(value) else { return Ok(None) };
        let listed = match self.optional_input(1) {
            Some(name) => match self.integers(name) {
                Some(axes) => axes,
                None => return Ok(None),
            },
            None => self.ints("axes").unwrap_or(&[]).to_vec(),
        };
        let mut axes = vec![];
        for axis in listed {
            axes.push(self.normalised(axis, shape.len())?);
        }
        if axes.is_empty() {
            if self.int("noop_with_empty_axes", 0) != 0 {
                return Ok(None);
            }
            axes = (0..shape.len()).collect();
        }
        let keeps = self.int("keepdims", 1) != 0;
        let lengths = shape.iter().enumerate();
        let kept = lengths.filter_map(|(axis, &length)| match (axes.contains(&axis), keeps) {
            (false, _) => Some(length),
            (true, true) => Some(1),
            (true, false) => None,
        });
        let kept = kept.collect();
        Ok(Some((axes.into_iter().map(|axis| axis as i64).collect(), kept)))
    }

    /// A new constant scalar.
    pub(super) fn scalar(&mut self, value: f32) -> String {
        self.tensor(&[], &[value])
    }

    /// A new constant tensor.
    pub(super) fn tensor(&mut self, shape: &[usize], values: &[f32]) -> String {
        self.initialise(TensorProto {
            dims: shape.iter().map(|&length| length as i64).collect(),
            data_type: DataType::Float.into(),
            raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            ..TensorProto::default()
        })
    }

    /// A new constant vector of integers.
    pub(super) fn vector(&mut self, values: &[i64]) -> String {
        self.initialise(TensorProto {
            dims: vec![values.len() as i64],
            data_type: DataType::Int64.into(),
            int64_data: values.to_vec(),
            ..TensorProto::default()
        })
    }

    fn initialise(&mut self, tensor: TensorProto) -> String {
        let name = self.names.fresh(self.origin);
        self.constants.push(TensorProto { name: name.clone(), ..tensor });
        name
    }

    /// Emits a node of one output and returns the output's name.
    pub(super) fn emit(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        let attributes = attributes.iter().map(|(name, value)| value.clone().proto(name)).collect();
        self.push(operator, inputs.iter().map(|&name| name.to_owned()).collect(), attributes)
    }

    /// Emits the node as it is, under another operator and with other inputs.
    pub(super) fn again(&mut self, operator: &str, inputs: &[&str]) -> String {
        let inputs = inputs.iter().map(|&name| name.to_owned()).collect();
        self.push(operator, inputs, self.node.attribute.clone())
    }

    /// As [`Self::again`], without an attribute and with another one.
    pub(super) fn again_but(
        &mut self,
        operator: &str,
        inputs: &[&str],
        without: &str,
        (name, value): (&str, Attribute),
    ) -> String {
        let mut attributes = self.node.attribute.clone();
        attributes.retain(|attribute| attribute.name != without && attribute.name != name);
        attributes.push(value.proto(name));
        self.push(operator, inputs.iter().map(|&name| name.to_owned()).collect(), attributes)
    }

    fn push(&mut self, operator: &str, input: Vec<String>, attribute: Vec<AttributeProto>) -> String {
        let output = self.names.fresh(self.origin);
        self.nodes.push(NodeProto {
            input,
            output: vec![output.clone()],
            name: output.clone(),
            op_type: operator.to_owned(),
            attribute,
            ..NodeProto::default()
        });
        output
    }

    /// The emitted nodes and constants, `outputs` being the values that take the names of the node's outputs.
    pub(super) fn finish(mut self, outputs: Vec<String>) -> (Vec<NodeProto>, Vec<TensorProto>) {
        for (output, value) in self.node.output.iter().zip(outputs) {
            if !output.is_empty() {
                // It is removed again by the importer.
                self.emit("Identity", &[&value], &[]);
                if let Some(identity) = self.nodes.last_mut() {
                    identity.output = vec![output.clone()];
                }
            }
        }
        (self.nodes, self.constants)
    }

    /// Whether something reads an output of the node.
    pub(super) fn is_read(&self, output: usize) -> bool {
        self.node.output.get(output).is_some_and(|name| self.facts.is_read(name))
    }

    /// Refuses a use of the node's operator.
    pub(super) fn refuse(&self, actual: impl Into<String>, expected: &'static str) -> Error {
        let (node, operator) = (self.origin.to_owned(), self.operator.to_owned());
        Error::UnsupportedUse { node, operator, actual: actual.into(), expected }
    }

    /// Refuses the node's operator.
    pub(super) fn unsupported(&self) -> Error {
        Error::UnsupportedOperator { node: self.origin.to_owned(), operator: self.operator.to_owned() }
    }
}
