//! The graph as far as it is rewritten.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto, tensor_proto::DataType};

use super::KEEPING;
use crate::{
    error::Error,
    model::grid::{Grid, ROUND_TO_GRID},
    quantised::{
        attributes::output_range,
        constant::{Constant, Quantisation},
        node::Node,
    },
};

/// Elements of float constants that may be made of those of any file, and of each byte of it: four bits are an element, and
/// a constant may be read a few times.
const FREE_CONSTANTS: usize = 1 << 20;
const CONSTANTS: usize = 16;

/// How a tensor of integers stands for real numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Integer {
    pub(super) scale: f32,
    pub(super) zero_point: i64,
    /// Smallest and largest integer of the type.
    pub(super) range: (i64, i64),
}

/// The unit of a float constant whose elements are integers times it.
#[derive(Debug, Clone)]
struct Unit {
    /// One for all, or one for each position of the axis.
    scales: Vec<f32>,
    axis: usize,
}

/// The graph as far as it is rewritten.
pub(super) struct Rewriting<'a> {
    folder: Option<&'a str>,
    pub(super) opset: i64,
    tensors: BTreeMap<&'a str, &'a TensorProto>,
    known: BTreeMap<String, Rc<Constant>>,
    units: BTreeMap<String, Unit>,
    /// Tensors of quantised integers; what has their name now holds real numbers.
    pub(super) integers: BTreeMap<String, Integer>,
    /// Tensors of sums of integer products, whose unit is one.
    pub(super) sums: BTreeSet<String>,
    /// Roundings that are there already, by what they round, scale and bounds.
    rounded: BTreeMap<(String, u32, (i64, i64)), String>,
    names: BTreeSet<String>,
    /// Names of nodes in place of which others are emitted.
    emitted: BTreeSet<String>,
    pub(super) nodes: Vec<NodeProto>,
    pub(super) constants: Vec<TensorProto>,
    pub(super) weight_units: BTreeMap<String, Vec<f32>>,
    pub(super) dynamic: Vec<String>,
    /// Elements of float constants that may still be made.
    budget: usize,
}

impl<'a> Rewriting<'a> {
    /// Nothing rewritten yet.
    pub(super) fn new(graph: &'a GraphProto, folder: Option<&'a str>, opset: i64, file_bytes: usize) -> Self {
        let mut tensors: BTreeMap<&str, &TensorProto> =
            graph.initializer.iter().map(|tensor| (&*tensor.name, tensor)).collect();
        for node in graph.node.iter().filter(|node| node.op_type == "Constant") {
            if let (Some(tensor), Some(output)) = (Node(node).tensor("value"), node.output.first()) {
                tensors.insert(output, tensor);
            }
        }
        let values = graph.node.iter().flat_map(|node| node.output.iter().chain([&node.name]));
        let inputs = graph.input.iter().map(|input| &input.name);
        let names = tensors.keys().map(|&name| name.to_owned());
        let names = names.chain(values.chain(inputs).cloned()).collect();
        Self {
            folder,
            opset,
            tensors,
            known: BTreeMap::new(),
            units: BTreeMap::new(),
            integers: BTreeMap::new(),
            sums: BTreeSet::new(),
            rounded: BTreeMap::new(),
            names,
            emitted: BTreeSet::new(),
            nodes: vec![],
            constants: vec![],
            weight_units: BTreeMap::new(),
            dynamic: vec![],
            budget: file_bytes.saturating_mul(CONSTANTS).saturating_add(FREE_CONSTANTS),
        }
    }

