//! Reading a node's inputs: as views of values, or as constants.

use tract_onnx::prelude::OutletId;

use super::lowering::{Lowering, TypedNode};
use crate::{error::Error, float_graph::view::View, model::tensor::floats};

/// A constant tensor.
pub(super) struct Constant {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f64>,
}

impl Lowering<'_> {
    /// View of a node's input, which must not be a constant; a function of a value becomes a value.
    pub(super) fn view(&mut self, node: &TypedNode, input: usize) -> Result<View, Error> {
        let view = self.reading(node, input)?;
        Ok(self.settle(node.inputs[input].node, view))
    }

    /// View of a node's input, which must not be a constant.
    pub(super) fn reading(&self, node: &TypedNode, input: usize) -> Result<View, Error> {
        let outlet = node.inputs.get(input).copied();
        let view =
            outlet.filter(|outlet| outlet.slot == 0).and_then(|outlet| self.views[outlet.node].clone());
        view.ok_or_else(|| {
            self.refuse(node, "an input that is a constant", "an input that depends on the model's input")
        })
    }

    /// View of a node's input that reads every position of its value.
    pub(super) fn whole_view(&mut self, node: &TypedNode, input: usize) -> Result<View, Error> {
        let view = self.view(node, input)?;
        Ok(self.solid(node, view))
    }

    /// A node's input, if it is a constant.
    pub(super) fn constant(&self, node: &TypedNode, input: usize) -> Result<Option<Constant>, Error> {
        let outlet = node.inputs[input];
        let Some(tensor) = self.model.graph.outlet_fact(outlet).ok().and_then(|fact| fact.konst.clone())
        else {
            return Ok(None);
        };
        if !tensor.datum_type().is_float() {
            let actual = format!("a constant of type {:?}", tensor.datum_type());
            return Err(self.refuse(
                node,
                actual,
                "computing with float32: a Cast to it in front of what the node reads",
            ));
        }
        let values =
            floats(&tensor).map_err(|_| self.refuse(node, "a constant that is not read", "real numbers"))?;
        if let Some(position) = values.iter().position(|value| value.is_nan()) {
            return Err(self.constant_value(node, outlet, position, values[position]));
        }
        let values = values.into_iter().map(f64::from).collect();
        Ok(Some(Constant { shape: tensor.shape().to_vec(), values }))
    }

    /// A constant input that holds no infinities either.
    pub(super) fn finite_constant(&self, node: &TypedNode, input: usize) -> Result<Option<Constant>, Error> {
        let constant = self.constant(node, input)?;
        if let Some(constant) = &constant
            && let Some(position) = constant.values.iter().position(|value| !value.is_finite())
        {
            let value = constant.values[position] as f32;
            return Err(self.constant_value(node, node.inputs[input], position, value));
        }
        Ok(constant)
    }

    fn constant_value(&self, node: &TypedNode, outlet: OutletId, position: usize, value: f32) -> Error {
        let tensor = self.model.graph.node(outlet.node).name.trim_end_matches(".0").to_owned();
        Error::ConstantValue { node: self.name(node), tensor, position, value }
    }

    pub(super) fn constant_weights(&self, node: &TypedNode, input: usize) -> Result<Constant, Error> {
        self.finite_constant(node, input)?
            .ok_or_else(|| self.refuse(node, "computed weights", "constant weights"))
    }

    pub(super) fn bias(&self, node: &TypedNode, input: usize, num_outputs: usize) -> Result<Vec<f64>, Error> {
        let constant = self
            .finite_constant(node, input)?
            .ok_or_else(|| self.refuse(node, "a computed bias", "a constant bias"))?;
        match constant.values.len() {
            1 => Ok(vec![constant.values[0]; num_outputs]),
            n if n == num_outputs => Ok(constant.values),
            n => Err(self.refuse(node, format!("{n} biases"), "one bias for each output channel")),
        }
    }
}