    /// A name that nothing has.
    pub(super) fn fresh(&mut self, base: &str) -> String {
        let mut number = self.names.len();
        loop {
            let name = format!("{base}.{number}");
            if self.names.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }

    /// A node in place of `node`.
    pub(super) fn emit(
        &mut self,
        node: Node<'_>,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attribute: Vec<AttributeProto>,
    ) {
        let name = if self.emitted.insert(node.name().to_owned()) {
            node.name().to_owned()
        } else {
            self.fresh(node.name())
        };
        self.nodes.push(NodeProto {
            name,
            op_type: operator.to_owned(),
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute,
            ..NodeProto::default()
        });
    }

    /// A float constant under this name.
    ///
    /// # Errors
    /// When the constants together are out of proportion to the file.
    pub(super) fn initialise(
        &mut self,
        node: Node<'_>,
        name: &str,
        constant: &Constant,
    ) -> Result<(), Error> {
        let rest = self.budget.checked_sub(constant.values.len());
        self.budget = rest.ok_or_else(|| {
            node.refuse("constants that are dequantised again and again", "each constant a few times")
        })?;
        let float_data = constant.values.iter().map(|&value| value as f32).collect();
        self.constants.push(TensorProto {
            name: name.to_owned(),
            dims: constant.shape.iter().map(|&length| length as i64).collect(),
            data_type: DataType::Float as i32,
            float_data,
            ..TensorProto::default()
        });
        if let Some(Quantisation { scales, axis, .. }) = &constant.quantisation {
            let unit = Unit { scales: scales.clone(), axis: *axis };
            self.units.insert(name.to_owned(), unit);
        }
        Ok(())
    }

    /// A new float constant.
    ///
    /// # Errors
    /// As [`Self::initialise`].
    pub(super) fn float_constant(&mut self, node: Node<'_>, constant: &Constant) -> Result<String, Error> {
        let name = self.fresh(node.name());
        self.initialise(node, &name, constant)?;
        Ok(name)
    }

    /// One number as a constant.
    pub(super) fn number(&mut self, node: Node<'_>, value: f32) -> Result<String, Error> {
        self.float_constant(node, &Constant::number(value))
    }

    /// Makes a constant known under a name.
    pub(super) fn know(&mut self, name: &str, constant: Constant) {
        self.known.insert(name.to_owned(), Rc::new(constant));
    }

    /// Whether a node's input is a constant of the file.
    pub(super) fn is_constant(&self, node: Node<'_>, input: usize) -> bool {
        node.input(input).is_some_and(|name| self.known.contains_key(name) || self.tensors.contains_key(name))
    }

    /// A node's input, which must be a constant.
    pub(super) fn constant(&mut self, node: Node<'_>, input: usize) -> Result<Rc<Constant>, Error> {
        let name = node.input(input).ok_or_else(|| node.refuse("a missing input", "all its inputs"))?;
        if let Some(constant) = self.known.get(name) {
            return Ok(Rc::clone(constant));
        }
        let tensor = self.tensors.get(name).ok_or_else(|| {
            node.refuse(format!("the computed input `{name}`"), "constant weights, scales and zero points")
        })?;
        let constant = Constant::new(tensor, self.folder)
            .map_err(|detail| node.refuse(detail, "a constant of integers or real numbers"))?;
        let constant = Rc::new(constant);
        self.known.insert(name.to_owned(), Rc::clone(&constant));
        Ok(constant)
    }

    /// A node's input that may be left out.
    pub(super) fn optional(&mut self, node: Node<'_>, input: usize) -> Result<Option<Rc<Constant>>, Error> {
        node.input(input).map(|_| self.constant(node, input)).transpose()
    }

    /// An activation's scale.
    pub(super) fn scale(&mut self, node: Node<'_>, input: usize) -> Result<f32, Error> {
        let constant = self.constant(node, input)?;
        let scale = constant.scalar().map(|scale| scale as f32);
        scale.filter(|scale| scale.is_finite() && *scale > 0.0).ok_or_else(|| {
            let actual = format!("an activation's scale of shape {:?}", constant.shape);
            node.refuse(actual, "one positive scale for the whole tensor")
        })
    }

    /// An activation's zero point; zero when it is left out.
    pub(super) fn zero_point(&mut self, node: Node<'_>, input: usize) -> Result<i64, Error> {
        let Some(constant) = self.optional(node, input)? else { return Ok(0) };
        let zero_point = constant.scalar().map(|zero_point| zero_point as i64);
        zero_point.ok_or_else(|| node.refuse("several zero points for an activation", "one zero point"))
    }

    /// How a node quantises; without a zero point the type is uint8, or the one that an attribute names.
    pub(super) fn quantiser(
        &mut self,
        node: Node<'_>,
        scale: usize,
        zero_point: usize,
    ) -> Result<Integer, Error> {
        let scale = self.scale(node, scale)?;
        let named = output_range(node)?;
        let Some(constant) = self.optional(node, zero_point)? else {
            return Ok(Integer { scale, zero_point: 0, range: named.unwrap_or((0, 255)) });
        };
        let (Some(zero_point), Some(range)) = (constant.scalar(), constant.range) else {
            let expected = "an int8, uint8, int16 or uint16 number";
            return Err(node.refuse("a zero point of another type", expected));
        };
        if named.is_some_and(|named| named != range) {
            return Err(node.refuse("a zero point of another type than output_dtype", "one type"));
        }
        let zero_point = zero_point as i64;
        if !(range.0..=range.1).contains(&zero_point) {
            let actual = format!("zero point {zero_point} outside its type's range");
            return Err(node.refuse(actual, "a zero point that is a number of the type"));
        }
        Ok(Integer { scale, zero_point, range })
    }

    /// Rounds a tensor to a grid, under a name for the result.
    pub(super) fn round(&mut self, node: Node<'_>, input: &str, integer: Integer, output: &str) {
        let Integer { scale, zero_point, range } = integer;
        let bounds = (range.0 - zero_point, range.1 - zero_point);
        let key = (input.to_owned(), scale.to_bits(), bounds);
        if let Some(other) = self.rounded.get(&key).cloned() {
            self.emit(node, "Identity", &[&other], output, vec![]);
        } else {
            self.emit(node, ROUND_TO_GRID, &[input], output, Grid { scale, bounds }.attributes());
            self.rounded.insert(key, output.to_owned());
        }
        self.integers.insert(output.to_owned(), integer);
    }

    /// The name of what a quantised input stands for, read with the scale and the zero point at these inputs.
    pub(super) fn real(
        &mut self,
        node: Node<'_>,
        [input, scale, zero_point]: [usize; 3],
    ) -> Result<String, Error> {
        if self.is_constant(node, input) {
            let constant = self.dequantised(node, [input, scale, zero_point], 0)?;
            return self.float_constant(node, &constant);
        }
        let (scale, zero_point) = (self.scale(node, scale)?, self.zero_point(node, zero_point)?);
        self.read(node, input, scale, zero_point)
    }

    /// The name of the real numbers of a computed tensor of integers, read with this scale and this zero point.
    pub(super) fn read(
        &mut self,
        node: Node<'_>,
        input: usize,
        scale: f32,
        zero_point: i64,
    ) -> Result<String, Error> {
        let name = node.input(input).ok_or_else(|| node.refuse("a missing input", "all its inputs"))?;
        let Some(written) = self.integers.get(name).copied() else { return Err(node.not_quantised()) };
        if written.zero_point != zero_point {
            let written = written.zero_point;
            let actual = format!("integers written with zero point {written} and read with {zero_point}");
            return Err(node.refuse(actual, "one zero point for writing and reading"));
        }
        if written.scale.to_bits() == scale.to_bits() {
            return Ok(name.to_owned());
        }
        let (factor, result) = (self.number(node, scale / written.scale)?, self.fresh(node.name()));
        self.emit(node, "Mul", &[name, &factor], &result, vec![]);
        Ok(result)
    }

    /// A constant's real numbers.
    pub(super) fn dequantised(
        &mut self,
        node: Node<'_>,
        [input, scale, zero_point]: [usize; 3],
        axis: i64,
    ) -> Result<Constant, Error> {
        let (scales, zero_points) = (self.constant(node, scale)?, self.optional(node, zero_point)?);
        self.constant(node, input)?.dequantised(node, &scales, zero_points.as_deref(), axis)
    }

    pub(super) fn quantize_linear(&mut self, node: Node<'_>) -> Result<(), Error> {
        let integer = self.quantiser(node, 1, 2)?;
        let output = node.output()?;
        if self.is_constant(node, 0) {
            let Integer { scale, zero_point, range } = integer;
            let quantised = self.constant(node, 0)?.quantised(scale, zero_point, range);
            self.know(output, quantised);
            return Ok(());
        }
        let input = node.input(0).ok_or_else(|| node.refuse("a missing input", "all its inputs"))?;
        if self.integers.contains_key(input) {
            return Err(node.refuse("quantised integers", "real numbers"));
        }
        self.round(node, input, integer, output);
        Ok(())
    }

    pub(super) fn dequantize_linear(&mut self, node: Node<'_>) -> Result<(), Error> {
        let output = node.output()?;
        if self.is_constant(node, 0) {
            let constant = self.dequantised(node, [0, 1, 2], node.integer("axis", 1))?;
            return self.initialise(node, output, &constant);
        }
        let name = node.input(0).unwrap_or_default();
        if self.sums.contains(name) {
            let (scale, zero_point) = (self.scale(node, 1)?, self.zero_point(node, 2)?);
            if zero_point != 0 {
                return Err(node.refuse("sums of integers with a zero point", "zero point 0"));
            }
            let factor = self.number(node, scale)?;
            self.emit(node, "Mul", &[name, &factor], output, vec![]);
            return Ok(());
        }
        let real = self.real(node, [0, 1, 2])?;
        self.emit(node, "Identity", &[&real], output, vec![]);
        Ok(())
    }

    /// An operator that gives the integers it reads.
    pub(super) fn keeping(&mut self, node: Node<'_>, integer: Integer) -> Result<(), Error> {
        let mut proto = node.0.clone();
        if node.operator() == "Concat" {
            if node.0.input.iter().any(|name| self.integers.get(name) != Some(&integer)) {
                return Err(node.refuse("parts with several scales", "DequantizeLinear in front of each"));
            }
        } else if node.operator() == "Pad" {
            let value = match self.optional(node, 2)? {
                Some(value) => value.scalar(),
                None => Some(0.0),
            };
            if !["", "constant"].contains(&node.text("mode")) || value != Some(integer.zero_point as f64) {
                return Err(node.refuse("integers padded like this", "the zero point as the constant"));
            }
            if let Some(value) = proto.input.get_mut(2) {
                value.clear();
            }
        } else if !KEEPING.contains(&node.operator())
            || proto.input.iter().skip(1).any(|name| self.integers.contains_key(name))
        {
            return Err(node.refuse("quantised integers", "a DequantizeLinear in front of it"));
        }
        for output in &proto.output {
            self.integers.insert(output.clone(), integer);
        }
        self.nodes.push(proto);
        Ok(())
    }

    /// Notes the units of weights, where a node computes with constants that are integers times a unit or passes them on.
    pub(super) fn weights_of(&mut self, node: Node<'_>) {
        let unit = |input: usize| node.input(input).and_then(|name| self.units.get(name)).cloned();
        let passed = match (node.operator(), unit(0)) {
            ("Identity" | "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Transpose", Some(unit))
                if unit.scales.len() == 1 =>
            {
                Some(unit)
            }
            ("Transpose", Some(unit)) => {
                let axis = node
                    .integers("perm")
                    .and_then(|perm| perm.iter().position(|&axis| axis == unit.axis as i64))
                    .unwrap_or(0);
                Some(Unit { axis, ..unit })
            }
            _ => None,
        };
        if let (Some(unit), Some(output)) = (passed, node.0.output.first()) {
            self.units.insert(output.clone(), unit);
            return;
        }
        let axis = match node.operator() {
            "Conv" => 0,
            "Gemm" => usize::from(node.integer("transB", 0) == 0),
            "MatMul" => 1,
            _ => return,
        };
        if let Some(unit) = unit(1).filter(|unit| unit.scales.len() == 1 || unit.axis == axis) {
            self.weight_units.insert(node.name().to_owned(), unit.scales);
        }
    }
}
